//! Lines, byte by byte.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::style::Time;
use super::*;
use crate::http::{Request, Status};
use crate::net::Peer;

const DURATION: Duration = Duration::from_micros(1234);

const PLAIN: Short = Short { color: false, hosts: false };
const COLORED: Short = Short { color: true, hosts: true };

fn open(style: Style) -> AccessLog {
    let target = AccessTarget::File("/dev/null".into());
    let mut log = AccessLog::to(Destination::open(&target).unwrap(), LogFormat::Combined, PLAIN);
    log.style = style;
    log.clock = Clock::of(TimeZone::fixed(jiff::tz::offset(2)));
    log
}

fn asker(peer: Peer) -> Asker {
    Asker { peer, is_new: true, time: (784_111_777, 89_999_999), since: Instant::now() }
}

/// The lines of this turn, as if each had taken as long.
fn lines(log: &mut AccessLog) -> String {
    let mut whole = std::mem::take(&mut log.lines);
    for (at, _) in log.durations.drain(..).rev() {
        let mut duration = Vec::new();
        log.style.write_duration(DURATION, &mut duration);
        whole.splice(at..at, duration);
    }
    String::from_utf8(whole).unwrap()
}

fn line(style: Style, head: &[u8], bytes: u64) -> String {
    let mut log = open(style);
    let request = Request::parse(head, 9).unwrap();
    let asker = asker(Peer::Ip([192, 0, 2, 1].into(), 1));
    let entry = Entry::of_request(&asker, &request, Status::Ok);
    log.add(&entry, bytes);
    let mut pending = PendingLine { before: b"another".to_vec(), after: b"line".to_vec(), since: None };
    log.begin(&entry, &mut pending);
    log.finish(&pending, bytes);
    let both = lines(&mut log);
    let (one, other) = both.split_at(both.len() / 2);
    assert_eq!(one, other, "the same line on both ways");
    one.to_owned()
}

fn refused(style: Style, head: &[u8]) -> String {
    let mut log = open(style);
    log.add(&Entry::of_rejection(&asker(Peer::Unix), head, Status::BadRequest), 7);
    lines(&mut log)
}

const HEAD: &[u8] = b"GET /a%0a?b HTTP/1.1\r\nHost: a:81\r\nReferer: http://b/\r\nUser-Agent: c\"\\\x80\t\r\n\r\n";

#[test]
fn combined() {
    let expected = "192.0.2.1 - - [06/Nov/1994:10:49:37 +0200] \"GET /a%0a?b HTTP/1.1\" 200 5 \
                    \"http://b/\" \"c\\x22\\x5C\\x80\"\n";
    assert_eq!(line(Style::Combined, HEAD, 5), expected);
    assert_eq!(line(Style::VhostCombined, HEAD, 5), format!("a:81 {expected}"));
    let expected = "192.0.2.1 - - [06/Nov/1994:10:49:37 +0200] \"GET / HTTP/1.0\" 200 - \"-\" \"-\"\n";
    assert_eq!(line(Style::Combined, b"GET / HTTP/1.0\r\n\r\n", 0), expected);
    assert_eq!(line(Style::VhostCombined, b"GET / HTTP/1.0\r\n\r\n", 0), format!("-:80 {expected}"));
    let head = b"GET / HTTP/1.1\r\nHost: [::1]\r\nReferer:\r\n\r\n";
    assert!(line(Style::VhostCombined, head, 0).starts_with("[::1]:80 192.0.2.1 - - "));
}

