//! From the config as used back to the file: every key of every site with the value that counts, as TOML that is read
//! as the same config.
//!
//! Never decides anything: what counts was found out in `resolve`.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::diagnostic::{Diagnostic, Diagnostics, Quoted};
use super::expect::Expectation;
use super::keys::{ExpectKeys, PathKeys, SharedKeys, SiteKeys};
use super::kind::{Entries, Word};
use super::pattern::{Paths, Pattern};
use super::plain::{Plain, key};
use super::rules::{Rules, SiteRules};
use super::section::Section;
use super::source::Located;
use super::written::WrittenSite;
use super::{AccessTarget, Address, Config, Limits, Log, Server, Site};

/// What stands above all. It says nothing of where the config comes from: read again, it comes from elsewhere.
const HEADING: &str = "\
# The config as it is used: every key with the value that counts for it. A port that is written is not exchanged
# for the next free one.
";

/// Longer lines are split where they can be.
const LINE_CHARS_MAX: usize = 100;

impl Config {
    /// The config as a file, with every default filled in and every path absolute. Read again, it is the same config,
    /// but for where it comes from, and that every port has been given. A directory that is served without a file
    /// answers to names of this machine alone on loopback; no key says that, and the file answers to every name.
    ///
    /// # Errors
    ///
    /// Where a path is not UTF-8, which TOML is.
    pub fn to_toml(&self) -> Result<String, Diagnostics> {
        let Config { origin: _, source: _, sites, server, limits, log, expectations } = self;
        if let Some(path) = self.paths().find(|path| path.to_str().is_none()) {
            let path = Quoted(&path.to_string_lossy()).to_string();
            let problem = Diagnostic::without_place(format!("cannot print the config: the path {path} is not UTF-8"));
            let problem = problem.help("a config file is UTF-8, so that it cannot name this path: rename it");
            return Err(Diagnostics::without_file(vec![problem]));
        }
        let mut out = HEADING.to_owned();
        table("[server]", &server.written(), Section::Server, &mut out);
        table("[limits]", &limits.written(), Section::Limits, &mut out);
        table("[log]", &log.written(), Section::Log, &mut out);
        for site in sites {
            let WrittenSite { place: _, own, shared, paths } = unresolved(site);
            table("[[site]]", &[own.written(), shared.written()].concat(), Section::Site, &mut out);
            for (pattern, keys) in paths {
                let header = format!("[site.path.{}]", key(&Paths.show(pattern.get_ref())));
                table(&header, &keys.written(), Section::Path, &mut out);
            }
        }
        for expectation in expectations {
            table("[[expect]]", &expect_keys(expectation).written(), Section::Expect, &mut out);
        }
        Ok(out)
    }

    /// Every path that it names.
    fn paths(&self) -> impl Iterator<Item = &Path> {
        let listen = self.sites.iter().flat_map(|site| &site.listen).map(|listen| &listen.address);
        let sockets = listen.filter_map(|address| match address {
            Address::Unix(path) => Some(path.as_path()),
            Address::Localhost(_) | Address::Tcp(_) => None,
        });
        let log = match &self.log.access {
            AccessTarget::File(path) | AccessTarget::SyslogUnix(path) => Some(path.as_path()),
            AccessTarget::Off | AccessTarget::Stdout | AccessTarget::Stderr | AccessTarget::SyslogUdp { .. } => None,
        };
        self.sites.iter().map(|site| site.root.as_path()).chain(sockets).chain(log)
    }
}

/// The values that the keys of a section have while they are not written; `None` where no value says the same.
pub(super) fn defaults(section: Section) -> Vec<(&'static str, Option<Plain>)> {
    let WrittenSite { shared, .. } = unresolved(&Site::of(PathBuf::new()));
    match section {
        Section::Top => shared.written(),
        // Each site has its own root; what is the default of `default` depends on `hosts`.
        Section::Site => {
            [SiteKeys { redirects: Some(Vec::new()), ..SiteKeys::default() }.written(), shared.written()].concat()
        }
        Section::Server => Server::default().written(),
        Section::Limits => Limits::default().written(),
        Section::Log => Log::default().written(),
        Section::Path => PathKeys::default().written(),
        Section::Expect => ExpectKeys::default().written(),
    }
}

