//! Listening sockets: TCP over IPv4 and IPv6, and UNIX stream sockets.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, sockopt};

use super::reactor::{Reactor, Source};
use super::slab::Key;
use super::transport::{Peer, Transport};

/// What a socket is bound to (getsockname(2)).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum LocalAddress {
    /// An IP address and a port
    Tcp(SocketAddr),
    /// The path of a UNIX socket
    Unix(PathBuf),
}

/// When a connection is accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepting {
    /// When it is established
    AtOnce,
    /// When its first bytes have come, or after about a second without any (tcp(7), TCP_DEFER_ACCEPT). So a request can
    /// be received at once, and a client need not be registered with the reactor before it has been answered. But until
    /// then nobody knows of it: when the listener is closed, it is told nothing.
    WithBytes,
}

/// A socket that is bound and listens. Dropping it closes it, and removes the file of a UNIX socket. What waits to be
/// accepted stays for the [`Acceptor`]s that share it.
pub struct Listener {
    socket: OwnedFd,
    address: LocalAddress,
    /// Device and inode of the UNIX socket's file, by which it is known to be ours still.
    file: Option<(u64, u64)>,
    inode: u64,
}

/// The end of a [`Listener`] at which connections are accepted. There can be several, which take turns as they come.
pub struct Acceptor {
    source: Source,
    is_tcp: bool,
}

/// How long a connection without a byte is kept from a listener that waits for bytes, about, in seconds.
const DEFER_SECONDS: i32 = 1;

/// What the kernel may hold for a peer beside what is on its way, in bytes, unless that is told otherwise. The kernel
/// itself would let it be up to 4 MiB (tcp(7), tcp_wmem) for a peer that asks for a large file and reads nothing. With
/// what it needs besides, this is 440 KiB of memory.
pub const UNSENT_BYTES: usize = 320 * 1024;

/// What the kernel may hold of a peer until it is received, in bytes. It takes as much again for itself. The kernel
/// itself would let it grow to 6 MiB and more (tcp(7), tcp_rmem) for a peer that is read from fast at first, and then
/// not, since it does not read its answers. Requests are small, and content is thrown away.
const UNREAD_BYTES: usize = 64 * 1024;

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

impl Listener {
    /// Binds and listens. `backlog` is how many connections the kernel keeps until they are accepted; it caps the
    /// number at `net.core.somaxconn` (listen(2)).
    pub fn bind(address: &LocalAddress, backlog: u32) -> io::Result<Listener> {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        match address {
            LocalAddress::Tcp(address) => Listener::bind_tcp(*address, backlog),
            LocalAddress::Unix(path) => Listener::bind_unix(path, backlog),
        }
    }

    fn bind_tcp(address: SocketAddr, backlog: i32) -> io::Result<Listener> {
        // ::ffff:127.0.0.1 is 127.0.0.1, which a socket for IPv6 alone does not take.
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = rustix::net::socket_with(family, SocketType::STREAM, FLAGS, None)?;
        // A restart must not wait for connections of the last run that are in TIME_WAIT.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        if address.is_ipv6() {
            // [::] is IPv6 alone, whatever net.ipv6.bindv6only says, so that 0.0.0.0 can be bound beside it.
            sockopt::set_ipv6_v6only(&socket, true)?;
        }
        // Inherited by what is accepted. A response leaves in one piece, and a second one that is pipelined must not
        // wait for the acknowledgement of the first (Nagle).
        sockopt::set_tcp_nodelay(&socket, true)?;
        rustix::net::bind(&socket, &address)?;
        rustix::net::listen(&socket, backlog)?;
        let address = local_address(&socket)?;
        Listener::new(socket, address, None)
    }

    fn bind_unix(path: &Path, backlog: i32) -> io::Result<Listener> {
        let address = SocketAddrUnix::new(path)?;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)?;
        if let Err(error) = rustix::net::bind(&socket, &address) {
            if error != Errno::ADDRINUSE {
                return Err(error.into());
            }
            remove_stale(path, &address)?;
            rustix::net::bind(&socket, &address)?;
        }
        // Who may connect is for the directory to say.
        fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
        let metadata = fs::symlink_metadata(path)?;
        rustix::net::listen(&socket, backlog)?;
        let file = Some((metadata.dev(), metadata.ino()));
        Listener::new(socket, LocalAddress::Unix(path.to_owned()), file)
    }

    fn new(socket: OwnedFd, address: LocalAddress, file: Option<(u64, u64)>) -> io::Result<Listener> {
        let inode = rustix::fs::fstat(&socket)?.st_ino;
        Ok(Listener { socket, address, file, inode })
    }

    /// Where it is bound; the port is the real one where 0 was asked for.
    pub fn address(&self) -> &LocalAddress {
        &self.address
    }

    /// The number of its socket, which no other one has as long as this one is open (inode(7)). Another socket may have
    /// been bound to the same path since.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Whether it is what is connected to at its address: the file of a UNIX socket may have been removed, or there may
    /// be another one in its place. Where that cannot be told, nobody is known to have touched it.
    pub fn is_in_place(&self) -> bool {
        let (LocalAddress::Unix(path), Some(file)) = (&self.address, self.file) else { return true };
        match fs::symlink_metadata(path) {
            Ok(metadata) => (metadata.dev(), metadata.ino()) == file,
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        }
    }

    /// Changes the backlog (listen(2)).
    pub fn set_backlog(&self, backlog: u32) -> io::Result<()> {
        Ok(rustix::net::listen(&self.socket, i32::try_from(backlog).unwrap_or(i32::MAX))?)
    }

    /// The same socket once more, for an [`Acceptor`].
    pub fn share(&self) -> io::Result<OwnedFd> {
        self.socket.try_clone()
    }
}

