//! When a request is answered, to whom, and what is noted of the way to its answer for who asks why.

use std::cell::RefCell;
use std::net::IpAddr;

use super::hosts::By;
use crate::config::ErrorStatus;
use crate::files::{Fetch, Fetched, Timestamp};
use crate::http::Status;

/// When a request is answered, to whom, and what has been fetched for it.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// Now
    pub now: Timestamp,
    /// Where the peer is; one on this machine that has no address is at that of loopback
    pub peer: IpAddr,
    /// What was missing from memory when it was to be answered before
    pub fetched: Option<&'a Fetched>,
    /// How often something was fetched for it
    pub fetches: u8,
    /// Whether a thread that can read the root as it is now was waited for in vain
    pub has_no_successor: bool,
    /// Who looks on; nobody where clients are served
    pub witness: Option<&'a Witness>,
}

/// What has to come before a request can be answered.
#[derive(Debug)]
pub enum Postponed {
    /// A part of a file, or what is in a directory
    Fetch(Fetch),
    /// A thread that can read the root as it is now
    Successor,
}

/// Takes notes of the way to an answer.
#[derive(Default, Debug)]
pub struct Witness(RefCell<Vec<Note>>);

/// A step on the way to an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Note {
    /// The site of that number answers, found by its host so
    Site(usize, By),
    /// The path, decoded
    Path(Vec<u8>),
    /// It begins with a dot somewhere, and is not looked for.
    Hidden,
    /// A file of this name was looked for.
    Looked(Vec<u8>, Sight),
    /// A rule made the answer what it is.
    Decided(Ruling),
    /// There is nothing of what was asked for, with the reason.
    Failed(Status, &'static str),
}

/// What was found under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    /// A file of so many bytes
    File(u64),
    /// A directory
    Directory,
    /// Nothing that could be sent, and why
    Nothing(&'static str),
    /// It has to be fetched first.
    Unread,
}

/// A rule that makes an answer what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    /// Who may ask for it
    Allow,
    /// Where requests are sent on to
    Redirect,
    /// What it can be asked for by
    Methods,
    /// Whether a directory without an index file is listed
    Listing,
    /// The file for paths that lead nowhere
    Fallback,
    /// The page that says what went wrong
    ErrorPage(ErrorStatus),
}

impl Occasion<'_> {
    /// Notes a step, if somebody looks on.
    pub(super) fn note(&self, note: impl FnOnce() -> Note) {
        if let Some(Witness(notes)) = self.witness {
            let note = note();
            notes.borrow_mut().push(note);
        }
    }
}

impl Witness {
    /// The steps in their order.
    pub(super) fn notes(self) -> Vec<Note> {
        self.0.into_inner()
    }
}
