//! One table of paths, opened under both resolvers.

mod links;

use std::fs;

use rustix::io::Errno;

use super::*;
use crate::files::Reading;
use crate::files::scratch::Scratch;

#[derive(Debug, PartialEq)]
enum Outcome {
    File(&'static str),
    Directory,
    NotFound,
    Denied,
    NotAFile,
}
use Outcome::{Denied, Directory, NotAFile, NotFound};

const INSIDE: Outcome = Outcome::File("inside");
const OUTSIDE: Outcome = Outcome::File("outside");

fn outcome(root: &Root, path: &[u8]) -> Outcome {
    match root.open_beneath(path) {
        Ok(Opened::File(file)) => match &*file.read(0..file.metadata().size, Reading::Any).unwrap() {
            b"inside" => INSIDE,
            b"outside" => OUTSIDE,
            other => panic!("{}: {}", path.escape_ascii(), other.escape_ascii()),
        },
        Ok(Opened::Directory(_)) => Directory,
        Err(OpenError::NotFound) => NotFound,
        Err(OpenError::Denied) => Denied,
        Err(OpenError::NotAFile) => NotAFile,
        Err(error @ (OpenError::Exhausted | OpenError::Io(_))) => panic!("{}: {error}", path.escape_ascii()),
    }
}

/// Both resolvers give the same for every row.
fn check(scratch: &Scratch, table: &[(&[u8], Outcome)]) {
    check_with(Symlinks::Inside, scratch, table);
}

fn check_with(symlinks: Symlinks, scratch: &Scratch, table: &[(&[u8], Outcome)]) {
    for (resolver, root) in scratch.roots_with(symlinks) {
        for (path, expected) in table {
            let path_shown = path.escape_ascii();
            assert_eq!(outcome(&root, path), *expected, "{resolver:?}, {symlinks:?}: {path_shown}");
        }
    }
}

#[test]
fn a_root_that_is_made_anew_is_found_again() {
    let scratch = Scratch::new();
    scratch.write("root/a", "inside");
    for (resolver, mut root) in scratch.roots() {
        assert_eq!(root.refresh().unwrap(), Refreshed::Same, "{resolver:?}");
        let path = root.path.clone();
        fs::rename(&path, path.with_extension("old")).unwrap();
        assert!(matches!(root.refresh(), Err(OpenError::NotFound)), "{resolver:?}");
        assert_eq!(outcome(&root, b"a"), INSIDE, "{resolver:?}: what was open stays");
        scratch.write("root/b", "inside");
        assert_eq!(root.refresh().unwrap(), Refreshed::Another, "{resolver:?}");
        assert_eq!((outcome(&root, b"a"), outcome(&root, b"b")), (NotFound, INSIDE), "{resolver:?}");
        fs::remove_dir_all(&path).unwrap();
        fs::rename(path.with_extension("old"), &path).unwrap();
    }
}

#[test]
fn a_root_that_is_absent_is_opened_when_it_is_there() {
    let scratch = Scratch::new();
    scratch.write("root/a", "inside");
    for symlinks in [Symlinks::Inside, Symlinks::Follow] {
        let path = scratch.roots_with(Symlinks::Inside)[0].1.path.clone();
        let mut root = Root::absent(&path, symlinks);
        assert!(root.reach().is_none());
        assert_eq!(outcome(&root, b"a"), NotFound, "{symlinks:?}");
        fs::rename(&path, path.with_extension("old")).unwrap();
        assert!(matches!(root.refresh(), Err(OpenError::NotFound)), "{symlinks:?}");
        fs::rename(path.with_extension("old"), &path).unwrap();
        assert_eq!(root.refresh().unwrap(), Refreshed::Another, "{symlinks:?}");
        assert_eq!(root.refresh().unwrap(), Refreshed::Same, "{symlinks:?}");
        assert_eq!(outcome(&root, b"a"), INSIDE, "{symlinks:?}");
    }
}

#[test]
fn a_root_that_is_confined_stays_what_it_was() {
    let scratch = Scratch::new();
    scratch.write("root/a", "inside");
    for (resolver, mut root) in scratch.roots() {
        root.confine();
        assert_eq!(root.refresh().unwrap(), Refreshed::Same, "{resolver:?}");
        let path = root.path.clone();
        fs::rename(&path, path.with_extension("old")).unwrap();
        scratch.write("root/b", "inside");
        assert_eq!(root.refresh().unwrap(), Refreshed::OutOfReach, "{resolver:?}");
        assert_eq!((outcome(&root, b"a"), outcome(&root, b"b")), (INSIDE, NotFound), "{resolver:?}");
        fs::remove_dir_all(&path).unwrap();
        fs::rename(path.with_extension("old"), &path).unwrap();
        assert_eq!(root.refresh().unwrap(), Refreshed::Same, "{resolver:?}");
    }
}

#[test]
fn files_and_directories() {
    let scratch = Scratch::new();
    scratch.write("root/top", "inside");
    scratch.write("root/a/b/c/deep", "inside");
    check(
        &scratch,
        &[
            (b"", Directory),
            (b"top", INSIDE),
            (b"top/", NotFound),
            (b"top/below", NotFound),
            (b"missing", NotFound),
            (b"missing/top", NotFound),
            (b"a", Directory),
            (b"a/", Directory),
            (b"a/b/c/deep", INSIDE),
            (b"a//b///c/deep", INSIDE),
            (b"a/b/c/missing", NotFound),
            // What the contract of the path forbids stays beneath the root all the same.
            (b"a/../top", INSIDE),
            (b"a/..", Directory),
            (b".", Directory),
            (b"..", Denied),
            (b"../outside", Denied),
            (b"a/../../root/top", Denied),
            (b"/", Denied),
            (b"/etc/passwd", Denied),
            (b"top\0", NotFound),
        ],
    );
}

#[test]
fn names_are_bytes_up_to_the_limits_of_the_system() {
    let scratch = Scratch::new();
    let longest = vec![b'n'; 255];
    for name in [b"\xff\xfe\x80".as_slice(), b"line\nfeed", b"back\\slash ..", b"...", &longest] {
        scratch.write_bytes(&[b"root/".as_slice(), name].concat(), "inside");
    }
    scratch.write("root/a/file", "inside");
    let padded = |length: usize| [b"a".as_slice(), &vec![b'/'; length - 5], b"file"].concat();
    check(
        &scratch,
        &[
            (b"\xff\xfe\x80", INSIDE),
            (b"line\nfeed", INSIDE),
            (b"back\\slash ..", INSIDE),
            (b"...", INSIDE),
            (&longest, INSIDE),
            (&[b'n'; 256], NotFound),
            (&padded(256), INSIDE),
            (&padded(4095), INSIDE),
            (&padded(4096), NotFound),
            (&padded(100_000), NotFound),
        ],
    );
}

#[test]
fn neither_file_nor_directory() {
    let scratch = Scratch::new();
    scratch.mknod("root/fifo", FileType::Fifo, 0).unwrap();
    scratch.symlink("fifo", "root/fifo-link");
    let _listener = std::os::unix::net::UnixListener::bind(scratch.path("root/socket")).unwrap();
    check(&scratch, &[(b"fifo", NotAFile), (b"fifo-link", NotAFile), (b"fifo/", NotFound), (b"socket", NotAFile)]);

    match scratch.mknod("root/null", FileType::CharacterDevice, rustix::fs::makedev(1, 3)) {
        Ok(()) => check(&scratch, &[(b"null", NotAFile)]),
        Err(Errno::PERM) => eprintln!("skipped: only root may make a device"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_may_not_be_read_is_denied() {
    let scratch = Scratch::new();
    scratch.write("root/secret", "inside");
    scratch.write("root/unlistable/file", "inside");
    scratch.write("root/unsearchable/file", "inside");
    scratch.chmod("root/secret", 0o000);
    scratch.chmod("root/unlistable", 0o111);
    scratch.chmod("root/unsearchable", 0o666);
    // Searching is not listing: a directory that can be entered is one, with either resolver.
    check(&scratch, &[(b"unlistable", Directory), (b"unlistable/file", INSIDE)]);
    if fs::File::open(scratch.path("root/secret")).is_ok() {
        eprintln!("skipped: this user reads whatever it likes, as root does");
    } else {
        check(&scratch, &[(b"secret", Denied), (b"unsearchable/file", Denied), (b"unsearchable", Directory)]);
    }
    scratch.chmod("root/unsearchable", 0o777);
    scratch.chmod("root/unlistable", 0o777);
}

#[test]
fn a_root_is_a_directory() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    scratch.symlink("root", "link");
    assert!(Root::open(&scratch.path("link"), Symlinks::Deny).is_ok());
    assert_eq!(Root::open(&scratch.path("file"), Symlinks::Follow).unwrap_err().kind(), io::ErrorKind::NotADirectory);
    assert_eq!(Root::open(&scratch.path("missing"), Symlinks::Inside).unwrap_err().kind(), io::ErrorKind::NotFound);
}
