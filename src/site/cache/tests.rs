//! What is found, what is not, and what leaves.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::Scrutiny::{Beneath, ByName};
use super::*;
use crate::config;
use crate::files::{Opened, Root, Symlinks};
use crate::site::representation::{Described, MEMORY_MAX};
use crate::site::rules::Rules;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("webserv-cache-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    /// Writes a file and represents it, as if an hour had passed.
    fn represent(&self, name: &str, content: &str) -> (Identity, Known) {
        fs::write(self.0.join(name), content).unwrap();
        let Ok(Opened::File(file)) = Root::open(&self.0, Symlinks::Inside).unwrap().open_beneath(name.as_bytes())
        else {
            panic!()
        };
        let identity = file.metadata().identity;
        let rules = Rc::new(Rules::of(&config::Rules::default()));
        let content = Some(content.as_bytes());
        let described = Described { content_type: "text/plain".into(), coding: None, siblings: None };
        let representation = Representation::of(&file, || described, later(), content, rules).unwrap();
        assert!(representation.is_lasting());
        (identity, Known::Representation(Rc::new(representation)))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn later() -> Timestamp {
    let now = Timestamp::from(std::time::SystemTime::now());
    Timestamp { seconds: now.seconds + 3600, ..now }
}

impl Cache {
    fn put(&mut self, path: &str, (identity, known): &(Identity, Known)) {
        self.keep(0, path.as_bytes(), path.as_bytes(), Some(*identity), known.clone(), later());
    }

    /// Whether there is something in a new round, if the file has this identity.
    fn holds(&mut self, path: &str, identity: Identity) -> bool {
        self.begin_round();
        self.find(0, path.as_bytes(), later(), |_, _| Ok(identity)).is_some()
    }

    fn bytes_of(&self, path: &str) -> usize {
        self.sites[0][path.as_bytes()].bytes
    }

    fn check(&self) {
        let entries = || self.sites.iter().flat_map(|entries| entries.values());
        assert_eq!(self.bytes, entries().map(|entry| entry.bytes).sum::<usize>());
        assert_eq!(self.small_bytes, entries().filter(|entry| !entry.is_main).map(|entry| entry.bytes).sum::<usize>());
        assert_eq!(self.small.len() + self.main.len(), entries().count());
        assert!(self.bytes <= self.bytes_max);
        assert!(entries().filter(|entry| entry.holds_descriptor()).count() <= self.descriptors_max);
    }
}

#[test]
fn what_has_changed_is_not_found() {
    let directory = Directory::new("changed");
    let mut cache = Cache::new(2, 100_000, 9);
    let one = directory.represent("a", "one");
    cache.put("a", &one);
    assert!(cache.holds("a", one.0));
    assert!(!cache.holds("b", one.0));
    assert!(cache.find(1, b"a", later(), |_, _| Ok(one.0)).is_none());
    let (other, _) = directory.represent("b", "two");
    assert!(!cache.holds("a", other));
    // What turned out not to be true is not believed again.
    assert!(!cache.holds("a", one.0));
    cache.put("a", &one);
    cache.begin_round();
    assert!(cache.find(0, b"a", later(), |_, _| Err(ErrorKind::NotFound.into())).is_none());
    cache.check();
}

#[test]
fn one_look_is_enough_for_a_round() {
    let directory = Directory::new("round");
    let mut cache = Cache::new(1, 100_000, 9);
    let one = directory.represent("a", "one");
    cache.put("a", &one);
    let mut looks = 0;
    for _ in 0..3 {
        cache.begin_round();
        for _ in 0..5 {
            let mut look = |file: &[u8], _| {
                assert_eq!(file, b"a");
                looks += 1;
                Ok(one.0)
            };
            assert!(cache.find(0, b"a", later(), &mut look).is_some());
        }
    }
    assert_eq!(looks, 3);
}

#[test]
fn a_closer_look_is_taken_once_in_a_while() {
    let directory = Directory::new("closer");
    let mut cache = Cache::new(1, 100_000, 9);
    let one = directory.represent("a", "one");
    cache.put("a", &one);
    let start = later();
    let mut looks = Vec::new();
    // A clock that was set back tells nothing.
    for passed in [0, 9, 10, 10, 19, 20, 15] {
        cache.begin_round();
        let now = Timestamp { seconds: start.seconds + passed, ..start };
        assert!(
            cache
                .find(0, b"a", now, |_, scrutiny| {
                    looks.push(scrutiny);
                    Ok(one.0)
                })
                .is_some()
        );
    }
    assert_eq!(looks, [ByName, ByName, Beneath, ByName, ByName, Beneath, Beneath]);
    cache.begin_round();
    let now = Timestamp { seconds: start.seconds + 40, ..start };
    assert!(cache.find(0, b"a", now, |_, _| Err(ErrorKind::Other.into())).is_none());
}

#[test]
fn what_is_missing_is_known_until_it_is_there() {
    let directory = Directory::new("missing");
    let mut cache = Cache::new(1, 100_000, 9);
    cache.keep(0, b"a", b"a", None, Known::Missing, later());
    for kind in [ErrorKind::NotFound, ErrorKind::NotADirectory] {
        cache.begin_round();
        assert!(matches!(cache.find(0, b"a", later(), |_, _| Err(kind.into())), Some(Known::Missing)));
    }
    cache.begin_round();
    assert!(cache.find(0, b"a", later(), |_, _| Err(ErrorKind::PermissionDenied.into())).is_none());
    cache.keep(0, b"a", b"a", None, Known::Missing, later());
    let (identity, _) = directory.represent("a", "one");
    assert!(!cache.holds("a", identity));
    cache.check();
}

#[test]
fn no_time_is_later_than_now() {
    let directory = Directory::new("clock");
    let mut cache = Cache::new(1, 100_000, 9);
    let one = directory.represent("a", "one");
    cache.put("a", &one);
    let modified = one.0.changed();
    for (seconds, is_found) in [(0, true), (-1, false), (1, true)] {
        let now = Timestamp { seconds: modified.seconds + seconds, ..modified };
        assert_eq!(cache.find(0, b"a", now, |_, _| Ok(one.0)).is_some(), is_found, "{seconds}");
    }
}

#[test]
fn what_has_not_settled_is_not_kept() {
    let directory = Directory::new("settled");
    let mut cache = Cache::new(1, 100_000, 9);
    let (identity, known) = directory.represent("a", "one");
    let at = identity.changed();
    cache.keep(0, b"a", b"a", Some(identity), known.clone(), at);
    assert!(!cache.holds("a", identity));
    cache.keep(0, b"a", b"a", Some(identity), known, Timestamp { seconds: at.seconds + 1, ..at });
    assert!(cache.holds("a", identity));
}

#[test]
fn memory_is_bounded_and_what_is_used_stays() {
    let directory = Directory::new("bounded");
    let file = directory.represent("a", &"x".repeat(1000));
    let mut cache = Cache::new(1, 1_000_000, 9);
    cache.put("00", &file);
    let size = cache.bytes_of("00");
    let mut cache = Cache::new(1, size * 10, 9);
    for number in 10..60 {
        cache.put(&number.to_string(), &file);
        assert!(cache.holds("10", file.0), "{number}");
        cache.check();
    }
    // Kept again, an entry is counted once.
    cache.put("10", &file);
    cache.check();
    let large = directory.represent("b", &"x".repeat(12_000));
    cache.put("large", &large);
    assert!(!cache.holds("large", large.0));
    // It may become larger and smaller.
    let twice = directory.represent("c", &"x".repeat(2500));
    for file in [&twice, &file, &twice] {
        cache.put("10", file);
        assert!(cache.holds("10", file.0));
        cache.check();
    }
}

#[test]
fn a_walk_through_a_tree_passes_by_what_is_in_use() {
    let directory = Directory::new("walk");
    let file = directory.represent("a", &"x".repeat(1000));
    let mut cache = Cache::new(1, 1_000_000, 9);
    cache.put("00000", &file);
    let mut cache = Cache::new(1, cache.bytes_of("00000") * 100, 9);
    let hot: Vec<String> = (0..50).map(|number| format!("hot{number:02}")).collect();
    for _ in 0..2 {
        for name in &hot {
            if !cache.holds(name, file.0) {
                cache.put(name, &file);
            }
        }
    }
    // Ten thousand files, each asked for once; a file in use is asked for far more rarely than those go by.
    let mut found = 0;
    let mut asked = 0;
    for number in 0..10_000 {
        cache.put(&format!("{number:05}"), &file);
        if number % 20 == 0 {
            asked += 1;
            found += usize::from(cache.holds(&hot[number / 20 % hot.len()], file.0));
        }
        cache.check();
    }
    assert_eq!(found, asked);
    // Who is asked for a second time soon after it had to leave is not turned away again.
    cache.put("09890", &file);
    for number in 10_000..10_050 {
        cache.put(&format!("{number:05}"), &file);
    }
    assert!(cache.holds("09890", file.0));
}

#[test]
fn descriptors_are_bounded_and_closed_when_unused() {
    let directory = Directory::new("descriptors");
    let file = directory.represent("a", &"x".repeat(usize::try_from(MEMORY_MAX).unwrap() + 1));
    let mut cache = Cache::new(1, 1_000_000, 3);
    for number in 0..10 {
        cache.put(&number.to_string(), &file);
        cache.check();
    }
    let held: Vec<bool> = (0..10).map(|number| cache.holds(&number.to_string(), file.0)).collect();
    assert_eq!(held, [[false; 7].as_slice(), &[true; 3]].concat());
    let (at, later) = (later(), |seconds| Timestamp { seconds: later().seconds + seconds, ..later() });
    cache.close_unused(at);
    assert!(cache.holds_descriptors());
    cache.begin_round();
    assert!(cache.find(0, b"9", later(DESCRIPTOR_SECONDS), |_, _| Ok(file.0)).is_some());
    cache.close_unused(later(DESCRIPTOR_SECONDS + 1));
    assert!(cache.holds_descriptors() && !cache.holds("8", file.0) && cache.holds("9", file.0));
    cache.close_unused(later(3 * DESCRIPTOR_SECONDS));
    assert!(!cache.holds_descriptors() && !cache.holds("9", file.0));
    cache.check();
}
