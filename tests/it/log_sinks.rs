//! Logs that cannot be written: they cost lines, which are counted and told of, but never a request, and never the
//! server.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use crate::support::{Output, Scratch, Server, eventually, webserv};
use crate::wire::{Peer, request};

/// More than all that is ever waited for at an exit, and less than any other wait of the server.
pub(crate) const PROMPT: Duration = Duration::from_secs(8);

/// A line with it is longer than a page, and some hundreds are more than what is kept of lines that cannot be written.
const AGENT_BYTES: usize = 2000;

pub(crate) fn site(target: &str) -> (Scratch, String) {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let log = format!("[log]\naccess = '{target}'\nformat = 'combined'\n");
    (directory, format!("listen = '127.0.0.1:0'\n{log}[[site]]\nroot = 'www'\n"))
}

/// A request whose line can be told from all others, and seen to be whole.
fn numbered(number: usize) -> String {
    let filler = "x".repeat(AGENT_BYTES);
    request("GET", &format!("/?{number}"), &[&format!("Referer: {filler}"), &format!("User-Agent: {filler}")])
}

/// Makes the requests of these numbers. Each is answered, whatever becomes of its line.
#[track_caller]
pub(crate) fn ask(peer: &mut Peer, numbers: std::ops::Range<usize>) {
    for chunk in numbers.collect::<Vec<_>>().chunks(10) {
        peer.send(chunk.iter().map(|number| numbered(*number)).collect::<String>());
        for _ in chunk {
            peer.response().assert_status(200).assert_content("home");
        }
    }
}

/// The number of a line, which has to be whole.
#[track_caller]
fn number(line: &str) -> usize {
    let (_, rest) = line.split_once("\"GET /?").unwrap_or_else(|| panic!("half a line: {line:?}"));
    let (number, rest) = rest.split_once(" HTTP/1.1\" 200 4 ").expect(line);
    let filler = "x".repeat(AGENT_BYTES);
    assert_eq!(rest.trim_end_matches(['\r', '\n']), format!("\"{filler}\" \"{filler}\""));
    assert!(line.starts_with("127.0.0.1 - - [") && line.ends_with('\n'), "{line:?}");
    number.parse().expect(line)
}

/// The numbers of the lines, which have to be whole and in their order.
#[track_caller]
fn numbers(log: &str) -> Vec<usize> {
    let numbers: Vec<_> = log.split_inclusive('\n').map(number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    numbers
}

/// How many lines the diagnostics say were lost of this log, for reasons that begin so.
#[track_caller]
pub(crate) fn lost(diagnostics: &str, log: &str, reason: &str) -> usize {
    let mut lost = 0;
    for line in diagnostics.lines() {
        let Some(told) = line.strip_prefix(&format!("error: {log}: ")) else { continue };
        let (count, told_reason) = told.split_once(" lost: ").expect(line);
        let (count, words) = count.split_once(' ').expect(line);
        assert_eq!(words, if count == "1" { "line was" } else { "lines were" }, "{line}");
        assert!(told_reason.starts_with(reason), "{line}");
        lost += count.replace(',', "").parse::<usize>().expect(line);
    }
    lost
}

fn make_fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

fn fifo_reader(path: &Path) -> File {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK; // so as not to wait for a writer
    let reader = rustix::fs::open(path, flags, Mode::empty()).unwrap();
    rustix::fs::fcntl_setfl(&reader, OFlags::empty()).unwrap();
    reader.into()
}

/// A reader of a FIFO that holds as little as it can.
fn small_fifo_reader(path: &Path) -> File {
    let reader = fifo_reader(path);
    assert_eq!(fcntl_setpipe_size(&reader, 4096).unwrap(), 4096);
    reader
}

/// A server that cannot write the twentieth line to the end, the peer that has asked for it, and what ends that.
fn in_the_middle_of_a_line(directory: &Scratch, config: &str) -> (Server, Peer, impl Fn(u64) + use<>) {
    let mut server = Server::configured(directory, config);
    let process = Pid::from_raw(server.process.id().cast_signed());
    let limit =
        move |bytes| _ = prlimit(process, Resource::Fsize, Rlimit { current: Some(bytes), maximum: None }).unwrap();
    let mut peer = server.connect();
    limit(10_001);
    ask(&mut peer, 0..20);
    server.process.stderr.line_with("lost: File too large");
    (server, peer, limit)
}

#[test]
fn a_full_disk_costs_lines_that_are_counted() {
    let (directory, config) = site("/dev/full");
    let mut server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..1);
    // At once, and not only when many are lost.
    let told = server.process.stderr.line_with("lost: ");
    assert!(told.starts_with("error: access log: 1 line was lost: No space left on device"), "{told}");
    ask(&mut peer, 1..3000);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    assert_eq!(lost(&finished.stderr, "access log", "No space left on device"), 3000, "{}", finished.stderr);
    let messages = finished.stderr.lines().filter(|line| line.contains(" lost: ")).count();
    assert!(messages < 50, "it is not told all the time:\n{}", finished.stderr);
}

