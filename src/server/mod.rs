//! The loop that ties the rooms together: it waits, accepts, drives clients, keeps deadlines, and stops.
//!
//! Chooses no status and parses no byte.

pub mod banner;
mod bind;
mod client;
mod deadlines;
mod descriptors;
mod gone;
mod intake;
mod shared;
mod signals;
mod start_error;
pub mod trace;
mod upkeep;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use start_error::StartError;

use bind::Bound;
use client::{Client, Outcome};
use deadlines::Deadlines;
use descriptors::Descriptors;
use gone::Gone;
use intake::Intake;
use shared::{Shared, Timeouts};
use signals::Signals;
use upkeep::ACCEPTS_MANY;

use crate::access_log::AccessLog;
use crate::config::{AccessTarget, Config};
use crate::files::{Fetch, Fetched, Fetchers, ReadError};
use crate::http;
use crate::net::{Accepting, Key, LocalAddress, Reactor, Slab, Source};
use crate::site::Sites;

/// Connections that one listener hands over in a turn before clients have theirs.
const ACCEPTS_PER_TURN: usize = 64;

/// How long accepting pauses where the machine is out of descriptors or memory and no client leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often it is told that accepting fails.
const ACCEPT_QUIET: Duration = Duration::from_secs(10);

/// The source of signals. Listeners have the numbers from 0 on.
const SIGNALS: Key = Key::fixed(u32::MAX);

/// The source that tells that something was fetched from the disk.
const FETCHERS: Key = Key::fixed(u32::MAX - 1);

/// A server that is bound and ready to run.
pub struct Server {
    reactor: Reactor,
    signals: Signals,
    listeners: Vec<Bound>,
    clients: Slab<Client>,
    deadlines: Deadlines,
    fetchers: Fetchers<Key>,
    /// What was fetched for whom, to be used in this turn
    fetched: Vec<(Key, Arc<Fetched>)>,
    /// What tells that they are done with something; it stays registered for as long as it is held.
    _bell: Source,
    /// Clients that can go on.
    ready: VecDeque<Key>,
    intake: Intake,
    /// Whose bytes the intake holds, and where
    received: Vec<(Key, Range<usize>)>,
    /// Listeners that may have more to accept without telling so again.
    unaccepted: Vec<u32>,
    /// Accepting rests until then, or until a client leaves.
    pause_ends: Option<Instant>,
    /// Until then, accepting may fail without a word
    quiet_ends: Option<Instant>,
    /// Connections since the last upkeep
    accepted: u32,
    accepting: Accepting,
    upkeep_at: Instant,
    connections_max: usize,
    drain_time: Duration,
    /// Set once the server stops: when it stops waiting for clients.
    drain_ends: Option<Instant>,
    shared: Shared,
}

/// Where a server can be reached.
pub struct Endpoint<'a> {
    /// The number of the binding
    pub binding: usize,
    /// What it is bound to, with its real port
    pub address: &'a LocalAddress,
}

/// How a server is to appear.
#[derive(Clone, Copy, Debug)]
pub struct Appearance {
    /// What responses say of the software
    pub software: &'static str,
    /// Whether the access log is shown where it would go to the standard output or error. A file is written in any case.
    pub shows_access: bool,
    /// Whether terminals may be coloured
    pub color: bool,
}

impl Server {
    /// Opens every root and the access log, and binds every listener.
    pub fn start(config: &Config, appearance: Appearance) -> Result<Server, StartError> {
        let limits = &config.limits;
        // Every root takes a descriptor, so this comes first.
        let descriptors = Descriptors::raise();
        let sites =
            Sites::open(config, descriptors.for_files()).map_err(|(path, error)| StartError::Root(path, error))?;
        let access = match &config.log.access {
            AccessTarget::Stdout | AccessTarget::Stderr if !appearance.shows_access => &AccessTarget::Off,
            target => target,
        };
        let show_hosts = config.sites.len() > 1;
        let access_log = AccessLog::open(access, config.log.format, appearance.color, show_hosts)
            .map_err(|error| StartError::AccessLog(access.clone(), error))?;
        let reactor = Reactor::new()?;
        let mut listeners = bind::bind(sites.bindings(), limits.backlog)?;
        for (number, bound) in (0..).zip(&mut listeners) {
            bound.listener.register(&reactor, Key::fixed(number))?;
        }
        let signals = Signals::catch(&reactor, SIGNALS)?;
        let fetchers = Fetchers::new()?;
        let mut bell = Source::new(fetchers.bell()?);
        bell.register(&reactor, FETCHERS)?;
        let timeouts = Timeouts { head: limits.head_time, idle: limits.idle_time, send: limits.send_time };
        let http_limits =
            http::Limits { head_size: limits.head_size, fields: limits.fields, content_size: limits.content_size };
        Ok(Server {
            reactor,
            signals,
            fetchers,
            fetched: Vec::new(),
            _bell: bell,
            listeners,
            clients: Slab::default(),
            deadlines: Deadlines::new(Instant::now()),
            ready: VecDeque::new(),
            intake: Intake::new(limits.head_size),
            received: Vec::new(),
            unaccepted: Vec::new(),
            pause_ends: None,
            quiet_ends: None,
            accepted: 0,
            accepting: Accepting::AtOnce,
            upkeep_at: Instant::now(),
            connections_max: descriptors.for_connections(limits.connections),
            drain_time: limits.drain_time,
            drain_ends: None,
            shared: Shared::new(sites, access_log, http_limits, timeouts, appearance.software),
        })
    }

