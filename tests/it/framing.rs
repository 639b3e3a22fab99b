//! Where one request ends and the next begins: however the bytes arrive, and whatever content they carry.

use std::fmt::Write as _;

use crate::support::{Scratch, Server};
use crate::wire::{Pace, Peer, assert_bytes, request};

/// The files of these tests: few, short and different.
fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("a.txt", "the first"), ("b.txt", "the second"), ("secret.txt", "smuggled")]);
    let server = Server::of(&directory);
    (directory, server)
}

/// A request with all that has a part in framing, and one behind it.
const TWO_REQUESTS: &str = "\r\n\
     POST /a.txt?q=1 HTTP/1.1\r\n\
     Host: localhost\r\n\
     X-Spaced: \t a value \t\r\n\
     Transfer-Encoding: chunked\r\n\
     \r\n\
     5;name=value;quoted=\"a\\\"b\"\r\n\
     GET /\r\n\
     0A\r\n\
     0123456789\r\n\
     0\r\n\
     Trailer: value\r\n\
     \r\n\
     GET /b.txt HTTP/1.1\r\n\
     Host: localhost\r\n\
     Connection: close\r\n\
     \r\n";

/// Both answers as one text in which nothing depends on the time.
#[track_caller]
fn both_answers(peer: &mut Peer) -> Vec<u8> {
    let first = peer.response();
    first.assert_status(405);
    let second = peer.response();
    second.assert_status(200).assert_content("the second");
    peer.assert_ended();
    [first.masked(), second.masked()].concat()
}

#[test]
fn one_byte_at_a_time_gives_the_same_answer() {
    let (_directory, server) = site();
    let mut at_once = server.connect();
    at_once.send(TWO_REQUESTS);
    let expected = both_answers(&mut at_once);

    let mut pace = Pace::of(&server);
    let mut peer = server.connect();
    for byte in TWO_REQUESTS.bytes() {
        peer.send([byte]);
        pace.turn();
    }
    assert_bytes(&both_answers(&mut peer), &expected);
}

#[test]
fn a_split_at_every_position_gives_the_same_answer() {
    let (_directory, server) = site();
    let mut at_once = server.connect();
    at_once.send(TWO_REQUESTS);
    let expected = both_answers(&mut at_once);

    let mut pace = Pace::of(&server);
    for at in 1..TWO_REQUESTS.len() {
        let (before, after) = TWO_REQUESTS.split_at(at);
        let mut peer = server.connect();
        peer.send(before);
        pace.turn();
        peer.send(after);
        assert_bytes(&both_answers(&mut peer), &expected);
    }
}

#[test]
fn two_requests_in_one_write_are_answered_in_order() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    peer.send(request("GET", "/a.txt", &[]) + &request("GET", "/b.txt", &[]));
    peer.response().assert_status(200).assert_content("the first");
    peer.response().assert_status(200).assert_content("the second");
}

#[test]
fn a_hundred_requests_in_one_write_are_answered_in_order() {
    let (directory, server) = site();
    let mut requests = String::new();
    for number in 0..100 {
        directory.write(format!("{number}.txt"), format!("number {number}"));
        let method = if number % 7 == 0 { "HEAD" } else { "GET" };
        requests.push_str(&request(method, &format!("/{number}.txt"), &[]));
    }
    let mut peer = server.connect();
    peer.send(requests);
    for number in 0..100 {
        let response = if number % 7 == 0 { peer.head() } else { peer.response() };
        response.assert_status(200);
        if number % 7 != 0 {
            response.assert_content(format!("number {number}"));
        }
    }
}

#[test]
fn requests_behind_a_large_answer_wait_their_turn() {
    // Larger than what the kernel keeps for a reader that does not read, so that the server has to wait in between.
    let (directory, server) = site();
    let large: Vec<u8> = (0..16_000_000_usize).map(|at| (at % 249) as u8).collect();
    directory.write("large.bin", &large);
    let mut peer = server.connect();
    peer.send(
        request("GET", "/a.txt", &[])
            + &request("GET", "/large.bin", &[])
            + &request("GET", "/b.txt", &[])
            + &request("GET", "/large.bin", &[])
            + &request("GET", "/missing", &[]),
    );
    // Somebody else is not kept waiting by the one who does not read.
    server.connect().exchange(request("GET", "/a.txt", &[])).assert_status(200);
    peer.response().assert_status(200).assert_content("the first");
    peer.response().assert_status(200).assert_content(&large);
    peer.response().assert_status(200).assert_content("the second");
    peer.response().assert_status(200).assert_content(&large);
    peer.response().assert_status(404);
}

#[test]
fn content_with_a_length_is_discarded() {
    let (_directory, server) = site();
    let smuggled = request("GET", "/secret.txt", &[]);
    for method in ["GET", "POST", "BREW", "OPTIONS"] {
        let mut peer = server.connect();
        let length = format!("Content-Length: {}", smuggled.len());
        peer.send(request(method, "/a.txt", &[&length]) + &smuggled + &request("GET", "/b.txt", &[]));
        let status = match method {
            "GET" => 200,
            "POST" => 405,
            "OPTIONS" => 204,
            _ => 501,
        };
        peer.response().assert_status(status);
        peer.response().assert_status(200).assert_content("the second");
    }
}

#[test]
fn content_that_arrives_late_is_discarded() {
    let (_directory, server) = site();
    let mut pace = Pace::of(&server);
    let mut peer = server.connect();
    peer.send(request("GET", "/a.txt", &["Content-Length: 20"]));
    for _ in 0..4 {
        pace.turn();
        peer.send("GET /");
    }
    peer.send(request("GET", "/b.txt", &[]));
    peer.response().assert_status(200).assert_content("the first");
    peer.response().assert_status(200).assert_content("the second");
}

