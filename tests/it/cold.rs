//! Files that are known, or are not in memory: whatever has been kept or has to be fetched, the answer is the same.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{Advice, fadvise};

use crate::support::{Scratch, Server, command, eventually, settle, webserv};
use crate::wire::{get, request};

/// Writes a file to the disk, and has the page cache forget it, where it is one that can.
fn write_cold(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
}

/// As many bytes, different for each number.
fn content(number: u8, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at / 7) as u8 ^ number).collect()
}

#[test]
fn requests_for_cold_files_are_answered_in_order() {
    let directory = Scratch::new();
    for size in [1000, 200_000, 3_000_000] {
        let expected: Vec<_> = (0..5).map(|number| content(number, size)).collect();
        for (number, bytes) in expected.iter().enumerate() {
            write_cold(&directory.join(format!("{number}.bin")), bytes);
        }
        let server = Server::of(&directory);
        let mut peer = server.connect();
        let mut requests = String::new();
        for number in 0..expected.len() {
            let lines: &[&str] = if number == 2 { &["Content-Length: 3"] } else { &[] };
            requests += &request("GET", &format!("/{number}.bin"), lines);
            requests += if number == 2 { "abc" } else { "" };
        }
        peer.send(&requests);
        for bytes in &expected {
            peer.response().assert_status(200).assert_content(bytes);
        }
    }
}

#[test]
fn parts_of_a_cold_file_are_what_was_asked_for() {
    let directory = Scratch::new();
    let bytes = content(1, 3_000_000);
    write_cold(&directory.join("a.bin"), &bytes);
    let server = Server::of(&directory);
    for (first, last) in [(2_500_000, 2_999_999), (0, 0), (1_048_575, 1_048_577), (0, 2_999_999)] {
        let mut peer = server.connect();
        peer.send(request("GET", "/a.bin", &[&format!("Range: bytes={first}-{last}")]));
        peer.response().assert_status(206).assert_content(&bytes[first..=last]);
    }
    let mut peer = server.connect();
    peer.send(request("GET", "/a.bin", &["Range: bytes=2000000-2000002,5-6,1048570-1048580"]));
    let parts = peer.response();
    parts.assert_status(206);
    for part in [&bytes[2_000_000..2_000_003], &bytes[5..7], &bytes[1_048_570..1_048_581]] {
        assert!(parts.content.windows(part.len()).any(|window| window == part));
    }
}

#[test]
fn what_is_hidden_stays_hidden_when_it_stands_for_its_directory() {
    let directory = Scratch::with(&[("www/.home.html", "home")]);
    let old = SystemTime::now() - Duration::from_secs(60);
    File::options().write(true).open(directory.join("www/.home.html")).unwrap().set_modified(old).unwrap();
    let config = "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\nindex = ['index.html', '.home.html']\n";
    let server = Server::configured(&directory, config);
    settle(directory.join("www/.home.html"));
    for _ in 0..3 {
        get(&server, "/.home.html").assert_status(404);
        get(&server, "/").assert_status(200).assert_content("home");
    }
}

#[test]
fn an_index_file_that_comes_first_is_seen_when_it_comes() {
    let directory = Scratch::with(&[("www/dir/b.html", "second")]);
    let config = "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\nindex = ['a.html', 'b.html']\n";
    let server = Server::configured(&directory, config);
    let settled = || get(&server, "/dir/").assert_status(200).text().to_owned();
    for _ in 0..3 {
        assert_eq!(settled(), "second");
    }
    directory.write("www/dir/a.html", "first");
    assert_eq!(settled(), "first");
    fs::remove_file(directory.join("www/dir/a.html")).unwrap();
    assert_eq!(settled(), "second");
    get(&server, "/dir/missing").assert_status(404);
    directory.write("www/dir/missing", "there");
    get(&server, "/dir/missing").assert_status(200).assert_content("there");
}

#[test]
fn a_root_that_was_turned_is_the_one_that_a_directory_is_looked_up_in() {
    let directory = Scratch::new();
    fs::create_dir_all(directory.join("1/only")).unwrap();
    fs::create_dir(directory.join("2")).unwrap();
    std::os::unix::fs::symlink("1", directory.join("www")).unwrap();
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n");
    for _ in 0..3 {
        assert!(get(&server, "/only/").assert_status(404).text().contains("no index file"));
    }
    std::os::unix::fs::symlink("2", directory.join("next")).unwrap();
    fs::rename(directory.join("next"), directory.join("www")).unwrap();
    assert!(get(&server, "/only/").assert_status(404).text().contains("no such file"));
}

#[test]
fn a_large_file_that_was_deleted_is_let_go() {
    let directory = Scratch::new();
    let path = directory.write("a.bin", content(0, 400_000));
    File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    let server = Server::of(&directory);
    settle(&path);
    let before = server.descriptors();
    get(&server, "/a.bin").assert_status(200);
    eventually("the file is kept open", || server.descriptors() > before);
    fs::remove_file(&path).unwrap();
    get(&server, "/a.bin").assert_status(404);
    eventually("the file is closed", || server.descriptors() <= before);
}

#[test]
#[ignore = "needs strace; .ci/run installs it and runs with --ignored"]
fn where_nobody_can_tell_what_is_in_memory_it_is_served_all_the_same() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    directory.write("large.bin", vec![b'x'; 1 << 20]);
    // An older kernel, and the system call filter of a container.
    for error in ["ENOSYS", "EPERM"] {
        let mut strace = command("strace");
        let inject = format!("inject=preadv2:error={error}");
        strace.args(["-D", "-f", "-qq", "-e", "trace=preadv2", "-e", &inject, "-o", "/dev/null"]);
        strace.arg(webserv().get_program()).args(["-l", "127.0.0.1:0"]).arg(directory.path());
        let server = Server::start(&mut strace);
        get(&server, "/a.txt").assert_status(200).assert_content("a");
        assert_eq!(get(&server, "/large.bin").assert_status(200).content.len(), 1 << 20);
    }
}
