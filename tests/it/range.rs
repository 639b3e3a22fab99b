//! Parts of a file: what a video player, a resumed download and an abusive client ask for.

use std::collections::HashSet;

use crate::support::{Scratch, Server};
use crate::wire::{Peer, Response, assert_bytes, exchange, find, get, request};

const CONTENT: &str = "0123456789abcdefghij";

fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("a.txt", CONTENT), ("empty.txt", "")]);
    let server = Server::of(&directory);
    (directory, server)
}

#[track_caller]
fn ask(peer: &mut Peer, range: &str) -> Response {
    peer.exchange(request("GET", "/a.txt", &[&format!("Range: {range}")]))
}

#[test]
fn a_single_range_is_a_part() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    for (range, content_range, content) in [
        ("bytes=0-0", "bytes 0-0/20", "0"),
        ("bytes=0-9", "bytes 0-9/20", "0123456789"),
        ("bytes=5-9", "bytes 5-9/20", "56789"),
        ("bytes=19-19", "bytes 19-19/20", "j"),
        ("bytes=0-19", "bytes 0-19/20", CONTENT),
        ("bytes=15-99", "bytes 15-19/20", "fghij"),
        ("bytes=15-18446744073709551615", "bytes 15-19/20", "fghij"),
        ("bytes=15-99999999999999999999999999", "bytes 15-19/20", "fghij"),
        ("bytes=15-", "bytes 15-19/20", "fghij"),
        ("bytes=0-", "bytes 0-19/20", CONTENT),
        ("bytes=-5", "bytes 15-19/20", "fghij"),
        ("bytes=-20", "bytes 0-19/20", CONTENT),
        ("bytes=-99", "bytes 0-19/20", CONTENT),
        ("bytes=-99999999999999999999999999", "bytes 0-19/20", CONTENT),
        ("bytes=00005-0009", "bytes 5-9/20", "56789"),
        ("BYTES=5-9", "bytes 5-9/20", "56789"),
        ("bytes=5-9 ", "bytes 5-9/20", "56789"),
        ("bytes=,5-9,", "bytes 5-9/20", "56789"),
        ("bytes=5-9, 99-", "bytes 5-9/20", "56789"),
        // Two that overlap, or have next to nothing between them, are one.
        ("bytes=0-5,3-9", "bytes 0-9/20", "0123456789"),
        ("bytes=5-9,0-4", "bytes 0-9/20", "0123456789"),
    ] {
        let response = ask(&mut peer, range);
        assert_eq!(response.status(), 206, "{range}\n{response}");
        response.assert_field("Content-Range", content_range).assert_content(content);
        response.assert_field("Content-Type", "text/plain; charset=utf-8");
    }
}

#[test]
fn a_part_has_the_fields_of_the_whole() {
    let (_directory, server) = site();
    let whole = get(&server, "/a.txt");
    whole.assert_field("Accept-Ranges", "bytes");
    let part = ask(&mut server.connect(), "bytes=5-9");
    part.assert_status(206);
    assert!(whole.field("Content-Type").is_some() && whole.field("Last-Modified").is_some(), "{whole}");
    for name in ["ETag", "Last-Modified", "Cache-Control", "Content-Type", "Server", "Vary"] {
        assert_eq!(part.field(name), whole.field(name), "{name}:\n{part}");
    }
}

#[test]
fn what_is_beyond_the_end_cannot_be_satisfied() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    for range in ["bytes=20-", "bytes=20-30", "bytes=99999999999999999999999999-", "bytes=-0", "bytes=30-40,50-60"] {
        let response = ask(&mut peer, range);
        assert_eq!(response.status(), 416, "{range}\n{response}");
        response.assert_field("Content-Range", "bytes */20");
    }
    let response = peer.exchange(request("GET", "/empty.txt", &["Range: bytes=0-0"]));
    response.assert_status(416).assert_field("Content-Range", "bytes */0");
}

