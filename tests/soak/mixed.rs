//! The soak: all kinds of clients at once, while files are replaced, the config is loaded again every second and the
//! access log is moved away. No request may fail, no byte be wrong, and nothing be left when they are gone.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::clients::{Figures, Soak};
use crate::documents::Documents;
use crate::known::AllKnown;
use crate::support::{PATIENCE, Scratch, Server, raise_descriptor_limit};
use crate::vitals::{Holdings, Memory, assert_no_errors};
use crate::wire::{Peer, request};
use crate::{alone, duration, seed, tell};

/// Clients at a time, besides those that only wait.
const THREADS: u64 = 8;

/// How often the config is loaded again.
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// One config in so many has a mistake.
const MISTAKE_EVERY: usize = 7;

/// A cache that a part of the files does not fit into, so that it has to choose, and times short enough to be met.
fn config(fields: usize, listeners: &str) -> String {
    format!(
        "listen = ['127.0.0.1:0', 'unix:web.sock'{listeners}]\n[log]\naccess = 'access.log'\n[limits]\n\
         fields = {fields}\ncache_size = '400 KiB'\nhead_time = '5s'\nsend_time = '20s'\n[[site]]\nroot = 'www'\n"
    )
}

/// Loads one config after the other, and moves the access log away each time.
struct Reloads<'a> {
    directory: &'a Scratch,
    count: usize,
    lines: usize,
}

impl Reloads<'_> {
    fn one(&mut self, server: &mut Server, figures: &Figures) {
        self.count += 1;
        fs::rename(self.directory.join("access.log"), self.log(self.count)).unwrap();
        if self.count.is_multiple_of(MISTAKE_EVERY) {
            self.directory.write("webserv.toml", config(100, "") + "indx = 'mistake.html'\n");
            // The log is opened again all the same.
            server.reload("cannot reload");
            return;
        }
        let second = if self.count.is_multiple_of(2) { ", 'unix:second.sock'" } else { "" };
        self.directory.write("webserv.toml", config(100 + self.count % 50, second));
        server.reload("reload: ~ limits.fields");
        if self.count.is_multiple_of(2) {
            let asked = request("OPTIONS", "*", &["Connection: close"]);
            figures.sent(1);
            Peer::unix(self.directory.join("second.sock")).exchange(asked).assert_status(204);
            figures.answered();
        }
        // What was moved away a few reloads ago is written to by nobody.
        if let Some(old) = self.count.checked_sub(4) {
            self.count_lines(self.log(old));
        }
    }

    fn log(&self, number: usize) -> PathBuf {
        self.directory.join(format!("access.{number}.log"))
    }

    fn count_lines(&mut self, log: PathBuf) {
        if let Ok(file) = File::open(&log) {
            self.lines += BufReader::new(file).split(b'\n').count();
            fs::remove_file(log).unwrap();
        }
    }

    /// Lines of all logs.
    fn all_lines(mut self) -> usize {
        (1..=self.count).for_each(|number| self.count_lines(self.log(number)));
        self.count_lines(self.directory.join("access.log"));
        self.lines
    }
}

#[test]
#[ignore = "takes minutes, as many as WEBSERV_SOAK_SECONDS says; .ci/run runs it with --ignored"]
fn nothing_fails_and_nothing_is_left() {
    let _alone = alone();
    let (time, seed) = (duration("WEBSERV_SOAK_SECONDS", 180), seed());
    tell(&format!("soak: {time:?}, WEBSERV_SEED={seed}"));
    raise_descriptor_limit();
    let directory = Scratch::new();
    let documents = Documents::write(&directory.join("www"));
    let mut server = Server::configured(&directory, &config(100, ""));
    let before = Holdings::of(&server);
    let (figures, stop) = (Figures::default(), AtomicBool::new(false));
    let known = AllKnown::learn(&server, &figures);
    let before = before.with_logs(&server);
    let address = server.address();
    let socket = directory.join("web.sock");
    let soak = Soak { address, socket: &socket, documents: &documents, known: &known, figures: &figures, stop: &stop };
    let mut reloads = Reloads { directory: &directory, count: 0, lines: 0 };
    let mut memory = Memory::default();
    let changes = thread::scope(|scope| {
        let soak = &soak;
        for number in 0..THREADS {
            scope.spawn(move || soak.clients(seed, number));
        }
        scope.spawn(|| soak.sleepers());
        let changes = scope.spawn(|| documents.change(&stop));
        let end = Instant::now() + time;
        let _stop = StopAtEnd(&stop);
        while Instant::now() < end && !stop.load(Ordering::Relaxed) {
            thread::sleep(RELOAD_INTERVAL); // the pace of it, not a wait
            reloads.one(&mut server, &figures);
            memory.sample(&server);
        }
        drop(_stop);
        changes.join().unwrap()
    });
    // A worker that nobody has asked anything: what the last one held for its files goes with it.
    directory.write("webserv.toml", config(99, ""));
    server.reload("reload: ~ limits.fields");
    let after = before.assert_back(&server);
    let (first, last) = memory.assert_bounded();
    server.process.signal(Signal::TERM);
    let finished = server.process.finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_no_errors(&finished.stderr, &["error: cannot reload", "error: unknown key `indx`", "has 1 error"]);
    let count = reloads.count;
    let lines = reloads.all_lines();
    let [requests, answers, bytes, connections, aborts, refusals, coded] = [
        &figures.requests,
        &figures.answers,
        &figures.bytes,
        &figures.connections,
        &figures.aborts,
        &figures.refusals,
        &figures.coded,
    ]
    .map(|figure| figure.load(Ordering::Relaxed));
    tell(&format!(
        "soak: {requests} requests, {answers} answers checked whole, {} MB of content checked, {connections} \
         connections, {aborts} broken off, {refusals} refused, {coded} answers in gzip, {changes} files \
         replaced, {count} reloads, {lines} lines of the access log, resident {first} KiB at most in the \
         first third and {last} KiB in the last, {} descriptors and {} threads at the start, {} and {} at the end",
        bytes / 1_000_000,
        before.descriptors,
        before.threads,
        after.descriptors,
        after.threads,
    ));
    // A request that was broken off may have been answered, as far as the server could tell. No line is lost unless the
    // disk is too slow, and then it is counted.
    let lines = lines + lost_lines(&finished.stderr);
    assert!((answers..=requests).contains(&lines), "{lines} lines of the access log");
    assert!(coded > 0, "no answer in gzip");
    assert!(answers > 50 * time.as_secs() as usize, "{answers} answers in {time:?} are no load");
}

/// How many lines of the access log were not written, as is told.
fn lost_lines(said: &str) -> usize {
    let told =
        said.lines().filter(|line| line.contains(" lost: ")).filter_map(|line| line.split("access log: ").nth(1));
    told.map(|rest| rest.split(' ').next().unwrap().replace(',', "").parse::<usize>().unwrap()).sum()
}

/// Tells the clients to stop, also where the test fails.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
