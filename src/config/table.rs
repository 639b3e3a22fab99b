//! A table of the file as written: its keys are read by name, and those that no one knows are reported.
//!
//! Never knows what a key means.

use std::collections::HashMap;
use std::hash::Hash;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Place, Quoted, nearest};
use super::kind::{Context, Item, Kind, Word, add_name};
use super::section::Section;
use super::word::listed;

/// What other servers call a key, and what it is called here.
const OTHER_NAMES: &[(&[&str], &str)] = &[
    (&["document_root", "documentroot", "docroot", "directory", "dir", "alias"], "root"),
    (
        &["server_name", "server_names", "servername", "hostname", "hostnames", "name", "names", "domain", "domains"],
        "hosts",
    ),
    (&["bind", "address", "addresses", "port", "ports"], "listen"),
    (&["default_server", "is_default"], "default"),
    (&["autoindex", "browse", "directory_listing"], "listing"),
    (&["try_files", "spa", "not_found"], "fallback"),
    (&["error_page", "error_pages", "error_documents"], "errors"),
    (&["rewrite", "rewrites", "return", "redirect"], "redirects"),
    (&["add_header", "response_headers"], "headers"),
    (&["expires", "cache_control"], "cache"),
    (&["mime_types", "media_types", "mime"], "types"),
    (&["hidden", "hidden_files"], "dotfiles"),
    (&["compression", "encode", "gzip", "gzip_static", "brotli", "precompressed"], "compress"),
    (&["follow_symlinks", "disable_symlinks"], "symlinks"),
    (&["allowed", "whitelist"], "allow"),
    (&["access_log", "file"], "access"),
];

/// What other servers have and this one has not, and what there is for it.
const ABSENT: &[(&[&str], &str)] = &[
    (
        &["tls", "ssl", "https", "ssl_certificate", "ssl_certificate_key", "certificate", "cert", "acme"],
        "there is no TLS here: let a proxy that has it stand in front",
    ),
    (
        &["proxy_pass", "proxy", "reverse_proxy", "upstream", "fastcgi_pass", "php_fastcgi", "cgi"],
        "files are all that is served here, and nothing is passed on",
    ),
    (
        &["auth", "auth_basic", "basic_auth", "basicauth", "password", "passwords"],
        "there are no passwords here: `allow` below `[site.path.\"/directory/*\"]` names the addresses that may ask",
    ),
    (&["deny", "blacklist"], "nobody is named who may not ask: `allow` names those who may"),
    (
        &["location", "locations", "route", "routes", "handle"],
        "what holds for some paths is written below `[site.path.\"/directory/*\"]`",
    ),
];