/// A site as it would be written if no other had anything in common with it. Every key is named here, so that none is
/// forgotten.
pub(super) fn unresolved(site: &Site) -> WrittenSite {
    let Site { hosts, default, listen, root, dotfiles, compress, symlinks, rules, places: _ } = site;
    let SiteRules { every, paths, types, charset, errors, fallback, index } = rules;
    let caches = of_paths(rules, |rules| Some(rules.cache.as_ref()?.value.clone()));
    let redirects = of_paths(rules, |rules| Some(rules.redirect.as_ref()?.1.value.clone()));
    let addresses = listen.iter().map(|listen| nowhere(absolute(&listen.address)));
    // What else holds for every path has keys of the site.
    let every_path = Rules { allow: every.allow.clone(), methods: every.methods.clone(), ..Rules::default() };
    let every_path = Some((&Pattern::Every, path_keys(&every_path))).filter(|(_, keys)| *keys != PathKeys::default());
    let some_paths = paths.iter().filter_map(|(pattern, rules)| {
        let keys = path_keys(rules);
        let is_elsewhere = rules.cache.is_some() || rules.redirect.is_some();
        (!is_elsewhere || keys != PathKeys::default()).then_some((pattern, keys))
    });
    let paths = every_path.into_iter().chain(some_paths);
    WrittenSite {
        place: 0..0,
        own: SiteKeys {
            hosts: (!hosts.is_empty()).then(|| hosts.iter().cloned().map(nowhere).collect()),
            default: Some(nowhere(*default)),
            redirects: Some(redirects),
            root: Some(nowhere(root.clone())),
        },
        shared: SharedKeys {
            listen: Some(addresses.collect()),
            index: Some(nowhere(index.iter().cloned().map(nowhere).collect())),
            listing: Some(nowhere(every.listing.as_ref().is_some_and(|listing| listing.value))),
            dotfiles: Some(nowhere(*dotfiles)),
            compress: Some(*compress),
            headers: Some(entries(&every.headers)),
            cache: Some(caches),
            types: Some(entries(types)),
            charset: Some(nowhere(charset.value.clone())),
            errors: Some(entries(errors)),
            fallback: Some(nowhere(fallback.as_ref().map(|file| file.value.clone()).unwrap_or_default())),
            symlinks: Some(*symlinks),
        },
        paths: paths.map(|(pattern, keys)| (nowhere(pattern.clone()), keys)).collect(),
    }
}

/// What is said of some paths in a table of their own.
fn path_keys(rules: &Rules) -> PathKeys {
    // These two stand with those of the site.
    let Rules { cache: _, redirect: _, listing, allow, methods, headers } = rules;
    PathKeys {
        listing: listing.as_ref().map(|listing| nowhere(listing.value)),
        allow: allow.as_ref().map(|ranges| nowhere(ranges.iter().copied().map(nowhere).collect())),
        methods: methods.as_ref().map(|methods| nowhere(vec![nowhere(methods.value)])),
        headers: Some(entries(headers)).filter(|headers| !headers.is_empty()),
        cache: None,
    }
}

/// What is expected of an answer.
fn expect_keys(Expectation { url, status, headers }: &Expectation) -> ExpectKeys {
    ExpectKeys {
        url: Some(nowhere(url.value.clone())),
        status: status.as_ref().map(|status| nowhere(status.value)),
        headers: Some(entries(headers)).filter(|headers| !headers.is_empty()),
    }
}

/// What the rules of all paths and those of some say about one thing.
fn of_paths<T>(rules: &SiteRules, part: impl Fn(&Rules) -> Option<T>) -> Entries<Pattern, T> {
    let some = rules.paths.iter().map(|(pattern, rules)| (pattern, rules));
    let all = [(&Pattern::Every, &rules.every)].into_iter().chain(some);
    all.filter_map(|(pattern, rules)| Some((nowhere(pattern.clone()), nowhere(part(rules)?)))).collect()
}

fn entries<N: Clone, V: Clone>(located: &[(N, Located<V>)]) -> Entries<N, V> {
    located.iter().map(|(name, value)| (nowhere(name.clone()), nowhere(value.value.clone()))).collect()
}

/// What stands in no file.
fn nowhere<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

/// The path of a socket that was given at the command line starts where this process does.
fn absolute(address: &Address) -> Address {
    match address {
        Address::Unix(path) => Address::Unix(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
        other => other.clone(),
    }
}

/// Writes one table: its header, its keys, and below it a table for each value that is too long for a line.
fn table(header: &str, keys: &[(&str, Option<Plain>)], section: Section, out: &mut String) {
    let defaults = defaults(section);
    *out += &format!("\n{header}\n");
    let mut long = Vec::new();
    for (name, value) in keys {
        let default = defaults.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_ref());
        match value {
            Some(value) => {
                let line = format!("{name} = {value}");
                let is_long = line.chars().count() > LINE_CHARS_MAX;
                match value {
                    Plain::Table(entries) if is_long => long.push((name, entries)),
                    Plain::List(values) if is_long => {
                        let values: String = values.iter().map(|value| format!("    {value},\n")).collect();
                        *out += &format!("{name} = [\n{values}]\n");
                    }
                    _ if default == Some(value) => *out += &format!("{line}  # default\n"),
                    _ => *out += &format!("{line}\n"),
                }
            }
            // What is not said of some paths is what is said of more.
            None if section == Section::Path => {}
            None => *out += &format!("# {name}: not set\n"),
        }
    }
    let path = header.trim_matches(['[', ']']);
    for (name, entries) in long {
        *out += &format!("\n[{path}.{name}]\n");
        entries.iter().for_each(|(name, value)| *out += &format!("{} = {value}\n", key(name)));
    }
}

#[cfg(test)]
mod tests;
