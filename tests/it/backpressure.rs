//! Clients that do not read, or little: what the kernel holds for them, and how long they may stay.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::overload::site;
use crate::support::{Server, eventually};
use crate::wire::{Pace, Peer, request};

/// A client whose system takes no more than a few kilobytes at a time.
pub(crate) fn narrow(address: SocketAddr) -> Peer {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
    rustix::net::connect(&socket, &address).unwrap();
    Peer::from(TcpStream::from(socket))
}

/// Bytes that the kernel holds for each client of this server (/proc/net/tcp, the length of the queue for sending).
pub(crate) fn queued(server: &Server) -> Vec<usize> {
    queues(server).into_iter().map(|(sending, _)| sending).collect()
}

/// The lengths of the queues for sending and for receiving.
fn queues(server: &Server) -> Vec<(usize, usize)> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X}", server.address().port());
    let of_line = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let is_connected = columns[1].ends_with(&port) && columns[3] == "01";
        let length = |hex| usize::from_str_radix(hex, 16).unwrap();
        let (sending, receiving) = columns[4].split_once(':').unwrap();
        is_connected.then(|| (length(sending), length(receiving)))
    };
    table.lines().skip(1).filter_map(of_line).collect()
}

#[test]
fn who_reads_nothing_is_held_little_for() {
    let (directory, server) = site("");
    directory.write("www/large.bin", vec![b'x'; 32 << 20]);
    directory.write("www/small.bin", vec![b'x'; 200 << 10]);
    let mut stuck = Vec::new();
    for number in 0..20 {
        let mut peer = narrow(server.address());
        match number % 2 {
            0 => peer.send(request("GET", "/large.bin", &[])),
            _ => peer.send(request("GET", "/small.bin", &[]).repeat(100)),
        }
        stuck.push(peer);
    }
    for peer in &mut stuck {
        peer.head().assert_status(200);
    }
    eventually("everything is stuck", || {
        let before = queued(&server);
        Pace::of(&server).turn();
        before.iter().filter(|&&bytes| bytes > 100_000).count() == 20 && queued(&server) == before
    });
    let most = queued(&server).into_iter().max().unwrap();
    assert!(most <= 400 * 1024, "{most} bytes wait for a client that reads nothing");
    let rss = server.status_kib("VmRSS");
    assert!(rss < 64 * 1024, "{rss} KiB for twenty clients that read nothing");
}

/// Who reads well at first and then stops is held more for, if there are not many.
#[test]
fn few_are_held_much_for() {
    const FEW: usize = 64;
    /// What is on its way to somebody who stops to read comes on top of what waits for others, too.
    const MUCH: usize = 2 << 20;
    let (directory, server) = site("");
    directory.write("www/large.bin", vec![b'x'; 32 << 20]);
    let read_some = || {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(request("GET", "/large.bin", &[]).as_bytes()).unwrap();
        stream.read_exact(&mut vec![0; 4 << 20]).unwrap();
        stream
    };
    let held_much_for = || queued(&server).into_iter().filter(|bytes| *bytes > MUCH).count();
    let stuck: Vec<_> = (0..FEW + 16).map(|_| read_some()).collect();
    eventually("some are stuck with much", || held_much_for() > FEW / 2);
    eventually("everything is stuck", || {
        let before = queued(&server);
        Pace::of(&server).turn();
        queued(&server) == before
    });
    assert!(held_much_for() <= FEW, "{:?}", queued(&server));
    drop(stuck);
    eventually("their places are free", || queued(&server).is_empty());
    let _late = read_some();
    eventually("a late one has one of them", || held_much_for() == 1);
}

#[test]
fn pipelined_requests_of_one_who_reads_nothing_stay_with_their_sender() {
    let (_directory, server) = site("");
    let mut other = server.connect();
    other.exchange(request("GET", "/", &[])).assert_status(200);
    let before = server.status_kib("VmRSS");
    let mut stuck = narrow(server.address());
    let requests = request("GET", "/", &[]).repeat(500_000);
    thread::scope(|scope| {
        let address = server.address();
        // It is written for as long as the server reads, which is not for long.
        let sender = scope.spawn(|| stuck.send_in_vain(&requests));
        eventually("it is stuck", || queued(&server).iter().any(|&bytes| bytes > 100_000));
        for _ in 0..100 {
            other.exchange(request("GET", "/", &[])).assert_status(200).assert_content("home");
        }
        Peer::tcp(address).exchange(request("GET", "/", &[])).assert_status(200);
        let more = server.status_kib("VmRSS").saturating_sub(before);
        assert!(more < 4096, "{more} KiB for one client");
        assert!(!sender.is_finished(), "all of it was taken");
        drop(server);
    });
}

#[test]
fn who_has_sent_a_lot_that_was_read_is_held_no_more_for_when_it_is_not() {
    let (_directory, server) = site("");
    let mut peer = narrow(server.address());
    let content = request("GET", "/", &["Content-Length: 1000000"]) + &"x".repeat(1_000_000);
    for _ in 0..50 {
        peer.exchange(&content).assert_status(200);
    }
    let requests = request("GET", "/", &[]).repeat(500_000);
    thread::scope(|scope| {
        scope.spawn(|| peer.send_in_vain(&requests));
        eventually("it is stuck", || {
            let before = queues(&server);
            Pace::of(&server).turn();
            before.iter().any(|&(sending, _)| sending > 100_000) && queues(&server) == before
        });
        let unread = queues(&server).into_iter().map(|(_, receiving)| receiving).max().unwrap();
        drop(server);
        assert!((1024..=128 * 1024).contains(&unread), "{unread} bytes of a client wait to be received");
    });
}

/// Takes so many bytes of a download ten times a second, until it is cut or has lasted for so long. Tells what it has
/// taken, or nothing where it was cut.
fn takes_little(peer: &mut Peer, server: &mut Server, bytes: usize, lasting: Duration) -> Option<usize> {
    let start = Instant::now();
    let mut taken = 0;
    while start.elapsed() < lasting {
        thread::sleep(Duration::from_millis(100)); // the pace of this client
        taken += peer.read(&mut vec![0; bytes]).expect("what was sent before");
        // The line of a response comes with its end.
        if server.process.stdout.has("/large.bin") {
            return None;
        }
    }
    Some(taken)
}

#[test]
fn a_little_at_a_time_is_not_enough_to_stay() {
    let (directory, mut server) = site("send_time = '3s'");
    directory.write("www/large.bin", vec![b'x'; 32 << 20]);
    let mut peer = narrow(server.address());
    peer.send(request("GET", "/large.bin", &[]));
    peer.head().assert_status(200);
    // The kernel has room for some more of it every three seconds, but not for 8 KiB. In the first three there may be
    // more.
    let taken = takes_little(&mut peer, &mut server, 300, Duration::from_secs(9));
    assert_eq!(taken, None, "it is not cut");
}

#[test]
fn a_little_more_at_a_time_is_enough_to_stay() {
    const SIZE: usize = 2 << 20;
    let (directory, mut server) = site("send_time = '3s'");
    directory.write("www/large.bin", vec![b'x'; SIZE]);
    let mut peer = narrow(server.address());
    peer.send(request("GET", "/large.bin", &["Connection: close"]));
    peer.head().assert_status(200);
    let taken = takes_little(&mut peer, &mut server, 3000, Duration::from_secs(10)).expect("it is not cut");
    assert!(taken < 320 * 1024, "it is slow");
    assert_eq!(taken + peer.rest().len(), SIZE);
}
