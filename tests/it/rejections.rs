//! Requests that nobody should send: each is answered with its status and a reason, and the connection ends, so that
//! nothing that follows is taken for a request.
//!
//! `rfc` has the exact bytes of each such answer beside all others; `tests/CLAUSES.md` the clauses that ask for them,
//! and `tests/differential/REPORT.md` what nginx and h2o do instead.

use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Scratch, Server};
use crate::wire::{Pace, Peer, request};

fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("index.html", "home"), ("a.txt", "a"), ("secret.txt", "smuggled")]);
    let server = Server::of(&directory);
    (directory, server)
}

/// The request is refused with this status, a line that says why, and the end of the connection.
#[track_caller]
fn assert_rejected(peer: &mut Peer, bytes: &[u8], status: u16, reason: &str) {
    let shown = bytes[..bytes.len().min(120)].escape_ascii();
    peer.send_in_vain(bytes);
    peer.send_in_vain(request("GET", "/secret.txt", &[]));
    let response = peer.response();
    assert_eq!(response.status(), status, "to {shown}\n{response}");
    assert_eq!(response.field("Connection"), Some("close"), "to {shown}\n{response}");
    assert_eq!(response.field("Content-Type"), Some("text/plain; charset=utf-8"), "to {shown}\n{response}");
    let text = response.text().to_lowercase();
    assert!(text.trim().len() > 10 && text.ends_with('\n'), "a reason, to {shown}\n{response}");
    assert!(text.contains(&reason.to_lowercase()), "the reason names {reason:?}, to {shown}\n{response}");
    peer.assert_ended();
}

#[track_caller]
fn assert_all_rejected(status: u16, cases: &[(&[u8], &str)]) {
    let (_directory, server) = site();
    for (bytes, reason) in cases {
        assert_rejected(&mut server.connect(), bytes, status, reason);
    }
    server.connect().exchange(request("GET", "/a.txt", &[])).assert_status(200);
}

