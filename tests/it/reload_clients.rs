//! SIGHUP as clients meet it: no request fails, no connection is closed, and what comes next is answered by the new
//! config.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;

use crate::support::{Scratch, Server, eventually};
use crate::wire::{Peer, get, request};

/// More than the kernel takes from the server for a client that does not read.
const LARGE: usize = 32_000_000;

/// A site whose files are those of one directory or another.
fn config(root: &str) -> String {
    format!("listen = '127.0.0.1:0'\n[limits]\ndrain_time = '60s'\n[[site]]\nroot = '{root}'\n")
}

fn start() -> (Scratch, Server) {
    let directory = Scratch::with(&[("one/a.txt", "one"), ("two/a.txt", "two"), ("three/a.txt", "three")]);
    directory.write("one/large.bin", vec![b'1'; LARGE]);
    let server = Server::configured(&directory, &config("one"));
    (directory, server)
}

#[track_caller]
fn reload(directory: &Scratch, server: &mut Server, root: &str) {
    directory.write("webserv.toml", config(root));
    server.reload("reload: ~ root of *");
}

#[track_caller]
fn ask(peer: &mut Peer) -> String {
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(200).text().to_owned()
}

/// Asks on this one connection until the answer is that of the new config.
#[track_caller]
fn assert_comes_to(peer: &mut Peer, old: &str, new: &str) {
    eventually("the new config answers", || {
        let content = ask(peer);
        assert!(content == old || content == new, "{content}");
        content == new
    });
}

/// The content of a download that began before, byte for byte.
#[track_caller]
fn finish(peer: &mut Peer) {
    let mut left = LARGE;
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let length = left.min(buffer.len());
        let length = peer.read(&mut buffer[..length]).unwrap();
        assert!(length > 0, "cut {left} bytes before the end");
        assert!(buffer[..length].iter().all(|byte| *byte == b'1'), "that is not the file");
        left -= length;
    }
}

#[test]
fn a_connection_between_two_requests_goes_on() {
    let (directory, mut server) = start();
    let mut silent = server.connect();
    let mut peers: Vec<_> = (0..300).map(|_| server.connect()).collect();
    for peer in &mut peers {
        assert_eq!(ask(peer), "one");
    }
    reload(&directory, &mut server, "two");
    for peer in &mut peers {
        assert_comes_to(peer, "one", "two");
    }
    assert_comes_to(&mut silent, "one", "two");
}

#[test]
fn a_download_goes_on_and_its_connection_after_it() {
    let (directory, mut server) = start();
    let mut download = server.connect_to_download("/large.bin", LARGE);
    let mut begun = server.connect();
    begun.send("GET /a.txt HTTP/1.1\r\nHo");
    let mut idle = server.connect();
    assert_eq!(ask(&mut idle), "one");
    // While the first worker has clients still, the second one gets a successor too.
    for (old, new) in [("one", "two"), ("two", "three")] {
        reload(&directory, &mut server, new);
        assert_comes_to(&mut idle, old, new);
    }
    finish(&mut download);
    let late = ask(&mut download);
    assert!(["one", "three"].contains(&&*late), "{late}");
    assert_comes_to(&mut download, "one", "three");
    // Its request had begun.
    begun.send("st: localhost\r\n\r\n");
    begun.response().assert_status(200).assert_content("one");
    assert_comes_to(&mut begun, "one", "three");
    eventually("one worker is left", || server.workers() == 1);
}

#[test]
fn a_stop_after_a_reload_waits_for_the_clients_of_both() {
    let (directory, mut server) = start();
    let mut download = server.connect_to_download("/large.bin", LARGE);
    reload(&directory, &mut server, "two");
    let mut idle = server.connect();
    assert_comes_to(&mut idle, "one", "two");
    server.process.signal(Signal::TERM);
    idle.assert_ended();
    finish(&mut download);
    download.assert_ended();
    assert_eq!(server.process.finish(crate::support::PATIENCE).code, Some(0));
}

