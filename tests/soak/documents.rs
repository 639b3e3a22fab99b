//! Files whose every byte is known from their name and version. Some are replaced by a next version over and over, by a
//! rename each time, so that whoever opens one has a version as a whole. The length tells the version.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::xxh3_128;

use crate::random::Random;

/// Up to this size, in bytes, the tag of a file is a hash of its content.
const HASHED_MAX: usize = 256 * 1024;

/// Versions of a file that are kept at hand: who is slow may get an old one.
const RECENT_MAX: usize = 8;

/// One file.
pub(crate) struct Document {
    pub(crate) target: &'static str,
    /// What its content is made of, together with the version
    seed: u64,
    /// The length of its version 0. Each version is a byte longer than the one before.
    base: usize,
    is_changing: bool,
    recent: Mutex<VecDeque<(usize, Arc<[u8]>)>>,
    /// The version that is there, or is just about to be
    announced: AtomicUsize,
    /// The version that is there, or has been before the one that is
    published: AtomicUsize,
}

/// All files, and which version each large one's tags have stood for.
pub(crate) struct Documents {
    all: Vec<Document>,
    root: PathBuf,
    tags: Mutex<HashMap<String, (&'static str, usize)>>,
}

/// Sizes about which something changes: nothing, a segment that is copied, one that is shared, one that is sent by the
/// kernel, more than one client's share of a turn, more than a socket holds.
const FIXED: &[(&str, usize)] = &[
    ("/empty.bin", 0),
    ("/one.txt", 1),
    ("/page.html", 1000),
    ("/copied.css", 4096),
    ("/shared.js", 4097),
    ("/picture.png", 70_000),
    ("/memory.bin", HASHED_MAX),
    ("/file.bin", HASHED_MAX + 1),
    ("/dir/share.bin", 1 << 20),
    ("/dir/large.bin", (8 << 20) + 7),
];

const CHANGING: &[(&str, usize)] =
    &[("/changing/small.html", 1500), ("/changing/middle.js", 100_000), ("/changing/large.bin", 400_000)];

impl Documents {
    /// Writes version 0 of all of them below `root`.
    pub(crate) fn write(root: &Path) -> Documents {
        let fixed = FIXED.iter().map(|file| (file, false));
        let changing = CHANGING.iter().map(|file| (file, true));
        let document = |(number, (&(target, base), is_changing))| Document {
            target,
            seed: (number as u64) << 40,
            base,
            is_changing,
            recent: Mutex::default(),
            announced: AtomicUsize::new(0),
            published: AtomicUsize::new(0),
        };
        let all = fixed.chain(changing).enumerate().map(document).collect();
        let documents = Documents { all, root: root.to_owned(), tags: Mutex::default() };
        for document in &documents.all {
            documents.put(document, 0, Time::Past);
        }
        documents
    }

    pub(crate) fn any(&self, random: &mut Random) -> &Document {
        &self.all[random.below(self.all.len())]
    }

    /// One of those that the kernel sends, and that are not sent at once.
    pub(crate) fn any_large(&self, random: &mut Random) -> &Document {
        let large: Vec<_> = self.all.iter().filter(|it| it.base > HASHED_MAX).collect();
        large[random.below(large.len())]
    }

    /// Replaces those that change, over and over, until it is told to stop. Returns how often.
    pub(crate) fn change(&self, stop: &AtomicBool) -> usize {
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            for document in self.all.iter().filter(|it| it.is_changing) {
                let version = document.published.load(Ordering::SeqCst) + 1;
                // Files come from an archive, too, with the times that they have there.
                self.put(document, version, if version % 2 == 0 { Time::Past } else { Time::Now });
                count += 1;
            }
            thread::sleep(Duration::from_millis(10)); // the pace of it, not a wait
        }
        count
    }

    fn put(&self, document: &Document, version: usize, time: Time) {
        let path = self.root.join(&document.target[1..]);
        let next = self.root.with_file_name("next");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&next, document.content(version)).unwrap();
        if let Time::Past = time {
            // Settled, and of a clock: a tag of time and size is a strong one.
            let modified = SystemTime::UNIX_EPOCH + Duration::new(784_111_777 + version as u64, 123_456_789);
            File::options()
                .write(true)
                .open(&next)
                .unwrap()
                .set_times(FileTimes::new().set_modified(modified))
                .unwrap();
        }
        document.announced.store(version, Ordering::SeqCst);
        fs::rename(&next, &path).unwrap();
        document.published.store(version, Ordering::SeqCst);
    }

    /// Fails where this tag is not the one of that version: a hash of it, or one that has never stood for another.
    #[track_caller]
    pub(crate) fn assert_tag(&self, document: &Document, version: usize, tag: &str) {
        let content = document.content(version);
        if content.len() <= HASHED_MAX {
            assert_eq!(tag, format!("\"{:032x}\"", xxh3_128(&content)), "{}, version {version}", document.target);
            return;
        }
        let mut tags = self.tags.lock().unwrap();
        let of = *tags.entry(tag.to_owned()).or_insert((document.target, version));
        assert_eq!(of, (document.target, version), "{tag} stands for both");
    }
}

/// When a file was modified, as far as its metadata say.
enum Time {
    Now,
    Past,
}

impl Document {
    /// The bytes of a version.
    pub(crate) fn content(&self, version: usize) -> Arc<[u8]> {
        let mut recent = self.recent.lock().unwrap();
        if let Some((_, content)) = recent.iter().find(|(it, _)| *it == version) {
            return Arc::clone(content);
        }
        let length = self.base + version;
        let mut random = Random::new(self.seed + version as u64);
        let words = std::iter::repeat_with(|| random.next().to_le_bytes());
        // Of text there are few letters, so that it is worth a content coding.
        let is_text = [".html", ".css", ".js"].iter().any(|extension| self.target.ends_with(extension));
        let letter = |byte| if is_text { b'a' + byte % 16 } else { byte };
        let content: Vec<u8> = words.take(length.div_ceil(8)).flatten().take(length).map(letter).collect();
        recent.push_back((version, content.into()));
        if recent.len() > RECENT_MAX {
            recent.pop_front();
        }
        Arc::clone(&recent.back().unwrap().1)
    }

    /// The version of this length.
    #[track_caller]
    pub(crate) fn version_of(&self, length: usize) -> usize {
        length.checked_sub(self.base).unwrap_or_else(|| panic!("{} never had {length} bytes", self.target))
    }

    /// A length that it has by now, or had a moment ago.
    pub(crate) fn length(&self) -> usize {
        self.base + self.published()
    }

    /// No older version than this is there.
    pub(crate) fn published(&self) -> usize {
        self.published.load(Ordering::SeqCst)
    }

    /// No newer version than this is there.
    pub(crate) fn announced(&self) -> usize {
        self.announced.load(Ordering::SeqCst)
    }

    /// Whether a version has one tag for as long as it is there: the tag of a large one that is young is another.
    pub(crate) fn has_one_tag(&self) -> bool {
        !self.is_changing || self.base <= HASHED_MAX
    }
}
