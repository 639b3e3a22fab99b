//! Files that change while they are served: what arrives whole is what was announced, and what can't be is cut off.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{Advice, fadvise};
use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::support::{PATIENCE, Scratch, Server, eventually, settle, webserv};
use crate::wire::{Peer, get, request};

/// More than the kernel holds for a client that waits.
const LARGE: usize = 32 << 20;

/// More than the server holds in memory, and less than the kernel takes from it at once.
const QUEUED: usize = 300_000;

/// Writes a file that was there for a while, with not a zero in it, so that padding would show.
fn write_old(path: &Path, size: usize) {
    fs::write(path, vec![b'x'; size]).unwrap();
    set_old(path);
}

fn set_old(path: &Path) {
    let times = FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(3600));
    File::options().write(true).open(path).unwrap().set_times(times).unwrap();
}

fn overwrite(path: &Path, at: u64) {
    File::options().write(true).open(path).unwrap().write_all_at(b"y", at).unwrap();
}

/// A client whose system takes no more than a few kilobytes at a time.
fn narrow(server: &Server) -> Peer {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
    rustix::net::connect(&socket, &server.address()).unwrap();
    Peer::from(TcpStream::from(socket))
}

/// All that comes, up to the end of the connection or a reset.
fn remainder(peer: &mut Peer) -> Vec<u8> {
    let mut received = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = peer.read(&mut buffer) {
        received.extend_from_slice(&buffer[..length]);
    }
    received
}

/// Changes a large file after its head has come. Returns how much of it is announced, and what arrives.
fn change_in_the_midst(lines: &[&str], change: impl FnOnce(&Path)) -> (usize, Vec<u8>, String) {
    let directory = Scratch::new();
    let path = directory.join("large.bin");
    write_old(&path, LARGE);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    let lines = [lines, &["Connection: close"]].concat();
    peer.send(request("GET", "/large.bin", &lines));
    let announced = peer.head().content_length();
    change(&path);
    let received = remainder(&mut peer);
    (announced, received, server.stop().stderr)
}

#[test]
fn what_is_written_over_in_place_never_arrives_whole() {
    for (lines, size) in [(&[][..], LARGE), (&["Range: bytes=-20000000"], 20_000_000)] {
        let (announced, received, said) = change_in_the_midst(lines, |path| overwrite(path, (LARGE - 1) as u64));
        assert_eq!(announced, size);
        assert!(received.len() < announced, "{lines:?}: a mixture under one tag");
        assert!(said.contains("large.bin: it changed while it was read"), "{said}");
    }
}

/// As cp(1) does when a larger build takes the place of a program.
#[test]
fn what_is_written_over_and_grows_by_that_never_arrives_whole() {
    let (announced, received, said) =
        change_in_the_midst(&[], |path| fs::write(path, vec![b'y'; LARGE + 1_000_000]).unwrap());
    assert!(received.len() < announced, "a mixture under one tag");
    assert!(said.contains("large.bin: it changed while it was read"), "{said}");
}

/// The same where its pieces come from the disk, as far as the page cache can be had to forget them all the time.
#[test]
fn what_is_written_over_and_is_not_in_memory_never_arrives_whole() {
    for _ in 0..4 {
        let is_over = Arc::new(AtomicBool::new(false));
        let (announced, received, said) = change_in_the_midst(&[], |path| {
            overwrite(path, (LARGE - 1) as u64);
            let file = File::open(path).unwrap();
            file.sync_all().unwrap();
            let is_over = Arc::clone(&is_over);
            let end = Instant::now() + PATIENCE;
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) && Instant::now() < end {
                    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
                }
            });
        });
        is_over.store(true, Ordering::Relaxed);
        assert!(received.len() < announced, "{said}");
        assert!(said.contains("large.bin: it changed while it was read"), "{said}");
    }
}

#[test]
fn what_becomes_shorter_never_arrives_whole() {
    // In the case of the range, all of what is asked for is still there, but it may be anything by now.
    for (lines, left) in [(&[][..], 0), (&[], LARGE - 1), (&["Range: bytes=0-29999999"], 31_000_000)] {
        let shrink = |path: &Path| File::options().write(true).open(path).unwrap().set_len(left as u64).unwrap();
        let (announced, received, said) = change_in_the_midst(lines, shrink);
        assert!(received.len() < announced, "{lines:?}, {left}");
        assert!(received.iter().take(left).all(|&byte| byte == b'x'), "{lines:?}, {left}");
        assert!(said.contains("large.bin: it changed while it was read"), "{said}");
    }
}

