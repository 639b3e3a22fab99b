//! Starts the workers, tells them what signals ask for, and sees them end. Takes nothing from clients.

use std::collections::HashSet;
use std::io;
use std::mem;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::descriptors::Descriptors;
use super::listeners::Listeners;
use super::mailbox::Mailbox;
use super::outfit::{Command, Event, News, Outfit, Particulars, Reports, Roots, Successor};
use super::reload::{self, Load, Loaded, ReloadError};
use super::renewals::Renewals;
use super::running::{Opening, Pending, Purpose, Running, end_the_oldest};
use super::sandbox::Sandbox;
use super::signals::{Hangup, Signals};
use super::start_error::StartError;
use super::{Appearance, banner, privileges};
use crate::config::{Config, Diagnostics};
use crate::escape::Visible;

/// How much longer than they should take workers are waited for that are to end. One may hang on a disk.
const GRACE: Duration = Duration::from_secs(1);

/// A reload applies all other keys.
const USER_TAKES_RESTART: &str = "reload: server.user takes a restart";

/// A server that is bound and serves.
pub struct Supervisor {
    appearance: Appearance,
    config: Arc<Config>,
    /// It was root, and is the user of its config from then on.
    has_become_user: bool,
    listeners: Listeners,
    signals: Signals,
    /// The oldest first; those that accept are the last ones.
    workers: Vec<Running>,
    /// Workers that were started, ever
    started: u64,
    /// What becomes of them, and of what else takes its time
    news: Arc<Mailbox<News>>,
    pending: Pending,
    /// It was said to reload, and has not begun.
    must_reload: bool,
    renewals: Renewals,
    /// Set once the server stops: when workers are waited for no longer.
    ends: Option<Instant>,
}

impl Supervisor {
    /// Binds every listener, becomes the user of the config, and starts to serve. All that is opened by its name is
    /// opened by that user: what can be opened now can be opened by a reload, and what that user may not write to is
    /// not written to as root. None where it was told to stop before it served.
    pub fn start(config: Config, appearance: Appearance, signals: Signals) -> Result<Option<Supervisor>, StartError> {
        // Before anything is opened: there may be more of it than the limit allows until then.
        let addresses: HashSet<_> = config.sites.iter().flat_map(|site| &site.listen).collect();
        Descriptors::raise().check(config.sites.len(), addresses.len())?;
        signals.wait_for_stops();
        privileges::gain_none()?;
        let config = Arc::new(config);
        let listeners = Listeners::bind(&config, None)?;
        let has_become_user = match &config.server.user {
            Some(user) => privileges::become_user(user)?,
            None => false,
        };
        listeners.tell_left_out();
        let mut supervisor = Supervisor {
            appearance,
            config,
            has_become_user,
            listeners,
            signals,
            workers: Vec::new(),
            started: 0,
            news: Arc::new(Mailbox::new()?),
            pending: Pending::Nothing,
            must_reload: false,
            renewals: Renewals::default(),
            ends: None,
        };
        let outfit = supervisor.outfit(&supervisor.config, Roots::All, &supervisor.listeners)?;
        let worker = supervisor.spawn(outfit)?;
        supervisor.pending = Pending::Opening(Box::new(Opening { worker, purpose: Purpose::Start }));
        while let Pending::Opening(_) = supervisor.pending {
            supervisor.wait()?;
            supervisor.take_news()?;
            let hangup = supervisor.signals.take_hangup();
            supervisor.must_reload |= hangup == Some(Hangup::Reload);
            if supervisor.signals.take_stops() > 0 || hangup == Some(Hangup::TerminalClosed) {
                return Ok(None);
            }
        }
        log::debug!("sandbox: {:?}", supervisor.sandbox());
        Ok(Some(supervisor))
    }

    /// What it serves by.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Where it can be reached, and what is served there.
    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Serves until a signal says to stop, then until every client is done or `drain_time` is over. A second signal
    /// ends it at once. SIGHUP has it `load` the config again, and tell when it serves by another one.
    ///
    /// # Errors
    ///
    /// It cannot go on.
    pub fn run(
        mut self,
        load: impl Fn() -> Result<Config, Diagnostics> + Send + Sync + 'static,
        changed: impl Fn(&Config),
    ) -> Result<(), StartError> {
        let load: Load = Arc::new(load);
        let mut told = Arc::clone(&self.config);
        while !self.workers.is_empty() && self.ends.is_none_or(|end| Instant::now() < end) {
            self.begin_what_is_due(&load);
            self.wait()?;
            self.take_news()?;
            match self.signals.take_stops() {
                0 => {}
                1 if self.ends.is_none() => self.stop(self.config.limits.drain_time),
                _ => self.stop(Duration::ZERO),
            }
            match self.signals.take_hangup() {
                Some(Hangup::Reload) => self.must_reload = true,
                Some(Hangup::TerminalClosed) if self.ends.is_none() => self.stop(self.config.limits.drain_time),
                // Whoever has closed it may say so more than once.
                Some(Hangup::TerminalClosed) | None => {}
            }
            if !Arc::ptr_eq(&told, &self.config) {
                changed(&self.config);
                told = Arc::clone(&self.config);
            }
        }
        Ok(())
    }

