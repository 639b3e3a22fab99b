//! Starts the workers, tells them what signals ask for, and sees them end. Takes nothing from clients.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::descriptors::Descriptors;
use super::listeners::Listeners;
use super::mailbox::Mailbox;
use super::outfit::{Command, Event, Orders, Outfit, Report, Reports, Roots, Successor, open_access_log};
use super::sandbox::Sandbox;
use super::signals::Signals;
use super::start_error::StartError;
use super::worker::Worker;
use super::{Appearance, privileges};
use crate::config::{AccessTarget, Config, Diagnostics};

/// The stack of a worker, in bytes. Its calls were seen to take a tenth of it, and a seventh where they are not optimized.
const STACK_BYTES: usize = 256 * 1024;

/// How long after one succession the next one comes at the earliest: it costs the new workers what was held in memory.
const SUCCESSION_INTERVAL: Duration = Duration::from_secs(1);

/// How much longer than they should take workers are waited for that are to end. One may hang on a disk.
const GRACE: Duration = Duration::from_secs(1);

/// A server that is bound and serves.
pub struct Supervisor {
    appearance: Appearance,
    /// It was started from a terminal, and for as long as that is there.
    has_terminal: bool,
    config: Arc<Config>,
    listeners: Listeners,
    signals: Signals,
    /// The oldest first; those that accept are the last ones.
    workers: Vec<Running>,
    /// What becomes of them
    reports: Arc<Mailbox<Report>>,
    /// When those that accept are to have a successor, since a root is another directory
    succession_at: Option<Instant>,
    /// When there was one last
    succeeded_at: Option<Instant>,
    /// Set once the server stops: when workers are waited for no longer.
    ends: Option<Instant>,
}

/// A worker on its thread.
struct Running {
    number: u64,
    config: Arc<Config>,
    orders: Orders,
    sandbox: Sandbox,
    thread: JoinHandle<io::Result<()>>,
}

impl Supervisor {
    /// Binds every listener, becomes the user of the config, and starts to serve. All that is opened by its name is opened
    /// by that user: what can be opened now can be opened by a reload, and what that user may not write to is not
    /// written to as root.
    pub fn start(config: Config, appearance: Appearance) -> Result<Supervisor, StartError> {
        privileges::gain_none()?;
        // Before anything is opened: there may be more of it than the limit allows until then.
        Descriptors::raise();
        let signals = Signals::catch()?;
        let config = Arc::new(config);
        let listeners = Listeners::bind(&config, None)?;
        if let Some(user) = &config.server.user {
            privileges::become_user(user)?;
        }
        listeners.tell_left_out();
        let mut supervisor = Supervisor {
            appearance,
            has_terminal: io::stdin().is_terminal(),
            config,
            listeners,
            signals,
            workers: Vec::new(),
            reports: Arc::new(Mailbox::new()?),
            succession_at: None,
            succeeded_at: None,
            ends: None,
        };
        let worker = supervisor.spawn(&supervisor.config, Roots::All, &supervisor.listeners)?;
        log::debug!("sandbox: {:?}", worker.sandbox);
        supervisor.workers.push(worker);
        Ok(supervisor)
    }

    /// Where it can be reached, and what is served there.
    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Serves until a signal says to stop, then until every client is done or `drain_time` is over. A second signal ends
    /// it at once. SIGHUP has it `load` the config again, and tell when it serves by another one.
    ///
    /// # Errors
    ///
    /// It cannot go on.
    pub fn run(
        mut self,
        load: impl Fn() -> Result<Config, Diagnostics>,
        changed: impl Fn(&Config),
    ) -> Result<(), StartError> {
        while !self.workers.is_empty() && self.ends.is_none_or(|end| Instant::now() < end) {
            self.wait()?;
            for Report { number, event } in self.reports.take() {
                match event {
                    Event::Ended => self.join(number)?,
                    Event::Superseded => self.note_superseded(number),
                }
            }
            if self.succession_at.is_some_and(|at| at <= Instant::now()) && self.ends.is_none() {
                self.renew();
            }
            match self.signals.take_stops() {
                0 => {}
                1 if self.ends.is_none() => self.stop(self.config.limits.drain_time),
                _ => self.stop(Duration::ZERO),
            }
            if self.signals.take_reload() && self.ends.is_none() {
                if self.has_terminal && !io::stdin().is_terminal() {
                    // That is what the signal was made for: the terminal has been closed.
                    self.stop(self.config.limits.drain_time);
                    continue;
                }
                match self.reload(&load) {
                    Ok(()) => changed(&self.config),
                    Err(error) => log::error!("cannot reload, all stays as it was:{error}"),
                }
            }
        }
        Ok(())
    }

