//! One HTTP/1.1 connection without its socket: bytes are pushed in, steps are pulled out, response heads are appended.
//!
//! Two half-machines. Receiving goes round for as long as the connection is reused:
//!
//! ```text
//!               head complete,                 response given,
//!               no content                     connection reused
//!         +----> Head ------------> Step::Request ------------+
//!         |       | head complete,        ^                   |
//!         |       | content announced     | content complete, |
//!         |       +-------> Content ------+ thrown away       |
//!         |                                                   |
//!         +---------------------------------------------------+
//!
//!   Head, Content --fault or deadline--> Step::Reject --response given--> Finished --> Step::Close(reason)
//!   Head          --end of input, or retired between two requests-------> Finished
//!   Request       --response given, connection not reused---------------> Finished
//! ```
//!
//! A request that can't be answered yet is given back by [`Connection::postpone`], and pulled out again by the next
//! step.
//!
//! Sending owes at most one response, to the request or the rejection that was pulled out last. [`Connection::respond`]
//! is the one place that decides whether the connection is reused.
//!
//! A request is pulled out after its content, so that broken content is answered by 400 rather than by a response that
//! the peer would read as the next one. Nothing here keeps the bytes of an incomplete head: they are shown again,
//! longer, at the next pull.

use std::fmt;

use super::chunked::Progress;
use super::framing::Framing;
use super::head::{self, RefusedHead};
use super::request::{self, Rejection, Request, Version};
use super::response::{ConnectionField, Preamble, Response};
use super::status::Status;

/// Empty lines that may stand before a request line (RFC 9112, section 2.2): old clients send one after content.
const EMPTY_LINES_MAX: u8 = 4;

/// What a peer may send before it is refused. All sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Request line and field lines together: 431, or 414 where the request-target alone is too long
    pub head_size: usize,
    /// Field lines: 431. At most [`request::FIELDS_MAX`].
    pub fields: usize,
    /// Content of a request: 413
    pub content_size: u64,
}

/// What the connection does next.
#[derive(Debug)]
pub enum Step<'a> {
    /// Read more, and pull again with what is unread and the new bytes behind it.
    NeedBytes(Awaiting),
    /// Answer this.
    Request(Request<'a>),
    /// Answer with this status and reason.
    Reject(Rejection, RefusedHead<'a>),
    /// Send what is left, then close.
    Close(CloseReason),
}

/// What the peer is to send; each has its own deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaiting {
    /// A request, of which there is no byte yet
    Request,
    /// The rest of a head
    Head,
    /// The rest of the content
    Content,
}

/// Why a connection ends, as far as the protocol is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// The peer has sent its last byte, and every request is answered.
    PeerFinished,
    /// The peer asked for it, or speaks HTTP/1.0.
    LastRequest,
    /// A request was refused, and where the next one would start is not known.
    Rejected,
    /// Content was announced that is not wanted and was not read.
    ContentRefused,
    /// No request came within the time for it.
    Idle,
    /// The server is about to stop.
    Retired,
}

impl CloseReason {
    /// Whether the peer may be sending still. Closing at once would then reset the connection, and the reset can
    /// destroy the response before the peer has read it (RFC 9112, section 9.6).
    pub fn lingers(self) -> bool {
        matches!(self, Self::Rejected | Self::ContentRefused)
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PeerFinished => "the client has closed its side",
            Self::LastRequest => "the client asked for that, or speaks HTTP/1.0",
            Self::Rejected => "where the next request would begin is not known",
            Self::ContentRefused => "the content was not read",
            Self::Idle => "no request came in time",
            Self::Retired => "the server stops",
        })
    }
}

/// The state of a connection between two events.
#[derive(Debug, Default)]
pub struct Connection {
    receiving: Receiving,
    owed: Option<Owed>,
    /// The peer has closed its side.
    has_ended: bool,
    /// The response that is owed or comes next is the last.
    is_retiring: bool,
    /// A request that can't be lent out of the input.
    held: Option<Box<Held>>,
}

#[derive(Clone, Copy, Debug)]
enum Receiving {
    /// `scanned` bytes of the head hold no end of it.
    Head { scanned: u32, empty_lines: u8 },
    /// The head is held.
    Content,
    /// Nothing more is read.
    Finished(CloseReason),
}

impl Default for Receiving {
    fn default() -> Receiving {
        Receiving::Head { scanned: 0, empty_lines: 0 }
    }
}

/// The head of a request, and what is left of its content.
#[derive(Debug)]
struct Held {
    head: Box<[u8]>,
    framing: Framing,
}

/// A response that is owed, and what decides what comes after it.
#[derive(Debug)]
struct Owed {
    version: Version,
    is_head: bool,
    /// Why this is the last response, if it is.
    last: Option<CloseReason>,
}

