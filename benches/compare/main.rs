//! webserv beside its peers and beside what is possible: CPU time for each request, system calls, memory, latency,
//! start.
//!
//! ```text
//! cargo bench --bench compare -- [--rounds N] [--seconds N] [--only NAME,..] [--peers NAME,..] [--write]
//! ```
//!
//! Every server runs on one core and serves the same files; `wrk` and the clients of this program run on another. CPU
//! time is what is compared, because it tells servers apart also where the load is what cannot go faster, and where
//! other work on the machine takes turns with them. Each round runs every server once in each row, beginning with
//! another of them, and ratios are taken within a round.
//!
//! `scenario` has the rows, `peers` the servers with their configs, `limit` what is possible; `measure` and `special`
//! measure, `report` shows. It needs wrk and strace. A peer that isn't installed is left out.

// The lints that keep the server from panicking would keep a benchmark from failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cleanup;
mod client;
mod limit;
mod load;
mod measure;
mod options;
mod peers;
mod process;
mod report;
mod results;
mod scenario;
mod special;
mod tree;
mod wrk;

use std::io::{self, Write};
use std::time::Duration;

use crate::cleanup::Scratch;
use crate::measure::Bench;
use crate::options::Options;
use crate::special::Special;
use crate::tree::Tree;

/// How old a file is before it is asked for: servers take one that was just written for one that may still change.
const SETTLED: Duration = Duration::from_secs(5);

/// The share of the machine that others may use.
const BUSY_MAX: f64 = 0.05;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((limit::ARGUMENT, rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return limit::run(rest);
    }
    // `cargo test --all-targets` runs benchmarks too, and tells them apart by leaving this out.
    if arguments.iter().any(|argument| argument == "--bench") {
        compare(&arguments);
    }
}

fn compare(arguments: &[String]) {
    let scenarios = scenario::all();
    let names: Vec<_> = scenarios.iter().map(|it| it.key).chain(special::ALL.iter().map(|(name, _)| *name)).collect();
    let mut options = Options::parse(arguments, &names);
    let mut notes = Vec::new();
    options.kinds.retain(|kind| {
        let is_there = kind.version().is_some();
        if !is_there {
            notes.push(format!("{} is not installed.", kind.name()));
        }
        is_there
    });
    process::raise_descriptor_limit();
    cleanup::on_signal();
    process::pin(process::LOAD_CORE);

    let specials: Vec<_> = special::ALL.iter().filter(|(name, _)| options.wants(name)).collect();
    let wanted: Vec<_> = scenarios.into_iter().filter(|it| options.wants(it.key)).collect();
    let small = scenario::small();
    let scratch = Scratch::new();
    let targets = wanted.iter().chain([&small]).map(|scenario| scenario.target.as_str());
    let tree = Tree::write(&scratch, targets);
    let busy = process::busy_meanwhile(SETTLED);
    if busy > BUSY_MAX {
        notes.push(format!("Others used {:.0} % of the machine: these figures are worth little.", busy * 100.0));
    }
    notes.iter().for_each(|note| eprintln!("{note}"));
    let bench = Bench { options: &options, scratch: &scratch, tree: &tree };
    let mut rows = bench.rows(&wanted);
    if !specials.is_empty() {
        let special = Special::new(&bench, &small);
        for (_, measure) in specials {
            let (more, said) = measure(&special);
            rows.extend(more);
            notes.extend(said);
        }
    }
    let table = report::table(&rows, &options);
    let origin = report::origin(&options);
    let shown = format!("{}\n\n{table}\n{}\n", origin.join("\n"), notes.join("\n"));
    io::stdout().write_all(shown.as_bytes()).expect("somebody who reads it");
    if options.writes {
        report::write(&table, &origin, &notes);
    }
}
