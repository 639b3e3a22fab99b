//! One accepted peer: its socket, its connection, and what is between them.
//!
//! [`Client::drive`] is the server, the same for readable, writable, a file that has been fetched and a deadline: flush
//! the outbox, take the next step of the protocol, answer or close, until it would block or its share of the turn is
//! used up. What it is driven with, [`Client::receive`] has received before.

mod answering;
mod handed_over;
mod handing;
mod patience;
mod sending;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use answering::{Halt, prepare};
pub(super) use handing::Handed;
use patience::Waiting;
pub(super) use patience::{Expendable, Trust};
pub(super) use sending::SendingFile;

use super::gone::Gone;
use super::intake::Intake;
use super::shared::Shared;
use super::trace;
use crate::files::{Fetch, Fetched};
use crate::http::{Awaiting, CloseReason, Connection};
use crate::net::{Flushed, Key, Outbox, Peer, Reactor, Readiness, Transport};
use crate::site::Postponed;

/// What a client may send in a turn before the others have theirs, in bytes.
const SHARE_BYTES: usize = 1024 * 1024;

/// Requests that are answered for a client in a turn.
const SHARE_REQUESTS: usize = 64;

/// One accepted peer.
pub(super) struct Client {
    transport: Transport,
    connection: Connection,
    peer: Peer,
    /// The number of the binding that it came in by
    binding: u32,
    /// Nothing, while there is nothing to send
    outbox: Option<Box<Outbox>>,
    /// What was received and is not done with: the start of a request, or requests that wait for their turn
    unread: Box<[u8]>,
    sending_file: Option<Box<SendingFile>>,
    lacks: Lack,
    /// How often something was fetched for the next answer
    fetches: u8,
    is_readable: bool,
    must_drain: bool,
    is_retiring: bool,
    succession: Succession,
    /// Nothing has been answered yet.
    is_new: bool,
    has_ended: bool,
    has_progressed: bool,
    ending: Ending,
    waiting: Waiting,
    /// What was sent while there was more to send, in pieces, since the time for it began; see [`patience`]
    sent_in_time: u8,
    trust: Trust,
    deadline: Instant,
    /// It stands in the queue of those that are ready, and is driven when its turn comes.
    pub(super) is_queued: bool,
}

/// An idle client is this and nothing besides, so this is what ten thousand of them cost.
const _: () = assert!(size_of::<Client>() <= 128);

/// What a client has to go on with in a turn, and what is left of its share.
struct Turn<'a> {
    input: &'a [u8],
    /// What it has waited for, read from the disk
    fetched: Option<Arc<Fetched>>,
    bytes_left: usize,
    requests_left: usize,
}

/// What has to come before a client can go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lack {
    /// Nothing from its peer, and nothing from the disk
    Nothing,
    /// The next step of the protocol takes bytes that have not been received.
    Bytes,
    /// Something from the disk, which is being fetched
    Fetch,
}

/// How far a client is from its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    Open,
    /// What is in the outbox is the last.
    AfterFlush(CloseReason),
    /// Nothing more is sent, and what comes is thrown away. The time for that can be had so often.
    Lingering(CloseReason, u8),
}

/// Whether its next request is for another worker to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Succession {
    Unneeded,
    Awaited,
    /// This worker is the one that was awaited. Should the request be for yet another one, its time goes on.
    Come,
    /// There will be none in time: it has to be answered here.
    InVain,
}

/// How a drive ended.
pub(super) enum Outcome {
    /// It waits for readiness, and until its deadline.
    Waiting,
    /// It could go on; readiness will not tell again.
    Runnable,
    /// It waits for this to be fetched, and until its deadline.
    Fetching(Fetch),
    /// It waits for another worker to answer it, and until its deadline.
    BySuccessor,
    /// It is done with.
    Gone(Gone),
}

impl Client {
    pub(super) fn new(transport: Transport, peer: Peer, binding: u32, shared: &Shared) -> Client {
        let deadline = shared.instant + shared.timeouts.idle;
        Client { is_new: true, ..Client::with(transport, peer, binding, deadline) }
    }

    fn with(transport: Transport, peer: Peer, binding: u32, deadline: Instant) -> Client {
        Client {
            transport,
            connection: Connection::default(),
            peer,
            binding,
            outbox: None,
            unread: Box::default(),
            sending_file: None,
            lacks: Lack::Bytes,
            fetches: 0,
            is_readable: true,
            // Descriptors that are passed over a UNIX socket end a receive, too (unix(7)).
            must_drain: peer == Peer::Unix,
            is_retiring: false,
            succession: Succession::Unneeded,
            is_new: false,
            has_ended: false,
            has_progressed: false,
            ending: Ending::Open,
            waiting: Waiting::For(Awaiting::Request),
            sent_in_time: 0,
            trust: Trust::NONE,
            deadline,
            is_queued: false,
        }
    }

    /// Registers its socket with the reactor, where that is not done. A client that is answered and closed at once
    /// never is.
    pub(super) fn register(&mut self, reactor: &Reactor, key: Key) -> io::Result<()> {
        self.transport.register(reactor, key)
    }

    /// Takes note of what its socket is ready for. Sending is simply tried.
    pub(super) fn note(&mut self, readiness: Readiness) {
        self.is_readable |= readiness.is_readable;
        self.must_drain |= readiness.must_drain;
    }

    /// Whether it waits for something to be fetched.
    pub(super) fn is_fetching(&self) -> bool {
        self.lacks == Lack::Fetch
    }

    /// Lets it finish what has begun, and no more. What has arrived by now has begun.
    pub(super) fn retire(&mut self) {
        self.is_retiring = true;
        self.is_readable = true;
        self.connection.retire();
    }

