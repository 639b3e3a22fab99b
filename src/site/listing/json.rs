//! A listing for programs.

use std::fmt::{self, Display, Formatter, Write};

use percent_encoding::percent_encode;

use super::{Contents, date_time};
use crate::files::Kind;
use crate::site::path::ENCODED;

/// The object of a directory. `name` is for people, and has U+FFFD for what is no UTF-8; `href` is exact, and relative to
/// the directory. `total` counts the entries that there are, which may be more than those that are here.
pub(super) fn page(path: &[u8], contents: &Contents) -> Vec<u8> {
    Page { path, contents }.to_string().into_bytes()
}

struct Page<'a> {
    path: &'a [u8],
    contents: &'a Contents,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = [b"/", self.path].concat();
        write!(f, "{{\"path\":{},\"total\":{},\"entries\":[", Quoted(&path), self.contents.total())?;
        for (at, entry) in self.contents.entries.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let (kind, slash) = match entry.kind {
                Kind::Directory => ("directory", "/"),
                Kind::File => ("file", ""),
            };
            let href = percent_encode(&entry.name, ENCODED);
            write!(f, "{comma}\n{{\"name\":{},\"href\":\"{href}{slash}\",\"type\":\"{kind}\"", Quoted(&entry.name))?;
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

/// A string (RFC 8259, section 7).
struct Quoted<'a>(&'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in String::from_utf8_lossy(self.0).chars() {
            match char {
                '"' | '\\' => write!(f, "\\{char}")?,
                control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
                char => f.write_char(char)?,
            }
        }
        f.write_str("\"")
    }
}
