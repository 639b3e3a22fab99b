//! The parts of the config file: which keys and which tables can stand in each.
//!
//! Never knows what a key means: that is declared with the keys.

use std::fmt::{self, Display, Formatter};

use super::keys::{ExpectKeys, Limits, Log, PathKeys, Server, SharedKeys, SiteKeys};
use super::plain::Plain;

/// A part of the file that has keys of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Section {
    Top,
    Server,
    Limits,
    Log,
    Site,
    Path,
    Expect,
}

impl Section {
    pub(super) const ALL: [Self; 7] =
        [Self::Top, Self::Server, Self::Limits, Self::Log, Self::Site, Self::Path, Self::Expect];

    /// The keys that can stand in this section.
    pub(super) fn keys(self) -> Vec<&'static str> {
        match self {
            Self::Top => SharedKeys::NAMES.to_vec(),
            Self::Server => Server::NAMES.to_vec(),
            Self::Limits => Limits::NAMES.to_vec(),
            Self::Log => Log::NAMES.to_vec(),
            Self::Site => [SiteKeys::NAMES, SharedKeys::NAMES].concat(),
            Self::Path => PathKeys::NAMES.to_vec(),
            Self::Expect => ExpectKeys::NAMES.to_vec(),
        }
    }

    /// Each of them with what it means and what can be written, in the words of JSON Schema.
    pub(super) fn schemas(self) -> Vec<(&'static str, &'static str, Plain)> {
        match self {
            Self::Top => SharedKeys::schemas(),
            Self::Server => Server::schemas(),
            Self::Limits => Limits::schemas(),
            Self::Log => Log::schemas(),
            Self::Site => [SiteKeys::schemas(), SharedKeys::schemas()].concat(),
            Self::Path => PathKeys::schemas(),
            Self::Expect => ExpectKeys::schemas(),
        }
    }

    /// The tables that can stand in this section.
    pub(super) fn tables(self) -> impl Iterator<Item = Self> {
        let of = move |table: &Self| match table {
            Self::Top => false,
            Self::Path => self == Self::Site,
            Self::Server | Self::Limits | Self::Log | Self::Site | Self::Expect => self == Self::Top,
        };
        Self::ALL.into_iter().filter(of)
    }

    /// The line that opens it; the top has none.
    pub(super) fn header(self) -> Option<&'static str> {
        match self {
            Self::Top => None,
            Self::Server => Some("[server]"),
            Self::Limits => Some("[limits]"),
            Self::Log => Some("[log]"),
            Self::Site => Some("[[site]]"),
            Self::Path => Some("[site.path.\"/private/*\"]"),
            Self::Expect => Some("[[expect]]"),
        }
    }

    /// The name of the table in the one that it belongs to; the top has none.
    pub(super) fn name(self) -> Option<&'static str> {
        if self == Self::Path {
            return Some("path");
        }
        self.header().map(|header| header.trim_matches(['[', ']']))
    }
}

/// The place, as in "unknown key in `[log]`".
impl Display for Section {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.header() {
            Some(_) if *self == Self::Path => f.write_str("in `[site.path.\"...\"]`"),
            Some(header) => write!(f, "in `{header}`"),
            None => f.write_str("at the top of the file"),
        }
    }
}
