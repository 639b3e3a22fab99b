//! How a thread wakes another that waits for descriptors: a bell, which a reactor or poll(2) can wait for (eventfd(2)).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// Rung by many, heard by one. However often it is rung, it is heard once.
pub(crate) struct Bell(OwnedFd);

impl Bell {
    /// One that has not been rung.
    pub(crate) fn new() -> io::Result<Bell> {
        Ok(Bell(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?))
    }

    /// Makes it readable. To be called when there is something to be found.
    pub(crate) fn ring(&self) {
        // It only fails where it has been rung 2^64 times and nobody came.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes it unreadable until it is rung again. To be called before looking for what there is: what comes in between
    /// rings it again.
    pub(crate) fn silence(&self) {
        // It fails where it was not rung.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
