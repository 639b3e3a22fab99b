//! The rows that have a way of their own: system calls, memory, company, latency, and the start.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::load::Clients;
use crate::measure::Bench;
use crate::peers::{Canned, Kind, Server};
use crate::process::{LOAD_CORE, Process};
use crate::results::{Row, Spread, shown};
use crate::scenario::Scenario;

/// Connections that stay open.
const IDLE: usize = 5_000;

/// Requests that are offered each second.
const RATE: f64 = 50_000.0;

/// How often each server is started.
const STARTS: usize = 20;

/// Rows, and what else there is to be told.
pub(crate) type Measured = (Vec<Row>, Vec<String>);

/// A measurement.
type Measure = fn(&Special<'_>) -> Measured;

/// The measurements by the name that selects them.
pub(crate) const ALL: &[(&str, Measure)] = &[
    ("system-calls", |special| special.system_calls()),
    ("idle-memory", |special| special.idle_memory()),
    ("beside-idle", |special| special.beside_idle()),
    ("latency", |special| special.latency()),
    ("start", |special| special.start()),
];

/// The one file that all of these ask for.
pub(crate) struct Special<'a> {
    bench: &'a Bench<'a>,
    scenario: &'a Scenario,
    canned: Canned,
}

impl<'a> Special<'a> {
    pub(crate) fn new(bench: &'a Bench<'a>, scenario: &'a Scenario) -> Special<'a> {
        let canned = bench.canned(&bench.start(Kind::Webserv), scenario);
        Special { bench, scenario, canned }
    }

    /// A server that has done nothing yet but answer once.
    fn fresh(&self, kind: Kind) -> (Server, Duration) {
        Server::timed(kind, self.bench.scratch, self.bench.tree.root(), Some(&self.canned), &self.scenario.target)
    }

    fn connect(&self, server: &Server, count: usize) -> Clients {
        Clients::connect(server.address, &self.scenario.target, count)
    }

    /// What strace counts while a number of requests is made that is known. Connecting is not counted.
    fn system_calls(&self) -> Measured {
        let mut rows = Vec::new();
        let mut notes = Vec::new();
        // One client by itself lets the server come to rest before each request, which strace would make it miss.
        let rest = Duration::from_millis(2);
        for (count, requests, pause) in [(64, 12_800, Duration::ZERO), (1, 1_000, rest)] {
            let clients = if count == 1 { "client" } else { "clients" };
            let mut row = Row::new(format!("system calls a request, {count} {clients}"), "calls", "");
            for kind in self.bench.kinds(0) {
                let (server, _) = self.fresh(kind);
                let mut clients = self.connect(&server, count);
                clients.exchange(10, pause);
                let calls = self.traced(&server, || clients.exchange(requests / count, pause));
                let per_request = |calls: usize| calls as f64 / requests as f64;
                row.add(kind, per_request(calls.values().sum()), None);
                let mut calls: Vec<_> = calls.iter().collect();
                calls.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
                let calls = calls.iter().filter(|(_, count)| per_request(**count) >= 0.01);
                let calls: Vec<_> = calls.map(|(name, count)| format!("{name} {:.2}", per_request(**count))).collect();
                notes.push(format!("{}, {}: {}.", row.name, kind.name(), calls.join(", ")));
            }
            rows.push(row);
        }
        (rows, notes)
    }

    /// The calls by name that a server makes while something is done.
    fn traced(&self, server: &Server, act: impl FnOnce()) -> HashMap<String, usize> {
        let output = self.bench.scratch.path().join("strace");
        let ids = server.members.ids();
        let mut command = Command::new("strace");
        command.args(["-c", "-f", "-o"]).arg(&output).stderr(Stdio::piped());
        command.args(ids.iter().flat_map(|id| ["-p", id]));
        let mut strace = Process::spawn(&mut command, LOAD_CORE).unwrap_or_else(|error| panic!("strace: {error}"));
        let mut said = BufReader::new(strace.child.stderr.take().expect("a pipe")).lines();
        for _ in &ids {
            let line = said.next().and_then(Result::ok).unwrap_or_default();
            assert!(line.contains("attached"), "strace: {line}");
        }
        act();
        strace.signal(Signal::INT);
        strace.wait();
        let table = fs::read_to_string(output).expect("what strace counted");
        // "% time  seconds  usecs/call  calls  [errors]  syscall"
        let counts = table.lines().filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let (name, calls) = (*words.last()?, words.get(3)?.parse().ok()?);
            (name != "total").then(|| (name.to_owned(), calls))
        });
        counts.collect()
    }

    /// What a connection takes that has had one response and waits for the next request.
    fn idle_memory(&self) -> Measured {
        let mut row = Row::new(format!("memory per idle connection, of {}", shown(IDLE as f64)), "bytes", "");
        for round in 0..self.bench.options.rounds {
            for kind in self.bench.kinds(round) {
                let (server, _) = self.fresh(kind);
                let before = server.members.memory().resident;
                let _clients = self.connect(&server, IDLE);
                row.add(kind, (server.members.memory().resident - before) / IDLE as f64, None);
            }
        }
        (vec![row], Vec::new())
    }

    /// How much more a request takes while many connections are idle: 1 is no more.
    fn beside_idle(&self) -> Measured {
        let mut row = Row::new(format!("CPU time beside {} idle, against none", shown(IDLE as f64)), "times", "");
        for round in 0..self.bench.options.rounds {
            for kind in self.bench.kinds(round) {
                let (server, _) = self.fresh(kind);
                let (without, _) = self.bench.measure(&server, self.scenario);
                let _clients = self.connect(&server, IDLE);
                let (with, _) = self.bench.measure(&server, self.scenario);
                row.add(kind, with / without, None);
            }
        }
        (vec![row], Vec::new())
    }

    /// How long a request takes while the server is busy and not overwhelmed.
    fn latency(&self) -> Measured {
        let name = |part| format!("latency at {} requests/s, {part}", shown(RATE));
        let mut rows = [(50, "p50"), (99, "p99")].map(|(percent, part)| (percent, Row::new(name(part), "us", "")));
        let time = Duration::from_secs(self.bench.options.seconds.into());
        for round in 0..self.bench.options.rounds {
            for kind in self.bench.kinds(round) {
                let (server, _) = self.fresh(kind);
                let clients = self.connect(&server, 64);
                let taken = clients.paced(RATE, time);
                for (percent, row) in &mut rows {
                    row.add(kind, taken[(taken.len() - 1) * *percent / 100], None);
                }
            }
        }
        (rows.map(|(_, row)| row).into(), Vec::new())
    }

    /// From the start of the process to the end of its first response, and the memory that it has then.
    fn start(&self) -> Measured {
        let mut time = Row::new("start to first response", "ms", "");
        let mut resident = Row::new("memory at start", "KiB", "");
        let mut anonymous = Row::new("memory at start, no file behind it", "KiB", "");
        for round in 0..STARTS {
            for kind in self.bench.kinds(round) {
                let (server, elapsed) = self.fresh(kind);
                let memory = server.members.memory();
                time.add(kind, elapsed.as_secs_f64() * 1e3, None);
                resident.add(kind, memory.resident / 1024.0, None);
                anonymous.add(kind, memory.anonymous / 1024.0, None);
            }
        }
        let mut notes = Vec::new();
        if let (Some(ours), Some(bare)) = (time.value(Kind::Webserv), time.value(Kind::Limit)) {
            let Spread { median, .. } = ours;
            notes.push(format!(
                "webserv answers {} ms after a process that does no more than bind and answer.",
                shown(median - bare.median)
            ));
        }
        (vec![time, resident, anonymous], notes)
    }
}
