//! One request, and whether what came back is what it must be: to the last byte, and of a version that was there.

use std::io::Read;
use std::ops::Range;
use std::sync::atomic::Ordering;

use flate2::read::MultiGzDecoder;

use crate::clients::Soak;
use crate::documents::Document;
use crate::known::Known;
use crate::random::Random;
use crate::wire::{Peer, Response};

/// A request that is about to be sent.
pub(crate) enum Asked<'a> {
    Document(Question<'a>),
    Known(&'a Known),
}

/// A request for a file.
pub(crate) struct Question<'a> {
    document: &'a Document,
    form: Form,
    /// The version that was there when the request was made: no older one is an answer.
    since: usize,
}

/// What is wanted of it.
enum Form {
    Whole,
    Head,
    /// These parts
    Ranges(Vec<Range<usize>>),
    /// These parts, where the tag is still right
    IfRange(Held, Vec<Range<usize>>),
    /// What is newer than this
    IfNoneMatch(Held),
    /// The whole, be it in gzip
    Coded,
}

/// A version that a client has.
#[derive(Clone)]
pub(crate) struct Held {
    tag: String,
    version: usize,
}

impl<'a> Asked<'a> {
    /// Any request. `held` is what the client has had last, and of what.
    pub(crate) fn any(soak: &'a Soak<'_>, held: Option<&(&'a Document, Held)>, random: &mut Random) -> Asked<'a> {
        let (form, document) = match (random.below(12), held) {
            (0, _) => return Asked::Known(soak.known.any_that_stays(random)),
            (1..=2, Some((document, held))) => (Form::IfNoneMatch(held.clone()), *document),
            (3, Some((document, held))) => (Form::IfRange(held.clone(), Vec::new()), *document),
            (1..=4, _) => (Form::Ranges(Vec::new()), soak.documents.any(random)),
            (6, _) => (Form::Coded, soak.documents.any(random)),
            (5, _) => (Form::Head, soak.documents.any(random)),
            _ => (Form::Whole, soak.documents.any(random)),
        };
        Asked::with(document, form, random)
    }

    /// A file as a whole.
    pub(crate) fn whole(document: &'a Document, random: &mut Random) -> Asked<'a> {
        Asked::with(document, Form::Whole, random)
    }

    fn with(document: &'a Document, form: Form, random: &mut Random) -> Asked<'a> {
        let since = document.published();
        let form = match form {
            Form::Ranges(_) => ranges(document.length(), random).map_or(Form::Whole, Form::Ranges),
            Form::IfRange(held, _) => match ranges(document.length(), random) {
                Some(ranges) => Form::IfRange(held, ranges),
                None => Form::Whole,
            },
            form => form,
        };
        Asked::Document(Question { document, form, since })
    }

    /// The bytes to send. `line` goes along with it: a field line, or nothing.
    pub(crate) fn bytes(&self, line: &str) -> Vec<u8> {
        let Question { document, form, .. } = match self {
            Asked::Document(question) => question,
            Asked::Known(known) => return known.bytes(),
        };
        let (method, own) = match form {
            Form::Whole => ("GET", String::new()),
            Form::Head => ("HEAD", String::new()),
            Form::Ranges(ranges) => ("GET", range_line(ranges)),
            Form::IfRange(held, ranges) => ("GET", format!("If-Range: {}\r\n{}", held.tag, range_line(ranges))),
            Form::Coded => ("GET", "Accept-Encoding: deflate, gzip\r\n".to_owned()),
            Form::IfNoneMatch(held) => ("GET", format!("If-None-Match: \"x\", {}\r\n", held.tag)),
        };
        let target = document.target;
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{own}{line}\r\n").into_bytes()
    }

    /// Receives the answer and checks it. Returns what the client has now, where that is a version as a whole.
    #[track_caller]
    pub(crate) fn check(&self, peer: &mut Peer, soak: &Soak<'a>) -> Option<(&'a Document, Held)> {
        let held = match self {
            Asked::Document(question) => question.check(peer, soak).map(|held| (question.document, held)),
            Asked::Known(known) => {
                known.assert_answered(peer);
                None
            }
        };
        soak.figures.answered();
        held
    }
}

impl Question<'_> {
    #[track_caller]
    fn check(&self, peer: &mut Peer, soak: &Soak<'_>) -> Option<Held> {
        let head = peer.head();
        let tag = head.field("ETag").unwrap_or_else(|| panic!("{} without a tag:\n{head}", self.document.target));
        let held = |version| Held { tag: tag.to_owned(), version };
        match (head.status(), &self.form) {
            (200, Form::Coded) if head.field("Content-Encoding") == Some("gzip") => {
                let mut coded = vec![0; head.content_length()];
                read_exact(peer, &mut coded);
                let mut content = Vec::new();
                MultiGzDecoder::new(&*coded).read_to_end(&mut content).unwrap();
                let version = self.version(content.len());
                assert!(content == *self.document.content(version), "{}: not these bytes", self.document.target);
                assert!(tag.ends_with("-gzip\""), "{head}");
                soak.figures.received(coded.len());
                soak.figures.coded.fetch_add(1, Ordering::Relaxed);
                None
            }
            (200, form) => {
                let version = self.version(head.field("Content-Length").unwrap().parse().unwrap());
                soak.documents.assert_tag(self.document, version, tag);
                match form {
                    Form::Head => return None,
                    Form::Ranges(_) => panic!("a part was asked for:\n{head}"),
                    Form::IfNoneMatch(had) | Form::IfRange(had, _) if had.version == version => {
                        let is_other = had.tag != tag && !self.document.has_one_tag();
                        // A weak tag is never the same for If-Range.
                        let is_weak = had.tag.starts_with("W/") && matches!(form, Form::IfRange(..));
                        assert!(is_other || is_weak, "{} has not changed:\n{head}", self.document.target);
                    }
                    Form::Whole | Form::Coded | Form::IfNoneMatch(_) | Form::IfRange(..) => {}
                }
                assert_bytes_follow(peer, &self.document.content(version), soak);
                Some(held(version))
            }
            (206, Form::Ranges(ranges) | Form::IfRange(_, ranges)) => {
                let version = match ranges.as_slice() {
                    [range] => self.check_part(peer, &head, range, soak),
                    ranges => self.check_parts(peer, &head, ranges, soak),
                };
                soak.documents.assert_tag(self.document, version, tag);
                if let Form::IfRange(had, _) = &self.form {
                    assert_eq!(had.version, version, "a part of another version than is held:\n{head}");
                }
                Some(held(version))
            }
            (304, Form::IfNoneMatch(had)) => {
                assert_eq!(tag, had.tag, "{head}");
                self.assert_was_there(had.version);
                Some(had.clone())
            }
            _ => panic!("{}: {head}", self.document.target),
        }
    }

    /// The version of that length, which must have been there between the request and its answer.
    #[track_caller]
    fn version(&self, length: usize) -> usize {
        let version = self.document.version_of(length);
        self.assert_was_there(version);
        version
    }

    #[track_caller]
    fn assert_was_there(&self, version: usize) {
        let there = self.since..=self.document.announced();
        assert!(there.contains(&version), "{}: version {version}, not one of {there:?}", self.document.target);
    }

    /// One part: its Content-Range and its bytes.
    #[track_caller]
    fn check_part(&self, peer: &mut Peer, head: &Response, range: &Range<usize>, soak: &Soak<'_>) -> usize {
        let (part, length) = content_range(head.field("Content-Range").expect("a Content-Range"));
        assert_eq!(&part, range, "{head}");
        assert_eq!(head.content_length(), part.len(), "{head}");
        let version = self.version(length);
        assert_bytes_follow(peer, &self.document.content(version)[part], soak);
        version
    }

    /// Several parts, each with a head of its own, in the order in which they were asked for.
    #[track_caller]
    fn check_parts(&self, peer: &mut Peer, head: &Response, ranges: &[Range<usize>], soak: &Soak<'_>) -> usize {
        let content_type = head.field("Content-Type").unwrap();
        let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").expect(content_type);
        let mut content = vec![0; head.content_length()];
        read_exact(peer, &mut content);
        soak.figures.received(content.len());
        let mut rest = content.as_slice();
        let mut version = None;
        for range in ranges {
            let end = crate::wire::find(rest, b"\r\n\r\n").expect("a part");
            let head = str::from_utf8(&rest[..end]).unwrap();
            assert!(head.starts_with(&format!("\r\n--{boundary}\r\nContent-Type: ")), "{head}");
            let (_, value) = head.split_once("\r\nContent-Range: ").expect(head);
            let (part, length) = content_range(value);
            assert_eq!(&part, range, "{head}");
            let of = self.version(length);
            assert_eq!(version.replace(of).unwrap_or(of), of, "parts of two versions");
            let (bytes, behind) = rest[end + 4..].split_at(range.len());
            assert!(bytes == &self.document.content(of)[part], "{}: not these bytes", self.document.target);
            rest = behind;
        }
        assert_eq!(rest, format!("\r\n--{boundary}--\r\n").as_bytes());
        version.unwrap()
    }
}

/// One range or a few, too far from each other to be joined, or none where there is no room for any.
fn ranges(length: usize, random: &mut Random) -> Option<Vec<Range<usize>>> {
    let count = [1, 1, 2, 3][random.below(4)];
    let share = length / count;
    if share < 500 {
        let first = random.below(length.max(1));
        let part = first..first + 1 + random.below(length.saturating_sub(first).max(1));
        return (length > 0).then(|| vec![part]);
    }
    let mut ranges: Vec<Range<usize>> = (0..count)
        .map(|number| {
            let start = number * share + random.below(share - 200);
            start..start + 1 + random.below((number + 1) * share - 100 - start)
        })
        .collect();
    if random.below(2) == 0 {
        ranges.reverse();
    }
    Some(ranges)
}

fn range_line(ranges: &[Range<usize>]) -> String {
    let specs: Vec<_> = ranges.iter().map(|range| format!("{}-{}", range.start, range.end - 1)).collect();
    format!("Range: bytes={}\r\n", specs.join(", "))
}

/// The range and the complete length.
#[track_caller]
fn content_range(value: &str) -> (Range<usize>, usize) {
    let parse = || {
        let (range, complete) = value.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse().ok()?..last.parse::<usize>().ok()? + 1, complete.parse().ok()?))
    };
    parse().unwrap_or_else(|| panic!("Content-Range: {value}"))
}

/// The next bytes are these.
#[track_caller]
fn assert_bytes_follow(peer: &mut Peer, expected: &[u8], soak: &Soak<'_>) {
    let mut buffer = vec![0; expected.len().min(1 << 16)];
    for expected in expected.chunks(1 << 16) {
        let buffer = &mut buffer[..expected.len()];
        read_exact(peer, buffer);
        assert!(buffer == expected, "other bytes than are in the file");
    }
    soak.figures.received(expected.len());
}

#[track_caller]
pub(crate) fn read_exact(peer: &mut Peer, mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        match peer.read(buffer) {
            Ok(0) => panic!("cut {} bytes before the end", buffer.len()),
            Ok(length) => buffer = &mut buffer[length..],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}, {} bytes before the end", buffer.len()),
        }
    }
}
