//! Where the lines of the access log go. Never waits for whoever reads them.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::retry_on_intr;

use crate::config::AccessTarget;

/// What a pipe that has room takes for certain, in bytes: `PIPE_BUF` (pipe(7)).
const PIECE: usize = 4096;

/// Where lines go.
pub(super) struct Sink {
    target: Target,
    /// It is no regular file, and could make a writer wait for its reader.
    may_block: bool,
    /// The last write failed, and it has been said so.
    pub(super) has_failed: bool,
}

enum Target {
    Stdout,
    Stderr,
    File(File),
}

impl Sink {
    /// Opens the sink, unless there is to be none. A file is made where there is none, and appended to.
    pub(super) fn open(target: &AccessTarget) -> io::Result<Option<Sink>> {
        let target = match target {
            AccessTarget::Off => return Ok(None),
            AccessTarget::Stdout => Target::Stdout,
            AccessTarget::Stderr => Target::Stderr,
            AccessTarget::File(path) => Target::File(OpenOptions::new().append(true).create(true).open(path)?),
        };
        let stat = rustix::fs::fstat(target.descriptor())?;
        let may_block = !FileType::from_raw_mode(stat.st_mode).is_file();
        Ok(Some(Sink { target, may_block, has_failed: false }))
    }

    /// Whether people read it.
    pub(super) fn is_terminal(&self) -> bool {
        self.target.descriptor().is_terminal()
    }

    /// Writes as much as the sink takes without waiting; `written` tells how much, in the case of an error too.
    pub(super) fn write(&self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
            let mut piece = rest;
            if self.may_block {
                // To make it non-blocking would make it so for every process that shares it.
                let mut ready = [PollFd::from_borrowed_fd(self.target.descriptor(), PollFlags::OUT)];
                if retry_on_intr(|| poll(&mut ready, Some(&Timespec::default())))? == 0 {
                    return Ok(());
                }
                piece = rest.get(..PIECE).unwrap_or(rest);
            }
            *written += retry_on_intr(|| rustix::io::write(self.target.descriptor(), piece))?;
        }
        Ok(())
    }
}

impl Target {
    fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            Target::Stdout => rustix::stdio::stdout(),
            Target::Stderr => rustix::stdio::stderr(),
            Target::File(file) => file.as_fd(),
        }
    }
}
