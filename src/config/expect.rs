//! What a config expects of the answers to some URLs: its tests.
//!
//! Never asks for one of them: that is done by the sites.

use toml::Spanned;

use super::diagnostic::{Diagnostic, Place};
use super::field::FieldName;
use super::keys::ExpectKeys;
use super::kind::Context;
use super::source::Located;
use super::table::Table;
use super::url::Url;

/// What is expected of the answer to a GET of one URL: a status, or a field at least.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// What is asked for
    pub url: Located<Url>,
    /// The status
    pub status: Option<Located<u16>>,
    /// The fields by their names, each with its whole value; empty for a field that must not be there
    pub headers: Vec<(FieldName, Located<String>)>,
}

impl Expectation {
    /// Reads a `[[expect]]` whose header is at `place`, unless something is wrong with it, which is reported. Where the
    /// file is not `complete`, what is missing may have been lost with the rest.
    pub(super) fn read(place: Place, table: &Table<'_>, complete: bool, context: &mut Context<'_>) -> Option<Self> {
        let keys = ExpectKeys::read(table, context);
        if complete {
            let help = "add `url = \"http://localhost:8080/old\"`: what is asked for, or its path alone";
            table.require("url", place.clone(), help, context);
            if !table.has("status") && !table.has("headers") {
                let nothing = Diagnostic::at(place, "nothing is expected").label("needs `status` or `headers`");
                context.problems.push(nothing.help("add `status = 200`, or `headers = { Location = \"/new\" }`"));
            }
        }
        let header = |(name, value): &(Spanned<FieldName>, Spanned<String>)| {
            let place = name.span().start..value.span().end;
            (name.get_ref().clone(), Located::at(place, value.get_ref().clone()))
        };
        Some(Expectation {
            url: Located::of(&keys.url?),
            status: keys.status.as_ref().map(Located::of),
            headers: keys.headers.iter().flatten().map(header).collect(),
        })
    }
}
