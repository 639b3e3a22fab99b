//! A regular file that is open, and what tells it from another. Never touches a name: the descriptor is all it has.

use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{Stat, fstat, fstatfs};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2, retry_on_intr};

use super::error::ReadError;

/// An open regular file, readable, with what fstat(2) said when it was opened. The descriptor is closed on drop.
#[derive(Debug)]
pub struct File {
    descriptor: OwnedFd,
    metadata: Metadata,
    /// So many bytes from the start on have been read through and are taken to be resident.
    fetched: AtomicU64,
    /// Its last bytes, to tell whether it was appended to, and how they may be read again
    end: OnceLock<(Vec<u8>, Reading)>,
}

/// Whether the disk may be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It may not: what is not resident is an error.
    Resident,
    /// It may.
    Any,
}

/// So many of its last bytes tell whether a file was appended to. Two builds of a program differ there, as do two
/// archives.
const END_BYTES: u64 = 64;

/// Bytes between two places at which it is tried whether a file is resident: as much as Linux reads ahead unless it is
/// told otherwise (`read_ahead_kb`). What is missing between two such places is less than that, and rare.
const PROBE_DISTANCE: usize = 128 * 1024;

/// A file whose inode changed less than this long ago, in nanoseconds, may change again without its identity showing
/// it: the clock of a file system ticks every 10 ms at worst.
const SETTLED_NANOSECONDS: i128 = 20_000_000;

/// File systems that cannot tell what is resident, and have their content in memory or, as a rule, on a disk of this
/// machine (statfs(2)): tmpfs, ramfs, and overlayfs, which is the one of containers.
const NEAR: [i64; 3] = [0x0102_1994, 0x8584_58f6, 0x794c_7630];

/// File systems whose files are made up by the kernel as they are read, so that their size says nothing (statfs(2)):
/// procfs, sysfs, debugfs, tracefs, securityfs, configfs, selinuxfs and those of cgroups.
const MADE_UP: [i64; 9] =
    [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0x6265_6570, 0xf97c_ff8c, 0x0027_e0eb, 0x6367_7270];

impl File {
    pub(super) fn new(descriptor: OwnedFd, metadata: Metadata) -> File {
        File { descriptor, metadata, fetched: AtomicU64::new(0), end: OnceLock::new() }
    }

