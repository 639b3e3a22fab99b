//! Bytes in, transcript out, under every split of the bytes.

use super::*;
use crate::http::response::ContentFields;

const LIMITS: Limits = Limits { head_size: 200, fields: 5, content_size: 20 };

/// When a request is answered that has been pulled out.
#[derive(Clone, Copy, PartialEq)]
enum Answering {
    AtOnce,
    /// When it is pulled out for the second time
    Postponed,
}

/// A line for each step that the peer's `pieces`, and then the end of its input, lead to.
fn transcript(pieces: &[&[u8]], answering: Answering) -> String {
    let preamble = Preamble::new("webserv", 0);
    let mut connection = Connection::default();
    let mut unread = Vec::new();
    let mut out = String::new();
    let ends = [&[][..]];
    let mut is_due = answering == Answering::AtOnce;
    for piece in pieces.iter().chain(&ends) {
        if piece.is_empty() {
            connection.end_of_input();
        }
        unread.extend_from_slice(piece);
        let bytes = unread.clone();
        let mut input = &bytes[..];
        loop {
            let before = input;
            match connection.step(&mut input, &LIMITS) {
                Step::NeedBytes(_) => break,
                Step::Request(_) if !is_due => {
                    connection.postpone(&mut input, before);
                    is_due = true;
                    continue;
                }
                Step::Request(request) => {
                    is_due = answering == Answering::AtOnce;
                    let line = String::from_utf8_lossy(request.line);
                    out +=
                        &format!("{line} [{}]", String::from_utf8_lossy(request.fields.section()).replace("\r\n", ";"));
                }
                Step::Reject(rejection, head) => {
                    let line = head.bytes().split(|&byte| byte == b'\r').next().unwrap_or_default();
                    out += &format!("{} {} [{}]", rejection.status.code(), rejection.reason, line.len().min(1));
                }
                Step::Close(reason) => return format!("{out}{reason:?}"),
            }
            let mut head = Vec::new();
            let response = Response { status: Status::Ok, lines: b"", more: b"", content: ContentFields::Length(1) };
            let has_content = connection.respond(&response, &preamble, &mut head);
            let head = String::from_utf8(head).unwrap();
            let connection = head.split("\r\n").find_map(|line| line.strip_prefix("Connection: ")).unwrap_or("reuse");
            out += &format!(" -> {connection}{}\n", if has_content { "" } else { ", no content" });
        }
        unread = input.to_vec();
    }
    panic!("no end after the end of input: {out}")
}

/// The transcript, which must be the same for every split in two and for single bytes, and however late requests are
/// answered.
fn under_every_split(bytes: &str) -> String {
    let bytes = bytes.as_bytes();
    let whole = transcript(&[bytes], Answering::AtOnce);
    for answering in [Answering::AtOnce, Answering::Postponed] {
        assert_eq!(transcript(&[bytes], answering), whole, "in one piece");
        for at in 1..bytes.len() {
            let (front, back) = bytes.split_at(at);
            assert_eq!(transcript(&[front, back], answering), whole, "split at {at}");
        }
        assert_eq!(transcript(&bytes.chunks(1).collect::<Vec<_>>(), answering), whole, "byte by byte");
    }
    whole
}

