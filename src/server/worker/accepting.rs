//! Who comes in: within a fair share of each turn, with pauses where the machine is out of descriptors.

use std::io;
use std::time::{Duration, Instant};

use super::Worker;
use crate::net::{Accepting, Acceptor, Key, LocalAddress, Peer, Reactor, Transport};
use crate::server::client::Client;
use crate::server::outfit::Entrance;
use crate::server::trace;

/// Connections that one listener hands over in a turn before clients have theirs.
const ACCEPTS_PER_TURN: usize = 64;

/// How long accepting pauses where the machine is out of descriptors or memory and no client leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often it is told that accepting fails.
const ACCEPT_QUIET: Duration = Duration::from_secs(10);

/// From so many connections in an interval of the upkeep on, they are accepted with their first bytes.
const ACCEPTS_MANY: u32 = 1000;

/// The listeners of a worker, and how it accepts from them.
pub(super) struct Entrances {
    open: Vec<Open>,
    /// Those that may have more to accept without telling so again.
    unaccepted: Vec<u32>,
    /// Accepting rests until then, or until a client leaves.
    pause_ends: Option<Instant>,
    /// Until then, accepting may fail without a word
    quiet_ends: Option<Instant>,
    /// Connections since the last upkeep
    accepted: u32,
    accepting: Accepting,
    connections_max: usize,
}

struct Open {
    acceptor: Acceptor,
    binding: u32,
}

impl Entrances {
    /// Registers every listener under its number.
    pub(super) fn open(all: Vec<Entrance>, reactor: &Reactor, connections_max: usize) -> io::Result<Entrances> {
        let open = |(number, Entrance { socket, address, binding }): (u32, Entrance)| {
            let mut acceptor = Acceptor::new(socket, address);
            acceptor.register(reactor, Key::fixed(number))?;
            Ok(Open { acceptor, binding })
        };
        Ok(Entrances {
            open: (0..).zip(all).map(open).collect::<io::Result<_>>()?,
            unaccepted: Vec::new(),
            pause_ends: None,
            quiet_ends: None,
            accepted: 0,
            accepting: Accepting::AtOnce,
            connections_max,
        })
    }

    /// There is something to accept.
    pub(super) fn note(&mut self, number: u32) {
        self.unaccepted.push(number);
    }

    /// Whether there may be something to accept, beside so many clients, that will not be told of again.
    pub(super) fn may_accept(&self, clients: usize) -> bool {
        !self.unaccepted.is_empty() && self.pause_ends.is_none() && clients < self.connections_max
    }

    /// When accepting is to be tried again.
    pub(super) fn pause_ends(&self) -> Option<Instant> {
        self.pause_ends
    }

    /// A client has left, and its descriptor is free.
    pub(super) fn end_pause(&mut self) {
        self.pause_ends = None;
    }

    /// Whether connections are accepted with their first bytes, for now.
    pub(super) fn waits_for_bytes(&self) -> bool {
        self.accepting == Accepting::WithBytes
    }

    /// A new interval of the upkeep begins.
    pub(super) fn keep_up(&mut self) {
        self.choose_accepting();
        self.accepted = 0;
    }

    /// Whether connections come so fast that it pays to wait for their first bytes.
    fn choose_accepting(&mut self) {
        self.set_accepting(if self.accepted < ACCEPTS_MANY { Accepting::AtOnce } else { Accepting::WithBytes });
    }

    fn set_accepting(&mut self, accepting: Accepting) {
        if accepting != self.accepting {
            self.accepting = accepting;
            self.open.iter().for_each(|open| open.acceptor.set_accepting(accepting));
        }
    }

    /// A connection that waits at a listener, and the listener's binding.
    fn accept(&mut self, number: u32, now: Instant) -> Option<(Transport, Peer, u32)> {
        let Open { acceptor, binding } = self.open.get(number as usize)?;
        match acceptor.accept() {
            Ok(accepted) => accepted.map(|(transport, peer)| (transport, peer, *binding)),
            Err(error) => {
                if self.quiet_ends.is_none_or(|end| end <= now) {
                    log::error!("cannot accept connections: {error}; trying again as soon as one is closed");
                    self.quiet_ends = Some(now + ACCEPT_QUIET);
                }
                self.pause_ends = Some(now + ACCEPT_PAUSE);
                None
            }
        }
    }
}

impl Worker {
    /// Accepts what waits, within a fair share, to be served at once: most clients send their request along.
    pub(super) fn accept(&mut self) {
        let now = self.shared.instant;
        if self.entrances.pause_ends.is_some_and(|end| end <= now) {
            self.entrances.pause_ends = None;
        }
        for number in std::mem::take(&mut self.entrances.unaccepted) {
            self.accept_from(number, ACCEPTS_PER_TURN);
        }
    }

    fn accept_from(&mut self, number: u32, at_most: usize) {
        for accepted in 0.. {
            let entrances = &mut self.entrances;
            let is_full = self.clients.len() >= entrances.connections_max;
            if accepted == at_most || entrances.pause_ends.is_some() || is_full {
                if !entrances.unaccepted.contains(&number) {
                    entrances.unaccepted.push(number);
                }
                return;
            }
            let Some((transport, peer, binding)) = entrances.accept(number, self.shared.instant) else {
                if entrances.pause_ends.is_some() {
                    continue;
                }
                return;
            };
            trace::accepted(peer);
            entrances.accepted += 1;
            if entrances.accepted == ACCEPTS_MANY {
                entrances.choose_accepting();
            }
            let key = self.clients.insert(Client::new(transport, peer, binding, &self.shared));
            self.enqueue(key);
        }
    }

    /// Closes every listener, for good. Who has come to one that is not to be served by anyone any more is let in before.
    pub(super) fn close_entrances(&mut self, is_served_on: impl Fn(&LocalAddress) -> bool) {
        // Those who wait are no more than the backlog was; they are the last, so there is no limit to keep free for others.
        self.entrances.connections_max = usize::MAX;
        self.entrances.pause_ends = None;
        for number in 0..self.entrances.open.len() {
            let is_left = |open: &Open| !is_served_on(open.acceptor.address());
            if self.entrances.open.get(number).is_some_and(is_left) {
                self.accept_from(number as u32, self.backlog as usize);
            }
        }
        // It would stay as it is for all who share a listener.
        self.entrances.set_accepting(Accepting::AtOnce);
        self.entrances.open.clear();
        self.entrances.unaccepted.clear();
        self.entrances.pause_ends = None;
    }
}
