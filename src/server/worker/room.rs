//! Room for those who come where all places are taken: whoever has nothing to lose leaves, or else who comes waits for
//! a moment and is then told to try again. Nobody is put out who is being served, or who is still about to ask: a
//! request that comes slowly has its `head_time`.

use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use super::Worker;
use crate::net::Key;
use crate::server::client::{Client, Expendable};
use crate::server::gone::Gone;

/// Who may leave is looked for among all clients, and so many are remembered: a look takes a while where there are many
/// clients, and is rarely for one newcomer alone.
const EXPENDABLE_MAX: usize = 256;

/// How long until all clients are looked at again, where there were few.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// How long who comes is left waiting in the backlog, while nobody gets a place, until it is told that there is none.
const TURNED_AWAY_AFTER: Duration = Duration::from_secs(1);

/// How often it is told that there is no room.
const QUIET: Duration = Duration::from_secs(10);

/// The place that a newcomer gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Among those who are served
    Served,
    /// Among those who are told that there is no room
    TurnedAway,
}

/// Who is there beyond the limit, and who may leave.
pub(super) struct Room {
    connections_max: usize,
    /// The limit holds no longer: nobody comes any more.
    is_open_wide: bool,
    /// Beyond those, for newcomers who are told that there is no room
    turned_away_max: usize,
    /// The longest there first
    turned_away: VecDeque<Key>,
    /// Who could leave when all were looked at last, the first one to leave last
    expendable: Vec<(Expendable, Key)>,
    /// Not before then, if there were few
    looks_again: Instant,
    /// Nobody has got a place since then, though somebody wanted one.
    full_since: Option<Instant>,
    /// A descriptor to be closed where there is no other, so that one client at least can be told so
    spare: Option<OwnedFd>,
    quiet_ends: Option<Instant>,
    untold: Untold,
}

/// What has happened since it was told last.
#[derive(Default)]
struct Untold {
    put_out: u32,
    turned_away: u32,
    error: Option<io::Error>,
}

impl Room {
    /// For so many clients, and so many that are turned away.
    pub(super) fn new(connections_max: usize, turned_away_max: usize) -> Room {
        Room {
            connections_max,
            is_open_wide: false,
            turned_away_max,
            turned_away: VecDeque::new(),
            expendable: Vec::new(),
            looks_again: Instant::now(),
            full_since: None,
            spare: spare(),
            quiet_ends: None,
            untold: Untold::default(),
        }
    }

    /// From now on there is room for everyone.
    pub(super) fn open_wide(&mut self) {
        self.is_open_wide = true;
    }

    /// Whether all places are taken.
    pub(super) fn is_full(&self, clients: usize) -> bool {
        !self.is_open_wide && clients.saturating_sub(self.turned_away.len()) >= self.connections_max
    }

    /// A client has left.
    pub(super) fn leave(&mut self, key: Key) {
        self.turned_away.retain(|turned_away| *turned_away != key);
        if self.spare.is_none() {
            self.spare = spare();
        }
    }

    /// When there is something to be told.
    pub(super) fn tells_at(&self) -> Option<Instant> {
        self.quiet_ends.filter(|_| self.untold.is_something())
    }

    /// Tells what has happened, if there is anything and it is time.
    pub(super) fn tell(&mut self, now: Instant) {
        if let Some((level, message)) = self.take_untold(now) {
            log::log!(level, "{message}");
        }
    }

    fn take_untold(&mut self, now: Instant) -> Option<(log::Level, String)> {
        if !self.untold.is_something() || self.quiet_ends.is_some_and(|end| now < end) {
            return None;
        }
        self.quiet_ends = Some(now + QUIET);
        let Untold { put_out, turned_away, error } = std::mem::take(&mut self.untold);
        let (level, what) = match error {
            Some(error) => (log::Level::Error, format!("cannot accept connections: {error}")),
            None if turned_away > 0 => {
                (log::Level::Warn, format!("all {} connections are in use", self.connections_max))
            }
            None => (log::Level::Info, format!("all {} connections are in use", self.connections_max)),
        };
        let done = format!("idle ones that were closed: {put_out}, newcomers that were told 503: {turned_away}");
        Some((level, format!("{what}; {done}")))
    }
}

impl Untold {
    fn is_something(&self) -> bool {
        self.put_out > 0 || self.turned_away > 0 || self.error.is_some()
    }
}

