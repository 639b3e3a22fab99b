//! A listing for programs.

use std::fmt::{self, Write};

use percent_encoding::percent_encode;

use super::view::{NextPage, View};
use super::{Contents, date_time};
use crate::escape::Json;
use crate::files::{Entry, Kind};
use crate::site::path::ENCODED;

/// The object of a directory. `name` is for people, and has U+FFFD for what is no UTF-8; `href` is exact, and relative
/// to the directory. `total` counts the entries that there are, which may be more than those that are here; `next` is
/// the reference to the others.
pub(super) fn page(path: &[u8], view: &View, mut contents: Contents) -> Vec<u8> {
    let mut page = contents.rows(row);
    let path = [b"/", path].concat();
    let next = contents.last().map(|last| NextPage { order: view.order, last, separator: "&" });
    let next = next.map(|next| format!("\"next\":\"{next}\",")).unwrap_or_default();
    // They are moved, since there is to be one copy of them.
    let total = contents.counts.total();
    page.insert_str(0, &format!("{{\"path\":\"{}\",\"total\":{total},{next}\"entries\":[", Json(&path)));
    page += "\n]}\n";
    page.into_bytes()
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