#[test]
fn what_changes_about_a_file_but_not_in_it_cuts_nothing() {
    let changes: [fn(&Path); 6] = [
        |path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap(),
        |path| fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap(),
        |path| fs::hard_link(path, path.with_extension("bak")).unwrap(),
        |path| fs::rename(path, path.with_extension("moved")).unwrap(),
        |path| fs::remove_file(path).unwrap(),
        |path| {
            fs::write(path.with_extension("new"), "new").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (announced, received, said) = change_in_the_midst(&[], change);
        assert_eq!((announced, received.len()), (LARGE, LARGE), "{number}: {said}");
        assert!(received.iter().all(|&byte| byte == b'x'), "{number}");
        assert!(!said.contains("cut"), "{number}: {said}");
    }
}

#[test]
fn a_log_is_downloaded_while_it_is_written() {
    let directory = Scratch::new();
    let path = directory.join("app.log");
    write_old(&path, LARGE);
    let server = Server::of(&directory);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = File::options().append(true).open(&path).unwrap();
            let end = Instant::now() + PATIENCE; // where the test fails, nobody says that it is over
            while !is_over.load(Ordering::Relaxed) && Instant::now() < end {
                log.write_all(b"one more line\n").unwrap();
                thread::sleep(Duration::from_micros(100)); // no log is written faster than that
            }
        });
        let mut peer = server.connect();
        let mut sizes = Vec::new();
        for _ in 0..4 {
            let response = peer.exchange(request("GET", "/app.log", &[]));
            response.assert_status(200);
            assert!(response.content.iter().take(LARGE).all(|&byte| byte == b'x'));
            let lines = str::from_utf8(&response.content[LARGE..]).unwrap();
            assert!("one more line\n".repeat(lines.len() / 14 + 1).starts_with(lines), "{lines}");
            sizes.push(response.content.len());
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(sizes.is_sorted() && sizes[0] < sizes[3], "{sizes:?}");
    });
}

/// What sendfile has handed over are the pages of the file, and what is cut off from them is sent as zeros.
#[test]
fn what_the_socket_holds_of_a_file_that_changes_does_not_arrive() {
    let changes: [fn(&Path); 2] = [
        |path| File::options().write(true).open(path).unwrap().set_len(1000).unwrap(),
        |path| overwrite(path, QUEUED as u64 - 1),
    ];
    for lines in [&[][..], &["Connection: close"]] {
        for (number, change) in changes.iter().enumerate() {
            let directory = Scratch::new();
            let path = directory.join("queued.bin");
            write_old(&path, QUEUED);
            let mut server = Server::of(&directory);
            let mut peer = narrow(&server);
            peer.send(request("GET", "/queued.bin", lines));
            assert_eq!(peer.head().assert_status(200).content_length(), QUEUED);
            let line = server.process.stdout.line_with("/queued.bin");
            assert!(line.contains(&format!(" 200 {QUEUED} ")), "not all of it is in the socket: {line}");
            change(&path);
            server.process.stderr.line_with("queued.bin: it changed while it was read");
            assert!(remainder(&mut peer).len() < QUEUED, "{number}, {lines:?}: it has arrived whole");
            get(&server, "/queued.bin").assert_status(200);
        }
    }
}

#[test]
fn what_the_socket_holds_is_looked_after_by_a_successor_too() {
    let directory = Scratch::new();
    let path = directory.join("queued.bin");
    write_old(&path, QUEUED);
    let config = |index: &str| format!("listen = '127.0.0.1:0'\nindex = '{index}'\n[[site]]\nroot = '.'\n");
    let mut server = Server::configured(&directory, &config("a"));
    let mut peer = narrow(&server);
    peer.send(request("GET", "/queued.bin", &[]));
    assert_eq!(peer.head().assert_status(200).content_length(), QUEUED);
    let line = server.process.stdout.line_with("/queued.bin");
    assert!(line.contains(&format!(" 200 {QUEUED} ")), "not all of it is in the socket: {line}");
    // Twice: it goes on from there as it came.
    for index in ["b", "c"] {
        directory.write("webserv.toml", config(index));
        server.reload("reload: ~ index");
        eventually("the old worker has ended", || server.workers() == 1);
    }
    File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
    server.process.stderr.line_with("queued.bin: it changed while it was read");
    assert!(remainder(&mut peer).len() < QUEUED, "it has arrived whole");
}

#[test]
fn a_file_that_stays_as_it_is_arrives_at_those_who_take_their_time() {
    let directory = Scratch::new();
    write_old(&directory.join("queued.bin"), QUEUED);
    let mut server = Server::of(&directory);
    let descriptors = server.descriptors();
    let mut peer = narrow(&server);
    peer.send(request("GET", "/queued.bin", &[]));
    let head = peer.head();
    server.process.stdout.line_with("/queued.bin");
    fs::hard_link(directory.join("queued.bin"), directory.join("copy.bin")).unwrap();
    fs::remove_file(directory.join("queued.bin")).unwrap();
    thread::sleep(Duration::from_millis(2500)); // the time that it takes, in which the file is looked at more than once
    let mut received = vec![0; head.content_length()];
    let mut at = 0;
    while at < received.len() {
        at += peer.read(&mut received[at..]).unwrap();
    }
    assert!(received.iter().all(|&byte| byte == b'x'));
    // When it has arrived, it is of no more interest.
    eventually("the file is closed", || server.descriptors() <= descriptors + 1);
    peer.exchange(request("GET", "/queued.bin", &[])).assert_status(404);
}

