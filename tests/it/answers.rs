//! What all answers have in common, whatever their status: fields, dates, and reasons.

use std::os::unix::net::UnixListener;

use crate::support::{Scratch, Server};
use crate::wire::{Response, exchange, get, request};

fn site() -> (Scratch, Server) {
    let files = [("a.txt", "0123456789abcdefghij"), ("dir/index.html", "d"), ("long.txt", &"x".repeat(4000))];
    let directory = Scratch::with(&files);
    UnixListener::bind(directory.join("socket")).unwrap();
    let server = Server::of(&directory);
    (directory, server)
}

/// A response of each kind that the server has, HEAD's apart.
fn one_of_each(server: &Server) -> Vec<Response> {
    let tag = get(server, "/a.txt").field("ETag").expect("an entity tag").to_owned();
    let requests = [
        (200, request("GET", "/a.txt", &[])),
        (200, request("GET", "/a.txt", &["Connection: close"])),
        (200, "GET /a.txt HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n".to_owned()),
        (204, request("OPTIONS", "/a.txt", &[])),
        (206, request("GET", "/a.txt", &["Range: bytes=5-9"])),
        (206, request("GET", "/long.txt", &["Range: bytes=0-9,2000-2009"])),
        (301, request("GET", "/dir", &[])),
        (304, request("GET", "/a.txt", &[&format!("If-None-Match: {tag}")])),
        (400, request("GET", "/a.txt", &["Host: other"])),
        (403, request("GET", "/socket", &[])),
        (404, request("GET", "/missing", &[])),
        (404, request("GET", "/missing", &["Accept: text/html"])),
        (405, request("POST", "/a.txt", &[])),
        (412, request("GET", "/a.txt", &["If-Match: \"other\""])),
        (413, request("POST", "/a.txt", &["Content-Length: 99999999"])),
        (414, request("GET", &format!("/{}", "x".repeat(9000)), &[])),
        (416, request("GET", "/a.txt", &["Range: bytes=99-"])),
        (417, request("GET", "/a.txt", &["Expect: more"])),
        (421, "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n".to_owned()),
        (431, request("GET", "/a.txt", &[&format!("X: {}", "x".repeat(20_000))])),
        (501, request("BREW", "/a.txt", &[])),
        (505, "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n".to_owned()),
    ];
    let responses = requests.into_iter().map(|(status, bytes)| {
        let response = exchange(server, bytes);
        response.assert_status(status);
        response
    });
    responses.collect()
}

/// The field lines as names and values.
fn fields(response: &Response) -> Vec<(String, String)> {
    let head = String::from_utf8(response.head.clone()).expect("a head in ASCII");
    let lines = head.trim_end().split("\r\n").skip(1).map(|line| line.split_once(": ").expect("a field line"));
    lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect()
}

#[test]
fn no_answer_repeats_a_field_or_has_an_empty_element_or_a_folded_line() {
    let (_directory, server) = site();
    for response in one_of_each(&server) {
        let fields = fields(&response);
        for (at, (name, value)) in fields.iter().enumerate() {
            assert!(fields[..at].iter().all(|(other, _)| other != name), "{name} twice:\n{response}");
            assert!(!name.starts_with([' ', '\t']) && !name.is_empty(), "a folded line:\n{response}");
            assert_eq!(value.trim(), value, "{name} has white space around it:\n{response}");
            assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name} is not plain:\n{response}");
            assert!(value.split(',').all(|element| !element.trim().is_empty()), "{name} is empty:\n{response}");
        }
    }
}

#[test]
fn every_answer_has_its_date_and_the_name_of_the_server_and_no_more() {
    let (_directory, server) = site();
    for response in one_of_each(&server) {
        let date = response.field("Date").expect("a date");
        assert_eq!(httpdate::fmt_http_date(httpdate::parse_http_date(date).unwrap()), date, "IMF-fixdate:\n{response}");
        response.assert_field("Server", "webserv");
    }
}

#[test]
fn no_answer_has_a_field_that_its_status_or_this_server_has_no_use_for() {
    let (_directory, server) = site();
    for response in one_of_each(&server) {
        let status = response.status();
        for name in ["Transfer-Encoding", "Trailer", "Content-Encoding", "Upgrade", "Content-Location", "Keep-Alive"] {
            assert_eq!(response.field(name), None, "{response}");
        }
        assert_eq!(response.field("Content-Length").is_none(), [204, 304].contains(&status), "{response}");
        let is_multipart = response.field("Content-Type").is_some_and(|it| it.starts_with("multipart/"));
        let has_range = status == 416 || (status == 206 && !is_multipart);
        assert_eq!(response.field("Content-Range").is_some(), has_range, "{response}");
        assert_eq!(response.field("Allow").is_some(), [204, 405, 501].contains(&status), "{response}");
        let connection = response.field("Connection");
        assert!(connection.is_none_or(|it| ["close", "keep-alive"].contains(&it)), "of all recipients:\n{response}");
        assert_eq!(response.field("Content-Type").is_none(), [204, 304].contains(&status), "{response}");
    }
}

#[test]
fn every_error_explains_itself() {
    let (_directory, server) = site();
    for response in one_of_each(&server).into_iter().filter(|it| it.status() >= 400) {
        // `404 Not Found: there is no such file`, or a page with those words.
        let text = response.text();
        let status_line = response.head.split(|&byte| byte == b'\r').next().unwrap();
        let status = str::from_utf8(status_line).unwrap().split_once(' ').unwrap().1;
        let reason = match text.split_once("<p>") {
            Some((before, sentence)) => {
                assert!(before.contains(&format!("<title>{status}</title>")), "{response}");
                sentence.split_once("</p>").expect("a paragraph").0
            }
            None => text.strip_prefix(status).and_then(|it| it.strip_prefix(": ")).expect("a status and its reason"),
        };
        assert!(reason.split_whitespace().count() >= 3, "no sentence: {reason:?}\n{response}");
    }
}
