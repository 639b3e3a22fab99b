//! Runs a row: its bytes at once, cut in two, and one by one, each on a connection of its own, to the same transcript.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use super::notation::{BOUNDARY, DATE, NEXT, Row, found};
use crate::support::Server;
use crate::wire::{Pace, find};

/// How long a row waits for bytes that do not come. Only a row that fails waits that long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longer inputs are not sent byte by byte, nor cut at every line.
const SHORT: usize = 1000;

/// Cuts of a row behind a CR.
const CUTS_MAX: usize = 6;

pub(super) struct Runner {
    address: SocketAddr,
    pace: Pace,
}

impl Runner {
    pub(super) fn of(server: &Server) -> Self {
        Self { address: server.address(), pace: Pace::of(server) }
    }

    /// What went wrong with a row, if anything did. Only every third goes byte by byte.
    pub(super) fn run(&mut self, row: &Row, is_third: bool) -> Option<String> {
        let expected = transcript_of(row);
        let bytes = row.input.bytes();
        let came = self.at_once(row, &bytes);
        if came != expected {
            return Some(format!("sent at once: {}\n{}", excerpt(&bytes), difference(&came, &expected)));
        }
        for cut in cuts(&bytes) {
            let (before, after) = bytes.split_at(cut);
            let came = self.in_pieces(row, [before, after].into_iter());
            if came != expected {
                let shown = format!("sent in two: {} / {}", excerpt(before), excerpt(after));
                return Some(format!("{shown}\n{}", difference(&came, &expected)));
            }
        }
        if is_third && bytes.len() <= SHORT {
            let came = self.in_pieces(row, bytes.chunks(1));
            if came != expected {
                return Some(format!("sent byte by byte: {}\n{}", excerpt(&bytes), difference(&came, &expected)));
            }
        }
        None
    }

    /// The next request waits until all answers have come, and is not sent at all where the server is to close by
    /// itself.
    fn at_once(&self, row: &Row, bytes: &[u8]) -> Vec<u8> {
        let mut client = Client::connect(self.address);
        client.send(bytes);
        if row.input.half_closes {
            client.socket.shutdown(Shutdown::Write).unwrap();
        } else if row.answer.stays_open {
            client.receive(row.answer.bytes().len());
            client.send(NEXT.as_bytes());
        }
        client.receive(usize::MAX);
        if client.was_reset {
            client.received.extend_from_slice(b"(then a reset)");
        }
        masked(client.received)
    }

    /// The server reads each piece by itself. The next request follows at once, also where it is in vain: the server
    /// may answer that by a reset.
    fn in_pieces<'a>(&mut self, row: &Row, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut client = Client::connect(self.address);
        for (count, piece) in pieces.enumerate() {
            if count > 0 {
                self.pace.turn();
            }
            client.send(piece);
        }
        if row.input.half_closes {
            // Refused where the server has closed the connection already.
            _ = client.socket.shutdown(Shutdown::Write);
        } else {
            client.send(NEXT.as_bytes());
        }
        client.receive(usize::MAX);
        masked(client.received)
    }
}

struct Client {
    socket: TcpStream,
    received: Vec<u8>,
    was_reset: bool,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { socket, received: Vec::new(), was_reset: false }
    }

    /// Sends what the server may have stopped to listen to.
    fn send(&mut self, bytes: &[u8]) {
        _ = self.socket.write_all(bytes);
    }

    /// Receives so many bytes, or up to the end.
    fn receive(&mut self, length: usize) {
        let mut buffer = [0; 16 * 1024];
        while self.received.len() < length {
            match self.socket.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.received.extend_from_slice(b"(then nothing for 10 s)");
                    return;
                }
                Err(_) => {
                    self.was_reset = true;
                    return;
                }
            }
        }
    }
}

/// All that comes back: the answer of the row and, where the connection stays, of the next request.
fn transcript_of(row: &Row) -> Vec<u8> {
    let mut expected = row.answer.bytes();
    if row.answer.stays_open && !row.input.half_closes {
        expected.extend(found("b.txt").closes().bytes());
    }
    expected
}

