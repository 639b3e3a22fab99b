//! Why the disk did not give what was asked, by blame: the path's, or the machine's. Never chooses what a client is
//! told.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use rustix::io::Errno;

/// Why nothing was opened.
#[derive(Debug)]
pub enum OpenError {
    /// Nothing has this name, or nothing could: too long, or not a name to this file system.
    NotFound,
    /// Not readable by this process, outside the root, or behind more symbolic links than the system follows.
    Denied,
    /// A device, a FIFO or a socket, or a file that the kernel makes up as it is read, as those below /proc.
    NotAFile,
    /// No descriptor is left, to this process or to all (`EMFILE`, `ENFILE`). It passes.
    Exhausted,
    /// The machine's fault: no memory, a failing disk. `EAGAIN` is a lease that another process holds on the file; no
    /// readiness will follow it.
    Io(io::Error),
}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> OpenError {
        match errno {
            // INVAL and ILSEQ: a name that this file system cannot hold, as bytes that are not UTF-8 are to some.
            Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ => OpenError::NotFound,
            // XDEV: the path leaves the root. LOOP: a magic link of procfs, or too many links.
            Errno::ACCESS | Errno::PERM | Errno::XDEV | Errno::LOOP => OpenError::Denied,
            // A socket, or a device that has no driver.
            Errno::NXIO | Errno::NODEV => OpenError::NotAFile,
            Errno::MFILE | Errno::NFILE => OpenError::Exhausted,
            other => OpenError::Io(other.into()),
        }
    }
}

impl OpenError {
    /// What an error means that came of opening something.
    pub fn of(error: &io::Error) -> OpenError {
        Errno::from_io_error(error).map_or_else(|| OpenError::Io(error.kind().into()), OpenError::from)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::NotFound => f.write_str("not found"),
            OpenError::Denied => f.write_str("permission denied, or outside the root"),
            OpenError::NotAFile => f.write_str("neither a regular file nor a directory"),
            OpenError::Exhausted => f.write_str("no descriptor is left"),
            OpenError::Io(error) => error.fmt(f),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            OpenError::Io(error) => Some(error),
            OpenError::NotFound | OpenError::Denied | OpenError::NotAFile | OpenError::Exhausted => None,
        }
    }
}

/// Why a file was not read to its end.
#[derive(Debug)]
pub enum ReadError {
    /// It is no longer what it was when it was opened: written to, replaced or removed. Open it again.
    Changed,
    /// The disk would have to be waited for.
    NotResident,
    /// The disk has been waited for, for so long, and is not any longer: it did not answer, or has too much to do.
    Late(Duration),
    /// The machine's fault.
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> ReadError {
        ReadError::Io(errno.into())
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Changed => f.write_str("it changed while it was read"),
            ReadError::NotResident => f.write_str("it is not in memory"),
            ReadError::Late(waited) => write!(f, "it did not come from the disk within {} s", waited.as_secs_f64()),
            ReadError::Io(error) => error.fmt(f),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ReadError::Changed | ReadError::NotResident | ReadError::Late(_) => None,
            ReadError::Io(error) => Some(error),
        }
    }
}
