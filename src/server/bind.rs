//! From the addresses of the config to listeners: `localhost` as two of them, and the next free port where none was
//! asked for.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;

use super::start_error::StartError;
use crate::config;
use crate::net::{Listener, LocalAddress};
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

/// Binds every address. Those whose port was not asked for move on together until all of them find theirs free.
pub(super) fn bind(bindings: &[Binding], backlog: u32) -> Result<Vec<Bound>, StartError> {
    let mut step = 0;
    loop {
        match bind_at(bindings, step, backlog) {
            Ok(bound) => return Ok(bound),
            Err(failed) if failed.can_move && step < PORTS_TRIED => step += 1,
            Err(failed) => return Err(failed.error),
        }
    }
}

struct Failed {
    error: StartError,
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
                match bind_one(LocalAddress::Tcp(address), backlog) {
                    // Every interface that there is was asked for, and this kind is not.
                    Err(error) if !binding.port_given && address.is_ipv6() && is_without_ipv6(&error) => {
                        log::info!("{error}; IPv4 alone will do");
                        Ok(Vec::new())
                    }
                    bound => bound.map(|listener| vec![listener]),
                }
            }
            config::Address::Unix(path) => {
                bind_one(LocalAddress::Unix(path.clone()), backlog).map(|listener| vec![listener])
            }
        };
        let listeners = listeners.map_err(|error| Failed {
            can_move: !binding.port_given && error.kind() == io::ErrorKind::AddrInUse,
            error,
        })?;
        all.extend(listeners.into_iter().map(|listener| Bound { listener, binding: number }));
    }
    Ok(all)
}

fn bind_one(address: LocalAddress, backlog: u32) -> Result<Listener, StartError> {
    Listener::bind(&address, backlog).map_err(|error| StartError::Bind(address.to_string(), error))
}

/// 127.0.0.1 and ::1 at the same port. A machine without IPv6 has the first alone.
fn bind_localhost(port: u16, backlog: u32) -> Result<Vec<Listener>, StartError> {
    let mut tries = PAIRS_TRIED;
    loop {
        let v4 = bind_one(LocalAddress::Tcp((Ipv4Addr::LOCALHOST, port).into()), backlog)?;
        let bound_port = match v4.address() {
            LocalAddress::Tcp(address) => address.port(),
            LocalAddress::Unix(_) => port,
        };
        tries -= 1;
        match bind_one(LocalAddress::Tcp((Ipv6Addr::LOCALHOST, bound_port).into()), backlog) {
            Ok(v6) => return Ok(vec![v4, v6]),
            Err(failed) if port == 0 && failed.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            Err(failed) if is_without_ipv6(&failed) => {
                log::info!("{failed}; IPv4 alone will do");
                return Ok(vec![v4]);
            }
            Err(failed) => return Err(failed),
        }
    }
}

fn is_without_ipv6(error: &StartError) -> bool {
    // The second: a kernel that was built without it.
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || matches!(error, StartError::Bind(_, error) if Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT))
}
