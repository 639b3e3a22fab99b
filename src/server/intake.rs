//! What was received in this turn and is not answered yet: one buffer for all clients, one behind the other.

use std::ops::Range;

/// Bytes received at a time.
const RECEIVE_BYTES: usize = 32 * 1024;

/// Room for what many clients send. Requests are small, so a few fill it at once only where they send content.
const INTAKE_BYTES: usize = 256 * 1024;

/// The bytes of several clients.
#[derive(Debug, Default)]
pub(super) struct Intake {
    buffer: Vec<u8>,
    end: usize,
}

impl Intake {
    /// An empty one. What may be left unread of a client is a head that is not complete, of `head_size` bytes, or
    /// requests that were received with others and wait for their turn.
    pub(super) fn new(head_size: usize) -> Intake {
        Intake { buffer: vec![0; INTAKE_BYTES + head_size], end: 0 }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.end = 0;
    }

    /// Whether there is room for a client of which so many bytes are unread. There always is while it is empty.
    pub(super) fn fits(&self, unread: usize) -> bool {
        self.end == 0 || self.end + unread + RECEIVE_BYTES <= self.buffer.len()
    }

    /// Begins with what is unread of a client, and tells where. None where it does not fit with room to receive more,
    /// as what a predecessor with greater limits has taken in may not.
    pub(super) fn begin(&mut self, unread: &[u8]) -> Option<usize> {
        let start = self.end;
        let end = start + unread.len();
        if end + RECEIVE_BYTES > self.buffer.len() {
            return None;
        }
        self.buffer.get_mut(start..end)?.copy_from_slice(unread);
        self.end = end;
        Some(start)
    }

    /// Room to receive into.
    pub(super) fn room(&mut self) -> &mut [u8] {
        let end = self.buffer.len().min(self.end + RECEIVE_BYTES);
        self.buffer.get_mut(self.end..end).unwrap_or_default()
    }

    /// So many bytes were received.
    pub(super) fn add(&mut self, received: usize) {
        self.end += received;
    }

    /// Where the last byte ends.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The bytes of one client.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut intake = Intake::new(1000);
        let most = INTAKE_BYTES + 1000 - RECEIVE_BYTES;
        assert_eq!(intake.begin(&vec![0; most + 1]), None);
        assert_eq!((intake.begin(&vec![0; most]), intake.end(), intake.room().len()), (Some(0), most, RECEIVE_BYTES));
        assert_eq!(intake.begin(&[0]), None);
    }
}