/// Where a row is cut in two: in the middle, before its last byte, and behind the first few CRs.
fn cuts(bytes: &[u8]) -> Vec<usize> {
    let returns = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\r').map(|(at, _)| at + 1);
    let mut cuts: Vec<_> = returns.take(if bytes.len() <= SHORT { CUTS_MAX } else { 1 }).collect();
    cuts.extend([bytes.len() / 2, bytes.len().saturating_sub(1)]);
    cuts.retain(|&cut| cut > 0 && cut < bytes.len());
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// The transcript without what differs from run to run, where that has its form; else it stays, to be seen.
fn masked(mut transcript: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while let Some(found) = find(&transcript[at..], b"\r\nDate: ") {
        at += found + 8;
        if let Some(value) = transcript.get_mut(at..at + DATE.len()).filter(|value| is_date_of_now(value)) {
            value.copy_from_slice(DATE.as_bytes());
        }
    }
    if let Some(found) = find(&transcript, b"; boundary=") {
        let boundary = transcript[found + 11..].iter().take(32).copied().collect::<Vec<_>>();
        while boundary.iter().all(u8::is_ascii_hexdigit)
            && let Some(found) = find(&transcript, &boundary)
        {
            transcript[found..found + 32].copy_from_slice(BOUNDARY.as_bytes());
        }
    }
    with_page_told(transcript)
}

fn is_date_of_now(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).into_owned();
    let age = |time| SystemTime::now().duration_since(time).is_ok_and(|age| age < Duration::from_secs(60));
    httpdate::parse_http_date(&text).is_ok_and(|time| httpdate::fmt_http_date(time) == text && age(time))
}

/// An error page as its words: how it looks is no matter here.
fn with_page_told(transcript: Vec<u8>) -> Vec<u8> {
    let told = || {
        let text = str::from_utf8(&transcript).ok()?;
        let (head, page) = text.split_once("\r\n\r\n<!doctype html>\n")?;
        let (before, hash) = head.split_once("'sha256-")?;
        let head = format!("{before}'sha256-(style)'{}", hash.split_once('\'')?.1);
        let between = |start, end| Some(page.split_once(start)?.1.split_once(end)?.0);
        let told = format!("(a page: {}: {})", between("<title>", "</title>")?, between("<p>", "</p>")?);
        let (page, next) = page.split_once("</html>\n")?;
        let length = "<!doctype html>\n".len() + page.len() + "</html>\n".len();
        let line = |length| format!("Content-Length: {length}\r\n");
        Some(head.replace(&line(length), &line(told.len())) + "\r\n\r\n" + &told + next)
    };
    told().map_or_else(|| transcript.clone(), String::into_bytes)
}

/// Line by line and escaped: what both start and end with, and what differs between.
fn difference(came: &[u8], expected: &[u8]) -> String {
    let (came, expected) = (lines(came), lines(expected));
    let same = |(a, b): &(&&[u8], &&[u8])| a == b;
    let start = came.iter().zip(&expected).take_while(same).count();
    let rest = came.len().min(expected.len()) - start;
    let end = came.iter().rev().zip(expected.iter().rev()).take(rest).take_while(same).count();
    let mut shown = String::from("  - what is expected, + what came\n");
    let mut show = |mark, lines: &[&[u8]]| {
        for line in lines {
            writeln!(shown, "  {mark} {}", excerpt(line)).unwrap();
        }
    };
    show(' ', &came[..start]);
    show('-', &expected[start..expected.len() - end]);
    show('+', &came[start..came.len() - end]);
    show(' ', &came[came.len() - end..]);
    shown
}

/// Each with its line end. A response starts a line of its own, though the content before it may end in none.
fn lines(mut text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    while !text.is_empty() {
        let line = text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| end + 1);
        let response = find(&text[1..], b"HTTP/1.1 ").map_or(text.len(), |start| start + 1);
        let (line, rest) = text.split_at(line.min(response));
        lines.push(line);
        text = rest;
    }
    lines
}

/// A text as far as it can be read at a glance.
fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes[..bytes.len().min(300)].escape_ascii();
    if bytes.len() > 300 { format!("{shown}... ({} bytes)", bytes.len()) } else { shown.to_string() }
}
