//! The clauses of RFC 9110 and 9112 that no other file holds, and the list of them all, `tests/CLAUSES.md`: each of its
//! rows names a test that exists and is run, or rows of the table in `rfc`, and none is open.

use std::fs;
use std::path::Path;

use crate::support::{Scratch, Server};
use crate::tidy::tests_in;
use crate::wire::{exchange, get, request};

const CONTENT: &str = "0123456789abcdefghij";

fn site() -> (Scratch, Server) {
    let files = [("a.txt", CONTENT), ("empty.txt", ""), ("dir/index.html", "d"), ("long.txt", &"x".repeat(4000))];
    let directory = Scratch::with(&files);
    directory.write("a.tar.gz", b"\x1f\x8b");
    std::os::unix::net::UnixListener::bind(directory.join("socket")).unwrap();
    let server = Server::of(&directory);
    (directory, server)
}

#[test]
fn what_is_not_known_is_let_pass() {
    let (_directory, server) = site();
    let lines = [
        "X-Unheard-Of: 1",
        "X-Bytes: a\u{e9}\tb",
        "Close: 1",
        "Content-Range: bytes 0-1/2",
        "From: a@b",
        "Content-Location: /long.txt",
    ];
    exchange(&server, request("GET", "/a.txt", &lines)).assert_status(200).assert_content(CONTENT);
    let mut latin_1 = request("GET", "/a.txt", &["X-Bytes: ?"]).into_bytes();
    latin_1.iter_mut().filter(|byte| **byte == b'?').for_each(|byte| *byte = 0xe9);
    exchange(&server, latin_1).assert_status(200).assert_content(CONTENT);
}

#[test]
fn a_tunnel_needs_a_port_and_is_refused_with_one() {
    let (_directory, server) = site();
    for (target, status) in [("localhost", 400), ("localhost:", 400), ("localhost:x", 400), ("localhost:99999", 400)] {
        exchange(&server, request("CONNECT", target, &[])).assert_status(status);
    }
    exchange(&server, request("CONNECT", "localhost:80", &[])).assert_status(405);
}

#[test]
fn an_upgrade_that_nobody_offers_is_ignored() {
    let (_directory, server) = site();
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let lines =
            "Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n";
        let response = exchange(&server, format!("GET /a.txt {version}\r\n{lines}\r\n"));
        response.assert_status(200).assert_content(CONTENT);
    }
}

#[test]
fn preconditions_count_only_where_there_is_something_to_compare() {
    let (_directory, server) = site();
    let lines = [
        "If-Match: \"other\"",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        "If-None-Match: *",
        "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT",
    ];
    for line in lines {
        for (method, target, status) in
            [("OPTIONS", "/a.txt", 204), ("OPTIONS", "*", 204), ("POST", "/a.txt", 405), ("BREW", "/a.txt", 501)]
        {
            exchange(&server, request(method, target, &[line])).assert_status(status);
        }
        // A redirect or a failure that comes without them comes with them too.
        exchange(&server, request("GET", "/dir", &[line])).assert_status(301);
        exchange(&server, request("GET", "/missing", &[line])).assert_status(404);
    }
    for range in [&["Range: bytes=0-4"][..], &["Range: bytes=0-4", "If-Range: \"other\""]] {
        exchange(&server, request("GET", "/dir", range)).assert_status(301);
        exchange(&server, request("GET", "/missing", range)).assert_status(404);
    }
    exchange(&server, request("GET", "/a.txt", &["If-Range: \"other\""])).assert_status(200).assert_content(CONTENT);
}