#[test]
fn requests_are_pulled_in_order() {
    for (bytes, expected) in [
        ("", "PeerFinished"),
        ("\r\n\r\n", "PeerFinished"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 [Host: a;] -> reuse\nPeerFinished"),
        (
            "\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /1 HTTP/1.1 [Host: a;] -> reuse\nHEAD /2 HTTP/1.1 [Host: a;] -> reuse, no content\nPeerFinished",
        ),
        (
            "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /1 HTTP/1.1 [Host: a;Connection: close;] -> close\nLastRequest",
        ),
        ("GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0 [] -> close\nLastRequest"),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "GET / HTTP/1.0 [Connection: keep-alive;] -> keep-alive\nPeerFinished",
        ),
        ("GET / HTTP/1.7\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 [Host: a;] -> reuse\nPeerFinished"),
    ] {
        assert_eq!(under_every_split(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn content_goes_by_before_its_request() {
    for (bytes, expected) in [
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\r\nxGET / HTTP/1.1\r\nHost: b\r\n\r\n",
            "POST / HTTP/1.1 [Host: a;Content-Length: 3;] -> reuse\nGET / HTTP/1.1 [Host: b;] -> reuse\nPeerFinished",
        ),
        (
            "PUT / HTTP/1.9\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            "PUT / HTTP/1.1 [Host: a;Transfer-Encoding: chunked;] -> reuse\nGET / HTTP/1.0 [] -> close\nLastRequest",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx",
            "400 the connection was closed before the request was complete [1] -> close\nRejected",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\nx",
            "413 the content is longer than this server reads [1] -> close\nRejected",
        ),
        (
            "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n",
            "413 the content is longer than this server reads [1] -> close, no content\nRejected",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx",
            "400 a chunk size is malformed [1] -> close\nRejected",
        ),
        (
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\nGET / HTTP/1.1\r\n",
            "PUT / HTTP/1.1 [Host: a;Content-Length: 9;Expect: 100-continue;] -> close\nContentRefused",
        ),
        (
            "PUT / HTTP/1.2\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\nGET / HTTP/1.1\r\n",
            "PUT / HTTP/1.1 [Host: a;Content-Length: 9;Expect: 100-continue;] -> close\nContentRefused",
        ),
    ] {
        assert_eq!(under_every_split(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn a_head_is_held_no_longer_than_its_request() {
    let preamble = Preamble::new("webserv", 0);
    let response = Response { status: Status::Ok, lines: b"", more: b"", content: ContentFields::None };
    let mut connection = Connection::default();
    let mut input = &b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"[..];
    assert!(matches!(connection.step(&mut input, &LIMITS), Step::Request(_)));
    assert!(connection.held.is_some());
    assert!(connection.respond(&response, &preamble, &mut Vec::new()));
    assert!(connection.held.is_none());
}

#[test]
fn what_is_refused() {
    let long_target = format!("GET /{} HTTP/1.1\r\n", "x".repeat(300));
    let long_method = "X".repeat(300);
    let long_fields = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(300));
    let empty_lines = "\r\n".repeat(5);
    let bare_lf_behind = format!("GET / HTTP/1.1\r\nHost: {}\n\r\n", "x".repeat(300));
    for (bytes, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", "400 a line ends in LF without CR [1] -> close\nRejected"),
        ("GET / HTTP/1.1\nHost: a\n\n", "400 a line ends in LF without CR [1] -> close\nRejected"),
        ("\n", "400 a line ends in LF without CR [1] -> close\nRejected"),
        ("GET / HTTP/1.1\rHost: a\r\r", "400 a CR is not followed by LF [1] -> close\nRejected"),
        ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "400 a CR is not followed by LF [1] -> close\nRejected"),
        ("\x16\x03\x01\x02", "400 this is no HTTP request [1] -> close\nRejected"),
        (" GET", "400 this is no HTTP request [1] -> close\nRejected"),
        (empty_lines.as_str(), "400 this is no HTTP request [0] -> close\nRejected"),
        ("GET / HT", "400 the connection was closed before the request was complete [1] -> close\nRejected"),
        ("\r", "400 the connection was closed before the request was complete [0] -> close\nRejected"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505 this server speaks HTTP/1.0 and HTTP/1.1 [1] -> close\nRejected"),
        (
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
            "GET /1 HTTP/1.1 [Host: a;] -> reuse\n400 the Host field is missing [1] -> close\nRejected",
        ),
        (long_target.as_str(), "414 the request line is too long [1] -> close\nRejected"),
        (long_method.as_str(), "501 the method is too long [1] -> close\nRejected"),
        (bare_lf_behind.as_str(), "431 the request head is too long [1] -> close\nRejected"),
        (long_fields.as_str(), "431 the request head is too long [1] -> close\nRejected"),
    ] {
        assert_eq!(under_every_split(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn a_long_target_is_told_from_long_fields() {
    let limits = Limits { head_size: 16 * 1024, ..LIMITS };
    for (target, fields, expected) in
        [(8191, 1, 200), (8192, 1, 414), (8192, 9000, 414), (16_000, 9000, 414), (9, 17_000, 431)]
    {
        let head = format!("GET /{} HTTP/1.1\r\nHost: a\r\nB: {}\r\n\r\n", "x".repeat(target), "y".repeat(fields));
        let mut connection = Connection::default();
        let status = match connection.step(&mut head.as_bytes(), &limits) {
            Step::Request(_) => 200,
            Step::Reject(rejection, _) => rejection.status.code(),
            step => panic!("{step:?}"),
        };
        assert_eq!(status, expected, "{target} {fields}");
    }
}

#[test]
fn deadlines_end_what_is_awaited() {
    let mut connection = Connection::default();
    assert!(matches!(connection.step(&mut &b""[..], &LIMITS), Step::NeedBytes(Awaiting::Request)));
    assert!(matches!(connection.expire(b""), Step::Close(CloseReason::Idle)));

    let mut connection = Connection::default();
    assert!(matches!(connection.step(&mut &b"GET"[..], &LIMITS), Step::NeedBytes(Awaiting::Head)));
    assert!(matches!(
        connection.expire(b"GET"),
        Step::Reject(Rejection { status: Status::RequestTimeout, .. }, RefusedHead::Part(b"GET"))
    ));

    let mut connection = Connection::default();
    let mut input = &b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx"[..];
    assert!(matches!(connection.step(&mut input, &LIMITS), Step::NeedBytes(Awaiting::Content)));
    let Step::Reject(rejection, RefusedHead::Whole(head)) = connection.expire(b"") else { panic!() };
    assert!(rejection.status == Status::RequestTimeout && head.starts_with(b"POST"));
}

#[test]
fn a_retired_connection_answers_what_has_begun() {
    let preamble = Preamble::new("webserv", 0);
    let response = Response { status: Status::Ok, lines: b"", more: b"", content: ContentFields::None };
    let mut idle = Connection::default();
    idle.retire();
    assert!(matches!(idle.step(&mut &b""[..], &LIMITS), Step::NeedBytes(Awaiting::Request)));
    assert!(matches!(idle.expire(b""), Step::Close(CloseReason::Retired)));

    let mut begun = Connection::default();
    begun.retire();
    assert!(matches!(begun.step(&mut &b"GET / HT"[..], &LIMITS), Step::NeedBytes(Awaiting::Head)));
    assert!(matches!(begun.step(&mut &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], &LIMITS), Step::Request(_)));
    let mut head = Vec::new();
    assert!(begun.respond(&response, &preamble, &mut head));
    assert!(head.ends_with(b"Connection: close\r\n\r\n"));
    assert!(matches!(begun.step(&mut &b"GET"[..], &LIMITS), Step::Close(CloseReason::Retired)));
}
