//! From the addresses of the config to listeners: `localhost` as two of them, the next free port where none was asked
//! for, and those that are there already where the config is a new one.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use rustix::io::Errno;

use super::port_holder;
use super::start_error::StartError;
use crate::config::{self, Config};
use crate::net::{Listener, LocalAddress};
use crate::site::{self, Binding};

/// How many ports are tried from the default one on.
const PORTS_TRIED: u16 = 100;

/// How often a pair of free ports is looked for.
const PAIRS_TRIED: u16 = 16;

/// Every address of a config, bound.
pub struct Listeners {
    bindings: Vec<Binding>,
    bound: Vec<Bound>,
    /// Why there are fewer than there could be
    left_out: Vec<StartError>,
}

/// Where a server can be reached.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is bound to, with its real port
    pub address: LocalAddress,
    /// The number of the binding that it serves
    pub binding: u32,
    /// The number of the socket, by which it is told from one that had this address before
    pub inode: u64,
}

/// A listener, and the binding that it serves.
struct Bound {
    /// Those of a new config may be those of the old one.
    listener: Rc<Listener>,
    /// What was tried first
    wanted: LocalAddress,
    binding: usize,
}

impl Listeners {
    /// Binds every address of a config. What is `held` already and stays is not bound again: it is the same socket,
    /// with all that waits in it, unless nobody can come to it any more. Those whose port was not asked for move on
    /// together until all of them find theirs free.
    ///
    /// # Errors
    ///
    /// The address that cannot be had. Nothing is changed then.
    ///
    /// Logs nothing, as that would start a thread while this is root still.
    pub fn bind(config: &Config, held: Option<&Listeners>) -> Result<Listeners, StartError> {
        let bindings = site::bindings(config);
        let held = held.map_or(&[][..], |held| &held.bound);
        let binder = Binder { bindings: &bindings, held, backlog: config.limits.backlog };
        let mut step = 0;
        let (bound, left_out) = loop {
            match binder.bind_at(step) {
                Ok(found) => break found,
                Err(failed) if failed.can_move && step < PORTS_TRIED => step += 1,
                Err(failed) => return Err(failed.error.with_holder(port_holder::find)),
            }
        };
        Ok(Listeners { bindings, bound, left_out })
    }

    /// Tells what of them this machine does without.
    pub(super) fn tell_left_out(&self) {
        self.left_out.iter().for_each(|error| log::info!("{error}; IPv4 alone will do"));
    }

    /// Where they can be reached.
    pub fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        self.listeners().map(|(endpoint, _)| endpoint)
    }

    /// The addresses that the `held` ones have as well, by sockets that nobody can come to any more.
    pub(super) fn bound_again(&self, held: &Listeners) -> impl Iterator<Item = LocalAddress> {
        let is_other = |one: &Endpoint, other: Endpoint| one.address == other.address && one.inode != other.inode;
        let is_again = move |endpoint: &Endpoint| held.endpoints().any(|other| is_other(endpoint, other));
        self.endpoints().filter(is_again).map(|endpoint| endpoint.address)
    }

    /// What is served there.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Closes them all. Whoever shares one has it open still.
    pub(super) fn close(&mut self) {
        self.bound.clear();
    }

    /// Each with where it can be reached.
    pub(super) fn listeners(&self) -> impl Iterator<Item = (Endpoint, &Listener)> {
        self.bound.iter().map(|Bound { listener, binding, .. }| {
            let (address, inode) = (listener.address().clone(), listener.inode());
            (Endpoint { address, binding: *binding as u32, inode }, &**listener)
        })
    }
}

struct Failed {
    error: StartError,
    /// Whether the port is taken, and another would do.
    can_move: bool,
}

/// What is to be bound, and what there is.
struct Binder<'a> {
    bindings: &'a [Binding],
    held: &'a [Bound],
    backlog: u32,
}

