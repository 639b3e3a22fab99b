//! Who comes in: within a fair share of each turn, with pauses where there is no room.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::Worker;
use crate::net::{Accepting, Acceptor, Key, Reactor};
use crate::server::client::Client;
use crate::server::listeners::Endpoint;
use crate::server::trace;

/// Connections that one listener hands over in a turn before clients have theirs.
const ACCEPTS_PER_TURN: usize = 64;

/// How long accepting pauses where there is no room, unless a client leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// From so many connections in an interval of the upkeep on, they are accepted with their first bytes.
const ACCEPTS_MANY: u32 = 1000;

/// The listeners of a worker, and how it accepts from them.
pub(super) struct Entrances {
    open: Vec<Entrance>,
    /// Those that may have more to accept without telling so again.
    unaccepted: Vec<u32>,
    /// Accepting rests until then, or until a client leaves.
    pause_ends: Option<Instant>,
    /// Connections since the last upkeep
    accepted: u32,
    accepting: Accepting,
}

struct Entrance {
    acceptor: Acceptor,
    endpoint: Endpoint,
}

impl Entrances {
    /// Registers every listener under its number.
    pub(super) fn open(sockets: Vec<(Endpoint, OwnedFd)>, reactor: &Reactor) -> io::Result<Entrances> {
        let open = |(number, (endpoint, socket)): (u32, (Endpoint, OwnedFd))| {
            let mut acceptor = Acceptor::new(socket, &endpoint.address);
            acceptor.register(reactor, Key::fixed(number))?;
            Ok(Entrance { acceptor, endpoint })
        };
        Ok(Entrances {
            open: (0..).zip(sockets).map(open).collect::<io::Result<_>>()?,
            unaccepted: Vec::new(),
            pause_ends: None,
            accepted: 0,
            accepting: Accepting::AtOnce,
        })
    }

    /// There is something to accept.
    pub(super) fn note(&mut self, number: u32) {
        self.unaccepted.push(number);
    }

    /// Whether there may be something to accept that will not be told of again.
    pub(super) fn may_accept(&self) -> bool {
        !self.unaccepted.is_empty() && self.pause_ends.is_none()
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

    fn count_accepted(&mut self) {
        self.accepted += 1;
        if self.accepted == ACCEPTS_MANY {
            self.choose_accepting();
        }
    }

    fn set_accepting(&mut self, accepting: Accepting) {
        if accepting != self.accepting {
            self.accepting = accepting;
            self.open.iter().for_each(|open| open.acceptor.set_accepting(accepting));
        }
    }

    fn is_waited_at(&self, number: u32) -> bool {
        self.open.get(number as usize).is_some_and(|open| open.acceptor.is_waited_at())
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
        self.room.tell(now);
    }

    fn accept_from(&mut self, number: u32, at_most: usize) {
        let mut place_after_error = None;
        for tries in 0.. {
            if tries >= at_most || self.entrances.pause_ends.is_some() {
                if !self.entrances.unaccepted.contains(&number) {
                    self.entrances.unaccepted.push(number);
                }
                return;
            }
            // Nobody is put out for nobody.
            if self.room.is_full(self.clients.len()) && !self.entrances.is_waited_at(number) {
                return;
            }
            let Some(place) = place_after_error.or_else(|| self.find_place()) else {
                self.entrances.pause_ends = Some(self.shared.instant + ACCEPT_PAUSE);
                continue;
            };
            let Some(Entrance { acceptor, endpoint }) = self.entrances.open.get(number as usize) else { return };
            match acceptor.accept() {
                Ok(None) => return,
                Ok(Some((transport, peer))) => {
                    trace::accepted(peer, &endpoint.address);
                    let client = Client::new(transport, peer, endpoint.binding, &self.shared);
                    self.entrances.count_accepted();
                    self.settle_in(client, place);
                    place_after_error = None;
                }
                Err(_) if !acceptor.is_waited_at() => return,
                Err(error) => {
                    let is_first = place_after_error.is_none();
                    place_after_error = Some(error).filter(|_| is_first).and_then(|error| self.find_descriptor(error));
                    if place_after_error.is_none() {
                        self.entrances.pause_ends = Some(self.shared.instant + ACCEPT_PAUSE);
                    }
                }
            }
        }
    }

    /// Closes every listener, for good. Who has come to one that is not to be served by anyone any more is let in
    /// before.
    pub(super) fn close_entrances(&mut self, is_served_on: impl Fn(&Endpoint) -> bool) {
        // Those who wait are no more than the backlog was; they are the last, so there is no limit to keep free for
        // others.
        self.room.open_wide();
        self.entrances.pause_ends = None;
        for number in 0..self.entrances.open.len() {
            let is_left = |entrance: &Entrance| !is_served_on(&entrance.endpoint);
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