#[test]
fn a_condition_of_more_than_one_date_is_none() {
    let (_directory, server) = site();
    for (line, date) in [
        ("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        let one = format!("{line}: {date}");
        assert_ne!(exchange(&server, request("GET", "/a.txt", &[&one])).status(), 200, "{one}");
        exchange(&server, request("GET", "/a.txt", &[&one, &one])).assert_status(200);
        exchange(&server, request("GET", "/a.txt", &[&format!("{one}, {date}")])).assert_status(200);
    }
}

#[test]
fn without_a_modification_date_none_is_compared() {
    let (directory, server) = site();
    let file = fs::File::options().write(true).open(directory.join("a.txt")).unwrap();
    // What archives and images write where they have no time.
    for seconds in [0, 1] {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
        assert_eq!(get(&server, "/a.txt").field("Last-Modified"), None, "mtime {seconds}");
        for line in
            ["If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"]
        {
            exchange(&server, request("GET", "/a.txt", &[line])).assert_status(200).assert_content(CONTENT);
        }
    }
}

#[test]
fn what_depends_on_accept_says_so() {
    let (_directory, server) = site();
    for (target, lines) in [("/missing", &[][..]), ("/dir", &[]), ("/socket", &[]), ("/a.txt", &["Range: bytes=99-"])] {
        for accept in ["Accept: */*", "Accept: text/html"] {
            let response = exchange(&server, request("GET", target, &[lines, &[accept]].concat()));
            response.assert_field("Vary", "Accept");
        }
    }
    assert_eq!(get(&server, "/a.txt").field("Vary"), Some("Accept-Encoding"));
    assert_eq!(get(&server, "/a.tar.gz").field("Vary"), None);
}

#[test]
fn a_partial_put_is_a_put() {
    let (_directory, server) = site();
    let lines = ["Content-Range: bytes 0-1/20", "Content-Length: 2"];
    exchange(&server, request("PUT", "/a.txt", &lines) + "xy").assert_status(405);
    get(&server, "/a.txt").assert_content(CONTENT);
}

#[test]
fn an_answer_before_the_content_says_that_it_is_the_last() {
    let (_directory, server) = site();
    let lines = ["Expect: 100-Continue", "Content-Length: 5"];
    for (method, status) in [("GET", 200), ("POST", 405)] {
        let mut peer = server.connect();
        peer.exchange(request(method, "/a.txt", &lines)).assert_status(status).assert_field("Connection", "close");
    }
    // HTTP/1.0 knows nothing of it: no interim answer, and no final one before the content.
    let mut peer = server.connect();
    peer.send("GET /a.txt HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    crate::wire::Pace::of(&server).turn();
    assert!(peer.is_silent());
    peer.exchange("12345").assert_status(200).assert_content(CONTENT);
}

#[test]
fn content_codings_that_are_asked_for_take_nothing_away() {
    let (_directory, server) = site();
    for coding in ["gzip", "br;q=1, *;q=0.5", "", "identity", "x-unheard-of", "gzip;q=0"] {
        let response = exchange(&server, request("GET", "/a.txt", &[&format!("Accept-Encoding: {coding}")]));
        response.assert_status(200).assert_content(CONTENT);
        assert_eq!(response.field("Content-Encoding"), None, "{response}");
    }
    // Compressed is what that type is: nothing has been coded.
    let response = get(&server, "/a.tar.gz");
    response.assert_field("Content-Type", "application/gzip").assert_content(b"\x1f\x8b");
    assert_eq!(response.field("Content-Encoding"), None, "{response}");
}

#[test]
fn several_parts_have_the_fields_of_the_whole() {
    let (_directory, server) = site();
    let whole = get(&server, "/long.txt");
    let parts = exchange(&server, request("GET", "/long.txt", &["Range: bytes=0-9,2000-2009"]));
    parts.assert_status(206);
    assert!(whole.field("ETag").is_some() && whole.field("Last-Modified").is_some(), "{whole}");
    for name in ["ETag", "Last-Modified", "Cache-Control", "Accept-Ranges", "Vary"] {
        assert_eq!(parts.field(name), whole.field(name), "{name}:\n{parts}");
    }
}

#[test]
fn a_method_of_any_length_is_not_implemented() {
    let (_directory, server) = site();
    for length in [3, 100, 8000, 15_000] {
        exchange(&server, request(&"M".repeat(length), "/a.txt", &[])).assert_status(501);
    }
}

#[test]
fn a_method_longer_than_a_head_is_not_implemented() {
    let (_directory, server) = site();
    exchange(&server, request(&"M".repeat(20_000), "/a.txt", &[])).assert_status(501);
}

#[test]
fn a_target_beyond_a_smaller_limit_is_too_long() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = "listen = '127.0.0.1:0'\n[limits]\nhead_size = '1 KiB'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    exchange(&server, request("GET", &format!("/{}", "x".repeat(2000)), &[])).assert_status(414);
}

#[test]
fn expectations_are_a_list() {
    let (_directory, server) = site();
    for value in ["100-continue, 100-continue", ",100-continue", "100-continue ,", ","] {
        exchange(&server, request("GET", "/a.txt", &[&format!("Expect: {value}")])).assert_status(200);
    }
}

#[test]
fn a_leap_second_is_a_time() {
    let (_directory, server) = site();
    for date in ["Thu, 31 Dec 2099 23:59:60 GMT", "Thu Dec 31 23:59:60 2099"] {
        exchange(&server, request("GET", "/a.txt", &[&format!("If-Modified-Since: {date}")])).assert_status(304);
    }
}

#[test]
fn a_date_before_1970_is_one() {
    let (_directory, server) = site();
    for date in ["Fri, 01 Jan 1960 00:00:00 GMT", "Fri Jan  1 00:00:00 1960", "Wed, 31 Dec 1969 23:59:59 GMT"] {
        exchange(&server, request("GET", "/a.txt", &[&format!("If-Unmodified-Since: {date}")])).assert_status(412);
    }
}

#[test]
fn https_is_not_answered_in_the_clear() {
    let (_directory, server) = site();
    exchange(&server, request("GET", "https://localhost/a.txt", &[])).assert_status(421);
    exchange(&server, request("GET", "http://localhost/a.txt", &[])).assert_status(200);
}

#[test]
fn a_last_modified_in_the_future_is_the_date() {
    let (directory, server) = site();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(86_400);
    let file = fs::File::options().write(true).open(directory.join("a.txt")).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(later)).unwrap();
    let response = get(&server, "/a.txt");
    assert_eq!(response.field("Last-Modified"), response.field("Date"), "{response}");
}

