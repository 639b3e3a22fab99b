//! Symbolic links, followed or not, and swapped while they are.

use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::*;

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
            (b"absolute", INSIDE),
            // What RESOLVE_BENEATH refuses: leaving by `..`, even to come back.
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
    for symlinks in [Symlinks::Inside, Symlinks::Follow] {
        let table = [(&b"40"[..], INSIDE), (b"41", Denied), (&repeated(40), INSIDE), (&repeated(41), Denied)];
        check_with(symlinks, &scratch, &table);
    }
    // Absolute links count like others, on the way outside, too.
    let root = scratch.path("root");
    scratch.symlink(root.to_str().unwrap(), "around");
    scratch.symlink(scratch.path("around").to_str().unwrap(), "root/around");
    let repeated = |count: usize| [b"around/".repeat(count).as_slice(), b"0"].concat();
    check(&scratch, &[(&repeated(20), INSIDE), (&repeated(21), Denied)]);
}

#[test]
fn links_with_absolute_targets_stay_inside_by_whatever_way_they_come() {
    let scratch = Scratch::new();
    scratch.write("outside/file", "outside");
    scratch.write("root-beside/file", "outside");
    scratch.write("root/dir/file", "inside");
    scratch.write("root/top", "inside");
    scratch.symlink("root", "alias");
    scratch.symlink("root/dir", "alias-of-dir");
    scratch.symlink("outside", "alias-of-outside");
    let here = scratch.path("");
    let here = here.to_str().unwrap().trim_end_matches('/');
    for (link, target) in [
        ("file", "root/top"),
        ("doubled", "/root//./dir//file"),
        ("dir-link", "root/dir"),
        ("slash-link", "root/dir/"),
        ("root-link", "root"),
        ("by-alias", "alias/top"),
        ("by-alias-of-dir", "alias-of-dir/file"),
        ("winding", "outside/../alias-of-outside/../root/dir/../top"),
        ("chain", "root/by-alias"),
        ("gone", "root/missing"),
        ("below-file", "root/top/x"),
        ("back", "root/../root/top"),
        ("beside", "root-beside/file"),
        ("outside", "outside/file"),
        ("outside-dir", "outside"),
        ("above", ""),
        ("nothing", "nothing"),
        ("by-outside", "root/outside"),
        ("climbing", "root/dir/../../outside/file"),
    ] {
        scratch.symlink(&format!("{here}/{target}"), &format!("root/{link}"));
    }
    scratch.symlink(&format!("/../..{here}/root/top"), "root/above-all");
    check(
        &scratch,
        &[
            (b"file", INSIDE),
            (b"file/", NotFound),
            (b"doubled", INSIDE),
            (b"dir-link", Directory),
            (b"dir-link/file", INSIDE),
            (b"slash-link", Directory),
            (b"slash-link/file", INSIDE),
            (b"root-link", Directory),
            (b"root-link/root-link/dir-link/file", INSIDE),
            (b"by-alias", INSIDE),
            (b"by-alias-of-dir", INSIDE),
            (b"winding", INSIDE),
            (b"chain", INSIDE),
            (b"above-all", INSIDE),
            (b"gone", NotFound),
            (b"below-file", NotFound),
            (b"back", Denied),
            (b"beside", Denied),
            (b"outside", Denied),
            (b"outside-dir", Denied),
            (b"outside-dir/file", Denied),
            (b"above", Denied),
            (b"above/outside/file", Denied),
            (b"above/root/top", INSIDE),
            // Whether something is there is not told.
            (b"nothing", Denied),
            (b"outside-dir/missing", Denied),
            (b"by-outside", Denied),
            (b"climbing", Denied),
        ],
    );
}

