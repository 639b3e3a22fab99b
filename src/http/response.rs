//! A response head (RFC 9112, section 4), appended to a buffer: all fields in one order, numbers without allocation.

use std::ops::Range;

use super::date::{self, UnixSeconds};
use super::status::Status;

/// What a response says, up to its content, of which the protocol knows the length alone.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// The status.
    pub status: Status,
    /// Encoded field lines, each with its CRLF.
    pub lines: &'a [u8],
    /// More of them, which this response has in common with others. They come first.
    pub more: &'a [u8],
    /// What the content is.
    pub content: ContentFields,
}

/// The fields that follow from the content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ContentFields {
    /// None: a 204 or 304 has no content, and any other response has them among its lines.
    None,
    /// Content-Length
    Length(u64),
    /// Content-Length and Content-Range: 206
    Part {
        /// The bytes that are sent
        range: Range<u64>,
        /// The length of the whole
        complete_length: u64,
    },
}

/// The lines that every response of one second starts with: Server and Date.
#[derive(Clone, Debug)]
pub struct Preamble {
    lines: Vec<u8>,
    server: &'static str,
    second: UnixSeconds,
}

/// What the head says about the connection (RFC 9112, section 9.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ConnectionField {
    /// Nothing: HTTP/1.1 goes on by itself.
    Absent,
    /// HTTP/1.0 asked for it.
    KeepAlive,
    /// This is the last response.
    Close,
}

impl Preamble {
    /// The lines for this second. `server` names the software.
    pub fn new(server: &'static str, second: UnixSeconds) -> Preamble {
        let lines = format!("Server: {server}\r\nDate: {}\r\n", date::format(second)).into_bytes();
        Preamble { lines, server, second }
    }

    /// Encodes the date anew where the second has changed.
    pub fn update(&mut self, second: UnixSeconds) {
        if second != self.second {
            *self = Preamble::new(self.server, second);
        }
    }

    /// The second that Date names.
    pub fn second(&self) -> UnixSeconds {
        self.second
    }
}

impl Response<'_> {
    /// Appends the head with its empty line.
    pub(super) fn encode(&self, preamble: &Preamble, connection: ConnectionField, out: &mut Vec<u8>) {
        out.extend_from_slice(self.status.line());
        out.extend_from_slice(&preamble.lines);
        out.extend_from_slice(self.more);
        out.extend_from_slice(self.lines);
        match &self.content {
            ContentFields::None => {}
            ContentFields::Length(length) => number_line(out, b"Content-Length: ", *length),
            ContentFields::Part { range, complete_length } => {
                out.extend_from_slice(b"Content-Range: bytes ");
                number(out, range.start);
                out.push(b'-');
                number(out, range.end.saturating_sub(1));
                out.push(b'/');
                number(out, *complete_length);
                out.extend_from_slice(b"\r\n");
                number_line(out, b"Content-Length: ", range.end.saturating_sub(range.start));
            }
        }
        out.extend_from_slice(match connection {
            ConnectionField::Absent => b"\r\n",
            ConnectionField::KeepAlive => b"Connection: keep-alive\r\n\r\n",
            ConnectionField::Close => b"Connection: close\r\n\r\n",
        });
    }
}

fn number_line(out: &mut Vec<u8>, name: &[u8], value: u64) {
    out.extend_from_slice(name);
    number(out, value);
    out.extend_from_slice(b"\r\n");
}

/// Decimal digits. The formatting of the standard library costs more than the rest of the head.
fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        used += 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(content: ContentFields, connection: ConnectionField) -> String {
        let response = Response { status: Status::Ok, lines: b"B: 2\r\n", more: b"A: 1\r\n", content };
        let mut out = b"before;".to_vec();
        response.encode(&Preamble::new("webserv", 784_111_777), connection, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn heads() {
        let start =
            "before;HTTP/1.1 200 OK\r\nServer: webserv\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nA: 1\r\nB: 2\r\n";
        assert_eq!(encode(ContentFields::None, ConnectionField::Absent), format!("{start}\r\n"));
        assert_eq!(
            encode(ContentFields::Length(0), ConnectionField::Close),
            format!("{start}Content-Length: 0\r\nConnection: close\r\n\r\n")
        );
        assert_eq!(
            encode(ContentFields::Part { range: 2..5, complete_length: 10 }, ConnectionField::KeepAlive),
            format!("{start}Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n")
        );
    }

    #[test]
    fn numbers() {
        for value in [0, 1, 9, 10, 4096, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(out, value.to_string().into_bytes());
        }
    }

    #[test]
    fn the_date_changes_with_its_second() {
        let mut preamble = Preamble::new("webserv", 0);
        preamble.update(1);
        assert_eq!(preamble.second(), 1);
        assert!(preamble.lines.ends_with(b"Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n"));
    }
}
