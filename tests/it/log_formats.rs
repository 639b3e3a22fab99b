//! The formats of the access log beside the combined one: JSON, which has to be JSON whatever a client sends, the one
//! with the host, and the short one of a terminal.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::log_sinks::terminal;
use crate::support::{Output, Scratch, Server, eventually, webserv};
use crate::wire::{exchange, get, request};

fn site(format: &str) -> (Scratch, Server) {
    let directory = Scratch::with(&[("www/a.txt", "content\n")]);
    directory.write("www/large.bin", vec![b'x'; 32_000_000]);
    let log = format!("[log]\nformat = '{format}'\n");
    let server = Server::configured(&directory, &format!("listen = '127.0.0.1:0'\n{log}[[site]]\nroot = 'www'\n"));
    (directory, server)
}

/// The members of an object of strings, whole numbers and nulls. A string stands without its quotes, its escapes
/// undone.
#[track_caller]
fn members(line: &str) -> Vec<(String, Option<String>)> {
    let mut rest = line.strip_suffix("}\n").and_then(|line| line.strip_prefix('{')).expect(line);
    let mut members = Vec::new();
    loop {
        let (key, behind) = string(rest);
        let value = behind.strip_prefix(':').expect(line);
        let (value, behind) = if value.starts_with('"') {
            let (value, behind) = string(value);
            (Some(value), behind)
        } else {
            let (value, behind) = value.split_at(value.find(',').unwrap_or(value.len()));
            assert!(value == "null" || value.parse::<u64>().is_ok_and(|it| it.to_string() == value), "{line}");
            (Some(value.to_owned()).filter(|value| value != "null"), behind)
        };
        members.push((key, value));
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                assert_eq!(behind, "", "{line}");
                return members;
            }
        }
    }
}

/// The string that stands in quotes at the start, and what is behind it (RFC 8259, section 7).
#[track_caller]
fn string(text: &str) -> (String, &str) {
    let mut units = Vec::new();
    let mut rest = text.strip_prefix('"').expect(text);
    loop {
        let escape = |digits: &str| u16::from_str_radix(digits, 16).expect(text);
        let length = match rest.as_bytes() {
            [b'"', ..] => return (String::from_utf16(&units).expect(text), &rest[1..]),
            [b'\\', b'u', ..] => {
                units.push(escape(&rest[2..6]));
                6
            }
            [b'\\', char @ (b'"' | b'\\'), ..] => {
                units.push(u16::from(*char));
                2
            }
            [char @ b' '..=b'~', ..] if *char != b'\\' => {
                units.push(u16::from(*char));
                1
            }
            _ => panic!("what cannot stand there: {text:?}"),
        };
        rest = &rest[length..];
    }
}

/// The next line, with its values by their keys, which stand in their order.
#[track_caller]
fn next(server: &mut Server) -> impl Fn(&str) -> Option<String> + use<> {
    let line = server.process.stdout.line().expect("a line");
    let members = members(&line);
    let keys: Vec<_> = members.iter().map(|(key, _)| key.as_str()).collect();
    let expected = "time remote host method target protocol status bytes duration_us referer user_agent";
    assert_eq!(keys.join(" "), expected, "{line}");
    move |key| members.iter().find(|(name, _)| name == key).unwrap().1.clone()
}

#[test]
fn each_request_is_an_object() {
    let (_directory, mut server) = site("json");
    let mut peer = server.connect();
    let start = Instant::now();
    peer.exchange(request("GET", "/a.txt?q=1", &["User-Agent: test/1", "Referer: http://localhost/"]));
    let value = next(&mut server);
    let taken = start.elapsed();
    let some = |text: &str| Some(text.to_owned());
    for (key, expected) in [
        ("remote", "127.0.0.1"),
        ("host", "localhost"),
        ("method", "GET"),
        ("target", "/a.txt?q=1"),
        ("protocol", "HTTP/1.1"),
        ("status", "200"),
        ("bytes", "8"),
        ("referer", "http://localhost/"),
        ("user_agent", "test/1"),
    ] {
        assert_eq!(value(key), some(expected), "{key}");
    }
    let time = value("time").unwrap();
    let form: String = time.chars().map(|it| if it.is_ascii_digit() { '9' } else { it }).collect();
    assert_eq!(form, "9999-99-99T99:99:99.999Z");
    let duration = value("duration_us").unwrap().parse::<u64>().unwrap();
    assert!(duration > 0 && u128::from(duration) <= taken.as_micros(), "{duration} us of {taken:?}");
    peer.exchange("GET /missing HTTP/1.0\r\n\r\n").assert_status(404);
    let value = next(&mut server);
    assert_eq!((value("host"), value("referer"), value("user_agent")), (None, None, None));
    assert_eq!((value("protocol"), value("status")), (some("HTTP/1.0"), some("404")));
}

