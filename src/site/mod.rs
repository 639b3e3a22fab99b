//! Which answer a request gets: the site by its host, the file by its path, the representation, the response.
//!
//! Reads the disk through `files` alone, knows no socket, and takes the time as an argument, so that the server, a check
//! of the config and the tests ask the same question and get the same answer.

pub mod answer;
pub mod cache;
pub mod error_page;
pub mod hosts;
pub mod media_type;
pub mod path;
pub mod representation;
mod select;
mod sites;

pub use answer::{Answer, Content, Segment};
pub use sites::{Binding, Served, Sites};

use std::time::{SystemTime, UNIX_EPOCH};

use crate::http::Timestamp;

/// The wall clock as it was read for this turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Whole seconds since 1970
    pub second: Timestamp,
    /// Nanoseconds of that second
    pub nanosecond: u32,
}

impl From<SystemTime> for Now {
    fn from(time: SystemTime) -> Now {
        // A clock before 1970 is not set; every file is in its future then.
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { second: Timestamp::try_from(since.as_secs()).unwrap_or(Timestamp::MAX), nanosecond: since.subsec_nanos() }
    }
}
