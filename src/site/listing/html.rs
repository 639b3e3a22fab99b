//! A listing for people: a table that is read by a screen reader, and sorted without a script. Programs that look for
//! links find what is in the directory and the way up, and nothing twice: what sorts is a button.

use std::fmt::{self, Display, Formatter, Write};

use percent_encoding::percent_encode;

use super::order::{By, Direction};
use super::view::{NextPage, View};
use super::{Contents, date_time};
use crate::figures::{Grouped, Size};
use crate::files::{Entry, Kind};
use crate::site::page::{Document, Robots, Text};
use crate::site::path::ENCODED;

/// The page of a directory.
pub(super) fn page(path: &[u8], view: &View, mut contents: Contents) -> Vec<u8> {
    let mut page = contents.rows(row);
    let title = [b"Index of /", path].concat();
    let content = Page { path, view, contents: &contents };
    let around =
        Document { class: "listing", title: Text(&title), robots: Robots::Index, content: &content as &dyn Display };
    let around = around.to_string();
    // What is before the rows says how many there are. They are moved then, since there is to be one copy of them.
    let (before, behind) = around.split_once(ROWS).unwrap_or((&around, ""));
    page.insert_str(0, before);
    page += behind;
    page.into_bytes()
}

/// Where the rows belong. It is markup, which no name can be.
const ROWS: &str = "<!-- rows -->";

struct Page<'a> {
    path: &'a [u8],
    view: &'a View,
    contents: &'a Contents,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.heading(f)?;
        let Page { view, contents, .. } = self;
        let order = view.order;
        writeln!(f, "<form>\n<table>\n<caption>{}</caption>", Summary(contents, view))?;
        f.write_str("<thead><tr>")?;
        for (by, name) in [(By::Name, "Name"), (By::Size, "Size"), (By::Time, "Modified (UTC)")] {
            let sorted = match order.direction {
                _ if order.by != by => "",
                Direction::Ascending => " aria-sort=\"ascending\"",
                Direction::Descending => " aria-sort=\"descending\"",
            };
            let value = order.next(by).name();
            write!(f, "<th scope=\"col\"{sorted}><button name=\"sort\" value=\"{value}\">{name}</button></th>")?;
        }
        f.write_str("</tr></thead>\n<tbody>\n")?;
        if !self.path.is_empty() {
            f.write_str(
                "<tr class=\"up\"><th scope=\"row\"><a href=\"../\">Parent directory</a></th><td></td><td></td></tr>\n",
            )?;
        }
        f.write_str(ROWS)?;
        f.write_str("</tbody>\n</table>\n</form>\n")?;
        self.other_pages(f)
    }
}

impl Page<'_> {
    fn other_pages(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Page { view: View { order, after }, contents, .. } = self;
        let first = after.as_ref().map(|_| order.name());
        let next = contents.last().map(|last| NextPage { order: *order, last, separator: "&amp;" });
        if first.is_none() && next.is_none() {
            return Ok(());
        }
        f.write_str("<nav aria-label=\"Pages\">")?;
        if let Some(name) = first {
            write!(f, "<a href=\"?sort={name}\">First page</a> ")?;
        }
        if let Some(next) = next {
            write!(f, "<a rel=\"next\" href=\"{next}\">Next page</a>")?;
        }
        f.write_str("</nav>\n")
    }

    /// The name of the directory, below the way to it.
    fn heading(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(path) = self.path.strip_suffix(b"/") else { return f.write_str("<h1>Index of /</h1>\n") };
        let names: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        let Some((name, above)) = names.split_last() else { return Ok(()) };
        f.write_str("<nav aria-label=\"Directories above\">")?;
        for (depth, name) in [&b"Home"[..]].iter().chain(above).enumerate() {
            write!(f, "<a href=\"{}\">{}</a> / ", "../".repeat(names.len() - depth), Text(name))?;
        }
        writeln!(f, "</nav>\n<h1>{}</h1>", Text(name))
    }
}

/// No name of a file makes a reference lead elsewhere: a slash is in none, and colons are encoded.
fn row(f: &mut String, entry: &Entry) -> fmt::Result {
    let (class, slash) = match entry.kind {
        Kind::Directory => (" class=\"d\"", "/"),
        Kind::File => ("", ""),
    };
    let href = percent_encode(&entry.name, ENCODED);
    write!(f, "<tr{class}><th scope=\"row\"><a href=\"{href}{slash}\">{}{slash}</a></th>", Text(&entry.name))?;
    match entry.kind {
        Kind::Directory => f.write_str("<td></td>")?,
        Kind::File => write!(f, "<td title=\"{} bytes\">{}</td>", Grouped(entry.size), Size(entry.size))?,
    }
    match date_time(entry.modified) {
        None => f.write_str("<td></td></tr>\n"),
        Some(time) => {
            let minutes = time.strftime("%Y-%m-%d %H:%M");
            writeln!(f, "<td><time datetime=\"{time}Z\">{minutes}</time></td></tr>")
        }
    }
}

/// How much there is, and whether it is all here.
struct Summary<'a>(&'a Contents, &'a View);

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Summary(contents, View { order, after }) = self;
        let (total, shown) = (contents.counts.total(), contents.entries.len());
        if total == 0 {
            return f.write_str("There is nothing in this directory.");
        }
        let mut separator = "";
        for (count, one, many) in
            [(contents.counts.directories, "directory", "directories"), (contents.counts.files, "file", "files")]
        {
            if count > 0 {
                write!(f, "{separator}{} {}", Grouped(count as u64), if count == 1 { one } else { many })?;
                separator = ", ";
            }
        }
        if shown < total {
            let by = match order.by {
                By::Name => "name",
                By::Size => "size",
                By::Time => "time",
            };
            let shown = Grouped(shown as u64);
            match after {
                None => write!(f, ". On this page: the first {shown} by {by}.")?,
                Some(after) => write!(f, ". On this page: {shown} by {by}, after {}.", Text(&after.name))?,
            }
        }
        Ok(())
    }
}