#[test]
fn json() {
    assert_eq!(
        line(Style::Json, HEAD, 5),
        "{\"time\":\"1994-11-06T08:49:37.089Z\",\"remote\":\"192.0.2.1\",\"host\":\"a\",\"method\":\"GET\",\
         \"target\":\"/a%0a?b\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":5,\"duration_us\":1234,\
         \"referer\":\"http://b/\",\"user_agent\":\"c\\\"\\\\\\ufffd\"}\n"
    );
    let rest = "\"status\":400,\"bytes\":7,\"duration_us\":1234,\"referer\":null,\"user_agent\":null}\n";
    let start = "{\"time\":\"1994-11-06T08:49:37.089Z\",\"remote\":\"unix:\",\"host\":null,";
    for (head, parts) in [
        (&b"GET /a  b HTTP/9\r\n"[..], r#""method":"GET","target":"/a  b","protocol":"HTTP/9","#),
        (b"\x16\x03\x01\"", r#""method":null,"target":"\u0016\u0003\u0001\"","protocol":null,"#),
        (b"GET HTTP/1.1\r\n", r#""method":null,"target":"GET HTTP/1.1","protocol":null,"#),
        (b"GET / 1.1\r\n", r#""method":null,"target":"GET / 1.1","protocol":null,"#),
        (b"", r#""method":null,"target":null,"protocol":null,"#),
    ] {
        assert_eq!(refused(Style::Json, head), format!("{start}{parts}{rest}"));
    }
}

#[test]
fn short() {
    let head = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    let plain = Style::Short(PLAIN);
    assert_eq!(line(plain, head, 1536), "10:49:37  200   1.5 KiB   1.2 ms  GET /a\n");
    assert_eq!(line(plain, head, 1023 << 20), "10:49:37  200  1023 MiB   1.2 ms  GET /a\n");
    assert_eq!(
        line(Style::Short(COLORED), head, 0),
        "\x1b[2m10:49:37\x1b[0m  \x1b[32m200\x1b[0m  \x1b[2m     0 B   1.2 ms\x1b[0m  \x1b[2ma\x1b[0m  GET /a\n"
    );
    let mut slow = Vec::new();
    Style::Short(COLORED).write_duration(Duration::from_secs(1), &mut slow);
    assert_eq!(slow.escape_ascii().to_string(), "\\x1b[0m\\x1b[33m  1.0 s");
}

#[test]
fn syslog() {
    let mut log = open(Style::Combined);
    log.header = Some(Header::of(b"www", 5));
    log.add(&Entry::of_rejection(&asker(Peer::Unix), b"GET", Status::BadRequest), 7);
    assert_eq!(
        lines(&mut log),
        "<190>1 1994-11-06T08:49:37.089Z www webserv 5 access - \
         unix: - - [06/Nov/1994:10:49:37 +0200] \"GET\" 400 7 \"-\" \"-\"\n"
    );
}

#[test]
fn a_rejected_line_can_neither_end_nor_paint() {
    let before = "unix: - - [06/Nov/1994:10:49:37 +0200] ";
    let line = refused(Style::Combined, b"\x1b[31m \xff\r\nHost");
    assert_eq!(line, format!("{before}\"\\x1B[31m \\xFF\" 400 7 \"-\" \"-\"\n"));
    assert_eq!(refused(Style::Combined, b""), format!("{before}\"-\" 400 7 \"-\" \"-\"\n"));
}

#[test]
fn durations_stand_in_their_lines() {
    let mut log = open(Style::Json);
    for _ in 0..3 {
        log.add(&Entry::of_rejection(&asker(Peer::Unix), b"GET", Status::BadRequest), 7);
    }
    let (whole, durations) = (log.lines.clone(), log.durations.clone());
    assert!(durations.iter().all(|(at, _)| whole[..*at].ends_with(b"\"duration_us\":")), "{durations:?}");
    log.flush();
    assert!(log.lines.is_empty() && log.durations.is_empty() && log.whole.is_empty());
}

#[test]
fn times() {
    for (micros, text) in [
        (0, "0.0 ms"),
        (149, "0.1 ms"),
        (9_949, "9.9 ms"),
        (9_950, "10 ms"),
        (999_499, "999 ms"),
        (999_500, "1.0 s"),
        (75_000_000, "75 s"),
        (120_000_000, "2.0 min"),
        (36_000_000_000, "600 min"),
    ] {
        assert_eq!(Time(Duration::from_micros(micros)).to_string(), text);
    }
}
