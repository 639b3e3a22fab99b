//! A listing for programs.

use std::fmt::{self, Display, Formatter, Write};

use percent_encoding::percent_encode;

use super::view::{NextPage, View};
use super::{Contents, date_time};
use crate::escape::Json;
use crate::files::{Entry, Kind};
use crate::site::path::ENCODED;

/// The object of a directory. `name` is for people, and has U+FFFD for what is no UTF-8; `href` is exact, and relative
/// to the directory. `total` counts the entries that there are, which may be more than those that are here; `next` is
/// the reference to the others.
pub(super) fn page(path: &[u8], view: &View, contents: &mut Contents) -> Vec<u8> {
    let rows = contents.rows(row);
    Page { path, view, contents, rows: &rows }.to_string().into_bytes()
}

struct Page<'a> {
    path: &'a [u8],
    view: &'a View,
    contents: &'a Contents,
    rows: &'a str,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = [b"/", self.path].concat();
        write!(f, "{{\"path\":\"{}\",\"total\":{},", Json(&path), self.contents.total())?;
        if let Some(last) = self.contents.last() {
            write!(f, "\"next\":\"{}\",", NextPage { order: self.view.order, last, separator: "&" })?;
        }
        write!(f, "\"entries\":[{}\n]}}\n", self.rows)
    }
}

/// The object of an entry, behind those that are there.
fn row(rows: &mut String, entry: &Entry) -> fmt::Result {
    let comma = if rows.is_empty() { "" } else { "," };
    let (kind, slash) = match entry.kind {
        Kind::Directory => ("directory", "/"),
        Kind::File => ("file", ""),
    };
    let href = percent_encode(&entry.name, ENCODED);
    let name = Json(&entry.name);
    write!(rows, "{comma}\n{{\"name\":\"{name}\",\"href\":\"{href}{slash}\",\"type\":\"{kind}\"")?;
    if entry.kind == Kind::File {
        write!(rows, ",\"size\":{}", entry.size)?;
    }
    if let Some(time) = date_time(entry.modified) {
        write!(rows, ",\"modified\":\"{time}Z\"")?;
    }
    rows.write_str("}")
}
