//! More clients than there is room for, and clients that want to be in the way: who leaves, who is told what, and what
//! all of them may cost.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::backpressure::narrow;
use crate::descriptors::settle;
use crate::support::{Scratch, Server, eventually, raise_descriptor_limit};
use crate::wire::{Peer, get, request};

pub(crate) fn site(limits: &str) -> (Scratch, Server) {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let config = format!("listen = '127.0.0.1:0'\n[limits]\n{limits}\n[[site]]\nroot = 'www'\n");
    let server = Server::configured(&directory, &config);
    (directory, server)
}

/// A client that has had its answer and may ask again.
#[track_caller]
fn idle(server: &Server) -> Peer {
    let mut peer = server.connect();
    peer.exchange(request("GET", "/", &[])).assert_status(200);
    peer
}

/// A client that nobody may put out: its request has begun.
#[track_caller]
fn busy(server: &Server) -> Peer {
    let mut peer = idle(server);
    peer.send("GET / HT");
    peer
}

#[test]
fn the_one_that_is_idle_for_the_longest_time_makes_room() {
    let (_directory, server) = site("connections = 4");
    let mut first = idle(&server);
    let mut busy = busy(&server);
    let mut second = idle(&server);
    let mut third = idle(&server);
    // It is not the longest any more.
    first.exchange(request("GET", "/", &[])).assert_status(200);
    let mut newcomer = idle(&server);
    second.assert_ended();
    let mut another = idle(&server);
    third.assert_ended();
    for peer in [&mut first, &mut newcomer, &mut another] {
        peer.exchange(request("GET", "/", &[])).assert_status(200).assert_content("home");
    }
    busy.send("TP/1.1\r\nHost: localhost\r\n\r\n");
    busy.response().assert_status(200);
}

#[test]
fn an_answer_that_was_the_last_makes_room_first() {
    let (_directory, server) = site("connections = 3");
    let mut idle = [idle(&server), idle(&server)];
    // It is answered for good, and does not leave by itself.
    let mut lingering = server.connect();
    lingering.exchange("nonsense\r\n\r\n").assert_status(400);
    get(&server, "/").assert_status(200);
    lingering.assert_ended();
    for peer in &mut idle {
        peer.exchange(request("GET", "/", &[])).assert_status(200);
    }
}

#[test]
fn who_finds_no_room_is_told_so_and_can_try_again() {
    let (_directory, mut server) = site("connections = 2\nhead_time = '1h'");
    let mut held = [busy(&server), busy(&server)];
    for has_asked in [true, false] {
        let mut newcomer = server.connect();
        if has_asked {
            newcomer.send(request("GET", "/", &[]));
        }
        let response = newcomer.response();
        response.assert_status(503).assert_field("Connection", "close").assert_field("Retry-After", "2");
        response.assert_content("503 Service Unavailable: all connections are in use; try again in a moment\n");
        newcomer.assert_ended();
    }
    let line = server.process.stderr.line_with("all 2 connections are in use");
    assert!(line.starts_with("warn: "), "{line}");
    // Nobody was harmed, and whoever leaves makes room.
    held[0].send("TP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    held[0].response().assert_status(200);
    eventually("there is room", || get(&server, "/").status() == 200);
    held[1].send("TP/1.1\r\nHost: localhost\r\n\r\n");
    held[1].response().assert_status(200).assert_content("home");
}

#[test]
fn those_who_are_turned_away_do_not_pile_up() {
    let (_directory, server) = site("connections = 2\nhead_time = '1h'");
    let mut held = [busy(&server), busy(&server)];
    let before = server.descriptors();
    let mut newcomers: Vec<_> = (0..300).map(|_| server.connect()).collect();
    for newcomer in &mut newcomers {
        newcomer.head().assert_status(503);
    }
    let more = server.descriptors().saturating_sub(before);
    assert!(more <= 40, "{more} descriptors for those who were told to go");
    for peer in &mut held {
        peer.send("TP/1.1\r\nHost: localhost\r\n\r\n");
        peer.response().assert_status(200);
    }
}

#[test]
fn those_who_wait_for_room_take_little_time_of_the_processor() {
    let (_directory, server) = site("connections = 2\nhead_time = '1h'");
    let _held = [busy(&server), busy(&server)];
    let _waiting: Vec<_> = (0..50).map(|_| server.connect()).collect();
    let before = processor_time(&server);
    thread::sleep(Duration::from_millis(900)); // the time that is measured, in which nobody is told anything
    let used = processor_time(&server) - before;
    assert!(used < Duration::from_millis(100), "{used:?} of processor time while nobody can be let in");
}

#[test]
fn slow_heads_hold_their_places_no_longer_than_they_may() {
    let (_directory, server) = site("connections = 8\nhead_time = '2s'");
    let address = server.address();
    let mut slow: Vec<_> = (0..8).map(|_| server.connect()).collect();
    for peer in &mut slow {
        peer.send("GET / HTTP/1.1\r\n");
    }
    thread::scope(|scope| {
        let newcomer = scope.spawn(move || {
            let mut refused = 0;
            eventually("somebody is served", || {
                let status = Peer::tcp(address).exchange(request("GET", "/", &[])).status();
                refused += usize::from(status == 503);
                status == 200
            });
            refused
        });
        // A byte now and then is no progress: the time is that of the whole head.
        while !newcomer.is_finished() {
            for peer in &mut slow {
                peer.send_in_vain("A");
            }
            thread::sleep(Duration::from_millis(50)); // the pace of these clients
        }
        assert!(newcomer.join().unwrap() > 0, "there was room all the time");
    });
    let head = slow[0].head();
    head.assert_status(408);
}

/// Leaves the server the descriptors that it has, and so many more. The limit is one of numbers, of which the lowest
/// that is free is taken first (getrlimit(2)).
fn leave_descriptors(server: &Server, more: u64) {
    let is_open = |number: &u64| fs::exists(format!("/proc/{}/fd/{number}", server.process.id())).unwrap();
    let free = (0..).find(|number| !is_open(number)).unwrap();
    let pid = Pid::from_raw(server.process.id() as i32);
    let maximum = getrlimit(Resource::Nofile).maximum;
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(free + more), maximum }).unwrap();
}

