//! Where the lines of a log go: into memory, and from there by a thread that does nothing but write. Nobody else ever
//! waits for a full disk, a pipe that is not read, or a terminal that has been stopped.
//!
//! What there is no room for, or what cannot be written, is lost: whole lines, which are counted, and told of once
//! there is somebody to tell. Each file or server has one writer, however often it is opened, so that the lines of the
//! access log and of the diagnostics keep their order where both go to the same terminal, and none is cut in two by
//! another. A sink that nobody holds any more writes what its reader takes, and gives up the rest when that takes
//! nothing.
//!
//! Never looks into a line.

mod datagrams;
mod outlet;
mod state;
mod writer;

use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use datagrams::Server;
use outlet::Outlet;
use state::{State, Writer};

/// So much waits to be written, in bytes; what comes then is lost.
const WAITING_MAX: usize = 1024 * 1024;

/// How long [`finish`] waits for the logs, and how long for the diagnostics that tell what became of them.
const FINISH_PATIENCE: Duration = Duration::from_millis(450);

/// What a writer has on its stack: a line of its own about what was lost, at most.
const STACK_BYTES: usize = 256 * 1024;

/// All there are. Those that nobody holds any more are still here while they write their last lines.
static SINKS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

/// Somewhere for lines to go. When its last clone is dropped, what it was given is written, and then it is closed.
pub struct Sink {
    shared: Arc<Shared>,
}

struct Shared {
    outlet: Outlet,
    state: Mutex<State>,
    /// There is something to do for the writer, or something it has done for those who wait for it.
    changed: Condvar,
}

impl Sink {
    /// The standard output.
    pub fn standard_output() -> Sink {
        Sink::to(Outlet::standard_output())
    }

    /// The standard error, which is also where the diagnostics go. What it loses is told there, when it can be.
    pub fn standard_error() -> Sink {
        Sink::to(Outlet::standard_error())
    }

    /// A file, which is made where there is none, and appended to. A FIFO need not have a reader.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub fn file(path: &Path) -> io::Result<Sink> {
        Ok(Sink::to(Outlet::file(path)?))
    }

    /// A server that gets each line as a datagram over UDP, and tells nobody what it makes of it.
    ///
    /// # Errors
    ///
    /// The name of the host is not known.
    pub fn udp(host: &str, port: u16) -> io::Result<Sink> {
        let address = (host, port).to_socket_addrs()?.next().ok_or(io::ErrorKind::HostUnreachable)?;
        Ok(Sink::to(Outlet::datagrams(Server::Udp(address))))
    }

    /// A server that gets each line as a datagram over a UNIX socket, which need not be there yet, and may be made
    /// anew.
    pub fn unix_datagrams(path: &Path) -> Sink {
        Sink::to(Outlet::datagrams(Server::Unix(path.to_owned())))
    }

    /// The one sink of what is behind the outlet.
    fn to(outlet: Outlet) -> Sink {
        let mut sinks = SINKS.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.retain(|sink| sink.strong_count() > 0);
        let mut known = sinks.iter().filter_map(Weak::upgrade);
        let shared = known.find(|shared| shared.outlet.is_same(&outlet)).unwrap_or_else(|| {
            let shared = Arc::new(Shared { outlet, state: Mutex::default(), changed: Condvar::new() });
            sinks.push(Arc::downgrade(&shared));
            shared
        });
        shared.lock().holders += 1;
        Sink { shared }
    }

    /// Whether people read it.
    pub fn is_terminal(&self) -> bool {
        self.shared.outlet.is_terminal()
    }

    /// Hands over whole lines. Where there is no room for all of them, all of them are lost. Where no thread can be
    /// started, the diagnostics are written at once, as much as can be without a wait for their reader: nobody else
    /// could tell why.
    pub fn put(&self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let shared = &self.shared;
        let mut state = shared.lock();
        let mut must_wake = false;
        if state.waiting.len() + lines.len() > WAITING_MAX {
            state.lose(lines, None);
        } else if let Err(error) = shared.have_writer(&mut state) {
            if shared.outlet.is_for_diagnostics() {
                state = shared.write_at_once(state, lines);
            } else {
                state.lose(lines, Some(error));
            }
        } else {
            must_wake = state.add(lines);
        }
        let message = if shared.outlet.is_for_diagnostics() { None } else { shared.take_losses(&mut state) };
        drop(state);
        if must_wake {
            shared.changed.notify_all();
        }
        tell(message);
    }
}

/// Gives all sinks the time to write what they hold: a second at most, however many there are and whatever they wait
/// for.
pub fn finish() {
    let sinks: Vec<_> = SINKS.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
    // The diagnostics last: they tell what the others have lost.
    for is_for_diagnostics in [false, true] {
        let deadline = Instant::now() + FINISH_PATIENCE;
        for shared in sinks.iter().filter(|shared| shared.outlet.is_for_diagnostics() == is_for_diagnostics) {
            shared.finish(deadline);
        }
    }
}

impl Shared {
    /// Sees to it that there is a thread that writes. It is there from the first line on.
    fn have_writer(self: &Arc<Shared>, state: &mut State) -> io::Result<()> {
        if state.writer == Writer::Absent {
            let shared = Arc::clone(self);
            let builder = thread::Builder::new().name("log".to_owned()).stack_size(STACK_BYTES);
            let no_thread = |error| io::Error::other(format!("no thread could be started: {error}"));
            builder.spawn(move || shared.write_lines()).map_err(no_thread)?;
            state.writer = Writer::Writing;
        }
        Ok(())
    }

    /// Waits until all is written, or cannot be. What is left then is lost.
    fn finish(&self, deadline: Instant) {
        let mut state = self.lock();
        state.hurry();
        self.changed.notify_all();
        let patience = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(state, patience, |state| state.is_busy());
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.lose_all();
        if !self.outlet.is_for_diagnostics() {
            let message = self.take_losses(&mut state);
            drop(state);
            tell(message);
        }
    }

    /// What there is to tell of lost lines, if it is time to.
    fn take_losses(&self, state: &mut State) -> Option<String> {
        let is_urgent = state.is_ending();
        state.losses.take(is_urgent, self.outlet.name(), self.outlet.excuse())
    }

    /// Nothing panics while it is held, and what it guards is whole at any time.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To be called without holding anything: the diagnostics have a sink of their own.
fn tell(message: Option<String>) {
    if let Some(message) = message {
        log::error!("{message}");
    }
}

impl Clone for Sink {
    fn clone(&self) -> Sink {
        self.shared.lock().holders += 1;
        Sink { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.lock().let_go();
        self.shared.changed.notify_all();
    }
}

/// What is written at once has to be whole lines. It always succeeds.
impl Write for Sink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.put(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
