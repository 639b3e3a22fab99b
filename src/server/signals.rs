//! Signals as bytes on sockets, so that they can be waited for beside other things.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::net::RecvFlags;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// The receiving ends.
pub(super) struct Signals {
    stop: UnixStream,
    reload: UnixStream,
}

impl Signals {
    /// Catches SIGINT and SIGTERM, which say stop, and SIGHUP, which says reload.
    pub(super) fn catch() -> io::Result<Signals> {
        Ok(Signals { stop: receiver(&[SIGINT, SIGTERM])?, reload: receiver(&[SIGHUP])? })
    }

    /// How often it was said to stop since the last call.
    pub(super) fn take_stops(&self) -> usize {
        take(&self.stop)
    }

    /// Whether it was said to reload since the last call. However often, one will do.
    pub(super) fn take_reload(&self) -> bool {
        take(&self.reload) > 0
    }

    /// What becomes readable when there is something to take.
    pub(super) fn sources(&self) -> [BorrowedFd<'_>; 2] {
        [self.stop.as_fd(), self.reload.as_fd()]
    }
}

fn receiver(signals: &[i32]) -> io::Result<UnixStream> {
    let (receiver, sender) = UnixStream::pair()?;
    receiver.set_nonblocking(true)?;
    for signal in signals {
        pipe::register(*signal, sender.try_clone()?)?;
    }
    Ok(receiver)
}

fn take(receiver: &UnixStream) -> usize {
    // An error says that there is none: on a socket of our own there is no other.
    rustix::net::recv(receiver, &mut [0; 64], RecvFlags::empty()).map_or(0, |(received, _)| received)
}