#[test]
fn the_last_bytes_of_an_empty_file_are_the_whole_of_it() {
    let (_directory, server) = site();
    exchange(&server, request("GET", "/empty.txt", &["Range: bytes=-5"])).assert_status(200);
    exchange(&server, request("GET", "/empty.txt", &["Range: bytes=-0"])).assert_status(416);
}

#[test]
fn bytes_that_are_not_there_are_the_whole_for_a_client_that_has_some() {
    let (_directory, server) = site();
    let tag = get(&server, "/a.txt").field("ETag").expect("an entity tag").to_owned();
    let lines = [format!("If-Range: {tag}"), "Range: bytes=99-".to_owned()];
    let response = exchange(&server, request("GET", "/a.txt", &[&lines[0], &lines[1]]));
    response.assert_status(200).assert_content(CONTENT);
}

#[test]
fn parts_keep_their_order_where_some_are_joined() {
    let (_directory, server) = site();
    let line = "Range: bytes=3000-3009,0-9,1005-1014,1000-1009";
    let response = exchange(&server, request("GET", "/long.txt", &[line]));
    let lines = response.assert_status(206).text().lines();
    let ranges: Vec<_> = lines.filter_map(|line| line.strip_prefix("Content-Range: bytes ")).collect();
    assert_eq!(ranges, ["3000-3009/4000", "0-9/4000", "1000-1014/4000"]);
}

#[test]
fn not_modified_needs_no_date_beside_a_tag() {
    let (_directory, server) = site();
    let response = exchange(&server, request("GET", "/a.txt", &["If-None-Match: *"]));
    response.assert_status(304);
    assert!(response.field("ETag").is_some() && response.field("Last-Modified").is_none(), "{response}");
}