#[test]
fn no_link_is_followed_where_links_are_denied() {
    let scratch = Scratch::new();
    scratch.write("outside", "outside");
    scratch.write("root/dir/file", "inside");
    let absolute = scratch.path("root/dir/file");
    for (link, target) in
        [("file", "dir/file"), ("dir-link", "dir"), ("out", "../outside"), ("gone", "x"), ("loop", "loop")]
    {
        scratch.symlink(target, &format!("root/{link}"));
    }
    scratch.symlink(absolute.to_str().unwrap(), "root/absolute");
    check_with(
        Symlinks::Deny,
        &scratch,
        &[
            (b"dir/file", INSIDE),
            (b"dir", Directory),
            (b"", Directory),
            (b"missing", NotFound),
            (b"file", Denied),
            (b"dir-link", Denied),
            (b"dir-link/", Denied),
            (b"dir-link/file", Denied),
            (b"absolute", Denied),
            (b"out", Denied),
            (b"gone", Denied),
            (b"loop", Denied),
            (b"..", Denied),
            (b"../outside", Denied),
        ],
    );
    // The root itself may be named by one.
    scratch.symlink("root", "link");
    let root = Root::open(&scratch.path("link"), Symlinks::Deny).unwrap();
    assert_eq!(outcome(&root, b"dir/file"), INSIDE);
}

#[test]
fn of_what_is_outside_nothing_is_told() {
    let scratch = Scratch::new();
    scratch.write("outside/file", "outside");
    scratch.mknod("outside/fifo", FileType::Fifo, 0).unwrap();
    scratch.mknod("root/fifo", FileType::Fifo, 0).unwrap();
    for (link, target) in [
        ("file", "../outside/file"),
        ("outer", "../outside/fifo"),
        ("null", "/dev/null"),
        ("gone", "../outside/missing"),
        ("inner", "fifo"),
    ] {
        scratch.symlink(target, &format!("root/{link}"));
    }
    check(
        &scratch,
        &[(b"outer", Denied), (b"null", Denied), (b"file", Denied), (b"gone", Denied), (b"inner", NotAFile)],
    );
}

#[test]
fn what_the_kernel_makes_up_is_no_file() {
    let scratch = Scratch::new();
    scratch.write("root/empty", "");
    assert!(matches!(scratch.root().open_beneath(b"empty"), Ok(Opened::File(_))));
    let made_up = [
        ("size-zero", "/proc/version"),
        ("its-own", "/proc/self/environ"),
        ("size-one-page", "/sys/kernel/mm/transparent_hugepage/enabled"),
        ("waits", "/proc/kmsg"),
    ];
    let there = made_up.into_iter().filter(|(_, target)| fs::File::open(target).is_ok());
    let there: Vec<_> = there.inspect(|(link, target)| scratch.symlink(target, &format!("root/{link}"))).collect();
    assert!(!there.is_empty());
    for (link, _) in there {
        check_with(Symlinks::Follow, &scratch, &[(link.as_bytes(), NotAFile)]);
    }
}

#[test]
fn links_lead_anywhere_where_they_are_followed_and_nothing_else_does() {
    let scratch = Scratch::new();
    scratch.write("outside/file", "outside");
    scratch.write("root/top", "inside");
    scratch.mknod("fifo", FileType::Fifo, 0).unwrap();
    let absolute = scratch.path("outside/file");
    for (link, target) in [
        ("out", "../outside/file"),
        ("out-dir", "../outside"),
        ("absolute", absolute.to_str().unwrap()),
        ("inside", "top"),
        ("back", "../root/top"),
        ("gone", "../missing"),
        ("fifo", "../fifo"),
        ("null", "/dev/null"),
        ("loop", "loop"),
    ] {
        scratch.symlink(target, &format!("root/{link}"));
    }
    check_with(
        Symlinks::Follow,
        &scratch,
        &[
            (b"out", OUTSIDE),
            (b"out-dir", Directory),
            (b"out-dir/file", OUTSIDE),
            (b"out-dir/missing", NotFound),
            (b"absolute", OUTSIDE),
            (b"inside", INSIDE),
            (b"back", INSIDE),
            (b"gone", NotFound),
            (b"fifo", NotAFile),
            (b"null", NotAFile),
            (b"loop", Denied),
            // No link, no way out.
            (b"..", Denied),
            (b"../outside/file", Denied),
            (b"out-dir/../outside/file", Denied),
            (b"/etc/passwd", Denied),
        ],
    );
}