impl Binder<'_> {
    fn bind_at(&self, step: u16) -> Result<(Vec<Bound>, Vec<StartError>), Failed> {
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        for (number, binding) in self.bindings.iter().enumerate() {
            let bound = match &binding.address {
                config::Address::Localhost(port) => self.bind_localhost(number, binding, *port, step, &mut left_out),
                config::Address::Tcp(address) => {
                    match self.bind_one(number, binding, LocalAddress::Tcp(*address), step) {
                        // Every interface that there is was asked for, and this kind is not.
                        Err(error) if !binding.port_given && address.is_ipv6() && is_without_ipv6(&error) => {
                            left_out.push(error);
                            Ok(Vec::new())
                        }
                        bound => bound.map(|bound| vec![bound]),
                    }
                }
                config::Address::Unix(path) => {
                    self.bind_one(number, binding, LocalAddress::Unix(path.clone()), step).map(|bound| vec![bound])
                }
            };
            all.extend(bound.map_err(|error| Failed {
                can_move: !binding.port_given && error.kind() == io::ErrorKind::AddrInUse,
                error,
            })?);
        }
        Ok((all, left_out))
    }

    /// The listener that is there already, or a new one, `step` ports further where the port was not asked for.
    fn bind_one(&self, number: usize, binding: &Binding, wanted: LocalAddress, step: u16) -> Result<Bound, StartError> {
        let (wanted, tried) = match wanted {
            LocalAddress::Tcp(address) => {
                // ::ffff:127.0.0.1 is 127.0.0.1, and known by that name once it is bound.
                let wanted = SocketAddr::new(address.ip().to_canonical(), address.port());
                let step = if binding.port_given { 0 } else { step };
                let tried = SocketAddr::new(wanted.ip(), wanted.port().saturating_add(step));
                (LocalAddress::Tcp(wanted), LocalAddress::Tcp(tried))
            }
            unix => (unix.clone(), unix),
        };
        let any_port = matches!(wanted, LocalAddress::Tcp(address) if address.port() == 0) || !binding.port_given;
        let is_it = |held: &&Bound| *held.listener.address() == wanted || (any_port && held.wanted == wanted);
        let held = self.held.iter().find(is_it).filter(|held| held.listener.is_in_place());
        let listener = match held {
            Some(held) => Rc::clone(&held.listener),
            None => {
                let bound = Listener::bind(&tried, self.backlog);
                Rc::new(bound.map_err(|error| StartError::Bind { address: tried, error, holder: None })?)
            }
        };
        Ok(Bound { listener, wanted, binding: number })
    }

    /// 127.0.0.1 and ::1 at the same port. A machine without IPv6 has the first alone.
    fn bind_localhost(
        &self,
        number: usize,
        binding: &Binding,
        port: u16,
        step: u16,
        left_out: &mut Vec<StartError>,
    ) -> Result<Vec<Bound>, StartError> {
        let mut tries = PAIRS_TRIED;
        loop {
            let v4 = self.bind_one(number, binding, LocalAddress::Tcp((Ipv4Addr::LOCALHOST, port).into()), step)?;
            let (v6_port, v6_step) = match v4.listener.address() {
                LocalAddress::Tcp(address) if port == 0 => (address.port(), 0),
                _ => (port, step),
            };
            let v6 = LocalAddress::Tcp((Ipv6Addr::LOCALHOST, v6_port).into());
            tries -= 1;
            match self.bind_one(number, binding, v6, v6_step) {
                Ok(v6) => return Ok(vec![v4, v6]),
                Err(failed) if port == 0 && failed.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
                Err(failed) if is_without_ipv6(&failed) => {
                    left_out.push(failed);
                    return Ok(vec![v4]);
                }
                Err(failed) => return Err(failed),
            }
        }
    }
}

fn is_without_ipv6(error: &StartError) -> bool {
    // The second: a kernel that was built without it.
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || matches!(error, StartError::Bind { error, .. } if Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT))
}
