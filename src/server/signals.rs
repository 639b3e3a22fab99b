//! Signals as bytes on a socket, so that they are one more source for the reactor.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::net::RecvFlags;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::net::{Key, Reactor, Source};

/// The receiving end.
pub(super) struct Signals {
    source: Source,
}

impl Signals {
    /// Catches SIGINT and SIGTERM, and tells of them under `key`.
    pub(super) fn catch(reactor: &Reactor, key: Key) -> io::Result<Signals> {
        let (socket, sender) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        for signal in [SIGINT, SIGTERM] {
            pipe::register(signal, sender.try_clone()?)?;
        }
        let mut source = Source::new(socket.into());
        source.register(reactor, key)?;
        Ok(Signals { source })
    }

    /// How many have come since the last call.
    pub(super) fn take(&self) -> usize {
        // An error says that there is none: on a socket of our own there is no other.
        rustix::net::recv(&self.source, &mut [0; 64], RecvFlags::empty()).map_or(0, |(received, _)| received)
    }
}
