//! What a reload begins with: the config as it is now, and the logs opened anew. On a thread of its own, since a disk
//! may take as long as it likes.

use std::fmt::{self, Display};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::Appearance;
use super::mailbox::Mailbox;
use super::outfit::{Command, News, open_access_log};
use super::running::Running;
use super::start_error::StartError;
use crate::access_log::AccessLog;
use crate::config::{AccessTarget, Config, Diagnostics};

/// How the config is read.
pub(super) type Load = Arc<dyn Fn() -> Result<Config, Diagnostics> + Send + Sync>;

/// What a reload begins with.
pub(super) struct Loaded {
    pub(super) config: Config,
    /// For those who serve now: their log files may have been moved away.
    pub(super) logs: Result<NewLogs, StartError>,
}

/// Logs that were opened anew, each with the number of the worker that is to write to it.
pub(super) struct NewLogs(Vec<(u64, Box<AccessLog>)>);

impl NewLogs {
    /// Opens all of them or none.
    fn open(workers: Vec<(u64, Arc<Config>)>, appearance: Appearance) -> Result<NewLogs, StartError> {
        let is_file = |config: &Config| matches!(config.log.access, AccessTarget::File(_));
        let files = workers.into_iter().filter(|(_, config)| is_file(config));
        let open =
            |(number, config): (u64, Arc<Config>)| Ok((number, Box::new(open_access_log(&config, appearance, None)?)));
        files.map(open).collect::<Result<_, _>>().map(NewLogs)
    }

    /// Has those of these workers write to them that have not ended meanwhile.
    pub(super) fn hand_out(self, workers: &mut [Running]) {
        for (number, log) in self.0 {
            let Some(worker) = workers.iter_mut().find(|worker| worker.number == number) else { continue };
            worker.opened.log = log.destination();
            worker.orders.tell(|| Command::Reopen(log));
        }
    }
}

/// Begins to load the config and to open the logs of these workers. What comes of it is told there.
pub(super) fn begin(
    load: &Load,
    workers: Vec<(u64, Arc<Config>)>,
    appearance: Appearance,
    news: &Arc<Mailbox<News>>,
) -> Result<(), StartError> {
    let (load, news) = (Arc::clone(load), Arc::clone(news));
    let act = move || -> Result<Box<Loaded>, ReloadError> {
        Ok(Box::new(Loaded { config: load()?, logs: NewLogs::open(workers, appearance) }))
    };
    let thread = thread::Builder::new().name("reload".to_owned()).spawn(move || {
        // Whoever waits for it waits for good.
        let panicked = |_| Err(StartError::Io(io::Error::other("the reload has panicked")).into());
        let loaded = catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(panicked);
        news.put_with(|| News::Loaded(loaded));
    });
    thread.map(drop).map_err(StartError::Thread)
}

/// Why a config is not served by.
pub(super) enum ReloadError {
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
