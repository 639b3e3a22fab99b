//! The fuzzer that speaks to the real program: requests of the other tests, changed by chance, in pieces, with pauses.
//! Whatever it is sent, what it says are whole responses, it comes to an end, others are served as if nothing had
//! happened, and nothing of it is left.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::Signal;

use crate::mutation::mutate;
use crate::random::Random;
use crate::reading::{Heads, responses};
use crate::support::{PATIENCE, Scratch, Server};
use crate::vitals::{Holdings, Memory, assert_no_errors};
use crate::wire::{Peer, find, request};
use crate::{alone, corpus, duration, seed, tell};

/// Inputs at a time. Most of them wait most of the time.
const THREADS: u64 = 16;

/// So many inputs, and then a request of which it is known what the answer is.
const BATCH: u64 = 50;

/// How long an exchange may take, all its pauses included. Only a server that hangs uses it up.
const HUNG_AFTER: Duration = PATIENCE;

/// What a response says behind which nothing comes.
const CLOSES: &[u8] = b"\r\nConnection: close\r\n";

/// How long it is waited for more before a client closes its side that waits for the server to close.
const QUIET: Duration = Duration::from_millis(20);

/// Requests, as the other tests send them.
fn seeds() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/connection");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // The first byte of these chooses limits.
    let own = files.into_iter().map(|file| fs::read(file).unwrap()[1..].to_vec());
    let others = corpus::TOPICS.iter().flat_map(|topic| topic.entries).map(|entry| entry.bytes("\"x\""));
    own.chain(others).collect()
}

/// One input and the way it is sent.
struct Input {
    bytes: Vec<u8>,
    pieces: Vec<usize>,
    /// Between two pieces
    pause: Duration,
    end: End,
}

/// What the client does when it has sent everything.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It closes its side, and waits for the other.
    HalfClose,
    /// It waits whether the server closes first, where that has said so.
    Wait,
    /// It leaves.
    Leave,
}

impl Input {
    fn new(seeds: &[Vec<u8>], random: &mut Random) -> Input {
        let any = |random: &mut Random| seeds[random.below(seeds.len())].as_slice();
        let mut bytes = Vec::new();
        for _ in 0..1 + random.below(4) {
            bytes.extend_from_slice(any(random));
        }
        for _ in 0..random.below(6) {
            let other = any(random);
            mutate(&mut bytes, other, random);
        }
        let longest = [1, 10, 100, 100_000][random.below(4)].max(bytes.len() / 200);
        let pieces = random.lengths(bytes.len(), longest);
        let pause = if random.below(3) == 0 { Duration::from_micros(random.below(500) as u64) } else { Duration::ZERO };
        let end = [End::HalfClose, End::HalfClose, End::Wait, End::Leave][random.below(4)];
        Input { bytes, pieces, pause, end }
    }

    /// Sends it and takes what comes back. Returns the number of responses.
    fn exchange(&self, address: SocketAddr) -> Result<usize, String> {
        let end = Instant::now() + HUNG_AFTER;
        let mut socket = TcpStream::connect(address).map_err(|error| format!("connect: {error}"))?;
        socket.set_nodelay(true).unwrap();
        let mut received = Vec::new();
        let mut rest = self.bytes.as_slice();
        for &length in &self.pieces {
            let (piece, behind) = rest.split_at(length);
            // What it has answered so far has to be taken, or both wait for each other.
            socket.set_nonblocking(true).unwrap();
            self.receive(&mut socket, &mut received, end)?;
            socket.set_nonblocking(false).unwrap();
            socket.set_write_timeout(Some(HUNG_AFTER)).unwrap();
            match socket.write_all(piece) {
                Err(error) if is_broken(&error) && self.may_be_last() => break,
                sent => sent.map_err(|error| format!("send: {error}"))?,
            }
            rest = behind;
            if !self.pause.is_zero() {
                thread::sleep(self.pause); // the pace of this client
            }
        }
        match self.end {
            End::Leave => return Ok(0),
            End::HalfClose => {}
            End::Wait => {
                socket.set_read_timeout(Some(QUIET)).unwrap();
                while !self.receive(&mut socket, &mut received, end)? && find(&received, CLOSES).is_some() {}
            }
        }
        // It may be gone already, which is what is waited for.
        let _ = socket.shutdown(Shutdown::Write);
        socket.set_read_timeout(Some(HUNG_AFTER)).unwrap();
        while !self.receive(&mut socket, &mut received, end)? {}
        let heads = if find(&self.bytes, b"HEAD").is_some() { Heads::Perhaps } else { Heads::Never };
        let count = responses(&received, heads);
        count.map_err(|error| format!("{error}\nall of it: {}", received.escape_ascii()))
    }
    /// Receives until there is nothing for a while: true at the end of the connection.
    fn receive(&self, socket: &mut TcpStream, received: &mut Vec<u8>, end: Instant) -> Result<bool, String> {
        let mut buffer = [0; 16 * 1024];
        loop {
            if Instant::now() > end {
                return Err(format!("not done after {HUNG_AFTER:?}: {}", received.escape_ascii()));
            }
            match socket.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(length) => received.extend_from_slice(&buffer[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_broken(&error) && self.may_be_last() => return Ok(true),
                Err(error) => return Err(format!("{error}, after {}", received.escape_ascii())),
            }
        }
    }

    /// Whether the client itself says that a request is its last one. Who goes on sending then, and only then, may find
    /// the connection broken: it has its answer.
    fn may_be_last(&self) -> bool {
        let has_close = self.bytes.windows(5).any(|word| word.eq_ignore_ascii_case(b"close"));
        has_close || find(&self.bytes, b"HTTP/1.0").is_some()
    }
}

fn is_broken(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

/// What all threads share.
struct Fuzz<'a> {
    address: SocketAddr,
    seeds: &'a [Vec<u8>],
    answer: &'a [u8],
    inputs: &'a AtomicUsize,
    responses: &'a AtomicUsize,
    stop: &'a AtomicBool,
}

impl Fuzz<'_> {
    /// One input after the other, until it is told to stop. The first one that something is wrong with is the result.
    fn run(&self, seed: u64, thread: u64) -> Result<(), String> {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let mut random = Random::new(seed ^ (thread << 48) ^ (number << 16));
            random.next();
            let input = Input::new(self.seeds, &mut random);
            let answered = input.exchange(self.address).map_err(|error| {
                self.stop.store(true, Ordering::Relaxed);
                let Input { bytes, pieces, pause, end } = &input;
                format!(
                    "seed {seed}, thread {thread}, input {number}, {end:?}, in {} pieces with {pause:?} between them: \
                     {}\n{error}",
                    pieces.len(),
                    bytes.escape_ascii()
                )
            });
            self.responses.fetch_add(answered?, Ordering::Relaxed);
            self.inputs.fetch_add(1, Ordering::Relaxed);
            if number % BATCH == 0 && !self.stop.load(Ordering::Relaxed) {
                assert_answers(self.address, self.answer);
            }
        }
        Ok(())
    }
}

