//! From one worker to another: who can go, what goes along, and who waits for that.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::{Client, Ending, Outcome, Waiting};
use crate::http::{Awaiting, Connection};
use crate::net::{LocalAddress, Peer, Transport};
use crate::server::gone::Gone;
use crate::server::shared::Shared;

/// A client on its way from one worker to another, before its next answer.
pub(in crate::server) struct Handed {
    socket: OwnedFd,
    connection: Connection,
    unread: Box<[u8]>,
    peer: Peer,
    binding: u32,
    deadline: Instant,
}

impl Client {
    /// The client of another worker, which owed it nothing. What has come since shows when it is received.
    pub(in crate::server) fn adopt(handed: Handed) -> Client {
        let Handed { socket, connection, unread, peer, binding, deadline } = handed;
        Client { connection, unread, ..Client::with(Transport::new(socket), peer, binding, deadline) }
    }

    /// Whether it is between two requests, and nothing is known of the next one, or that is for a successor to answer: it
    /// can be handed over.
    pub(in crate::server) fn can_be_handed(&self) -> bool {
        self.is_undisturbed() && (self.is_idle() || self.awaits_successor)
    }

    /// Whether it is between two requests, and nothing is known of the next one: it can be put out.
    pub(super) fn is_between_requests(&self) -> bool {
        self.is_undisturbed() && self.is_idle() && !self.awaits_successor
    }

    fn is_undisturbed(&self) -> bool {
        self.ending == Ending::Open && !self.is_retiring && !self.is_queued
    }

    fn is_idle(&self) -> bool {
        let is_awaited = !self.is_readable && !self.has_ended && self.unread.is_empty();
        is_awaited && self.outbox.is_none() && self.waiting == Waiting::For(Awaiting::Request)
    }

    /// Gives it up, to be adopted by another worker and served by that binding there.
    pub(in crate::server) fn hand(self, binding: u32) -> Handed {
        let Client { transport, connection, unread, peer, deadline, .. } = self;
        Handed { socket: transport.into_socket(), connection, unread, peer, binding, deadline }
    }

    /// The address that it has connected to.
    pub(in crate::server) fn local_address(&self) -> io::Result<LocalAddress> {
        self.transport.local_address()
    }

    /// Leaves the next request to another worker. Where there will be none, this is the end.
    pub(super) fn leave_to_successor(&mut self, shared: &Shared) -> Outcome {
        self.awaits_successor = true;
        self.has_progressed = true;
        match self.wait_for_successor(shared) {
            Outcome::Waiting => Outcome::BySuccessor,
            outcome => outcome,
        }
    }

    /// Waits to be handed over. Who retires waits for nobody.
    pub(super) fn wait_for_successor(&mut self, shared: &Shared) -> Outcome {
        let waits = !self.is_retiring && self.is_in_time(Waiting::ForDisk, shared);
        if waits { Outcome::Waiting } else { Outcome::Gone(Gone::Abandoned) }
    }
}
