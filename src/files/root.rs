//! An open directory and what a path below it opens. Never hands out anything but a regular file, and never one that
//! was outside the directory when it was opened, unless links may lead anywhere.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::directory::Directory;
use super::error::OpenError;
use super::file::{File, Identity, Metadata, Place, is_made_up, place};
use super::resolver::{PLACE, READ, Resolver, Symlinks};

/// A directory that files are opened beneath. It is held by descriptor, so that what is opened is beneath one and the
/// same directory until [`Root::refresh`].
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// The path with a slash, and room for a path below it.
    prefix: Vec<u8>,
    beneath: Beneath,
    /// The root of the file system, where links may lead anywhere
    everything: Option<OwnedFd>,
    /// Whoever uses it can read no other directory.
    is_confined: bool,
}

/// What opens a path beneath a root, on whatever thread.
#[derive(Clone, Debug)]
pub(super) struct Beneath {
    /// None where there was no such directory
    open: Option<OpenRoot>,
    resolver: Resolver,
    symlinks: Symlinks,
}

/// Which directory a root is by now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refreshed {
    /// The same as before.
    Same,
    /// Another one, which has been opened.
    Another,
    /// Another one, which is out of reach. The root stays what it was.
    OutOfReach,
}

/// The directory, and which one it is.
#[derive(Clone, Debug)]
struct OpenRoot {
    directory: Arc<OwnedFd>,
    place: Place,
}

impl Root {
    /// Opens the directory at `path`, symbolic links in `path` itself followed. Below it, `symlinks` decides.
    ///
    /// # Errors
    ///
    /// Where it is missing, no directory, or not searchable: nothing below it could be opened then.
    pub fn open(path: &Path, symlinks: Symlinks) -> io::Result<Root> {
        let directory = open_directory(path)?;
        let resolver = Resolver::probe(directory.as_fd())?;
        Ok(Root::new(path, directory, resolver, symlinks)?)
    }

    fn new(path: &Path, directory: OwnedFd, resolver: Resolver, symlinks: Symlinks) -> rustix::io::Result<Root> {
        let place = place(&rustix::fs::fstat(&directory)?);
        let everything = (symlinks == Symlinks::Follow).then(|| open_directory(Path::new("/"))).transpose()?;
        let open = Some(OpenRoot { directory: Arc::new(directory), place });
        Ok(Root { beneath: Beneath { open, resolver, symlinks }, everything, ..Root::absent(path, symlinks) })
    }

    /// A directory that is not there for now. [`Root::refresh`] opens it when it is.
    pub fn absent(path: &Path, symlinks: Symlinks) -> Root {
        let prefix = [path.as_os_str().as_bytes(), b"/"].concat();
        // The walk goes everywhere; what else there is has not been asked for yet.
        let beneath = Beneath { open: None, resolver: Resolver::Walk, symlinks };
        Root { path: path.to_owned(), prefix, beneath, everything: None, is_confined: false }
    }

    /// From now on whoever uses it can read no directory but this one.
    pub fn confine(&mut self) {
        self.is_confined = true;
    }

