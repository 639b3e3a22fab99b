//! How long a connection lives: HTTP/1.0 and 1.1, what `Connection` says, half-closed peers, idle ones.

use crate::support::{Scratch, Server};
use crate::wire::{exchange, request};

fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("a.txt", "the first"), ("b.txt", "the second")]);
    let server = Server::of(&directory);
    (directory, server)
}

#[test]
fn a_connection_persists_by_default() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    for _ in 0..3 {
        let response = peer.exchange(request("GET", "/a.txt", &[]));
        assert_eq!(response.assert_status(200).field("Connection"), None);
        peer.exchange(request("GET", "/missing", &[])).assert_status(404);
        peer.exchange(request("POST", "/a.txt", &[])).assert_status(405);
        peer.exchange(request("BREW", "/a.txt", &[])).assert_status(501);
    }
}

#[test]
fn close_closes_whatever_else_is_said() {
    let (_directory, server) = site();
    for lines in [
        &["Connection: close"][..],
        &["connection: CLOSE"],
        &["Connection: keep-alive, close"],
        &["Connection: close, keep-alive"],
        &["Connection: keep-alive", "Connection: close"],
        &["Connection: close", "Connection: keep-alive"],
        &["Connection: x-other ,\tClose\t, te"],
        &["Connection: ,,close,"],
    ] {
        let mut peer = server.connect();
        // What stands behind it is not answered any more.
        peer.send(request("GET", "/a.txt", lines) + &request("GET", "/b.txt", &[]));
        let response = peer.response();
        response.assert_status(200).assert_field("Connection", "close").assert_content("the first");
        peer.assert_ended();
    }
}

#[test]
fn what_only_looks_like_close_does_not_close() {
    let (_directory, server) = site();
    for line in ["Connection: closed", "Connection: x-close", "Connection: keep-alive", "Proxy-Connection: close"] {
        let mut peer = server.connect();
        peer.exchange(request("GET", "/a.txt", &[line])).assert_status(200);
        peer.exchange(request("GET", "/b.txt", &[])).assert_status(200);
    }
}

#[test]
fn http_1_0_closes_unless_asked_to_persist() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    let response = peer.exchange("GET /a.txt HTTP/1.0\r\nHost: localhost\r\n\r\n");
    response.assert_status(200).assert_field("Connection", "close").assert_content("the first");
    peer.assert_ended();

    let mut peer = server.connect();
    for _ in 0..2 {
        let response = peer.exchange("GET /a.txt HTTP/1.0\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n");
        response.assert_status(200).assert_field("Connection", "keep-alive").assert_content("the first");
    }
    let both = "GET /b.txt HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive, close\r\n\r\n";
    peer.exchange(both).assert_status(200).assert_field("Connection", "close");
    peer.assert_ended();
}

#[test]
fn http_1_0_needs_no_host() {
    // Nor can a browser be made to send a request without one, which is why it is no way around the check of Host.
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n");
    let mut peer = server.connect();
    peer.exchange("GET /a.txt HTTP/1.0\r\n\r\n").assert_status(200).assert_content("a");
    peer.assert_ended();
}

#[test]
fn a_later_minor_version_is_served_as_1_1() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    peer.exchange("GET /a.txt HTTP/1.2\r\nHost: localhost\r\n\r\n").assert_status(200);
    peer.exchange("GET /a.txt HTTP/1.9\r\nHost: localhost\r\n\r\n").assert_status(200);
}

#[test]
fn a_half_closed_peer_still_gets_its_answers() {
    let (directory, server) = site();
    let large = vec![b'x'; 16_000_000];
    directory.write("large.bin", &large);
    let mut peer = server.connect();
    peer.send(request("GET", "/a.txt", &[]) + &request("GET", "/large.bin", &[]) + &request("GET", "/b.txt", &[]));
    peer.finish_sending();
    peer.response().assert_status(200).assert_content("the first");
    peer.response().assert_status(200).assert_content(&large);
    peer.response().assert_status(200).assert_content("the second");
    peer.assert_ended();
}

#[test]
fn a_peer_that_ends_within_a_request_is_let_go() {
    let (_directory, server) = site();
    let whole = request("GET", "/a.txt", &["Content-Length: 5"]) + "12345";
    for length in [0, 1, 10, whole.len() - 7, whole.len() - 5, whole.len() - 1] {
        let mut peer = server.connect();
        peer.send(&whole[..length]);
        peer.finish_sending();
        // Whether it is the head that was cut or the content, the request is never answered as if it were whole.
        let rest = String::from_utf8(peer.rest()).unwrap();
        assert!(rest.starts_with(if length == 0 { "" } else { "HTTP/1.1 400 " }), "{length}: {rest}");
        assert!(rest.matches("HTTP/1.1").count() == usize::from(length > 0), "{length}: {rest}");
    }
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\nidle_time = '1s'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let mut silent = server.connect();
    let mut idle = server.connect();
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200);
    idle.assert_ended();
    // Whoever has never said anything is told nothing either.
    silent.assert_ended();
}

#[test]
fn a_download_is_not_idle() {
    let directory = Scratch::new();
    let large = vec![b'x'; 16_000_000];
    directory.write("www/large.bin", &large);
    let config = "listen = '127.0.0.1:0'\n[limits]\nidle_time = '1s'\nhead_time = '1s'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let mut idle = server.connect();
    let mut peer = server.connect();
    peer.send(request("GET", "/large.bin", &[]));
    let head = peer.head();
    // The other one's end tells that the time is over, while this one has not read a byte.
    idle.assert_ended();
    let mut received = 0;
    let mut buffer = vec![0; 64 * 1024];
    while received < head.content_length() {
        let length = peer.read(&mut buffer).unwrap();
        assert!(length > 0, "cut after {received} bytes");
        received += length;
    }
}

#[test]
fn a_peer_that_does_not_read_is_let_go() {
    let directory = Scratch::new();
    directory.write("www/large.bin", vec![b'x'; 32_000_000]);
    let config = "listen = '127.0.0.1:0'\n[limits]\nsend_time = '1s'\n[[site]]\nroot = 'www'\n";
    let mut server = Server::configured(&directory, config);
    let mut peer = server.connect();
    peer.send(request("GET", "/large.bin", &[]));
    // The line comes when the server is done with it.
    let line = server.process.stdout.line_with("/large.bin");
    assert!(!line.contains(" 32000000 "), "what was sent, and not what was not: {line}");
    let mut buffer = vec![0; 1 << 20];
    let mut received = 0;
    while let Ok(length @ 1..) = peer.read(&mut buffer) {
        received += length;
    }
    assert!(received < 32_000_000, "it was not let go");
}

#[test]
fn the_version_of_an_answer_is_the_servers_own() {
    let (_directory, server) = site();
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let response = exchange(&server, format!("GET /a.txt {version}\r\nHost: localhost\r\n\r\n"));
        assert!(response.head.starts_with(b"HTTP/1.1 200 OK\r\n"), "RFC 9110, section 6.2:\n{response}");
    }
}
