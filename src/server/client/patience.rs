//! How long a peer is waited for: what each wait may take, what counts as progress, and who can leave at once.

use std::mem;
use std::time::{Duration, Instant};

use super::{Client, Ending, Lack, Outcome, Turn};
use crate::http::{Awaiting, CloseReason};
use crate::server::gone::Gone;
use crate::server::shared::Shared;

/// How long a peer that does nothing may take to notice that it has been answered for good (RFC 9112, section 9.6), and
/// how often it gets this time anew while it sends, or receives.
const LINGER_TIME: Duration = Duration::from_secs(5);
const LINGER_TIMES: u8 = 3;

/// Less than so many pieces, of so many bytes, are no progress in the time for sending: a peer could stay for ever, a
/// byte at a time.
const PROGRESS_PIECES: u8 = 128;
const PIECE_BYTES: usize = 64;

/// What is sent is counted in units of so many bytes.
const UNIT_BYTES: usize = 64 * 1024;

/// From so many units on, a peer is trusted.
const TRUSTED_UNITS: u8 = 16;

/// Peers that are trusted at a time, by a worker: 256 MiB that the kernel may hold for them, should they all stop to
/// read. Who comes later is sent less at a time, which costs the processor more.
const TRUSTED_MAX: usize = 64;

/// How long a client that has not said anything yet is taken to be about to.
const SILENT_TIME: Duration = Duration::from_secs(1);

/// Why a client may be put out: nobody is waiting for anything there. Who goes first is less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::server) enum Expendable {
    /// It has been answered for good. Until when it may stay
    Lingering(Instant),
    /// It is between two requests. Until when it may stay
    Idle(Instant),
}

/// Whether the kernel may hold more for a peer than [`UNSENT_BYTES`](crate::net::UNSENT_BYTES): as much as it finds right
/// itself (tcp(7), tcp_wmem), which is 4 MiB at most, as a rule.
///
/// Who asks for a large file and never reads would have it hold that much, so it is little at first. To send a lot at a
/// time is half the work, so it is left to the kernel for who has read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::server) enum Trust {
    /// Not yet. What was sent so far while there was more to send, in units
    Earned(u8),
    /// It may, and is counted.
    Given,
}

impl Trust {
    pub(super) const NONE: Trust = Trust::Earned(0);
}

/// What a client waits for. Each has a time of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waiting {
    For(Awaiting),
    /// Room in the socket
    ToSend,
    /// A part of a file
    ForDisk,
}

impl Client {
    /// Whether it can be put out, and how soon compared to others.
    pub(in crate::server) fn expendable(&self, shared: &Shared) -> Option<Expendable> {
        if matches!(self.ending, Ending::Lingering(..)) {
            return Some(Expendable::Lingering(self.deadline));
        }
        let has_been_silent = || self.deadline + SILENT_TIME <= shared.instant + shared.timeouts.idle;
        (self.is_between_requests() && (!self.is_new || has_been_silent())).then_some(Expendable::Idle(self.deadline))
    }

    /// Whether something has come of which the reactor has not told yet. What comes to one that lingers does not count.
    pub(in crate::server) fn has_something_to_receive(&self) -> bool {
        self.ending == Ending::Open && self.transport.has_something_to_receive()
    }

    /// Takes note of what was sent, now that there is more to send.
    pub(super) fn note_sent(&mut self, bytes: usize, shared: &mut Shared) {
        let in_time = usize::from(self.sent_in_time).saturating_add(bytes.div_ceil(PIECE_BYTES));
        self.sent_in_time = u8::try_from(in_time).unwrap_or(u8::MAX);
        self.has_progressed |= self.sent_in_time >= PROGRESS_PIECES;
        let Trust::Earned(units) = self.trust else { return };
        let units = usize::from(units).saturating_add(bytes / UNIT_BYTES).min(usize::from(TRUSTED_UNITS)) as u8;
        self.trust = Trust::Earned(units);
        if units == TRUSTED_UNITS && shared.trusted < TRUSTED_MAX {
            shared.trusted += 1;
            self.trust = Trust::Given;
            self.transport.unbound_unsent();
        }
    }

    /// Leaves its trust to others. It can earn it again.
    pub(super) fn end_trust(&mut self, shared: &mut Shared) {
        if mem::replace(&mut self.trust, Trust::NONE) == Trust::Given {
            shared.trusted = shared.trusted.saturating_sub(1);
            self.transport.bound_unsent();
        }
    }

    /// Closes it, or lingers until that can be done, where what has been sent was the last.
    pub(super) fn go_on_ending(&mut self, turn: &mut Turn<'_>, shared: &Shared) -> Option<Outcome> {
        if let Ending::AfterFlush(reason) = self.ending {
            if self.may_close(reason, turn.input.is_empty()) {
                return Some(Outcome::Gone(Gone::Closed(reason)));
            }
            if let Err(error) = self.transport.shut_down_sending() {
                return Some(Outcome::Gone(Gone::Failed(error)));
            }
            self.has_progressed = false;
            self.deadline = shared.instant + LINGER_TIME;
            self.ending = Ending::Lingering(reason, LINGER_TIMES);
        }
        let Ending::Lingering(reason, _) = self.ending else { return None };
        turn.input = &[];
        self.lacks = Lack::Bytes;
        Some(if self.may_close(reason, turn.input.is_empty()) || !self.lingers_on(shared) {
            Outcome::Gone(Gone::Closed(reason))
        } else if self.is_readable {
            Outcome::Runnable
        } else {
            Outcome::Waiting
        })
    }

    /// Whether the socket can be closed without destroying what the peer has not received yet. It can't where bytes of
    /// the peer are left unread, or may still come while some of ours are on their way: the kernel answers them with a
    /// reset.
    fn may_close(&self, reason: CloseReason, has_read_all: bool) -> bool {
        let is_done = has_read_all && !self.is_readable && !reason.lingers();
        self.has_ended || (is_done && !self.transport.has_unacknowledged())
    }

    /// Whether the peer's end is waited for any longer. It has so many times over to show that it still takes part.
    fn lingers_on(&mut self, shared: &Shared) -> bool {
        if shared.instant < self.deadline {
            return true;
        }
        self.deadline = shared.instant + LINGER_TIME;
        let takes_part = mem::take(&mut self.has_progressed) || self.transport.has_unacknowledged();
        match &mut self.ending {
            Ending::Lingering(_, times) if takes_part && *times > 1 => *times -= 1,
            _ => return false,
        }
        true
    }

    /// Whether there is time left to wait. The time starts when something else is waited for than before, and anew with
    /// each progress: a response for requests, enough bytes for sending. The bytes of a head are no progress.
    pub(super) fn is_in_time(&mut self, waiting: Waiting, shared: &Shared) -> bool {
        // Taken in any case: what was progress before counts once.
        let has_progressed = mem::take(&mut self.has_progressed);
        if waiting != self.waiting || has_progressed {
            self.waiting = waiting;
            self.sent_in_time = 0;
            self.deadline = shared.instant
                + match waiting {
                    Waiting::For(Awaiting::Request | Awaiting::Content) => shared.timeouts.idle,
                    Waiting::For(Awaiting::Head) => shared.timeouts.head,
                    Waiting::ToSend | Waiting::ForDisk => shared.timeouts.send,
                };
        }
        shared.instant < self.deadline
    }
}
