//! A file that the disk is slow to give makes those wait who asked for it, and nobody besides.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};
use rustix::process::{Pid, Signal, kill_process};

use crate::backpressure::{narrow, queued};
use crate::support::{Scratch, Server, eventually, raise_descriptor_limit};
use crate::wire::{get, request};

/// How long the slow disk takes for each read.
const SLOW: Duration = Duration::from_millis(600);

/// How long others may have to wait meanwhile. Far less than a read, far more than a request.
const QUICK: Duration = Duration::from_millis(300);

/// How long a request takes at most that waits for nothing.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The one file on a disk, with a byte that no log may show as it is.
const FILE: &str = "slow\u{1b}.bin";
const TARGET: &str = "/disk/slow%1B.bin";
const SHOWN: &str = "/disk/slow\\x1B.bin";

/// How long the server waits for a disk, in these tests.
const CONFIG: &str = "listen = '127.0.0.1:0'\n[limits]\nsend_time = '1s'\n[[site]]\nroot = '.'\n";

/// A directory with one file of zeros on a disk that has its ways: nbdkit(1) behind nbdfuse(1).
struct Disk {
    process: Child,
    directory: PathBuf,
}

impl Disk {
    /// With these parameters of nbdkit.
    fn mount(directory: PathBuf, size: usize, parameters: &[&str]) -> Disk {
        std::fs::create_dir(&directory).unwrap();
        let file = directory.join(FILE);
        let mut command = Command::new("nbdfuse");
        command.arg(&file).args(["[", "nbdkit"]).args(parameters).arg(format!("size={size}")).arg("]");
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let disk = Disk { process, directory };
        eventually("the disk is there", || file.exists());
        disk
    }

    /// One that takes its time for each read.
    fn slow(directory: PathBuf, size: usize, time: Duration) -> Disk {
        Disk::mount(directory, size, &["--filter=delay", "memory", &format!("rdelay={}ms", time.as_millis())])
    }

    /// One that cannot be read once a file named `broken` stands beside it.
    fn breakable(directory: PathBuf, size: usize) -> Disk {
        let error_file = format!("error-file={}", directory.with_file_name("broken").display());
        Disk::mount(directory, size, &["--filter=error", "memory", "error-pread-rate=100%", &error_file])
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
        let _ = Command::new("umount").arg("--lazy").arg(&self.directory).status();
        let _ = self.process.wait();
    }
}

/// Has the page cache forget what it has of a file, as it does where memory is short.
fn forget_all_the_time(file: std::fs::File, until: &AtomicBool) {
    while !until.load(Ordering::Relaxed) {
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        std::thread::sleep(SLOW / 6); // what is forgotten at once is never read to its end
    }
}

fn has_fuse() -> bool {
    let has_fuse = Path::new("/dev/fuse").exists();
    if !has_fuse {
        eprintln!("not tested: this system has no FUSE");
    }
    has_fuse
}