/// A descriptor for nothing.
fn spare() -> Option<OwnedFd> {
    eventfd(0, EventfdFlags::CLOEXEC).ok()
}

impl Worker {
    /// A place for one who waits, be it that of another. None where it has to wait still.
    pub(super) fn find_place(&mut self) -> Option<Place> {
        if !self.room.is_full(self.clients.len()) {
            return Some(Place::Served);
        }
        if self.put_out() {
            return Some(Place::Served);
        }
        if !self.has_waited_long() {
            return None;
        }
        if self.room.turned_away.len() >= self.room.turned_away_max {
            self.end_turned_away()?;
        }
        Some(Place::TurnedAway)
    }

    /// Closes the one that was turned away first: it was told a while ago, and may well have heard. None where not even
    /// that has happened: the others wait.
    fn end_turned_away(&mut self) -> Option<()> {
        let oldest = *self.room.turned_away.front()?;
        if self.clients.get(oldest).is_some_and(|client| client.is_queued) {
            return None;
        }
        self.let_go(oldest);
        Some(())
    }

    /// The place of one that could not be accepted for lack of a descriptor or of memory, if that is likely to be
    /// different now.
    pub(super) fn find_descriptor(&mut self, error: io::Error) -> Option<Place> {
        self.room.untold.error = Some(error);
        if self.put_out() {
            return Some(Place::Served);
        }
        if !self.has_waited_long() {
            return None;
        }
        if self.room.spare.is_none() {
            self.end_turned_away()?;
        }
        self.room.spare.take().map(|_| Place::TurnedAway)
    }

    /// Gives it the place.
    pub(super) fn settle_in(&mut self, mut client: Client, place: Place) {
        let key = match place {
            Place::Served => {
                self.room.full_since = None;
                self.clients.insert(client)
            }
            Place::TurnedAway => {
                self.room.untold.turned_away += 1;
                client.turn_away(&mut self.shared);
                let key = self.clients.insert(client);
                self.room.turned_away.push_back(key);
                key
            }
        };
        self.enqueue(key);
    }

    fn has_waited_long(&mut self) -> bool {
        let now = self.shared.instant;
        *self.room.full_since.get_or_insert(now) + TURNED_AWAY_AFTER <= now
    }

    /// Lets a client leave who has nothing to lose, if there is one. Those that have been answered for good go first,
    /// then the one that has been idle for the longest time.
    fn put_out(&mut self) -> bool {
        if self.room.expendable.is_empty() && self.room.looks_again <= self.shared.instant {
            self.look_for_expendable();
        }
        while let Some((expendable, key)) = self.room.expendable.pop() {
            let Some(client) = self.clients.get_mut(key) else { continue };
            // It may have asked for something meanwhile, of which the reactor has not told yet.
            if client.expendable(&self.shared) == Some(expendable) && !client.has_something_to_receive() {
                self.let_go(key);
                self.room.untold.put_out += 1;
                return true;
            }
        }
        false
    }

    fn let_go(&mut self, key: Key) {
        if let Some(client) = self.clients.get_mut(key) {
            client.settle(&Gone::PutOut, &mut self.shared);
        }
        self.remove(key, &Gone::PutOut);
    }

    fn look_for_expendable(&mut self) {
        let mut first = BinaryHeap::new();
        for key in self.clients.keys() {
            let expendable = self.clients.get(key).and_then(|client| client.expendable(&self.shared));
            // The place of one that is turned away is no use to others.
            if let Some(expendable) = expendable.filter(|_| !self.room.turned_away.contains(&key)) {
                first.push((expendable, key));
                if first.len() > EXPENDABLE_MAX {
                    first.pop();
                }
            }
        }
        if first.len() < EXPENDABLE_MAX {
            self.room.looks_again = self.shared.instant + LOOK_PAUSE;
        }
        self.room.expendable = first.into_sorted_vec();
        self.room.expendable.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stops_tells_of_the_limit_that_there_was() {
        let mut room = Room::new(7, 1);
        room.untold.put_out = 3;
        room.open_wide();
        assert!(!room.is_full(8));
        let (_, message) = room.take_untold(Instant::now()).unwrap();
        assert_eq!(
            message,
            "all 7 connections are in use; idle ones that were closed: 3, newcomers that were told 503: 0"
        );
    }
}
