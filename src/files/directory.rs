//! A directory beneath a root, and what of it can be asked for. Never follows a link out of the root, and never tells
//! of what is behind one that it may not follow.

use std::ops::ControlFlow;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

use super::error::ReadError;
use super::file::{Metadata, Place, Timestamp};
use super::root::{Beneath, Opened};

/// An open directory. It is read by its descriptor; the links in it are followed by its path.
#[derive(Debug)]
pub struct Directory {
    /// Perhaps only a place (`O_PATH`)
    descriptor: OwnedFd,
    /// Below the root, with a slash at its end; empty for the root
    prefix: Vec<u8>,
    beneath: Beneath,
    place: Place,
}

/// One name in a directory, and what it leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Any bytes but NUL and the slash
    pub name: Vec<u8>,
    /// What it is
    pub kind: Kind,
    /// In bytes; 0 for a directory
    pub size: u64,
    /// When its content was last written
    pub modified: Timestamp,
}

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A directory, or a link to one
    Directory,
    /// A regular file, or a link to one
    File,
}

impl Directory {
    pub(super) fn new(descriptor: OwnedFd, path: &[u8], beneath: Beneath, place: Place) -> Directory {
        let mut prefix = path.to_vec();
        if !prefix.is_empty() && !prefix.ends_with(b"/") {
            prefix.push(b'/');
        }
        Directory { descriptor, prefix, beneath, place }
    }

    /// Which directory it is: device and inode. Another one can have its path by now.
    pub fn place(&self) -> (u64, u64) {
        self.place
    }

    /// Goes through the entries, in the order of the file system, as far as `wants` wants their names: with `.` and
    /// `..`, devices, FIFOs, sockets and links that lead to nothing beneath the root left out, since there is nothing
    /// to be got from them. A link is given as what it leads to. What comes or goes meanwhile may be among them or not.
    /// It ends early where `take` says so.
    ///
    /// Costs openat(2), getdents64(2) for some hundred names at a time, and stat(2) for each one; for a link as much as
    /// to open it besides. Waits for the disk.
    ///
    /// # Errors
    ///
    /// It may not be read, or is gone, or the disk is at fault.
    pub fn read(
        &self,
        wants: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // One that was removed can be opened still, and has nothing in it.
        if fstat(&self.descriptor)?.st_nlink == 0 {
            return Err(Errno::NOENT.into());
        }
        let mut directory = Dir::new(openat(&self.descriptor, ".", flags, Mode::empty())?)?;
        while let Some(entry) = directory.read() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..")
                && wants(name)
                && let Some((kind, metadata)) = self.look_at(name)
            {
                let size = if kind == Kind::File { metadata.size } else { 0 };
                let entry = Entry { name: name.to_vec(), kind, size, modified: metadata.modified };
                if take(entry).is_break() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What a name leads to. None for what cannot be asked for, and for what is gone by now.
    fn look_at(&self, name: &[u8]) -> Option<(Kind, Metadata)> {
        let stat = statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT).ok()?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Some((Kind::File, Metadata::from(&stat))),
            FileType::Directory => Some((Kind::Directory, Metadata::from(&stat))),
            FileType::Symlink => match self.beneath.open(&[&self.prefix, name].concat()).ok()? {
                Opened::File(file) => Some((Kind::File, *file.metadata())),
                Opened::Directory(target) => {
                    let stat = fstat(target.descriptor.as_fd()).ok()?;
                    Some((Kind::Directory, Metadata::from(&stat)))
                }
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustix::fs::FileType;

    use super::super::resolver::Symlinks;
    use super::super::scratch::Scratch;
    use super::super::{Opened, Root};
    use super::*;

    fn names(root: &Root, path: &str) -> Result<Vec<String>, ReadError> {
        let Ok(Opened::Directory(directory)) = root.open_beneath(path.as_bytes()) else { panic!("{path}") };
        let mut names = Vec::new();
        directory.read(
            |name| !name.starts_with(b"."),
            |entry| {
                names.push(format!("{}:{:?}:{}", entry.name.escape_ascii(), entry.kind, entry.size));
                ControlFlow::Continue(())
            },
        )?;
        names.sort();
        Ok(names)
    }

    #[test]
    fn what_is_listed_is_what_can_be_asked_for() {
        let scratch = Scratch::new();
        scratch.write("outside/secret", "x");
        scratch.write("root/dir/file", "12345");
        scratch.write("root/dir/.hidden", "");
        scratch.write("root/dir/sub/deep", "");
        scratch.write_bytes(b"root/dir/\xff\n", "1");
        scratch.mknod("root/dir/fifo", FileType::Fifo, 0).unwrap();
        let absolute = scratch.path("root/dir/file").into_os_string().into_string().unwrap();
        for (target, name) in [
            ("file", "to-file"),
            ("../dir/sub", "to-sub"),
            (&*absolute, "to-absolute"),
            ("../../outside/secret", "out"),
            ("nowhere", "broken"),
            ("loop", "loop"),
            ("fifo", "to-fifo"),
        ] {
            scratch.symlink(target, &format!("root/dir/{name}"));
        }
        let files = ["\\xff\\n:File:1", "file:File:5", "sub:Directory:0"];
        let inside = ["to-absolute:File:5", "to-file:File:5", "to-sub:Directory:0"];
        for (symlinks, links) in [
            (Symlinks::Deny, &[][..]),
            (Symlinks::Inside, &inside),
            (Symlinks::Follow, &["out:File:1", inside[0], inside[1], inside[2]]),
        ] {
            let mut expected: Vec<_> = files.iter().chain(links).copied().collect();
            expected.sort_unstable();
            for (resolver, root) in scratch.roots_with(symlinks) {
                assert_eq!(names(&root, "dir/").unwrap(), expected, "{symlinks:?} {resolver:?}");
                assert_eq!(names(&root, "dir/sub").unwrap(), ["deep:File:0"]);
                assert_eq!(names(&root, "").unwrap(), ["dir:Directory:0"]);
            }
        }
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_and_one_that_is_read_twice_is_read_anew() {
        let scratch = Scratch::new();
        scratch.write("root/dir/file", "1");
        let root = Arc::new(scratch.root());
        let Ok(Opened::Directory(directory)) = root.open_beneath(b"dir") else { panic!() };
        let count = || {
            let mut count = 0;
            let take = |_| {
                count += 1;
                if count < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            directory.read(|_| true, take).map(|()| count)
        };
        assert_eq!(count().unwrap(), 1);
        scratch.write("root/dir/other", "1");
        scratch.write("root/dir/third", "1");
        assert_eq!(count().unwrap(), 2, "it went on");
        std::fs::remove_dir_all(scratch.path("root/dir")).unwrap();
        assert!(matches!(count(), Err(ReadError::Io(_))));
    }
}
