//! What a hostile client or a careless operator gets: an answer, and nothing that harms the others.

use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{CWD, FileType, Mode, inotify, mknodat};
use rustix::io::Errno;
use rustix::process::Signal;

use crate::support::{PATIENCE, Scratch, Server, command, eventually};
use crate::wire::{Peer, Response, get, request};

/// More than is held in memory.
const LARGE: usize = 300_000;

/// Holds the server still while something is prepared, so that it comes upon all of it at once.
fn while_stopped(server: &Server, prepare: impl FnOnce()) {
    server.process.signal(Signal::STOP);
    let status = format!("/proc/{}/status", server.process.id());
    eventually("it stands still", || fs::read_to_string(&status).unwrap().contains("State:\tT"));
    prepare();
    server.process.signal(Signal::CONT);
}

#[test]
fn a_fifo_is_not_opened() {
    // To open it would let its writer go on, and to close it again would kill that.
    let directory = Scratch::with(&[("index.html", "home")]);
    let fifo = directory.join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    let server = Server::of(&directory);
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, &fifo, inotify::WatchFlags::OPEN).unwrap();
    get(&server, "/fifo").assert_status(403);
    assert_eq!(rustix::io::read(&watch, &mut [0; 64]), Err(Errno::AGAIN), "it was opened");
    drop(File::options().read(true).write(true).open(&fifo).unwrap());
    assert!(rustix::io::read(&watch, &mut [0; 64]).is_ok(), "and this would have been noticed");
}

#[test]
fn urgent_data_ends_a_read_but_not_the_request() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    peer.exchange(request("GET", "/", &[])).assert_status(200);
    while_stopped(&server, || {
        peer.send("GET / HTT");
        peer.send_urgent(b"!");
        peer.send("P/1.1\r\nHost: localhost\r\n\r\n");
    });
    peer.response().assert_status(200).assert_content("home");
}

#[test]
fn a_request_that_comes_with_the_signal_is_answered() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let server = Server::of(&directory);
    let mut peer = server.connect();
    peer.exchange(request("GET", "/", &[])).assert_status(200);
    while_stopped(&server, || {
        peer.send(request("GET", "/", &[]));
        server.process.signal(Signal::TERM);
    });
    let response = peer.response();
    response.assert_status(200).assert_content("home");
    peer.assert_ended();
    assert_eq!(server.process.finish(PATIENCE).code, Some(0));
}

#[test]
fn what_is_cut_at_the_end_of_a_drain_is_logged() {
    let directory = Scratch::with(&[]);
    directory.write("www/large.bin", vec![b'x'; 32_000_000]);
    let config =
        "listen = 'unix:web.sock'\n[limits]\ndrain_time = '100ms'\n[log]\naccess = './log'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let mut peer = Peer::unix(directory.join("web.sock"));
    peer.send(request("GET", "/large.bin", &[]));
    peer.head().assert_status(200);
    assert_eq!(server.stop().code, Some(0));
    let log = fs::read_to_string(directory.join("log")).unwrap();
    let bytes: u64 = log.split(' ').nth(9).and_then(|bytes| bytes.parse().ok()).unwrap_or_else(|| panic!("{log:?}"));
    assert!(bytes > 0 && bytes < 32_000_000, "what was sent, not what was asked for: {log}");
}