#[test]
fn a_directory_that_was_moved_out_and_linked_to_is_not_what_it_was() {
    let scratch = Scratch::new();
    for (link, target) in
        [("relative", "../moved".to_owned()), ("absolute", format!("{}/moved", scratch.path("").display()))]
    {
        for (symlinks, is_followed) in [(Symlinks::Deny, false), (Symlinks::Inside, false), (Symlinks::Follow, true)] {
            for (resolver, mut root) in scratch.roots_with(symlinks) {
                scratch.write("root/dir/file", "inside");
                let identity = root.identity(b"dir/file").unwrap();
                assert_eq!(root.identity_beneath(b"dir/file").unwrap(), identity);
                scratch.rename("root/dir", "moved");
                assert_eq!(root.identity_beneath(b"dir/file").unwrap_err().kind(), io::ErrorKind::NotFound);
                scratch.symlink(&target, "root/dir");
                assert_eq!(root.identity(b"dir/file").unwrap(), identity, "by its name it is");
                let found = root.identity_beneath(b"dir/file");
                assert_eq!(found.is_ok(), is_followed, "{resolver:?}, {symlinks:?}, {link}");
                fs::remove_file(scratch.path("root/dir")).unwrap();
                fs::remove_dir_all(scratch.path("moved")).unwrap();
            }
        }
    }
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

/// A directory inside and links to one outside, relative and absolute, change places all the time, and so do it and one
/// that is moved in and out.
#[test]
fn what_is_exchanged_with_a_link_meanwhile_never_leads_outside() {
    const TIME: Duration = Duration::from_millis(300);
    let scratch = Scratch::new();
    scratch.write("outside/file", "outside");
    scratch.write("root/dir/file", "inside");
    scratch.write("root/other/file", "inside");
    scratch.write("beside/file", "inside");
    scratch.symlink("../outside", "root/relative");
    scratch.symlink(scratch.path("outside").to_str().unwrap(), "root/absolute");
    scratch.symlink(scratch.path("root/other").to_str().unwrap(), "root/harmless");

    let exchange =
        |one: &str, other: &str| renameat_with(CWD, scratch.path(one), CWD, scratch.path(other), RenameFlags::EXCHANGE);
    if exchange("root/dir", "root/other") == Err(Errno::INVAL) {
        eprintln!("skipped: this file system exchanges nothing");
        return;
    }
    for symlinks in [Symlinks::Deny, Symlinks::Inside] {
        for (resolver, root) in scratch.roots_with(symlinks) {
            let (mut inside, mut denied) = (0, 0);
            let end = Instant::now() + TIME;
            thread::scope(|scope| {
                scope.spawn(|| {
                    while Instant::now() < end {
                        for link in ["root/relative", "root/absolute", "root/harmless", "beside"] {
                            exchange("root/dir", link).unwrap();
                            exchange("root/dir", link).unwrap();
                        }
                    }
                });
                while Instant::now() < end {
                    for path in [b"dir/file".as_slice(), b"harmless/../dir/file", b"relative/file", b"absolute/file"] {
                        match outcome(&root, path) {
                            INSIDE => inside += 1,
                            Denied => denied += 1,
                            other => panic!("{resolver:?}, {symlinks:?}: {}: {other:?}", path.escape_ascii()),
                        }
                    }
                }
            });
            eprintln!("{resolver:?}, {symlinks:?}: {inside} inside, {denied} denied");
            assert!(inside > 0 && denied > 0);
        }
    }
}
