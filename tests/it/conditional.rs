//! Validators and preconditions: what a cache is told, and what it is spared.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::{Scratch, Server};
use crate::wire::{Response, assert_bytes, exchange, get, is_entity_tag, request};

/// Sun, 06 Nov 1994 08:49:37 GMT, the date of the examples in RFC 9110.
const MODIFIED: u64 = 784_111_777;

fn set_modified(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(time)).unwrap();
}

fn site() -> (Scratch, Server) {
    let directory = Scratch::new();
    let path = directory.write("a.txt", "content\n");
    set_modified(&path, SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED));
    let server = Server::of(&directory);
    (directory, server)
}

#[track_caller]
fn tag(response: &Response) -> String {
    let tag = response.field("ETag").expect("an entity tag");
    assert!(is_entity_tag(tag), "{tag}");
    tag.to_owned()
}

#[track_caller]
fn status(server: &Server, lines: &[&str]) -> u16 {
    exchange(server, request("GET", "/a.txt", lines)).status()
}

#[test]
fn a_response_carries_its_validators() {
    let (_directory, server) = site();
    let response = get(&server, "/a.txt");
    response.assert_field("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    let tag = tag(&response);
    assert!(!tag.starts_with("W/"), "a small file's tag is of its bytes: {tag}");
}

#[test]
fn a_tag_is_the_same_on_every_node() {
    let (_first, first) = site();
    let (directory, second) = site();
    set_modified(&directory.join("a.txt"), SystemTime::now() - Duration::from_secs(3600));
    assert_eq!(tag(&get(&first, "/a.txt")), tag(&get(&first, "/a.txt")));
    assert_eq!(tag(&get(&first, "/a.txt")), tag(&get(&second, "/a.txt")));
    directory.write("b.txt", "contend\n");
    assert_ne!(tag(&get(&second, "/a.txt")), tag(&get(&second, "/b.txt")));
    // An error is no representation that could be validated.
    assert_eq!(get(&first, "/missing").field("ETag"), None);
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let (_directory, server) = site();
    let full = get(&server, "/a.txt");
    let mut peer = server.connect();
    for method in ["GET", "HEAD"] {
        peer.send(request(method, "/a.txt", &[&format!("If-None-Match: {}", tag(&full))]));
        let response = peer.response();
        response.assert_status(304);
        // RFC 9110, section 15.4.5: the fields that a cache needs in order to know what it has, as in the 200.
        for name in ["ETag", "Cache-Control", "Vary", "Content-Location", "Expires"] {
            assert_eq!(response.field(name), full.field(name), "{name}:\n{response}");
        }
        assert!(response.field("Date").is_some(), "{response}");
        assert_eq!(response.field("Content-Type"), None, "there is no content:\n{response}");
        let length = response.field("Content-Length");
        assert!(length.is_none_or(|length| length == "8"), "never another length than that of the 200:\n{response}");
    }
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("content\n");
}

#[test]
fn if_none_match_compares_tags_weakly() {
    let (_directory, server) = site();
    let tag = tag(&get(&server, "/a.txt"));
    let cut = &tag[..tag.len() - 2];
    for (value, expected) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        ("*".to_owned(), 304),
        (format!("\"other\", {tag}"), 304),
        (format!("\"other\",W/{tag} , \"more\""), 304),
        (format!("\"a,b\", {tag}"), 304),
        (format!(", ,{tag},"), 304),
        ("\"other\"".to_owned(), 200),
        (format!("{cut}\""), 200),
        (tag.trim_matches('"').to_owned(), 200),
        (format!("\"x{}", &tag[1..]), 200),
        (String::new(), 200),
    ] {
        assert_eq!(status(&server, &[&format!("If-None-Match: {value}")]), expected, "If-None-Match: {value}");
    }
    // One list over all its lines.
    let lines = ["If-None-Match: \"other\"", &format!("If-None-Match: {tag}")];
    assert_eq!(status(&server, &lines), 304);
}

#[test]
fn if_modified_since_takes_all_three_formats() {
    let (_directory, server) = site();
    for (value, expected) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 304),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 304),
        ("Sun Nov  6 08:49:37 1994", 304),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 304),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 200),
        ("Sunday, 06-Nov-94 08:49:36 GMT", 200),
        ("Sun Nov  6 08:49:36 1994", 200),
        // What is no date is as if it had not been sent.
        ("yesterday", 200),
        ("", 200),
        ("Sun, 99 Nov 1994 08:49:37 GMT", 200),
        ("1994-11-06T08:49:37Z", 200),
    ] {
        assert_eq!(status(&server, &[&format!("If-Modified-Since: {value}")]), expected, "{value:?}");
    }
    let missing = request("GET", "/missing", &["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"]);
    exchange(&server, missing).assert_status(404);
}

