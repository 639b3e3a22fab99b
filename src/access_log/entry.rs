//! What a line is about.

use std::time::Instant;

use memchr::{memchr, memrchr};

use crate::http::{Authority, FieldName, Method, Request, Status};
use crate::net::Peer;

/// Who asked, and when.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Who
    pub peer: Peer,
    /// Nothing has been answered on its connection yet
    pub is_new: bool,
    /// When the answer was made: the second, counted from 1970 on, and the nanosecond in it
    pub time: (i64, u32),
    /// When the request was complete
    pub since: Instant,
}

/// A request and its answer.
pub struct Entry<'a> {
    pub(super) asker: &'a Asker,
    /// The request line, or as much of it as came.
    pub(super) line: &'a [u8],
    pub(super) status: Status,
    is_head: bool,
    /// None where it was refused
    request: Option<&'a Request<'a>>,
}

impl<'a> Entry<'a> {
    /// A request that was answered.
    pub fn of_request(asker: &'a Asker, request: &'a Request<'a>, status: Status) -> Entry<'a> {
        let is_head = request.method == Method::Head;
        Entry { asker, line: request.line, status, is_head, request: Some(request) }
    }

    /// What was refused, by as much of its head as was received.
    pub fn of_rejection(asker: &'a Asker, head: &'a [u8], status: Status) -> Entry<'a> {
        let line = head.split(|&byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let is_head = line.starts_with(b"HEAD ");
        Entry { asker, line, status, is_head, request: None }
    }

    /// Whether the response goes without its content.
    pub fn is_head(&self) -> bool {
        self.is_head
    }

    /// The host and the port that were asked for, where it is known
    pub(super) fn authority(&self) -> Option<Authority<'a>> {
        self.request?.authority()
    }

    /// The value of a field of the request
    pub(super) fn value(&self, field: FieldName) -> Option<&'a [u8]> {
        self.request?.fields.value(field)
    }

    /// The method, the request-target and the protocol. A line that has not all three is given as the target.
    pub(super) fn parts(&self) -> [Option<&'a [u8]>; 3] {
        let ends = memchr(b' ', self.line).zip(memrchr(b' ', self.line));
        let whole = Some(self.line).filter(|line| !line.is_empty());
        let Some((first, last)) = ends.filter(|(first, last)| first < last) else { return [None, whole, None] };
        let protocol = self.line.get(last + 1..).filter(|protocol| protocol.starts_with(b"HTTP/"));
        match protocol {
            Some(_) => [self.line.get(..first), self.line.get(first + 1..last), protocol],
            None => [None, whole, None],
        }
    }
}
