//! From one worker to another: who can go, what goes along, and who waits for that.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::{Client, Ending, SendingFile, Succession, Trust, Waiting};
use crate::http::{Awaiting, Connection};
use crate::net::{LocalAddress, Peer, Transport};
use crate::server::shared::Shared;
use crate::server::trace;

/// A client on its way from one worker to another, before its next answer.
pub(in crate::server) struct Handed {
    socket: OwnedFd,
    connection: Connection,
    unread: Box<[u8]>,
    /// Its last file, as long as the socket may hold some of it
    sending_file: Option<Box<SendingFile>>,
    peer: Peer,
    binding: u32,
    is_new: bool,
    trust: Trust,
    succession: Succession,
    waiting: Waiting,
    deadline: Instant,
}

impl Client {
    /// The client of another worker, which owed it nothing. What has come since shows when it is received.
    pub(in crate::server) fn adopt(handed: Handed, shared: &mut Shared) -> Client {
        shared.has_handed_over |= handed.sending_file.is_some();
        shared.trusted += usize::from(handed.trust == Trust::Given);
        Client {
            connection: handed.connection,
            unread: handed.unread,
            sending_file: handed.sending_file,
            is_new: handed.is_new,
            trust: handed.trust,
            succession: match handed.succession {
                Succession::Awaited => Succession::Come,
                other => other,
            },
            waiting: handed.waiting,
            ..Client::with(Transport::new(handed.socket), handed.peer, handed.binding, handed.deadline)
        }
    }

    /// Whether it is between two requests, and nothing is known of the next one, or that is for a successor to answer:
    /// it can be handed over.
    pub(in crate::server) fn can_be_handed(&self) -> bool {
        self.is_undisturbed() && (self.is_idle() || self.succession == Succession::Awaited)
    }

    /// Whether it is between two requests, and nothing is known of the next one: it can be put out.
    pub(super) fn is_between_requests(&self) -> bool {
        self.is_undisturbed() && self.is_idle() && self.succession != Succession::Awaited
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
        // All of it is named, so that what is added to a client is decided upon here. What does not go along is as it
        // is with a new client, for one that can be handed over.
        let Client {
            transport,
            connection,
            unread,
            sending_file,
            peer,
            is_new,
            trust,
            succession,
            waiting,
            deadline,
            binding: _,
            outbox: _,
            lacks: _,
            fetches: _,
            is_readable: _,
            must_drain: _,
            is_retiring: _,
            sent_in_time: _,
            has_ended: _,
            has_progressed: _,
            ending: _,
            is_queued: _,
        } = self;
        let socket = transport.into_socket();
        trace::handed_over(peer);
        Handed { socket, connection, unread, sending_file, peer, binding, is_new, trust, succession, waiting, deadline }
    }

    /// The address that it has connected to.
    pub(in crate::server) fn local_address(&self) -> io::Result<LocalAddress> {
        self.transport.local_address()
    }

    /// Leaves the next request to another worker, if it can be waited for. The time for that is one, however many take
    /// over: a root may be turned faster than anybody can follow.
    pub(super) fn leaves_to_successor(&mut self, shared: &Shared) -> bool {
        self.has_progressed = self.succession == Succession::Unneeded;
        self.succession = Succession::Awaited;
        self.waits_for_successor(shared)
    }

    /// Whether it waits to be handed over. Who has waited for too long does not any more, nor does who retires: the
    /// request is answered here.
    pub(super) fn waits_for_successor(&mut self, shared: &Shared) -> bool {
        if self.succession != Succession::Awaited {
            return false;
        }
        let waits = !self.is_retiring && self.is_in_time(Waiting::ForDisk, shared);
        if !waits {
            self.succession = Succession::InVain;
        }
        waits
    }
}
