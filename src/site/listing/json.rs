//! A listing for programs.

use std::fmt::{self, Display, Formatter};

use percent_encoding::percent_encode;

use super::view::{Next, View};
use super::{Contents, date_time};
use crate::escape::Json;
use crate::files::Kind;
use crate::site::path::ENCODED;

/// The object of a directory. `name` is for people, and has U+FFFD for what is no UTF-8; `href` is exact, and relative
/// to the directory. `total` counts the entries that there are, which may be more than those that are here; `next` is
/// the reference to the others.
pub(super) fn page(path: &[u8], view: &View, contents: &Contents) -> Vec<u8> {
    Page { path, view, contents }.to_string().into_bytes()
}

struct Page<'a> {
    path: &'a [u8],
    view: &'a View,
    contents: &'a Contents,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = [b"/", self.path].concat();
        write!(f, "{{\"path\":\"{}\",\"total\":{},", Json(&path), self.contents.total())?;
        if let Some(last) = self.contents.last() {
            write!(f, "\"next\":\"{}\",", Next { order: self.view.order, last, separator: "&" })?;
        }
        f.write_str("\"entries\":[")?;
        for (at, entry) in self.contents.entries.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let (kind, slash) = match entry.kind {
                Kind::Directory => ("directory", "/"),
                Kind::File => ("file", ""),
            };
            let href = percent_encode(&entry.name, ENCODED);
            let name = Json(&entry.name);
            write!(f, "{comma}\n{{\"name\":\"{name}\",\"href\":\"{href}{slash}\",\"type\":\"{kind}\"")?;
            if entry.kind == Kind::File {
                write!(f, ",\"size\":{}", entry.size)?;
            }
            if let Some(time) = date_time(entry.modified) {
                write!(f, ",\"modified\":\"{time}Z\"")?;
            }
            f.write_str("}")?;
        }
        f.write_str("\n]}\n")
    }
}