    /// Where it can be reached.
    pub fn endpoints(&self) -> impl Iterator<Item = Endpoint<'_>> {
        self.listeners.iter().map(|bound| Endpoint { binding: bound.binding, address: bound.listener.address() })
    }

    /// What it serves.
    pub fn sites(&self) -> &Sites {
        &self.shared.sites
    }

    /// Serves until a signal says to stop, then until every client is done or `drain_time` is over. A second signal ends
    /// it at once.
    pub fn run(&mut self) -> io::Result<()> {
        loop {
            self.reactor.wait(self.timeout())?;
            self.shared.start_turn();
            if self.shared.instant >= self.upkeep_at {
                self.keep_up();
            }
            self.note_events();
            while let Some(index) = self.deadlines.pop(self.shared.instant) {
                if let Some(key) = self.clients.key_at(index) {
                    self.enqueue(key);
                }
            }
            self.accept();
            self.serve();
            let is_over = self.drain_ends.is_some_and(|end| self.clients.is_empty() || end <= self.shared.instant);
            if is_over {
                self.abandon_clients();
            }
            self.shared.access_log.flush();
            if is_over {
                return Ok(());
            }
        }
    }

    /// Takes note of what the wait has brought.
    fn note_events(&mut self) {
        for number in 0..self.reactor.event_count() {
            let Some(readiness) = self.reactor.readiness(number) else { break };
            if let Some(client) = self.clients.get_mut(readiness.key) {
                client.note(readiness);
                self.enqueue(readiness.key);
            } else if readiness.key == SIGNALS {
                self.stop();
            } else if readiness.key == FETCHERS {
                let done = self.fetchers.take_done();
                done.iter().for_each(|(key, _)| self.enqueue(*key));
                self.fetched.extend(done);
            } else if let Some(listener) = readiness.key.as_fixed() {
                self.unaccepted.push(listener);
            }
        }
    }

    /// Gives a client its turn, once.
    fn enqueue(&mut self, key: Key) {
        if let Some(client) = self.clients.get_mut(key).filter(|client| !client.is_queued) {
            client.is_queued = true;
            self.ready.push_back(key);
        }
    }

    /// Serves everyone who is ready by now. Many are received from before the first one is answered: whatever is looked
    /// at for one of them is then true for all.
    fn serve(&mut self) {
        let mut left = self.ready.len();
        while left > 0 {
            self.intake.clear();
            while let Some(key) = self.ready.front().copied().filter(|_| left > 0) {
                if let Some(client) = self.clients.get_mut(key) {
                    if !self.intake.fits(client.unread()) {
                        break;
                    }
                    client.is_queued = false;
                    match client.receive(&mut self.intake) {
                        Ok(bytes) => self.received.push((key, bytes)),
                        Err(gone) => {
                            client.settle(&gone, &mut self.shared);
                            self.remove(key, &gone);
                        }
                    }
                }
                self.ready.pop_front();
                left -= 1;
            }
            self.shared.sites.begin_round();
            let mut received = std::mem::take(&mut self.received);
            for (key, bytes) in received.drain(..) {
                self.drive(key, bytes);
            }
            self.received = received;
        }
        // What is left was for those who have gone.
        self.fetched.clear();
    }

    /// How long there is nothing to do unless a source becomes ready.
    fn timeout(&self) -> Option<Duration> {
        let may_accept = !self.unaccepted.is_empty() && self.pause_ends.is_none() && self.has_place();
        if !self.ready.is_empty() || may_accept {
            return Some(Duration::ZERO);
        }
        let now = self.shared.instant;
        let until = |end: Instant| end.saturating_duration_since(now);
        let needs_upkeep = self.shared.sites.keeps_files_open() || self.accepting == Accepting::WithBytes;
        let upkeep = needs_upkeep.then(|| until(self.upkeep_at));
        let waits = [self.deadlines.next(now), self.pause_ends.map(until), self.drain_ends.map(until), upkeep];
        waits.into_iter().flatten().min()
    }

    /// Lets one client go on with what it has received, and sees to what comes of it.
    fn drive(&mut self, key: Key, bytes: Range<usize>) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let fetched = self.fetched.iter().position(|(fetched, _)| *fetched == key);
        let mut fetched = fetched.map(|at| self.fetched.swap_remove(at).1);
        if fetched.is_none() && client.is_fetching() && client.deadline() <= self.shared.instant {
            let given_up = |Fetch { file, range }: Fetch| {
                let bytes = Err(ReadError::Late(self.shared.timeouts.send));
                Arc::new(Fetched { file, start: range.start, bytes })
            };
            fetched = self.fetchers.cancel(key).map(given_up);
        }
        let gone = match client.drive(self.intake.bytes(bytes), fetched, &mut self.shared) {
            Outcome::Runnable => return self.enqueue(key),
            Outcome::Fetching(fetch) => match self.fetchers.fetch(key, fetch) {
                Ok(()) => return self.deadlines.enter(key.index(), client.deadline()),
                Err(error) => Gone::Failed(error),
            },
            Outcome::Waiting => match client.register(&self.reactor, key) {
                Ok(()) => return self.deadlines.enter(key.index(), client.deadline()),
                Err(error) => Gone::Failed(error),
            },
            Outcome::Gone(gone) => gone,
        };
        self.remove(key, &gone);
    }

    fn remove(&mut self, key: Key, gone: &Gone) {
        gone.report();
        if let Some(client) = self.clients.remove(key) {
            self.deadlines.remove(key.index());
            if client.is_fetching() {
                self.fetchers.cancel(key);
            }
        }
        self.pause_ends = None;
    }

    /// Accepts what waits, within a fair share, to be served at once: most clients send their request along.
    fn accept(&mut self) {
        if self.pause_ends.is_some_and(|end| end <= self.shared.instant) {
            self.pause_ends = None;
        }
        for listener in std::mem::take(&mut self.unaccepted) {
            for accepted in 0.. {
                let Some(Bound { listener: socket, binding }) = self.listeners.get(listener as usize) else { break };
                if accepted == ACCEPTS_PER_TURN || self.pause_ends.is_some() || !self.has_place() {
                    if !self.unaccepted.contains(&listener) {
                        self.unaccepted.push(listener);
                    }
                    break;
                }
                match socket.accept() {
                    Ok(None) => break,
                    Ok(Some((transport, peer))) => {
                        trace::accepted(peer);
                        let key = self.clients.insert(Client::new(transport, peer, *binding as u32, &self.shared));
                        self.enqueue(key);
                        self.accepted += 1;
                        if self.accepted == ACCEPTS_MANY {
                            self.choose_accepting();
                        }
                    }
                    Err(error) => {
                        if self.quiet_ends.is_none_or(|end| end <= self.shared.instant) {
                            log::error!("cannot accept connections: {error}; trying again as soon as one is closed");
                            self.quiet_ends = Some(self.shared.instant + ACCEPT_QUIET);
                        }
                        self.pause_ends = Some(self.shared.instant + ACCEPT_PAUSE);
                    }
                }
            }
        }
    }

    fn has_place(&self) -> bool {
        self.clients.len() < self.connections_max
    }

    /// A signal has come: the first one begins the end, the second one is it.
    fn stop(&mut self) {
        let signals = self.signals.take();
        if signals == 0 {
            return;
        }
        if signals > 1 || self.drain_ends.is_some() {
            self.drain_ends = Some(self.shared.instant);
            return;
        }
        self.drain_ends = Some(self.shared.instant + self.drain_time);
        self.listeners.clear();
        self.unaccepted.clear();
        for key in self.clients.keys().collect::<Vec<_>>() {
            if let Some(client) = self.clients.get_mut(key) {
                client.retire();
                self.enqueue(key);
            }
        }
        self.serve();
        match self.clients.len() {
            0 => {}
            1 => log::info!("stopping when 1 connection has finished"),
            many => log::info!("stopping when {many} connections have finished"),
        }
    }

    /// Ends what has not ended in time.
    fn abandon_clients(&mut self) {
        for key in self.clients.keys().collect::<Vec<_>>() {
            if let Some(mut client) = self.clients.remove(key) {
                client.settle(&Gone::Abandoned, &mut self.shared);
            }
        }
    }
}
