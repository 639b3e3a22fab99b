//! The two ways from a path to a descriptor beneath a root. Never judges what it opened: that takes fstat(2), and is
//! the same for both.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use super::walk;

/// How to open for reading. `NONBLOCK`: a FIFO must not wait for its writer. `NOCTTY`: a terminal must not become ours.
pub(super) const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// How openat2(2) treats symbolic links. A policy on them, chosen for each root, is a choice of these flags:
/// `NO_SYMLINKS` denies them, `BENEATH` keeps them inside, neither follows them anywhere.
const RESOLVE: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);

/// How often openat2(2) is tried where it was disturbed.
const ATTEMPTS_MAX: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolver {
    /// One system call; Linux 5.6.
    Openat2,
    /// A system call or more for each component, and no openat2(2).
    Walk,
}

impl Resolver {
    /// What this system has. Asked once for each root: the answer cannot change while the process runs.
    pub(super) fn probe(root: BorrowedFd<'_>) -> io::Result<Resolver> {
        match beneath(root, b".", OFlags::PATH | OFlags::CLOEXEC) {
            Ok(_) | Err(Errno::AGAIN) => Ok(Resolver::Openat2),
            // PERM is how the system call filter of an older container runtime refuses what it does not know.
            Err(Errno::NOSYS | Errno::PERM) => Ok(Resolver::Walk),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens what `path` names, for reading; a directory perhaps only as a place (`O_PATH`). Errors are those of
    /// openat2(2), with either resolver.
    pub(super) fn open(self, root: BorrowedFd<'_>, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        match self {
            Resolver::Openat2 => match beneath(root, path, READ) {
                // Perhaps a directory that may be entered but not listed, and a directory is all the caller wants to
                // know.
                Err(Errno::ACCESS) => {
                    let place = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                    beneath(root, path, place).map_err(|_| Errno::ACCESS)
                }
                // Renames without end elsewhere. The walk holds on to the directories it came by and cannot be
                // disturbed.
                Err(Errno::AGAIN) => walk::open(root, path),
                opened => opened,
            },
            Resolver::Walk => walk::open(root, path),
        }
    }
}

/// openat2(2), again where a rename anywhere in the system left the kernel unsure about a `..` (`EAGAIN`), or a signal
/// interrupted a slow file system.
fn beneath(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let mut attempts = 1;
    loop {
        match openat2(root, path, flags, Mode::empty(), RESOLVE) {
            Err(Errno::AGAIN | Errno::INTR) if attempts < ATTEMPTS_MAX => attempts += 1,
            opened => return opened,
        }
    }
}
