//! Clients of all kinds. Each session is one of them, chosen by chance, and begins and ends with its connection.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::asking::{Asked, read_exact};
use crate::documents::Documents;
use crate::known::AllKnown;
use crate::random::Random;
use crate::tell;
use crate::wire::Peer;

/// What all clients of a run share.
pub(crate) struct Soak<'a> {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) socket: &'a Path,
    pub(crate) documents: &'a Documents,
    pub(crate) known: &'a AllKnown,
    pub(crate) figures: &'a Figures,
    pub(crate) stop: &'a AtomicBool,
}

/// What has happened in a run.
#[derive(Default)]
pub(crate) struct Figures {
    /// Requests that were sent, some of them not to their end
    pub(crate) requests: AtomicUsize,
    /// Those of them of which every byte of the answer was checked
    pub(crate) answers: AtomicUsize,
    /// Bytes of content that were checked
    pub(crate) bytes: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    pub(crate) aborts: AtomicUsize,
    pub(crate) refusals: AtomicUsize,
    /// Answers in a content coding
    pub(crate) coded: AtomicUsize,
}

impl Figures {
    pub(crate) fn sent(&self, requests: usize) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Tells all others to stop where one fails, so that the failure is seen and not what comes of it.
struct Alarm<'a> {
    stop: &'a AtomicBool,
    session: String,
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            tell(&self.session);
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// What one session does, and how often of the sum of all.
type Session = for<'a> fn(&Soak<'a>, &mut Random);
const SESSIONS: &[(usize, &str, Session)] = &[
    (30, "one after the other", one_after_the_other),
    (30, "pipelined", pipelined),
    (20, "a connection each", a_connection_each),
    (10, "half-closed", half_closed),
    (10, "malformed", malformed),
    (8, "in pieces", in_pieces),
    (12, "broken off", broken_off),
    (4, "half a head", half_a_head),
    (2, "a slow reader", slow_reader),
];

