//! An open directory and what a path below it opens. Never hands out anything but a regular file, and never one that
//! was outside the directory when it was opened.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use super::error::OpenError;
use super::file::{File, Identity, Metadata};
use super::resolver::Resolver;

/// A directory that files are opened beneath. It is held by descriptor, so that what is opened is beneath one and the
/// same directory until [`Root::refresh`].
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// The path with a slash, and room for a path below it.
    prefix: Vec<u8>,
    directory: OwnedFd,
    resolver: Resolver,
    place: Place,
}

/// Device and inode.
type Place = (u64, u64);

impl Root {
    /// Opens the directory at `path`, symbolic links in `path` itself followed.
    ///
    /// # Errors
    ///
    /// Where it is missing, no directory, or not searchable: nothing below it could be opened then.
    pub fn open(path: &Path) -> io::Result<Root> {
        let directory = open_directory(path)?;
        let resolver = Resolver::probe(directory.as_fd())?;
        Root::new(path, directory, resolver)
    }

    fn new(path: &Path, directory: OwnedFd, resolver: Resolver) -> io::Result<Root> {
        let place = place(&rustix::fs::fstat(&directory)?);
        let prefix = [path.as_os_str().as_bytes(), b"/"].concat();
        Ok(Root { path: path.to_owned(), prefix, directory, resolver, place })
    }

    /// Looks at the path of the root again, and opens it anew where it names another directory by now: one that was
    /// removed and made again, or a link that was turned to the next release. Returns whether it does.
    ///
    /// # Errors
    ///
    /// Where there is no directory now, or it cannot be opened. The root stays what it was.
    pub fn refresh(&mut self) -> io::Result<bool> {
        if place(&rustix::fs::stat(&self.path)?) == self.place {
            return Ok(false);
        }
        *self = Root::new(&self.path, open_directory(&self.path)?, self.resolver)?;
        Ok(true)
    }

    #[cfg(test)]
    pub(crate) fn with_resolver(path: &Path, resolver: Resolver) -> io::Result<Root> {
        Root::new(path, open_directory(path)?, resolver)
    }

    /// Opens what `path` names: relative, components separated by `/`, no NUL, no dot segments; empty for the root
    /// itself. A trailing slash asks for a directory. A path that breaks these rules need not fail, but never leaves
    /// the root.
    ///
    /// Costs stat(2), openat2(2) and fstat(2).
    pub fn open_beneath(&self, path: &[u8]) -> Result<Opened, OpenError> {
        // To open a FIFO lets its writer go on, and to open a device may do anything, so they are not opened. Links are
        // followed wherever they lead here, but all that this can do is refuse; what follows is what decides.
        if let Ok(found) = rustix::fs::statat(&self.directory, or_dot(path), AtFlags::empty())
            && !matches!(FileType::from_raw_mode(found.st_mode), FileType::RegularFile | FileType::Directory)
        {
            return Err(OpenError::NotAFile);
        }
        let descriptor = self.resolver.open(self.directory.as_fd(), or_dot(path))?;
        let stat = rustix::fs::fstat(&descriptor)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Opened::File(Arc::new(File::new(descriptor, Metadata::from(&stat))))),
            FileType::Directory => Ok(Opened::Directory),
            _ => Err(OpenError::NotAFile),
        }
    }

    /// The identity of what `path` names now below the path of the root, in one call, to judge whether something in
    /// memory is still the same. It tells of a root that is another directory by now, too.
    ///
    /// For comparing only: symbolic links are followed wherever they lead. A path that leaves the root gives the
    /// identity of what is there, which equals that of a file opened beneath the root only where it is that very file.
    /// Nor does it ask whether the file may still be read: a change of its permissions shows in its ctime.
    ///
    /// # Errors
    ///
    /// Whatever stat(2) says. Any error means that it is no longer the same; opening it tells why.
    pub fn identity(&mut self, path: &[u8]) -> io::Result<Identity> {
        let root = self.prefix.len();
        self.prefix.extend_from_slice(path);
        let stat = rustix::fs::stat(&*self.prefix);
        self.prefix.truncate(root);
        Ok(Identity::from(&stat?))
    }
}

#[allow(clippy::unnecessary_cast, reason = "not needed on this architecture, but on others")]
fn place(stat: &Stat) -> Place {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// O_PATH, because a root that may be searched but not listed is served all the same.
fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// To the kernel an empty path names nothing.
fn or_dot(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"." } else { path }
}

/// What a path below a root turned out to be.
#[derive(Debug)]
pub enum Opened {
    /// A regular file, readable.
    File(Arc<File>),
    /// A directory, listable or not.
    Directory,
}

#[cfg(test)]
mod tests;
