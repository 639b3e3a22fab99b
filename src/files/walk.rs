//! openat2(2) by hand, for systems without it: one component after the other, each opened relative to the descriptor
//! of its parent, symbolic links read and resolved here. Never lets the kernel follow a link, so a link swapped at any
//! moment is seen as a link or not seen at all.
//!
//! It differs from the kernel in two corners: the target of a magic link of procfs is taken as text, which leads
//! nowhere or outside, and `fs.protected_symlinks` is not consulted.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, fstat, openat, readlinkat};
use rustix::io::{Errno, Result};

use super::resolver::READ;

/// As many symbolic links as Linux follows (`MAXSYMLINKS`).
const LINKS_MAX: usize = 40;

/// `PATH_MAX`, which counts the NUL at the end.
const PATH_BYTES_MAX: usize = 4096;

/// A component as a place: neither opened for reading nor followed.
const PLACE: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens what `path` names beneath `root`, for reading; a directory only as a place.
pub(super) fn open(root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd> {
    if path.len() >= PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    let mut ahead = relative(path)?.to_vec();
    // The directories between the root and here. `..` takes the last away; it is never asked of the file system, where
    // a rename may have made it anything.
    let mut below: Vec<OwnedFd> = Vec::new();
    let mut links = 0;

    loop {
        let here = below.last().map_or(root, AsFd::as_fd);
        let mut parts = ahead.splitn(2, |byte| *byte == b'/');
        let name = parts.next().unwrap_or_default();
        // Something follows, if only the nothing after a trailing slash: then `name` has to be a directory.
        let rest = parts.next();

        match name {
            b"" | b"." => {}
            b".." => drop(below.pop().ok_or(Errno::XDEV)?),
            _ => {
                let place = openat(here, name, PLACE, Mode::empty())?;
                match (FileType::from_raw_mode(fstat(&place)?.st_mode), rest) {
                    (FileType::Directory, _) => below.push(place),
                    (FileType::Symlink, _) => {
                        links = one_more(links)?;
                        let target = readlinkat(&place, c"", Vec::new())?;
                        let target = relative(target.as_bytes())?;
                        ahead = match rest {
                            Some(rest) => [target, rest].join(&b'/'),
                            None => target.to_vec(),
                        };
                        continue;
                    }
                    (_, Some(_)) => return Err(Errno::NOTDIR),
                    (FileType::RegularFile, None) => match openat(here, name, READ | OFlags::NOFOLLOW, Mode::empty()) {
                        // A link since it was looked at: look again.
                        Err(Errno::LOOP) => {
                            links = one_more(links)?;
                            continue;
                        }
                        opened => return opened,
                    },
                    // What openat2(2) says of a socket. A device is not even opened.
                    (_, None) => return Err(Errno::NXIO),
                }
            }
        }

        match rest {
            Some(rest) => ahead = rest.to_vec(),
            None => break,
        }
    }

    match below.pop() {
        Some(directory) => Ok(directory),
        None => openat(root, c".", PLACE, Mode::empty()),
    }
}

fn relative(path: &[u8]) -> Result<&[u8]> {
    if path.starts_with(b"/") { Err(Errno::XDEV) } else { Ok(path) }
}

fn one_more(links: usize) -> Result<usize> {
    if links < LINKS_MAX { Ok(links + 1) } else { Err(Errno::LOOP) }
}