/// A row of the list.
struct Clause {
    line: usize,
    /// `9112` or `9110`
    rfc: String,
    section: String,
    level: String,
    requirement: String,
    what_is_done: String,
    holders: String,
}

fn clauses() -> Vec<Clause> {
    let list = fs::read_to_string(repository().join("tests/CLAUSES.md")).unwrap();
    let mut rfc = String::new();
    let mut clauses = Vec::new();
    for (line, text) in (1..).zip(list.lines()) {
        if let Some(heading) = text.strip_prefix("## RFC ") {
            rfc = heading[..4].to_owned();
        } else if text.starts_with('|') {
            let cells: Vec<_> = text.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            let cells: [String; 5] = cells.try_into().unwrap_or_else(|_| panic!("line {line}: not five cells"));
            let [section, level, requirement, what_is_done, holders] = cells;
            if section != "section" && !section.starts_with("---") {
                let rfc = rfc.clone();
                clauses.push(Clause { line, rfc, section, level, requirement, what_is_done, holders });
            }
        }
    }
    clauses
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether the file has a test of that name, and one that is run whenever the tests are.
fn has_test(file: &str, name: &str) -> bool {
    let directory = if file.starts_with("src/") { "" } else { "tests/it/" };
    tests_in(&format!("{directory}{file}.rs")).iter().any(|test| test.name == name && !test.is_ignored)
}

/// Whether the table has one row of that name in the file, or where none is named, rows of that section.
fn has_rows(file: &str, name: Option<&str>, section: &str) -> bool {
    let source = fs::read_to_string(repository().join(format!("tests/it/{file}.rs"))).unwrap_or_default();
    let mut rows = source.split("row(\"").skip(1).filter_map(|row| {
        let (of, rest) = row.split_once("\",")?;
        Some((of, rest.trim_start().strip_prefix('"')?))
    });
    match name {
        Some(name) => {
            rows.filter(|(_, rest)| rest.strip_prefix(name).is_some_and(|it| it.starts_with('"'))).count() == 1
        }
        None => rows.any(|(of, _)| of.strip_prefix(section).is_some_and(|it| it.is_empty() || it.starts_with('.'))),
    }
}

#[test]
fn every_clause_names_a_test_that_exists() {
    let clauses = clauses();
    assert!(clauses.len() > 100, "the list has {} rows", clauses.len());
    let mut missing = Vec::new();
    for Clause { line, rfc, section, level, holders, .. } in clauses {
        let levels = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT"];
        assert!(levels.contains(&&*level), "line {line}: {level:?} is no level");
        assert!(section.starts_with(|it: char| it.is_ascii_digit()), "line {line}: {section:?} is no section");
        assert!(holders.starts_with('`') && holders.ends_with('`'), "line {line}: nothing holds it");
        for holder in holders.trim_matches('`').split("`, `") {
            let is_there = match holder.split_once("::") {
                Some((file, name)) if file.starts_with("rfc/") => has_rows(file, Some(name), ""),
                Some((file, name)) => has_test(file, name),
                None => holder.starts_with("rfc/") && has_rows(holder, None, &format!("{rfc}/{section}")),
            };
            if !is_there {
                missing.push(format!("line {line}: {holder}"));
            }
        }
    }
    assert!(missing.is_empty(), "tests that are not there, or not run:\n  {}", missing.join("\n  "));
}

#[test]
fn no_clause_is_open() {
    let open = clauses().into_iter().filter(|clause| clause.what_is_done.starts_with("OPEN"));
    let told = open.map(|it| format!("line {}: {} {}: {}", it.line, it.section, it.level, it.requirement));
    let told: Vec<_> = told.collect();
    assert!(told.is_empty(), "clauses that do not hold:\n  {}", told.join("\n  "));
}
