//! What a line looks like, in each of the formats. What a client sent is escaped in all of them.
//!
//! A line is made of two parts that are known when the response is, and of what comes between them and is known when it
//! has been sent: the bytes of its content, and how long it took.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use super::clock::Clock;
use super::entry::Entry;
use crate::config::LogFormat;
use crate::escape::{Json, Quotable};
use crate::figures::Size;
use crate::http::FieldName;

/// Of a request line, and of a field, so much is shown, in bytes.
const SHOWN_MAX: usize = 2048;

/// Slower than this is worth being seen.
const SLOW: Duration = Duration::from_secs(1);

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// For people
    Short(Short),
    /// NCSA's combined log format, as nginx writes it
    Combined,
    /// The same behind the host and the port, as Apache writes it
    VhostCombined,
    /// An object
    Json,
}

/// What a line on a terminal has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Short {
    /// Colours
    pub color: bool,
    /// The host of each request, for where there is more than one site
    pub hosts: bool,
}

impl Style {
    /// What a format is where there is a terminal, or none.
    pub(super) fn of(format: LogFormat, on_terminal: Option<Short>) -> Style {
        match (format, on_terminal) {
            (LogFormat::Auto, Some(short)) => Style::Short(short),
            (LogFormat::Auto, None) | (LogFormat::Combined, _) => Style::Combined,
            (LogFormat::VhostCombined, _) => Style::VhostCombined,
            (LogFormat::Json, _) => Style::Json,
        }
    }

    /// Whether a line tells how long it took.
    pub(super) fn has_duration(self) -> bool {
        matches!(self, Style::Short(_) | Style::Json)
    }

    /// All that stands before the number of bytes.
    pub(super) fn write_before(self, entry: &Entry<'_>, clock: &Clock, out: &mut Vec<u8>) {
        let status = entry.status.code();
        let digits = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8);
        match self {
            Style::Short(Short { color, .. }) => {
                let paint = Paint { is_on: color };
                paint.dim(&clock.short, out);
                put(out, &[b"  ", paint.of_status(status), &digits, paint.reset(), b"  ", paint.as_dim()]);
            }
            Style::Combined | Style::VhostCombined => {
                if self == Style::VhostCombined {
                    // Those who read it look for a port in any case: that of a URL without one.
                    let authority = entry.authority().map(|authority| (authority.host, authority.port.unwrap_or(80)));
                    let (host, port) = authority.unwrap_or((b"-", 80));
                    quotable(host, out);
                    _ = write!(out, ":{port} ");
                }
                _ = write!(out, "{}", entry.asker.peer);
                put(out, &[b" - - [", &clock.ncsa, b"] \""]);
                quotable(non_empty(shown(entry.line)).unwrap_or(b"-"), out);
                put(out, &[b"\" ", &digits, b" "]);
            }
            Style::Json => {
                out.extend_from_slice(b"{\"time\":\"");
                write_utc(entry, clock, out);
                _ = write!(out, "\",\"remote\":\"{}\"", entry.asker.peer);
                let [method, target, protocol] = entry.parts();
                let host = entry.authority().map(|authority| authority.host);
                for (key, value) in [("host", host), ("method", method), ("target", target), ("protocol", protocol)] {
                    json(key, value, out);
                }
                put(out, &[b",\"status\":", &digits, b",\"bytes\":"]);
            }
        }
    }

    /// The number of bytes, and what leads to the duration.
    pub(super) fn write_bytes(self, bytes: u64, out: &mut Vec<u8>) {
        match self {
            Style::Short(_) => {
                aligned(8, Size(bytes), out);
                out.extend_from_slice(b"  ");
            }
            Style::Combined | Style::VhostCombined if bytes == 0 => out.push(b'-'),
            Style::Combined | Style::VhostCombined => _ = write!(out, "{bytes}"),
            Style::Json => _ = write!(out, "{bytes},\"duration_us\":"),
        }
    }

    /// How long it took.
    pub(super) fn write_duration(self, duration: Duration, out: &mut Vec<u8>) {
        match self {
            Style::Short(Short { color, .. }) => {
                let paint = Paint { is_on: color };
                if duration >= SLOW {
                    put(out, &[paint.reset(), paint.as_slow()]);
                }
                aligned(7, Time(duration), out);
            }
            Style::Json => _ = write!(out, "{}", duration.as_micros()),
            Style::Combined | Style::VhostCombined => {}
        }
    }

    /// The rest, with the end of the line.
    pub(super) fn write_after(self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        match self {
            Style::Short(Short { color, hosts }) => {
                let paint = Paint { is_on: color };
                put(out, &[paint.reset(), b"  "]);
                if let Some(authority) = entry.authority().filter(|_| hosts) {
                    paint.dim(authority.host, out);
                    out.extend_from_slice(b"  ");
                }
                let line = shown(entry.line);
                // What everybody speaks is left out.
                quotable(line.strip_suffix(b" HTTP/1.1").unwrap_or(line), out);
                out.push(b'\n');
            }
            Style::Combined | Style::VhostCombined => {
                for field in [FieldName::Referer, FieldName::UserAgent] {
                    out.extend_from_slice(b" \"");
                    quotable(entry.value(field).map(shown).and_then(non_empty).unwrap_or(b"-"), out);
                    out.push(b'"');
                }
                out.push(b'\n');
            }
            Style::Json => {
                json("referer", entry.value(FieldName::Referer), out);
                json("user_agent", entry.value(FieldName::UserAgent), out);
                out.extend_from_slice(b"}\n");
            }
        }
    }
}

