//! What is read of a file, and what tells it from another.

use std::fs::OpenOptions;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{Access, access};

use super::super::scratch::Scratch;
use super::super::{Opened, Root};
use super::*;

fn open(root: &Root, path: &str) -> Arc<File> {
    match root.open_beneath(path.as_bytes()) {
        Ok(Opened::File(file)) => file,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn content_and_metadata() {
    let scratch = Scratch::new();
    let big = "0123456789".repeat(100_000);
    for content in ["", "x", "hello", &big] {
        scratch.write("root/file", content);
        for (_, mut root) in scratch.roots() {
            let file = open(&root, "file");
            assert_eq!(file.metadata().size, content.len() as u64);
            assert_eq!(file.read_to_end(Reading::Any).unwrap(), content.as_bytes());
            assert_eq!(root.identity(b"file").unwrap(), file.metadata().identity);
        }
    }
}

#[test]
fn reading_a_part() {
    let scratch = Scratch::new();
    scratch.write("root/file", "0123456789");
    for (_, root) in scratch.roots() {
        let file = open(&root, "file");
        for (range, expected) in [(0..4, "0123"), (8..10, "89"), (10..10, ""), (1000..1000, "")] {
            assert_eq!(file.read(range, Reading::Any).unwrap(), expected.as_bytes());
        }
        assert!(matches!(file.read(8..11, Reading::Any), Err(ReadError::Changed)));
        assert!(matches!(file.read(u64::MAX - 1..u64::MAX, Reading::Any), Err(ReadError::Io(_))));
        assert!(file.path().ends_with(b"/root/file"));
    }
}

#[test]
fn times_before_1970() {
    let scratch = Scratch::new();
    scratch.write("root/file", "");
    let before = UNIX_EPOCH - Duration::from_millis(250);
    scratch.set_modified("root/file", before);
    let modified = open(&scratch.root(), "file").metadata().modified;
    assert_eq!(modified, Timestamp { seconds: -1, nanoseconds: 750_000_000 });
}

#[test]
fn a_file_that_shrinks_or_grows_is_not_read() {
    for size in [0, 3, 9] {
        let scratch = Scratch::new();
        scratch.write("root/file", "hello");
        for (_, root) in scratch.roots() {
            let file = open(&root, "file");
            OpenOptions::new().write(true).open(scratch.path("root/file")).unwrap().set_len(size).unwrap();
            assert!(matches!(file.read_to_end(Reading::Any), Err(ReadError::Changed)));
            scratch.write("root/file", "hello");
        }
    }
}

#[test]
fn what_was_appended_to_is_intact_and_what_was_written_over_is_not() {
    let scratch = Scratch::new();
    scratch.write("root/file", "hello");
    let modified = scratch.modified("root/file");
    let file = open(&scratch.root(), "file");
    scratch.chmod("root/file", 0o600);
    file.verify().unwrap();
    scratch.write("root/file", "hello, you");
    file.verify().unwrap();
    for (content, time) in [("hell", modified), ("jello", modified + Duration::from_secs(1))] {
        scratch.write("root/file", content);
        scratch.set_modified("root/file", time);
        assert!(matches!(file.verify(), Err(ReadError::Changed)), "{content}");
    }
}

#[test]
fn a_size_beyond_memory_is_an_error() {
    let scratch = Scratch::new();
    scratch.write("root/file", "hello");
    let root = scratch.root();
    let mut file = open(&root, "file");
    Arc::get_mut(&mut file).unwrap().metadata.size = u64::MAX / 4;
    assert!(matches!(file.read_to_end(Reading::Any), Err(ReadError::Io(_))));
}

#[test]
fn a_replaced_file_has_another_identity() {
    let scratch = Scratch::new();
    scratch.write("root/file", "hello");
    for (_, mut root) in scratch.roots() {
        let file = open(&root, "file");
        scratch.write("root/next", "hello");
        scratch.set_modified("root/next", scratch.modified("root/file"));
        scratch.rename("root/next", "root/file");
        assert_eq!(open(&root, "file").metadata().modified, file.metadata().modified);
        assert_ne!(root.identity(b"file").unwrap(), file.metadata().identity);
        assert_eq!(file.metadata().size, 5);
    }
}

#[test]
fn a_rewrite_that_hides_itself_has_another_identity() {
    let scratch = Scratch::new();
    scratch.write("root/file", "hello");
    let mut root = scratch.root();
    let file = open(&root, "file");
    // Until the clock of the file system ticks.
    let deadline = Instant::now() + Duration::from_secs(10);
    while root.identity(b"file").unwrap() == file.metadata().identity {
        assert!(Instant::now() < deadline, "ctime never changes");
        let modified = scratch.modified("root/file");
        scratch.write("root/file", "jello");
        scratch.set_modified("root/file", modified);
    }
    let rewritten = open(&root, "file");
    assert_eq!(rewritten.metadata().size, file.metadata().size);
    assert_eq!(rewritten.metadata().modified, file.metadata().modified);
    assert!(rewritten.metadata().identity.changed() > file.metadata().identity.changed());
    assert!(matches!(file.read_to_end(Reading::Any), Err(ReadError::Changed)));
    assert_eq!(rewritten.read_to_end(Reading::Any).unwrap(), b"jello");
}

#[test]
fn an_identity_outside_the_root_never_matches_and_a_missing_one_is_an_error() {
    let scratch = Scratch::new();
    scratch.write("outside", "hello");
    scratch.write("root/file", "hello");
    scratch.symlink("../outside", "root/out");
    let mut root = scratch.root();
    let file = open(&root, "file");
    assert_ne!(root.identity(b"out").unwrap(), file.metadata().identity);
    assert_ne!(root.identity(b"").unwrap(), file.metadata().identity);
    assert_eq!(root.identity(b"missing").unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(root.identity(b"file/").is_err());
}

#[test]
fn what_is_appended_to_is_told_from_what_is_written_over_and_grows() {
    // And on tmpfs, as a rule, which cannot tell what is resident.
    let places = [std::env::temp_dir(), "/dev/shm".into()];
    for scratch in places.iter().filter(|place| access(*place, Access::WRITE_OK).is_ok()).map(|it| Scratch::below(it)) {
        let root = scratch.root();
        for (length, over) in [(5, 4), (64, 0), (65, 64), (300_000, 299_999)] {
            let content = "x".repeat(length);
            let written = |at: usize| format!("{}y{}", &content[..at], &content[at + 1..]);
            scratch.write("root/file", &content);
            let file = open(&root, "file");
            file.remember_end(Reading::Resident).unwrap();
            file.fetch(0..1).unwrap();
            scratch.write("root/file", &(content.clone() + "more"));
            file.verify().unwrap();
            scratch.write("root/file", &(written(over) + "more"));
            assert!(matches!(file.verify(), Err(ReadError::Changed)), "{length}");
        }
        scratch.write("root/file", "hello");
        let file = open(&root, "file");
        scratch.write("root/file", "other, and more");
        assert!(matches!(file.remember_end(Reading::Any), Err(ReadError::Changed)), "it is not what was opened");
    }
}
