//! A tour: what somebody meets who has read the README and conf/webserv.toml, and nothing else. A file per stop, each
//! of which is walked through in a few steps; what there is to know about a thing besides has a file of its own.

mod arguments;
mod codings;
mod diagnostics;
mod hosts;
mod logs;
mod pages;
mod readme;
mod rules;

use crate::wire::{Peer, Response, request};

/// Asks as a step says: a method and a target, and behind bars the field lines besides Host.
#[track_caller]
fn ask(peer: &mut Peer, host: &str, asked: &str) -> Response {
    let (line, lines) = asked.split_once(" | ").unwrap_or((asked, ""));
    let (method, target) = line.split_once(' ').expect(asked);
    let lines: Vec<_> = lines.split(" | ").filter(|line| !line.is_empty()).collect();
    peer.exchange(request(method, target, &lines).replacen("localhost", host, 1))
}

/// Goes from step to step on one connection. To what is asked belongs what is met: a status, and behind bars the field
/// lines that the response has, with `...` for the rest of a value, `no NAME` for a field that it has not, `= TEXT` for
/// its whole content, and `~ TEXT` for what is in there.
#[track_caller]
fn walk(peer: &mut Peer, host: &str, steps: &[(&str, &str)]) {
    for (asked, met) in steps {
        let response = ask(peer, host, asked);
        let (status, parts) = met.split_once(" | ").unwrap_or((met, ""));
        assert_eq!(response.status().to_string(), status, "{asked}: {response}");
        for part in parts.split(" | ").filter(|part| !part.is_empty()) {
            let is_met = match part.split_once(' ').expect(part) {
                ("no", name) => response.field(name).is_none(),
                ("=", text) => response.text().trim_end() == text,
                ("~", text) => response.text().contains(text),
                (name, value) => {
                    let found = response.field(name.strip_suffix(':').expect(part)).unwrap_or_default();
                    value.strip_suffix("...").map_or(found == value, |start| found.starts_with(start))
                }
            };
            assert!(is_met, "{asked}: not `{part}`: {response}");
        }
    }
}
