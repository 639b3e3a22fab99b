//! The file as written: TOML read into the keys of each section, every value with its place.
//!
//! Never compares two values and fills in no default across sections.

use toml::Spanned;
use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Place, lines_of};
use super::expect::Expectation;
use super::keys::{Limits, Log, PathKeys, Server, SharedKeys, SiteKeys};
use super::kind::Context;
use super::pattern::{Paths, Pattern};
use super::section::Section;
use super::syntax;
use super::table::Table;

const ROOT_HELP: &str = "add `root = \"www\"`: the directory to serve, relative to the directory of this file";

/// The file as written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) shared: SharedKeys,
    pub(super) server: Server,
    pub(super) limits: Limits,
    pub(super) log: Log,
    /// Where it is written whereto the access log goes
    pub(super) access_place: Option<Place>,
    pub(super) sites: Vec<WrittenSite>,
    pub(super) expectations: Vec<Expectation>,
    /// Whether the file is TOML. Where it is not, what seems to be missing may stand in the part that was not read.
    pub(super) complete: bool,
    /// The byte from which on the parser has lost its way, and nothing is worth telling
    pub(super) judged_to: usize,
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
        let (syntax, judged_to) = syntax::problems(&errors, document, text);
        let log = top.subtable(Section::Log, context);
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
            access_place: log.as_ref().and_then(|table| table.place_of("access")),
            log: log.map(|table| Log::read(&table, context)).unwrap_or_default(),
            sites: read_sites(&top, complete, context),
            expectations: read_expectations(&top, complete, context),
            complete,
            judged_to,
        };
        // What was made of a line that is no TOML says nothing about what its author meant.
        let errors_lines =
            errors.iter().take(syntax::ERRORS_MAX).filter_map(|error| Some(lines_of(&error.span()?, text)));
        let broken: Vec<Place> = errors_lines.chain(syntax.iter().filter_map(|problem| problem.lines(text))).collect();
        context
            .problems
            .retain(|problem| !problem.is_behind(judged_to) && !broken.iter().any(|lines| problem.is_in(lines)));
        context.problems.extend(syntax);
        if let (Some(error), true) = (errors.first(), context.problems.is_empty()) {
            context.problems.push(Diagnostic::without_place(error.message()));
        }
        written
    }
}

fn read_sites(top: &Table<'_>, complete: bool, context: &mut Context<'_>) -> Vec<WrittenSite> {
    let tables = top.subtables(Section::Site, context);
    // One that is misspelt has been told, and that there is none would follow from it.
    if complete && !top.has("site") && !top.misspells("site") {
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

fn read_expectations(top: &Table<'_>, complete: bool, context: &mut Context<'_>) -> Vec<Expectation> {
    let tables = top.subtables(Section::Expect, context);
    tables.into_iter().filter_map(|(place, table)| Expectation::read(place, &table, complete, context)).collect()
}
