//! The access log: a line for each response, formatted into memory and handed to its sink once a turn.
//!
//! For people a short coloured line, for programs NCSA's combined format. What a client sent is escaped in both, so
//! that no name of a file and no field can make a line of its own or speak to the terminal.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{AccessTarget, LogFormat};
use crate::escape::Quotable;
use crate::http::{FieldName, Method, Request, Status};
use crate::net::Peer;
use crate::sink::Sink;

/// Where lines go: what was opened, whatever has become of its name. By default nowhere.
#[derive(Clone, Default)]
pub struct Destination(Option<Sink>);

/// The log, and the lines of this turn. They are handed over when it is dropped, too.
pub struct AccessLog {
    sink: Option<Sink>,
    style: Style,
    /// Lines that are not handed over yet.
    lines: Vec<u8>,
    zone: TimeZone,
    /// The second that `time` is the text of.
    second: i64,
    time: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Short { color: bool, hosts: bool },
    Combined,
}

/// What a line is about.
pub struct Entry<'a> {
    peer: Peer,
    /// The request line, or as much of it as came.
    line: &'a [u8],
    status: Status,
    is_head: bool,
    host: Option<&'a [u8]>,
    referer: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
}

/// A line whose number of bytes is not known yet, since they are still being sent.
#[derive(Debug, Default)]
pub struct Pending {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl<'a> Entry<'a> {
    /// A request that was answered.
    pub fn of_request(peer: Peer, request: &Request<'a>, status: Status) -> Entry<'a> {
        let referer = request.fields.value(FieldName::Referer);
        let user_agent = request.fields.value(FieldName::UserAgent);
        let is_head = request.method == Method::Head;
        let host = request.authority().map(|authority| authority.host);
        Entry { peer, line: request.line, status, is_head, host, referer, user_agent }
    }

    /// What was refused, by as much of its head as was received.
    pub fn of_rejection(peer: Peer, head: &'a [u8], status: Status) -> Entry<'a> {
        let line = head.split(|&byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        Entry { peer, line, status, is_head: line.starts_with(b"HEAD "), host: None, referer: None, user_agent: None }
    }

    /// Whether the response goes without its content.
    pub fn is_head(&self) -> bool {
        self.is_head
    }
}

/// From so many bytes on, lines are handed over before the end of the turn.
const LINES_MAX: usize = 64 * 1024;

/// Of a request line, and of a field, so much is shown, in bytes.
const LINE_MAX: usize = 2048;

impl Destination {
    /// Opens what the config names.
    ///
    /// # Errors
    ///
    /// It is a file, and cannot be opened.
    pub fn open(target: &AccessTarget) -> io::Result<Destination> {
        Ok(Destination(match target {
            AccessTarget::Off => None,
            AccessTarget::Stdout => Some(Sink::standard_output()),
            AccessTarget::Stderr => Some(Sink::standard_error()),
            AccessTarget::File(path) => Some(Sink::file(path)?),
        }))
    }
}

impl AccessLog {
    /// A log to there. A terminal may be coloured with `color`, and is told the host of each request with `hosts`.
    pub fn to(Destination(sink): Destination, format: LogFormat, color: bool, hosts: bool) -> AccessLog {
        let is_terminal = sink.as_ref().is_some_and(Sink::is_terminal);
        let style = match format {
            LogFormat::Auto if is_terminal => Style::Short { color, hosts },
            LogFormat::Auto | LogFormat::Combined => Style::Combined,
        };
        AccessLog { sink, style, lines: Vec::new(), zone: local_zone(), second: i64::MIN, time: Vec::new() }
    }

    /// Where its lines go.
    pub fn destination(&self) -> Destination {
        Destination(self.sink.clone())
    }

    /// Adds the line of a response whose `bytes` of content are known to be sent.
    pub fn add(&mut self, entry: &Entry<'_>, bytes: u64, second: i64) {
        if self.sink.is_none() {
            return;
        }
        self.update_time(second);
        let mut lines = std::mem::take(&mut self.lines);
        self.write_before(entry, &mut lines);
        self.write_bytes(bytes, &mut lines);
        self.write_after(entry, &mut lines);
        self.lines = lines;
        self.limit_lines();
    }

    /// Prepares the line of a response that will take a while, in the place of the one that was prepared there before.
    pub fn begin(&mut self, entry: &Entry<'_>, second: i64, pending: &mut Pending) {
        pending.before.clear();
        pending.after.clear();
        if self.sink.is_some() {
            self.update_time(second);
            self.write_before(entry, &mut pending.before);
            self.write_after(entry, &mut pending.after);
        }
    }

    /// Adds that line, with the bytes of content that were sent in the end.
    pub fn finish(&mut self, pending: &Pending, bytes: u64) {
        if self.sink.is_none() {
            return;
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.extend_from_slice(&pending.before);
        self.write_bytes(bytes, &mut lines);
        lines.extend_from_slice(&pending.after);
        self.lines = lines;
        self.limit_lines();
    }

    /// Hands over the lines of this turn. A sink that takes none costs lines, which it counts, and never a request.
    pub fn flush(&mut self) {
        if let Some(sink) = self.sink.as_ref() {
            sink.put(&self.lines);
            self.lines.clear();
        }
    }

    /// A turn of many clients may have more lines than a sink takes at once.
    fn limit_lines(&mut self) {
        if self.lines.len() >= LINES_MAX {
            self.flush();
        }
    }

    fn write_before(&self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        let line = entry.line.get(..LINE_MAX).unwrap_or(entry.line);
        let status = entry.status.code();
        let digits = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8);
        match self.style {
            Style::Short { color, hosts } => {
                let (dim, shade, reset) = match (color, status / 100) {
                    (false, _) => ("", "", ""),
                    (true, 2) => ("\x1b[2m", "\x1b[32m", "\x1b[0m"),
                    (true, 4) => ("\x1b[2m", "\x1b[33m", "\x1b[0m"),
                    (true, 5) => ("\x1b[2m", "\x1b[1;31m", "\x1b[0m"),
                    (true, _) => ("\x1b[2m", "\x1b[36m", "\x1b[0m"),
                };
                put(out, &[dim.as_bytes(), &self.time, reset.as_bytes(), b"  ", shade.as_bytes()]);
                put(out, &[&digits, reset.as_bytes(), b"  "]);
                if let Some(host) = entry.host.filter(|_| hosts) {
                    put(out, &[dim.as_bytes(), host, reset.as_bytes(), b"  "]);
                }
                // What everybody speaks is left out.
                escape(line.strip_suffix(b" HTTP/1.1").unwrap_or(line), out);
                put(out, &[b"  ", dim.as_bytes()]);
            }
            Style::Combined => {
                let _ = write!(out, "{}", entry.peer);
                put(out, &[b" - - [", &self.time, b"] \""]);
                if line.is_empty() {
                    out.push(b'-');
                }
                escape(line, out);
                put(out, &[b"\" ", &digits, b" "]);
            }
        }
    }

    fn write_bytes(&self, bytes: u64, out: &mut Vec<u8>) {
        match self.style {
            Style::Short { .. } => out.extend_from_slice(human(bytes).as_bytes()),
            Style::Combined if bytes == 0 => out.push(b'-'),
            Style::Combined => _ = write!(out, "{bytes}"),
        }
    }

    fn write_after(&self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        match self.style {
            Style::Short { color, .. } => put(out, &[if color { b"\x1b[0m\n" } else { b"\n" }]),
            Style::Combined => {
                for value in [entry.referer, entry.user_agent] {
                    out.extend_from_slice(b" \"");
                    match value {
                        Some(value) if !value.is_empty() => escape(value.get(..LINE_MAX).unwrap_or(value), out),
                        _ => out.push(b'-'),
                    }
                    out.push(b'"');
                }
                out.push(b'\n');
            }
        }
    }

    fn update_time(&mut self, second: i64) {
        if second == self.second {
            return;
        }
        let time = Timestamp::from_second(second).unwrap_or_default().to_zoned(self.zone.clone());
        let format = match self.style {
            Style::Short { .. } => "%H:%M:%S",
            Style::Combined => "%d/%b/%Y:%H:%M:%S %z",
        };
        self.time = time.strftime(format).to_string().into_bytes();
        self.second = second;
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.flush();
    }
}

/// The zone that `TZ` names, or else the one of the system (tzset(3)). One file is read, once: jiff's own search goes
/// through all zones there are.
fn local_zone() -> TimeZone {
    let read = |path: &Path| std::fs::read(path).ok().and_then(|data| TimeZone::tzif("local", &data).ok());
    let zone = match std::env::var("TZ") {
        Ok(name) => {
            let name = name.trim_start_matches(':');
            read(&Path::new("/usr/share/zoneinfo").join(name)).or_else(|| TimeZone::posix(name).ok())
        }
        Err(_) => read(Path::new("/etc/localtime")),
    };
    zone.unwrap_or(TimeZone::UTC)
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    _ = write!(out, "{}", Quotable(bytes));
}

/// `512 B`, `4.0 KiB`, `12 MiB`
fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            let digits = usize::from(unit != "B" && value < 10.0);
            return format!("{value:.digits$} {unit}");
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> AccessLog {
        let target = AccessTarget::File("/dev/null".into());
        AccessLog::to(Destination::open(&target).unwrap(), LogFormat::Combined, false, false)
    }

    fn line(style: Style, head: &[u8], bytes: u64) -> String {
        let mut log = open();
        log.style = style;
        log.zone = TimeZone::fixed(jiff::tz::offset(2));
        let request = Request::parse(head, 9).unwrap();
        let entry = Entry::of_request(Peer::Ip([192, 0, 2, 1].into(), 1), &request, Status::Ok);
        log.add(&entry, bytes, 784_111_777);
        let mut pending = Pending { before: b"another".to_vec(), after: b"line".to_vec() };
        log.begin(&entry, 784_111_777, &mut pending);
        let added = log.lines.clone();
        log.finish(&pending, bytes);
        assert_eq!(log.lines, added.repeat(2), "the same line on both ways");
        String::from_utf8(added).unwrap()
    }

    #[test]
    fn combined() {
        let head = b"GET /a%0a?b HTTP/1.1\r\nHost: a\r\nReferer: http://b/\r\nUser-Agent: c\"\\\x80\t\r\n\r\n";
        assert_eq!(
            line(Style::Combined, head, 5),
            "192.0.2.1 - - [06/Nov/1994:10:49:37 +0200] \"GET /a%0a?b HTTP/1.1\" 200 5 \
             \"http://b/\" \"c\\x22\\x5C\\x80\"\n"
        );
        assert_eq!(
            line(Style::Combined, b"GET / HTTP/1.0\r\n\r\n", 0),
            "192.0.2.1 - - [06/Nov/1994:10:49:37 +0200] \"GET / HTTP/1.0\" 200 - \"-\" \"-\"\n"
        );
    }

    #[test]
    fn short() {
        let head = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(line(Style::Short { color: false, hosts: false }, head, 1536), "10:49:37  200  GET /a  1.5 KiB\n");
        assert_eq!(
            line(Style::Short { color: true, hosts: true }, head, 0),
            "\x1b[2m10:49:37\x1b[0m  \x1b[32m200\x1b[0m  \x1b[2ma\x1b[0m  GET /a  \x1b[2m0 B\x1b[0m\n"
        );
    }

    #[test]
    fn a_rejected_line_can_neither_end_nor_paint() {
        let mut log = open();
        log.zone = TimeZone::UTC;
        log.add(&Entry::of_rejection(Peer::Unix, b"\x1b[31m \xff\r\nHost", Status::BadRequest), 7, 0);
        log.add(&Entry::of_rejection(Peer::Unix, b"", Status::RequestTimeout), 7, 0);
        assert_eq!(
            String::from_utf8_lossy(&log.lines),
            "unix: - - [01/Jan/1970:00:00:00 +0000] \"\\x1B[31m \\xFF\" 400 7 \"-\" \"-\"\n\
             unix: - - [01/Jan/1970:00:00:00 +0000] \"-\" 408 7 \"-\" \"-\"\n"
        );
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (10_240, "10 KiB"), (5 << 40, "5.0 TiB")]
        {
            assert_eq!(human(bytes), text);
        }
    }
}
