//! Requests whose answer is the same every time, down to the byte: what is wrong with them, or what is not there.

use std::sync::OnceLock;

use crate::clients::Figures;
use crate::random::Random;
use crate::support::Server;
use crate::wire::{Peer, assert_bytes};

/// A request, its status, and whether the connection ends with it.
pub(crate) struct Known {
    request: String,
    status: u16,
    after: After,
    /// The answer that it had first, when nothing else was going on
    answer: OnceLock<Vec<u8>>,
}

/// What becomes of the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Stays,
    Ends,
}

/// All of them.
pub(crate) struct AllKnown(Vec<Known>);

impl AllKnown {
    /// Asks for each of them once.
    pub(crate) fn learn(server: &Server, figures: &Figures) -> AllKnown {
        let all = AllKnown(STAYING.iter().map(|it| known(it, After::Stays)).chain(ending()).collect());
        for known in &all.0 {
            let mut peer = server.connect();
            peer.send(known.bytes());
            figures.sent(1);
            known.assert_answered(&mut peer);
            figures.answered();
        }
        all
    }

    pub(crate) fn any_that_stays(&self, random: &mut Random) -> &Known {
        self.any(After::Stays, random)
    }

    pub(crate) fn any_that_ends(&self, random: &mut Random) -> &Known {
        self.any(After::Ends, random)
    }

    fn any(&self, after: After, random: &mut Random) -> &Known {
        let some: Vec<_> = self.0.iter().filter(|it| it.after == after).collect();
        some[random.below(some.len())]
    }
}

impl Known {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.request.clone().into_bytes()
    }

    /// The answer is the one that it always has, and the connection ends or doesn't.
    #[track_caller]
    pub(crate) fn assert_answered(&self, peer: &mut Peer) {
        let response = peer.response();
        response.assert_status(self.status);
        let connection = (self.after == After::Ends).then_some("close");
        assert_eq!(response.field("Connection"), connection, "{:?}", self.request);
        let masked = response.masked();
        assert_bytes(&masked, self.answer.get_or_init(|| masked.clone()));
        if self.after == After::Ends {
            peer.assert_ended();
        }
    }
}

fn known((request, status): &(&str, u16), after: After) -> Known {
    Known { request: (*request).to_owned(), status: *status, after, answer: OnceLock::new() }
}

/// The connection stays.
const STAYING: &[(&str, u16)] = &[
    ("GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET /missing HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n", 404),
    ("GET /.hidden HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET /dir?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n", 301),
    ("GET /dir/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET /../../one.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
    ("GET /a%2fb HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 204),
    ("POST /one.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 405),
    ("PUT /one.txt HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 405),
    ("BREW /one.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
    ("GET /one.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=5-\r\n\r\n", 416),
    ("GET /page.html HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"x\"\r\n\r\n", 412),
    ("GET /page.html HTTP/1.1\r\nHost: localhost\r\nIf-Match: *\r\n\r\n", 200),
    ("GET /shared.js HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n\r\n", 200),
    ("GET /shared.js HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", 304),
];

/// The connection ends.
fn ending() -> impl Iterator<Item = Known> {
    const SHORT: &[(&str, u16)] = &[
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
        ("GET /% HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\0\x01\x02\x03\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("GET /missing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        ("GET /one.txt HTTP/1.0\r\n\r\n", 200),
    ];
    let long = [
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000)), 414),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n", "a".repeat(20_000)), 431),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(200)), 431),
    ];
    let short = SHORT.iter().map(|it| known(it, After::Ends));
    short.chain(long.into_iter().map(|(request, status)| known(&(&request, status), After::Ends)))
}
