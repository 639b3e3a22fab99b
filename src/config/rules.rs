//! What a site says about its answers: the rules of the top of the file, of the site and of what lies below a path, put
//! together.
//!
//! Never looks at a request: which rules a path has is found out in `site`.

use std::collections::HashMap;
use std::hash::Hash;

use toml::Spanned;

use super::DEFAULT_INDEX;
use super::address_range::AddressRange;
use super::diagnostic::Diagnostic;
use super::field::FieldName;
use super::keys::SharedKeys;
use super::pattern::Pattern;
use super::redirect::{self, Moot, Redirect};
use super::source::Located;
use super::written::WrittenSite;

/// A cache asks each time whether what it has is still good, unless a rule says otherwise.
pub const CACHE_CONTROL: &str = "no-cache";

/// What text is in unless it is said otherwise.
const CHARSET: &str = "utf-8";

/// What a site says about its answers.
#[derive(Clone, PartialEq, Debug)]
pub struct SiteRules {
    /// What holds for every path
    pub every: Rules,
    /// What holds for some, the least specific first
    pub paths: Vec<(Pattern, Rules)>,
    /// The media types of files by their extension, which is in lower case
    pub types: Vec<(String, Located<String>)>,
    /// The character encoding of text; empty where none is told
    pub charset: Located<String>,
    /// The files that say what went wrong, below the root
    pub errors: Vec<(ErrorStatus, Located<String>)>,
    /// The file that is sent where there is none, below the root
    pub fallback: Option<Located<String>>,
    /// The files that stand for their directory, the first that exists
    pub index: Vec<String>,
}

/// Which errors a page is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ErrorStatus {
    /// One status: 404
    Code(u16),
    /// All that begin with the digit
    Class(u16),
}

/// The methods that are answered, each with those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Methods {
    /// Always
    Options,
    /// Fields without content
    Head,
    /// Whoever may have the content may have the fields.
    Get,
}

/// What holds for some paths.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rules {
    /// What a cache may do with what is sent of a file
    pub cache: Option<Located<String>>,
    /// Where requests are sent on to, and the paths that this was said of
    pub redirect: Option<(Pattern, Located<Redirect>)>,
    /// The peers that may ask for it; all where it is not said
    pub allow: Option<Located<Vec<AddressRange>>>,
    /// What it can be asked for by
    pub methods: Option<Located<Methods>>,
    /// Whether a directory without an index file answers with a list of what is in it; it does not where it is not said
    pub listing: Option<Located<bool>>,
    /// Fields for every response, in the order of the file. One without a value is taken away from those of less
    /// specific rules.
    pub headers: Vec<(FieldName, Located<String>)>,
}

impl Default for SiteRules {
    fn default() -> Self {
        let cache = Some(Located::nowhere(CACHE_CONTROL.to_owned()));
        let every = Rules { cache, listing: Some(Located::nowhere(false)), ..Rules::default() };
        let charset = Located::nowhere(CHARSET.to_owned());
        let index = vec![DEFAULT_INDEX.to_owned()];
        Self { every, paths: Vec::new(), types: Vec::new(), charset, errors: Vec::new(), fallback: None, index }
    }
}

impl SiteRules {
    /// What `own` says, and what the top of the file says besides.
    pub(super) fn of(top: &SharedKeys, site: &WrittenSite) -> SiteRules {
        let own = &site.shared;
        let mut rules = SiteRules::default();
        let mut cache: Vec<(Pattern, Located<String>)> = Vec::new();
        for keys in [top, own] {
            let (headers, listing) = (entries(keys.headers.as_deref()), keys.listing.as_ref().map(Located::of));
            rules.every.add(&Rules { headers, listing, ..Rules::default() });
            merge(&mut cache, entries(keys.cache.as_deref()));
            merge(&mut rules.types, entries(keys.types.as_deref()));
            merge(&mut rules.errors, entries(keys.errors.as_deref()));
        }
        let redirects = site.own.redirects.as_deref().unwrap_or_default();
        // What the top of the file says of paths that are redirected here is meant for other sites.
        let redirected = redirect::by_pattern(redirects);
        let is_of_use = |pattern: &Pattern| redirect::of_all(redirects, &redirected, pattern).is_none();
        let known = &mut HashMap::new();
        for (pattern, value) in cache.into_iter().filter(|(pattern, value)| !value.is_empty() && is_of_use(pattern)) {
            rules.at(&pattern, known).cache = Some(value);
        }
        for (pattern, redirect) in entries(Some(redirects)) {
            rules.at(&pattern, known).redirect = Some((pattern.clone(), redirect));
        }
        for (pattern, keys) in &site.paths {
            rules.at(pattern.get_ref(), known).add(&Rules {
                headers: entries(keys.headers.as_deref()),
                cache: keys.cache.as_ref().map(Located::of).filter(|cache| !cache.is_empty()),
                redirect: None,
                allow: keys.allow.as_ref().map(|ranges| {
                    Located::at(ranges.span(), ranges.get_ref().iter().map(|range| *range.get_ref()).collect())
                }),
                listing: keys.listing.as_ref().map(Located::of),
                methods: keys.methods.as_ref().and_then(|methods| {
                    let most = methods.get_ref().iter().map(|methods| *methods.get_ref()).max()?;
                    Some(Located::at(methods.span(), most))
                }),
            });
        }
        rules.errors.retain(|(_, file)| !file.is_empty());
        let fallback = own.fallback.as_ref().or(top.fallback.as_ref()).map(Located::of);
        rules.fallback = fallback.filter(|file| !file.is_empty());
        if let Some(index) = own.index.as_ref().or(top.index.as_ref()) {
            rules.index = index.get_ref().iter().map(|name| name.get_ref().clone()).collect();
        }
        if let Some(charset) = own.charset.as_ref().or(top.charset.as_ref()) {
            rules.charset = Located::of(charset);
        }
        // Those of one rank are never for the same path: their order says nothing, and is always the same.
        rules.paths.sort_by(|(one, _), (other, _)| (one.specificity(), one).cmp(&(other.specificity(), other)));
        rules
    }