/// `1994-11-06T08:49:37.123Z`
pub(super) fn write_utc(entry: &Entry<'_>, clock: &Clock, out: &mut Vec<u8>) {
    out.extend_from_slice(&clock.utc);
    _ = write!(out, ".{:03}Z", entry.asker.time.1 / 1_000_000);
}

/// As much of it as is shown.
fn shown(bytes: &[u8]) -> &[u8] {
    bytes.get(..SHOWN_MAX).unwrap_or(bytes)
}

fn non_empty(bytes: &[u8]) -> Option<&[u8]> {
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn quotable(bytes: &[u8], out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    _ = write!(out, "{}", Quotable(bytes));
}

/// A text with as many spaces before it as bring it to that width: what is as long in each line comes first, and in
/// columns.
fn aligned(width: usize, text: impl fmt::Display, out: &mut Vec<u8>) {
    let start = out.len();
    _ = write!(out, "{text}");
    let missing = width.saturating_sub(out.len() - start);
    out.resize(out.len() + missing, b' ');
    if let Some(text) = out.get_mut(start..) {
        text.rotate_right(missing);
    }
}

/// A member of an object that has others before it.
fn json(key: &str, value: Option<&[u8]>, out: &mut Vec<u8>) {
    _ = match value {
        Some(value) => write!(out, ",\"{key}\":\"{}\"", Json(shown(value))),
        None => write!(out, ",\"{key}\":null"),
    };
}

/// The colours of a terminal, where it has some (ECMA-48, section 8.3.117).
#[derive(Clone, Copy)]
struct Paint {
    is_on: bool,
}

impl Paint {
    fn code(self, code: &'static [u8]) -> &'static [u8] {
        if self.is_on { code } else { b"" }
    }

    fn reset(self) -> &'static [u8] {
        self.code(b"\x1b[0m")
    }

    fn as_dim(self) -> &'static [u8] {
        self.code(b"\x1b[2m")
    }

    fn as_slow(self) -> &'static [u8] {
        self.code(b"\x1b[33m")
    }

    fn of_status(self, status: u16) -> &'static [u8] {
        self.code(match status / 100 {
            2 => b"\x1b[32m",
            4 => b"\x1b[33m",
            5 => b"\x1b[1;31m",
            _ => b"\x1b[36m",
        })
    }

    fn dim(self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_dim());
        quotable(bytes, out);
        out.extend_from_slice(self.reset());
    }
}

/// `0.1 ms`, `25 ms`, `1.5 s`, `2 min`
pub(super) struct Time(pub(super) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let (value, unit) = match seconds {
            0.0..0.9995 => (seconds * 1e3, "ms"),
            0.0..119.5 => (seconds, "s"),
            _ => (seconds / 60.0, "min"),
        };
        let digits = usize::from(value < 9.95);
        write!(f, "{value:.digits$} {unit}")
    }
}
