//! From the addresses of the config to listeners: `localhost` as two of them, and the next free port where none was
//! asked for.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config;
use crate::net::{Address, Listener};
use crate::site::Binding;

/// How many ports are tried from the default one on.
const PORTS_TRIED: u16 = 100;

/// How often a pair of free ports is looked for.
const PAIRS_TRIED: u16 = 16;

/// A listener, and the binding that it serves.
pub(super) struct Bound {
    pub(super) listener: Listener,
    pub(super) binding: usize,
}

/// The address that could not be had.
#[derive(Debug)]
pub struct BindError {
    address: String,
    error: io::Error,
}

/// Binds every address. Those whose port was not asked for move on together until all of them find theirs free.
pub(super) fn bind(bindings: &[Binding], backlog: u32) -> Result<Vec<Bound>, BindError> {
    for step in 0.. {
        match bind_at(bindings, step, backlog) {
            Err(failed) if failed.can_move && step < PORTS_TRIED => {}
            Err(failed) => return Err(failed.error),
            Ok(bound) => return Ok(bound),
        }
    }
    Ok(Vec::new())
}

struct Failed {
    error: BindError,
    /// Whether the port is taken, and another would do.
    can_move: bool,
}

fn bind_at(bindings: &[Binding], step: u16, backlog: u32) -> Result<Vec<Bound>, Failed> {
    let mut all = Vec::new();
    for (number, binding) in bindings.iter().enumerate() {
        let step = if binding.port_given { 0 } else { step };
        let listeners = match &binding.address {
            config::Address::Localhost(port) => bind_localhost(port.saturating_add(step), backlog),
            config::Address::Tcp(address) => {
                let address = SocketAddr::new(address.ip(), address.port().saturating_add(step));
                bind_one(Address::Tcp(address), backlog).map(|listener| vec![listener])
            }
            config::Address::Unix(path) => {
                bind_one(Address::Unix(path.clone()), backlog).map(|listener| vec![listener])
            }
        };
        let listeners = listeners.map_err(|error| Failed {
            can_move: !binding.port_given && error.error.kind() == io::ErrorKind::AddrInUse,
            error,
        })?;
        all.extend(listeners.into_iter().map(|listener| Bound { listener, binding: number }));
    }
    Ok(all)
}

fn bind_one(address: Address, backlog: u32) -> Result<Listener, BindError> {
    Listener::bind(&address, backlog).map_err(|error| BindError { address: address.to_string(), error })
}

/// 127.0.0.1 and ::1 at the same port. A machine without IPv6 has the first alone.
fn bind_localhost(port: u16, backlog: u32) -> Result<Vec<Listener>, BindError> {
    let mut tries = PAIRS_TRIED;
    loop {
        let v4 = bind_one(Address::Tcp((Ipv4Addr::LOCALHOST, port).into()), backlog)?;
        let bound_port = match v4.address() {
            Address::Tcp(address) => address.port(),
            Address::Unix(_) => port,
        };
        tries -= 1;
        match bind_one(Address::Tcp((Ipv6Addr::LOCALHOST, bound_port).into()), backlog) {
            Ok(v6) => return Ok(vec![v4, v6]),
            Err(failed) if port == 0 && failed.error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            Err(failed) if is_without_ipv6(&failed.error) => {
                log::info!("no IPv6 on this machine: {}", failed.error);
                return Ok(vec![v4]);
            }
            Err(failed) => return Err(failed),
        }
    }
}

fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: ", self.address)?;
        match self.error.kind() {
            io::ErrorKind::AddrInUse if self.address.starts_with("unix:") => {
                f.write_str("another process listens on that socket")
            }
            io::ErrorKind::AddrInUse => f.write_str(
                "the port is taken by another process\n  help: stop it, or choose another port with --listen",
            ),
            io::ErrorKind::AddrNotAvailable => f.write_str("no interface of this machine has that address"),
            io::ErrorKind::PermissionDenied if !self.address.starts_with("unix:") => f.write_str(
                "permission denied\n  help: ports below 1024 need root or CAP_NET_BIND_SERVICE; any above will do, such as 8080",
            ),
            _ => self.error.fmt(f),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
