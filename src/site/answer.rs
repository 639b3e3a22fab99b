//! An answer: the status, the field lines, and the content that follows, whole or in part.

use std::ops::Range;
use std::rc::Rc;

use super::representation::{Data, Representation};
use crate::files::File;
use crate::http::{ContentFields, Response, Status};

/// What a request is answered with.
#[derive(Debug)]
pub struct Answer {
    status: Status,
    lines: Lines,
    content: Content,
    /// Content-Range, where the content is a part: the complete length.
    complete_length: Option<u64>,
}

/// Field lines that were encoded for many answers, or for this one.
#[derive(Debug)]
enum Lines {
    Whole(Rc<Representation>),
    NotModified(Rc<Representation>),
    Own(Vec<u8>),
    Fixed(&'static str),
}

/// The bytes behind the head.
#[derive(Clone, Debug)]
pub enum Content {
    /// None
    None,
    /// A part of memory
    Memory(Rc<[u8]>, Range<usize>),
    /// A part of a file
    File(Rc<File>, Range<u64>),
}

impl Answer {
    /// The whole representation: 200.
    pub fn whole(representation: Rc<Representation>) -> Answer {
        let content = Content::part(&representation, 0..representation.len());
        Answer { status: Status::Ok, lines: Lines::Whole(representation), content, complete_length: None }
    }

    /// A part of it: 206.
    pub fn part(representation: Rc<Representation>, range: Range<u64>) -> Answer {
        let complete_length = Some(representation.len());
        let content = Content::part(&representation, range);
        Answer { status: Status::PartialContent, lines: Lines::Whole(representation), content, complete_length }
    }

    /// What the peer has is still good: 304.
    pub fn not_modified(representation: Rc<Representation>) -> Answer {
        let lines = Lines::NotModified(representation);
        Answer { status: Status::NotModified, lines, content: Content::None, complete_length: None }
    }

    /// Lines that never change, and no content.
    pub fn fixed(status: Status, lines: &'static str) -> Answer {
        Answer { status, lines: Lines::Fixed(lines), content: Content::None, complete_length: None }
    }

    /// Lines of its own.
    pub fn with_lines(status: Status, lines: Vec<u8>, content: Content) -> Answer {
        Answer { status, lines: Lines::Own(lines), content, complete_length: None }
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What the protocol has to know of it.
    pub fn response(&self) -> Response<'_> {
        let lines = match &self.lines {
            Lines::Whole(representation) => representation.lines(),
            Lines::NotModified(representation) => representation.lines_not_modified(),
            Lines::Own(lines) => lines,
            Lines::Fixed(lines) => lines.as_bytes(),
        };
        let range = self.content.range();
        let content = match self.complete_length {
            _ if self.status.is_without_content() => ContentFields::None,
            Some(complete_length) => ContentFields::Part { range, complete_length },
            None => ContentFields::Length(range.end.saturating_sub(range.start)),
        };
        Response { status: self.status, lines, content }
    }

    /// The content.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The content, taken out.
    pub fn into_content(self) -> Content {
        self.content
    }
}

impl Content {
    fn part(representation: &Representation, range: Range<u64>) -> Content {
        match &representation.data {
            Data::File(file) => Content::File(Rc::clone(file), range),
            Data::Memory(bytes) => {
                let at = |position| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
                Content::Memory(Rc::clone(bytes), at(range.start)..at(range.end))
            }
        }
    }

    /// Which bytes of the complete content.
    fn range(&self) -> Range<u64> {
        match self {
            Content::None => 0..0,
            Content::Memory(_, range) => range.start as u64..range.end as u64,
            Content::File(_, range) => range.clone(),
        }
    }

    /// How many bytes.
    pub fn len(&self) -> u64 {
        let range = self.range();
        range.end.saturating_sub(range.start)
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