    /// What holds for a path, of all rules together.
    pub fn of_path(&self, path: &[u8]) -> Rules {
        let mut all = self.every.clone();
        self.paths.iter().filter(|(pattern, _)| self.has(pattern, path)).for_each(|(_, rules)| all.add(rules));
        all
    }

    /// Whether a rule for these paths is one for that path. By its name a directory is the first of its index files.
    pub fn has(&self, pattern: &Pattern, path: &[u8]) -> bool {
        pattern.matches(path, self.index.first().map_or("", String::as_str))
    }

    /// What holds for the paths of a pattern. Those `known` have a place.
    fn at(&mut self, pattern: &Pattern, known: &mut HashMap<Pattern, usize>) -> &mut Rules {
        if *pattern == Pattern::Every {
            return &mut self.every;
        }
        let place = *known.entry(pattern.clone()).or_insert(self.paths.len());
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
        self.allow = more.allow.clone().or(self.allow.take());
        self.methods = more.methods.clone().or(self.methods.take());
        self.listing = more.listing.clone().or(self.listing.take());
        self.redirect = more.redirect.clone().or(self.redirect.take());
    }
}

/// What is wrong with the rules of a site that takes several of them to see.
pub(super) fn problems(site: &WrittenSite) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut cache = site.shared.cache.clone().unwrap_or_default();
    let known: HashMap<_, _> = cache.iter().map(|(pattern, _)| (pattern.get_ref().clone(), pattern.span())).collect();
    for (pattern, keys) in &site.paths {
        let Some(value) = &keys.cache else { continue };
        match known.get(pattern.get_ref()) {
            Some(first) => problems.push(
                Diagnostic::at(value.span(), "what caches may do is said twice of the same paths")
                    .label("again")
                    .related(first.clone(), "first written here")
                    .help("remove one of them"),
            ),
            None => cache.push((pattern.clone(), value.clone())),
        }
    }
    if let Some(redirects) = &site.own.redirects {
        let cache = cache.iter().filter(|(_, value)| !value.get_ref().is_empty());
        let cache = cache.map(|(pattern, _)| (pattern, Some(pattern.span()), "counts for what is sent of a file"));
        let keys = site.paths.iter().flat_map(|(pattern, keys)| {
            let listing = keys.listing.as_ref().map(Spanned::span);
            let methods = keys.methods.as_ref().map(Spanned::span);
            [
                (pattern, listing, "counts for directories"),
                (pattern, methods, "counts for files: a redirect answers every method"),
            ]
        });
        let others = cache
            .chain(keys)
            .filter_map(|(pattern, place, purpose)| Some(Moot { pattern: pattern.get_ref(), place: place?, purpose }));
        problems.extend(redirect::problems(redirects, others.collect()));
    }
    problems
}

/// Puts each of `more` in the place of what has the same name, or behind the others. No two of them have one name.
fn merge<N: Clone + Eq + Hash, V>(known: &mut Vec<(N, V)>, more: Vec<(N, V)>) {
    if known.is_empty() {
        *known = more;
        return;
    }
    let places: HashMap<N, usize> = known.iter().map(|(name, _)| name.clone()).zip(0..).collect();
    for entry in more {
        match places.get(&entry.0).and_then(|place| known.get_mut(*place)) {
            Some(known) => *known = entry,
            None => known.push(entry),
        }
    }
}

/// Each entry with the place of it as a whole, name and value.
fn entries<N: Clone, V: Clone>(written: Option<&[(Spanned<N>, Spanned<V>)]>) -> Vec<(N, Located<V>)> {
    let place = |name: &Spanned<N>, value: &Spanned<V>| name.span().start..value.span().end;
    let entry = |(name, value): &(Spanned<N>, Spanned<V>)| {
        (name.get_ref().clone(), Located::at(place(name, value), value.get_ref().clone()))
    };
    written.unwrap_or_default().iter().map(entry).collect()
}