#[test]
fn malformed_request_lines() {
    assert_all_rejected(
        400,
        &[
            (b"GET /\n\n", ""),
            (b"GET /\r\nHost: localhost\r\n\r\n", ""), // HTTP/0.9 is not spoken
            (b"GET / HTTP/1.1\nHost: localhost\r\n\r\n", ""),
            (b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /  HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", ""),
            (b" GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"G\xc3\x89T / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / http/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / HTTP/1.10\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / HTTP/11\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / HTTP/1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / HTTPS/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /\x7f HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET http:///a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
            (b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "%"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", ""), // the hello of TLS
            (b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", ""),
        ],
    );
}

#[test]
fn malformed_field_lines() {
    assert_all_rejected(
        400,
        &[
            (b"GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\n\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\rZ: z\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n folded\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\tfolded\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX\t: y\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\n: no name\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX(: y\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX\xff: y\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x1b[31m\r\n\r\n", ""),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x7f\r\n\r\n", ""),
        ],
    );
}

#[test]
fn host_is_sent_once_and_is_one() {
    assert_all_rejected(
        400,
        &[
            (b"GET / HTTP/1.1\r\n\r\n", "Host"),
            (b"GET http://localhost/ HTTP/1.1\r\n\r\n", "Host"), // asked for in this form too
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nhost: other\r\n\r\n", "Host"),
            (b"GET / HTTP/1.0\r\nHost: localhost\r\nHost: other\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "Host"), // no URL of http is without one
            (b"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: local host\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: localhost, localhost\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: user@localhost\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: localhost/a\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: http://localhost\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: localhost:port\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: localhost:99999\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: [localhost]\r\n\r\n", "Host"),
            (b"GET / HTTP/1.1\r\nHost: l\xc3\xb6calhost\r\n\r\n", "Host"),
        ],
    );
}

#[test]
fn framing_that_two_readers_could_read_differently() {
    const HEAD: &str = "POST / HTTP/1.1\r\nHost: localhost\r\n";
    let (_directory, server) = site();
    for (lines, reason) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", "transfer"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", "Content-Length"),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked", "transfer"),
        ("Content-Length: 5\r\nContent-Length: 6", "Content-Length"),
        ("Content-Length: 5, 6", "Content-Length"),
        ("Content-Length: +5", "Content-Length"),
        ("Content-Length: -5", "Content-Length"),
        ("Content-Length: 0x5", "Content-Length"),
        ("Content-Length: 5 5", "Content-Length"),
        ("Content-Length: 5.0", "Content-Length"),
        ("Content-Length:", "Content-Length"),
        ("Content-Length: five", "Content-Length"),
        ("Transfer-Encoding: gzip", "transfer"),
        ("Transfer-Encoding: chunked, gzip", "transfer"),
        ("Transfer-Encoding: chunked, chunked", "transfer"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "transfer"),
        ("Transfer-Encoding:", "transfer"),
        ("Transfer-Encoding: identity", "transfer"),
        ("Transfer-Encoding: chunked;a=b", "transfer"),
        ("Transfer-Encoding: xchunked", "transfer"),
        ("Transfer-Encoding: \"chunked\"", "transfer"),
        ("Transfer-Encoding: , chunked", "transfer"), // one reader's empty element is another's identity
        ("Transfer-Encoding: chunked,", "transfer"),
    ] {
        let bytes = format!("{HEAD}{lines}\r\n\r\n");
        assert_rejected(&mut server.connect(), bytes.as_bytes(), 400, reason);
    }
    let bytes = b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_rejected(&mut server.connect(), bytes, 400, "transfer");
}

#[test]
fn transfer_codings_that_are_not_known_are_not_implemented() {
    assert_all_rejected(
        501,
        &[
            (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: brotli, chunked\r\n\r\n", "transfer"),
            (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n", ""),
        ],
    );
}

#[test]
fn versions_that_are_not_spoken() {
    assert_all_rejected(
        505,
        &[
            (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1"),
            (b"GET / HTTP/0.9\r\nHost: localhost\r\n\r\n", ""),
            (b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", ""),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""), // the preface of HTTP/2
        ],
    );
}

#[test]
fn heads_that_are_too_large() {
    let (_directory, server) = site();
    let line = |length: usize| format!("X: {}\r\n", "x".repeat(length));
    let head = |lines: &str| format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
    // 16 KiB and 100 fields are the limits: this side of both is served.
    server.connect().exchange(head(&line(15_000))).assert_status(200);
    server.connect().exchange(head(&line(1).repeat(99))).assert_status(200);
    assert_rejected(&mut server.connect(), head(&line(17_000)).as_bytes(), 431, "head");
    assert_rejected(&mut server.connect(), head(&line(1_000).repeat(17)).as_bytes(), 431, "head");
    assert_rejected(&mut server.connect(), head(&line(1).repeat(101)).as_bytes(), 431, "fields");
    // Nobody has to send the end of it to be told.
    let endless = format!("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(200_000));
    assert_rejected(&mut server.connect(), endless.as_bytes(), 431, "head");
}

#[test]
fn targets_that_are_too_long() {
    let (_directory, server) = site();
    let target = |length: usize| format!("/a.txt?{}", "q".repeat(length - 7));
    server.connect().exchange(request("GET", &target(8192), &[])).assert_status(200);
    assert_rejected(&mut server.connect(), request("GET", &target(8193), &[]).as_bytes(), 414, "8");
    let endless = format!("GET {}", target(100_000));
    assert_rejected(&mut server.connect(), endless.as_bytes(), 414, "8");
}

#[test]
fn a_name_that_is_too_long_for_a_file_is_just_not_there() {
    let (_directory, server) = site();
    server.connect().exchange(request("GET", &format!("/{}", "n".repeat(300)), &[])).assert_status(404);
    server.connect().exchange(request("GET", &"/n".repeat(3_000), &[])).assert_status(404);
}

#[test]
fn content_that_is_too_large() {
    let (_directory, server) = site();
    let head = request("POST", "/", &["Content-Length: 1048577"]);
    assert_rejected(&mut server.connect(), head.as_bytes(), 413, "");
    // All that 64 bits hold, and what they would take for 5.
    for length in ["18446744073709551615", "18446744073709551621"] {
        let head = request("GET", "/a.txt", &[&format!("Content-Length: {length}")]);
        assert_rejected(&mut server.connect(), head.as_bytes(), 413, "");
    }
}

#[test]
fn a_request_that_is_never_finished_times_out() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\nhead_time = '1s'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    for beginning in ["G", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut peer = server.connect();
        peer.send(beginning);
        let response = peer.response();
        response.assert_status(408).assert_field("Connection", "close");
        assert!(response.text().len() > 10, "a reason: {response}");
        peer.assert_ended();
    }
}

#[test]
fn a_request_has_its_time_once_whatever_was_answered_before() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\nhead_time = '3s'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(200);
    let begun = Instant::now();
    peer.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT");
    peer.response().assert_status(200);
    peer.response().assert_status(408);
    let lasted = begun.elapsed();
    assert!(lasted > Duration::from_millis(2900) && lasted < Duration::from_millis(5500), "{lasted:?}");
}

#[test]
fn a_head_request_that_is_never_finished_times_out_without_content() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let limits = "[limits]\nhead_time = '1s'\nidle_time = '1s'\n";
    let config = format!("listen = '127.0.0.1:0'\n{limits}[[site]]\nroot = 'www'\n");
    let server = Server::configured(&directory, &config);
    let beginning = "HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\n";
    let mut peers = [beginning.to_owned(), format!("{beginning}Content-Length: 5\r\n\r\n123")].map(|bytes| {
        let mut peer = server.connect();
        peer.send(bytes);
        peer
    });
    for peer in &mut peers {
        let head = peer.head();
        head.assert_status(408).assert_field("Connection", "close");
        assert!(head.content_length() > 10, "that of the reason:\n{head}");
        peer.assert_ended();
    }
}

#[test]
fn a_byte_now_and_then_does_not_keep_a_request_alive() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let limits = "[limits]\nhead_time = '2s'\nidle_time = '1s'\n";
    let config = format!("listen = '127.0.0.1:0'\n{limits}[[site]]\nroot = 'www'\n");
    let server = Server::configured(&directory, &config);
    let mut idle = server.connect();
    let mut slow = server.connect();
    slow.send("GET /a.txt HTTP/1.1\r\nX: ");
    idle.assert_ended(); // a second has passed
    let mut later = server.connect();
    later.send("G");
    let mut pace = Pace::of(&server);
    pace.turn();
    slow.send("x");
    pace.turn();
    // The time runs from the first byte and not from the last, so that the slow one is told before the later one.
    later.response().assert_status(408);
    assert!(!slow.is_silent(), "a byte gave the request more time");
    slow.response().assert_status(408);
}

#[test]
fn a_byte_now_and_then_does_not_keep_content_alive() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let limits = "[limits]\nhead_time = '500ms'\nidle_time = '2s'\n";
    let config = format!("listen = '127.0.0.1:0'\n{limits}[[site]]\nroot = 'www'\n");
    let server = Server::configured(&directory, &config);
    let begun = request("GET", "/a.txt", &["Content-Length: 1000"]);
    let pass_half_a_second = || {
        server.connect().exchange("G").assert_status(408);
    };
    let mut slow = server.connect();
    slow.send(&begun);
    pass_half_a_second();
    let mut later = server.connect();
    later.send(&begun);
    pass_half_a_second();
    slow.send("x");
    later.response().assert_status(408);
    assert!(!slow.is_silent(), "a byte gave the content more time");
    slow.response().assert_status(408);
}

#[test]
fn who_goes_on_sending_after_a_refusal_is_not_reset() {
    // A reset could reach the client before it has read the answer, and destroy that.
    let (_directory, server) = site();
    let mut pace = Pace::of(&server);
    for (head, status) in [(request("POST", "/", &["Content-Length: 1048577"]), 413), ("GET /\r\n\r\n".to_owned(), 400)]
    {
        let mut peer = server.connect();
        // The server has read all that there is when it answers.
        peer.exchange(head).assert_status(status).assert_field("Connection", "close");
        for _ in 0..10 {
            // To a socket that is closed the first of these is answered by a reset, and the second fails.
            peer.send(vec![b'x'; 1000]);
            pace.turn();
        }
        peer.finish_sending();
        peer.assert_ended();
    }
}

#[test]
fn a_peer_that_never_stops_sending_is_let_go() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    peer.send(request("POST", "/", &["Content-Length: 999999999999"]));
    // Long enough for whoever reads the answer, and no longer: what is sent is lost in any case.
    let start = Instant::now();
    while peer.send_in_vain(vec![b'x'; 64 * 1024]) {
        assert!(start.elapsed() < PATIENCE, "still read after {PATIENCE:?}");
    }
}