#[test]
fn a_root_that_is_gone_is_told_of_once_and_served_again_when_it_is_back() {
    let directory = Scratch::with(&[("www/index.html", "home"), ("www/dir/a.txt", "a"), ("two/index.html", "2")]);
    let root = directory.join("www");
    write_old(&root.join("large.bin"), QUEUED);
    for path in ["www/index.html", "www/dir/a.txt"] {
        set_old(&directory.join(path));
    }
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&root));
    let targets = ["/", "/index.html", "/dir/a.txt", "/dir", "/dir/", "/large.bin"];
    let all = |expected: [u16; 6]| {
        // The second time some of them are remembered.
        for _ in 0..3 {
            let statuses = targets.map(|target| get(&server, target).status());
            assert_eq!(statuses, expected);
        }
    };
    for path in ["www/index.html", "www/dir/a.txt", "www/large.bin"] {
        settle(directory.join(path));
    }
    let whole = [200, 200, 200, 301, 404, 200];
    let gone = [503; 6];
    all(whole);

    // Moved away, and back.
    fs::rename(&root, directory.join("away")).unwrap();
    all(gone);
    fs::rename(directory.join("away"), &root).unwrap();
    all(whole);
    get(&server, "/").assert_content("home");

    // Another thing in its place is no root either.
    fs::rename(&root, directory.join("away")).unwrap();
    fs::write(&root, "a file").unwrap();
    all(gone);
    fs::remove_file(&root).unwrap();
    symlink("two", &root).unwrap();
    all([200, 200, 404, 404, 404, 404]);
    get(&server, "/").assert_content("2");

    let said = server.stop().stderr;
    let count = |words: &str| said.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("www: not found; it answers 503 until it is back"), 2, "{said}");
    assert_eq!(count("the root of site 1 is back: "), 1, "{said}");
    assert_eq!(count("the root of site 1 is another directory now: "), 1, "{said}");
    // Besides, there is the banner, and perhaps that it runs as root, or without a sandbox.
    let is_certain = |line: &&str| !line.contains("as root") && !line.contains("no sandbox");
    assert_eq!(said.lines().filter(is_certain).count(), 5, "{said}");
}

#[test]
fn a_root_that_is_a_loop_is_told_as_one() {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let root = directory.join("www");
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&root));
    fs::remove_dir_all(&root).unwrap();
    symlink("www", &root).unwrap();
    get(&server, "/").assert_status(503);
    let said = server.stop().stderr;
    assert!(said.contains("www: Too many levels of symbolic links"), "{said}");
}

#[test]
#[ignore = "needs root, to mount; .ci/run runs with --ignored"]
fn a_root_that_is_mounted_and_unmounted_is_served_as_it_is() {
    let directory = Scratch::with(&[("www/index.html", "below")]);
    let root = directory.join("www");
    let run = |program: &str, arguments: &[&str]| {
        assert!(Command::new(program).args(arguments).arg(&root).status().unwrap().success(), "{program}");
    };
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&root));
    for _ in 0..2 {
        get(&server, "/").assert_status(200).assert_content("below");
        run("mount", &["-t", "tmpfs", "none"]);
        get(&server, "/").assert_status(404);
        fs::write(root.join("index.html"), "mounted").unwrap();
        get(&server, "/").assert_status(200).assert_content("mounted");
        run("umount", &["--lazy"]);
    }
    get(&server, "/").assert_status(200).assert_content("below");
}

/// A directory with one file of zeros, `a\nb.bin`, on a disk that fails as soon as there is a file of the name `fails`
/// beside it.
struct FailingDisk {
    process: Child,
    directory: PathBuf,
}

impl FailingDisk {
    fn mount(scratch: &Scratch) -> FailingDisk {
        let directory = scratch.join("disk");
        fs::create_dir(&directory).unwrap();
        let file = directory.join("a\nb.bin");
        let mut command = Command::new("nbdfuse");
        command.arg(&file).args(["[", "nbdkit", "--filter=error", "memory"]);
        command.arg(format!("size={LARGE}")).arg(format!("error-pread-file={}", scratch.join("fails").display()));
        command.args(["error-pread=EIO", "error-pread-rate=100%", "]"]);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let disk = FailingDisk { process, directory };
        eventually("the disk is there", || file.exists());
        disk
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.directory).status();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_disk_that_fails_in_the_midst_cuts_the_connection() {
    if !Path::new("/dev/fuse").exists() {
        println!("not tested: this system has no FUSE");
        return;
    }
    let directory = Scratch::with(&[("a.txt", "a")]);
    let _disk = FailingDisk::mount(&directory);
    let mut server = Server::of(&directory);
    let mut peer = server.connect();
    peer.send(request("GET", "/disk/a%0Ab.bin", &[]));
    let announced = peer.head().assert_status(200).content_length();
    directory.write("fails", "");
    let received = remainder(&mut peer);
    assert!(received.len() < announced && received.iter().all(|&byte| byte == 0));
    server.process.stderr.line_with("disk/a\\x0Ab.bin: Input/output error");
    get(&server, "/a.txt").assert_status(200).assert_content("a");
}
