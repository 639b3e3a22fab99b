//! The loop: it waits, accepts, drives clients and keeps deadlines, until it is told to end.

mod accepting;
mod leaving;
mod room;
mod upkeep;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{Client, Outcome};
use super::deadlines::Deadlines;
use super::gone::Gone;
use super::intake::Intake;
use super::outfit::{Command, Event, Orders, Outfit, Particulars, Reports, Roots, open_access_log};
use super::sandbox::{self, Sandbox};
use super::shared::{Shared, Timeouts};
use super::start_error::StartError;
use crate::files::{Fetched, Fetchers};
use crate::http;
use crate::net::{Key, Reactor, Slab, Source};
use crate::site::Sites;
use accepting::Entrances;
use leaving::Leaving;
use room::Room;

/// The source that tells of commands. Listeners have the numbers from 0 on.
const MAILBOX: Key = Key::fixed(u32::MAX);

/// The source that tells that something was fetched from the disk.
const FETCHERS: Key = Key::fixed(u32::MAX - 1);

/// Who waits for encodings: nobody. They are for those who ask later.
const ENCODINGS: Key = Key::fixed(u32::MAX - 2);

/// One loop, with clients of its own.
pub struct Worker {
    reactor: Reactor,
    orders: Orders,
    reports: Reports,
    sandbox: Sandbox,
    /// It cannot read all that it is to serve any more, and has told so.
    is_superseded: bool,
    entrances: Entrances,
    room: Room,
    clients: Slab<Client>,
    deadlines: Deadlines,
    fetchers: Fetchers<Key>,
    /// What was fetched for whom, to be used in this turn
    fetched: Vec<(Key, Arc<Fetched>)>,
    /// What tells of commands and of what was fetched; they stay registered for as long as they are held.
    _bells: [Source; 2],
    /// Clients that can go on.
    ready: VecDeque<Key>,
    intake: Intake,
    /// Whose bytes the intake holds, and where
    received: Vec<(Key, Range<usize>)>,
    upkeep_at: Instant,
    backlog: u32,
    leaving: Leaving,
    shared: Shared,
}

impl Worker {
    /// Opens the roots and the access log, which may take as long as a disk does, and begins to accept. To be called on
    /// the thread that it is to run on.
    pub fn open(outfit: Outfit) -> Result<Worker, StartError> {
        let Outfit { config, roots, sockets, appearance, descriptors, log, orders, reports } = outfit;
        let limits = &config.limits;
        let access_log = open_access_log(&config, appearance, log)?;
        let files_max = descriptors.for_files();
        let mut sites = match roots {
            Roots::All => Sites::open(&config, files_max).map_err(|(path, error)| StartError::root(path, error))?,
            Roots::ThoseThere => Sites::open_what_is_there(&config, files_max),
        };
        let connections_max = descriptors.for_connections(limits.connections, config.sites.len(), sockets.len());
        let reactor = Reactor::new()?;
        let fetchers = Fetchers::new()?;
        let mut bells =
            [Source::new(orders.0.bell().try_clone_to_owned()?), Source::new(fetchers.bell().try_clone_to_owned()?)];
        for (bell, key) in bells.iter_mut().zip([MAILBOX, FETCHERS]) {
            bell.register(&reactor, key)?;
        }
        let entrances = Entrances::open(sockets, &reactor)?;
        let timeouts = Timeouts { head: limits.head_time, idle: limits.idle_time, send: limits.send_time };
        let http_limits =
            http::Limits { head_size: limits.head_size, fields: limits.fields, content_size: limits.content_size };
        // The last: from here on nothing is opened but what is served.
        let sandbox = if config.server.sandbox { sandbox::enter(sites.directories())? } else { Sandbox::Off };
        if let Sandbox::Landlock(_) = sandbox {
            sites.confine();
        }
        Ok(Worker {
            reactor,
            orders,
            reports,
            sandbox,
            is_superseded: false,
            entrances,
            room: Room::new(connections_max, descriptors.for_turned_away()),
            clients: Slab::default(),
            deadlines: Deadlines::new(Instant::now()),
            fetchers,
            fetched: Vec::new(),
            _bells: bells,
            ready: VecDeque::new(),
            intake: Intake::new(limits.head_size),
            received: Vec::new(),
            upkeep_at: Instant::now(),
            backlog: limits.backlog,
            leaving: Leaving::Staying,
            shared: Shared::new(sites, access_log, http_limits, timeouts, appearance.software),
        })
    }

    /// What the thread that has opened it is kept from, and where its lines go.
    pub fn particulars(&self) -> Particulars {
        Particulars { sandbox: self.sandbox, log: self.shared.access_log.destination() }
    }

