//! openat2(2) by hand, for systems without it and for what it refuses: one component after the other, each opened
//! relative to the descriptor of its parent, symbolic links read and resolved here. Never lets the kernel follow a
//! link, so a link swapped at any moment is seen as a link or not seen at all.
//!
//! A link with an absolute target leaves the root for `/`, and whatever is passed on the way from there is only looked
//! at as a place. It is back as soon as the way comes upon the directory that the root is, by device and inode, and
//! goes on from the descriptor of the root then: a path is never compared as text, and nothing that is read lies
//! outside. A link that climbs out by `..` is refused even if it comes back.
//!
//! It differs from the kernel in two corners: the target of a magic link of procfs is taken as text, which leads
//! nowhere or outside, and `fs.protected_symlinks` is not consulted.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat};
use rustix::io::{Errno, Result};

use super::file::{Place, place};
use super::resolver::{self, Symlinks};

/// As many symbolic links as Linux follows (`MAXSYMLINKS`).
const LINKS_MAX: usize = 40;

/// `PATH_MAX`, which counts the NUL at the end.
const PATH_BYTES_MAX: usize = 4096;

/// A component as a place: neither opened for reading nor followed.
const PLACE: OFlags = resolver::PLACE.union(OFlags::NOFOLLOW);

/// Opens what `path` names beneath `root`; a directory only as a place.
pub(super) fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags, symlinks: Symlinks) -> Result<OwnedFd> {
    if path.len() >= PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    if path.starts_with(b"/") {
        return Err(Errno::XDEV);
    }
    let mut ahead = path.to_vec();
    let mut way = Way { root, outside: None, passed: Vec::new() };
    let mut links = 0;

    loop {
        let mut parts = ahead.splitn(2, |byte| *byte == b'/');
        let name = parts.next().unwrap_or_default();
        // Something follows, if only the nothing after a trailing slash: then `name` has to be a directory.
        let rest = parts.next();

        match name {
            b"" | b"." => {}
            b".." => way.climb()?,
            _ => {
                let found = way.look_at(name)?;
                let stat = fstat(&found)?;
                match (FileType::from_raw_mode(stat.st_mode), rest) {
                    (FileType::Directory, _) => way.enter(found, &stat),
                    (FileType::Symlink, _) if symlinks == Symlinks::Deny => return Err(Errno::LOOP),
                    (FileType::Symlink, _) => {
                        links = one_more(links)?;
                        let target = readlinkat(&found, c"", Vec::new())?;
                        if target.as_bytes().starts_with(b"/") {
                            way.leave()?;
                        }
                        ahead = match rest {
                            Some(rest) => [target.as_bytes(), rest].join(&b'/'),
                            None => target.into_bytes(),
                        };
                        continue;
                    }
                    _ if way.outside.is_some() => return Err(Errno::XDEV),
                    (_, Some(_)) => return Err(Errno::NOTDIR),
                    (FileType::RegularFile, None) => {
                        match openat(way.here(), name, flags | OFlags::NOFOLLOW, Mode::empty()) {
                            // A link since it was looked at: look again.
                            Err(Errno::LOOP) => {
                                links = one_more(links)?;
                                continue;
                            }
                            opened => return opened,
                        }
                    }
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

    match (way.outside, way.passed.pop()) {
        (Some(_), _) => Err(Errno::XDEV),
        (None, Some(directory)) => Ok(directory),
        (None, None) => openat(root, c".", PLACE, Mode::empty()),
    }
}

/// The directories that were passed. `..` takes the last away; it is never asked of the file system, where a rename may
/// have made it anything.
struct Way<'a> {
    root: BorrowedFd<'a>,
    /// `/`, since a link has left the root, and what the root is known by.
    outside: Option<(OwnedFd, Place)>,
    passed: Vec<OwnedFd>,
}

impl Way<'_> {
    fn here(&self) -> BorrowedFd<'_> {
        let start = self.outside.as_ref().map_or(self.root, |(start, _)| start.as_fd());
        self.passed.last().map_or(start, AsFd::as_fd)
    }

    /// The component as a place. Of what is outside nothing is told, not even whether it is there.
    fn look_at(&self, name: &[u8]) -> Result<OwnedFd> {
        openat(self.here(), name, PLACE, Mode::empty()).map_err(|error| match error {
            Errno::MFILE | Errno::NFILE | Errno::NOMEM => error,
            _ if self.outside.is_some() => Errno::XDEV,
            _ => error,
        })
    }

    fn climb(&mut self) -> Result<()> {
        match self.passed.pop() {
            None if self.outside.is_none() => Err(Errno::XDEV),
            // Above `/` there is `/`.
            _ => Ok(()),
        }
    }

    fn enter(&mut self, directory: OwnedFd, stat: &Stat) {
        self.passed.push(directory);
        self.come_back(stat);
    }

    fn leave(&mut self) -> Result<()> {
        let start = openat(CWD, c"/", PLACE, Mode::empty())?;
        let stat = fstat(&start)?;
        self.passed.clear();
        self.outside = Some((start, place(&fstat(self.root)?)));
        self.come_back(&stat);
        Ok(())
    }

    /// Goes on from the root, where that is what the way has come upon.
    fn come_back(&mut self, stat: &Stat) {
        if self.outside.as_ref().is_some_and(|(_, root)| *root == place(stat)) {
            self.outside = None;
            self.passed.clear();
        }
    }
}

fn one_more(links: usize) -> Result<usize> {
    if links < LINKS_MAX { Ok(links + 1) } else { Err(Errno::LOOP) }
}
