//! Logs: a line for each response, wherever it is to go, and what goes over the wire for who wants to see it.

use std::fs;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Stdio;

use super::{ask, walk};
use crate::log_sinks::{site, terminal};
use crate::log_syslog::{bind, bind_udp, receive};
use crate::support::{Output, Scratch, Server, eventually, webserv};

const ASKED: &str = "GET /?q | User-Agent: tour";

#[test]
fn a_line_has_the_format_of_the_config() {
    let combined = "\"GET /?q HTTP/1.1\" 200 4 \"-\" \"tour\"\n";
    for (format, start, end) in [
        ("auto", "127.0.0.1 - - [", combined),
        ("combined", "127.0.0.1 - - [", combined),
        ("vhost_combined", "www.localhost:80 127.0.0.1 - - [", combined),
        ("json", "{\"time\":\"2", ",\"referer\":null,\"user_agent\":\"tour\"}\n"),
    ] {
        let (directory, config) = site("stdout");
        let mut server = Server::configured(&directory, &config.replace("combined", format));
        ask(&mut server.connect(), "www.localhost", ASKED).assert_status(200);
        let line = server.process.stdout.line().unwrap();
        assert!(line.starts_with(start) && line.ends_with(end), "{format}: {line:?}");
    }
}

#[test]
fn on_a_terminal_a_line_is_short_and_coloured() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let (screen, slave) = terminal();
    let mut command = webserv();
    let command = command.args(["-l", "127.0.0.1:0"]).arg(directory.path()).env("TERM", "xterm");
    let server = Server::start_with(command, Stdio::from(slave));
    let mut screen = Output::of(screen);
    for (asked, status) in [(ASKED, "\x1b[32m200\x1b[0m"), ("GET /missing", "\x1b[33m404\x1b[0m")] {
        ask(&mut server.connect(), "localhost", asked);
        let line = screen.line().unwrap();
        let target = asked.split(" | ").next().unwrap();
        assert!(line.contains(status) && line.trim_end().ends_with(target) && line.len() < 100, "{line:?}");
    }
}

#[test]
fn a_file_is_opened_again_on_sighup() {
    let (directory, config) = site("access.log");
    let mut server = Server::configured(&directory, &config);
    let peer = &mut server.connect();
    let mut has = |asked: &str, name: &str| {
        ask(peer, "localhost", &format!("GET /?{asked}")).assert_status(200);
        fs::read_to_string(directory.join(name)).is_ok_and(|log| log.contains(&format!("\"GET /?{asked} ")))
    };
    eventually("there are lines", || has("before", "access.log"));
    fs::rename(directory.join("access.log"), directory.join("access.log.1")).unwrap();
    eventually("there are more", || has("moved", "access.log.1"));
    server.reload("nothing has changed");
    eventually("the file is made again", || has("after", "access.log"));
    assert!(!fs::read_to_string(directory.join("access.log")).unwrap().contains("/?before "));
}

#[test]
fn a_syslog_server_gets_each_line() {
    let directory = Scratch::new();
    let (udp, unix) = (bind_udp((Ipv4Addr::LOCALHOST, 0)), bind(&directory.join("log")));
    let addresses =
        [format!("udp://{}", udp.local_addr().unwrap()), format!("unix:{}", directory.join("log").display())];
    for (address, socket) in addresses.iter().zip([udp.as_fd(), unix.as_fd()]) {
        let (directory, config) = site(&format!("syslog:{address}"));
        let server = Server::configured(&directory, &config);
        ask(&mut server.connect(), "localhost", ASKED).assert_status(200);
        // What is before the line has been looked at there.
        let line = receive(&socket, &server);
        assert!(line.starts_with("127.0.0.1 - - [") && line.ends_with("\"GET /?q HTTP/1.1\" 200 4 \"-\" \"tour\""));
    }
}

#[test]
fn what_goes_over_the_wire_is_shown_to_whoever_wants_to_see_it() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    let server = Server::start(webserv().args(["-v", "-l", "127.0.0.1:0"]).arg(directory.path()));
    let peer = &mut server.connect();
    walk(peer, "localhost", &[("GET /a.txt", "200"), ("GET /missing | Connection: close", "404")]);
    peer.assert_ended();
    let said = server.stop().stderr;
    let mut lines = said.lines();
    for (mark, words) in [
        ("*", "connected at 127.0.0.1:"),
        ("*", "asks on a new connection"),
        (">", "GET /a.txt HTTP/1.1"),
        (">", "Host: localhost"),
        ("<", "HTTP/1.1 200 OK"),
        ("<", "Content-Length: 1"),
        ("*", "stays connected"),
        ("*", "asks on the same connection"),
        (">", "GET /missing HTTP/1.1"),
        ("<", "HTTP/1.1 404 Not Found"),
        ("<", "Connection: close"),
        ("*", "will be closed: the client asked for that"),
    ] {
        assert!(lines.any(|line| line.starts_with(mark) && line.contains(words)), "no {mark} {words}: {said}");
    }
}