#[test]
fn what_is_no_range_is_not_there() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    for range in [
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5",
        "bytes=9-5",
        "bytes=5-9-10",
        "bytes=+5-9",
        "bytes=0x5-9",
        "bytes=5-9;a",
        "bytes 5-9",
        "lines=1-2",
        "0-5",
        "",
    ] {
        let response = ask(&mut peer, range);
        assert_eq!(response.status(), 200, "{range}\n{response}");
        response.assert_content(CONTENT);
    }
}

/// The parts of a multipart/byteranges (RFC 9110, section 14.6), each with its Content-Type and Content-Range.
#[track_caller]
fn parts(response: &Response) -> Vec<(String, String, Vec<u8>)> {
    let content_type = response.assert_status(206).field("Content-Type").expect("a type");
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").expect(content_type);
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"'+_-.".contains(&byte);
    assert!((1..=70).contains(&boundary.len()) && boundary.bytes().all(token), "needs quotes: {content_type}");
    assert_eq!(response.field("Content-Range"), None, "of the parts, and not of the whole:\n{response}");
    let mut rest = &response.content[..];
    let mut parts = Vec::new();
    loop {
        let start = find(rest, format!("--{boundary}").as_bytes()).expect("a boundary");
        assert!(rest[..start].is_empty() || rest[..start] == *b"\r\n", "something between the parts:\n{response}");
        rest = &rest[start + 2 + boundary.len()..];
        if rest.starts_with(b"--") {
            assert!([&b"--"[..], b"--\r\n"].contains(&rest), "something behind the end:\n{response}");
            return parts;
        }
        let head = find(rest, b"\r\n\r\n").expect("the end of the fields of a part");
        let part = Response { head: [b"HTTP/1.1 206 Part", &rest[..head + 4]].concat(), content: Vec::new() };
        rest = &rest[head + 4..];
        let range = part.field("Content-Range").expect("the range of a part").to_owned();
        let (first, last) = range[6..].split_once('/').unwrap().0.split_once('-').unwrap();
        let length = 1 + last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap();
        let content_type = part.field("Content-Type").expect("the type of a part").to_owned();
        parts.push((content_type, range, rest[..length].to_vec()));
        rest = &rest[length..];
    }
}

#[test]
fn several_ranges_are_parts() {
    let directory = Scratch::new();
    let server = Server::of(&directory);
    let mut peer = server.connect();
    // In memory, and from the disk.
    for length in [100_000, 3_000_000] {
        let content: Vec<u8> = (0..length).map(|at: usize| b'a' + (at % 23) as u8).collect();
        directory.write("large.txt", &content);
        for ranges in ["0-999,50000-50999,-1000", "-1,0-0", "70000-70009, 20000-20009 ,,99-0000099"] {
            let response = peer.exchange(request("GET", "/large.txt", &[&format!("Range: bytes={ranges}")]));
            let parts = parts(&response);
            let asked: Vec<_> = ranges.split(',').map(str::trim).filter(|range| !range.is_empty()).collect();
            assert_eq!(parts.len(), asked.len(), "{ranges}");
            for ((content_type, content_range, part), range) in parts.iter().zip(asked) {
                let (first, last) = match range.split_once('-').unwrap() {
                    ("", suffix) => (length - suffix.parse::<usize>().unwrap(), length - 1),
                    (first, last) => (first.parse().unwrap(), last.parse().unwrap()),
                };
                // In the order in which they were asked for.
                assert_eq!(*content_range, format!("bytes {first}-{last}/{length}"), "{ranges}");
                assert_eq!(content_type, "text/plain; charset=utf-8");
                assert_bytes(part, &content[first..=last]);
            }
        }
    }
    peer.exchange(request("GET", "/missing", &[])).assert_status(404);
}

#[test]
fn every_multipart_has_a_boundary_of_its_own() {
    // One that is known could be written into a file, to have its parts taken for others.
    let directory = Scratch::with(&[("a.txt", &"a".repeat(4000)), ("b.txt", &"b".repeat(4000))]);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    let mut boundaries = HashSet::new();
    for turn in 1..=3 {
        // Of two files at the same time, and of each at several times.
        peer.send(["/a.txt", "/b.txt"].map(|it| request("GET", it, &["Range: bytes=0-9,2000-2009"])).concat());
        for _ in 0..2 {
            let response = peer.response();
            assert_eq!(parts(&response).len(), 2);
            boundaries.insert(response.field("Content-Type").unwrap().to_owned());
        }
        assert_eq!(boundaries.len(), 2 * turn, "{boundaries:?}");
    }
}