#[test]
fn a_disk_that_is_full_for_a_while_cuts_no_line() {
    let (directory, config) = site("access.log");
    let (server, mut peer, limit) = in_the_middle_of_a_line(&directory, &config);
    limit(50_001);
    ask(&mut peer, 20..60);
    eventually("the file grows again", || directory.join("access.log").metadata().unwrap().len() == 50_001);
    limit(100_000_000);
    ask(&mut peer, 60..80);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    let numbers = numbers(&fs::read_to_string(directory.join("access.log")).unwrap());
    assert_eq!(numbers.len() + lost(&finished.stderr, "access log", "File too large"), 80, "{}", finished.stderr);
    assert_eq!(numbers.last(), Some(&79));
}

#[test]
fn a_log_that_is_emptied_while_the_disk_is_full_begins_with_a_whole_line() {
    let (directory, config) = site("access.log");
    let (server, mut peer, limit) = in_the_middle_of_a_line(&directory, &config);
    let log = directory.join("access.log");
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    limit(100_000_000);
    ask(&mut peer, 20..40);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    let numbers = numbers(&fs::read_to_string(&log).unwrap());
    assert_eq!(numbers.last(), Some(&39));
    // Two lines went with the file, those in front of the one that was cut.
    let lost = lost(&finished.stderr, "access log", "File too large");
    assert_eq!(2 + numbers.len() + lost, 40, "{}", finished.stderr);
}

#[test]
#[ignore = "mounts a file system, which takes root; CI runs it with --ignored"]
fn a_file_system_that_is_full_for_a_while_cuts_no_line() {
    struct Mounted(std::path::PathBuf);
    impl Drop for Mounted {
        fn drop(&mut self) {
            _ = Command::new("umount").arg("-l").arg(&self.0).status();
        }
    }
    let (directory, config) = site("small/access.log");
    let small = Mounted(directory.join("small"));
    fs::create_dir(&small.0).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
    assert!(Command::new("mount").args(mount).arg(&small.0).status().unwrap().success(), "no mount");
    fs::write(small.0.join("other"), vec![0; 40_000]).unwrap();
    let mut server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..8);
    server.process.stderr.line_with("lost: No space left on device");
    fs::remove_file(small.0.join("other")).unwrap();
    ask(&mut peer, 8..12);
    let log = small.0.join("access.log");
    eventually("its last line", || fs::read_to_string(&log).unwrap().contains("\"GET /?11 "));
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    let numbers = numbers(&fs::read_to_string(&log).unwrap());
    assert_eq!(numbers.len() + lost(&finished.stderr, "access log", "No space left on device"), 12);
}

#[test]
fn a_fifo_need_not_have_a_reader() {
    let (directory, config) = site("fifo");
    let path = directory.join("fifo");
    make_fifo(&path);
    let mut server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..2000);
    let told = server.process.stderr.line_with("lost: ");
    assert!(told.ends_with("lost: its reader does not keep up\n"), "{told}");
    // What is still there is for whoever comes, and so is what follows.
    let mut reader = Output::of(fifo_reader(&path));
    assert_eq!(number(&reader.line().unwrap()), 0);
    let mut received = vec![0];
    while received.len() < 200 {
        received.push(number(&reader.line().unwrap()));
    }
    assert_eq!(received, (0..200).collect::<Vec<_>>());
    eventually("all that waited has been read", || {
        ask(&mut peer, 2000..2001);
        let seen = number(&reader.line().unwrap());
        received.push(seen);
        seen == 2000
    });
    let again = received.iter().filter(|number| **number == 2000).count();
    assert_eq!(again, 1);
    assert!(received.is_sorted(), "{received:?}");
    drop(reader);
    server.process.signal(Signal::TERM);
    assert_eq!(server.process.finish(PROMPT).code, Some(0));
}

#[test]
fn a_reader_that_stops_finds_whole_lines_when_it_goes_on() {
    let (directory, config) = site("fifo");
    let path = directory.join("fifo");
    make_fifo(&path);
    let mut reader = BufReader::new(small_fifo_reader(&path));
    let mut server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..1);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(number(&line), 0);
    ask(&mut peer, 1..3000);
    server.process.stderr.line_with("lost: its reader does not keep up");
    // It goes on, and when there is room again there is a line that ends all.
    let mut rest = Output::of(reader);
    let mut received = vec![0];
    while received.last() != Some(&3000) {
        received.push(number(&rest.line().unwrap()));
        if received.len() == 100 {
            ask(&mut peer, 3000..3001);
        }
    }
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    assert!(received.is_sorted_by(|one, next| one < next), "{received:?}");
    let lost = lost(&finished.stderr, "access log", "its reader does not keep up");
    assert_eq!(received.len() + lost, 3001, "{}", finished.stderr);
}

