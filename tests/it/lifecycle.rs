//! From start to stop: what a signal does to those who are connected.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use libc::O_NOCTTY;
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{PATIENCE, Process, Scratch, Server, begun, command, eventually, make_fifo, own_address, webserv};
use crate::wire::{Peer, get, request};

/// More than the kernel takes from the server for a client that does not read.
const LARGE: usize = 32_000_000;

fn site(limits: &str) -> (Scratch, Server) {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    directory.write("www/large.bin", vec![b'x'; LARGE]);
    let config = format!("listen = '127.0.0.1:0'\n[limits]\n{limits}\n[[site]]\nroot = 'www'\n");
    let server = Server::configured(&directory, &config);
    (directory, server)
}

/// A client that has had its answer and may ask again.
#[track_caller]
fn idle(server: &Server) -> Peer {
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(200);
    peer
}

#[test]
fn a_stop_lets_those_finish_who_are_being_answered() {
    for signal in [Signal::TERM, Signal::INT] {
        let (_directory, server) = site("drain_time = '60s'");
        let mut download = server.connect_to_download("/large.bin", LARGE);
        let mut silent = server.connect();
        let mut idle = idle(&server);
        server.process.signal(signal);
        // Nobody is waiting for anything on these.
        idle.assert_ended();
        silent.assert_ended();
        // The listener is closed before them, so that nobody comes too late to be answered.
        let refused = TcpStream::connect(server.address()).expect_err("a listener that is still open");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(download.rest().len(), LARGE, "the download was cut");
        let finished = server.process.finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
}

#[test]
#[ignore = "needs env of coreutils; .ci/run runs with --ignored on Debian"]
fn signals_that_were_blocked_by_whoever_started_it_are_taken() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = directory.write("webserv.toml", "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n");
    let mut command = command("env");
    command.arg("--block-signal=HUP,TERM").arg(webserv().get_program()).arg("-c").arg(config);
    let mut server = Server::start(&mut command);
    server.reload("reload: nothing has changed");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_request_that_has_begun_is_answered_before_the_stop() {
    let (_directory, server) = site("drain_time = '60s'");
    let (begun, rest) = ("GET /a.txt HTTP/1.1\r\nHost: local", "host\r\n\r\n");
    let mut peer = server.connect();
    peer.send(begun);
    let mut idle = idle(&server);
    server.process.signal(Signal::TERM);
    idle.assert_ended();
    peer.send(rest);
    peer.response().assert_status(200).assert_field("Connection", "close").assert_content("a");
    peer.assert_ended();
    assert_eq!(server.process.finish(PATIENCE).code, Some(0));
}

#[test]
fn who_waits_to_be_accepted_is_answered_before_the_stop() {
    let (_directory, server) = site("drain_time = '60s'");
    get(&server, "/a.txt").assert_status(200);
    // More than come in at a time, all of them before the signal is seen. A queue may be no longer than 128.
    server.process.signal(Signal::STOP);
    let mut waiting: Vec<_> = (0..100).map(|_| server.connect()).collect();
    waiting.iter_mut().for_each(|peer| peer.send(request("GET", "/a.txt", &[])));
    let mut silent = server.connect();
    server.process.signal(Signal::TERM);
    server.process.signal(Signal::CONT);
    for peer in &mut waiting {
        peer.response().assert_status(200).assert_content("a");
        peer.assert_ended();
    }
    silent.assert_ended();
    assert_eq!(server.process.finish(PATIENCE).code, Some(0));
}

#[test]
fn the_next_server_has_the_address_at_once() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    let address = own_address();
    let mut server = Server::start(webserv().args(["-l", &address.to_string()]).arg(directory.path()));
    for _ in 0..3 {
        // Those that the server ends first stay in TIME_WAIT on its side.
        for _ in 0..20 {
            let mut peer = server.connect();
            peer.exchange(request("GET", "/a.txt", &["Connection: close"])).assert_status(200);
            peer.assert_ended();
        }
        let mut idle: Vec<_> = (0..20).map(|_| server.connect()).collect();
        idle.iter_mut().for_each(|peer| drop(peer.exchange(request("GET", "/a.txt", &[]))));
        assert_eq!(server.stop().code, Some(0));
        server = Server::start(webserv().args(["-l", &address.to_string()]).arg(directory.path()));
    }
    // Nor has it to wait for those who are still being answered.
    let (_directory, draining) = site("drain_time = '60s'");
    let mut download = draining.connect_to_download("/large.bin", LARGE);
    let mut idle = idle(&draining);
    draining.process.signal(Signal::TERM);
    idle.assert_ended();
    let next = Server::start(webserv().args(["-l", &draining.address().to_string()]).arg(directory.path()));
    get(&next, "/a.txt").assert_status(200);
    assert_eq!(download.rest().len(), LARGE);
    assert_eq!(draining.process.finish(PATIENCE).code, Some(0));
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let (_directory, server) = site("drain_time = '1s'");
    let download = server.connect_to_download("/large.bin", LARGE);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    drop(download);
}