    /// What those that serve are kept from.
    pub fn sandbox(&self) -> Sandbox {
        self.workers.last().map_or(Sandbox::Off, |worker| worker.sandbox)
    }

    /// Waits for a signal, for a report of a worker, or for the time of something.
    fn wait(&self) -> io::Result<()> {
        let [stop, reload] = self.signals.sources();
        let mut sources = [stop, reload, self.reports.bell()]
            .map(|source: BorrowedFd<'_>| PollFd::from_borrowed_fd(source, PollFlags::IN));
        let next = self.ends.or(self.succession_at);
        let left = next.map(|next| next.saturating_duration_since(Instant::now()));
        // Rounded up, so that the end is not waited for in vain.
        let timeout = left.and_then(|left| Timespec::try_from(left + Duration::from_millis(1)).ok());
        match poll(&mut sources, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts a worker, and waits until it accepts.
    fn spawn(&self, config: &Arc<Config>, roots: Roots, listeners: &Listeners) -> Result<Running, StartError> {
        let number = self.workers.last().map_or(0, |last| last.number + 1);
        let reports = Reports { mailbox: Arc::clone(&self.reports), number };
        let outfit = Outfit::new(config, roots, self.appearance, listeners, reports)?;
        let orders = outfit.orders();
        let (opened, has_opened) = sync_channel(1);
        let builder = thread::Builder::new().name("serve".to_owned()).stack_size(STACK_BYTES);
        let thread = builder.spawn(move || serve(outfit, &opened))?;
        match has_opened.recv() {
            Ok(Ok(sandbox)) => Ok(Running { number, config: Arc::clone(config), orders, sandbox, thread }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Worker(io::Error::other("it has panicked"))),
        }
    }

    /// Sees a worker end that has said so.
    fn join(&mut self, number: u64) -> Result<(), StartError> {
        let Some(at) = self.workers.iter().position(|worker| worker.number == number) else { return Ok(()) };
        let ended = self.workers.remove(at).thread.join();
        ended.unwrap_or_else(|_| Err(io::Error::other("it has panicked"))).map_err(StartError::Worker)
    }

    /// Has every worker end when its clients have, and no later than after that time.
    fn stop(&mut self, time: Duration) {
        // First: as long as anybody has a listener open, somebody may come whom nobody lets in.
        self.listeners.close();
        let end = Instant::now() + time;
        self.ends = Some(end + GRACE);
        // A worker that hands over learns of it before those do that it hands over to.
        self.workers.iter().for_each(|worker| worker.orders.stop(end));
    }

    /// Serves by the config as it is now, if that is another one. Otherwise, or where anything fails, the workers stay.
    fn reload(&mut self, load: impl Fn() -> Result<Config, Diagnostics>) -> Result<(), ReloadError> {
        let config = Arc::new(load()?);
        let changes = self.config.changes(&config);
        let needs_restart = config.server.user != self.config.server.user;
        if changes.is_empty() {
            self.reopen_logs()?;
            log::info!("reload: nothing has changed");
            return Ok(());
        }
        let listeners = Listeners::bind(&config, Some(&self.listeners))?;
        listeners.tell_left_out();
        let worker = self.spawn(&config, Roots::All, &listeners)?;
        // From here on nothing can fail that would leave the old config in use.
        for (_, listener) in listeners.listeners() {
            // It was bound with another backlog, perhaps. It listens as it did where that fails.
            let _ = listener.set_backlog(config.limits.backlog);
        }
        self.reopen_logs().unwrap_or_else(|error| log::error!("{error}"));
        self.listeners = listeners;
        self.config = config;
        self.succeed(worker);
        changes.iter().for_each(|change| log::info!("reload: {change}"));
        if needs_restart {
            log::warn!("reload: server.user takes a restart");
        }
        Ok(())
    }

    /// Has a worker take over from all others.
    fn succeed(&mut self, worker: Running) {
        let successor = Successor { orders: worker.orders.clone(), entrances: self.listeners.entrances() };
        // The oldest first, as for a stop.
        for old in &self.workers {
            old.orders.tell(|| Command::HandOver(successor.clone()));
        }
        self.workers.push(worker);
        self.succession_at = None;
        self.succeeded_at = Some(Instant::now());
    }

    /// Takes note that a worker cannot read what it is to serve. One that has a successor needs no other.
    fn note_superseded(&mut self, number: u64) {
        if self.workers.last().is_some_and(|last| last.number == number) {
            let now = Instant::now();
            let at = self.succeeded_at.map_or(now, |last| now.max(last + SUCCESSION_INTERVAL));
            self.succession_at.get_or_insert(at);
        }
    }

    /// Serves by the same config from the roots as they are now. Where that fails it is tried again.
    fn renew(&mut self) {
        match self.spawn(&self.config, Roots::ThoseThere, &self.listeners) {
            Ok(worker) => self.succeed(worker),
            Err(error) => {
                log::error!("cannot serve what is in the place of a root now, trying again: {error}");
                self.succession_at = Some(Instant::now() + SUCCESSION_INTERVAL);
            }
        }
    }

    /// Opens the files of all logs again: they may have been moved away.
    fn reopen_logs(&self) -> Result<(), StartError> {
        for Running { config, orders, .. } in &self.workers {
            if let AccessTarget::File(_) = config.log.access {
                let log = Box::new(open_access_log(config, self.appearance)?);
                orders.tell(|| Command::Reopen(log));
            }
        }
        Ok(())
    }
}

/// The life of a worker.
fn serve(outfit: Outfit, opened: &SyncSender<Result<Sandbox, StartError>>) -> io::Result<()> {
    let reports = outfit.reports.clone();
    let worker = match Worker::open(outfit) {
        Ok(worker) => worker,
        Err(error) => {
            // Who waits for it is there.
            let _ = opened.send(Err(error));
            return Ok(());
        }
    };
    let _last_word = LastWord(reports);
    let _ = opened.send(Ok(worker.sandbox()));
    worker.run()
}

/// Says that a worker has ended, however it does.
struct LastWord(Reports);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.tell(Event::Ended);
    }
}

/// Why a config is not served by.
enum ReloadError {
    Config(Diagnostics),
    Start(StartError),
}

impl From<Diagnostics> for ReloadError {
    fn from(diagnostics: Diagnostics) -> ReloadError {
        ReloadError::Config(diagnostics)
    }
}

impl From<StartError> for ReloadError {
    fn from(error: StartError) -> ReloadError {
        ReloadError::Start(error)
    }
}

/// As it goes on behind a colon: on the same line, or below it.
impl Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReloadError::Config(diagnostics) => write!(f, "\n{}", diagnostics.render(false).trim_end()),
            ReloadError::Start(error) => write!(f, " {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Listen, Overrides};

    /// What comes of a server one of whose workers ends like this.
    fn outcome(end: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), StartError> {
        let overrides = Overrides { listen: vec![Listen::at("127.0.0.1:0".parse().unwrap())] };
        let config = Config::from_directory(&std::env::temp_dir(), &overrides).unwrap();
        let appearance = Appearance { software: "webserv", shows_access: false, color: false };
        let mut supervisor = Supervisor::start(config, appearance).unwrap();
        let last_word = LastWord(Reports { mailbox: Arc::clone(&supervisor.reports), number: 1 });
        let thread = thread::spawn(|| {
            let _last_word = last_word;
            end()
        });
        let orders = Orders(Arc::new(Mailbox::new().unwrap()));
        let config = Arc::clone(&supervisor.config);
        supervisor.workers.push(Running { number: 1, config, orders, sandbox: Sandbox::Off, thread });
        supervisor.run(|| unreachable!(), |_| ())
    }

    #[test]
    fn a_worker_that_fails_is_the_end() {
        let failed = outcome(|| Err(io::Error::other("broken"))).unwrap_err();
        assert_eq!(failed.to_string(), "a worker cannot go on: broken");
        let failed = outcome(|| panic!("as it is meant to")).unwrap_err();
        assert_eq!(failed.to_string(), "a worker cannot go on: it has panicked");
    }
}