    /// Serves until it is told to end, and its clients have.
    ///
    /// # Errors
    ///
    /// It cannot wait any more.
    pub fn run(mut self) -> io::Result<()> {
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
            self.shared.sites.forget_sent();
            self.begin_encoding();
            let is_over = self.is_over();
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
        let mut has_orders = false;
        for number in 0..self.reactor.event_count() {
            let Some(readiness) = self.reactor.readiness(number) else { break };
            if let Some(client) = self.clients.get_mut(readiness.key) {
                client.note(readiness);
                self.enqueue(readiness.key);
            } else if readiness.key == MAILBOX {
                has_orders = true;
            } else if readiness.key == FETCHERS {
                for (key, fetched) in self.fetchers.take_done() {
                    if key == ENCODINGS {
                        self.shared.sites.end_encoding(Some(&fetched), self.shared.now);
                    } else {
                        self.enqueue(key);
                        self.fetched.push((key, fetched));
                    }
                }
            } else if let Some(number) = readiness.key.as_fixed() {
                self.entrances.note(number);
            }
        }
        // When all else is known: a client that something has come for is not between two requests.
        if has_orders {
            self.obey();
        }
    }

    fn obey(&mut self) {
        for command in self.orders.0.take() {
            match command {
                Command::Stop(end) => self.stop(end),
                Command::HandOver(successor) => self.hand_over(successor),
                Command::Adopt(handed) => handed.into_iter().for_each(|handed| self.adopt(handed)),
                Command::Reopen(access_log) => {
                    self.shared.access_log.flush();
                    self.shared.access_log = *access_log;
                }
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
                if self.leaving.is_handing_over() {
                    self.hand_idle([key]);
                }
            }
            self.received = received;
        }
        // What is left was for those who have gone.
        self.fetched.clear();
    }

    /// Has the next encoding made that has come to be wanted.
    fn begin_encoding(&mut self) {
        if let Some(chore) = self.shared.sites.begin_encoding()
            && let Err(error) = self.fetchers.fetch(ENCODINGS, chore)
        {
            log::debug!("no thread to encode a file: {error}");
            self.shared.sites.end_encoding(None, self.shared.now);
        }
    }

    /// How long there is nothing to do unless a source becomes ready.
    fn timeout(&self) -> Option<Duration> {
        if !self.ready.is_empty() || self.entrances.may_accept() {
            return Some(Duration::ZERO);
        }
        let now = self.shared.instant;
        let until = |end: Instant| end.saturating_duration_since(now);
        let needs_upkeep =
            self.shared.has_handed_over || self.shared.sites.keeps_files_open() || self.entrances.waits_for_bytes();
        let upkeep = needs_upkeep.then(|| until(self.upkeep_at));
        let ends = [self.entrances.pause_ends(), self.leaving.ends(), self.room.tells_at()].map(|end| end.map(until));
        let waits = [self.deadlines.next(now), ends[0], ends[1], ends[2], upkeep];
        waits.into_iter().flatten().min()
    }

    /// Lets one client go on with what it has received, and sees to what comes of it.
    fn drive(&mut self, key: Key, bytes: Range<usize>) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let fetched = self.fetched.iter().position(|(fetched, _)| *fetched == key);
        let mut fetched = fetched.map(|at| self.fetched.swap_remove(at).1);
        if fetched.is_none() && client.is_fetching() && client.deadline() <= self.shared.instant {
            let given_up = |fetch| Arc::new(Fetched::late(fetch, self.shared.timeouts.send));
            fetched = self.fetchers.cancel(key).map(given_up);
        }
        let gone = match client.drive(self.intake.bytes(bytes), fetched, &mut self.shared) {
            Outcome::Runnable => return self.enqueue(key),
            Outcome::Fetching(fetch) => match self.fetchers.fetch(key, fetch) {
                Ok(()) => return self.deadlines.enter(key.index(), client.deadline()),
                Err(error) => Gone::Failed(error),
            },
            Outcome::BySuccessor => {
                self.deadlines.enter(key.index(), client.deadline());
                // It is heard until there is a successor.
                if !std::mem::replace(&mut self.is_superseded, true) {
                    self.reports.tell(Event::Superseded);
                }
                return;
            }
            Outcome::Waiting => match client.register(&self.reactor, key) {
                Ok(()) => return self.deadlines.enter(key.index(), client.deadline()),
                Err(error) => {
                    let gone = Gone::Failed(error);
                    client.settle(&gone, &mut self.shared);
                    gone
                }
            },
            Outcome::Gone(gone) => gone,
        };
        self.remove(key, &gone);
    }

    fn remove(&mut self, key: Key, gone: &Gone) {
        if let Some(client) = self.clients.remove(key) {
            self.deadlines.remove(key.index());
            if client.is_fetching() {
                self.fetchers.cancel(key);
            }
        }
        self.room.leave(key);
        self.entrances.end_pause();
        // When it has happened: who reads of it may rely on it.
        gone.report();
    }
}
