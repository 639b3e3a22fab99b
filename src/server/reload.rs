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
    pub(super) config: Result<Config, Diagnostics>,
    /// For those who serve now: their log files may have been moved away.
    pub(super) logs: Result<NewLogs, StartError>,
}

/// Logs that were opened anew, each with the number of the worker that is to write to it.
pub(super) struct NewLogs(Vec<(u64, Box<AccessLog>)>);

impl NewLogs {
    /// Opens all of them or none.
    fn open(workers: Vec<(u64, Arc<Config>)>, appearance: Appearance) -> Result<NewLogs, StartError> {
        // What was there under a name may be somewhere else by now, be it a file or a host.
        let has_name =
            |config: &Config| matches!(config.log.access, AccessTarget::File(_) | AccessTarget::SyslogUdp { .. });
        let named = workers.into_iter().filter(|(_, config)| has_name(config));
        let open =
            |(number, config): (u64, Arc<Config>)| Ok((number, Box::new(open_access_log(&config, appearance, None)?)));
        named.map(open).collect::<Result<_, _>>().map(NewLogs)
    }

    /// Has those of these workers write to them that have not ended meanwhile.
    pub(super) fn hand_out(self, workers: &mut [Running]) {
        for (number, log) in self.0 {
            let Some(worker) = workers.iter_mut().find(|worker| worker.number == number) else { continue };
            worker.particulars.log = log.destination();
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
        Ok(Box::new(Loaded { config: load(), logs: NewLogs::open(workers, appearance) }))
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
            ReloadError::Config(diagnostics) => write!(f, "\n{}", diagnostics.render(false, None).trim_end()),
            ReloadError::Start(error) => write!(f, " {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn what_has_a_name_is_looked_up_again() {
        let appearance = Appearance { software: "", shows_access: true, color: false };
        let log = std::env::temp_dir().join(format!("webserv-reload-{}.log", std::process::id()));
        let workers = [
            AccessTarget::Off,
            AccessTarget::File(log.clone()),
            AccessTarget::Stdout,
            AccessTarget::SyslogUdp { host: "127.0.0.1".to_owned(), port: 514 },
            AccessTarget::SyslogUnix("/dev/log".into()),
        ];
        let configured = |access| {
            let mut config = Config::from_directory(&std::env::temp_dir(), &Overrides::default()).unwrap();
            config.log.access = access;
            Arc::new(config)
        };
        let logs = NewLogs::open((0..).zip(workers.map(configured)).collect(), appearance);
        std::fs::remove_file(log).unwrap();
        let numbers: Vec<_> = logs.unwrap().0.into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 3]);
    }
}