#[test]
fn preconditions_are_judged_in_their_order() {
    let (_directory, server) = site();
    let tag = tag(&get(&server, "/a.txt"));
    let same = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
    let before = "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT";
    let none_match = format!("If-None-Match: {tag}");
    let matches = format!("If-Match: {tag}");
    for (lines, expected) in [
        // If-Match, or else If-Unmodified-Since
        (&[matches.as_str()][..], 200),
        (&["If-Match: *"], 200),
        (&["If-Match: \"other\""], 412),
        (&[&format!("If-Match: W/{tag}")], 412), // compares strongly
        (&["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 200),
        (&[before], 412),
        (&["If-Unmodified-Since: never"], 200),
        (&[&matches, before], 200),
        // then If-None-Match, or else If-Modified-Since
        (&["If-None-Match: \"other\"", same], 200),
        (&[&none_match, "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT"], 304),
        (&["If-Match: \"other\"", &none_match], 412),
        (&[before, same], 412),
        (&[&matches, &none_match], 304),
    ] {
        assert_eq!(status(&server, lines), expected, "{lines:?}");
    }
}

#[test]
fn a_change_within_the_second_and_of_the_same_size_is_seen() {
    let (directory, server) = site();
    let mut peer = server.connect();
    let mut tags = Vec::new();
    for number in 0..200 {
        let content = format!("number {number:03}");
        directory.write("a.txt", &content);
        let response = peer.exchange(request("GET", "/a.txt", &[]));
        response.assert_status(200).assert_content(&content);
        let tag = tag(&response);
        assert!(!tags.contains(&tag), "{tag} has stood for other content");
        let condition = format!("If-None-Match: {tag}");
        peer.exchange(request("GET", "/a.txt", &[&condition])).assert_status(304);
        tags.push(tag);
    }
    // The old mtime back on new content of the old size: what a tool that keeps times does.
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED);
    for content in ["number 00a", "number 00b"] {
        set_modified(&directory.write("a.txt", content), time);
        peer.exchange(request("GET", "/a.txt", &[])).assert_content(content);
    }
    // And another file in its place, as an editor or a deployment puts it there.
    directory.write("new.txt", "number 00c");
    std::fs::rename(directory.join("new.txt"), directory.join("a.txt")).unwrap();
    peer.exchange(request("GET", "/a.txt", &[])).assert_content("number 00c");
    std::fs::remove_file(directory.join("a.txt")).unwrap();
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(404);
}

#[test]
fn a_strong_tag_of_a_large_file_never_covers_two_contents() {
    let directory = Scratch::new();
    let server = Server::of(&directory);
    let mut peer = server.connect();
    let mut strong: Vec<(String, u8)> = Vec::new();
    for number in 0..20 {
        let content = vec![number; 3_000_000];
        directory.write("large.bin", &content);
        let response = peer.exchange(request("GET", "/large.bin", &[]));
        assert_bytes(&response.content[..10], &content[..10]);
        assert_bytes(&response.content[2_999_990..], &content[..10]);
        let tag = tag(&response);
        if !tag.starts_with("W/") {
            assert!(strong.iter().all(|(it, _)| *it != tag), "{tag} has stood for other content");
            strong.push((tag, number));
        }
    }
    // Once the file is old enough for its mtime to tell, so does the tag.
    let path = directory.write("old.bin", vec![b'x'; 3_000_000]);
    set_modified(&path, SystemTime::now() - Duration::from_secs(100));
    let old = tag(&peer.exchange(request("GET", "/old.bin", &[])));
    assert!(!old.starts_with("W/"), "{old}");
    // An mtime that says nothing is the same on every file that has been unpacked that way.
    for seconds in [0, 1] {
        set_modified(&path, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let response = peer.exchange(request("GET", "/old.bin", &[]));
        assert!(tag(&response).starts_with("W/"), "mtime {seconds}:\n{response}");
        assert_eq!(response.field("Last-Modified"), None, "mtime {seconds}");
    }
}

#[test]
fn last_modified_is_never_in_the_future() {
    let (directory, server) = site();
    set_modified(&directory.join("a.txt"), SystemTime::now() + Duration::from_secs(86_400));
    let response = get(&server, "/a.txt");
    let date = httpdate::parse_http_date(response.field("Date").expect("a date")).unwrap();
    if let Some(modified) = response.field("Last-Modified") {
        assert!(httpdate::parse_http_date(modified).unwrap() <= date, "{response}");
    }
    let age = SystemTime::now().duration_since(date).expect("a date that has come");
    assert!(age < Duration::from_secs(60), "{response}");
}
