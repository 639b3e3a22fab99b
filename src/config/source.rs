//! Where the values of a config are written, for whoever explains later what came of them.
//!
//! How something is written makes no difference to what it is: nothing here makes two configs differ.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::diagnostic::{Diagnostic, Diagnostics, Place, printable};

/// A value, and where it is written.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value
    pub value: T,
    /// Its bytes in the file: nowhere, where it is a default or was said on the command line
    pub place: Option<Place>,
}

/// Where the keys of a site are written, as far as they are.
#[derive(Clone, Default, Debug)]
pub struct Places {
    /// Each of its hosts, in their order
    pub hosts: Vec<Place>,
    /// `default`
    pub default: Option<Place>,
    /// `root`
    pub root: Option<Place>,
    /// `index`
    pub index: Option<Place>,
    /// `dotfiles`
    pub dotfiles: Option<Place>,
}

/// The text that a config was read from; empty for one that stands in no file.
#[derive(Clone, Default, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl<T> Located<T> {
    /// A value that is written nowhere.
    pub fn nowhere(value: T) -> Located<T> {
        Located { value, place: None }
    }

    pub(super) fn at(place: Place, value: T) -> Located<T> {
        Located { value, place: Some(place) }
    }
}

impl<T: Clone> Located<T> {
    pub(super) fn of(written: &Spanned<T>) -> Located<T> {
        Located::at(written.span(), written.get_ref().clone())
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Source {
    pub(super) fn new(path: &Path, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    /// The file and the line, as an editor takes it: `site.toml:12`. Without what could steer a terminal.
    pub fn line_of(&self, place: &Place) -> String {
        let before = self.text.get(..place.start).unwrap_or(&self.text);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        format!("{}:{line}", printable(&self.path.to_string_lossy()).replace('\n', "\\n"))
    }

    /// What is written there, in one line, without what could steer a terminal.
    pub fn text_of(&self, place: &Place) -> String {
        let words = self.text.get(place.clone()).unwrap_or_default().split_whitespace();
        printable(&words.collect::<Vec<_>>().join(" ")).into_owned()
    }

    /// What is wrong, and in a few words how much of it.
    pub fn diagnose(&self, problems: Vec<Diagnostic>, summary: String) -> Diagnostics {
        Diagnostics::in_file(&self.path, &self.text, problems).summarized(summary)
    }

    /// What may not have been meant; nothing where there are no such doubts.
    pub fn warn(&self, doubts: Vec<Diagnostic>) -> Option<Diagnostics> {
        if doubts.is_empty() {
            return None;
        }
        let is_file = !self.path.as_os_str().is_empty();
        let diagnostics = match is_file {
            true => Diagnostics::in_file(&self.path, &self.text, doubts),
            false => Diagnostics::without_file(doubts),
        };
        Some(diagnostics.into_warnings())
    }
}
