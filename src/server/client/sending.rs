//! What lies between an answer in the outbox and its last byte: that a file is in memory before the kernel is told to
//! send it, and what the log says of it in the end.

use std::io;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use super::{Client, Lack, Outcome, Waiting};
use crate::access_log::PendingLine;
use crate::files::{Fetch, Fetched, File, ReadError};
use crate::server::gone::Gone;
use crate::server::shared::Shared;
use crate::site::report_unreadable;

/// Bytes of a file that are sent from the page cache before it is looked at again.
const LOOK_BYTES: u64 = 1024 * 1024;

/// Bytes of a file that are fetched from the disk at a time: no more than a small file has.
const FETCH_BYTES: u64 = 256 * 1024;

/// Bytes that were fetched and are held for those who do not take them at once, of all clients: 64 pieces. What is more
/// is forgotten, and fetched again when there is room in its socket, as a rule from the page cache. So what is read for
/// a slow reader is read once, while there are few of them, and ten thousand who read nothing take no more memory than
/// that.
const HELD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// So much is held for each in any case: it goes into the socket before anything is fetched, so that nothing is for a
/// socket that is full.
const HELD_BYTES_MIN: usize = 1024;

/// A file that is being sent, and the log's line of its response, which is written when it has been sent.
#[derive(Default)]
pub(in crate::server) struct SendingFile {
    pub(super) delivery: Delivery,
    /// What of it was found to be in memory last
    pub(super) resident: Range<u64>,
    pub(super) line: PendingLine,
    pub(super) length: u64,
}

/// How far a file has come.
#[derive(Default)]
pub(super) enum Delivery {
    /// There is none.
    #[default]
    None,
    /// Some of it is still to be sent.
    Sending(Arc<File>),
    /// All of it has been sent, and is not known to have arrived.
    HandedOver(Arc<File>),
}

/// Where the next bytes of a file are.
pub(super) enum Ahead<'a> {
    /// In the page cache, as far as this
    Resident(Range<u64>),
    /// Here, from the disk
    Fetched(&'a [u8]),
    /// They could not be read.
    Failed(&'a ReadError),
    /// On the disk
    Elsewhere(Fetch),
}

/// Looks for the next bytes of a file that is to be sent: among what has been fetched, and in the page cache.
pub(super) fn look_ahead<'a>(file: &Arc<File>, range: &Range<u64>, fetched: Option<&'a Fetched>) -> Ahead<'a> {
    let within = |length: u64| range.start..range.end.min(range.start.saturating_add(length));
    match fetched.and_then(|fetched| fetched.bytes_of(file, range.start)) {
        Some(Ok(bytes)) => Ahead::Fetched(bytes),
        Some(Err(error)) => Ahead::Failed(error),
        None if file.is_resident(within(LOOK_BYTES)) => Ahead::Resident(within(LOOK_BYTES)),
        None => Ahead::Elsewhere(Fetch::Bytes { file: Arc::clone(file), range: within(FETCH_BYTES) }),
    }
}

impl Client {
    /// So many bytes of the file that is to be sent next are known to be in memory.
    pub(super) fn file_share(&self) -> u64 {
        let ahead = self.outbox.as_ref().and_then(|outbox| outbox.file_ahead());
        let (Some(ahead), Some(sending)) = (ahead, &self.sending_file) else { return 0 };
        if sending.resident.contains(&ahead.start) { sending.resident.end.min(ahead.end) - ahead.start } else { 0 }
    }

    /// Brings the next bytes of the file that is being sent into reach, or tells what has to be fetched first.
    pub(super) fn reach_ahead(&mut self, fetched: Option<Arc<Fetched>>) -> Result<Option<Fetch>, Gone> {
        let (Some(outbox), Some(sending)) = (&mut self.outbox, &mut self.sending_file) else { return Ok(None) };
        let (Some(ahead), Delivery::Sending(file)) = (outbox.file_ahead(), &sending.delivery) else { return Ok(None) };
        match look_ahead(file, &ahead, fetched.as_deref()) {
            Ahead::Resident(resident) => sending.resident = resident,
            Ahead::Fetched(bytes) => {
                if bytes.len() as u64 >= ahead.end - ahead.start {
                    file.verify().map_err(|error| Gone::Unsent(Arc::clone(file), error))?;
                }
                outbox.fill_file(bytes.into());
            }
            Ahead::Elsewhere(fetch) => return Ok(Some(fetch)),
            Ahead::Failed(ReadError::Changed) => return Err(Gone::Unsent(Arc::clone(file), ReadError::Changed)),
            Ahead::Failed(error) => {
                report_unreadable(file, error);
                return Err(Gone::Unreadable);
            }
        }
        Ok(None)
    }

