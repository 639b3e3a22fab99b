//! One accepted stream socket, TCP or UNIX: it receives, sends and hands files to the kernel, and never blocks.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::net::sockopt::set_tcp_cork;
use rustix::net::{RecvFlags, SendFlags, Shutdown};

use super::listener::{LocalAddress, UNSENT_BYTES, local_address};
use super::reactor::{Reactor, Source};
use super::slab::Key;

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// An address and a port; an address of IPv4 that came through an IPv6 socket is given as IPv4.
    Ip(IpAddr, u16),
    /// A process on this machine, by a UNIX socket
    Unix,
}

/// A connected socket. Dropping it closes the connection.
pub struct Transport {
    source: Source,
}

impl Transport {
    /// Takes over a socket that is connected and non-blocking.
    pub fn new(socket: OwnedFd) -> Transport {
        Transport { source: Source::new(socket) }
    }

    /// See [`Source::register`].
    pub fn register(&mut self, reactor: &Reactor, key: Key) -> io::Result<()> {
        self.source.register(reactor, key)
    }

    /// The address that the peer has connected to (getsockname(2)).
    pub fn local_address(&self) -> io::Result<LocalAddress> {
        local_address(&self.source)
    }

    /// Gives the socket up, as open as it is, for another reactor to take it over.
    pub fn into_socket(self) -> OwnedFd {
        self.source.into_descriptor()
    }

    /// Reads what there is; 0 bytes are the end of the peer's side (recv(2)). `WouldBlock` where there is nothing yet.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::net::recv(&self.source, &mut *buffer, RecvFlags::empty()) {
                Ok((received, _)) => return Ok(received),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether there is something to receive: bytes, the end of the peer's side, or an error (recv(2), MSG_PEEK).
    pub fn has_something_to_receive(&self) -> bool {
        let peeked = rustix::net::recv(&self.source, &mut [0; 1], RecvFlags::PEEK);
        !matches!(peeked, Err(rustix::io::Errno::AGAIN))
    }

    /// Sends from `slices` in one system call, as much as there is room for (sendmsg(2)). With `more`, the kernel keeps
    /// a last segment that is not full until something follows it.
    pub fn send(&self, slices: &[IoSlice<'_>], more: More) -> io::Result<usize> {
        let flags = SendFlags::NOSIGNAL | if more == More::Follows { SendFlags::MORE } else { SendFlags::empty() };
        loop {
            let sent = match slices {
                [slice] => rustix::net::send(&self.source, slice, flags),
                _ => rustix::net::sendmsg(&self.source, slices, &mut Default::default(), flags),
            };
            match sent {
                Ok(sent) => return Ok(sent),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends at most `length` bytes of a file from `offset` on, without copying them through this process
    /// (sendfile(2)). 0 where the file ends there.
    pub fn send_file(&self, file: &dyn AsFd, mut offset: u64, length: usize) -> io::Result<usize> {
        loop {
            match rustix::fs::sendfile(&self.source, file.as_fd(), Some(&mut offset), length) {
                Ok(sent) => return Ok(sent),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// From now on only whole segments leave the socket, and what is less waits for more, 200 ms at most (tcp(7),
    /// TCP_CORK). UNIX sockets have no segments.
    pub fn cork(&self) {
        // Without it more segments are sent.
        let _ = set_tcp_cork(&self.source, true);
    }

    /// What waits for more leaves at once.
    pub fn uncork(&self) {
        let _ = set_tcp_cork(&self.source, false);
    }

    /// Leaves to the kernel what it holds for the peer beside what is on its way, which
    /// [`UNSENT_BYTES`] bounds until then. UNIX sockets have a bound of their own.
    pub fn unbound_unsent(&self) {
        // It may well go on with the bound that it has.
        let _ = self.source.bound_unsent(i32::MAX);
    }

    /// Bounds it again.
    pub fn bound_unsent(&self) {
        // Without, it is as it was.
        let _ = self.source.bound_unsent(UNSENT_BYTES as i32);
    }

    /// Whether something was sent that the peer's side has not acknowledged yet. False where the system does not tell.
    pub fn has_unacknowledged(&self) -> bool {
        self.source.unacknowledged().is_ok_and(|bytes| bytes > 0)
    }

    /// Has what was sent and is still in the socket thrown away when it is closed, and the peer told so by a reset
    /// (socket(7), SO_LINGER). What is sent over a UNIX socket is with the peer at once.
    pub fn abort_on_close(&self) {
        let _ = rustix::net::sockopt::set_socket_linger(&self.source, Some(Duration::ZERO));
    }

    /// Tells the peer that nothing more will be sent (shutdown(2)).
    pub fn shut_down_sending(&self) -> io::Result<()> {
        Ok(rustix::net::shutdown(&self.source, Shutdown::Write)?)
    }
}

/// Whether what is sent is followed by something at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum More {
    /// It is: a head before its file
    Follows,
    /// It is not.
    Nothing,
}

impl Peer {
    /// Its address; that of loopback where it has none, being on this machine.
    pub fn ip(self) -> IpAddr {
        match self {
            Peer::Ip(address, _) => address,
            Peer::Unix => Ipv4Addr::LOCALHOST.into(),
        }
    }
}

/// With the port, by which the connections of one peer are told apart.
impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Ip(address, port) => SocketAddr::new(*address, *port).fmt(f),
            Peer::Unix => f.write_str("unix:"),
        }
    }
}

/// The address alone.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Ip(address, _) => address.fmt(f),
            Peer::Unix => f.write_str("unix:"),
        }
    }
}