#[test]
fn a_second_signal_does_not_wait_at_all() {
    let (_directory, server) = site("drain_time = '3600s'\nsend_time = '3600s'");
    let download = server.connect_to_download("/large.bin", LARGE);
    let mut idle = idle(&server);
    server.process.signal(Signal::TERM);
    idle.assert_ended(); // the first has been seen: two at once may be one
    server.process.signal(Signal::INT);
    let finished = server.process.finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "it ends by itself and is not killed: {finished:?}");
    drop(download);
}

#[test]
fn a_server_without_clients_stops_at_once() {
    let (_directory, server) = site("drain_time = '3600s'");
    let start = Instant::now();
    assert_eq!(server.stop().code, Some(0));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_server_ends_with_its_terminal() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let input = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(name.to_str().unwrap()).unwrap();
    let mut command = webserv();
    command.args(["-l", "127.0.0.1:0"]).arg(directory.path());
    let mut process = Process::spawn_with(&mut command, input.into(), Stdio::piped());
    process.stderr.line_with(" serving ");
    process.signal(Signal::HUP);
    process.stderr.line_with("nothing has changed");
    // As the kernel does when the window is closed.
    drop(terminal);
    process.signal(Signal::HUP);
    assert_eq!(process.finish(PATIENCE).code, Some(0));
}

/// The program in the midst of its start: it has begun to read its config, which is a FIFO.
fn starting(directory: &Scratch, options: &[&str]) -> (Process, File) {
    let config = directory.join("webserv.toml");
    _ = fs::remove_file(&config);
    make_fifo(&config);
    let process = Process::spawn(webserv().args(options).arg("-c").arg(&config), Stdio::piped());
    (process, begun(&config))
}

#[test]
fn a_reload_that_is_asked_for_during_the_start_comes_after_it() {
    let directory = Scratch::with(&[("one/a.txt", "1"), ("two/a.txt", "2")]);
    let config = |root: &str| format!("listen = '127.0.0.1:0'\n[[site]]\nroot = '{root}'\n");
    let (mut process, mut writer) = starting(&directory, &[]);
    process.signal(Signal::HUP);
    directory.write("next.toml", config("two"));
    fs::rename(directory.join("next.toml"), directory.join("webserv.toml")).unwrap();
    writer.write_all(config("one").as_bytes()).unwrap();
    drop(writer);
    process.stderr.line_with(" serving ");
    process.stderr.line_with("reload: ~ root of *");
}

#[test]
fn a_stop_during_the_start_is_one() {
    for signal in [Signal::TERM, Signal::INT] {
        let directory = Scratch::new();
        let (process, _writer) = starting(&directory, &[]);
        process.signal(signal);
        let finished = process.finish(PATIENCE);
        assert_eq!((finished.code, &*finished.stderr), (Some(0), ""));
    }
}

#[test]
fn a_check_that_a_signal_ends_says_nothing_of_the_config() {
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        let directory = Scratch::new();
        let (process, _writer) = starting(&directory, &["--check"]);
        process.signal(signal);
        assert_eq!(process.finish(PATIENCE).code, None, "{signal:?}");
    }
}

/// Waits until a process catches SIGHUP, SIGINT and SIGTERM: proc_pid_status(5).
#[track_caller]
fn await_catching(process: &Process) {
    let wanted = [Signal::HUP, Signal::INT, Signal::TERM].map(|signal| 1_u64 << (signal.as_raw() - 1));
    let wanted = wanted.iter().sum::<u64>();
    eventually("it catches signals", || {
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & wanted == wanted
    });
}

#[test]
fn no_signal_kills_it_whenever_it_comes() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    for number in 0..200 {
        let process = Process::spawn(webserv().args(["-l", "127.0.0.1:0"]).arg(directory.path()), Stdio::piped());
        await_catching(&process);
        thread::sleep(Duration::from_micros(number * 25)); // another moment of its start each time
        match number % 4 {
            0 => process.signal(Signal::HUP),
            1 => process.signal(Signal::USR1),
            2 => process.signal(Signal::USR2),
            _ => {}
        }
        process.signal(Signal::TERM);
        let finished = process.finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
}

/// Those who rotate the logs of other servers send it.
#[test]
fn a_signal_that_says_something_to_other_servers_is_told_to_say_nothing() {
    let (_directory, mut server) = site("");
    for signal in [Signal::USR1, Signal::USR2] {
        server.process.signal(signal);
        server.process.stderr.line_with("SIGUSR1 and SIGUSR2 do nothing here: SIGHUP opens the logs");
    }
    get(&server, "/a.txt").assert_status(200);
}

#[test]
fn a_client_that_vanishes_is_no_reason_to_stop() {
    let (_directory, server) = site("");
    for _ in 0..20 {
        server.connect_to_download("/large.bin", LARGE).reset();
        let mut peer = server.connect();
        peer.send(request("GET", "/large.bin", &[]).repeat(3));
        peer.reset();
        let mut peer = server.connect();
        peer.send("GET /a.txt HT");
        peer.reset();
    }
    get(&server, "/a.txt").assert_status(200).assert_content("a");
}