    /// Where it is, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory beneath which all lies that can be opened: the root, or everything, where links may lead anywhere.
    /// None where nothing can be.
    pub fn reach(&self) -> Option<BorrowedFd<'_>> {
        let directory = self.beneath.open.as_ref().map(|open| &*open.directory);
        self.everything.as_ref().or(directory).map(|directory| directory.as_fd())
    }

    /// Whether links may lead anywhere.
    pub fn reaches_everything(&self) -> bool {
        self.everything.is_some()
    }

    /// Looks at the path of the root again, and opens it anew where it names another directory by now: one that was
    /// removed and made again, or a link that was turned to the next release.
    ///
    /// # Errors
    ///
    /// Where there is no directory now, or it cannot be opened. The root stays what it was.
    pub fn refresh(&mut self) -> Result<Refreshed, OpenError> {
        let place = place(&rustix::fs::stat(&self.path).map_err(of_root)?);
        if self.beneath.open.as_ref().is_some_and(|open| open.place == place) {
            return Ok(Refreshed::Same);
        }
        let directory = open_directory(&self.path).map_err(of_root)?;
        if self.is_confined {
            return Ok(Refreshed::OutOfReach);
        }
        let Beneath { resolver, symlinks, .. } = self.beneath;
        *self = Root::new(&self.path, directory, resolver, symlinks)?;
        Ok(Refreshed::Another)
    }

    #[cfg(test)]
    pub(super) fn with_resolver(path: &Path, resolver: Resolver, symlinks: Symlinks) -> io::Result<Root> {
        Ok(Root::new(path, open_directory(path)?, resolver, symlinks)?)
    }

    /// Opens what `path` names: relative, components separated by `/`, no NUL, no dot segments; empty for the root
    /// itself. A trailing slash asks for a directory. A path that breaks these rules need not fail, but never leaves
    /// the root.
    ///
    /// Costs stat(2), openat2(2) and fstat(2); a link with an absolute target some more for each component.
    pub fn open_beneath(&self, path: &[u8]) -> Result<Opened, OpenError> {
        self.beneath.open(path)
    }

    /// The identity of what `path` names now below the path of the root, in one call, to judge whether something in
    /// memory is still the same. It tells of a root that is another directory by now, too.
    ///
    /// For comparing only: symbolic links are followed wherever they lead. A path that leaves the root gives the
    /// identity of what is there, which equals that of a file opened beneath the root only where it is that very file,
    /// as it may be after a directory was moved out of the root and linked to: [`Root::identity_beneath`] tells.
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

    /// The same, and what has this identity lies beneath the root, too. It is found as if it were opened, but is not:
    /// to open a file that is being read may be to wait for that.
    ///
    /// # Errors
    ///
    /// As above, and where there is no way to it, or something else there.
    pub fn identity_beneath(&mut self, path: &[u8]) -> io::Result<Identity> {
        let identity = self.identity(path)?;
        let Beneath { open, resolver, symlinks } = &self.beneath;
        let OpenRoot { directory, .. } = open.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let place = resolver.open(directory.as_fd(), or_dot(path), PLACE, *symlinks)?;
        let is_it = Identity::from(&rustix::fs::fstat(&place)?) == identity;
        is_it.then_some(identity).ok_or_else(|| io::Error::other("something else beneath the root"))
    }

    /// What [`Root::identity`] says, below the directory that is open, be it the root still or not. So the path may be
    /// as long as one that is opened: from `/` on it may be too long.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn identity_below(&self, path: &[u8]) -> io::Result<Identity> {
        let OpenRoot { directory, .. } = self.beneath.open.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Ok(Identity::from(&rustix::fs::statat(directory, or_dot(path), AtFlags::empty())?))
    }
}

impl Beneath {
    /// What [`Root::open_beneath`] says.
    pub(super) fn open(&self, path: &[u8]) -> Result<Opened, OpenError> {
        let OpenRoot { directory, .. } = self.open.as_ref().ok_or(OpenError::NotFound)?;
        // To open a FIFO lets its writer go on, and to open a device may do anything, so they are not opened. Links are
        // followed wherever they lead here, but all that this can do is refuse; what follows is what decides.
        if let Ok(found) = rustix::fs::statat(directory, or_dot(path), AtFlags::empty())
            && !matches!(FileType::from_raw_mode(found.st_mode), FileType::RegularFile | FileType::Directory)
        {
            // Of what is outside nothing is told, not even what it is.
            self.resolver.open(directory.as_fd(), or_dot(path), PLACE, self.symlinks)?;
            return Err(OpenError::NotAFile);
        }
        let descriptor = self.resolver.open(directory.as_fd(), or_dot(path), READ, self.symlinks)?;
        let stat = rustix::fs::fstat(&descriptor)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if stat.st_blocks == 0 && is_made_up(&descriptor) => Err(OpenError::NotAFile),
            FileType::RegularFile => Ok(Opened::File(Arc::new(File::new(descriptor, Metadata::from(&stat))))),
            FileType::Directory => Ok(Opened::Directory(Directory::new(descriptor, path, self.clone(), place(&stat)))),
            _ => Err(OpenError::NotAFile),
        }
    }
}

/// O_PATH, because a root that may be searched but not listed is served all the same.
fn open_directory(path: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// The path of a root leads out of nothing: what it is denied for has a name of its own.
fn of_root(errno: Errno) -> OpenError {
    match errno {
        Errno::LOOP | Errno::ACCESS | Errno::PERM => OpenError::Io(errno.into()),
        other => other.into(),
    }
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
    Directory(Directory),
}

#[cfg(test)]
mod tests;