impl Connection {
    /// Takes the next step. Bytes that are done with are taken off the front of `input`; what is left of it must be
    /// shown again at the next pull. After a request or a rejection comes [`Connection::respond`].
    pub fn step<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8], limits: &Limits) -> Step<'s> {
        debug_assert!(self.owed.is_none(), "a response is owed");
        match &mut self.receiving {
            Receiving::Finished(reason) => Step::Close(*reason),
            Receiving::Content => {
                let held = self.held.as_mut();
                match held.map_or(Ok(Progress::Complete), |held| held.framing.discard(input, limits.content_size)) {
                    Ok(Progress::Complete) => self.step_held(limits),
                    Ok(Progress::NeedBytes) if self.has_ended => self.reject(INCOMPLETE, RefusedHead::Part(&[])),
                    Ok(Progress::NeedBytes) => Step::NeedBytes(Awaiting::Content),
                    Err(rejection) => self.reject(rejection, RefusedHead::Part(&[])),
                }
            }
            Receiving::Head { scanned, empty_lines } => {
                while let [b'\r', b'\n', rest @ ..] = *input
                    && *empty_lines < EMPTY_LINES_MAX
                {
                    *input = rest;
                    *empty_lines += 1;
                    *scanned = 0;
                }
                // No further than the limit: what lies behind it must not matter, since it may not have come yet.
                let within = input.get(..limits.head_size).unwrap_or(input);
                // As a rule all of it has come, and its end is found by parsing it.
                if *scanned == 0
                    && !within.is_empty()
                    && let Ok((request, length)) = Request::parse_front(within, limits.fields)
                {
                    let head = input.split_off(..length).unwrap_or_default();
                    return self.step_parsed(request, head, input, limits);
                }
                match head::end(within, *scanned as usize) {
                    Ok(Some(length)) => {
                        let head = input.split_off(..length).unwrap_or_default();
                        self.step_head(head, input, limits)
                    }
                    Ok(None) if input.len() <= limits.head_size => {
                        // Where it does not fit, what was looked at is looked at again.
                        *scanned = u32::try_from(input.len()).unwrap_or(0);
                        self.step_incomplete(input)
                    }
                    Ok(None) => self.reject(head::too_long(within), RefusedHead::Part(within)),
                    Err(rejection) => self.reject(rejection, RefusedHead::Part(within)),
                }
            }
        }
    }

    /// Decides whether the connection is reused, and appends the head of the response that is owed. Returns whether
    /// the content follows it; not so after HEAD.
    pub fn respond(&mut self, response: &Response<'_>, preamble: &Preamble, out: &mut Vec<u8>) -> bool {
        let Some(Owed { version, is_head, last }) = self.owed.take() else { return false };
        self.held = None;
        let last = last.or(self.is_retiring.then_some(CloseReason::Retired));
        let connection = match (last, version) {
            (Some(reason), _) => {
                self.receiving = Receiving::Finished(reason);
                ConnectionField::Close
            }
            (None, Version::Http10) => ConnectionField::KeepAlive,
            (None, Version::Http11) => ConnectionField::Absent,
        };
        response.encode(preamble, connection, out);
        !is_head
    }

    /// Why nothing more is read, where that is so: what was appended last is the last response.
    pub fn finished(&self) -> Option<CloseReason> {
        match self.receiving {
            Receiving::Finished(reason) => Some(reason),
            Receiving::Head { .. } | Receiving::Content => None,
        }
    }

    /// Gives the request back that was pulled out last, and can't be answered yet: the next step pulls it out again.
    /// `before` is what the input was before that step. It becomes that again where the request was lent out of it.
    pub fn postpone<'i>(&mut self, input: &mut &'i [u8], before: &'i [u8]) {
        self.owed = None;
        match &mut self.held {
            None => *input = before,
            Some(held) => {
                // Its content has gone by, and does not come again.
                if held.framing != Framing::Withheld {
                    held.framing = Framing::None;
                }
                self.receiving = Receiving::Content;
            }
        }
    }

    /// The peer has closed its side: what it sent until now is all there will be.
    pub fn end_of_input(&mut self) {
        self.has_ended = true;
    }

    /// There is no room for this peer: it is told so, whatever it asks for.
    pub fn turn_away(&mut self) -> Step<'_> {
        let reason = "all connections are in use; try again in a moment";
        self.reject(Rejection::new(Status::ServiceUnavailable, reason), RefusedHead::Part(&[]))
    }

    /// The server wants to stop: the next response is the last. Where none is owed and no request has begun, there is
    /// nothing to wait for, which is for the caller to see to by [`Connection::expire`].
    pub fn retire(&mut self) {
        self.is_retiring = true;
    }

    /// The time for what is awaited is over. The next step says what becomes of the connection.
    pub fn expire<'a>(&'a mut self, unread: &'a [u8]) -> Step<'a> {
        let reason = match self.receiving {
            Receiving::Head { .. } if unread.is_empty() => {
                let reason = if self.is_retiring { CloseReason::Retired } else { CloseReason::Idle };
                self.receiving = Receiving::Finished(reason);
                return Step::Close(reason);
            }
            Receiving::Head { .. } => "the request head did not arrive in time",
            Receiving::Content => "the content did not arrive in time",
            Receiving::Finished(reason) => return Step::Close(reason),
        };
        self.reject(Rejection::new(Status::RequestTimeout, reason), RefusedHead::Part(unread))
    }

    /// The head is not complete, and all of it has been looked at.
    fn step_incomplete<'a>(&'a mut self, unread: &'a [u8]) -> Step<'a> {
        match (unread.first(), self.has_ended) {
            (None, true) => {
                self.receiving = Receiving::Finished(CloseReason::PeerFinished);
                Step::Close(CloseReason::PeerFinished)
            }
            (None, false) => Step::NeedBytes(Awaiting::Request),
            (Some(_), true) => self.reject(INCOMPLETE, RefusedHead::Part(unread)),
            (Some(_), false) => Step::NeedBytes(Awaiting::Head),
        }
    }

    /// The head is complete.
    fn step_head<'s, 'i: 's>(&'s mut self, head: &'i [u8], input: &mut &'i [u8], limits: &Limits) -> Step<'s> {
        let rejection = match Request::parse(head, limits.fields) {
            Ok(request) => return self.step_parsed(request, head, input, limits),
            Err(rejection) => rejection,
        };
        self.receiving = Receiving::default();
        // The version may be all that the parser minds.
        let Some(held) = as_http11(head) else { return self.reject(rejection, RefusedHead::Whole(head)) };
        match Request::parse(&held, limits.fields).and_then(|request| Framing::of(&request, limits.content_size)) {
            Ok(framing) => self.hold(held, framing, input, limits),
            Err(rejection) => self.reject(rejection, RefusedHead::Whole(head)),
        }
    }

    /// The head is that of a request. Without content, it is lent out of the input at once.
    fn step_parsed<'s, 'i: 's>(
        &'s mut self,
        request: Request<'i>,
        head: &'i [u8],
        input: &mut &'i [u8],
        limits: &Limits,
    ) -> Step<'s> {
        self.receiving = Receiving::default();
        match Framing::of(&request, limits.content_size) {
            Ok(framing @ (Framing::None | Framing::Withheld)) => {
                self.owed = Some(Owed::to(&request, &framing));
                Step::Request(request)
            }
            Ok(framing) => self.hold(head.into(), framing, input, limits),
            Err(rejection) => self.reject(rejection, RefusedHead::Whole(head)),
        }
    }

    /// Keeps the head until its content has gone by.
    fn hold<'s, 'i: 's>(
        &'s mut self,
        head: Box<[u8]>,
        framing: Framing,
        input: &mut &'i [u8],
        limits: &Limits,
    ) -> Step<'s> {
        self.held = Some(Box::new(Held { head, framing }));
        self.receiving = Receiving::Content;
        self.step(input, limits)
    }

    /// The content has gone by: lends the request out of the head that was held.
    fn step_held(&mut self, limits: &Limits) -> Step<'_> {
        self.receiving = Receiving::default();
        let (head, framing) = self.held.as_ref().map_or((&[][..], &Framing::None), |held| (&held.head, &held.framing));
        match Request::parse(head, limits.fields) {
            Ok(request) => {
                self.owed = Some(Owed::to(&request, framing));
                Step::Request(request)
            }
            // It was parsed before it was held, so this does not happen.
            Err(rejection) => {
                self.owed = Some(Owed::REJECTION);
                Step::Reject(rejection, RefusedHead::Whole(head))
            }
        }
    }

    /// Refuses what was received. `head` is what there is of the head, unless it is held.
    fn reject<'a>(&'a mut self, rejection: Rejection, head: RefusedHead<'a>) -> Step<'a> {
        let held = self.held.as_ref().filter(|_| matches!(self.receiving, Receiving::Content));
        let head = held.map_or(head, |held| RefusedHead::Whole(&held.head));
        self.owed = Some(Owed { is_head: head.bytes().starts_with(b"HEAD "), ..Owed::REJECTION });
        Step::Reject(rejection, head)
    }
}

impl Owed {
    const REJECTION: Owed = Owed { version: Version::Http11, is_head: false, last: Some(CloseReason::Rejected) };

    fn to(request: &Request<'_>, framing: &Framing) -> Owed {
        // What follows CONNECT is meant for the other end of a tunnel (RFC 9110, section 9.3.6).
        let last = if *framing == Framing::Withheld || request.method == request::Method::Connect {
            Some(CloseReason::ContentRefused)
        } else if request.is_persistent() {
            None
        } else {
            Some(CloseReason::LastRequest)
        };
        Owed { version: request.version, is_head: request.method == request::Method::Head, last }
    }
}

/// A head of HTTP/1.2 or above as one of HTTP/1.1, which it is served as.
fn as_http11(head: &[u8]) -> Option<Box<[u8]>> {
    let Some((at, b'1', b'2'..)) = request::version_of(head) else { return None };
    let mut copy = Box::<[u8]>::from(head);
    copy.iter_mut().skip(at).zip(b"HTTP/1.1").for_each(|(byte, known)| *byte = *known);
    Some(copy)
}

const INCOMPLETE: Rejection = Rejection::bad_request("the connection was closed before the request was complete");

#[cfg(test)]
mod tests;