#[test]
fn a_fifo_that_is_replaced_leaves_nothing_behind() {
    let (directory, config) = site("fifo");
    let path = directory.join("fifo");
    make_fifo(&path);
    let mut server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..1);
    eventually("there is a writer", || server.threads_named("log") == 2);
    let start = (server.threads(), server.descriptors());
    for _ in 0..8 {
        ask(&mut peer, 0..100); // more than fits into it
        fs::remove_file(&path).unwrap();
        make_fifo(&path);
        server.reload("nothing has changed");
        ask(&mut peer, 0..1);
    }
    eventually("as many threads and descriptors as before", || (server.threads(), server.descriptors()) == start);
    let finished = server.stop();
    // What had gone into a FIFO is in nobody's hands.
    assert!(lost(&finished.stderr, "access log", "its reader does not keep up") > 8 * 80, "{}", finished.stderr);
}

#[test]
fn a_pipe_that_is_full_keeps_no_thread_when_it_is_not_logged_to_any_more() {
    let (directory, config) = site("stdout");
    let file = directory.write("webserv.toml", &config);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = webserv();
    let mut server = Server::start_with(command.arg("-c").arg(file), Stdio::from(writer));
    drop(command);
    let mut peer = server.connect();
    ask(&mut peer, 0..100);
    directory.write("webserv.toml", config.replace("stdout", "access.log"));
    server.reload("~ log.access");
    eventually("who was served before has been handed over", || server.workers() == 1);
    ask(&mut peer, 100..101);
    let log = directory.join("access.log");
    eventually("there is another writer", || fs::read_to_string(&log).is_ok_and(|log| log.contains("/?100 ")));
    // That of the file, and that of the diagnostics.
    eventually("its writer has ended", || server.threads_named("log") == 2);
    let lost = lost(&server.stop().stderr, "access log", "its reader does not keep up");
    let rest = std::io::read_to_string(reader).unwrap();
    assert_eq!(rest.matches('\n').count() + lost, 100, "half a line is lost, too");
}

#[test]
fn an_exit_does_not_wait_for_a_reader() {
    let (directory, config) = site("fifo");
    make_fifo(&directory.join("fifo"));
    let _reader = small_fifo_reader(&directory.join("fifo"));
    let server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..100);
    server.process.signal(Signal::TERM);
    let finished = server.process.finish(PROMPT);
    assert_eq!(finished.code, Some(0));
    // They all fit into memory, and are lost with it: it is told at the last moment. A page has gone into the pipe, at
    // most.
    let lost = lost(&finished.stderr, "access log", "its reader does not keep up");
    assert!([99, 100].contains(&lost), "{}", finished.stderr);
}

#[test]
fn an_exit_writes_what_there_is() {
    for target in ["access.log", "stdout"] {
        let (directory, config) = site(target);
        let server = Server::configured(&directory, &config);
        let mut peer = server.connect();
        ask(&mut peer, 0..200);
        let finished = server.stop();
        assert_eq!((finished.code, lost(&finished.stderr, "access log", "")), (Some(0), 0), "{}", finished.stderr);
        let log = fs::read_to_string(directory.join("access.log")).unwrap_or(finished.stdout);
        assert_eq!(numbers(&log), (0..200).collect::<Vec<_>>());
    }
}

#[test]
fn a_pipe_whose_reader_has_gone_costs_lines_that_are_counted() {
    let (directory, config) = site("stdout");
    let file = directory.write("webserv.toml", config);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = webserv();
    let server = Server::start_with(command.arg("-c").arg(file), Stdio::from(writer));
    drop(command); // and with it our own end of the pipe
    let mut peer = server.connect();
    let mut reader = BufReader::new(reader);
    ask(&mut peer, 0..1);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(number(&line), 0);
    drop(reader);
    ask(&mut peer, 1..1001);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    assert_eq!(lost(&finished.stderr, "access log", "Broken pipe"), 1000, "{}", finished.stderr);
}

/// Keyboard and screen, and what a program has of them.
pub(crate) fn terminal() -> (File, OwnedFd) {
    let master = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(master), slave)
}

#[test]
fn a_terminal_that_is_stopped_stops_nobody() {
    let (mut keyboard, slave) = terminal();
    let screen = keyboard.try_clone().unwrap();

    let (directory, config) = site("stdout");
    let file = directory.write("webserv.toml", config);
    let mut command = webserv();
    let mut server = Server::start_with(command.arg("-c").arg(file), Stdio::from(slave));
    drop(command);
    let mut screen = Output::of(screen);
    let mut peer = server.connect();
    ask(&mut peer, 0..1);
    assert_eq!(number(&screen.line().unwrap()), 0);
    let (stop, go_on) = (b"\x13", b"\x11");
    keyboard.write_all(stop).unwrap();
    ask(&mut peer, 1..1000);
    server.process.stderr.line_with("lost: its reader does not keep up");
    keyboard.write_all(go_on).unwrap();
    for expected in 1..100 {
        assert_eq!(number(&screen.line().unwrap()), expected);
    }
    keyboard.write_all(stop).unwrap();
    ask(&mut peer, 1000..1300);
    server.process.signal(Signal::TERM);
    assert_eq!(server.process.finish(PROMPT).code, Some(0));
}
