//! What comes of looking for what a request asks for.

use std::rc::Rc;

use super::blame::{Blame, NOT_FOUND};
use super::cache::Known;
use super::error_page::Error;
use super::occasion::{Postponed, Sight};
use super::representation::Representation;
use crate::files::Directory;
use crate::http::Status;

/// What the path of a request leads to.
pub(super) enum Found {
    Representation(Rc<Representation>),
    /// A directory, asked for without its slash
    Directory,
    /// A directory, asked for with its slash, that has no index file
    Unindexed(Directory),
    Nothing(Status, &'static str),
    /// It cannot be told now.
    Later(Postponed),
}

impl Found {
    /// The same for who looks on.
    pub(super) fn sight(&self) -> Sight {
        match self {
            Found::Representation(representation) => Sight::File(representation.len()),
            Found::Directory | Found::Unindexed(_) => Sight::Directory,
            Found::Nothing(_, reason) => Sight::Nothing(reason),
            Found::Later(_) => Sight::Unread,
        }
    }
}

impl From<Known> for Found {
    fn from(known: Known) -> Found {
        match known {
            Known::Representation(representation) => Found::Representation(representation),
            Known::Missing => NOT_FOUND.into(),
        }
    }
}

impl From<Blame> for Found {
    fn from((status, reason): Blame) -> Found {
        Found::Nothing(status, reason)
    }
}

/// Why there is nothing of what was asked for.
pub(super) enum Instead {
    Error(Error),
    /// It cannot be told now.
    Later(Postponed),
}

impl From<Blame> for Instead {
    fn from((status, reason): Blame) -> Instead {
        Error::new(status, reason).into()
    }
}

impl From<Error> for Instead {
    fn from(error: Error) -> Instead {
        Instead::Error(error)
    }
}
