//! The rules of a site as they are applied: encoded once, and kept with what they are for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use super::page::Policy;
use super::path::{SitePath, encoded_query};
use crate::config::{self, AddressRange, CACHE_CONTROL, Located, Methods, Pattern, RedirectStatus};
use crate::http::Status;

/// What holds for a path.
#[derive(Debug)]
pub struct Rules {
    /// Cache-Control, then the fields of every response, those that describe the content last
    lines: Vec<u8>,
    cache_control: usize,
    not_modified: usize,
    redirect: Option<Redirect>,
    /// The peers that may ask for it; all where there is none
    allow: Option<Vec<AddressRange>>,
    methods: Methods,
    /// Whether a directory without an index file answers with a list of what is in it
    lists: bool,
    /// What goes with pages that are not files
    policy: Policy,
    /// The same for a response that says what went wrong, whose Cache-Control is not for the config to say
    error_lines: Vec<u8>,
}

/// Where requests are sent on to.
#[derive(Debug)]
struct Redirect {
    /// Where the part of the path begins that `*` stands for
    carried_from: usize,
    to: String,
    status: Status,
}

/// The rules of a site, by path.
#[derive(Debug)]
pub(super) struct RuleBook {
    every: Rc<Rules>,
    written: config::SiteRules,
    /// Places in `written.paths`: of one path, of all below a directory, and of extensions, the longest first
    exact: HashMap<Vec<u8>, usize>,
    below: HashMap<Vec<u8>, usize>,
    extensions: Vec<usize>,
    /// What has been found so far, put together: by the place that matches as a path, and the one that does as a name.
    /// Those that are less specific match with them.
    found: HashMap<[Option<usize>; 2], Rc<Rules>>,
}

impl Rules {
    /// Encodes what the config says.
    pub fn of(written: &config::Rules) -> Rules {
        Rules::with(written, "")
    }

    /// The same with more lines.
    fn with(written: &config::Rules, more: &str) -> Rules {
        let mut lines = format!("Cache-Control: {}\r\n", written.cache.as_ref().map_or(CACHE_CONTROL, |cache| cache));
        let cache_control = lines.len();
        lines += more;
        let said = written.headers.iter().filter(|(_, value)| !value.is_empty());
        let (describing, other): (Vec<_>, Vec<_>) = said.partition(|(name, _)| name.describes_content());
        let encode = |lines: &mut String, fields: &[&(config::FieldName, Located<String>)]| {
            for (name, value) in fields {
                *lines += &format!("{}: {}\r\n", name.as_str(), value.value);
            }
        };
        encode(&mut lines, &other);
        let not_modified = lines.len();
        encode(&mut lines, &describing);
        let fields = lines.get(cache_control..).unwrap_or_default();
        let error_lines = format!("Cache-Control: {CACHE_CONTROL}\r\n{fields}").into_bytes();
        let redirect = written.redirect.as_ref().map(|(pattern, redirect)| Redirect {
            carried_from: if let Pattern::Below(directory) = pattern { directory.len() } else { 0 },
            to: redirect.to.clone(),
            status: status_of(redirect.status),
        });
        let allow = written.allow.as_ref().map(|ranges| ranges.value.clone());
        let methods = written.methods.as_ref().map_or(Methods::Get, |methods| methods.value);
        let lists = written.listing.as_ref().is_some_and(|listing| listing.value);
        let policy = Policy::beside(written.headers.iter().map(|(name, _)| name.as_str()));
        let lines = lines.into_bytes();
        Rules { lines, cache_control, not_modified, redirect, allow, methods, lists, policy, error_lines }
    }

    /// The field lines of every response with this status. What a cache may do with it is the config's to say where it
    /// is the content of a file; a 304 has no fields that describe what it does not have (RFC 9110, section 15.4.5).
    pub fn lines(&self, status: Status) -> &[u8] {
        match status {
            Status::Ok | Status::PartialContent => &self.lines,
            Status::NotModified => self.lines.get(..self.not_modified).unwrap_or_default(),
            Status::NoContent => self.lines.get(self.cache_control..).unwrap_or_default(),
            _ => &self.error_lines,
        }
    }
}