    /// Looks at the file that is being sent, before the last piece of it is handed over: what was changed meanwhile
    /// must not arrive as if it were whole. `file_share` is what may be sent of it next.
    pub(super) fn verify_file(&self, file_share: u64) -> Result<(), Gone> {
        let Some(file) = self.file_being_sent() else { return Ok(()) };
        let Some(ahead) = self.outbox.as_ref().and_then(|outbox| outbox.file_ahead()) else { return Ok(()) };
        if file_share < ahead.end.saturating_sub(ahead.start) {
            return Ok(());
        }
        file.verify().map_err(|error| Gone::Unsent(Arc::clone(file), error))
    }

    /// Why sending has come to an end before its time.
    pub(super) fn unsent(&self, error: io::Error) -> Gone {
        match self.file_being_sent() {
            // It ends before what was announced of it does.
            Some(file) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Gone::Unsent(Arc::clone(file), ReadError::Changed)
            }
            Some(file) => Gone::Unsent(Arc::clone(file), ReadError::Io(error)),
            None => Gone::Failed(error),
        }
    }

    /// Bytes that were fetched for it and wait to be sent.
    pub(super) fn held(&self) -> usize {
        self.outbox.as_ref().map_or(0, |outbox| outbox.filled())
    }

    /// Forgets what was fetched and is not sent, where too much is held for all. `before` is what was held for this one
    /// when it was counted last.
    pub(super) fn hold_within_bounds(&mut self, before: usize, shared: &mut Shared) {
        if before == 0 && self.held() == 0 {
            return;
        }
        let by_others = shared.held.saturating_sub(before);
        if let Some(outbox) = self.outbox.as_mut().filter(|outbox| by_others + outbox.filled() > HELD_BYTES_MAX) {
            outbox.forget_filled(HELD_BYTES_MIN);
        }
        shared.held = by_others + self.held();
    }

    /// Waits for this to be fetched. The time for it starts anew with what is sent, not with each attempt to read what
    /// changes meanwhile.
    pub(super) fn fetch(&mut self, fetch: Fetch, shared: &Shared) -> Outcome {
        self.lacks = Lack::Fetch;
        if !self.is_sending_file() {
            self.fetches = self.fetches.saturating_add(1);
        }
        self.is_in_time(Waiting::ForDisk, shared);
        Outcome::Fetching(fetch)
    }

    /// Whether a file is being sent.
    pub(super) fn is_sending_file(&self) -> bool {
        self.file_being_sent().is_some()
    }

    fn file_being_sent(&self) -> Option<&Arc<File>> {
        match &self.sending_file.as_ref()?.delivery {
            Delivery::Sending(file) => Some(file),
            Delivery::None | Delivery::HandedOver(_) => None,
        }
    }

    /// Writes the log's line of a file whose sending has come to its end, be it a good one or not.
    pub(super) fn settle_file(&mut self, shared: &mut Shared) {
        let Some(sending) = &mut self.sending_file else { return };
        sending.delivery = match mem::take(&mut sending.delivery) {
            Delivery::Sending(file) => {
                let left = self.outbox.as_ref().map_or(0, |outbox| outbox.left());
                shared.access_log.finish(&sending.line, sending.length.saturating_sub(left));
                shared.has_handed_over = true;
                Delivery::HandedOver(file)
            }
            other @ (Delivery::None | Delivery::HandedOver(_)) => other,
        };
    }

    /// Forgets the file that was sent last.
    pub(super) fn release_file(&mut self, shared: &mut Shared) {
        if let Some(mut sending) = self.sending_file.take() {
            sending.delivery = Delivery::None;
            shared.keep_sending_file(sending);
        }
    }

    pub(super) fn release_outbox(&mut self, shared: &mut Shared) {
        if let Some(outbox) = self.outbox.take().filter(|outbox| outbox.is_empty()) {
            shared.keep_outbox(outbox);
        }
    }
}
