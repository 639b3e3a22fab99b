//! How threads tell each other what to do: letters, and a bell that a reactor or a poll(2) can wait for.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::bell::Bell;

/// Letters from many to one.
pub(super) struct Mailbox<T> {
    /// None once nobody reads them any more
    letters: Mutex<Option<Vec<T>>>,
    bell: Bell,
}

impl<T> Mailbox<T> {
    /// An empty one.
    pub(super) fn new() -> io::Result<Mailbox<T>> {
        Ok(Mailbox { letters: Mutex::new(Some(Vec::new())), bell: Bell::new()? })
    }

    /// Puts a letter in, which is only written where somebody will read it. Returns whether it was. Letters are read in
    /// the order in which they were put in.
    pub(super) fn put_with(&self, write: impl FnOnce() -> T) -> bool {
        let mut letters = self.lock();
        let Some(open) = letters.as_mut() else { return false };
        open.push(write());
        self.bell.ring();
        true
    }

    /// Takes all letters out.
    pub(super) fn take(&self) -> Vec<T> {
        self.bell.silence();
        self.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Sees to it that there will be no more letters. False where there are some to be read first.
    pub(super) fn close(&self) -> bool {
        let mut letters = self.lock();
        if letters.as_ref().is_some_and(|letters| !letters.is_empty()) {
            return false;
        }
        *letters = None;
        true
    }

    /// What becomes readable when there are letters.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Nothing panics while it is held but a letter that is being written, which is not in there then.
    fn lock(&self) -> MutexGuard<'_, Option<Vec<T>>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn rings<T>(mailbox: &Mailbox<T>) -> bool {
        poll(&mut [PollFd::new(&mailbox.bell(), PollFlags::IN)], Some(&Timespec::default())).unwrap() > 0
    }

    #[test]
    fn the_bell_rings_for_as_long_as_there_are_letters() {
        let mailbox = Mailbox::new().unwrap();
        assert!(!rings(&mailbox));
        assert!(mailbox.put_with(|| 1));
        assert!(mailbox.put_with(|| 2));
        assert!(rings(&mailbox));
        assert!(!mailbox.close(), "there are letters in it");
        assert_eq!(mailbox.take(), [1, 2]);
        assert!(!rings(&mailbox));
        assert!(mailbox.take().is_empty());
        assert!(mailbox.put_with(|| 3));
        assert_eq!(mailbox.take(), [3]);
    }

    #[test]
    fn nothing_is_written_that_nobody_reads() {
        let mailbox = Mailbox::<u32>::new().unwrap();
        assert!(mailbox.close());
        assert!(!mailbox.put_with(|| panic!("written in vain")));
        assert!(mailbox.take().is_empty());
        assert!(mailbox.close());
    }
}