impl Rules {
    /// Whether this peer may ask for it.
    pub fn admits(&self, peer: IpAddr) -> bool {
        self.allow.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.contains(peer)))
    }

    /// Whether a directory without an index file answers with a list of what is in it.
    pub fn lists(&self) -> bool {
        self.lists
    }

    /// What goes with pages that are not files.
    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    /// The methods that are answered.
    pub fn methods(&self) -> Methods {
        self.methods
    }

    /// The same as a field, and in words for who uses another one.
    pub fn allow(&self) -> (&'static str, &'static str) {
        match self.methods {
            Methods::Get => {
                ("Allow: GET, HEAD, OPTIONS\r\n", "this method is not allowed here; GET, HEAD and OPTIONS are")
            }
            Methods::Head => ("Allow: HEAD, OPTIONS\r\n", "this method is not allowed here; HEAD and OPTIONS are"),
            Methods::Options => ("Allow: OPTIONS\r\n", "this method is not allowed here; OPTIONS is"),
        }
    }

    /// Where a request for this path and query is sent on to, with which status.
    pub fn redirect(&self, path: SitePath<'_>, query: Option<&str>) -> Option<(Status, String)> {
        let Redirect { carried_from, to, status } = self.redirect.as_ref()?;
        let (to, fragment) = to.split_at_checked(to.find('#').unwrap_or(to.len()))?;
        let mut url = match to.split_once('*') {
            Some((before, after)) => format!("{before}{}{after}", path.encoded_behind(before, *carried_from)),
            None => to.to_owned(),
        };
        if let Some(query) = query.filter(|_| !to.contains('?')) {
            url += "?";
            url += &encoded_query(query);
        }
        Some((*status, url + fragment))
    }
}

fn status_of(written: RedirectStatus) -> Status {
    match written {
        RedirectStatus::MovedPermanently => Status::MovedPermanently,
        RedirectStatus::Found => Status::Found,
        RedirectStatus::SeeOther => Status::SeeOther,
        RedirectStatus::TemporaryRedirect => Status::TemporaryRedirect,
        RedirectStatus::PermanentRedirect => Status::PermanentRedirect,
    }
}

impl RuleBook {
    pub(super) fn of(written: &config::SiteRules) -> RuleBook {
        let mut book = RuleBook {
            every: Rc::new(Rules::of(&written.every)),
            written: written.clone(),
            exact: HashMap::new(),
            below: HashMap::new(),
            extensions: Vec::new(),
            found: HashMap::new(),
        };
        for (place, (pattern, _)) in written.paths.iter().enumerate() {
            match pattern {
                Pattern::Exact(path) => drop(book.exact.insert(path.clone(), place)),
                Pattern::Below(directory) => drop(book.below.insert(directory.clone(), place)),
                Pattern::Extension(_) => book.extensions.insert(0, place),
                Pattern::Every => {}
            }
        }
        book
    }

    /// What holds for every path, and for what has none.
    pub(super) fn every(&self) -> Rc<Rules> {
        Rc::clone(&self.every)
    }

    /// What holds for this path.
    pub(super) fn find(&mut self, path: &[u8]) -> Rc<Rules> {
        let paths = &self.written.paths;
        if paths.is_empty() {
            return self.every();
        }
        let mut ends = path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/').map(|(slash, _)| slash + 1);
        let directory = || ends.find_map(|end| self.below.get(path.get(..end)?));
        let by_path = self.exact.get(path).or_else(directory).copied();
        let matches = |place: &usize| paths.get(*place).is_some_and(|(pattern, _)| self.written.has(pattern, path));
        let by_name = self.extensions.iter().copied().find(matches);
        let found =
            self.found.entry([by_path, by_name]).or_insert_with(|| Rc::new(Rules::of(&self.written.of_path(path))));
        Rc::clone(found)
    }

    /// What holds for a file that is sent for other paths, to some: whether it is depends on what is accepted.
    pub(super) fn varied(&self, path: &[u8]) -> Rules {
        Rules::with(&self.written.of_path(path), "Vary: Accept\r\n")
    }
}
