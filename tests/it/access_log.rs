//! A line for each request: in the format that every log reader knows, and with nothing in it that a client could have
//! broken it with.

use std::process::Stdio;

use crate::support::{Scratch, Server, webserv};
use crate::wire::{exchange, request};

fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("a.txt", "content\n"), ("dir/index.html", "d")]);
    let mut command = webserv();
    command.args(["-l", "127.0.0.1:0"]).arg(directory.path()).env("TZ", "UTC");
    let server = Server::start(&mut command);
    (directory, server)
}

/// A line of the combined format, taken apart.
#[derive(Debug)]
struct Line {
    remote: String,
    /// The request line, the status, the bytes, and what the client said about itself: unescaped.
    request: Vec<u8>,
    status: u16,
    bytes: String,
    referer: Vec<u8>,
    user_agent: Vec<u8>,
}

impl Line {
    #[track_caller]
    fn parse(line: &str) -> Self {
        let text = line.strip_suffix('\n').expect("a line");
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "what is not printable: {line:?}");
        let (remote, rest) = text.split_once(" - - [").expect(text);
        let (time, rest) = rest.split_once("] ").expect(text);
        assert_time(time);
        let (request, rest) = quoted(rest);
        let (status, rest) = rest.strip_prefix(' ').expect(text).split_once(' ').expect(text);
        let (bytes, rest) = rest.split_once(' ').expect(text);
        let (referer, rest) = quoted(rest);
        let (user_agent, rest) = quoted(rest.strip_prefix(' ').expect(text));
        assert_eq!(rest, "", "{text}");
        let (remote, status, bytes) = (remote.to_owned(), status.parse().expect(text), bytes.to_owned());
        Self { remote, request, status, bytes, referer, user_agent }
    }
}

/// `21/Nov/2026:13:26:37 +0000`
#[track_caller]
fn assert_time(time: &str) {
    let form: String = time.chars().map(|it| if it.is_ascii_digit() { '9' } else { it }).collect();
    let month = form.get(3..6).unwrap_or_default();
    assert_eq!(form.replacen(month, "Nov", 1), "99/Nov/9999:99:99:99 +9999", "{time}");
    assert!("JanFebMarAprMayJunJulAugSepOctNovDec".contains(month), "{time}");
    assert!(time.ends_with("+0000"), "{time}");
}

/// The value that stands in quotes at the start, unescaped, and what is behind it.
#[track_caller]
fn quoted(text: &str) -> (Vec<u8>, &str) {
    let mut value = Vec::new();
    let mut at = 1;
    assert!(text.starts_with('"'), "{text}");
    loop {
        // Quotes, backslashes and bytes in hexadecimal are escaped; no reader knows more than these.
        match text.as_bytes().get(at..).expect(text) {
            [b'"', ..] => return (value, &text[at + 1..]),
            [b'\\', b'x', _, _, ..] => {
                value.push(u8::from_str_radix(&text[at + 2..at + 4], 16).expect(text));
                at += 4;
            }
            [b'\\', escaped @ (b'"' | b'\\'), ..] => {
                value.push(*escaped);
                at += 2;
            }
            [plain, ..] if *plain != b'\\' => {
                value.push(*plain);
                at += 1;
            }
            _ => panic!("an escape that nobody knows, or no end: {text}"),
        }
    }
}

#[test]
fn each_request_is_a_line_in_the_combined_format() {
    let (_directory, mut server) = site();
    let tag = exchange(&server, request("GET", "/a.txt", &[])).field("ETag").expect("an entity tag").to_owned();
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt?q=1", &["User-Agent: test/1 (x)", "Referer: http://localhost/"]));
    peer.exchange(request("GET", "/a.txt", &[&format!("If-None-Match: {tag}")])).assert_status(304);
    peer.exchange(request("GET", "/a.txt", &["Range: bytes=0-2"])).assert_status(206);
    peer.exchange(request("GET", "/dir", &[])).assert_status(301);
    let missing = peer.exchange(request("GET", "/missing", &[]));
    peer.send(request("HEAD", "/a.txt", &[]));
    peer.head();
    peer.exchange("GET /a.txt HTTP/1.0\r\nHost: localhost\r\n\r\n").assert_status(200);

    let mut line = || Line::parse(&server.process.stdout.line().expect("a line"));
    let first = line();
    assert_eq!((first.remote.as_str(), first.status, first.bytes.as_str()), ("127.0.0.1", 200, "8"));
    assert_eq!(first.request, b"GET /a.txt HTTP/1.1");
    assert_eq!((first.referer, first.user_agent), (b"-".to_vec(), b"-".to_vec()));
    let second = line();
    assert_eq!(second.request, b"GET /a.txt?q=1 HTTP/1.1");
    assert_eq!(second.user_agent, b"test/1 (x)");
    assert_eq!(second.referer, b"http://localhost/");
    let not_modified = line();
    assert_eq!(not_modified.status, 304);
    assert!(["0", "-"].contains(&not_modified.bytes.as_str()), "{not_modified:?}");
    let part = line();
    assert_eq!((part.status, part.bytes.as_str()), (206, "3"));
    assert_eq!(line().status, 301);
    let not_found = line();
    assert_eq!((not_found.status, not_found.bytes), (404, missing.content.len().to_string()));
    let head = line();
    assert_eq!((head.status, head.request.as_slice()), (200, &b"HEAD /a.txt HTTP/1.1"[..]));
    assert!(["0", "-"].contains(&head.bytes.as_str()), "{head:?}");
    assert_eq!(line().request, b"GET /a.txt HTTP/1.0");
}

