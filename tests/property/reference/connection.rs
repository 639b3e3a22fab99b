//! A connection (RFC 9112, section 9) of which all bytes lie there: what is asked, refused and closed, in order.

use super::chunked::{self, Message};
use super::find;
use super::head::{self, Asked, Content, Limits, Statuses};
use super::target::Target;

/// Empty lines before a request.
const EMPTY_LINES_MAX: usize = 4;

/// What happens on a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A request, and where the next one starts
    Asked(Box<Asked>, usize),
    /// A refusal with one of these statuses, and whether it has content
    Refused(Statuses, bool),
    /// The end, by the name of its reason
    Closed(&'static str),
}

/// What the peer's bytes, and the end of its side after them, lead to.
pub(crate) fn read(input: &[u8], limits: &Limits) -> Vec<Event> {
    let mut events = Vec::new();
    let mut at = 0;
    loop {
        for _ in 0..EMPTY_LINES_MAX {
            at += if input[at..].starts_with(b"\r\n") { 2 } else { 0 };
        }
        let rest = &input[at..];
        if rest.is_empty() {
            events.push(Event::Closed("PeerFinished"));
            return events;
        }
        let (asked, length) = match first_head(rest, limits).and_then(|h| Ok((head::read(h, limits)?, h.len()))) {
            Ok(found) => found,
            Err(statuses) => return refused(events, statuses, rest),
        };
        let body = &rest[length..];
        let length = match asked.content {
            Content::None | Content::Withheld => length,
            Content::Length(size) if (body.len() as u64) < size => return refused(events, [400].into(), rest),
            Content::Length(size) => length + size as usize,
            Content::Chunked => match chunked::message(body, limits.content_size) {
                Message::Complete(size) => length + size,
                Message::NeedBytes | Message::Malformed => return refused(events, [400].into(), rest),
                Message::TooLarge => return refused(events, [413].into(), rest),
            },
        };
        at += length;
        let last = match asked {
            Asked { content: Content::Withheld, .. } => Some("ContentRefused"),
            // What follows is for the other end of a tunnel.
            Asked { target: Target::Authority, .. } => Some("ContentRefused"),
            Asked { is_persistent: false, .. } => Some("LastRequest"),
            _ => None,
        };
        events.push(Event::Asked(Box::new(asked), at));
        if let Some(reason) = last {
            events.push(Event::Closed(reason));
            return events;
        }
    }
}

fn refused(mut events: Vec<Event>, statuses: Statuses, rest: &[u8]) -> Vec<Event> {
    // The response to HEAD has no content, whatever its status.
    events.push(Event::Refused(statuses, !rest.starts_with(b"HEAD ")));
    events.push(Event::Closed("Rejected"));
    events
}

/// The head that starts here, with its empty line, or the statuses of what keeps it from being one.
fn first_head<'a>(rest: &'a [u8], limits: &Limits) -> Result<&'a [u8], Statuses> {
    let window = &rest[..rest.len().min(limits.head_size)];
    let end = find(window, b"\r\n\r\n").map(|at| at + 4);
    let within = &window[..end.unwrap_or(window.len())];
    let has_stray = (0..within.len()).any(|at| match within[at] {
        b'\r' => within.get(at + 1).is_some_and(|next| *next != b'\n'),
        b'\n' => at == 0 || within[at - 1] != b'\r',
        _ => false,
    });
    match end {
        Some(end) if !has_stray && rest[0].is_ascii_graphic() => Ok(&rest[..end]),
        Some(_) => Err([400].into()),
        None if rest.len() <= limits.head_size || has_stray => Err([400].into()),
        None => {
            let target = window.split(|byte| *byte == b'\r').next().and_then(|line| line.split(|b| *b == b' ').nth(1));
            let is_long = target.is_some_and(|target| target.len() > 8192);
            // Where not even the request line fits, either its method or its target is to blame.
            let status = match (window.contains(&b'\r'), target) {
                (false, None) => 501,
                (false, Some(_)) => 414,
                (true, _) if is_long => 414,
                (true, _) => 431,
            };
            let garbage = (!rest[0].is_ascii_graphic()).then_some(400);
            Err(garbage.into_iter().chain([status]).collect())
        }
    }
}