impl Soak<'_> {
    /// One client after the other, until it is told to stop.
    pub(crate) fn clients(&self, seed: u64, number: u64) {
        let sum: usize = SESSIONS.iter().map(|(share, ..)| share).sum();
        for session in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let mut random = Random::new(seed ^ (number << 48) ^ (session << 16));
            random.next();
            let mut at = random.below(sum);
            let (_, name, run) = SESSIONS
                .iter()
                .find(|(share, ..)| {
                    let is_it = at < *share;
                    at = at.saturating_sub(*share);
                    is_it
                })
                .unwrap();
            let session = format!("seed {seed}, thread {number}, session {session}: {name}");
            let _alarm = Alarm { stop: self.stop, session };
            run(self, &mut random);
        }
    }

    /// Those who begin a request and never finish it, many at a time, for they take long: 408.
    pub(crate) fn sleepers(&self) {
        let _alarm = Alarm { stop: self.stop, session: "those who never finish".to_owned() };
        while !self.stop.load(Ordering::Relaxed) {
            let mut sleepers: Vec<_> = (0..20).map(|_| self.connect(&mut Random::new(0))).collect();
            sleepers.iter_mut().for_each(|peer| peer.send("GET /one.txt HTTP/1.1\r\nHost: loc"));
            self.figures.sent(sleepers.len());
            for mut peer in sleepers {
                peer.response().assert_status(408).assert_field("Connection", "close");
                peer.assert_ended();
                self.figures.answered();
                self.figures.refusals.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn connect(&self, random: &mut Random) -> Peer {
        self.figures.connections.fetch_add(1, Ordering::Relaxed);
        if random.below(4) == 0 { Peer::unix(self.socket) } else { Peer::tcp(self.address) }
    }

    fn send(&self, peer: &mut Peer, bytes: &[u8], requests: usize) {
        self.figures.sent(requests);
        peer.send(bytes);
    }
}

fn one_after_the_other(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    let mut held = None;
    for _ in 0..1 + random.below(40) {
        let asked = Asked::any(soak, held.as_ref(), random);
        soak.send(&mut peer, &asked.bytes(""), 1);
        held = asked.check(&mut peer, soak).or(held);
    }
}

fn batch<'a>(soak: &'a Soak<'_>, random: &mut Random) -> (Vec<Asked<'a>>, Vec<u8>) {
    let asked: Vec<_> = (0..2 + random.below(24)).map(|_| Asked::any(soak, None, random)).collect();
    let bytes = asked.iter().flat_map(|asked| asked.bytes("")).collect();
    (asked, bytes)
}

fn pipelined(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    for _ in 0..1 + random.below(4) {
        let (asked, bytes) = batch(soak, random);
        soak.send(&mut peer, &bytes, asked.len());
        asked.iter().for_each(|asked| drop(asked.check(&mut peer, soak)));
    }
}

fn a_connection_each(soak: &Soak<'_>, random: &mut Random) {
    for _ in 0..8 {
        let mut peer = soak.connect(random);
        let document = soak.documents.any(random);
        let asked = Asked::whole(document, random);
        let who_closes = random.below(2);
        soak.send(&mut peer, &asked.bytes(["", "Connection: close\r\n"][who_closes]), 1);
        asked.check(&mut peer, soak);
        if who_closes == 1 {
            peer.assert_ended();
        }
    }
}

fn half_closed(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    let (asked, bytes) = batch(soak, random);
    soak.send(&mut peer, &bytes, asked.len());
    peer.finish_sending();
    asked.iter().for_each(|asked| drop(asked.check(&mut peer, soak)));
    peer.assert_ended();
}

fn malformed(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    let (asked, mut bytes) = match random.below(2) {
        0 => (Vec::new(), Vec::new()),
        _ => batch(soak, random),
    };
    let last = Asked::Known(soak.known.any_that_ends(random));
    bytes.extend(last.bytes(""));
    soak.send(&mut peer, &bytes, asked.len() + 1);
    asked.iter().chain([&last]).for_each(|asked| drop(asked.check(&mut peer, soak)));
    soak.figures.refusals.fetch_add(1, Ordering::Relaxed);
}

fn in_pieces(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    let asked = Asked::any(soak, None, random);
    let bytes = asked.bytes("User-Agent: a slow one\r\n");
    soak.figures.sent(1);
    let mut rest = bytes.as_slice();
    for length in random.lengths(bytes.len(), 40) {
        let (piece, behind) = rest.split_at(length);
        peer.send(piece);
        rest = behind;
        thread::sleep(Duration::from_millis(random.below(20) as u64)); // the pace of this client
    }
    asked.check(&mut peer, soak);
}

fn broken_off(soak: &Soak<'_>, random: &mut Random) {
    let is_tcp = random.below(3) > 0;
    let mut peer = if is_tcp { Peer::tcp(soak.address) } else { Peer::unix(soak.socket) };
    soak.figures.connections.fetch_add(1, Ordering::Relaxed);
    let large = soak.documents.any_large(random);
    let asked = Asked::whole(large, random);
    let behind = random.below(3);
    soak.send(&mut peer, &asked.bytes("").repeat(1 + behind), 1 + behind);
    if random.below(4) > 0 {
        let length = peer.head().assert_status(200).content_length();
        let mut some = vec![0; random.below(length)];
        read_exact(&mut peer, &mut some);
        soak.figures.received(some.len());
    }
    soak.figures.aborts.fetch_add(1, Ordering::Relaxed);
    match random.below(3) {
        0 if is_tcp => peer.reset(),
        1 => peer.finish_sending(),
        _ => {}
    }
}

fn half_a_head(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    let bytes = Asked::any(soak, None, random).bytes("");
    let length = random.below(bytes.len());
    // Content may be what is missing of it. Then there is a request.
    soak.figures.sent(1);
    peer.send(&bytes[..length]);
    soak.figures.aborts.fetch_add(1, Ordering::Relaxed);
}

fn slow_reader(soak: &Soak<'_>, random: &mut Random) {
    let mut peer = soak.connect(random);
    let asked = Asked::whole(soak.documents.any_large(random), random);
    soak.send(&mut peer, &asked.bytes(""), 1);
    // All that the sockets hold is sent by then, and the rest has to wait.
    for _ in 0..random.below(20) {
        thread::sleep(Duration::from_millis(50)); // the pace of this client
    }
    asked.check(&mut peer, soak);
}
