//! The thread that writes, and waits for whatever it has to wait for.

use std::io;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::state::{State, Writer};
use super::{Shared, tell};

/// A line is written at once; the next ones are gathered for so long, so that many of them share a write and the wakes
/// around it.
const GATHER: Duration = Duration::from_millis(10);

/// So much is not waited for, in bytes.
const GATHERED_MAX: usize = 128 * 1024;

/// How long nothing is tried after an error.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a reader may read nothing where nobody holds the sink any more. What it has not read by then is lost.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

impl Shared {
    /// Writes what comes, until nobody is left who could bring something.
    pub(super) fn write_lines(&self) {
        let mut piece = Vec::new();
        let mut state = self.lock();
        loop {
            state = self.await_lines(state);
            if state.is_ending() {
                state = self.tell_losses(state);
            }
            if state.is_over() {
                state.writer = Writer::Absent;
                return;
            }
            state.note_length(|| self.outlet.length());
            // No more than there is now: what comes meanwhile is gathered.
            let mut due = state.waiting.len();
            while due > 0 && state.has_lines() {
                state.copy_piece(&mut piece, self.outlet.piece());
                drop(state);
                let result = self.outlet.write(&piece);
                state = self.lock();
                match result {
                    Ok(bytes) => {
                        state.note_written(&piece, bytes);
                        due = due.saturating_sub(bytes);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => state = self.await_room(state),
                    Err(error) if self.outlet.tells_late(&error) => state.lose(b"\n", Some(error)),
                    Err(error) => {
                        state.give_up(Some(&error), self.outlet.length());
                        due = 0;
                    }
                }
            }
            state = self.tell_losses(state);
            if state.is_ending() {
                self.changed.notify_all();
            }
            state = self.gather(state);
        }
    }

    /// Writes lines where there is no writer, and what there is to tell of lost ones before them. What there is no room
    /// for is lost.
    pub(super) fn write_at_once<'a>(&'a self, state: MutexGuard<'a, State>, lines: &[u8]) -> MutexGuard<'a, State> {
        let mut state = self.tell_losses(state);
        state.note_length(|| self.outlet.length());
        state.add(lines);
        let mut piece = Vec::new();
        while !state.waiting.is_empty() {
            state.copy_piece(&mut piece, self.outlet.piece());
            match self.outlet.write(&piece) {
                Ok(bytes) => state.note_written(&piece, bytes),
                Err(error) => {
                    let reason = Some(&error).filter(|error| error.kind() != io::ErrorKind::WouldBlock);
                    state.give_up(reason, self.outlet.length());
                    break;
                }
            }
        }
        state
    }

    /// Waits for lines, or for the last holder to go.
    fn await_lines<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while !state.has_lines() && state.holders > 0 {
            state.wake_at_next_line();
            // Where the diagnostics themselves are lost, they are told of by a write that succeeds.
            let can_tell = !(self.outlet.is_for_diagnostics() && state.has_failed);
            state = match state.losses.due().filter(|_| can_tell) {
                Some(due) => {
                    let patience = due.saturating_duration_since(Instant::now());
                    let (state, _) = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
                    self.tell_losses(state)
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.wake_at = usize::MAX;
        state
    }

    /// Waits for room, for as long as somebody holds the sink. A reader that is still there has a moment more.
    fn await_room<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        loop {
            let is_abandoned = state.holders == 0;
            drop(state);
            let has_room = self.outlet.await_room(LAST_PATIENCE);
            state = self.lock();
            if has_room {
                return state;
            }
            if is_abandoned && state.holders == 0 {
                state.give_up(None, None);
                return state;
            }
        }
    }

    /// Lets lines gather, unless somebody waits for them.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let (patience, wake_at) = if state.has_failed { (PAUSE, usize::MAX) } else { (GATHER, GATHERED_MAX) };
        state.wake_at = wake_at;
        let goes_on = |state: &mut State| !state.is_ending() && state.waiting.len() < wake_at;
        let waited = self.changed.wait_timeout_while(state, patience, goes_on);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.wake_at = usize::MAX;
        state
    }

    /// Tells what has been lost, if it is time to and there is a way to.
    fn tell_losses<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let is_for_diagnostics = self.outlet.is_for_diagnostics();
        if is_for_diagnostics && state.has_failed {
            return state;
        }
        let Some(message) = self.take_losses(&mut state) else { return state };
        if is_for_diagnostics {
            // Where the lines are missing, and beyond the limit: it must not be lost as well.
            state.waiting.extend(format!("error: {message}\n").as_bytes());
            return state;
        }
        state.writer = Writer::Telling;
        drop(state);
        tell(Some(message));
        let mut state = self.lock();
        state.writer = Writer::Writing;
        state
    }
}