    /// When it has to be looked at.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Receives what there is, if that is what it waits for. Returns where it lies, with what was unread before in
    /// front of it.
    pub(super) fn receive(&mut self, intake: &mut Intake) -> Result<Range<usize>, Gone> {
        let start = intake.begin(&self.unread).ok_or(Gone::TooLong)?;
        self.unread = Box::default();
        if self.lacks == Lack::Bytes && self.is_readable {
            let room = intake.room();
            match self.transport.receive(room) {
                Ok(0) => {
                    self.is_readable = false;
                    self.has_ended = true;
                    self.connection.end_of_input();
                }
                Ok(received) => {
                    // Less than there was room for is all there was, as a rule: no second call to hear so.
                    self.is_readable = received == room.len() || self.must_drain;
                    self.has_progressed |= matches!(self.ending, Ending::Lingering(..));
                    intake.add(received);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_readable = false,
                Err(error) => return Err(Gone::Failed(error)),
            }
        }
        Ok(start..intake.end())
    }

    /// How many bytes it has that are not done with.
    pub(super) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Goes on with these bytes, and with what has become of a fetch if it has waited for one, until it would block,
    /// its share is used up, or it is gone.
    pub(super) fn drive(&mut self, input: &[u8], fetched: Option<Arc<Fetched>>, shared: &mut Shared) -> Outcome {
        let mut turn = Turn { input, fetched, bytes_left: SHARE_BYTES, requests_left: SHARE_REQUESTS };
        let held = self.held();
        let outcome = self.drive_with(&mut turn, shared);
        self.hold_within_bounds(held, shared);
        match &outcome {
            Outcome::Gone(gone) => self.settle(gone, shared),
            Outcome::Waiting | Outcome::Runnable | Outcome::Fetching(_) | Outcome::BySuccessor => {
                self.unread = turn.input.into();
            }
        }
        outcome
    }

    /// Writes down what has become of it, for the last time.
    pub(super) fn settle(&mut self, gone: &Gone, shared: &mut Shared) {
        shared.held = shared.held.saturating_sub(self.held());
        self.settle_file(shared);
        self.release_file(shared);
        self.release_outbox(shared);
        self.end_trust(shared);
        trace::gone(self.peer, gone);
    }

    fn drive_with(&mut self, turn: &mut Turn<'_>, shared: &mut Shared) -> Outcome {
        if self.is_fetching() && turn.fetched.is_none() {
            return Outcome::Waiting;
        }
        self.lacks = Lack::Nothing;
        if self.waits_for_successor(shared) {
            return Outcome::Waiting;
        }
        let mut is_held = false;
        // What was awaited when there was something to send, and is still when it has been sent.
        let mut awaited = None;
        loop {
            if self.is_sending_file() && (is_held || turn.fetched.is_some()) {
                match self.reach_ahead(turn.fetched.take()) {
                    Ok(None) => is_held = false,
                    Ok(Some(fetch)) => return self.fetch(fetch, shared),
                    Err(gone) => return Outcome::Gone(gone),
                }
            }
            let file_share = self.file_share();
            if let Err(gone) = self.verify_file(file_share) {
                return Outcome::Gone(gone);
            }
            if let Some(outbox) = &mut self.outbox {
                let before = turn.bytes_left;
                let flushed = outbox.flush(&self.transport, &mut turn.bytes_left, file_share);
                if !matches!(flushed, Ok(Flushed::Drained)) {
                    self.note_sent(before.saturating_sub(turn.bytes_left), shared);
                }
                match flushed {
                    Ok(Flushed::Drained) => {
                        self.settle_file(shared);
                        self.release_outbox(shared);
                    }
                    Ok(Flushed::FileHeld) => {
                        is_held = true;
                        continue;
                    }
                    Ok(Flushed::ShareSpent) => return Outcome::Runnable,
                    Ok(Flushed::Blocked) if self.is_in_time(Waiting::ToSend, shared) => return Outcome::Waiting,
                    Ok(Flushed::Blocked) => return Outcome::Gone(Gone::SendTimeout),
                    Err(error) => return Outcome::Gone(self.unsent(error)),
                }
            }
            if let Some(outcome) = self.go_on_ending(turn, shared) {
                return outcome;
            }

            let halt = awaited.take().map_or_else(|| self.take_steps(turn, shared), Halt::Await);
            if self.outbox.is_some() || self.ending != Ending::Open {
                if let Halt::Await(awaiting) = halt {
                    awaited = Some(awaiting);
                }
                continue;
            }
            let awaiting = match halt {
                Halt::Enough => return Outcome::Runnable,
                Halt::Postpone(Postponed::Fetch(fetch)) => return self.fetch(fetch, shared),
                Halt::Postpone(Postponed::Successor) if self.leaves_to_successor(shared) => {
                    return Outcome::BySuccessor;
                }
                Halt::Postpone(Postponed::Successor) => continue,
                Halt::Await(awaiting) => awaiting,
            };
            self.lacks = Lack::Bytes;
            if self.is_readable {
                return Outcome::Runnable;
            }
            let is_over = self.is_retiring && awaiting == Awaiting::Request;
            if !is_over && self.is_in_time(Waiting::For(awaiting), shared) {
                return Outcome::Waiting;
            }
            let next = {
                let (asker, occasion) = (self.asker(shared), self.occasion(None, shared));
                prepare(&self.connection.expire(turn.input), &occasion, &asker, self.binding, shared)
            };
            self.carry_out(next, shared);
        }
    }
}
