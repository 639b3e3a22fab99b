//! Signals as bytes on a socket, so that they are one more source for the reactor.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::net::{Key, Reactor, Source};

/// The receiving end.
pub(super) struct Signals {
    /// The same socket twice: one to wait for, one to read.
    source: Source,
    socket: UnixStream,
}

impl Signals {
    /// Catches SIGINT and SIGTERM, and tells of them under `key`.
    pub(super) fn catch(reactor: &Reactor, key: Key) -> io::Result<Signals> {
        let (socket, sender) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        for signal in [SIGINT, SIGTERM] {
            pipe::register(signal, sender.try_clone()?)?;
        }
        let mut source = Source::new(OwnedFd::from(socket.try_clone()?));
        source.register(reactor, key)?;
        Ok(Signals { source, socket })
    }

    /// How many have come since the last call.
    pub(super) fn take(&mut self) -> usize {
        debug_assert!(self.source.is_registered());
        let mut bytes = [0; 64];
        // Nothing there is no error, and there is no other on a socket of our own.
        self.socket.read(&mut bytes).unwrap_or(0)
    }
}