#[test]
fn what_a_client_sends_makes_no_other_object() {
    let (_directory, mut server) = site("json");
    let mut peer = server.connect();
    let agents: [(&[u8], &str); 5] = [
        (b"a \"quoted\" word", "a \"quoted\" word"),
        (b"back\\slash \\\" \\u0022 \"}", "back\\slash \\\" \\u0022 \"}"),
        (b"tab\there", "tab\there"),
        (b"\xff\xe9 \xc2\x9b31m", "\u{fffd}\u{fffd} \u{9b}31m"),
        ("ümläut 😀".as_bytes(), "ümläut 😀"),
    ];
    for (agent, shown) in agents {
        peer.send("GET /a.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ");
        peer.send(agent);
        peer.exchange("\r\n\r\n").assert_status(200);
        assert_eq!(next(&mut server)("user_agent").unwrap(), shown);
    }
    // What is longer than a log needs is cut, wherever that is.
    peer.exchange(request("GET", &format!("/{}?ü", "é".repeat(1020)), &[]));
    _ = next(&mut server);
    for (bytes, target) in [
        (&b"GET /\x1b[31m\" HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], "/\x1b[31m\""),
        (b"\x16\x03\x01\r\n\r\n", "\x16\x03\x01"),
        (b"GET /%zz\"x HTTP/1.1\r\nHost: localhost\r\n\r\n", "/%zz\"x"),
    ] {
        exchange(&server, bytes).assert_status(400);
        let value = next(&mut server);
        assert_eq!((value("status").as_deref(), value("target").as_deref()), (Some("400"), Some(target)));
    }
}

#[test]
fn a_duration_lasts_until_a_file_has_been_sent() {
    let (_directory, mut server) = site("json");
    let mut download = server.connect();
    let start = Instant::now();
    download.send(request("GET", "/large.bin", &["Connection: close"]));
    download.head().assert_status(200);
    let has_head = Instant::now();
    let pause = Duration::from_millis(50);
    eventually("a while has gone by", || {
        get(&server, "/a.txt").assert_status(200);
        _ = next(&mut server);
        has_head.elapsed() > pause
    });
    assert_eq!(download.rest().len(), 32_000_000);
    let value = next(&mut server);
    let duration = Duration::from_micros(value("duration_us").unwrap().parse().unwrap());
    assert_eq!(value("bytes").as_deref(), Some("32000000"));
    assert!(duration >= pause && duration <= start.elapsed(), "{duration:?} of {:?}", start.elapsed());
}

#[test]
fn the_host_stands_before_the_combined_format() {
    let (_directory, mut server) = site("vhost_combined");
    for (host, shown) in [("a.test", "a.test:80"), ("a.test:8080", "a.test:8080"), ("[::1]:81", "[::1]:81")] {
        exchange(&server, format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        let line = server.process.stdout.line().unwrap();
        assert!(line.starts_with(&format!("{shown} 127.0.0.1 - - [")), "{line}");
        assert!(line.ends_with("] \"GET /a.txt HTTP/1.1\" 200 8 \"-\" \"-\"\n"), "{line}");
    }
    exchange(&server, "GET / HTTP/1.1\r\n\r\n").assert_status(400);
    let line = server.process.stdout.line().unwrap();
    assert!(line.starts_with("-:80 127.0.0.1 - - [") && line.contains("\"GET / HTTP/1.1\" 400 "), "{line}");
}

#[test]
fn on_a_terminal_it_is_short_and_coloured() {
    let directory = Scratch::with(&[("a.txt", "content\n")]);
    for (no_color, start, end) in [
        ("", "\x1b[2m99:99:99\x1b[0m  \x1b[32m999\x1b[0m  \x1b[2m     9 B  ", "\x1b[0m  GET /a.txt\r\n"),
        ("1", "99:99:99  999       9 B  ", "  GET /a.txt\r\n"),
    ] {
        let (screen, slave) = terminal();
        let mut command = webserv();
        command.args(["-l", "127.0.0.1:0"]).arg(directory.path()).env("NO_COLOR", no_color).env("TERM", "xterm");
        let server = Server::start_with(&mut command, Stdio::from(slave));
        drop(command);
        get(&server, "/a.txt").assert_status(200);
        let line = Output::of(screen).line().unwrap();
        // But for those of the colours, any digit will do.
        let mut in_colour = false;
        let form: String = line
            .chars()
            .map(|char| {
                in_colour = char == '\x1b' || (in_colour && char != 'm');
                if char.is_ascii_digit() && !in_colour { '9' } else { char }
            })
            .collect();
        let duration = form.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        assert!(duration.is_some_and(|it| it.len() == 7 && it.ends_with("9 ms")), "{form:?}");
    }
}