#[test]
fn no_more_than_a_few_configs_are_served_by_at_a_time() {
    let directory = Scratch::new();
    directory.write("large.bin", vec![b'1'; LARGE]);
    let config = |index: usize| {
        format!("listen = '127.0.0.1:0'\nindex = '{index}'\nlimits.drain_time = '200ms'\n[[site]]\nroot = '.'\n")
    };
    let mut server = Server::configured(&directory, &config(0));
    let mut downloads = Vec::new();
    for number in 1..8 {
        downloads.push(server.connect_to_download("/large.bin", LARGE));
        directory.write("webserv.toml", config(number));
        server.reload("reload: ~ index of *");
    }
    eventually("the oldest have ended", || server.workers() <= 4);
    assert_eq!(server.process.stderr.said().matches("have 200ms to finish").count(), 4);
    let mut received = 0;
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = downloads[0].read(&mut buffer) {
        received += length;
    }
    assert!(received < LARGE, "it was to be cut");
    // The last ones have not been disturbed.
    downloads[4..].iter_mut().for_each(finish);
}

#[test]
fn who_is_handed_over_has_a_place_where_there_are_fewer() {
    let (directory, mut server) = start();
    let mut peers: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for peer in &mut peers {
        assert_eq!(ask(peer), "one");
    }
    directory.write("webserv.toml", config("two").replace("[limits]", "[limits]\nconnections = 1"));
    server.reload("reload: ~ limits.connections: 10000 -> 1");
    for peer in &mut peers {
        assert_comes_to(peer, "one", "two");
    }
    // There is none for others, until all but one have left.
    let mut newcomer = server.connect();
    assert_eq!(ask(&mut newcomer), "two");
    eventually("who was idle has been put out", || server.process.stderr.has("idle ones that were closed: "));
}

/// Tells the clients to stop, also where the test fails.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks over and over until it is told to stop, and counts the answers.
fn load(done: &AtomicBool, answers: &AtomicUsize, mut ask: impl FnMut() -> Vec<String>) {
    while !done.load(Ordering::Relaxed) {
        for content in ask() {
            assert!(["one", "two"].contains(&&*content), "{content}");
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn one_connection(address: SocketAddr, done: &AtomicBool, answers: &AtomicUsize) {
    let mut peer = Peer::tcp(address);
    load(done, answers, || vec![ask(&mut peer)]);
}

fn a_connection_each(address: SocketAddr, done: &AtomicBool, answers: &AtomicUsize) {
    load(done, answers, || vec![ask(&mut Peer::tcp(address))]);
}

fn pipelined(address: SocketAddr, done: &AtomicBool, answers: &AtomicUsize) {
    let mut peer = Peer::tcp(address);
    load(done, answers, || {
        peer.send(request("GET", "/a.txt", &[]).repeat(10));
        (0..10).map(|_| peer.response().assert_status(200).text().to_owned()).collect()
    });
}

#[test]
fn no_request_is_lost_under_load() {
    let (directory, mut server) = start();
    let (address, done, answers) = (server.address(), AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for client in [one_connection, a_connection_each, pipelined, one_connection, a_connection_each] {
            // A client that does not get its answer panics, and the scope with it.
            let (done, answers) = (&done, &answers);
            scope.spawn(move || client(address, done, answers));
        }
        let _done = Done(&done);
        for number in 0..20 {
            let before = answers.load(Ordering::Relaxed);
            eventually("the clients are at it", || answers.load(Ordering::Relaxed) > before + 50);
            let root = if number % 2 == 0 { "two" } else { "one" };
            reload(&directory, &mut server, root);
            eventually("the new config answers", || get(&server, "/a.txt").text() == root);
        }
    });
    assert!(answers.load(Ordering::Relaxed) > 1000);
}

#[test]
fn nothing_is_left_of_a_config_that_is_not_used_any_more() {
    let (directory, mut server) = start();
    let mut idle = server.connect();
    assert_eq!(ask(&mut idle), "one");
    let (mut descriptors, mut threads) = (0, 0);
    for number in 0..20 {
        let (old, new) = if number % 2 == 0 { ("one", "two") } else { ("two", "one") };
        let mut other = server.connect();
        assert_eq!(ask(&mut other), old);
        reload(&directory, &mut server, new);
        assert_comes_to(&mut idle, old, new);
        drop(other);
        eventually("the old worker has ended", || server.workers() == 1);
        // From the second one on: what is made when it is needed first is there by then.
        if number == 1 {
            (descriptors, threads) = (server.descriptors(), server.threads());
        }
    }
    eventually("no more descriptors than before", || server.descriptors() <= descriptors);
    eventually("no more threads than before", || server.threads() <= threads);
}
