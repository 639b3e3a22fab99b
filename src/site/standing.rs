//! Whether the directory of a site is where it was.

use std::os::unix::ffi::OsStrExt;

use super::blame::{Blame, blame};
use super::found::Found;
use super::occasion::{Occasion, Postponed};
use super::select::Site;
use crate::escape::Visible;
use crate::files::{OpenError, Refreshed};
use crate::http::Status;

const GONE: Blame = (Status::ServiceUnavailable, "the directory of this site is not there for now");
const OUT_OF_REACH: Blame =
    (Status::ServiceUnavailable, "the directory of this site is another one now, which cannot be read yet");

/// What was found where the root of a site is, when it was looked for last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// The root
    There,
    /// Nothing that could be one
    Gone,
    /// Another root, which the thread that serves cannot read. For it, there is no way back: what was there meanwhile
    /// is for another thread to tell.
    Superseded,
}

impl Site {
    /// Looks whether the root is another directory by now. Where there is none, what was opened last is not served any
    /// more: nobody can tell whether it is still meant to be. Where there is one that this thread cannot read, another
    /// thread has to find out what is in it.
    pub(super) fn refresh(&mut self, occasion: &Occasion<'_>) -> Result<(), Found> {
        if self.standing != Standing::Superseded {
            self.look_for_root()?;
        }
        match self.standing {
            Standing::There => Ok(()),
            Standing::Gone => Err(GONE.into()),
            Standing::Superseded if occasion.has_no_successor => Err(OUT_OF_REACH.into()),
            Standing::Superseded => Err(Found::Later(Postponed::Successor)),
        }
    }

    /// Finds out how the root stands now, and writes it down where that is news.
    fn look_for_root(&mut self) -> Result<(), Found> {
        let number = self.number + 1;
        let refreshed = self.root.refresh();
        let path = Visible(self.root.path().as_os_str().as_bytes());
        self.standing = match refreshed {
            Ok(another @ (Refreshed::Another | Refreshed::OutOfReach)) => {
                log::info!("the root of site {number} is another directory now: {path}");
                if another == Refreshed::OutOfReach { Standing::Superseded } else { Standing::There }
            }
            Ok(Refreshed::Same) => {
                if self.standing == Standing::Gone {
                    log::info!("the root of site {number} is back: {path}");
                }
                Standing::There
            }
            // That says nothing about the root.
            Err(OpenError::Exhausted) => return Err(blame(&OpenError::Exhausted, b"the root").into()),
            Err(error) => {
                if self.standing != Standing::Gone {
                    log::error!("the root of site {number} is gone: {path}: {error}; it answers 503 until it is back");
                }
                Standing::Gone
            }
        };
        Ok(())
    }
}