/// The server answers others as it always does.
#[track_caller]
fn assert_answers(address: SocketAddr, answer: &[u8]) {
    let masked = Peer::tcp(address).exchange(request("GET", "/a.txt", &[])).masked();
    assert_eq!(masked.escape_ascii().to_string(), answer.escape_ascii().to_string());
}

#[test]
#[ignore = "takes as long as WEBSERV_FUZZ_SECONDS says; .ci/run runs it with --ignored"]
fn any_bytes_are_survived() {
    let _alone = alone();
    let (time, seed) = (duration("WEBSERV_FUZZ_SECONDS", 60), seed());
    tell(&format!("fuzzer: {time:?}, WEBSERV_SEED={seed}"));
    let long = "abcdefghijklmnopqrstuvwxyz".repeat(4000);
    let directory = Scratch::with(&[
        ("www/index.html", "home"),
        ("www/a.txt", "0123456789"),
        ("www/b.txt", "second"),
        ("www/empty.txt", ""),
        ("www/long.txt", &long),
        ("www/dir/index.html", "directory"),
        ("www/a b.txt", "space"),
    ]);
    // The kernel sends it.
    directory.write("www/large.bin", vec![b'x'; 300_000]);
    let server = Server::configured(
        &directory,
        // Of what is not there, too, the cache keeps no more than this: it is full soon, and nothing else may grow.
        "listen = '127.0.0.1:0'\nlog.access = 'access.log'\nlimits.cache_size = '100 KiB'\n[[site]]\nroot = 'www'\n",
    );
    let before = Holdings::of(&server);
    let answer = server.connect().exchange(request("GET", "/a.txt", &[])).assert_status(200).masked();
    assert_answers(server.address(), &answer);
    let before = before.with_logs(&server);
    let seeds = seeds();
    let (inputs, responses, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let fuzz = Fuzz {
        address: server.address(),
        seeds: &seeds,
        answer: &answer,
        inputs: &inputs,
        responses: &responses,
        stop: &stop,
    };
    let mut memory = Memory::default();
    thread::scope(|scope| {
        let threads = (0..THREADS).map(|thread| {
            scope.spawn({
                let fuzz = &fuzz;
                move || fuzz.run(seed, thread)
            })
        });
        let threads: Vec<_> = threads.collect();
        let end = Instant::now() + time;
        while Instant::now() < end && !stop.load(Ordering::Relaxed) {
            thread::sleep((time / 60).min(Duration::from_secs(1))); // between two samples
            memory.sample(&server);
        }
        stop.store(true, Ordering::Relaxed);
        // All that they have to say: the input that did it is one of those that it was done to.
        let unanswered = |_| Err("others were not answered, as said above".to_owned());
        let errors = threads.into_iter().filter_map(|thread| thread.join().unwrap_or_else(unanswered).err());
        let errors: Vec<_> = errors.collect();
        assert!(errors.is_empty(), "{}", errors.join("\n\n"));
    });
    assert_answers(fuzz.address, &answer);
    let after = before.assert_back(&server);
    let (first, last) = memory.assert_bounded();
    server.process.signal(Signal::TERM);
    let finished = server.process.finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_no_errors(&finished.stderr, &[]);
    let [inputs, responses] = [inputs, responses].map(AtomicUsize::into_inner);
    tell(&format!(
        "fuzzer: {inputs} inputs made of {} seeds, {responses} responses, resident {first} KiB at most in the first \
         third and {last} KiB in the last, {} descriptors and {} threads at the start, {} and {} at the end",
        seeds.len(),
        before.descriptors,
        before.threads,
        after.descriptors,
        after.threads,
    ));
    assert!(inputs > 50 * time.as_secs() as usize, "{inputs} inputs in {time:?} are too few");
    // Otherwise they have all been refused at their first byte, and nothing has been tried.
    assert!(responses > inputs / 2, "{responses} responses to {inputs} inputs");
}
