//! The access log as messages of syslog: RFC 5424, a datagram each, to a server that may come, go, or read nothing.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use rustix::net::{RecvFlags, recv};
use rustix::process::Signal;

use crate::log_sinks::{PROMPT, ask, lost, site};
use crate::support::{PATIENCE, Scratch, Server, eventually, own_address};
use crate::wire::{get, request};

/// A message without its header, which is as it has to be.
#[track_caller]
fn message(datagram: &[u8], server: &Server) -> String {
    let text = str::from_utf8(datagram).unwrap();
    let fields: Vec<_> = text.splitn(8, ' ').collect();
    let [priority, time, host, app, process, id, data, message] = fields[..] else { panic!("{text:?}") };
    assert_eq!(
        (priority, app, process, id, data),
        ("<190>1", "webserv", &*server.process.id().to_string(), "access", "-")
    );
    let form: String = time.chars().map(|it| if it.is_ascii_digit() { '9' } else { it }).collect();
    assert_eq!(form, "9999-99-99T99:99:99.999Z");
    assert_eq!(host, rustix::system::uname().nodename().to_str().unwrap());
    assert!(!message.contains('\n'), "{text:?}");
    message.to_owned()
}

pub(crate) fn bind(path: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(crate) fn bind_udp(address: impl Into<SocketAddr>) -> UdpSocket {
    let socket = UdpSocket::bind(address.into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[track_caller]
pub(crate) fn receive(socket: &impl AsFd, server: &Server) -> String {
    let mut buffer = [0; 65536];
    let (length, _) = recv(socket, &mut buffer, RecvFlags::empty()).unwrap();
    message(&buffer[..length], server)
}

fn unix_site() -> (Scratch, String) {
    site("syslog:unix:log")
}

#[test]
fn each_line_is_a_datagram() {
    let syslog = bind_udp((Ipv4Addr::LOCALHOST, 0));
    let (directory, config) = site(&format!("syslog:udp://localhost:{}", syslog.local_addr().unwrap().port()));
    let config = config.replace("combined", "json");
    // An address of its own, as of another machine, or the name of this one.
    for config in [config.replace("localhost", "127.0.0.1"), config] {
        let server = Server::configured(&directory, &config);
        let mut peer = server.connect();
        let requests: String = (0..50).map(|number| request("GET", &format!("/?{number}"), &[])).collect();
        peer.send(requests);
        for number in 0..50 {
            peer.response().assert_status(200);
            let message = receive(&syslog, &server);
            assert!(message.starts_with("{\"time\":") && message.ends_with('}'), "{message}");
            assert!(message.contains(&format!("\"target\":\"/?{number}\",")), "{message}");
        }
    }
}

#[test]
fn a_server_that_is_made_anew_is_found_again() {
    let (directory, config) = unix_site();
    let path = directory.join("log");
    let first = bind(&path);
    let mut server = Server::configured(&directory, &config);
    get(&server, "/?1").assert_status(200);
    let line = receive(&first, &server);
    assert!(line.starts_with("127.0.0.1 - - [") && line.contains("\"GET /?1 HTTP/1.1\" 200 4 "), "{line}");
    drop(first);
    fs::remove_file(&path).unwrap();
    let second = bind(&path);
    get(&server, "/?2").assert_status(200);
    assert!(receive(&second, &server).contains("\"GET /?2 "));
    // While there is none, lines are lost, and that is told.
    drop(second);
    fs::remove_file(&path).unwrap();
    get(&server, "/?3").assert_status(200);
    let told = server.process.stderr.line_with("lost: ");
    assert_eq!(told, "error: access log: 1 line was lost: No such file or directory (os error 2)\n");
    let third = bind(&path);
    get(&server, "/?4").assert_status(200);
    assert!(receive(&third, &server).contains("\"GET /?4 "));
}

#[test]
fn a_server_need_not_be_there_at_the_start() {
    let (directory, config) = unix_site();
    let server = Server::configured(&directory, &config);
    get(&server, "/?1").assert_status(200);
    let socket = bind(&directory.join("log"));
    get(&server, "/?2").assert_status(200);
    let line = receive(&socket, &server);
    assert!(line.contains("\"GET /?1 ") || line.contains("\"GET /?2 "), "{line}");
}

#[test]
fn a_server_that_reads_nothing_stops_nobody() {
    let (directory, config) = unix_site();
    let socket = bind(&directory.join("log"));
    let mut server = Server::configured(&directory, &config);
    let mut peer = server.connect();
    ask(&mut peer, 0..3000);
    server.process.stderr.line_with("lost: its reader does not keep up");
    // It reads again, and finds what has waited: whole messages in their order.
    let mut received = 0;
    let mut last = None;
    while last != Some(3000) {
        let line = receive(&socket, &server);
        let number: usize = line.split_once("\"GET /?").unwrap().1.split_once(' ').unwrap().0.parse().unwrap();
        assert!(last < Some(number), "{last:?}, and then {number}");
        last = Some(number);
        received += 1;
        if received == 100 {
            ask(&mut peer, 3000..3001);
        }
    }
    ask(&mut peer, 0..1000);
    let threads = server.threads();
    server.process.signal(Signal::TERM);
    let finished = server.process.finish(PROMPT);
    assert_eq!(finished.code, Some(0));
    assert!(received + lost(&finished.stderr, "access log", "its reader does not keep up") >= 3001, "{threads}");
}

#[test]
fn a_port_that_nobody_listens_at_costs_lines_that_are_counted() {
    let address = own_address();
    let (directory, config) = site(&format!("syslog:udp://{address}"));
    let mut server = Server::configured(&directory, &config);
    eventually("it is told", || {
        get(&server, "/").assert_status(200);
        server.process.stderr.has("lost: Connection refused")
    });
    // What is told late costs nothing of what comes then.
    let syslog = bind_udp(address);
    let mut peer = server.connect();
    peer.send((0..50).map(|number| request("GET", &format!("/?{number}"), &[])).collect::<String>());
    let mut next = 0;
    while next < 50 {
        let message = receive(&syslog, &server);
        // One of those before may be late.
        if !message.contains("\"GET / ") {
            assert!(message.contains(&format!("\"GET /?{next} ")), "{message}");
            next += 1;
        }
    }
}

#[test]
fn a_reload_may_bring_another_server() {
    let (directory, config) = unix_site();
    let first = bind(&directory.join("log"));
    let mut server = Server::configured(&directory, &config);
    get(&server, "/?1").assert_status(200);
    assert!(receive(&first, &server).contains("\"GET /?1 "));
    let second = bind(&directory.join("other"));
    directory.write("webserv.toml", config.replace("unix:log", "unix:other"));
    let path = directory.path().display();
    let line = server.reload("log.access");
    assert_eq!(line, format!("info: reload: ~ log.access: syslog:unix:{path}/log -> syslog:unix:{path}/other\n"));
    eventually("whoever comes is served by the new config", || server.workers() == 1);
    get(&server, "/?2").assert_status(200);
    assert!(receive(&second, &server).contains("\"GET /?2 "));
}
