//! Who is answered by `webserv DIR` on loopback: those that name this machine, or an address. A page from elsewhere
//! whose name has been made to lead to 127.0.0.1 gets nothing (DNS rebinding).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::support::{Scratch, Server, webserv};
use crate::wire::{Peer, request};

const LOCAL: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "docs.localhost",
    "a.b.LocalHost.",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1.2.3",
    "10.1.2.3",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[2001:DB8::1]",
];

const FOREIGN: &[&str] = &[
    "evil.test",
    "EVIL.TEST",
    "evil.test.",
    "localhost.evil.test",
    "xlocalhost",
    "localhost..",
    "127.0.0.1.evil.test",
    "127.0.0.1.localhost.test",
    // A browser makes addresses of these before it asks, so that here they are names.
    "127.1",
    "2130706433",
    "127.0.0.256",
];

fn directory() -> Scratch {
    Scratch::with(&[("index.html", "home")])
}

fn get(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

/// Whether it is answered, or else what would be is said.
#[track_caller]
fn is_served(peer: &mut Peer, request: impl AsRef<[u8]>) -> bool {
    let response = peer.exchange(request);
    if response.status() == 421 {
        assert!(response.text().contains("localhost"), "{response}");
        return false;
    }
    response.assert_status(200).assert_content("home");
    true
}

#[test]
fn a_foreign_name_gets_nothing_from_a_directory_on_loopback() {
    let directory = directory();
    let server = Server::of(&directory);
    let port = server.address().port();
    for (hosts, is_local) in [(LOCAL, true), (FOREIGN, false)] {
        for host in hosts {
            for host in [host.to_string(), format!("{host}:{port}"), format!("{host}:1")] {
                assert_eq!(is_served(&mut server.connect(), get(&host)), is_local, "Host: {host}");
                // The target says whom it is for, whatever Host does.
                for other in ["localhost", "evil.test"] {
                    let absolute = format!("GET http://{host}/ HTTP/1.1\r\nHost: {other}\r\n\r\n");
                    assert_eq!(is_served(&mut server.connect(), absolute), is_local, "http://{host}/");
                }
                let old = format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
                assert_eq!(is_served(&mut server.connect(), old), is_local, "Host: {host} in 1.0");
            }
        }
    }
    // Longer than any name can be.
    assert!(!is_served(&mut server.connect(), get(&format!("{}.localhost", "a".repeat(300)))));
    // There is no browser that does not say whom it asks.
    assert!(is_served(&mut server.connect(), "GET / HTTP/1.0\r\n\r\n"));
}

/// Not a word about what is there, and what is not.
#[test]
fn a_foreign_name_is_told_nothing_whatever_it_asks() {
    let directory = directory();
    let server = Server::of(&directory);
    for (method, target, line) in [
        ("GET", "/missing", "Accept: */*"),
        ("GET", "/", "If-None-Match: *"),
        ("GET", "/", "Range: bytes=0-0"),
        ("HEAD", "/", "Accept: */*"),
        ("OPTIONS", "*", "Accept: */*"),
        ("OPTIONS", "/", "Origin: http://evil.test"),
        ("POST", "/", "Content-Length: 0"),
        ("BREW", "/", "Accept: */*"),
    ] {
        let asked = request(method, target, &[line]).replace("Host: localhost", "Host: evil.test");
        let mut peer = server.connect();
        peer.send(asked);
        let response = peer.head();
        response.assert_status(421);
        for name in ["Allow", "ETag", "Last-Modified", "Location"] {
            assert_eq!(response.field(name), None, "{response}");
        }
    }
}

/// Whoever calls from another machine knows it by names that nobody has told it.
#[test]
fn it_is_the_listener_that_decides() {
    let directory = directory();
    let socket = directory.join("web.sock");
    let listen = |addresses: &[&str]| {
        let addresses = addresses.iter().flat_map(|address| ["-l", address]);
        Server::start(webserv().args(addresses).arg(directory.path()))
    };
    for (address, is_loopback) in [
        ("127.0.0.1:0", true),
        ("localhost:0", true),
        ("[::ffff:127.0.0.1]:0", true),
        ("127.9.9.9:0", true),
        ("0.0.0.0:0", false),
    ] {
        let server = listen(&[address]);
        assert!(is_served(&mut server.connect(), get("localhost")), "{address}");
        assert_eq!(!is_served(&mut server.connect(), get("evil.test")), is_loopback, "{address}");
    }
    if TcpListener::bind("[::1]:0").is_ok() {
        for (address, is_loopback) in [("[::1]:0", true), ("[::]:0", false)] {
            let server = listen(&[address]);
            let peer = || Peer::tcp(SocketAddr::from((Ipv6Addr::LOCALHOST, server.address().port())));
            assert!(is_served(&mut peer(), get("[::1]")), "{address}");
            assert_eq!(!is_served(&mut peer(), get("evil.test")), is_loopback, "{address}");
        }
    }
    // Each listener for itself. No page can be made to ask a UNIX socket.
    let server = listen(&["127.0.0.1:0", &format!("unix:{}", socket.display())]);
    assert!(!is_served(&mut server.connect(), get("evil.test")));
    assert!(is_served(&mut Peer::unix(&socket), get("evil.test")));
}

/// Its author has said which names there are, and who gets the rest.
#[test]
fn a_config_serves_what_it_says() {
    let directory = directory();
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = '.'\n");
    assert_eq!(server.address().ip(), Ipv4Addr::LOCALHOST);
    for host in LOCAL.iter().chain(FOREIGN) {
        assert!(is_served(&mut server.connect(), get(host)), "{host}");
    }
}
