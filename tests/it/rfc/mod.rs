//! What this server does, section by section of RFC 9112 and RFC 9110: a table of bytes in and bytes out.
//!
//! Who wants to know what becomes of `Transfer-Encoding: xchunked` searches these files for `xchunked` and finds its
//! row:
//!
//! ```text
//! row("9112/6.1", "a coding of another name: xchunked", get("Transfer-Encoding: xchunked"), bad("the last ..."))
//!      section     what is special                       what is sent                         what comes back
//! ```
//!
//! - The third column is the request. A plain string is all that is sent; `get("A: b")` is a GET of /a.txt with that
//!   field; `request("HEAD /a.txt HTTP/1.1", "A: b")` is that request line with Host and that field. `<tag>` is the
//!   entity tag of /a.txt, whose content is `0123456789`; `fixture` has the other files.
//! - The fourth column is the whole answer: `ok()` is 200 with /a.txt, `part("2-4")` is 206 with three bytes of it,
//!   `error(404, why)` is a line of text behind which the connection stays open, `bad(why)` is 400 and the end of the
//!   connection. `notation` has the exact bytes of each. `closes()` adds `Connection: close` and the end, `head()`
//!   leaves the content out, `then()` is the response to a second request.
//! - An answer that stays open is proven to: the next request on that connection is answered too. Behind an answer that
//!   closes, the same bytes are proven to be no request.
//!
//! The same from the other side: `tests/CLAUSES.md` goes clause by clause through the MUST and SHOULD of both and names
//! the tests that hold each; `tests/differential/REPORT.md` says what nginx and h2o do otherwise, and why;
//! `tests/it/rejections.rs` has all that ends the connection.
//!
//! Every row is sent at once, cut in two at several places and, every third, byte by byte, with the same transcript.

mod conditional;
mod connections;
mod fields;
mod fixture;
mod framing;
mod messages;
mod methods;
mod notation;
mod ranges;
mod routing;
mod runner;
mod statuses;

use std::collections::HashSet;

use crate::support::Server;
use notation::Row;
use runner::Runner;

/// How many rows there are, so that none is lost unnoticed.
const ROWS: usize = 857;

/// The sections that bind an origin server.
const SECTIONS: [(&str, std::ops::RangeInclusive<u8>); 2] = [("9112", 2..=9), ("9110", 5..=15)];

fn table() -> Vec<Row> {
    let tables = [
        messages::rows(),
        routing::rows(),
        framing::rows(),
        connections::rows(),
        fields::rows(),
        methods::rows(),
        conditional::rows(),
        ranges::rows(),
        statuses::rows(),
    ];
    tables.into_iter().flatten().collect()
}

#[test]
fn every_row_is_answered_so() {
    let tree = fixture::tree();
    let server = Server::of(&tree);
    let mut runner = Runner::of(&server);
    let failures: Vec<_> = table()
        .iter()
        .enumerate()
        .filter_map(|(number, row)| {
            let failure = runner.run(row, number % 3 == 0)?;
            Some(format!("{} {}\n{failure}", row.section, row.name))
        })
        .collect();
    assert!(failures.is_empty(), "{} rows fail:\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn no_row_is_lost_and_no_section_is_without() {
    let table = table();
    assert_eq!(table.len(), ROWS);
    let names: HashSet<_> = table.iter().map(|row| (row.section, row.name)).collect();
    assert_eq!(names.len(), table.len(), "a name stands twice in its section");
    for (rfc, sections) in SECTIONS {
        for section in sections {
            let section = format!("{rfc}/{section}");
            let is_in = |row: &&Row| row.section == section || row.section.starts_with(&format!("{section}."));
            assert!(table.iter().any(|row| is_in(&row)), "no row of {section}");
        }
    }
}