#[test]
fn a_set_of_ranges_that_costs_more_than_the_whole_is_the_whole() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    for set in [vec!["0-"; 500].join(","), vec!["0-0"; 3_000].join(","), "0-,0-,0-".to_owned()] {
        ask(&mut peer, &format!("bytes={set}")).assert_status(200).assert_content(CONTENT);
    }
    // Nor does one that makes sense but for a part of it.
    ask(&mut peer, "bytes=0-1,x,5-6").assert_status(200).assert_content(CONTENT);
}

#[test]
fn only_a_get_has_ranges() {
    let (_directory, server) = site();
    let mut peer = server.connect();
    peer.send(request("HEAD", "/a.txt", &["Range: bytes=5-9"]));
    let head = peer.head();
    head.assert_status(200).assert_field("Content-Length", "20");
    assert_eq!(head.field("Content-Range"), None);
    peer.exchange(request("GET", "/missing", &["Range: bytes=5-9"])).assert_status(404);
    peer.exchange(request("POST", "/a.txt", &["Range: bytes=5-9"])).assert_status(405);
}

#[test]
fn a_part_is_only_sent_of_what_the_client_has() {
    let (_directory, server) = site();
    let whole = get(&server, "/a.txt");
    let tag = whole.field("ETag").expect("an entity tag");
    let ask = |value: &str, range: &str| {
        let lines = [format!("If-Range: {value}"), format!("Range: {range}")];
        exchange(&server, request("GET", "/a.txt", &[&lines[0], &lines[1]]))
    };
    let part = ask(tag, "bytes=5-9");
    part.assert_status(206).assert_content("56789");
    for name in ["Content-Type", "Last-Modified"] {
        assert!(part.field(name).is_some_and(|value| whole.field(name) == Some(value)), "{name}:\n{part}");
    }
    ask("\"other\"", "bytes=5-9").assert_status(200).assert_content(CONTENT);
    // Compared strongly: two contents may share a weak tag.
    ask(&format!("W/{tag}"), "bytes=5-9").assert_status(200).assert_content(CONTENT);
    // A change makes even an unsatisfiable range a matter of the past.
    ask("\"other\"", "bytes=99-").assert_status(200).assert_content(CONTENT);
    // And where there was none, it is a part or the whole.
    ask(tag, "bytes=99-").assert_status(200).assert_content(CONTENT);
    ask("Sun, 06 Nov 1994 08:49:37 GMT", "bytes=5-9").assert_status(200).assert_content(CONTENT);
    ask("nonsense", "bytes=5-9").assert_status(200).assert_content(CONTENT);
}

#[test]
fn preconditions_come_before_ranges() {
    let (_directory, server) = site();
    let whole = get(&server, "/a.txt");
    let condition = format!("If-None-Match: {}", whole.field("ETag").expect("an entity tag"));
    exchange(&server, request("GET", "/a.txt", &[&condition, "Range: bytes=5-9"])).assert_status(304);
    exchange(&server, request("GET", "/a.txt", &["If-Match: \"other\"", "Range: bytes=5-9"])).assert_status(412);
}

#[test]
fn parts_of_a_large_file_fit_together() {
    let directory = Scratch::new();
    let content: Vec<u8> = (0..10_000_000_usize).map(|at| (at % 251) as u8).collect();
    directory.write("large.bin", &content);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    let mut joined = Vec::new();
    while joined.len() < content.len() {
        let range = format!("Range: bytes={}-{}", joined.len(), joined.len() + 3_333_332);
        let part = peer.exchange(request("GET", "/large.bin", &[&range]));
        joined.extend_from_slice(&part.assert_status(206).content);
    }
    assert!(joined == content, "the parts are not the whole");
}
