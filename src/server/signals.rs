//! Signals as bytes on sockets, so that they can be waited for beside other things. They are caught from the first
//! moment of the process on: whoever starts it may have something to say before it has started.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigSet, Signal};
use rustix::net::RecvFlags;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use signal_hook::flag::{self, register_conditional_default, register_conditional_shutdown};
use signal_hook::low_level::pipe;

/// What has been signalled to this process.
pub struct Signals {
    stop: UnixStream,
    hangup: UnixStream,
    /// What says something to other servers alone
    foreign: UnixStream,
    /// It was started from a terminal, and for as long as that is there.
    has_terminal: bool,
    /// Nobody waits for what says stop: it ends the process by itself.
    ends_at_once: Arc<AtomicBool>,
    /// They do what they do where nobody catches them.
    is_released: Arc<AtomicBool>,
}

/// What SIGHUP says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hangup {
    /// What administrators mean by it: to reload
    Reload,
    /// What it was made for: the terminal has been closed
    TerminalClosed,
}

impl Signals {
    /// Catches SIGINT and SIGTERM, which say stop, and SIGHUP. A stop ends the process with success until it is waited
    /// for, since nothing has been begun that would have to be ended, and what is under way may hang. SIGHUP is kept.
    /// And SIGXFSZ is caught for nothing: a log beyond the limit of the process is an error of its write then, and
    /// nothing to die of (setrlimit(2), RLIMIT_FSIZE). So is what has other servers open their logs again, SIGUSR1 and
    /// SIGUSR2: whoever sends it does not mean to end this one.
    ///
    /// To be called before there is another thread.
    pub fn catch() -> io::Result<Signals> {
        // First, or a terminal that is closed meanwhile is none that has been there.
        let has_terminal = io::stdin().is_terminal();
        // These are the first, so that no signal is caught and forgotten. What comes after them would end the process
        // anyway.
        let (hangup, stop) = (receiver(&[SIGHUP])?, receiver(&[SIGINT, SIGTERM])?);
        let foreign = receiver(&[SIGUSR1, SIGUSR2])?;
        let (ends_at_once, is_released) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        for signal in [SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2] {
            register_conditional_default(signal, Arc::clone(&is_released))?;
        }
        for signal in [SIGINT, SIGTERM] {
            register_conditional_shutdown(signal, 0, Arc::clone(&ends_at_once))?;
        }
        flag::register(SIGXFSZ, Arc::default())?;
        unblock()?;
        Ok(Signals { stop, hangup, foreign, has_terminal, ends_at_once, is_released })
    }

    /// From now on they do what they do to a program that knows nothing of them.
    pub fn release(&self) {
        self.is_released.store(true, Ordering::SeqCst);
    }

    /// From now on somebody waits for what says stop, and looks for it.
    pub(super) fn wait_for_stops(&self) {
        self.ends_at_once.store(false, Ordering::SeqCst);
    }

    /// How often it was said to stop since the last call.
    pub(super) fn take_stops(&self) -> usize {
        take(&self.stop)
    }

    /// What SIGHUP has said since the last call. However often, one will do.
    pub(super) fn take_hangup(&self) -> Option<Hangup> {
        let is_closed = || self.has_terminal && !io::stdin().is_terminal();
        (take(&self.hangup) > 0).then(|| if is_closed() { Hangup::TerminalClosed } else { Hangup::Reload })
    }

    /// Whether anything was signalled since the last call that says nothing here.
    pub(super) fn take_foreign(&self) -> bool {
        take(&self.foreign) > 0
    }

    /// What becomes readable when there is something to take.
    pub(super) fn sources(&self) -> [BorrowedFd<'_>; 3] {
        [self.stop.as_fd(), self.hangup.as_fd(), self.foreign.as_fd()]
    }
}

/// Who has started this may have blocked signals, and a program takes after it (signal(7)). Threads take after this one.
fn unblock() -> io::Result<()> {
    let caught = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];
    Ok(SigSet::from_iter(caught).thread_unblock()?)
}

fn receiver(signals: &[i32]) -> io::Result<UnixStream> {
    let (receiver, sender) = UnixStream::pair()?;
    receiver.set_nonblocking(true)?;
    for signal in signals {
        pipe::register(*signal, sender.try_clone()?)?;
    }
    Ok(receiver)
}

fn take(receiver: &UnixStream) -> usize {
    // An error says that there is none: on a socket of our own there is no other.
    rustix::net::recv(receiver, &mut [0; 64], RecvFlags::empty()).map_or(0, |(received, _)| received)
}
