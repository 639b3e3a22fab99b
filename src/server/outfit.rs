//! What a worker begins with and what it is told later. All of it can go to another thread.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use super::Appearance;
use super::client::Handed;
use super::descriptors::Descriptors;
use super::listeners::{Endpoint, Listeners};
use super::mailbox::Mailbox;
use super::reload::{Loaded, ReloadError};
use super::sandbox::Sandbox;
use super::start_error::StartError;
use crate::access_log::{AccessLog, Destination, Short};
use crate::config::{AccessTarget, Config};
use crate::net::{Listener, LocalAddress};

/// What a worker begins with: all that it could not open itself. Nothing in it was waited for.
pub struct Outfit {
    pub(super) config: Arc<Config>,
    pub(super) roots: Roots,
    /// The sockets to accept from
    pub(super) sockets: Vec<(Endpoint, OwnedFd)>,
    pub(super) appearance: Appearance,
    pub(super) descriptors: Descriptors,
    /// Where its lines go; none where it has to open the log of the config
    pub(super) log: Option<Destination>,
    pub(super) orders: Orders,
    pub(super) reports: Reports,
}

/// Which roots a worker has to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roots {
    /// All of them, or it cannot begin.
    All,
    /// Those that are there: the other sites are served as before.
    ThoseThere,
}

impl Outfit {
    /// Shares the listeners. Who is to hear of the worker is told by `reports`.
    pub fn new(
        config: &Arc<Config>,
        roots: Roots,
        appearance: Appearance,
        listeners: &Listeners,
        reports: Reports,
    ) -> Result<Outfit, StartError> {
        let share = |(endpoint, listener): (Endpoint, &Listener)| Ok((endpoint, listener.share()?));
        Ok(Outfit {
            config: Arc::clone(config),
            roots,
            sockets: listeners.listeners().map(share).collect::<io::Result<_>>()?,
            appearance,
            descriptors: Descriptors::raise(),
            log: None,
            orders: Orders(Arc::new(Mailbox::new()?)),
            reports,
        })
    }

    /// By which the worker is told what to do.
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }
}

/// The log of a config, as it is to appear. It is opened unless its destination is known.
pub(super) fn open_access_log(
    config: &Config,
    appearance: Appearance,
    destination: Option<Destination>,
) -> Result<AccessLog, StartError> {
    let target = match &config.log.access {
        AccessTarget::Stdout | AccessTarget::Stderr if !appearance.shows_access => &AccessTarget::Off,
        target => target,
    };
    let open = || Destination::open(target).map_err(|error| StartError::access_log(target.clone(), error));
    let destination = destination.map_or_else(open, Ok)?;
    let short = Short { color: appearance.color, hosts: config.sites.len() > 1 };
    Ok(AccessLog::to(destination, config.log.format, short))
}

/// By which a worker is told what to do.
#[derive(Clone)]
pub struct Orders(pub(super) Arc<Mailbox<Command>>);

impl Orders {
    /// It stops, and waits no longer than until `end` for requests in flight. May be said again with another end.
    pub fn stop(&self, end: Instant) {
        self.tell(|| Command::Stop(end));
    }

    /// Tells it, unless it has ended.
    pub(super) fn tell(&self, command: impl FnOnce() -> Command) {
        self.0.put_with(command);
    }
}

/// What a worker is told.
pub(super) enum Command {
    /// Accept nobody any more, let requests in flight finish until then, and end.
    Stop(Instant),
    /// Accept nobody any more, give the successor every client that is between two requests, and end with the last one.
    HandOver(Successor),
    /// Take these clients over.
    Adopt(Vec<Handed>),
    /// Write to this log from now on.
    Reopen(Box<AccessLog>),
}

/// What others ask of a worker that serves.
#[derive(Clone)]
pub struct Particulars {
    /// What its thread is kept from
    pub sandbox: Sandbox,
    /// Where its lines go
    pub log: Destination,
}

impl Default for Particulars {
    fn default() -> Particulars {
        Particulars { sandbox: Sandbox::Off, log: Destination::default() }
    }
}

/// By which a worker tells what has become of it.
#[derive(Clone)]
pub struct Reports {
    pub(super) mailbox: Arc<Mailbox<News>>,
    /// The worker that they are about
    pub(super) number: u64,
}

/// What a supervisor hears.
pub(super) enum News {
    /// What has become of the worker of that number.
    OfWorker(u64, Event),
    /// What came of reading the config again.
    Loaded(Result<Box<Loaded>, ReloadError>),
}

/// What becomes of a worker.
pub(super) enum Event {
    /// It serves; or it cannot, and has ended.
    Opened(Result<Particulars, StartError>),
    /// A root is another directory, which it cannot read: it needs a successor that can.
    Superseded,
    /// It has ended.
    Ended,
}

impl Reports {
    /// Of the worker of that number.
    pub fn new(number: u64) -> io::Result<Reports> {
        Ok(Reports { mailbox: Arc::new(Mailbox::new()?), number })
    }

    /// Tells whoever reads it.
    pub(super) fn tell(&self, event: Event) {
        self.mailbox.put_with(|| News::OfWorker(self.number, event));
    }
}

/// A worker that serves by a newer config, or newer roots.
#[derive(Clone)]
pub(super) struct Successor {
    pub(super) orders: Orders,
    /// Where it can be reached
    pub(super) endpoints: Arc<[Endpoint]>,
}

impl Successor {
    /// Whether this very socket is one of its own.
    pub(super) fn accepts_from(&self, socket: &Endpoint) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.inode == socket.inode)
    }

    /// The binding that answers those who have connected to this address, if there is one.
    pub(super) fn binding_of(&self, local: &LocalAddress) -> Option<u32> {
        let exact = self.endpoints.iter().find(|endpoint| endpoint.address == *local);
        let is_around = |endpoint: &&Endpoint| is_every_interface_of(&endpoint.address, local);
        exact.or_else(|| self.endpoints.iter().find(is_around)).map(|endpoint| endpoint.binding)
    }
}

/// Whether `address` stands for every interface, of which `local` is one.
fn is_every_interface_of(address: &LocalAddress, local: &LocalAddress) -> bool {
    match (address, local) {
        (LocalAddress::Tcp(address), LocalAddress::Tcp(local)) => {
            address.ip().is_unspecified() && address.is_ipv4() == local.is_ipv4() && address.port() == local.port()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_served_by_a_successor() {
        let tcp = |text: &str| LocalAddress::Tcp(text.parse().unwrap());
        let unix = |path: &str| LocalAddress::Unix(path.into());
        let addresses = [tcp("0.0.0.0:80"), tcp("127.0.0.1:80"), tcp("[::1]:81"), unix("/a")];
        let endpoints = addresses.into_iter().zip(10..);
        let endpoints = endpoints.map(|(address, binding)| Endpoint { address, binding, inode: 0 }).collect();
        let successor = Successor { orders: Orders(Arc::new(Mailbox::new().unwrap())), endpoints };
        for (local, binding) in [
            (tcp("127.0.0.1:80"), Some(11)),
            (tcp("192.0.2.1:80"), Some(10)),
            (tcp("127.0.0.1:81"), None),
            (tcp("[::1]:80"), None),
            (tcp("[::1]:81"), Some(12)),
            (unix("/a"), Some(13)),
            (unix("/b"), None),
        ] {
            assert_eq!(successor.binding_of(&local), binding, "{local}");
        }
    }
}
