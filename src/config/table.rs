//! A table of the file as written: its keys are read by name, and those that no one knows are reported.
//!
//! Never knows what a key means.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Place, Quoted, nearest};
use super::keys::Section;
use super::kind::{Context, Item, Kind, Word, add_name};
use super::word::listed;

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

    /// Reports that `key` is missing, where it is. `place` is the header of the table.
    pub(super) fn require(&self, key: &str, place: Place, help: &str, context: &mut Context<'_>) {
        if !self.has(key) {
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
            context
                .problems
                .push(problem.label("expected one table").help(format!("write its keys below a `{header}` line")));
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
                context.problems.push(
                    problem
                        .label("expected a list of tables")
                        .help(format!("write `{header}` before the keys of each one")),
                );
            }
            // A single table is read nonetheless, so that what is wrong inside of it is told with the rest.
            if let Some(entries) = entries {
                tables.push((value.span(), Table::open(section, entries, context)));
            }
        }
        tables
    }

    /// Every table of the one that stands under the name of `section`, each by a name that is not ours.
    pub(super) fn named_tables<N: Word<Value: PartialEq>>(
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
        let mut tables: Vec<(Spanned<N::Value>, Table<'a>)> = Vec::new();
        for (key, value) in entries {
            if context.is_full() {
                break;
            }
            let Some(entries) = value.get_ref().as_table() else {
                context.problems.push(not_a_table(value.span(), key.get_ref()));
                continue;
            };
            let table = Table::open(section, entries, context);
            if let Some(name) = add_name(names, key, name, tables.iter().map(|(name, _)| name), context) {
                tables.push((name, table));
            }
        }
        tables
    }

    /// The value under `key`. The parser leaves an empty place where it could not read one, and has said so.
    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.get(key).filter(|value| !value.span().is_empty())
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
        let misplaced = match self.section.header() {
            Some(header) => misplaced.note(format!("all keys below `{header}` belong to it, up to the next header")),
            None => misplaced,
        };
        if homes.contains(&Section::Top) {
            return misplaced.help(format!("move `{key}` above the first header of the file"));
        }
        let headers = homes.iter().filter_map(|home| home.header()).map(|header| format!("a `{header}` line"));
        misplaced.help(format!("move `{key}` below {}", listed(headers, "or")))
    }
}
