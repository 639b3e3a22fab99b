//! The descriptor behind a sink.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Once};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use signal_hook::consts::SIGXFSZ;

/// What one write takes, in bytes. A pipe takes that much as a whole, whoever else writes to it: `PIPE_BUF` (pipe(7)).
const PIECE: usize = 4096;
const PIECE_OF_FILE: usize = 128 * 1024;

/// What is written to.
pub(super) struct Outlet {
    target: Target,
    /// What it is, where that can be told
    stat: Option<Stat>,
}

enum Target {
    StandardOutput,
    StandardError,
    File(File),
}

impl Outlet {
    pub(super) fn standard_output() -> Outlet {
        Outlet::of(Target::StandardOutput)
    }

    pub(super) fn standard_error() -> Outlet {
        Outlet::of(Target::StandardError)
    }

    pub(super) fn file(path: &Path) -> io::Result<Outlet> {
        // Who opens a FIFO for reading too is a reader, and does not have to wait for one (fifo(7)).
        let is_fifo = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        let mut options = OpenOptions::new();
        // A terminal that is only written to is not to end the server with its session.
        options.append(true).create(!is_fifo).read(is_fifo).custom_flags(OFlags::NOCTTY.bits().cast_signed());
        Ok(Outlet::of(Target::File(options.open(path)?)))
    }

    fn of(target: Target) -> Outlet {
        // A file beyond the limit of the process is an error, and nothing to die of (setrlimit(2), RLIMIT_FSIZE). A signal
        // that is caught does it.
        static CATCH: Once = Once::new();
        CATCH.call_once(|| _ = signal_hook::flag::register(SIGXFSZ, Arc::default()));
        let stat = rustix::fs::fstat(target.descriptor()).ok();
        Outlet { target, stat }
    }

    /// Whether both are the same file.
    pub(super) fn is_same(&self, other: &Outlet) -> bool {
        let both = self.stat.as_ref().zip(other.stat.as_ref());
        both.is_some_and(|(one, two)| (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino))
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.target.descriptor().is_terminal()
    }

    /// Whether it is what the diagnostics go to, so that they cannot tell of it.
    pub(super) fn is_for_diagnostics(&self) -> bool {
        matches!(self.target, Target::StandardError)
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> &'static str {
        if self.is_for_diagnostics() { "standard error" } else { "access log" }
    }

    /// Why lines are lost that nothing else is known of.
    pub(super) fn excuse(&self) -> &'static str {
        if self.is_regular() { "its disk does not keep up" } else { "its reader does not keep up" }
    }

    /// What one write is given at most, in bytes.
    pub(super) fn piece_max(&self) -> usize {
        if self.is_regular() { PIECE_OF_FILE } else { PIECE }
    }

    /// Writes some of the bytes, and takes all the time there is for it.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match retry_on_intr(|| rustix::io::write(self.target.descriptor(), bytes)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => return Ok(written),
                // Whoever else holds it has made it non-blocking.
                Err(Errno::AGAIN) => {
                    let mut ready = [PollFd::from_borrowed_fd(self.target.descriptor(), PollFlags::OUT)];
                    retry_on_intr(|| poll(&mut ready, None))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_regular(&self) -> bool {
        self.stat.as_ref().is_some_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file())
    }
}

impl Target {
    fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            Target::StandardOutput => rustix::stdio::stdout(),
            Target::StandardError => rustix::stdio::stderr(),
            Target::File(file) => file.as_fd(),
        }
    }
}