fn downloads_the_slow_one(size: usize) {
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    let disk = Disk::slow(directory.join("disk"), size, SLOW);
    let file = std::fs::File::open(disk.directory.join(FILE)).unwrap();
    let server = Server::of(&directory);
    let is_over = AtomicBool::new(false);
    let mut slow = server.connect();
    let asked = Instant::now();
    slow.send(request("GET", TARGET, &[]));
    std::thread::scope(|scope| {
        scope.spawn(|| forget_all_the_time(file, &is_over));
        let download = scope.spawn(move || slow.response());
        let mut longest = Duration::ZERO;
        let mut answered = 0;
        while !download.is_finished() {
            let start = Instant::now();
            get(&server, "/fast.txt").assert_status(200).assert_content("fast");
            longest = longest.max(start.elapsed());
            answered += 1;
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(longest < QUICK, "one of {answered} requests waited for the disk of others: {longest:?}");
        download.join().unwrap().assert_status(200).assert_content(vec![0; size]);
    });
    assert!(asked.elapsed() >= SLOW, "the disk is not slow");
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_slow_file_delays_nobody_else() {
    if !has_fuse() {
        return;
    }
    // One that is read into memory before its head is sent, and one that is sent piece by piece.
    downloads_the_slow_one(4096);
    downloads_the_slow_one(1_200_000);
}

/// Has a second one ask for these lines of the file while it is read for a first one.
fn asks_again(size: usize, lines: &[&str], status: u16, expected: usize) {
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    let _disk = Disk::slow(directory.join("disk"), size, SLOW);
    let server = Server::of(&directory);
    let threads = server.threads();
    let [mut first, mut second] = [server.connect(), server.connect()];
    first.send(request("GET", TARGET, &[]));
    eventually("it is read", || server.threads() > threads);
    std::thread::sleep(SLOW / 6); // in the middle of a read
    second.send(request("GET", TARGET, lines));
    let start = Instant::now();
    get(&server, "/fast.txt").assert_status(200).assert_content("fast");
    let took = start.elapsed();
    second.response().assert_status(status).assert_content(vec![0; expected]);
    first.response().assert_status(200).assert_content(vec![0; size]);
    assert!(start.elapsed() >= SLOW / 2, "the disk is not slow");
    assert!(took < AT_ONCE, "{size} {lines:?}: others waited for {took:?}");
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_slow_file_that_is_asked_for_twice_delays_nobody_else() {
    if !has_fuse() {
        return;
    }
    asks_again(4096, &[], 200, 4096);
    asks_again(4096, &["Range: bytes=1000-1999"], 206, 1000);
    asks_again(1_200_000, &[], 200, 1_200_000);
    asks_again(1_200_000, &["Range: bytes=600000-"], 206, 600_000);
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn what_is_told_of_a_slow_file_is_told_at_once() {
    if !has_fuse() {
        return;
    }
    let size = 16_000_000;
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    let _disk = Disk::slow(directory.join("disk"), size, SLOW);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    peer.send(request("GET", TARGET, &[]));
    peer.head().assert_status(200);
    // Longer than a file is taken to be beneath its root without a closer look.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(12) {
        let asked = Instant::now();
        let mut other = server.connect();
        other.send(request("HEAD", TARGET, &[]));
        assert_eq!(other.head().assert_status(200).content_length(), size);
        let took = asked.elapsed();
        assert!(took < AT_ONCE, "it waited for {took:?}, {:?} from the start", start.elapsed());
        let mut some = vec![0; size / 1000];
        let length = peer.read(&mut some).expect("more of it");
        assert!(length > 0 && some.iter().all(|byte| *byte == 0));
    }
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn who_reads_nothing_of_a_slow_file_is_held_little_for() {
    if !has_fuse() {
        return;
    }
    raise_descriptor_limit();
    const CLIENTS: usize = 400;
    const SIZE: usize = 4_000_000;
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    // Each eight bytes are their place (nbdkit-pattern-plugin(1)).
    let _disk = Disk::mount(directory.join("disk"), SIZE, &["pattern"]);
    let expected: Vec<u8> = (0..SIZE as u64).step_by(8).flat_map(u64::to_be_bytes).collect();
    let server = Server::of(&directory);
    get(&server, "/fast.txt").assert_status(200);
    let before = server.status_kib("RssAnon");
    let mut peers: Vec<_> = (0..CLIENTS).map(|_| narrow(server.address())).collect();
    for peer in &mut peers {
        peer.send(request("GET", TARGET, &[]));
        peer.head().assert_status(200);
    }
    // Their first pieces and a part of their second ones
    eventually("nobody takes any more", || queued(&server).iter().filter(|bytes| **bytes > 300_000).count() == CLIENTS);
    let more = server.status_kib("RssAnon").saturating_sub(before);
    assert!(more < 32 * 1024, "{more} KiB are held for {CLIENTS} who read nothing");
    // Nobody waits for them, and nothing is missing when they go on.
    get(&server, TARGET).assert_status(200).assert_content(&expected);
    for peer in peers.iter_mut().step_by(57) {
        let mut received = vec![0; SIZE];
        let mut length = 0;
        while length < SIZE {
            let more = peer.read(&mut received[length..]).expect("more of it");
            assert!(more > 0, "cut after {length} bytes");
            length += more;
        }
        assert!(received == expected, "what came is not what is there");
    }
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_disk_that_does_not_answer_in_time_is_an_error() {
    if !has_fuse() {
        return;
    }
    for size in [4096, 1_200_000] {
        let directory = Scratch::with(&[("fast.txt", "fast")]);
        let _disk = Disk::slow(directory.join("disk"), size, Duration::from_secs(3));
        let mut server = Server::configured(&directory, CONFIG);
        let mut peer = server.connect();
        let response = peer.exchange(request("GET", TARGET, &[]));
        response.assert_status(503);
        assert!(response.text().contains("it did not come from the disk in time"), "{response}");
        let line = server.process.stderr.line_with("it did not come from the disk within 1 s");
        assert!(line.starts_with("warn: ") && line.contains(SHOWN), "{line}");
        peer.exchange(request("GET", "/fast.txt", &[])).assert_status(200).assert_content("fast");
    }
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_disk_that_cannot_be_read_is_an_error() {
    if !has_fuse() {
        return;
    }
    for size in [4096, 1_200_000] {
        let directory = Scratch::with(&[("broken", ""), ("sorry.html", "sorry")]);
        let _disk = Disk::breakable(directory.join("disk"), size);
        let rules = "errors = { 5xx = 'sorry.html' }\n[site.path.'/disk/*']\nheaders = { X-Disk = 'slow' }\n";
        let mut server = Server::configured(&directory, &format!("{CONFIG}{rules}"));
        let mut peer = server.connect();
        let response = peer.exchange(request("GET", TARGET, &[]));
        response.assert_status(500).assert_content("sorry").assert_field("X-Disk", "slow");
        let line = server.process.stderr.line_with("Input/output error");
        assert!(line.starts_with("error: cannot read") && line.contains(SHOWN), "{line}");
        std::fs::remove_file(directory.join("broken")).unwrap();
        peer.exchange(request("GET", TARGET, &[])).assert_status(200).assert_content(vec![0; size]);
    }
}

/// Has the disk fail behind the first bytes of a response, and returns what the log says of it.
fn log_of_a_failure_in_between(fail: impl FnOnce(&Disk)) -> String {
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    let size = 50_000_000;
    let disk = Disk::breakable(directory.join("disk"), size);
    let mut server = Server::configured(&directory, CONFIG);
    let mut peer = server.connect();
    peer.send(request("GET", TARGET, &[]));
    peer.head().assert_status(200);
    fail(&disk);
    let received = peer.rest().len();
    assert!(received < size, "the disk did not fail");
    let line = server.process.stderr.line_with("cannot read");
    get(&server, "/fast.txt").assert_status(200).assert_content("fast");
    // To exit is to close the file, which waits for the disk.
    disk.signal(Signal::CONT);
    line
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_response_whose_file_cannot_be_read_any_further_is_cut() {
    if !has_fuse() {
        return;
    }
    let line = log_of_a_failure_in_between(|disk| {
        std::fs::write(disk.directory.with_file_name("broken"), "").unwrap();
    });
    assert!(line.starts_with("error: cannot read") && line.contains("Input/output error"), "{line}");
    let line = log_of_a_failure_in_between(|disk| disk.signal(Signal::STOP));
    assert!(line.starts_with("warn: cannot read") && line.contains("did not come from the disk within 1 s"), "{line}");
    assert!(line.contains(SHOWN), "{line}");
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_disk_that_does_not_answer_keeps_nobody_from_starting_and_stopping_a_server() {
    if !has_fuse() {
        return;
    }
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    let disk = Disk::slow(directory.join("disk"), 4096, SLOW);
    disk.signal(Signal::STOP);
    // Whether it is there is for a warning.
    let server = Server::configured(&directory, &format!("errors.404 = 'disk/page.html'\n{CONFIG}"));
    get(&server, "/fast.txt").assert_status(200);
    assert_eq!(server.stop().code, Some(0));
}
