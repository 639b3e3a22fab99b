//! One table of paths, opened under both resolvers.

use std::fs;
use std::thread;

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
        Ok(Opened::Directory) => Directory,
        Err(OpenError::NotFound) => NotFound,
        Err(OpenError::Denied) => Denied,
        Err(OpenError::NotAFile) => NotAFile,
        Err(error @ (OpenError::Exhausted | OpenError::Io(_))) => panic!("{}: {error}", path.escape_ascii()),
    }
}

/// Both resolvers give the same for every row.
fn check(scratch: &Scratch, table: &[(&[u8], Outcome)]) {
    for (resolver, root) in scratch.roots() {
        for (path, expected) in table {
            assert_eq!(outcome(&root, path), *expected, "{resolver:?}: {}", path.escape_ascii());
        }
    }
}

#[test]
fn a_root_that_is_made_anew_is_found_again() {
    let scratch = Scratch::new();
    scratch.write("root/a", "inside");
    for (resolver, mut root) in scratch.roots() {
        assert!(!root.refresh().unwrap(), "{resolver:?}");
        let path = root.path.clone();
        fs::rename(&path, path.with_extension("old")).unwrap();
        assert_eq!(root.refresh().unwrap_err().kind(), io::ErrorKind::NotFound, "{resolver:?}");
        assert_eq!(outcome(&root, b"a"), INSIDE, "{resolver:?}: what was open stays");
        scratch.write("root/b", "inside");
        assert!(root.refresh().unwrap(), "{resolver:?}");
        assert_eq!((outcome(&root, b"a"), outcome(&root, b"b")), (NotFound, INSIDE), "{resolver:?}");
        fs::remove_dir_all(&path).unwrap();
        fs::rename(path.with_extension("old"), &path).unwrap();
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
fn symbolic_links_stay_inside() {
    let scratch = Scratch::new();
    scratch.write("outside/file", "outside");
    scratch.write("root/dir/file", "inside");
    scratch.write("root/top", "inside");
    let absolute_inside = scratch.path("root/top");
    for (link, target) in [
        ("file-link", "dir/file"),
        ("dir-link", "dir"),
        ("slash-link", "dir/"),
        ("file-slash-link", "top/"),
        ("dir/up", "../top"),
        ("dir/winding", "../dir-link/../dir/./up"),
        ("dir/root", ".."),
        ("self", "."),
        ("dangling", "missing"),
        ("absolute", absolute_inside.to_str().unwrap()),
        ("slash", "/"),
        ("out", "../outside/file"),
        ("out-dir", "../outside"),
        ("dir/out-and-back", "../../root/top"),
        ("loop", "loop"),
        ("ping", "pong"),
        ("pong", "ping"),
    ] {
        scratch.symlink(target, &format!("root/{link}"));
    }
    check(
        &scratch,
        &[
            (b"file-link", INSIDE),
            (b"file-link/", NotFound),
            (b"dir-link", Directory),
            (b"dir-link/", Directory),
            (b"dir-link/file", INSIDE),
            (b"slash-link", Directory),
            (b"slash-link/file", INSIDE),
            (b"file-slash-link", NotFound),
            (b"dir/up", INSIDE),
            (b"dir-link/up", INSIDE),
            (b"dir/winding", INSIDE),
            (b"dir/root", Directory),
            (b"dir/root/dir/root/top", INSIDE),
            (b"self/self/top", INSIDE),
            (b"dangling", NotFound),
            // What RESOLVE_BENEATH refuses: an absolute target wherever it points, and leaving to come back.
            (b"absolute", Denied),
            (b"slash", Denied),
            (b"slash/etc/passwd", Denied),
            (b"out", Denied),
            (b"out-dir", Denied),
            (b"out-dir/file", Denied),
            (b"dir/out-and-back", Denied),
            (b"loop", Denied),
            (b"ping/file", Denied),
        ],
    );
}

#[test]
fn forty_symbolic_links_and_no_more() {
    let scratch = Scratch::new();
    scratch.write("root/0", "inside");
    for link in 1..=41 {
        scratch.symlink(&(link - 1).to_string(), &format!("root/{link}"));
    }
    scratch.symlink(".", "root/self");
    let repeated = |count: usize| [b"self/".repeat(count).as_slice(), b"0"].concat();
    check(&scratch, &[(b"40", INSIDE), (b"41", Denied), (&repeated(40), INSIDE), (&repeated(41), Denied)]);
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
    assert!(Root::open(&scratch.path("link")).is_ok());
    assert_eq!(Root::open(&scratch.path("file")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
    assert_eq!(Root::open(&scratch.path("missing")).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn links_that_are_swapped_meanwhile_never_lead_outside() {
    const ROUNDS: usize = 1000;
    let scratch = Scratch::new();
    scratch.write("outside/file", "outside");
    scratch.write("root/inside/file", "inside");
    scratch.symlink("inside", "root/dir");
    scratch.write("root/file", "inside");

    let swap = || {
        for _ in 0..ROUNDS {
            for target in ["../outside", "inside", "inside/../../outside", "inside/../inside"] {
                scratch.symlink(target, "root/next");
                scratch.rename("root/next", "root/dir");
                scratch.symlink("../outside/file", "root/next");
                scratch.rename("root/next", "root/file");
                scratch.write("root/next", "inside");
                scratch.rename("root/next", "root/file");
            }
        }
    };
    for (resolver, root) in scratch.roots() {
        let (mut inside, mut denied) = (0, 0);
        thread::scope(|scope| {
            let swapping = scope.spawn(swap);
            while !swapping.is_finished() {
                for path in [b"dir/file".as_slice(), b"file"] {
                    match outcome(&root, path) {
                        INSIDE => inside += 1,
                        Denied => denied += 1,
                        other => panic!("{resolver:?}: {}: {other:?}", path.escape_ascii()),
                    }
                }
            }
        });
        eprintln!("{resolver:?}: {inside} inside, {denied} denied");
    }
}
