//! A worker on a thread of its own, from its start to its last word.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::listeners::Listeners;
use super::outfit::{Event, Orders, Outfit, Particulars, Reports};
use super::start_error::StartError;
use super::worker::Worker;
use crate::config::Config;

/// How many workers there are at a time. Each has clients, descriptors and memory of its own, and ends with its last
/// client: whoever downloads slowly enough would have any number of them stay.
const WORKERS_MAX: usize = 4;

/// The stack of a worker, in bytes. To open the log takes more than a quarter of it where calls are not optimized, and
/// to serve a thirtieth. What is not used costs no memory.
const STACK_BYTES: usize = 1024 * 1024;

/// What is under way. There is one thing at a time.
pub(super) enum Pending {
    Nothing,
    /// The config is read.
    Loading,
    /// A worker opens what it is to serve.
    Opening(Box<Opening>),
}

/// A worker that does not serve yet, and what is to happen when it does.
pub(super) struct Opening {
    pub(super) worker: Running,
    pub(super) purpose: Purpose,
}

/// What a worker is started for.
pub(super) enum Purpose {
    /// To be the first one
    Start,
    /// To serve what is in the place of a root now
    Renewal,
    /// To serve by another config
    Reload { listeners: Listeners, changes: Vec<String> },
}

/// A worker on its thread.
pub(super) struct Running {
    pub(super) number: u64,
    pub(super) config: Arc<Config>,
    pub(super) orders: Orders,
    /// As it told them when it served
    pub(super) particulars: Particulars,
    /// When it was told to end, be its clients done or not, before the server stops
    pub(super) ends: Option<Instant>,
    pub(super) thread: JoinHandle<io::Result<()>>,
}

/// Has those end within that time that are more than there may be.
pub(super) fn end_the_oldest(workers: &mut [Running], time: Duration) {
    let too_many = workers.len().saturating_sub(WORKERS_MAX);
    for old in workers.iter_mut().take(too_many).filter(|old| old.ends.is_none()) {
        let end = Instant::now() + time;
        old.ends = Some(end);
        old.orders.stop(end);
        log::warn!("clients of {WORKERS_MAX} reloads, or turns of a root, ago have {time:?} to finish");
    }
}

impl Running {
    /// Starts a worker, which tells when it serves, or why it cannot.
    pub(super) fn start(outfit: Outfit) -> Result<Running, StartError> {
        let (number, config, orders) = (outfit.reports.number, Arc::clone(&outfit.config), outfit.orders());
        let builder = thread::Builder::new().name("serve".to_owned()).stack_size(STACK_BYTES);
        let thread = builder.spawn(move || serve(outfit)).map_err(StartError::Thread)?;
        Ok(Running { number, config, orders, particulars: Particulars::default(), ends: None, thread })
    }
}

/// The life of a worker.
fn serve(outfit: Outfit) -> io::Result<()> {
    let reports = outfit.reports.clone();
    let _last_word = LastWord(reports.clone());
    match Worker::open(outfit) {
        Ok(worker) => {
            reports.tell(Event::Opened(Ok(worker.particulars())));
            worker.run()
        }
        Err(error) => {
            reports.tell(Event::Opened(Err(error)));
            Ok(())
        }
    }
}

/// Says that a worker has ended, however it does.
pub(super) struct LastWord(pub(super) Reports);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.tell(Event::Ended);
    }
}
