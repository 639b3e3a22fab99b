//! What lies between an answer in the outbox and its last byte: that a file is in memory before the kernel is told to
//! send it, and what the log says of it in the end.

use std::ops::Range;
use std::sync::Arc;

use super::{Client, Fetching, Outcome, Waiting};
use crate::access_log::Pending;
use crate::files::{Fetch, File};
use crate::server::shared::Shared;

/// Bytes of a file that are fetched from the disk at a time.
const FETCH_BYTES: u64 = 1024 * 1024;

/// A file that is being sent, and the log's line of its response, which is written when it has been sent.
#[derive(Default)]
pub(in crate::server) struct SendingFile {
    /// None while it goes from hand to hand
    pub(super) file: Option<Arc<File>>,
    /// What of it was found to be in memory last
    pub(super) resident: Range<u64>,
    pub(super) line: Pending,
    pub(super) length: u64,
}

impl Client {
    /// So many bytes of the file that is to be sent next are in memory, or else what has to be fetched before it is sent.
    pub(super) fn file_in_memory(&mut self) -> Result<u64, Fetch> {
        let Some(ahead) = self.outbox.as_ref().and_then(|outbox| outbox.file_ahead()) else { return Ok(0) };
        let Some(sending) = &mut self.sending_file else { return Ok(0) };
        let Some(file) = &sending.file else { return Ok(0) };
        if !sending.resident.contains(&ahead.start) {
            let range = ahead.start..ahead.end.min(ahead.start + FETCH_BYTES);
            if self.fetching != Fetching::Done && !file.is_resident(range.clone()) {
                return Err(Fetch { file: Arc::clone(file), range });
            }
            self.fetching = Fetching::Unneeded;
            sending.resident = range;
        }
        Ok(sending.resident.end.min(ahead.end) - ahead.start)
    }

    /// Waits for this to be fetched.
    pub(super) fn fetch(&mut self, fetch: Fetch, shared: &Shared) -> Outcome {
        self.fetching = Fetching::Awaited;
        self.has_progressed = true;
        self.is_in_time(Waiting::ForDisk, shared);
        Outcome::Fetching(fetch)
    }

    /// Writes the log's line of a file whose sending has come to its end, be it a good one or not.
    pub(super) fn settle_file(&mut self, shared: &mut Shared) {
        if let Some(mut sending) = self.sending_file.take() {
            let left = self.outbox.as_ref().map_or(0, |outbox| outbox.left());
            shared.access_log.finish(&sending.line, sending.length.saturating_sub(left));
            sending.file = None;
            shared.keep_sending_file(sending);
        }
    }

    pub(super) fn release_outbox(&mut self, shared: &mut Shared) {
        if let Some(outbox) = self.outbox.take().filter(|outbox| outbox.is_empty()) {
            shared.keep_outbox(outbox);
        }
    }
}
