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

    /// Closes the listeners, of which the successor has its own, and gives it every client that it serves too, as soon
    /// as that is between two requests. The others finish what has begun by now.
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::{Config, Listen, Overrides};
    use crate::net::{Peer, Transport};
    use crate::server::mailbox::Mailbox;
    use crate::server::outfit::{Orders, Outfit, Reports, Roots};
    use crate::server::{Appearance, Listeners};

    /// A worker that whoever has it drives.
    fn worker() -> Worker {
        let overrides = Overrides { listen: vec![Listen::at("127.0.0.1:0".parse().unwrap())], ..Overrides::default() };
        let mut config = Config::from_directory(&std::env::temp_dir(), &overrides).unwrap();
        // This thread would be in it for good.
        config.server.sandbox = false;
        let appearance = Appearance { software: "webserv", shows_access: false, color: false };
        let listeners = Listeners::bind(&config, None).unwrap();
        let reports = Reports::new(0).unwrap();
        Worker::open(Outfit::new(&Arc::new(config), Roots::All, appearance, &listeners, reports).unwrap()).unwrap()
    }

    /// The client of a predecessor, which was handed over before that knew of the next successor.
    #[test]
    fn who_has_no_place_with_a_successor_is_answered_before_it_is_closed() {
        let mut worker = worker();
        let orders = Orders(Arc::new(Mailbox::new().unwrap()));
        worker.hand_over(Successor { orders, endpoints: Arc::from([]) });
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let client = Client::new(Transport::new(ours.into()), Peer::Unix, 0, &worker.shared);
        worker.adopt(client.hand(0));
        // Nothing is known of its request by then.
        worker.serve();
        theirs.write_all(b"GET /?a HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        worker.serve();
        let mut answer = [0; 4096];
        let length = theirs.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(answer.get(..length).unwrap());
        assert!(answer.starts_with("HTTP/1.1 ") && answer.contains("\r\nConnection: close\r\n"), "{answer}");
        // Whether more comes is found out first.
        worker.serve();
        assert!(worker.is_over());
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    }
}