    /// As it was when the file was opened.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The bytes of a range, all of them: that the file has become shorter is an error.
    pub fn read(&self, range: Range<u64>, reading: Reading) -> Result<Vec<u8>, ReadError> {
        let length = range.end.saturating_sub(range.start);
        let length = usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let mut content = Vec::new();
        content.try_reserve_exact(length).map_err(io::Error::from)?;
        content.resize(length, 0);
        let mut read = 0;
        while let Some(rest) = content.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.read_as(reading, rest, range.start + read as u64)? {
                0 => return Err(ReadError::Changed),
                more => read += more,
            }
        }
        Ok(content)
    }

    /// The whole content, exactly `metadata().size` bytes, for files that are small enough to be held in memory: the
    /// caller decides which. What was read is what [`Metadata::identity`] stands for: a file that was written to since
    /// it was opened, the same number of bytes or not, is an error, and so is one that another took the place of, which
    /// shows in its ctime too. To open it again is the answer to both.
    pub fn read_to_end(&self, reading: Reading) -> Result<Vec<u8>, ReadError> {
        let content = self.read(0..self.metadata.size, reading)?;
        let now = Identity::from(&fstat(&self.descriptor)?);
        if now == self.metadata.identity { Ok(content) } else { Err(ReadError::Changed) }
    }

    /// Where it is now, as far as the system can tell, for the log (proc(5), /proc/pid/fd). Asks no disk.
    pub fn path(&self) -> Vec<u8> {
        let link = format!("/proc/self/fd/{}", self.descriptor.as_raw_fd());
        std::fs::read_link(link).map_or_else(|_| b"a file".to_vec(), |path| path.into_os_string().into_vec())
    }

    /// Remembers its last bytes, if they can be read that way, so that [`File::verify`] can tell what is appended to
    /// from what is written over and grows by that.
    ///
    /// # Errors
    ///
    /// [`ReadError::Changed`] where it is not what was opened any more.
    pub fn remember_end(&self, reading: Reading) -> Result<(), ReadError> {
        if self.end.get().is_some() {
            return Ok(());
        }
        let Ok(end) = self.read(self.end_range(), reading) else { return Ok(()) };
        if Identity::from(&fstat(&self.descriptor)?) != self.metadata.identity {
            return Err(ReadError::Changed);
        }
        self.end.get_or_init(|| (end, reading));
        Ok(())
    }

    /// Looks whether it still holds what it held when it was opened, for who reads it piece by piece. What has grown
    /// does where its last bytes are where they were: it is a log that is written on. So does what has got another name
    /// or another mode since, which shows in ctime alone.
    ///
    /// # Errors
    ///
    /// [`ReadError::Changed`] where it is shorter, or was written to (mtime) other than at its end. Where the last
    /// bytes are not known, growth is taken for that.
    pub fn verify(&self) -> Result<(), ReadError> {
        let now = Identity::from(&fstat(&self.descriptor)?);
        let opened = &self.metadata;
        let is_intact = match self.end.get() {
            Some((end, reading)) if now.size > opened.size => match self.read(self.end_range(), *reading) {
                Ok(now) => now == *end,
                // The disk is not waited for.
                Err(ReadError::NotResident) => true,
                Err(error) => return Err(error),
            },
            None if now.size > opened.size => true,
            _ => now.size == opened.size && now.modified == opened.modified,
        };
        if is_intact { Ok(()) } else { Err(ReadError::Changed) }
    }

    fn end_range(&self) -> Range<u64> {
        self.metadata.size.saturating_sub(END_BYTES)..self.metadata.size
    }

    /// Whether these bytes can be read without waiting for the disk, as far as a few tries show.
    pub fn is_resident(&self, range: Range<u64>) -> bool {
        let last = range.end.saturating_sub(1);
        range.clone().step_by(PROBE_DISTANCE).chain([last]).all(|offset| {
            // 0 is the end of a file that has become shorter, which is for whoever sends it to find.
            !matches!(self.read_as(Reading::Resident, &mut [0], offset), Err(ReadError::NotResident))
        })
    }

    /// The bytes of a range, for which the disk is waited. Where nobody can tell what is resident, they are taken to be
    /// from now on, if their disk is near: else it says nothing. Nor could its end be remembered there before.
    pub(super) fn fetch(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let is_near = self.is_near();
        if is_near {
            // One that has changed by now may have been appended to.
            _ = self.remember_end(Reading::Any);
        }
        let bytes = self.read(range.clone(), Reading::Any)?;
        if is_near && range.start <= self.fetched.load(Ordering::Relaxed) {
            self.fetched.fetch_max(range.end, Ordering::Relaxed);
        }
        Ok(bytes)
    }

    /// pread(2), or preadv2(2) with RWF_NOWAIT where the disk must not be waited for.
    fn read_as(&self, reading: Reading, buffer: &mut [u8], offset: u64) -> Result<usize, ReadError> {
        let end = offset + buffer.len() as u64;
        let read = retry_on_intr(|| match reading {
            Reading::Any => pread(&self.descriptor, &mut *buffer, offset),
            Reading::Resident => {
                preadv2(&self.descriptor, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT)
            }
        });
        match read {
            Ok(read) => Ok(read),
            Err(Errno::AGAIN) if reading == Reading::Resident => Err(ReadError::NotResident),
            // Not every file system can tell, nor every system; PERM is how a system call filter refuses to.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) if reading == Reading::Resident => {
                if end <= self.fetched.load(Ordering::Relaxed) {
                    self.read_as(Reading::Any, buffer, offset)
                } else {
                    Err(ReadError::NotResident)
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_near(&self) -> bool {
        is_of(&self.descriptor, &NEAR)
    }
}

/// Whether it is no more than what the kernel makes up when it is read, be it called a regular file: some never end,
/// some wait for what is to come, and none has the size that it says. None of them has a block on a disk, which is
/// cheaper to ask.
pub(super) fn is_made_up(descriptor: &OwnedFd) -> bool {
    is_of(descriptor, &MADE_UP)
}

#[allow(clippy::unnecessary_cast, reason = "not needed on this architecture, but on others")]
fn is_of(descriptor: &OwnedFd, file_systems: &[i64]) -> bool {
    fstatfs(descriptor).is_ok_and(|stat| file_systems.contains(&(stat.f_type as i64)))
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// In bytes.
    pub size: u64,
    /// When the content was last written, or whatever was set in its place.
    pub modified: Timestamp,
    /// Which file, in which state.
    pub identity: Identity,
}

impl From<&Stat> for Metadata {
    fn from(stat: &Stat) -> Metadata {
        let identity = Identity::from(stat);
        Metadata { size: identity.size, modified: identity.modified, identity }
    }
}

/// A file in one state: device, inode, size, and the times of its content (mtime) and of its inode (ctime). Every
/// write(2) changes it, also one that keeps the size and sets mtime back, since only the clock sets ctime.
///
/// Who writes through mmap(2) changes it with the first store to a page only, until the kernel has written that page to
/// disk: whatever is stored until then shows in nothing that can be asked for.
///
/// The clock behind ctime may tick as rarely as every 10 ms: two writes within a tick can leave the same identity. One
/// whose [`changed`](Identity::changed) is no older than that says nothing yet about the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: Timestamp,
    changed: Timestamp,
}

impl Identity {
    /// When the content, the permissions or the number of links last changed: ctime, which nobody can set.
    pub fn changed(&self) -> Timestamp {
        self.changed
    }

    /// When the content was last written, or whatever was set in its place: mtime.
    pub fn modified(&self) -> Timestamp {
        self.modified
    }

    /// Whether it is the same file, in whatever state.
    pub fn is_same_file(&self, other: &Identity) -> bool {
        self.place() == other.place()
    }

    /// Which file it is, in whatever state: device and inode.
    pub fn place(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Whether this is long enough ago that any write from now on leaves another identity.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        let seconds = i128::from(now.seconds) - i128::from(self.changed.seconds);
        let nanoseconds = i128::from(now.nanoseconds) - i128::from(self.changed.nanoseconds);
        seconds * 1_000_000_000 + nanoseconds >= SETTLED_NANOSECONDS
    }
}

impl From<&Stat> for Identity {
    // The types of these fields differ between architectures.
    #[allow(clippy::unnecessary_cast, reason = "not needed on this architecture, but on others")]
    fn from(stat: &Stat) -> Identity {
        Identity {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: Timestamp { seconds: stat.st_mtime as i64, nanoseconds: stat.st_mtime_nsec as u32 },
            changed: Timestamp { seconds: stat.st_ctime as i64, nanoseconds: stat.st_ctime_nsec as u32 },
        }
    }
}

/// Which file or directory: device and inode.
pub(super) type Place = (u64, u64);

#[allow(clippy::unnecessary_cast, reason = "not needed on this architecture, but on others")]
pub(super) fn place(stat: &Stat) -> Place {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// A time as the file system keeps it and the wall clock tells it, since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp {
    /// Negative before 1970.
    pub seconds: i64,
    /// Below 1,000,000,000; counted forward from `seconds`, before 1970 too.
    pub nanoseconds: u32,
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Timestamp {
        // A clock that stands before 1970 is not set; every file is in its future then.
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanoseconds: since.subsec_nanos() }
    }
}

#[cfg(test)]
mod tests;
