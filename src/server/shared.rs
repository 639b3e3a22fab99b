//! What all clients share: the sites, the log, the limits, the clocks of this turn, and memory that goes from hand to
//! hand, so that a client that is idle has none.

use std::time::{Duration, Instant, SystemTime};

use super::client::SendingFile;
use crate::access_log::AccessLog;
use crate::files::Timestamp;
use crate::http::{self, Preamble};
use crate::net::Outbox;
use crate::site::Sites;

/// Outboxes, and what goes with files, that are kept for reuse. Most clients are done with theirs before the next one
/// needs one.
const OUTBOXES_MAX: usize = 64;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// For the rest of a head
    pub(super) head: Duration,
    /// For a request, or for the rest of its content
    pub(super) idle: Duration,
    /// For the peer to take something, or the disk to give something
    pub(super) send: Duration,
}

/// What all clients share.
pub(super) struct Shared {
    pub(super) sites: Sites,
    pub(super) access_log: AccessLog,
    pub(super) limits: http::Limits,
    pub(super) timeouts: Timeouts,
    pub(super) preamble: Preamble,
    /// The clocks as they were read for this turn, once
    pub(super) instant: Instant,
    pub(super) now: Timestamp,
    /// Bytes that were fetched from the disk and wait in outboxes, of all clients
    pub(super) held: usize,
    /// Clients that are trusted; see [`Trust`](super::client::Trust)
    pub(super) trusted: usize,
    /// Some client has been given a file that may not have arrived
    pub(super) has_handed_over: bool,
    #[expect(clippy::vec_box, reason = "it is the boxes that go from hand to hand")]
    pub(super) outboxes: Vec<Box<Outbox>>,
    #[expect(clippy::vec_box, reason = "the same")]
    pub(super) sending_files: Vec<Box<SendingFile>>,
}

impl Shared {
    pub(super) fn new(
        sites: Sites,
        access_log: AccessLog,
        limits: http::Limits,
        timeouts: Timeouts,
        server: &'static str,
    ) -> Shared {
        let now = Timestamp::from(SystemTime::now());
        Shared {
            sites,
            access_log,
            limits,
            timeouts,
            preamble: Preamble::new(server, now.seconds),
            instant: Instant::now(),
            now,
            held: 0,
            trusted: 0,
            has_handed_over: false,
            outboxes: Vec::new(),
            sending_files: Vec::new(),
        }
    }

    /// Reads the clocks for a new turn.
    pub(super) fn start_turn(&mut self) {
        self.instant = Instant::now();
        self.now = Timestamp::from(SystemTime::now());
        self.preamble.update(self.now.seconds);
    }

    /// Takes back what went with a file that has been sent.
    pub(super) fn keep_sending_file(&mut self, sending: Box<SendingFile>) {
        if self.sending_files.len() < OUTBOXES_MAX {
            self.sending_files.push(sending);
        }
    }

    /// Takes back an outbox that is empty.
    pub(super) fn keep_outbox(&mut self, outbox: Box<Outbox>) {
        if self.outboxes.len() < OUTBOXES_MAX {
            self.outboxes.push(outbox);
        }
    }
}
