//! The rules of a site as they are applied: encoded once, and kept with what they are for.

use std::rc::Rc;

use crate::config;
use crate::http::Status;

/// What is cached is looked after each time, unless a rule says otherwise.
const CACHE_CONTROL: &str = "no-cache";

/// What holds for a path.
#[derive(Debug)]
pub struct Rules {
    /// Cache-Control, then the fields of every response, those that describe the content last
    lines: Vec<u8>,
    cache_control: usize,
    not_modified: usize,
    /// The same for a response that says what went wrong, whose Cache-Control is not for the config to say
    error_lines: Vec<u8>,
}

/// The rules of a site, by path.
#[derive(Debug)]
pub(super) struct RuleBook {
    every: Rc<Rules>,
}

impl Rules {
    /// Encodes what the config says.
    pub fn of(written: &config::Rules) -> Rules {
        let mut lines = format!("Cache-Control: {CACHE_CONTROL}\r\n");
        let cache_control = lines.len();
        let said = written.headers.iter().filter(|(_, value)| !value.is_empty());
        let (describing, other): (Vec<_>, Vec<_>) = said.partition(|(name, _)| name.describes_content());
        let encode = |lines: &mut String, fields: &[&(config::FieldName, String)]| {
            for (name, value) in fields {
                *lines += &format!("{}: {value}\r\n", name.as_str());
            }
        };
        encode(&mut lines, &other);
        let not_modified = lines.len();
        encode(&mut lines, &describing);
        let fields = lines.get(cache_control..).unwrap_or_default();
        let error_lines = format!("Cache-Control: {CACHE_CONTROL}\r\n{fields}").into_bytes();
        Rules { lines: lines.into_bytes(), cache_control, not_modified, error_lines }
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

impl RuleBook {
    pub(super) fn of(written: &config::SiteRules) -> RuleBook {
        RuleBook { every: Rc::new(Rules::of(&written.every)) }
    }

    /// What holds for every path, and for what has none.
    pub(super) fn every(&self) -> Rc<Rules> {
        Rc::clone(&self.every)
    }

    /// What holds for this path.
    pub(super) fn find(&mut self, _path: &[u8]) -> Rc<Rules> {
        Rc::clone(&self.every)
    }
}
