//! What the peer is told of a file that cannot be had, and what the log is told.

use crate::escape::Visible;
use crate::files::{File, OpenError, ReadError};
use crate::http::Status;

/// A status, and the reason in words.
pub(super) type Blame = (Status, &'static str);

pub(super) const NOT_FOUND: Blame = (Status::NotFound, "there is no such file");
pub(super) const CHANGING: Blame = (Status::ServiceUnavailable, "the file keeps changing while it is read");
pub(super) const UNINDEXED: Blame = (Status::NotFound, "this directory has no index file");
pub(super) const CROWDED: Blame = (Status::ServiceUnavailable, "too many lists are being sent at the moment");
const LATE: Blame = (Status::ServiceUnavailable, "it did not come from the disk in time");
const UNREADABLE: Blame = (Status::InternalServerError, "the file could not be read");

/// What the peer is told of a file that was opened and could not be read.
pub(super) fn blame_unreadable(file: &File, error: &ReadError) -> Blame {
    report_unreadable(file, error);
    match error {
        ReadError::Changed => CHANGING,
        ReadError::Late(_) => LATE,
        ReadError::NotResident | ReadError::Io(_) => UNREADABLE,
    }
}

/// Writes down that a file could not be read. That it has changed is nobody's fault.
pub fn report_unreadable(file: &File, error: &ReadError) {
    match error {
        ReadError::Changed => {}
        ReadError::Late(_) => log::warn!("cannot read {}: {error}", Visible(&file.path())),
        ReadError::NotResident | ReadError::Io(_) => log::error!("cannot read {}: {error}", Visible(&file.path())),
    }
}

/// What the peer is told of a directory that was opened and could not be read.
pub(super) fn blame_unlistable(error: &ReadError, path: &[u8]) -> Blame {
    match error {
        ReadError::Changed => CHANGING,
        ReadError::Late(_) => {
            log::warn!("cannot list /{}: {error}", Visible(path));
            LATE
        }
        ReadError::NotResident => UNREADABLE,
        ReadError::Io(error) => match OpenError::of(error) {
            OpenError::Denied => (Status::Forbidden, "this directory may not be read"),
            other => blame(&other, path),
        },
    }
}

/// What the peer is told of a file that could not be opened. What is wrong with the machine is for the log.
pub(super) fn blame(error: &OpenError, name: &[u8]) -> Blame {
    match error {
        OpenError::NotFound => NOT_FOUND,
        OpenError::NotAFile => (Status::Forbidden, "this is not a regular file"),
        OpenError::Denied => (Status::Forbidden, "this file may not be read"),
        OpenError::Exhausted => {
            log::debug!("no descriptor is left to open {}", Visible(name));
            (Status::ServiceUnavailable, "the server is out of descriptors for a moment")
        }
        OpenError::Io(error) => {
            log::error!("cannot read {}: {error}", Visible(name));
            UNREADABLE
        }
    }
}
