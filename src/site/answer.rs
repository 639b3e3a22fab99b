//! An answer: the status, the field lines, and the content that follows, whole or in part.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::error_page::{Error, ErrorPage, RETRY};
use super::representation::{Data, Representation};
use super::rules::Rules;
use crate::files::{File, Made, Timestamp};
use crate::http::{ContentFields, Response, Status};

/// What a request is answered with.
#[derive(Debug)]
pub struct Answer {
    status: Status,
    rules: Rc<Rules>,
    lines: Lines,
    content: Content,
}

/// Field lines that were encoded for many answers, or for this one.
#[derive(Debug)]
enum Lines {
    Whole(Rc<Representation>),
    Part(Rc<Representation>),
    NotModified(Rc<Representation>),
    Error(Rc<ErrorPage>),
    StandIn(Rc<Representation>),
    Own(Vec<u8>),
    Fixed(&'static str),
}

/// The bytes behind the head.
#[derive(Clone, Debug)]
pub enum Content {
    /// None
    None,
    /// In one piece
    One(Segment),
    /// One segment after the other
    Many(Vec<Segment>),
}

/// Bytes in a row.
#[derive(Clone, Debug)]
pub enum Segment {
    /// A part of memory
    Memory(Rc<[u8]>, Range<usize>),
    /// A part of what another thread has made
    Made(Arc<Made>, Range<usize>),
    /// A part of a file
    File(Arc<File>, Range<u64>),
}

impl Answer {
    /// The whole representation: 200.
    pub fn whole(representation: Rc<Representation>, rules: Rc<Rules>) -> Answer {
        let content = Content::One(Segment::part(&representation, 0..representation.len()));
        Answer { status: Status::Ok, rules, lines: Lines::Whole(representation), content }
    }

    /// A part of it: 206.
    pub fn part(representation: Rc<Representation>, range: Range<u64>, rules: Rc<Rules>) -> Answer {
        let content = Content::One(Segment::part(&representation, range));
        Answer { status: Status::PartialContent, rules, lines: Lines::Part(representation), content }
    }

    /// Several parts of it: 206 as multipart/byteranges (section 14.6), the parts in the order of `ranges`.
    pub fn parts(representation: &Representation, ranges: &[Range<u64>], now: Timestamp, rules: Rc<Rules>) -> Answer {
        // Not to be found in the content, unless its author knew the hash of it and the second of this request.
        let tag = &representation.validators.entity_tag.opaque;
        let boundary = format!("{:032x}", xxh3_128(format!("{tag} {} {}", now.seconds, now.nanoseconds).as_bytes()));
        let complete_length = representation.len();
        let mut segments = Vec::with_capacity(2 * ranges.len() + 1);
        for range in ranges {
            // A line break before the first boundary too: there are readers that take it for granted.
            let (first, last) = (range.start, range.end.saturating_sub(1));
            let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
            head.extend_from_slice(representation.lines_of_type());
            head.extend_from_slice(format!("Content-Range: bytes {first}-{last}/{complete_length}\r\n\r\n").as_bytes());
            segments.push(Segment::text(head));
            segments.push(Segment::part(representation, range.clone()));
        }
        segments.push(Segment::text(format!("\r\n--{boundary}--\r\n").into_bytes()));
        let mut lines = representation.lines_without_type().to_vec();
        let content_type = format!("Content-Type: multipart/byteranges; boundary={boundary}\r\n");
        lines.extend_from_slice(content_type.as_bytes());
        Answer::with_lines(Status::PartialContent, lines, Content::Many(segments), rules)
    }

    /// What the peer has is still good: 304.
    pub fn not_modified(representation: Rc<Representation>, rules: Rc<Rules>) -> Answer {
        let lines = Lines::NotModified(representation);
        Answer { status: Status::NotModified, rules, lines, content: Content::None }
    }

    /// What went wrong.
    pub fn error(status: Status, page: Rc<ErrorPage>, rules: Rc<Rules>) -> Answer {
        let content = Content::shared(&page.text);
        Answer { status, rules, lines: Lines::Error(page), content }
    }

