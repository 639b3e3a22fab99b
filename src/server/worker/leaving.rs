//! How a worker ends: by a stop, which lets requests in flight finish, or by a successor, which takes its clients over.

use std::time::Instant;

use super::Worker;
use crate::net::Key;
use crate::server::client::{Client, Handed};
use crate::server::gone::Gone;
use crate::server::outfit::{Command, Successor};

/// Clients that are handed over at a time, so that the successor does not wait long for its mailbox.
const HANDED_AT_ONCE: usize = 128;

/// Whether a worker ends, and how.
pub(super) enum Leaving {
    /// It does not.
    Staying,
    /// With its last client. Those that are between two requests go to the successor.
    HandingOver(Successor),
    /// With its last client, or then.
    Stopping(Instant),
}

impl Leaving {
    pub(super) fn is_handing_over(&self) -> bool {
        matches!(self, Leaving::HandingOver(_))
    }

    /// When clients are waited for no longer.
    pub(super) fn ends(&self) -> Option<Instant> {
        match self {
            Leaving::Stopping(end) => Some(*end),
            Leaving::Staying | Leaving::HandingOver(_) => None,
        }
    }
}

impl Worker {
    /// Closes the listeners, and lets every client finish what has begun by now until then. What has been sent by those
    /// who wait to be accepted has begun too.
    pub(super) fn stop(&mut self, end: Instant) {
        let is_first = self.leaving.ends().is_none();
        self.leaving = Leaving::Stopping(end);
        if !is_first {
            return;
        }
        self.close_entrances(|_| false);
        for key in self.clients.keys().collect::<Vec<_>>() {
            self.retire(key);
        }
        self.serve();
        match self.clients.len() {
            0 => {}
            1 => log::info!("stopping when 1 connection has finished"),
            many => log::info!("stopping when {many} connections have finished"),
        }
    }

    /// Closes the listeners, of which the successor has its own, and gives it every client that it serves too, as soon as
    /// that is between two requests. The others finish what has begun by now.
    pub(super) fn hand_over(&mut self, successor: Successor) {
        if self.leaving.ends().is_some() {
            return;
        }
        self.close_entrances(|socket| successor.accepts_from(socket));
        // It has no use for more than its last clients ask for.
        self.shared.sites.keep_nothing();
        let keys: Vec<_> = self.clients.keys().collect();
        for key in &keys {
            let Some(client) = self.clients.get_mut(*key) else { continue };
            if client.local_address().is_ok_and(|local| successor.binding_of(&local).is_none()) {
                self.retire(*key);
            }
        }
        self.leaving = Leaving::HandingOver(successor);
        self.hand_idle(keys);
    }

    /// Gives those of these clients to the successor that are between two requests.
    pub(super) fn hand_idle(&mut self, keys: impl IntoIterator<Item = Key>) {
        let Leaving::HandingOver(successor) = &self.leaving else { return };
        let successor = successor.clone();
        let mut ready = Vec::new();
        for key in keys {
            let Some(client) = self.clients.get_mut(key).filter(|client| client.can_be_handed()) else { continue };
            match client.local_address().ok().and_then(|local| successor.binding_of(&local)) {
                Some(binding) => ready.push((key, binding)),
                // It was retired before, unless the address changed its hands twice.
                None => self.retire(key),
            }
        }
        for some in ready.chunks(HANDED_AT_ONCE) {
            let hand = |(key, binding): &(Key, u32)| {
                let client = self.clients.remove(*key)?;
                self.deadlines.remove(key.index());
                Some(client.hand(*binding))
            };
            // A successor that has ended has one itself, of which the letter is on its way here. Then they go there.
            successor.orders.0.put_with(|| Command::Adopt(some.iter().filter_map(hand).collect()));
        }
    }

    /// Takes over a client of a predecessor.
    pub(super) fn adopt(&mut self, handed: Handed) {
        let key = self.clients.insert(Client::adopt(handed, &mut self.shared));
        if self.leaving.ends().is_some() {
            return self.retire(key);
        }
        self.enqueue(key);
    }

    /// Lets a client finish what it has begun.
    fn retire(&mut self, key: Key) {
        if let Some(client) = self.clients.get_mut(key) {
            client.retire();
            self.enqueue(key);
        }
    }

    /// Whether it has come to its end.
    pub(super) fn is_over(&self) -> bool {
        // Where letters have come meanwhile, there may be clients in them.
        let is_done = || self.clients.is_empty() && self.orders.0.close();
        match self.leaving {
            Leaving::Staying => false,
            Leaving::HandingOver(_) => is_done(),
            Leaving::Stopping(end) => is_done() || end <= self.shared.instant,
        }
    }

    /// Ends what has not ended in time.
    pub(super) fn abandon_clients(&mut self) {
        for key in self.clients.keys().collect::<Vec<_>>() {
            if let Some(mut client) = self.clients.remove(key) {
                client.settle(&Gone::Abandoned, &mut self.shared);
            }
        }
    }
}
