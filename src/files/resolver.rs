//! The ways from a path to a descriptor beneath a root. Never judges what it opened: that takes fstat(2), and is the
//! same for all.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{Errno, retry_on_intr};

use super::walk;

/// How to open for reading. `NONBLOCK`: a FIFO must not wait for its writer. `NOCTTY`: a terminal must not become ours.
pub(super) const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// How to open as a place: what is there is not told of it, so that nothing is waited for that it is busy with.
pub(super) const PLACE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// How often openat2(2) is tried where it was disturbed.
const ATTEMPTS_MAX: usize = 4;

/// Which symbolic links below a root are followed. The path of the root itself may hold any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symlinks {
    /// None.
    Deny,
    /// Those that stay beneath the root, be their targets relative or absolute.
    Inside,
    /// All, wherever they lead.
    Follow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolver {
    /// One system call; Linux 5.6.
    Openat2,
    /// A system call or more for each component, and no openat2(2).
    Walk,
}

impl Resolver {
    /// What this system has. Asked once for each root: the answer cannot change while the process runs.
    pub(super) fn probe(root: BorrowedFd<'_>) -> io::Result<Resolver> {
        match beneath(root, b".", OFlags::PATH | OFlags::CLOEXEC, Symlinks::Inside) {
            Ok(_) | Err(Errno::AGAIN) => Ok(Resolver::Openat2),
            // PERM is how the system call filter of an older container runtime refuses what it does not know.
            Err(Errno::NOSYS | Errno::PERM) => Ok(Resolver::Walk),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens what `path` names, as a place or for reading, then a directory perhaps only as a place. Errors are those
    /// of openat2(2), with either resolver.
    pub(super) fn open(
        self,
        root: BorrowedFd<'_>,
        path: &[u8],
        flags: OFlags,
        symlinks: Symlinks,
    ) -> rustix::io::Result<OwnedFd> {
        match (self, symlinks) {
            (_, Symlinks::Follow) => or_place(flags, |flags| anywhere(root, path, flags)),
            (Resolver::Openat2, _) => match or_place(flags, |flags| beneath(root, path, flags, symlinks)) {
                // The kernel takes every absolute link for one that leaves the root.
                Err(Errno::XDEV) if symlinks == Symlinks::Inside => walk::open(root, path, flags, symlinks),
                // Renames without end elsewhere. The walk holds on to the directories it came by and cannot be
                // disturbed.
                Err(Errno::AGAIN) => walk::open(root, path, flags, symlinks),
                opened => opened,
            },
            (Resolver::Walk, _) => walk::open(root, path, flags, symlinks),
        }
    }
}

/// Opens as it is asked to, or as a place: a directory that may be entered but not listed, where a directory is all the
/// caller wants to know.
fn or_place(flags: OFlags, open: impl Fn(OFlags) -> rustix::io::Result<OwnedFd>) -> rustix::io::Result<OwnedFd> {
    match open(flags) {
        Err(Errno::ACCESS) => open(PLACE | OFlags::DIRECTORY).map_err(|_| Errno::ACCESS),
        opened => opened,
    }
}

/// openat2(2), again where a rename anywhere in the system left the kernel unsure about a `..` (`EAGAIN`), or a signal
/// interrupted a slow file system.
fn beneath(root: BorrowedFd<'_>, path: &[u8], flags: OFlags, symlinks: Symlinks) -> rustix::io::Result<OwnedFd> {
    let resolve = match symlinks {
        Symlinks::Deny => ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
        Symlinks::Inside | Symlinks::Follow => ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS,
    };
    let mut attempts = 1;
    loop {
        match openat2(root, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) if attempts < ATTEMPTS_MAX => attempts += 1,
            opened => return opened,
        }
    }
}

/// openat(2), which follows every link. What the path itself names still begins at the root and goes down from there.
fn anywhere(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    if path.starts_with(b"/") || path.split(|byte| *byte == b'/').any(|name| name == b"..") {
        return Err(Errno::XDEV);
    }
    retry_on_intr(|| openat(root, path, flags, Mode::empty()))
}