/// One table, as a section of the config.
pub(super) struct Table<'a> {
    section: Section,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// Reports the keys of `entries` that `section` does not have.
    pub(super) fn open(section: Section, entries: &'a DeTable<'a>, context: &mut Context<'_>) -> Self {
        let table = Self { section, entries };
        let is_known = |name: &str| section.keys().contains(&name) || table.subsections().any(|known| known == name);
        let unknown = entries.keys().filter(|key| !is_known(key.get_ref()));
        for key in unknown {
            if context.is_full() {
                break;
            }
            context.problems.push(table.unknown(key.get_ref(), key.span()));
        }
        table
    }

    /// The value of `key`, where there is one that can be read; what is wrong with it is reported.
    pub(super) fn read<K: Kind>(&self, key: &str, kind: &K, context: &mut Context<'_>) -> Option<K::Value> {
        let value = self.value(key).filter(|_| !context.is_full())?;
        kind.read(&Item { key, place: value.span(), value: value.get_ref() }, context)
    }

    /// Whether `key` is written, be it well or badly.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Where the value of `key` is written.
    pub(super) fn place_of(&self, key: &str) -> Option<Place> {
        self.value(key).map(Spanned::span)
    }

    /// Reports that `key` is missing, where it is. `place` is the header of the table.
    pub(super) fn require(&self, key: &str, place: Place, help: &str, context: &mut Context<'_>) {
        let is_meant = |other: &str| {
            let is_name = OTHER_NAMES.iter().any(|(others, ours)| *ours == key && others.contains(&other));
            !self.section.keys().contains(&other) && (is_name || nearest(other, [key]).is_some())
        };
        // Where it is written by another name, that is told, and is enough.
        if !self.has(key) && !self.entries.keys().any(|other| is_meant(other.get_ref())) {
            let missing = Diagnostic::at(place, format!("missing key `{key}` {}", self.section));
            context.problems.push(missing.label(format!("needs `{key}`")).help(help));
        }
    }

    /// The table that stands under the name of `section`.
    pub(super) fn subtable(&self, section: Section, context: &mut Context<'_>) -> Option<Table<'a>> {
        let (header, name) = (section.header()?, section.name()?);
        let value = self.value(name)?;
        let entries = value.get_ref().as_table();
        if entries.is_none() {
            let problem = Diagnostic::at(value.span(), format!("`{name}` is not a table"));
            let problem = problem.label("expected one table");
            let sites = Section::Site.keys();
            let is_site = |value: &Spanned<DeValue<'_>>| {
                value.get_ref().as_table().is_some_and(|table| sites.iter().any(|key| table.contains_key(*key)))
            };
            let help = match value.get_ref().as_array().is_some_and(|tables| tables.iter().any(is_site)) {
                true => "a virtual host is a `[[site]]`".to_owned(),
                false => format!("write its keys below a `{header}` line"),
            };
            context.problems.push(problem.help(help));
        }
        Some(Table::open(section, entries?, context))
    }

    /// Every table that stands under the name of `section`, each with the place of its header.
    pub(super) fn subtables(&self, section: Section, context: &mut Context<'_>) -> Vec<(Place, Table<'a>)> {
        let (Some(header), Some(name)) = (section.header(), section.name()) else { return Vec::new() };
        let Some(value) = self.value(name) else { return Vec::new() };
        let values: &[Spanned<DeValue<'_>>] = match value.get_ref() {
            DeValue::Array(values) => values,
            _ => std::slice::from_ref(value),
        };
        let is_list = value.get_ref().is_array();
        let mut tables = Vec::new();
        for value in values {
            let entries = value.get_ref().as_table();
            if !is_list || entries.is_none() {
                let problem = Diagnostic::at(value.span(), format!("`{name}` is not a list of tables"));
                let is_inner = |key: &str| section.tables().filter_map(Section::name).any(|name| name == key);
                let has_no_header = entries.is_some_and(|table| table.keys().all(|key| is_inner(key.get_ref())));
                context.problems.push(match has_no_header {
                    true => problem.label(format!("belongs to the `{header}` above it, and there is none")).help(
                        format!("move this table below the `{header}` that it is for, behind the other keys of that"),
                    ),
                    false => problem
                        .label("expected a list of tables")
                        .help(format!("write `{header}` before the keys of each one")),
                });
            }
            // A single table is read nonetheless, so that what is wrong inside of it is told with the rest.
            if let Some(entries) = entries {
                tables.push((value.span(), Table::open(section, entries, context)));
            }
        }
        tables
    }

    /// Every table of the one that stands under the name of `section`, each by a name that is not ours.
    pub(super) fn named_tables<N: Word<Value: Clone + Eq + Hash>>(
        &self,
        section: Section,
        names: &N,
        context: &mut Context<'_>,
    ) -> Vec<(Spanned<N::Value>, Table<'a>)> {
        let (Some(header), Some(name)) = (section.header(), section.name()) else { return Vec::new() };
        let Some(value) = self.entries.get(name) else { return Vec::new() };
        let not_a_table = |place: Place, name: &str| {
            Diagnostic::at(place, format!("{} is not a table", Quoted(name)))
                .label("expected a table")
                .help(format!("write its keys below a `{header}` line"))
        };
        let Some(entries) = value.get_ref().as_table() else {
            context.problems.push(not_a_table(value.span(), name));
            return Vec::new();
        };
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let (mut tables, mut known) = (Vec::new(), HashMap::new());
        for (key, value) in entries {
            if context.is_full() {
                break;
            }
            let Some(entries) = value.get_ref().as_table() else {
                context.problems.push(not_a_table(value.span(), key.get_ref()));
                continue;
            };
            let table = Table::open(section, entries, context);
            if let Some(name) = add_name(names, key, name, &mut known, context) {
                tables.push((name, table));
            }
        }
        tables
    }

    /// The value under `key`. The parser leaves an empty place where it could not read one, and has said so.
    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.get(key).filter(|value| !value.span().is_empty())
    }

    /// Whether something is written that was probably meant to be `key`.
    pub(super) fn misspells(&self, key: &str) -> bool {
        self.entries.keys().any(|written| nearest(written.get_ref(), [key]).is_some())
    }

    fn subsections(&self) -> impl Iterator<Item = &'static str> {
        self.section.tables().filter_map(Section::name)
    }

    fn unknown(&self, key: &str, place: Place) -> Diagnostic {
        let section = self.section;
        let unknown = Diagnostic::at(place, format!("unknown key {} {section}", Quoted(key)));
        let homes: Vec<Section> = Section::ALL.into_iter().filter(|home| home.keys().contains(&key)).collect();
        if !homes.is_empty() {
            return self.misplaced(unknown, key, &homes);
        }
        if let Some(header) =
            Section::ALL.into_iter().filter_map(Section::header).find(|header| header.trim_matches(['[', ']']) == key)
        {
            return unknown.label("a table of its own").help(format!("write `{header}`, with no name before it"));
        }
        if Section::Path.name() == Some(key) {
            let header = Section::Path.header().unwrap_or_default();
            return unknown.label("belongs to a site").help(format!("write `{header}` below its `[[site]]`"));
        }
        let meant = OTHER_NAMES.iter().find(|(others, ours)| others.contains(&key) && section.keys().contains(ours));
        if let Some((_, ours)) = meant {
            return unknown.label(format!("here it is called `{ours}`"));
        }
        if let Some((_, instead)) = ABSENT.iter().find(|(others, _)| others.contains(&key)) {
            return unknown.label("not a key of this server").help(*instead);
        }
        if let Some(near) = nearest(key, section.keys().into_iter().chain(self.subsections())) {
            return unknown.label(format!("did you mean `{near}`?"));
        }
        let elsewhere = Section::ALL.into_iter().find_map(|home| Some((home, nearest(key, home.keys())?)));
        if let Some((home, near)) = elsewhere {
            return unknown.label(format!("did you mean `{near}` {home}?"));
        }
        let keys = section.keys().into_iter().map(|key| format!("`{key}`"));
        let known =
            unknown.label("not a key of this server").help(format!("the keys {section}: {}", listed(keys, "and")));
        match section {
            Section::Top => {
                let tables = section.tables().filter_map(Section::header).map(|header| format!("`{header}`"));
                known.help(format!("the tables: {}", listed(tables, "and")))
            }
            _ => known,
        }
    }

    /// The key is right and its place is not. That nothing but the next header ends a table surprises everyone once.
    fn misplaced(&self, unknown: Diagnostic, key: &str, homes: &[Section]) -> Diagnostic {
        let places = listed(homes.iter().map(Section::to_string), "or");
        let misplaced = unknown.label(format!("belongs {places}"));
        let misplaced = match self.section {
            Section::Top => misplaced,
            section => {
                let place = section.to_string();
                let header = place.trim_start_matches("in ");
                misplaced.note(format!("all keys below {header} belong to it, up to the next header"))
            }
        };
        if self.section == Section::Path && homes.contains(&Section::Site) {
            return misplaced.help(format!("move `{key}` up, to the other keys of its `[[site]]`"));
        }
        if homes.contains(&Section::Top) {
            return misplaced.help(format!("move `{key}` above the first header of the file"));
        }
        let headers = homes.iter().filter_map(|home| home.header()).map(|header| format!("a `{header}` line"));
        misplaced.help(format!("move `{key}` below {}", listed(headers, "or")))
    }
}
