//! A server that takes a line at a time, each as a datagram: what syslog speaks over UDP and over UNIX sockets.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::SendFlags;

use super::outlet::poll_for;

/// Where the server is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Server {
    Udp(SocketAddr),
    Unix(PathBuf),
}

/// A socket that is connected to the server when there is something to be sent.
pub(super) struct Datagrams {
    pub(super) server: Server,
    socket: Mutex<Option<OwnedFd>>,
}

impl Datagrams {
    pub(super) fn to(server: Server) -> Datagrams {
        Datagrams { server, socket: Mutex::new(None) }
    }

    /// Sends a line, without its end. `WouldBlock` where there is no room.
    pub(super) fn send(&self, line: &[u8]) -> io::Result<()> {
        let mut socket = self.lock();
        if let Some(known) = &*socket {
            match send(known, line) {
                // Its server has gone. There may be another one by that name.
                Err(error) if self.is_unix() && error != Errno::AGAIN => {}
                result => return Ok(result?),
            }
        }
        *socket = None;
        let new = socket.insert(self.connect()?);
        Ok(send(new, line)?)
    }

    /// Waits for room, no longer than that. Whether a line is worth a try then.
    pub(super) fn await_room(&self, patience: Duration) -> bool {
        self.lock().as_ref().is_none_or(|socket| poll_for(PollFlags::OUT, socket, patience))
    }

    /// Whether this error is about the line before: it has reached nobody, as the host of the server has told since
    /// (udp(7)).
    pub(super) fn tells_late(&self, error: &io::Error) -> bool {
        !self.is_unix() && error.kind() == io::ErrorKind::ConnectionRefused
    }

    fn is_unix(&self) -> bool {
        matches!(self.server, Server::Unix(_))
    }

    fn connect(&self) -> io::Result<OwnedFd> {
        match &self.server {
            Server::Udp(address) => {
                let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any)?;
                socket.connect(address)?;
                Ok(socket.into())
            }
            Server::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(socket.into())
            }
        }
    }

    /// Only the writer has a use for it.
    fn lock(&self) -> MutexGuard<'_, Option<OwnedFd>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send(socket: &OwnedFd, line: &[u8]) -> Result<(), Errno> {
    retry_on_intr(|| rustix::net::send(socket, line, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_received_is_told_with_the_next_line() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        drop(server);
        let datagrams = Datagrams::to(Server::Udp(address));
        datagrams.send(b"in vain").unwrap();
        assert!(
            poll_for(PollFlags::ERR, datagrams.lock().as_ref().unwrap(), Duration::from_secs(10)),
            "it is not told"
        );
        let server = UdpSocket::bind(address).unwrap();
        let error = datagrams.send(b"late").unwrap_err();
        assert!(datagrams.tells_late(&error), "{error}");
        datagrams.send(b"again").unwrap();
        let mut buffer = [0; 9];
        assert_eq!(server.recv(&mut buffer).map(|length| buffer[..length].to_vec()).unwrap(), b"again");
    }

    #[test]
    fn what_a_unix_socket_tells_is_about_its_line() {
        let datagrams = Datagrams::to(Server::Unix("/missing/log".into()));
        let error = datagrams.send(b"line").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!datagrams.tells_late(&error) && !datagrams.tells_late(&io::ErrorKind::ConnectionRefused.into()));
    }
}
