//! Files in a smaller coding where there is none beside them: made once, by a thread that has the lowest priority, and
//! kept in memory as files are. Nobody waits for one: until it is there, the file is sent as it is.
//!
//! gzip alone, which every client knows that knows any. At its best, Brotli makes a fifth less of it, but takes eighty
//! times as long, 30 MiB meanwhile, and would make this program a third larger; who wants it puts a sibling there.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::cache::{Cache, Known};
use super::representation::{Described, Representation};
use super::rules::Rules;
use super::select::Site;
use super::siblings::Siblings;
use crate::files::{Chore, Fetch, File, Identity, Made, Opened, ReadError, Reading, Timestamp};
use crate::http::{Coding, UnixSeconds};

/// The coding that is made.
pub(super) const MADE: Coding = Coding::Gzip;

/// Level 6 of 9: those above it take longer and save a tenth of a percent.
const LEVEL: Compression = Compression::new(6);

/// What is smaller, in bytes, fits into a packet or two in any case.
const BYTES_MIN: u64 = 1024;

/// What is larger, in bytes, takes a second to encode and as much memory as this meanwhile.
const BYTES_MAX: u64 = 8 << 20;

/// An encoding has to be smaller by one part in so many to be worth its memory.
const SAVED_PART: usize = 16;

/// So many are remembered to be made, each site. What is asked for beyond them is remembered when it is asked for
/// again.
const WANTED_MAX: usize = 256;

/// The difference to the priority of those who serve. There is no lower one (setpriority(2)).
const NICENESS: i32 = 19;

const STACK_BYTES: usize = 128 * 1024;

/// How long the clock of a file may take to move on.
const SETTLING: Duration = Duration::from_millis(25);

/// What is to be encoded of a site, in the order in which it was asked for.
#[derive(Debug, Default)]
pub(super) struct Encodings {
    wanted: VecDeque<Wanted>,
}

/// A file in one state, of which there is to be an encoding.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The number of its site
    site: usize,
    /// Below the root
    file: Box<[u8]>,
    identity: Identity,
    content_type: Cow<'static, str>,
    last_modified: Option<UnixSeconds>,
    rules: Rc<Rules>,
}

/// To read a file and encode it.
#[derive(Debug)]
struct Encode {
    file: Arc<File>,
}

impl Site {
    /// What has been made of a file that has just been looked at. Where nothing has, it will be, if it is worth it.
    pub(super) fn find_encoding(
        &mut self,
        plain: &Representation,
        siblings: &Siblings,
        cache: &mut Cache,
        now: Timestamp,
    ) -> Option<Rc<Representation>> {
        let Siblings { file, identity, is_redundant: true, .. } = siblings else { return None };
        if !(BYTES_MIN..=BYTES_MAX).contains(&plain.len()) {
            return None;
        }
        let mut key = mem::take(&mut self.key);
        write_key(&mut key, file);
        // It is an encoding of the file in this state, and the file is in this state now.
        let known = cache.find(self.number, &key, now, |_, _| Ok(*identity));
        self.key = key;
        match known {
            Some(Known::Representation(encoding)) => Some(encoding),
            // It would not be much smaller.
            Some(Known::Missing) => None,
            None => {
                if identity.modified() <= now && cache.has_room_for(plain.len()) {
                    self.want_encoding(plain, siblings);
                }
                None
            }
        }
    }

    fn want_encoding(&mut self, plain: &Representation, siblings: &Siblings) {
        let Siblings { file, identity, .. } = siblings;
        let wanted = &mut self.encodings.wanted;
        if wanted.len() < WANTED_MAX && !wanted.iter().any(|wanted| wanted.file == *file) {
            wanted.push_back(Wanted {
                site: self.number,
                file: file.clone(),
                identity: *identity,
                content_type: plain.content_type().to_owned().into(),
                last_modified: plain.validators.last_modified,
                rules: Rc::clone(&plain.rules),
            });
        }
    }

    /// The next one that is wanted, if its file is still what it was.
    pub(super) fn begin_encoding(&mut self) -> Option<(Wanted, Fetch)> {
        loop {
            let wanted = self.encodings.wanted.pop_front()?;
            if let Ok(Opened::File(file)) = self.root.open_beneath(&wanted.file)
                && file.metadata().identity == wanted.identity
            {
                return Some((wanted, Fetch::Chore(Arc::new(Encode { file }))));
            }
        }
    }
}

impl Wanted {
    /// Keeps what was made, or that it is not worth it. What could not be read is tried again when it is asked for
    /// again.
    pub(super) fn keep(self, outcome: &Result<Arc<Made>, ReadError>, cache: &mut Cache, now: Timestamp) {
        let known = match outcome {
            Ok(made) if made.bytes().is_empty() => Known::Missing,
            Ok(made) => {
                let described = Described { content_type: self.content_type, coding: Some(MADE), siblings: None };
                let encoding = Representation::of_encoding(made, described, self.last_modified, self.rules);
                Known::Representation(Rc::new(encoding))
            }
            Err(_) => return,
        };
        let mut key = Vec::new();
        write_key(&mut key, &self.file);
        cache.keep(self.site, &key, &self.file, Some(self.identity), known, now);
    }
}

/// By what an encoding is known, which is no path of a request and nothing that a sibling is known by.
fn write_key(key: &mut Vec<u8>, file: &[u8]) {
    key.clear();
    key.extend_from_slice(file);
    key.extend_from_slice(b"//made");
}

impl Chore for Encode {
    fn key(&self) -> &[u8] {
        // There is one at a time, and no list of a directory is known by this.
        b"encoding"
    }

    fn place(&self) -> (u64, u64) {
        self.file.metadata().identity.place()
    }

    /// The encoding, or nothing where it would not be much smaller. Nobody waits for it, so that nobody who has gone is
    /// a reason not to end it.
    fn run(&self, _is_wanted: &dyn Fn() -> bool) -> Result<Vec<u8>, ReadError> {
        let encode = || {
            // Where that is not allowed, the priority of all others will do.
            let _ = rustix::process::nice(NICENESS);
            self.encode()
        };
        let builder = thread::Builder::new().name("encode".to_owned()).stack_size(STACK_BYTES);
        // A thread that has been given a lower priority does not get back what it had.
        thread::scope(|scope| {
            let encoder = builder.spawn_scoped(scope, encode)?;
            encoder.join().unwrap_or_else(|_| Err(io::Error::other("the encoder failed").into()))
        })
    }
}

impl Encode {
    fn encode(&self) -> Result<Vec<u8>, ReadError> {
        let metadata = self.file.metadata();
        if !metadata.identity.is_settled(Timestamp::from(SystemTime::now())) {
            thread::sleep(SETTLING);
            if !metadata.identity.is_settled(Timestamp::from(SystemTime::now())) {
                return Err(ReadError::Changed);
            }
        }
        let content = self.file.read_to_end(Reading::Any)?;
        let worth = content.len() - content.len() / SAVED_PART;
        let mut encoder = GzEncoder::new(Vec::new(), LEVEL);
        encoder.write_all(&content)?;
        let encoding = encoder.finish()?;
        Ok(if encoding.len() <= worth { encoding } else { Vec::new() })
    }
}