#[test]
fn chunked_content_is_discarded() {
    let (_directory, server) = site();
    let smuggled = request("GET", "/secret.txt", &[]);
    for coding in ["chunked", "Chunked", "CHUNKED", "\t chunked "] {
        let mut chunks = String::new();
        write!(chunks, "{:x}\r\n{smuggled}\r\n", smuggled.len()).unwrap();
        write!(chunks, "{:X};ext\r\n{smuggled}\r\n", smuggled.len()).unwrap();
        write!(chunks, "000{:x} ; a=b\r\n{smuggled}\r\n", smuggled.len()).unwrap();
        chunks.push_str("000\r\nA-Trailer: a value\r\nHost: elsewhere\r\n\r\n");
        let mut peer = server.connect();
        let line = format!("Transfer-Encoding: {coding}");
        peer.send(request("GET", "/a.txt", &[&line]) + &chunks + &request("GET", "/b.txt", &[]));
        peer.response().assert_status(200).assert_content("the first");
        peer.response().assert_status(200).assert_content("the second");
    }
}

#[test]
fn content_as_large_as_allowed_is_discarded() {
    let directory = Scratch::with(&[("www/a.txt", "the first"), ("www/b.txt", "the second")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\ncontent_size = '64 KiB'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let mut peer = server.connect();
    peer.send(request("GET", "/a.txt", &["Content-Length: 65536"]) + &"x".repeat(65536));
    peer.response().assert_status(200).assert_content("the first");
    peer.send(request("GET", "/b.txt", &["Transfer-Encoding: chunked"]) + "8000\r\n" + &"x".repeat(32768) + "\r\n");
    peer.send("8000\r\n".to_owned() + &"x".repeat(32768) + "\r\n0\r\n\r\n");
    peer.response().assert_status(200).assert_content("the second");
    peer.exchange(request("GET", "/b.txt", &[])).assert_status(200);
}

#[test]
fn broken_chunks_end_the_connection_and_nothing_behind_them_is_a_request() {
    let (_directory, server) = site();
    let smuggled = request("GET", "/secret.txt", &[]);
    for chunks in [
        "5\nhello\r\n0\r\n\r\n",             // a bare LF after the size
        "5\r\nhello\n0\r\n\r\n",             // and after the data
        "5\r\nhello0\r\n\r\n",               // nothing after the data
        "5\r\nhello!\r\n0\r\n\r\n",          // more data than was said
        "\r\n0\r\n\r\n",                     // no size
        "5 \n\r\nhello\r\n0\r\n\r\n",        // LF in an extension
        "5;a\rb\r\nhello\r\n0\r\n\r\n",      // a bare CR in one
        "5;a=\"\nb\"\r\nhello\r\n0\r\n\r\n", // LF in a quoted one
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "five\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", // one digit more than 64 bits hold
        "10000000000000005\r\nhello\r\n0\r\n\r\n", // 5, in 64 bits
        "5\r\nhello\r\n0\r\n Trailer: folded\r\n\r\n",
        "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
        "5\r\nhello\r\n0\r\nA: b\n\r\n",
    ] {
        let mut peer = server.connect();
        peer.send(request("POST", "/a.txt", &["Transfer-Encoding: chunked"]) + chunks + &smuggled);
        let answers = String::from_utf8(peer.rest()).unwrap();
        assert!(!answers.contains("smuggled"), "after {chunks:?}:\n{answers}");
        assert!(
            answers.starts_with("HTTP/1.1 400 ") && answers.matches("HTTP/1.1").count() == 1,
            "{chunks:?}: {answers}"
        );
    }
}

#[test]
fn what_was_not_read_is_never_taken_for_a_request() {
    // Twice what may be discarded, and made of requests.
    let directory = Scratch::with(&[("www/a.txt", "a"), ("www/secret.txt", "smuggled")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\ncontent_size = '4 KiB'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let content = request("GET", "/secret.txt", &[]).repeat(200);
    for line in [format!("Content-Length: {}", content.len()), "Transfer-Encoding: chunked".to_owned()] {
        let mut peer = server.connect();
        peer.send(request("GET", "/a.txt", &[&line]));
        if line.starts_with("Transfer") {
            peer.send_in_vain(format!("{:x}\r\n", content.len()));
        }
        peer.send_in_vain(&content);
        let answers = String::from_utf8(peer.rest()).unwrap();
        assert!(answers.starts_with("HTTP/1.1 413 "), "{line}: {answers}");
        assert!(!answers.contains("smuggled") && answers.matches("HTTP/1.1").count() == 1, "{line}: {answers}");
    }
}

#[test]
fn nobody_is_asked_for_content_that_is_not_wanted() {
    let (_directory, server) = site();
    for (method, status) in [("POST", 405), ("GET", 200), ("OPTIONS", 204)] {
        let mut peer = server.connect();
        peer.send(request(method, "/a.txt", &["Expect: 100-continue", "Content-Length: 5"]));
        // Not 100: the final response, while the content has not been sent.
        peer.response().assert_status(status);
        // Whoever then sends it or ends the connection, it is no request.
        peer.send_in_vain("GET /secret.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
        peer.finish_sending();
        let rest = String::from_utf8_lossy(&peer.rest()).into_owned();
        assert!(!rest.contains("smuggled"), "{rest}");
    }
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt", &["Expect: 200-ok"])).assert_status(417);
}
