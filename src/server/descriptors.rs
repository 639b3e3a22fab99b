//! How many descriptors there are, and for what.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::start_error::StartError;

/// Descriptors of the process itself (standard streams, signals, mailboxes, a reactor, fetchers, a log), and some to
/// spare for what is opened for a moment.
const OWN_DESCRIPTORS: u64 = 31;

/// Files that are kept open, at most, and the part of all descriptors that this may be: one in so many.
const KEPT_DESCRIPTORS: u64 = 256;
const KEPT_PART: u64 = 8;

/// Clients beyond the limit of connections that are told so, at most, and the part of all descriptors that this may be.
const TURNED_AWAY: u64 = 32;
const TURNED_AWAY_PART: u64 = 32;

/// Fewer connections than this are worth a warning: a few browsers take as many.
const CONNECTIONS_FEW: usize = 256;

/// The limit of descriptors of this process (getrlimit(2), RLIMIT_NOFILE).
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptors {
    limit: u64,
}

impl Descriptors {
    /// Raises the limit to what is allowed at most.
    pub(super) fn raise() -> Descriptors {
        let limit = getrlimit(Resource::Nofile);
        // Where it cannot be raised, what there is will do.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        Descriptors { limit: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) }
    }

    /// Files that may be kept open for requests to come.
    pub(super) fn for_files(self) -> usize {
        KEPT_DESCRIPTORS.min(self.limit / KEPT_PART) as usize
    }

    /// Clients that may be there beyond the limit of connections, to be told so. At least one.
    pub(super) fn for_turned_away(self) -> usize {
        TURNED_AWAY.min(self.limit / TURNED_AWAY_PART).max(1) as usize
    }

    /// Connections, of those that are wanted, that can be had beside so many roots and listeners, at least one. Tells
    /// where these are fewer.
    pub(super) fn for_connections(self, wanted: usize, roots: usize, listeners: usize) -> usize {
        let affordable = self.affordable(roots, listeners).max(1);
        if affordable < wanted {
            let level = if affordable < CONNECTIONS_FEW { log::Level::Warn } else { log::Level::Debug };
            log::log!(level, "{affordable} connections at most, by the descriptor limit of {}", self.limit);
        }
        wanted.min(affordable)
    }

    /// Whether there are so few that not one client could be served.
    pub(super) fn check(self, roots: usize, listeners: usize) -> Result<(), StartError> {
        if self.affordable(roots, listeners) > 0 {
            return Ok(());
        }
        let enough = |limit: &u64| Descriptors { limit: *limit }.affordable(roots, listeners) > 0;
        let needed = (self.limit..).find(enough).unwrap_or(u64::MAX);
        Err(StartError::Descriptors { limit: self.limit, needed })
    }

    /// Connections that can be had.
    fn affordable(self, roots: usize, listeners: usize) -> usize {
        // A listener has two: one is the worker's, one is kept for those who come after it.
        let others = self.for_files() + self.for_turned_away() + roots + 2 * listeners;
        let taken = OWN_DESCRIPTORS + others as u64;
        // And so has a client that is sent a file.
        usize::try_from(self.limit.saturating_sub(taken) / 2).unwrap_or(usize::MAX)
    }
}
