//! Many clients, slow clients, large files, files that change while they are sent, and what all of that costs.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::support::{Scratch, Server, raise_descriptor_limit};
use crate::wire::{Peer, get, request};

const BLOCK: usize = 64 * 1024;
const BLOCKS: usize = 1600; // 100 MiB

/// A block that is like no other, and mostly holes on the disk.
fn write_block(block: &mut [u8], number: usize) {
    block[..16].copy_from_slice(format!("block {number:09}\n").as_bytes());
}

fn write_sparse(path: &Path) {
    let file = File::create(path).unwrap();
    file.set_len((BLOCK * BLOCKS) as u64).unwrap();
    let mut start = [0; 16];
    for number in 0..BLOCKS {
        write_block(&mut start, number);
        file.write_all_at(&start, (number * BLOCK) as u64).unwrap();
    }
}

/// Reads exactly this many bytes.
#[track_caller]
fn read_exact(peer: &mut Peer, mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        let length = peer.read(buffer).expect("more of the content");
        assert!(length > 0, "cut with {} bytes of a block missing", buffer.len());
        buffer = &mut buffer[length..];
    }
}

/// Downloads the large file and compares every byte. `begin` is what happens before it is read as fast as it comes: it
/// reads that much of the first block.
#[track_caller]
fn download(address: SocketAddr, begin: impl FnOnce(&mut Peer, &mut [u8]) -> usize) {
    let mut peer = Peer::tcp(address);
    peer.send(request("GET", "/large.bin", &["Connection: close"]));
    assert_eq!(peer.head().assert_status(200).content_length(), BLOCK * BLOCKS);
    let (mut received, mut expected) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut begun = begin(&mut peer, &mut received);
    for number in 0..BLOCKS {
        read_exact(&mut peer, &mut received[begun..]);
        begun = 0;
        write_block(&mut expected, number);
        assert!(received == expected, "block {number} is not what it was");
    }
    peer.assert_ended();
}

#[test]
fn a_large_file_arrives_intact_at_many_clients_one_of_which_is_slow() {
    let directory = Scratch::new();
    write_sparse(&directory.join("large.bin"));
    let server = Server::of(&directory);
    let address = server.address();
    thread::scope(|scope| {
        for _ in 1..50 {
            scope.spawn(|| download(address, |_, _| 0));
        }
        scope.spawn(|| {
            download(address, |peer, block| {
                for kilobyte in block.chunks_mut(1024).take(3) {
                    read_exact(peer, kilobyte);
                    thread::sleep(Duration::from_secs(1)); // the pace of this client, and nothing waits for it
                }
                3 * 1024
            });
        });
    });
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_cuts_the_connection() {
    const WHOLE: usize = 32 << 20;
    const LEFT: usize = 1 << 20;
    let directory = Scratch::new();
    // Not a zero in it, so that padding would show. All of it more than the kernel holds for a client that waits.
    let path = directory.write("large.bin", vec![b'x'; WHOLE]);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    peer.send(request("GET", "/large.bin", &[]) + &request("GET", "/large.bin", &[]));
    assert_eq!(peer.head().assert_status(200).content_length(), WHOLE);
    File::options().write(true).open(&path).unwrap().set_len(LEFT as u64).unwrap();
    let mut received = Vec::new();
    let mut buffer = vec![0; BLOCK];
    // An end or a reset: a cut is what tells the client that something is missing.
    while let Ok(length @ 1..) = peer.read(&mut buffer) {
        received.extend_from_slice(&buffer[..length]);
    }
    assert!(received.len() < WHOLE, "{} bytes of a file of {LEFT}", received.len());
    assert!(received.iter().take(LEFT).all(|&byte| byte == b'x'), "what is still there is not as it is");
    // What is there now is what the next one gets.
    assert_eq!(get(&server, "/large.bin").assert_status(200).content.len(), LEFT);
}

#[test]
fn a_file_that_grows_or_is_replaced_while_it_is_sent_is_sent_as_it_was() {
    const WHOLE: usize = 32 << 20;
    let directory = Scratch::new();
    let path = directory.write("large.bin", vec![b'x'; WHOLE]);
    let server = Server::of(&directory);
    for change in ["grow", "replace"] {
        let mut peer = server.connect();
        peer.send(request("GET", "/large.bin", &[]) + &request("OPTIONS", "*", &[]));
        let head = peer.head();
        if change == "grow" {
            File::options().write(true).open(&path).unwrap().write_all_at(b"y", WHOLE as u64).unwrap();
        } else {
            std::fs::rename(directory.write("new.bin", "new"), &path).unwrap();
        }
        let mut received = vec![0; head.content_length()];
        read_exact(&mut peer, &mut received);
        let old = if change == "grow" { &received } else { received.strip_suffix(b"y").unwrap() };
        assert!(old.len() == WHOLE && old.iter().all(|&byte| byte == b'x'), "{change}: neither the old nor the new");
        peer.response().assert_status(204);
    }
    get(&server, "/large.bin").assert_content("new");
}

#[test]
fn two_thousand_idle_connections_cost_little() {
    raise_descriptor_limit();
    let directory = Scratch::with(&[("index.html", "home")]);
    let server = Server::of(&directory);
    let mut one = server.connect();
    one.exchange(request("GET", "/", &[])).assert_status(200);
    // What is in the memory of the process for itself, without the program's file.
    let before = server.status_kib("RssAnon");
    let mut idle = Vec::new();
    for number in 0..2_000 {
        let mut peer = server.connect();
        // Most have been answered and may ask again, some have not said anything yet.
        if number % 4 != 0 {
            peer.exchange(request("GET", "/", &[])).assert_status(200);
        }
        idle.push(peer);
    }
    one.exchange(request("GET", "/", &[])).assert_status(200);
    let bytes = (server.status_kib("RssAnon") - before) * 1024 / 2_000;
    assert!(bytes < 1024, "{bytes} bytes for an idle connection");
    // Nobody was let go for the sake of the others.
    for peer in idle.iter_mut().step_by(97) {
        peer.exchange(request("GET", "/", &[])).assert_status(200).assert_content("home");
    }
}
