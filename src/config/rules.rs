//! What a site says about its answers: the rules of the top of the file, of the site and of what lies below a path, put
//! together.
//!
//! Never looks at a request: which rules a path has is found out in `site`.

use toml::Spanned;

use super::diagnostic::Diagnostic;
use super::field::FieldName;
use super::keys::{SharedKeys, SiteKeys};
use super::pattern::Pattern;
use super::redirect::{self, Redirect};

/// What a site says about its answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SiteRules {
    /// What holds for every path
    pub every: Rules,
    /// What holds for some, the least specific first
    pub paths: Vec<(Pattern, Rules)>,
    /// The media types of files by their extension, which is in lower case
    pub types: Vec<(String, String)>,
    /// The character encoding of text; empty where none is told. Not known: the one of all.
    pub charset: Option<String>,
    /// The files that say what went wrong, below the root
    pub errors: Vec<(ErrorStatus, String)>,
    /// The file that is sent where there is none, below the root
    pub fallback: Option<String>,
}

/// Which errors a page is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorStatus {
    /// One status: 404
    Code(u16),
    /// All that begin with the digit
    Class(u16),
}

/// What holds for some paths.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rules {
    /// What a cache may do with what is sent of a file
    pub cache: Option<String>,
    /// Where requests are sent on to, and the paths that this was said of
    pub redirect: Option<(Pattern, Redirect)>,
    /// Fields for every response, in the order of the file. One without a value is taken away from those of less specific
    /// rules.
    pub headers: Vec<(FieldName, String)>,
}

impl SiteRules {
    /// What `own` says, and what the top of the file says besides.
    pub(super) fn of(top: &SharedKeys, own: &SharedKeys, site: &SiteKeys) -> SiteRules {
        let mut rules = SiteRules::default();
        let mut cache: Vec<(Pattern, String)> = Vec::new();
        for keys in [top, own] {
            rules.every.add(&Rules { headers: plain(keys.headers.as_deref()), ..Rules::default() });
            merge(&mut cache, plain(keys.cache.as_deref()));
            merge(&mut rules.types, plain(keys.types.as_deref()));
            merge(&mut rules.errors, plain(keys.errors.as_deref()));
        }
        for (pattern, value) in cache.into_iter().filter(|(_, value)| !value.is_empty()) {
            rules.at(&pattern).cache = Some(value);
        }
        for (pattern, redirect) in site.redirects.iter().flatten() {
            rules.at(pattern.get_ref()).redirect = Some((pattern.get_ref().clone(), redirect.get_ref().clone()));
        }
        rules.errors.retain(|(_, file)| !file.is_empty());
        rules.fallback = own.fallback.clone().or_else(|| top.fallback.clone()).filter(|file| !file.is_empty());
        rules.charset = own.charset.clone().or_else(|| top.charset.clone());
        rules.paths.sort_by_key(|(pattern, _)| pattern.specificity());
        rules
    }

    /// What holds for a path, of all rules together.
    pub fn of_path(&self, path: &[u8]) -> Rules {
        let mut all = self.every.clone();
        self.paths.iter().filter(|(pattern, _)| pattern.matches(path)).for_each(|(_, rules)| all.add(rules));
        all
    }

    /// What holds for the paths of a pattern.
    fn at(&mut self, pattern: &Pattern) -> &mut Rules {
        let known = self.paths.iter().position(|(known, _)| known == pattern);
        let place = match pattern {
            Pattern::Every => return &mut self.every,
            _ => known.unwrap_or(self.paths.len()),
        };
        if place == self.paths.len() {
            self.paths.push((pattern.clone(), Rules::default()));
        }
        match self.paths.get_mut(place) {
            Some((_, rules)) => rules,
            None => &mut self.every,
        }
    }
}

impl Rules {
    /// Adds what a more specific rule says.
    pub fn add(&mut self, more: &Rules) {
        merge(&mut self.headers, more.headers.clone());
        self.cache = more.cache.clone().or(self.cache.take());
        self.redirect = more.redirect.clone().or(self.redirect.take());
    }
}

/// What is wrong with the rules of a site that takes several of them to see.
pub(super) fn problems(shared: &SharedKeys, site: &SiteKeys) -> Vec<Diagnostic> {
    let Some(redirects) = &site.redirects else { return Vec::new() };
    redirect::problems(redirects, shared.cache.as_deref().unwrap_or_default())
}

/// Puts each of `more` in the place of what has the same name, or behind the others.
fn merge<N: PartialEq, V>(known: &mut Vec<(N, V)>, more: Vec<(N, V)>) {
    for entry in more {
        match known.iter_mut().find(|(name, _)| *name == entry.0) {
            Some(known) => *known = entry,
            None => known.push(entry),
        }
    }
}

/// Without places, which have been made use of by now.
fn plain<N: Clone, V: Clone>(written: Option<&[(Spanned<N>, Spanned<V>)]>) -> Vec<(N, V)> {
    let entries = written.unwrap_or_default().iter();
    entries.map(|(name, value)| (name.get_ref().clone(), value.get_ref().clone())).collect()
}