#[test]
fn without_a_descriptor_the_idle_make_room_and_then_one_at_a_time_is_told_so() {
    let (directory, mut server) = site("connections = 100\nhead_time = '1h'");
    // From then on it is held in memory, and needs no descriptor.
    settle(&directory.join("www/index.html"));
    let mut busy = busy(&server);
    let mut first = idle(&server);
    let mut second = idle(&server);
    leave_descriptors(&server, 0);
    let mut newcomer = idle(&server);
    first.assert_ended();
    server.process.stderr.line_with("cannot accept connections");
    second.exchange(request("GET", "/", &[])).assert_status(200);
    // Nobody is idle any more.
    second.send("GET / HT");
    newcomer.send("GET / HT");
    for _ in 0..3 {
        let mut refused = server.connect();
        refused.send(request("GET", "/", &[]));
        refused.response().assert_status(503).assert_field("Connection", "close");
    }
    // Whoever has been told and does not leave keeps nobody from being told.
    let mut staying: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for peer in &mut staying {
        peer.response().assert_status(503);
    }
    drop((second, staying));
    eventually("there is room", || get(&server, "/").status() == 200);
    for peer in [&mut newcomer, &mut busy] {
        peer.send("TP/1.1\r\nHost: localhost\r\n\r\n");
        peer.response().assert_status(200).assert_content("home");
    }
    leave_descriptors(&server, 100);
    let mut all: Vec<_> = (0..50).map(|_| idle(&server)).collect();
    all.iter_mut().for_each(|peer| drop(peer.exchange(request("GET", "/", &[]))));
}

#[test]
fn a_flood_of_paths_takes_no_more_than_the_cache_may() {
    let (_directory, server) = site("cache_size = '4 MiB'");
    let mut peer = server.connect();
    let mut flood = |numbers: std::ops::Range<usize>| {
        let numbers: Vec<_> = numbers.collect();
        for some in numbers.chunks(100) {
            peer.send(some.iter().map(|number| request("GET", &format!("/missing-{number}"), &[])).collect::<String>());
            for _ in some {
                peer.response().assert_status(404);
            }
        }
    };
    // What is there in any case, such as the page for a 404
    flood(0..100);
    let before = server.status_kib("RssAnon");
    flood(100..60_000);
    let more = server.status_kib("RssAnon").saturating_sub(before);
    assert!((1024..4096 + 512).contains(&more), "{more} KiB for a cache of 4096");
}

#[test]
#[ignore = "takes thousands of connections and measures time; .ci/run runs it with --ignored"]
fn others_are_served_beside_thousands_that_do_nothing() {
    let _alone = crate::clients::alone();
    raise_descriptor_limit();
    let (directory, server) = site("connections = 12000\nhead_time = '1h'\nsend_time = '1h'");
    directory.write("www/large.bin", vec![b'x'; 32 << 20]);
    let mut peers: Vec<_> = (0..10_000).map(|_| idle(&server)).collect();
    for _ in 0..500 {
        let mut stuck = narrow(server.address());
        stuck.send(request("GET", "/large.bin", &[]));
        stuck.head().assert_status(200);
        peers.push(stuck);
    }
    for number in 0..200 {
        let mut peer = server.connect();
        match number % 4 {
            0 | 1 => peer.send("GET / HT"),
            2 => drop(peer.exchange("nonsense\r\n\r\n")),
            _ => {
                peer.send(request("GET", "/large.bin", &[]));
                peer.finish_sending();
            }
        }
        peers.push(peer);
    }
    let mut one = idle(&server);
    let mut late = || {
        let mut times = Vec::new();
        for _ in 0..5_000 {
            let start = Instant::now();
            one.exchange(request("GET", "/", &[])).assert_status(200);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        times[times.len() * 99 / 100]
    };
    // What else there is on the machine takes its turns, too.
    let latest: Vec<_> = (0..5).map(|_| late()).collect();
    assert!(latest.iter().any(|late| *late < Duration::from_millis(1)), "99 of 100 within {latest:?}");
    // Whoever can do nothing costs nothing.
    let before = processor_time(&server);
    thread::sleep(Duration::from_secs(2)); // the time that is measured
    let used = processor_time(&server) - before;
    assert!(used < Duration::from_millis(40), "{used:?} of processor time within two seconds of nothing");
}

/// What all threads of the server have used (/proc/PID/task/TID/schedstat, nanoseconds).
fn processor_time(server: &Server) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.process.id())).unwrap();
    let of_task = |path: std::path::PathBuf| -> u64 {
        let text = fs::read_to_string(path.join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    Duration::from_nanos(tasks.map(|task| of_task(task.unwrap().path())).sum())
}
