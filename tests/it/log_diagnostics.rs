//! Diagnostics that nobody reads: the standard error is a log like the other, and waited for as little.

use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
use rustix::process::{Pid, Signal, kill_process};

use crate::log_sinks::{PROMPT, ask, lost, site};
use crate::support::{Scratch, eventually, webserv};
use crate::wire::{Peer, request};

/// A server whose standard error is a pipe that is read only where a test does it.
struct Unread {
    child: Child,
    stderr: BufReader<PipeReader>,
}

impl Unread {
    fn start(command: &mut Command) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).spawn().unwrap();
        command.stderr(Stdio::null()); // the command has our own end of the pipe
        Self { child, stderr: BufReader::new(reader) }
    }

    /// A client of it. Its banner is read for that.
    #[track_caller]
    fn connect(&mut self) -> Peer {
        let mut line = String::new();
        while !line.contains(" serving ") {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "no banner");
        }
        Peer::tcp(line.trim().rsplit_once("http://").unwrap().1.trim_end_matches('/').parse().unwrap())
    }

    /// Ends it as an administrator would, and sees that it is prompt.
    #[track_caller]
    fn stop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let start = Instant::now();
        eventually("it has ended", || self.child.try_wait().unwrap().is_some_and(|status| status.success()));
        assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn diagnostics_that_nobody_reads_stop_nobody() {
    let (directory, config) = site("off");
    let file = directory.write("webserv.toml", config);
    let mut server = Unread::start(webserv().arg("-v").arg("-c").arg(file));
    let mut peer = server.connect();
    ask(&mut peer, 0..2000);
    // Now somebody does: whole lines, and how many there are not.
    let mut told = String::new();
    while !told.starts_with("error: ") {
        told.clear();
        assert!(server.stderr.read_line(&mut told).unwrap() > 0);
        let is_whole = ["* ", "> ", "< ", ">\n", "<\n", "error: "].iter().any(|start| told.starts_with(start));
        assert!(is_whole && told.ends_with('\n'), "{told:?}");
    }
    assert!(lost(&told, "standard error", "its reader does not keep up") > 1000, "{told}");
    // And stops again.
    ask(&mut peer, 2000..4000);
    server.stop();
}

#[test]
fn a_start_does_not_wait_for_its_banner_to_be_read() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let size = fcntl_getpipe_size(&writer).unwrap();
    writer.write_all(&vec![b'\n'; size]).unwrap();
    let socket = directory.join("socket");
    let mut command = webserv();
    command.arg("-l").arg(format!("unix:{}", socket.display())).arg(directory.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(OwnedFd::from(writer)).spawn().unwrap();
    drop(command);
    let mut server = Unread { child, stderr: BufReader::new(reader) };
    eventually("it listens", || UnixStream::connect(&socket).is_ok());
    Peer::unix(&socket).exchange(request("GET", "/", &[])).assert_status(200).assert_content("home");
    server.stop();
    // Nothing went into it that was not whole: it was full all the time.
    let mut rest = Vec::new();
    server.stderr.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), size);
}

#[test]
fn logs_that_share_a_terminal_or_a_pipe_keep_their_order() {
    let (directory, config) = site("stdout");
    let file = directory.write("webserv.toml", config);
    let mut command = webserv();
    let (reader, writer) = std::io::pipe().unwrap();
    // It is read at the end, and must not be full before: how much fits depends on how much is written at a time.
    fcntl_setpipe_size(&writer, 1024 * 1024).unwrap();
    command.arg("-v").arg("-c").arg(file).stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
    let child = command.spawn().unwrap();
    drop(command);
    let mut server = Unread { child, stderr: BufReader::new(reader) };
    let mut peer = server.connect();
    for number in 0..100 {
        peer.exchange(request("GET", &format!("/?{number}"), &[])).assert_status(200);
    }
    server.stop();
    let mut rest = String::new();
    server.stderr.read_to_string(&mut rest).unwrap();
    // The head of a request, that of its response, its line; then the next one.
    let mut shown = rest.lines().filter(|line| line.contains("GET /?") || line.starts_with("< HTTP/1.1 200"));
    for expected in 0..100 {
        assert_eq!(shown.next().unwrap(), format!("> GET /?{expected} HTTP/1.1"));
        assert_eq!(shown.next().unwrap(), "< HTTP/1.1 200 OK");
        let line = shown.next().unwrap();
        assert!(line.ends_with(&format!("\"GET /?{expected} HTTP/1.1\" 200 4 \"-\" \"-\"")), "{line}");
    }
}
