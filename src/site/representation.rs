//! What a URL gives: field lines that are encoded once, validators, and data. GET, HEAD, 206 and 304 select from it.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::rules::Rules;
use super::siblings::Siblings;
use crate::files::{File, Made, Metadata, ReadError, Reading, Timestamp};
use crate::http::{Coding, EntityTag, UnixSeconds, Validators, date};

/// Up to this size, in bytes, a file is sent from memory, beyond it by sendfile.
pub(super) const MEMORY_MAX: u64 = 256 * 1024;

/// A file younger than this may be written again within the tick of its clock: FAT counts in two seconds.
const SETTLED_SECONDS: i64 = 2;

/// What is chosen from by coding. Said of the content without one, too: a cache must not give it to who wants it small.
const VARY: &str = "Vary: Accept-Encoding\r\n";

/// The selected representation (RFC 9110, section 3.2).
#[derive(Debug)]
pub struct Representation {
    /// The lines of a 304 first, then those that describe the content, its coding, its type and its length last.
    lines: Vec<u8>,
    not_modified: usize,
    without_type: usize,
    without_length: usize,
    content_type: Cow<'static, str>,
    is_lasting: bool,
    /// When the file was last written; for what was made, nothing
    pub modified: Timestamp,
    /// The same in other codings, where there may be such files
    pub siblings: Option<Siblings>,
    /// What holds for the path that it was found by
    pub rules: Rc<Rules>,
    /// What it can be told from others by
    pub validators: Validators,
    /// Its content
    pub data: Data,
}

/// What is said of content, beyond what its bytes and its file say.
pub struct Described {
    /// Content-Type
    pub content_type: Cow<'static, str>,
    /// Content-Encoding
    pub coding: Option<Coding>,
    /// The files that may hold the same in other codings
    pub siblings: Option<Siblings>,
}

/// Where the content is.
#[derive(Clone, Debug)]
pub enum Data {
    /// In memory
    Memory(Rc<[u8]>),
    /// In memory, where another thread has made it
    Made(Arc<Made>),
    /// In a file, from which the kernel sends it
    File(Arc<File>),
}

impl Representation {
    /// Represents the file, whose description is asked for when it has been read: until then it may change. A small one
    /// is read, unless its content has been `fetched`.
    pub fn of(
        file: &Arc<File>,
        describe: impl FnOnce() -> Described,
        now: Timestamp,
        fetched: Option<&[u8]>,
        rules: Rc<Rules>,
    ) -> Result<Representation, ReadError> {
        let metadata = *file.metadata();
        let (data, mut entity_tag) = if metadata.size <= MEMORY_MAX {
            let bytes: Rc<[u8]> = match fetched {
                Some(bytes) => bytes.into(),
                None => file.read_to_end(Reading::Resident)?.into(),
            };
            // 128 bits of a hash: two contents do not meet, and every node finds the same.
            let opaque = format!("{:032x}", xxh3_128(&bytes));
            (Data::Memory(bytes), EntityTag { is_weak: false, opaque })
        } else {
            file.remember_end(Reading::Resident)?;
            (Data::File(Arc::clone(file)), tag_of_large(&metadata, now))
        };
        let described = describe();
        // A file and its sibling may have one time and one size.
        if let Some(coding) = described.coding {
            entity_tag.opaque += "-";
            entity_tag.opaque += coding.name();
        }
        let modified = metadata.modified.seconds;
        let is_memory = matches!(data, Data::Memory(_));
        // A time that was set by no clock is no date. For one that is to come Date stands (section 8.8.2.1).
        let last_modified = (modified > 1).then_some(modified.min(now.seconds));
        let validators = Validators { entity_tag, last_modified };
        // What stands for a time that is to come is true in this second alone, and a file that is young has a tag for a
        // young file.
        let is_lasting = modified <= now.seconds && (is_memory || is_settled(&metadata, now));

        let content = (data, metadata.size);
        let lines = [if described.is_negotiated() { VARY } else { "" }, ""];
        let modified = metadata.modified;
        let representation = Representation::new(content, described, validators, lines, is_lasting, rules);
        Ok(Representation { modified, ..representation })
    }

    /// Represents what was made of the content of a file, as which it lasts.
    pub fn of_encoding(
        made: &Made,
        described: Described,
        last_modified: Option<UnixSeconds>,
        rules: Rc<Rules>,
    ) -> Representation {
        let coding = described.coding.map_or("", Coding::name);
        // Of the bytes: another version of the compressor makes others.
        let entity_tag = EntityTag { is_weak: false, opaque: format!("{:032x}-{coding}", made.hash()) };
        let validators = Validators { entity_tag, last_modified };
        let content = (Data::Memory(made.bytes().into()), made.bytes().len() as u64);
        Representation::new(content, described, validators, [VARY, ""], true, rules)
    }

