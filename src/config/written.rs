//! The file as written: TOML read into the keys of each section, every value with its place.
//!
//! Never compares two values and fills in no default across sections.

use toml::Spanned;
use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Place, Quoted, lines_of};
use super::keys::{Limits, Log, PathKeys, Section, Server, SharedKeys, SiteKeys};
use super::kind::Context;
use super::pattern::{Paths, Pattern};
use super::table::Table;

const ROOT_HELP: &str = "add `root = \"www\"`: the directory to serve, relative to the directory of this file";

/// Each is compared with all that was read.
const SYNTAX_ERRORS_MAX: usize = 200;

/// The file as written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) shared: SharedKeys,
    pub(super) server: Server,
    pub(super) limits: Limits,
    pub(super) log: Log,
    pub(super) sites: Vec<WrittenSite>,
    /// Whether the file is TOML. Where it is not, what seems to be missing may stand in the part that was not read.
    pub(super) complete: bool,
}

/// One `[[site]]`.
pub(super) struct WrittenSite {
    /// Its header.
    pub(super) place: Place,
    pub(super) own: SiteKeys,
    pub(super) shared: SharedKeys,
    /// What holds for some of its paths
    pub(super) paths: Vec<(Spanned<Pattern>, PathKeys)>,
}

impl Written {
    /// Reads all of `text` that can be read, and reports the rest.
    pub(super) fn read(text: &str, context: &mut Context<'_>) -> Self {
        let (document, errors) = DeTable::parse_recoverable(text);
        let document = document.get_ref();
        let top = Table::open(Section::Top, document, context);
        let complete = errors.is_empty();
        let written = Self {
            shared: SharedKeys::read(&top, context),
            server: top
                .subtable(Section::Server, context)
                .map(|table| Server::read(&table, context))
                .unwrap_or_default(),
            limits: top
                .subtable(Section::Limits, context)
                .map(|table| Limits::read(&table, context))
                .unwrap_or_default(),
            log: top.subtable(Section::Log, context).map(|table| Log::read(&table, context)).unwrap_or_default(),
            sites: read_sites(&top, complete, context),
            complete,
        };
        let mut syntax = Vec::new();
        for error in errors.iter().take(SYNTAX_ERRORS_MAX) {
            let problem = syntax_error(error, document, text);
            // What was made of a line that is no TOML says nothing about what its author meant.
            if let Some(place) = error.span() {
                let lines = lines_of(&place, text);
                context.problems.retain(|problem| !problem.is_in(&lines));
            }
            syntax.push(problem);
        }
        context.problems.extend(syntax);
        written
    }
}

fn read_sites(top: &Table<'_>, complete: bool, context: &mut Context<'_>) -> Vec<WrittenSite> {
    let tables = top.subtables(Section::Site, context);
    if complete && !top.has("site") {
        let problem = Diagnostic::without_place("the config has no site");
        context
            .problems
            .push(problem.help("add the line `[[site]]` and below it `root = \"www\"`, the directory to serve"));
    }
    let mut sites = Vec::new();
    for (place, table) in tables {
        if complete {
            table.require("root", place.clone(), ROOT_HELP, context);
        }
        let (own, shared) = (SiteKeys::read(&table, context), SharedKeys::read(&table, context));
        let paths = table.named_tables(Section::Path, &Paths, context).into_iter();
        let paths = paths.map(|(pattern, table)| (pattern, PathKeys::read(&table, context))).collect();
        sites.push(WrittenSite { place, own, shared, paths });
    }
    sites
}

/// The parser's message, split into what is wrong and what was expected.
fn syntax_error(error: &toml::de::Error, document: &DeTable<'_>, text: &str) -> Diagnostic {
    let (title, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let place = error.span().unwrap_or(text.len()..text.len());
    let label = if expected.is_empty() { String::new() } else { format!("expected {expected}") };
    let diagnostic = Diagnostic::at(place.clone(), title).label(label);
    match title {
        "duplicate key" => {
            let key = text.get(place.clone()).unwrap_or_default();
            let diagnostic = diagnostic.label(format!("{} is already there", Quoted(key)));
            match last_before(document, key, place.start) {
                Some(first) => diagnostic.related(first, "first written here"),
                None => diagnostic,
            }
        }
        "string values must be quoted" => {
            let word = text.get(place.clone()).unwrap_or_default().trim();
            if word.is_empty() {
                return Diagnostic::at(place, "missing value").label("expected a value");
            }
            diagnostic.label("expected a quoted string").help(format!("write \"{word}\""))
        }
        _ => diagnostic,
    }
}

/// The last place before `end` where `key` is written as a key.
fn last_before(table: &DeTable<'_>, key: &str, end: usize) -> Option<Place> {
    let here = table.keys().filter(|known| known.get_ref() == key).map(|known| known.span());
    let tables = table.values().flat_map(|value| match value.get_ref() {
        toml::de::DeValue::Array(values) => values.iter().filter_map(|value| value.get_ref().as_table()).collect(),
        value => Vec::from_iter(value.as_table()),
    });
    let below = tables.filter_map(|table| last_before(table, key, end));
    here.chain(below).filter(|place| place.end <= end).max_by_key(|place| place.start)
}
