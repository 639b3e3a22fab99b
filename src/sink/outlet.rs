//! The descriptor behind a sink.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::retry_on_intr;

use super::datagrams::{Datagrams, Server};
use super::state::Piece;

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
    /// Each line for itself
    Datagrams(Datagrams),
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
        // A terminal that is only written to is not to end the server with its session. Nor may a FIFO that is full
        // hold a writer for good: as a reader of its own, it would not even hear that the others have gone.
        let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
        let mut options = OpenOptions::new();
        options.append(true).create(!is_fifo).read(is_fifo).custom_flags(flags.bits().cast_signed());
        Ok(Outlet::of(Target::File(options.open(path)?)))
    }

    pub(super) fn datagrams(server: Server) -> Outlet {
        Outlet::of(Target::Datagrams(Datagrams::to(server)))
    }

    fn of(target: Target) -> Outlet {
        let stat = target.descriptor().and_then(|descriptor| rustix::fs::fstat(descriptor).ok());
        Outlet { target, stat }
    }

    /// Whether both are the same file, or the same server.
    pub(super) fn is_same(&self, other: &Outlet) -> bool {
        if let (Target::Datagrams(one), Target::Datagrams(two)) = (&self.target, &other.target) {
            return one.server == two.server;
        }
        let both = self.stat.as_ref().zip(other.stat.as_ref());
        both.is_some_and(|(one, two)| (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino))
    }

    pub(super) fn is_terminal(&self) -> bool {
        self.target.descriptor().is_some_and(|descriptor| descriptor.is_terminal())
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

    /// What one write is given.
    pub(super) fn piece(&self) -> Piece {
        match &self.target {
            Target::Datagrams(_) => Piece::Line,
            _ if self.is_regular() => Piece::Lines(PIECE_OF_FILE),
            _ => Piece::Lines(PIECE),
        }
    }

    /// Writes some of the bytes, or the line that they are. `WouldBlock` where there is no room; a disk takes all the
    /// time it needs.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let descriptor = match &self.target {
            Target::Datagrams(datagrams) => {
                datagrams.send(bytes.strip_suffix(b"\n").unwrap_or(bytes))?;
                return Ok(bytes.len());
            }
            target => target.descriptor().ok_or(io::ErrorKind::NotConnected)?,
        };
        if self.may_block() && !self.await_room(Duration::ZERO) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match retry_on_intr(|| rustix::io::write(descriptor, bytes))? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    /// Waits for room, no longer than that. Whether a write is worth a try then, be it for the sake of its error.
    pub(super) fn await_room(&self, patience: Duration) -> bool {
        match (&self.target, self.target.descriptor()) {
            (Target::Datagrams(datagrams), _) => datagrams.await_room(patience),
            (_, Some(descriptor)) => poll_for(PollFlags::OUT, &descriptor, patience),
            (_, None) => true,
        }
    }

    /// How long it is by now, in bytes, where it is a file.
    pub(super) fn length(&self) -> Option<u64> {
        let descriptor = self.target.descriptor().filter(|_| self.is_regular())?;
        u64::try_from(rustix::fs::fstat(descriptor).ok()?.st_size).ok()
    }

    /// Whether this error is about what was written before.
    pub(super) fn tells_late(&self, error: &io::Error) -> bool {
        matches!(&self.target, Target::Datagrams(datagrams) if datagrams.tells_late(error))
    }

    /// Whether a write may wait for a reader. What was handed over is shared with others, for whom it would be
    /// non-blocking too. A pipe that is ready takes a piece.
    fn may_block(&self) -> bool {
        matches!(self.target, Target::StandardOutput | Target::StandardError) && !self.is_regular()
    }

    fn is_regular(&self) -> bool {
        self.stat.as_ref().is_some_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file())
    }
}

impl Target {
    /// The one that it always has, if there is one.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Target::StandardOutput => Some(rustix::stdio::stdout()),
            Target::StandardError => Some(rustix::stdio::stderr()),
            Target::File(file) => Some(file.as_fd()),
            Target::Datagrams(_) => None,
        }
    }
}

/// Waits until it is ready for that, or has an error, but no longer than so.
pub(super) fn poll_for(what: PollFlags, descriptor: &impl AsFd, patience: Duration) -> bool {
    let mut ready = [PollFd::new(descriptor, what)];
    let timeout = Timespec::try_from(patience).ok();
    retry_on_intr(|| poll(&mut ready, timeout.as_ref())) != Ok(0)
}