#[test]
fn a_tag_becomes_strong_and_a_date_is_told_when_their_time_has_come() {
    let directory = Scratch::with(&[("soon.txt", "soon")]);
    let large = directory.write("young.bin", vec![b'x'; LARGE]);
    File::options().write(true).open(&large).unwrap().set_modified(SystemTime::now()).unwrap();
    let soon = SystemTime::now() + Duration::from_secs(1);
    File::options().write(true).open(directory.join("soon.txt")).unwrap().set_modified(soon).unwrap();
    let server = Server::of(&directory);
    let tag = || get(&server, "/young.bin").field("ETag").unwrap().to_owned();
    assert!(tag().starts_with("W/\""), "a file that is being written has no strong tag");
    let early = get(&server, "/soon.txt");
    assert_eq!(early.field("Last-Modified"), early.field("Date"), "it is not later than now");
    let told = httpdate::fmt_http_date(soon);
    eventually("the tag is strong", || tag().starts_with('"'));
    eventually("the date is told", || get(&server, "/soon.txt").field("Last-Modified") == Some(&*told));
    // More than a second has passed for Date as well.
    let date = |response: &Response| httpdate::parse_http_date(response.field("Date").unwrap()).unwrap();
    let late = get(&server, "/soon.txt");
    assert!(date(&early) < date(&late), "the clock stands still:\n{early}\n{late}");
    assert!(date(&late) <= SystemTime::now() && date(&late) > SystemTime::now() - Duration::from_secs(60), "{late}");
}

#[test]
fn a_time_that_was_set_by_hand_is_no_strong_tag() {
    // Archives and reproducible builds give the same time to every content.
    let directory = Scratch::new();
    let path = directory.write("large.bin", vec![b'x'; LARGE]);
    let set = || {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    };
    set();
    let server = Server::of(&directory);
    let before = get(&server, "/large.bin").field("ETag").unwrap().to_owned();
    assert!(before.starts_with("W/\""), "{before}");
    directory.write("large.bin", vec![b'y'; LARGE]);
    set();
    let after = get(&server, "/large.bin");
    assert_ne!(after.field("ETag"), Some(&*before), "one tag for two contents");
}

#[test]
fn a_file_that_never_holds_still_is_tried_again_and_then_unavailable() {
    let directory = Scratch::new();
    directory.write("file", vec![b'x'; 200_000]);
    let file = File::options().write(true).open(directory.join("file")).unwrap();
    let server = Server::of(&directory);
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    // Closing is watched too, since two openings in a row would be told as one.
    let both = inotify::WatchFlags::OPEN | inotify::WatchFlags::CLOSE_NOWRITE;
    inotify::add_watch(&watch, directory.join("file"), both).unwrap();
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    let mut openings = || {
        let mut opened = 0;
        while let Ok(event) = events.next() {
            opened += usize::from(event.events().contains(inotify::ReadFlags::OPEN));
        }
        opened
    };
    let mut peer = server.connect();
    let (is_over, start) = (AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        // It is cut and grows again more often than it can be read, for as long as this thread is let run.
        scope.spawn(|| {
            for length in (0..200_000).rev().step_by(7).cycle() {
                file.set_len(length).unwrap();
                if is_over.load(Ordering::Relaxed) || start.elapsed() > 2 * PATIENCE {
                    break;
                }
            }
        });
        eventually("it is unavailable", || {
            openings();
            let response = peer.exchange(request("GET", "/file", &[]));
            if response.status() == 200 {
                return false;
            }
            let reason = "503 Service Unavailable: the file keeps changing while it is read\n";
            response.assert_status(503).assert_content(reason);
            let opened = openings();
            assert!(opened > 2, "opened {opened} times: it may well be whole at the second try");
            true
        });
        is_over.store(true, Ordering::Relaxed);
    });
    peer.exchange(request("GET", "/file", &[])).assert_status(200);
}

#[test]
fn more_sites_than_the_soft_limit_has_descriptors_for() {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let sites: String = (0..100).map(|n| format!("[[site]]\nroot = 'www'\nhosts = 'h{n}.test'\n")).collect();
    let config = directory.write("webserv.toml", format!("listen = '127.0.0.1:0'\n{sites}"));
    let mut command = command("sh");
    command.args(["-c", "ulimit -S -n 64; exec \"$0\" -c \"$1\""]).arg(env!("CARGO_BIN_EXE_webserv")).arg(config);
    let server = Server::start(&mut command);
    get(&server, "/").assert_status(200).assert_content("home");
}