    /// Represents a page that was made for this moment. `lines` are its own: those that a 304 has too, and the others.
    pub fn of_page(page: Arc<Made>, content_type: &'static str, lines: [&str; 2], rules: Rc<Rules>) -> Representation {
        let entity_tag = EntityTag { is_weak: false, opaque: format!("{:032x}", page.hash()) };
        let validators = Validators { entity_tag, last_modified: None };
        let size = page.bytes().len() as u64;
        let described = Described { content_type: content_type.into(), coding: None, siblings: None };
        Representation::new((Data::Made(page), size), described, validators, lines, false, rules)
    }

    fn new(
        (data, size): (Data, u64),
        described: Described,
        validators: Validators,
        [varying, own]: [&str; 2],
        is_lasting: bool,
        rules: Rc<Rules>,
    ) -> Representation {
        let Described { content_type, coding, siblings } = described;
        let mut lines = format!("ETag: {}\r\n{varying}", validators.entity_tag.to_field());
        let not_modified = lines.len();
        if let Some(modified) = validators.last_modified {
            lines += &format!("Last-Modified: {}\r\n", date::format(modified));
        }
        lines += "Accept-Ranges: bytes\r\n";
        lines += own;
        let without_type = lines.len();
        if let Some(coding) = coding {
            lines += &format!("Content-Encoding: {}\r\n", coding.name());
        }
        lines += "Content-Type: ";
        lines += &content_type;
        lines += "\r\n";
        let without_length = lines.len();
        lines += &format!("Content-Length: {size}\r\n");
        Representation {
            lines: lines.into_bytes(),
            not_modified,
            without_type,
            without_length,
            content_type,
            is_lasting,
            modified: Timestamp::default(),
            siblings,
            rules,
            validators,
            data,
        }
    }

    /// The complete length, in bytes.
    pub fn len(&self) -> u64 {
        match &self.data {
            Data::Memory(bytes) => bytes.len() as u64,
            Data::Made(made) => made.bytes().len() as u64,
            Data::File(file) => file.metadata().size,
        }
    }

    /// Whether there is no content.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The field lines of a 200, its Content-Length among them.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// The field lines of a 206 of one part, which has a length of its own.
    pub fn lines_without_length(&self) -> &[u8] {
        self.lines.get(..self.without_length).unwrap_or_default()
    }

    /// The field lines of a 304: what a cache needs to update what it has (section 15.4.5).
    pub fn lines_not_modified(&self) -> &[u8] {
        self.lines.get(..self.not_modified).unwrap_or_default()
    }

    /// The field lines of a 206 of several parts, which has a type of its own.
    pub fn lines_without_type(&self) -> &[u8] {
        self.lines.get(..self.without_type).unwrap_or_default()
    }

    /// The lines of a part among several, which say what all of the content is.
    pub fn lines_of_type(&self) -> &[u8] {
        self.lines.get(self.without_type..self.without_length).unwrap_or_default()
    }

    /// The lines that say what the content is, and how long: of a response that is about something else.
    pub fn lines_of_content(&self) -> &[u8] {
        self.lines.get(self.without_type..).unwrap_or_default()
    }

    /// Whether it may be kept: nothing in it is true for a while only.
    pub fn is_lasting(&self) -> bool {
        self.is_lasting
    }

    /// Whether it holds a file open.
    pub fn holds_descriptor(&self) -> bool {
        matches!(self.data, Data::File(_))
    }

    /// The value of its Content-Type.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The memory that it takes, in bytes.
    pub fn memory(&self) -> usize {
        let data = match &self.data {
            Data::Memory(bytes) => bytes.len(),
            Data::Made(made) => made.bytes().len(),
            Data::File(_) => 0,
        };
        let siblings = self.siblings.as_ref().map_or(0, Siblings::memory);
        size_of::<Representation>() + self.lines.len() + siblings + data
    }
}

impl Described {
    /// Whether there may be several representations to choose from.
    fn is_negotiated(&self) -> bool {
        self.coding.is_some() || self.siblings.is_some()
    }
}

/// By time and size, for what is too large to be read for its tag. Weak, and with the time of the inode besides, where
/// the time of the content cannot tell two writes apart: while it is young, and where it was set rather than taken from
/// a clock, which leaves no whole second (archives, reproducible builds and coarse file systems do).
fn tag_of_large(metadata: &Metadata, now: Timestamp) -> EntityTag {
    let modified = metadata.modified;
    let is_telling = is_settled(metadata, now) && modified.seconds > 1 && modified.nanoseconds > 0;
    let mut opaque = format!("{:x}.{:x}-{:x}", modified.seconds, modified.nanoseconds, metadata.size);
    if !is_telling {
        let changed = metadata.identity.changed();
        opaque += &format!("-{:x}.{:x}", changed.seconds, changed.nanoseconds);
    }
    EntityTag { is_weak: !is_telling, opaque }
}

/// Whether the time of its content is past enough to tell it from what is written from now on.
fn is_settled(metadata: &Metadata, now: Timestamp) -> bool {
    metadata.modified.seconds < now.seconds.saturating_sub(SETTLED_SECONDS)
}