#[test]
fn what_a_client_sends_is_escaped() {
    let (_directory, mut server) = site();
    let mut peer = server.connect();
    let agents: [&[u8]; 5] =
        [b"a \"quoted\" word", b"back\\slash \\\" \\x22", b"tab\there", b"\xff\xe9 \xc2\x9b31m", "ümläut".as_bytes()];
    for agent in agents {
        peer.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ");
        peer.send(agent);
        peer.exchange("\r\n\r\n").assert_status(200);
        let line = Line::parse(&server.process.stdout.line().expect("a line"));
        assert_eq!(line.user_agent.escape_ascii().to_string(), agent.escape_ascii().to_string());
    }
}

#[test]
fn what_was_refused_is_logged_as_harmlessly() {
    let (_directory, mut server) = site();
    for bytes in [
        &b"GET /\x1b[31m\" HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"\x1b[31m\"\x00\xff\r\n\r\n",
        b"GET /%zz\"x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \x1b[31m\r\n\r\n",
    ] {
        exchange(&server, bytes).assert_status(400);
        let line = Line::parse(&server.process.stdout.line().expect("a line"));
        assert_eq!(line.status, 400, "{line:?}");
    }
}

#[test]
fn requests_that_share_a_write_have_a_line_each() {
    let (_directory, mut server) = site();
    let mut peer = server.connect();
    let requests: String = (0..50).map(|number| request("GET", &format!("/a.txt?{number}"), &[])).collect();
    peer.send(requests);
    for number in 0..50 {
        peer.response().assert_status(200);
        let line = Line::parse(&server.process.stdout.line().expect("a line"));
        assert_eq!(line.request, format!("GET /a.txt?{number} HTTP/1.1").into_bytes());
    }
}

#[test]
fn a_reader_that_stops_costs_no_request() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = webserv();
    let server = Server::start_with(command.args(["-l", "127.0.0.1:0"]).arg(directory.path()), Stdio::from(writer));
    drop(command); // and with it our own end of the pipe
    let mut peer = server.connect();
    let answer_many = |peer: &mut crate::wire::Peer| {
        // Ten times what a pipe holds.
        for _ in 0..100 {
            peer.send(request("GET", "/", &[]).repeat(80));
            for _ in 0..80 {
                peer.response().assert_status(200).assert_content("home");
            }
        }
    };
    answer_many(&mut peer);
    drop(reader);
    answer_many(&mut peer);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn the_log_can_be_a_file_or_off() {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let config = |target| format!("listen = '127.0.0.1:0'\n[log]\naccess = '{target}'\n[[site]]\nroot = 'www'\n");
    let server = Server::configured(&directory, &config("access.log"));
    exchange(&server, request("GET", "/", &[])).assert_status(200);
    assert_eq!(server.stop().stdout, "");
    let log = std::fs::read_to_string(directory.join("access.log")).unwrap();
    assert_eq!(log.matches("\"GET / HTTP/1.1\" 200 4").count(), 1, "{log}");

    // It is added to, and not begun anew.
    let server = Server::configured(&directory, &config("access.log"));
    exchange(&server, request("GET", "/", &[])).assert_status(200);
    server.stop();
    let log = std::fs::read_to_string(directory.join("access.log")).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");

    let server = Server::configured(&directory, &config("off"));
    exchange(&server, request("GET", "/", &[])).assert_status(200);
    assert_eq!(server.stop().stdout, "");
}
