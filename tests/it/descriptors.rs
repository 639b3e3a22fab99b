//! What the system gives in limited numbers: no descriptor is kept for those who left, and running out of them is a
//! wait, not an end.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use crate::support::{Scratch, Server, command, eventually, raise_descriptor_limit, run};
use crate::wire::{Peer, get, request};

/// Too large to be held in memory.
const LARGE: usize = 1 << 20;

/// The server with so many descriptors and not one more.
#[track_caller]
fn limited(directory: &Scratch, descriptors: usize) -> Server {
    Server::start(&mut limited_command(directory, descriptors))
}

fn limited_command(directory: &Scratch, descriptors: usize) -> Command {
    let limited = format!("ulimit -n {descriptors}; exec \"$@\"");
    let mut command = command("sh");
    command.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_webserv"), "-l", "127.0.0.1:0"]).arg(directory.path());
    command
}

/// Waits until the last change of a file is so long ago that whoever looks at it can tell it from a later one.
pub(crate) fn settle(path: &Path) {
    eventually("time passes", || {
        let metadata = fs::metadata(path).unwrap();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        now > (metadata.ctime() * 1000 + metadata.ctime_nsec() / 1_000_000) as u128 + 100
    });
}

#[test]
fn the_descriptors_of_those_who_left_are_closed() {
    raise_descriptor_limit();
    let directory = Scratch::with(&[("index.html", "home")]);
    directory.write("large.bin", vec![b'x'; 16 << 20]);
    let server = Server::of(&directory);
    get(&server, "/").assert_status(200);
    let start = server.descriptors();
    let mut peers = Vec::new();
    for number in 0..300 {
        let mut peer = server.connect();
        match number % 6 {
            0 => {}
            1 => drop(peer.exchange(request("GET", "/", &[]))),
            2 => peer.send("GET / HT"),
            3 => {
                peer.send(request("GET", "/large.bin", &[]));
                peer.head();
            }
            4 => peer.send(request("GET", "/", &["Content-Length: 1000"])),
            _ => {
                peer.exchange("nonsense\r\n\r\n").assert_status(400);
            }
        }
        peers.push(peer);
    }
    assert!(server.descriptors() > start, "the count of descriptors counts them");
    for (number, peer) in peers.into_iter().enumerate() {
        if number % 4 == 0 {
            peer.reset();
        }
    }
    eventually("as many descriptors as at the start", || server.descriptors() <= start);
    get(&server, "/").assert_status(200);
}

#[test]
fn more_large_files_than_descriptors_are_served() {
    let directory = Scratch::new();
    for number in 0..200 {
        directory.write(format!("{number}.bin"), vec![b'x'; LARGE]);
    }
    settle(&directory.join("199.bin"));
    let server = limited(&directory, 64);
    let mut peer = server.connect();
    for number in 0..200 {
        let response = peer.exchange(request("GET", &format!("/{number}.bin"), &[]));
        assert_eq!((response.status(), response.content.len()), (200, LARGE), "file {number}");
    }
    // Nor does what they cost keep anybody else out.
    let mut others: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for other in &mut others {
        other.exchange(request("GET", "/0.bin", &[])).assert_status(200);
    }
}

#[test]
fn too_few_descriptors_for_one_client_are_an_error() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let mut needed = 0;
    for limit in [8, 12, 19, 21, 22, 30] {
        let failed = run(&mut limited_command(&directory, limit));
        let told = format!("error: the limit of open files (ulimit -n) is {limit}; ");
        let rest = failed.stderr.strip_prefix(&told).unwrap_or_else(|| panic!("{failed:?}"));
        needed = rest.strip_suffix(" are needed at least\n").expect(rest).parse().unwrap();
        assert_eq!(failed.code, Some(1));
    }
    get(&limited(&directory, needed), "/").assert_status(200);
    let failed = run(&mut limited_command(&directory, needed - 1));
    assert_eq!(failed.code, Some(1), "{failed:?}");
}

#[test]
fn a_file_that_was_removed_is_not_held() {
    // Its space on the disk would stay taken.
    let directory = Scratch::new();
    let path = directory.write("large.bin", vec![b'x'; LARGE]);
    settle(&path);
    let server = Server::of(&directory);
    get(&server, "/large.bin").assert_status(200);
    fs::remove_file(path).unwrap();
    get(&server, "/large.bin").assert_status(404);
    let open = fs::read_dir(format!("/proc/{}/fd", server.process.id())).unwrap();
    let targets: Vec<_> = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok()).collect();
    assert!(targets.iter().all(|target| !target.to_string_lossy().contains("large.bin")), "{targets:?}");
}

#[test]
fn more_clients_than_descriptors_wait_and_are_served() {
    let directory = Scratch::with(&[("index.html", "home")]);
    directory.write("large.bin", vec![b'x'; LARGE]);
    let server = limited(&directory, 43);
    let mut early: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for peer in &mut early {
        peer.send(request("GET", "/", &[]) + &request("GET", "/large.bin", &["Connection: close"]));
    }
    for peer in &mut early {
        peer.response().assert_status(200).assert_content("home");
        assert_eq!(peer.response().assert_status(200).content.len(), LARGE);
        peer.assert_ended();
    }
    get(&server, "/").assert_status(200);
}

#[test]
fn more_clients_than_the_limit_wait_and_are_served() {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\nconnections = 4\nidle_time = '1s'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let address = server.address();
    thread::scope(|scope| {
        for _ in 0..12 {
            // Each holds its connection until the server ends it.
            scope.spawn(|| {
                let mut peer = Peer::tcp(address);
                peer.exchange(request("GET", "/", &[])).assert_status(200).assert_content("home");
                peer.assert_ended();
            });
        }
    });
}
