//! How a connection ends: whatever was sent arrives, whatever the peer sends meanwhile.

use std::net::TcpStream;

use rustix::net::{AddressFamily, SocketType, sockopt};
use rustix::process::Signal;

use crate::support::{PATIENCE, Scratch, Server, eventually};
use crate::wire::{Peer, get, request};

/// More than a client with a small buffer takes, and less than the kernel takes from the server for it.
const CONTENT: usize = 150_000;

fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("a.txt", "a")]);
    directory.write("some.bin", vec![b'x'; CONTENT]);
    let server = Server::of(&directory);
    (directory, server)
}

/// A client whose system takes no more than a few kilobytes at a time.
fn narrow(server: &Server) -> Peer {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 4096).unwrap();
    rustix::net::connect(&socket, &server.address()).unwrap();
    Peer::from(TcpStream::from(socket))
}

/// Asks for the large file and reads no more than its head. The answer is out of the server's hands then.
#[track_caller]
fn half_answered(server: &Server, lines: &[&str]) -> Peer {
    let mut peer = narrow(server);
    peer.send(request("GET", "/some.bin", lines));
    assert_eq!(peer.head().assert_status(200).content_length(), CONTENT);
    get(server, "/a.txt").assert_status(200);
    peer
}

#[test]
fn an_answer_that_is_on_its_way_survives_what_comes_behind_it() {
    let (_directory, server) = site();
    for late in ["\r\n", "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut peer = half_answered(&server, &["Connection: close"]);
        peer.send(late);
        assert_eq!(peer.rest().len(), CONTENT);
    }
}

#[test]
fn a_stop_destroys_no_answer_that_is_on_its_way() {
    let (_directory, server) = site();
    let mut peer = half_answered(&server, &[]);
    server.process.signal(Signal::TERM);
    eventually("the listener is closed", || TcpStream::connect(server.address()).is_err());
    peer.send(request("GET", "/a.txt", &[]));
    assert_eq!(peer.rest().len(), CONTENT);
    assert_eq!(server.process.finish(PATIENCE).code, Some(0));
}

#[test]
fn what_was_meant_for_a_tunnel_is_no_request() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    peer.send(
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    peer.response().assert_status(405).assert_field("Connection", "close");
    peer.assert_ended();
}

#[test]
fn a_refusal_is_a_page_for_a_browser() {
    let (_directory, server) = site();
    for (accept, media_type) in [("text/html, */*", "text/html; charset=utf-8"), ("*/*", "text/plain; charset=utf-8")] {
        let mut peer = server.connect();
        peer.send(request("GET", "/100%", &[&format!("Accept: {accept}")]));
        let response = peer.response();
        response.assert_status(400).assert_field("Content-Type", media_type).assert_field("Vary", "Accept");
    }
}