impl Acceptor {
    /// Accepts from the socket of a listener at that address.
    pub fn new(socket: OwnedFd, address: &LocalAddress) -> Acceptor {
        let source = Source::new(socket);
        let is_tcp = matches!(address, LocalAddress::Tcp(_));
        if is_tcp {
            // Where these cannot be had, the bounds are the system's.
            let _ = source.bound_unsent(UNSENT_BYTES as i32);
            let _ = sockopt::set_socket_recv_buffer_size(&source, UNREAD_BYTES);
        }
        Acceptor { source, is_tcp }
    }

    /// See [`Source::register`].
    pub fn register(&mut self, reactor: &Reactor, key: Key) -> io::Result<()> {
        self.source.register(reactor, key)
    }

    /// Chooses when a connection is there to be accepted. UNIX sockets know no other way than [`Accepting::AtOnce`],
    /// and nor do some systems.
    pub fn set_accepting(&self, accepting: Accepting) {
        if self.is_tcp {
            let seconds = if accepting == Accepting::WithBytes { DEFER_SECONDS } else { 0 };
            let _ = self.source.defer_accept(seconds);
        }
    }

    /// Whether a connection waits. Accepting does not tell where there is no descriptor: then it fails in any case.
    pub fn is_waited_at(&self) -> bool {
        let mut polled = [PollFd::new(&self.source, PollFlags::IN)];
        // Where that cannot be told, accepting will.
        rustix::event::poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Accepts a connection that waits; `None` where there is none. An error is one of the machine: out of descriptors
    /// or memory.
    pub fn accept(&self) -> io::Result<Option<(Transport, Peer)>> {
        loop {
            match rustix::net::acceptfrom_with(&self.source, FLAGS) {
                Ok((socket, address)) => return Ok(Some((Transport::new(socket), peer(address)))),
                Err(Errno::AGAIN) => return Ok(None),
                // Errors of the connection itself, which has gone again (accept(2), "Error handling").
                Err(
                    Errno::INTR
                    | Errno::CONNABORTED
                    | Errno::NETDOWN
                    | Errno::PROTO
                    | Errno::NOPROTOOPT
                    | Errno::HOSTDOWN
                    | Errno::NONET
                    | Errno::HOSTUNREACH
                    | Errno::OPNOTSUPP
                    | Errno::NETUNREACH,
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let LocalAddress::Unix(path) = &self.address
            && self.is_in_place()
        {
            // Where it may not be removed it stays, and the next start finds it stale.
            let _ = fs::remove_file(path);
        }
    }
}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LocalAddress::Tcp(address) => address.fmt(f),
            LocalAddress::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Removes the socket that a server left behind which did not stop in order. A socket that somebody listens on, or any
/// other file, is an error.
fn remove_stale(path: &Path, address: &SocketAddrUnix) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path is taken by a file that is no socket"));
    }
    let probe: OwnedFd = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)?;
    match rustix::net::connect(&probe, address) {
        Err(Errno::CONNREFUSED) => fs::remove_file(path),
        Ok(()) | Err(Errno::AGAIN) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens on it")),
        Err(error) => Err(error.into()),
    }
}

/// What a socket is bound to, or the listener that it was accepted from.
pub(super) fn local_address(socket: impl AsFd) -> io::Result<LocalAddress> {
    let address = rustix::net::getsockname(socket)?;
    if let Ok(address) = SocketAddrUnix::try_from(address.clone()) {
        let path = address.path_bytes().unwrap_or_default();
        return Ok(LocalAddress::Unix(OsStr::from_bytes(path).into()));
    }
    Ok(LocalAddress::Tcp(SocketAddr::try_from(address)?))
}

fn peer(address: Option<SocketAddrAny>) -> Peer {
    match address.and_then(|address| SocketAddr::try_from(address).ok()) {
        Some(address) => Peer::Ip(address.ip().to_canonical(), address.port()),
        None => Peer::Unix,
    }
}
