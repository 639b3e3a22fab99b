//! The same bytes to webserv, to nginx and to h2o: where they do not agree, a reason says why this server is right.
//!
//! `corpus` holds the requests, each with its reason where there is a difference; `peers` starts the three servers;
//! `exchange` sends and listens; `outcome` and `fields` reduce what came back to what can be compared; `report` writes
//! REPORT.md.

// The lints that keep the server from panicking would keep a test from failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod corpus;
mod exchange;
mod fields;
mod outcome;
mod peers;
mod report;
#[allow(dead_code, reason = "shared with the other tests, which use the rest of it")]
#[path = "../it/support.rs"]
mod support;
#[allow(dead_code, reason = "shared with the other tests, which use the rest of it")]
#[path = "../it/wire.rs"]
mod wire;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use corpus::Entry;
use outcome::Outcome;
use peers::{Peer, Peers};
use report::{Compared, Report};

/// Exchanges at a time. They spend their time waiting for servers that have nothing to say.
const THREADS: usize = 64;

/// Set to anything, it has the report written rather than compared.
const WRITE: &str = "WRITE_REPORT";

#[test]
#[ignore = "needs nginx and h2o; .ci/run installs them and runs with --ignored"]
fn every_difference_from_nginx_and_h2o_has_a_reason() {
    let peers = Peers::start();
    let entries: Vec<&Entry> = corpus::TOPICS.iter().flat_map(|topic| topic.entries).collect();
    let mut outcomes = compare(peers.all(), &entries).into_iter();
    let mut report = Report::new(peers.versions());
    for topic in corpus::TOPICS {
        let compared = topic.entries.iter().zip(&mut outcomes).map(|(entry, outcomes)| Compared { entry, outcomes });
        report.topic(topic.title, &compared.collect::<Vec<_>>());
    }

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/REPORT.md");
    let fields = report.fields();
    let faults = report.faults();
    let text = report.finish(&fields);
    if env::var_os(WRITE).is_some() {
        fs::write(path, &text).unwrap();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    wire::assert_bytes(text.as_bytes(), &fs::read(path).unwrap());
}

/// The outcomes of each entry, in the order of the servers.
fn compare(peers: [&Peer; 3], entries: &[&Entry]) -> Vec<[Outcome; 3]> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(at) else { return done };
            done.push((at, peers.map(|peer| exchange::outcome(peer, entry))));
        }
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcomes)| outcomes).collect()
}

#[test]
fn no_request_stands_in_the_corpus_twice() {
    let mut seen = std::collections::HashSet::new();
    for entry in corpus::TOPICS.iter().flat_map(|topic| topic.entries) {
        assert!(seen.insert((entry.bytes("\"tag\""), entry.is_half_closed)), "twice: {}", entry.shown());
    }
}