    /// What went wrong, with a file to say so.
    pub fn stand_in(error: &Error, vary: &str, page: Rc<Representation>, rules: Rc<Rules>) -> Answer {
        let content = Content::One(Segment::part(&page, 0..page.len()));
        let retry = if error.status == Status::ServiceUnavailable { RETRY } else { "" };
        if error.lines.is_empty() && retry.is_empty() && vary.is_empty() {
            return Answer { status: error.status, rules, lines: Lines::StandIn(page), content };
        }
        let lines = format!("{vary}{}{retry}Content-Type: {}\r\n", error.lines, page.content_type()).into_bytes();
        Answer::with_lines(error.status, lines, content, rules)
    }

    /// Lines that never change, and no content.
    pub fn fixed(status: Status, lines: &'static str, rules: Rc<Rules>) -> Answer {
        Answer { status, rules, lines: Lines::Fixed(lines), content: Content::None }
    }

    /// Lines of its own.
    pub fn with_lines(status: Status, lines: Vec<u8>, content: Content, rules: Rc<Rules>) -> Answer {
        Answer { status, rules, lines: Lines::Own(lines), content }
    }

    /// What holds for it.
    pub(super) fn rules(&self) -> &Rc<Rules> {
        &self.rules
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What the protocol has to know of it.
    pub fn response(&self) -> Response<'_> {
        let lines = match &self.lines {
            Lines::Whole(representation) => representation.lines(),
            Lines::Part(representation) => representation.lines_without_length(),
            Lines::NotModified(representation) => representation.lines_not_modified(),
            Lines::Error(page) => &page.lines,
            Lines::StandIn(page) => page.lines_of_content(),
            Lines::Own(lines) => lines,
            Lines::Fixed(lines) => lines.as_bytes(),
        };
        let content = match (&self.lines, &self.content) {
            _ if self.status.is_without_content() => ContentFields::None,
            (Lines::Whole(_) | Lines::Error(_) | Lines::StandIn(_), _) => ContentFields::None,
            (Lines::Part(whole), Content::One(part)) => {
                ContentFields::Part { range: part.range(), complete_length: whole.len() }
            }
            _ => ContentFields::Length(self.content.len()),
        };
        Response { status: self.status, lines, more: self.rules.lines(self.status), content }
    }

    /// The content.
    pub fn content(&self) -> &Content {
        &self.content
    }
}

impl Content {
    /// Memory as a whole.
    pub fn shared(bytes: &Rc<[u8]>) -> Content {
        Content::One(Segment::Memory(Rc::clone(bytes), 0..bytes.len()))
    }

    /// Its segments, in order.
    pub fn segments(&self) -> &[Segment] {
        match self {
            Content::None => &[],
            Content::One(segment) => std::slice::from_ref(segment),
            Content::Many(segments) => segments,
        }
    }

    /// How many bytes.
    pub fn len(&self) -> u64 {
        self.segments().iter().map(|segment| segment.range()).map(|range| range.end.saturating_sub(range.start)).sum()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Segment {
    /// Text that was made for this answer.
    fn text(text: Vec<u8>) -> Segment {
        let length = text.len();
        Segment::Memory(text.into(), 0..length)
    }

    fn part(representation: &Representation, range: Range<u64>) -> Segment {
        let within = |length: usize| {
            let at = |position| usize::try_from(position).unwrap_or(usize::MAX).min(length);
            at(range.start)..at(range.end)
        };
        match &representation.data {
            Data::Memory(bytes) => Segment::Memory(Rc::clone(bytes), within(bytes.len())),
            Data::Made(made) => Segment::Made(Arc::clone(made), within(made.bytes().len())),
            Data::File(file) => Segment::File(Arc::clone(file), range),
        }
    }

    /// Which bytes of the whole.
    fn range(&self) -> Range<u64> {
        match self {
            Segment::Memory(_, range) | Segment::Made(_, range) => range.start as u64..range.end as u64,
            Segment::File(_, range) => range.clone(),
        }
    }
}