    /// What those that serve are kept from.
    pub fn sandbox(&self) -> Sandbox {
        self.workers.last().map_or(Sandbox::Off, |worker| worker.particulars.sandbox)
    }

    /// Waits for a signal, for a report of a worker, or for the time of something.
    fn wait(&self) -> io::Result<()> {
        let [stop, reload, foreign] = self.signals.sources();
        let mut sources = [stop, reload, foreign, self.news.bell()]
            .map(|source: BorrowedFd<'_>| PollFd::from_borrowed_fd(source, PollFlags::IN));
        // What is due waits for what is under way.
        let next = self.ends.or(self.renewals.due().filter(|_| self.is_free()));
        let left = next.map(|next| next.saturating_duration_since(Instant::now()));
        // Rounded up, so that the end is not waited for in vain.
        let timeout = left.and_then(|left| Timespec::try_from(left + Duration::from_millis(1)).ok());
        match poll(&mut sources, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // By whoever has waited, or the next wait is none.
        if self.signals.take_foreign() {
            log::warn!("SIGUSR1 and SIGUSR2 do nothing here: SIGHUP opens the logs and reads the config again");
        }
        Ok(())
    }

    /// Takes note of what the other threads have to say.
    fn take_news(&mut self) -> Result<(), StartError> {
        for news in self.news.take() {
            match news {
                News::OfWorker(number, Event::Opened(opened)) => self.note_opened(number, opened)?,
                News::OfWorker(number, Event::Superseded) => self.note_superseded(number),
                News::OfWorker(number, Event::Ended) => self.note_ended(number)?,
                News::Loaded(loaded) => {
                    self.pending = Pending::Nothing;
                    if let Err(error) = loaded.and_then(|loaded| self.reload(*loaded)) {
                        log::error!("cannot reload, all stays as it was:{error}");
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether nothing is under way.
    fn is_free(&self) -> bool {
        matches!(self.pending, Pending::Nothing)
    }

    /// Begins what has been waiting for its time, or for something else to come to its end.
    fn begin_what_is_due(&mut self, load: &Load) {
        if self.ends.is_some() || !self.is_free() {
            return;
        }
        if mem::take(&mut self.must_reload) {
            let serving = self.workers.iter().map(|worker| (worker.number, Arc::clone(&worker.config)));
            match reload::begin(load, serving.collect(), self.appearance, &self.news) {
                Ok(()) => self.pending = Pending::Loading,
                Err(error) => log::error!("cannot reload, all stays as it was: {error}"),
            }
        } else if self.renewals.due().is_some_and(|at| at <= Instant::now()) {
            self.renew();
        }
    }

    /// What the next worker begins with.
    fn outfit(&self, config: &Arc<Config>, roots: Roots, listeners: &Listeners) -> Result<Outfit, StartError> {
        let reports = Reports { mailbox: Arc::clone(&self.news), number: self.started };
        Outfit::new(config, roots, self.appearance, listeners, reports)
    }

    /// Starts a worker, which tells when it serves.
    fn spawn(&mut self, outfit: Outfit) -> Result<Running, StartError> {
        self.started += 1;
        Running::start(outfit)
    }

    /// The worker of that number, if it is the one that does not serve yet, and what it is for.
    fn take_opening(&mut self, number: u64) -> Option<Opening> {
        match mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Opening(opening) if opening.worker.number == number => Some(*opening),
            other => {
                self.pending = other;
                None
            }
        }
    }

    /// Takes note that a worker serves, or cannot.
    fn note_opened(&mut self, number: u64, opened: Result<Particulars, StartError>) -> Result<(), StartError> {
        let Some(Opening { mut worker, purpose }) = self.take_opening(number) else { return Ok(()) };
        worker.particulars = match opened {
            Ok(particulars) => particulars,
            Err(error) => return self.give_up(&purpose, error),
        };
        if self.ends.is_some() {
            // It has been told to stop already.
            self.workers.push(worker);
            return Ok(());
        }
        match purpose {
            Purpose::Start => self.workers.push(worker),
            Purpose::Renewal => self.succeed(worker),
            Purpose::Reload { listeners, changes } => {
                for (_, listener) in listeners.listeners() {
                    // It was bound with another backlog, perhaps. It listens as it did where that fails.
                    let _ = listener.set_backlog(worker.config.limits.backlog);
                }
                self.listeners = listeners;
                self.config = Arc::clone(&worker.config);
                self.succeed(worker);
                changes.iter().for_each(|change| log::info!("reload: {change}"));
                if self.takes_restart(&self.config) {
                    log::warn!("{USER_TAKES_RESTART}");
                }
            }
        }
        Ok(())
    }

    /// What becomes of that which a worker was started for, and it cannot serve.
    fn give_up(&mut self, purpose: &Purpose, error: StartError) -> Result<(), StartError> {
        match purpose {
            Purpose::Start => return Err(error),
            Purpose::Renewal => self.renewals.fail(error.to_string()),
            Purpose::Reload { .. } => log::error!("cannot reload, all stays as it was: {error}"),
        }
        Ok(())
    }

    /// Sees a worker end that has said so.
    fn note_ended(&mut self, number: u64) -> Result<(), StartError> {
        if let Some(Opening { purpose, .. }) = self.take_opening(number) {
            return self.give_up(&purpose, StartError::Worker(io::Error::other("it has panicked")));
        }
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
        let earlier = |worker: &Running| worker.ends.map_or(end, |ends| ends.min(end));
        self.workers.iter().for_each(|worker| worker.orders.stop(earlier(worker)));
        // Nobody waits for one that does not serve yet, unless it does before the others have ended.
        if let Pending::Opening(opening) = &mut self.pending {
            opening.worker.orders.stop(end);
            if let Purpose::Reload { listeners, .. } = &mut opening.purpose {
                listeners.close();
            }
        }
    }

    /// Serves by this config as soon as a worker does, if it is another one. Where anything fails, the workers stay.
    fn reload(&mut self, loaded: Loaded) -> Result<(), ReloadError> {
        if self.ends.is_some() {
            return Ok(());
        }
        let Loaded { config, logs } = loaded;
        // Whatever becomes of the config: their files may have been moved away, to be made smaller next.
        match logs {
            Ok(logs) => logs.hand_out(&mut self.workers),
            Err(error) => log::error!("the logs stay as they were: {error}"),
        }
        let config = Arc::new(config?);
        let listeners = Listeners::bind(&config, Some(&self.listeners))?;
        let mut changes = self.config.changes(&config);
        for address in listeners.bound_again(&self.listeners) {
            changes.push(format!("~ listen {}: bound again", Visible(address.to_string().as_bytes())));
        }
        if changes.is_empty() {
            if self.takes_restart(&config) {
                log::warn!("{USER_TAKES_RESTART}");
            } else {
                log::info!("reload: nothing has changed");
            }
            return Ok(());
        }
        listeners.tell_left_out();
        let worker = self.spawn(self.outfit(&config, Roots::All, &listeners)?)?;
        let purpose = Purpose::Reload { listeners, changes };
        self.pending = Pending::Opening(Box::new(Opening { worker, purpose }));
        Ok(())
    }

    /// Whether this runs by another user than it would if it were started by that config.
    fn takes_restart(&self, config: &Config) -> bool {
        config.server.user.as_ref().map_or(self.has_become_user, |user| !privileges::is_user(user))
    }

    /// Has a worker take over from all others.
    fn succeed(&mut self, worker: Running) {
        let cautions_of = |sandbox| banner::cautions_of(sandbox, &self.config.origin);
        let known: Vec<_> = cautions_of(self.sandbox()).collect();
        let cautions = cautions_of(worker.particulars.sandbox).filter(|caution| !known.contains(caution));
        cautions.for_each(|caution| log::warn!("{caution}"));
        let successor = Successor { orders: worker.orders.clone(), endpoints: self.listeners.endpoints().collect() };
        // The oldest first, as for a stop.
        for old in &self.workers {
            old.orders.tell(|| Command::HandOver(successor.clone()));
        }
        self.workers.push(worker);
        end_the_oldest(&mut self.workers, self.config.limits.drain_time);
        self.renewals.succeed();
    }

    /// Takes note that a worker cannot read what it is to serve. One that has a successor needs no other.
    fn note_superseded(&mut self, number: u64) {
        if self.workers.last().is_some_and(|last| last.number == number) {
            self.renewals.ask();
        }
    }

    /// Serves by the same config from the roots as they are now, and writes to the same log: to open that again is for
    /// a reload. Where it fails it is tried again.
    fn renew(&mut self) {
        self.renewals.begin();
        let purpose = Purpose::Renewal;
        let log = self.workers.last().map(|worker| worker.particulars.log.clone());
        let outfit = self.outfit(&self.config, Roots::ThoseThere, &self.listeners);
        match outfit.and_then(|outfit| self.spawn(Outfit { log, ..outfit })) {
            Ok(worker) => self.pending = Pending::Opening(Box::new(Opening { worker, purpose })),
            // At the start alone it is an error to the end.
            Err(error) => _ = self.give_up(&purpose, error),
        }
    }
}

#[cfg(test)]
mod tests;
