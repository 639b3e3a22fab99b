//! Which site answers: by the name that was asked for and the listener it was asked on.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::support::{Scratch, Server, run, webserv};
use crate::wire::{Peer, get};

/// A directory with a root for each site, whose index.html is the site's name.
fn roots(names: &[&str]) -> Scratch {
    let directory = Scratch::new();
    for name in names {
        directory.write(format!("{name}/index.html"), name);
    }
    directory
}

/// What the site that answers this Host has as its index.
#[track_caller]
fn answer(mut peer: Peer, host: &str) -> String {
    let response = peer.exchange(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    response.assert_status(200).text().to_owned()
}

const SITES: &str = "
    listen = '127.0.0.1:0'
    [[site]]
    hosts = ['example.test', 'www.example.test']
    root = 'exact'
    [[site]]
    hosts = ['*.example.test']
    root = 'wildcard'
    [[site]]
    hosts = ['*.deep.example.test']
    root = 'deep'
    [[site]]
    hosts = ['fixed.deep.example.test', '*.com.test']
    root = 'fixed'
    [[site]]
    hosts = ['other.test']
    root = 'other'
    default = true
";

#[test]
fn the_most_specific_name_wins() {
    let directory = roots(&["exact", "wildcard", "deep", "fixed", "other"]);
    let server = Server::configured(&directory, SITES);
    for (host, root) in [
        ("example.test", "exact"),
        ("www.example.test", "exact"),
        ("blog.example.test", "wildcard"),
        ("a.b.example.test", "wildcard"),
        ("deep.example.test", "wildcard"), // the name itself is not below itself
        ("a.deep.example.test", "deep"),
        ("a.b.deep.example.test", "deep"),
        ("fixed.deep.example.test", "fixed"),
        ("a.com.test", "fixed"),
        ("other.test", "other"),
        // and the default takes the rest
        ("unknown.test", "other"),
        ("xexample.test", "other"),
        ("example.test.evil.test", "other"),
        ("127.0.0.1", "other"),
        ("[::1]", "other"),
    ] {
        assert_eq!(answer(server.connect(), host), root, "Host: {host}");
    }
}

#[test]
fn neither_case_nor_port_nor_a_trailing_dot_matters() {
    let directory = roots(&["exact", "wildcard", "deep", "fixed", "other"]);
    let server = Server::configured(&directory, SITES);
    for (host, root) in [
        ("EXAMPLE.test", "exact"),
        ("example.test:80", "exact"),
        ("example.test:1", "exact"),
        ("example.test:", "exact"),
        ("example.test.", "exact"),
        ("Example.Test.:8080", "exact"),
        ("A.DEEP.example.TEST.", "deep"),
        ("[::1]:8080", "other"),
        ("127.0.0.1:8080", "other"),
    ] {
        assert_eq!(answer(server.connect(), host), root, "Host: {host}");
    }
}

#[test]
fn without_a_default_the_first_site_takes_the_rest() {
    let directory = roots(&["first", "second"]);
    let config = "
        listen = '127.0.0.1:0'
        [[site]]
        hosts = ['first.test']
        root = 'first'
        [[site]]
        hosts = ['second.test']
        root = 'second'
    ";
    let server = Server::configured(&directory, config);
    assert_eq!(answer(server.connect(), "second.test"), "second");
    assert_eq!(answer(server.connect(), "unknown.test"), "first");
}

#[test]
fn every_site_can_be_browsed_as_localhost() {
    let directory = roots(&["www", "docs", "all"]);
    let config = "
        listen = '127.0.0.1:0'
        [[site]]
        hosts = ['*.www.test', 'www.example.test', 'example.test']
        root = 'www'
        [[site]]
        hosts = ['docs.example.test']
        root = 'docs'
    ";
    let server = Server::configured(&directory, config);
    let port = server.address().port();
    assert_eq!(answer(server.connect(), &format!("docs.localhost:{port}")), "docs");
    assert_eq!(answer(server.connect(), "DOCS.localhost."), "docs");
    // A wildcard has no first label to be called by.
    assert_eq!(answer(server.connect(), "www.localhost"), "www");
    assert_eq!(answer(server.connect(), &format!("localhost:{port}")), "www");
    // One clickable URL for each site.
    assert!(server.banner.contains(&format!("http://docs.localhost:{port}/")), "{}", server.banner);
    assert!(server.urls().len() >= 2, "{}", server.banner);
}

#[test]
fn the_target_wins_over_host() {
    let directory = roots(&["exact", "wildcard", "deep", "fixed", "other"]);
    let server = Server::configured(&directory, SITES);
    let mut peer = server.connect();
    for (target, host, root) in [
        ("http://example.test/", "other.test", "exact"),
        ("http://other.test/", "example.test", "other"),
        ("HTTP://EXAMPLE.test:81/", "other.test", "exact"),
        ("http://a.deep.example.test?query", "other.test", "deep"),
        ("http://example.test", "other.test", "exact"),
    ] {
        let response = peer.exchange(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        response.assert_status(200).assert_content(root);
    }
}

#[test]
fn one_site_on_several_listeners() {
    let directory = roots(&["both", "tcp"]);
    let socket = directory.join("both.sock");
    let config = format!(
        "[[site]]\nroot = 'both'\nhosts = ['both.test']\nlisten = ['127.0.0.1:0', 'unix:{}']\n\
         [[site]]\nroot = 'tcp'\nhosts = ['tcp.test']\nlisten = '127.0.0.1:0'\n",
        socket.display()
    );
    let server = Server::configured(&directory, &config);
    assert_eq!(answer(server.connect(), "both.test"), "both");
    assert_eq!(answer(server.connect(), "tcp.test"), "tcp");
    assert_eq!(answer(Peer::unix(&socket), "both.test"), "both");
    // The other site is not there: the only one that is takes every name.
    assert_eq!(answer(Peer::unix(&socket), "tcp.test"), "both");
}

#[test]
fn the_default_site_is_one_for_each_listener() {
    let directory = roots(&["a", "b", "c"]);
    let (first, second) = (directory.join("first.sock"), directory.join("second.sock"));
    let (one, two) = (first.display(), second.display());
    let config = format!(
        "[[site]]\nroot = 'a'\nhosts = ['a.test']\nlisten = ['unix:{one}', 'unix:{two}']\n\
         [[site]]\nroot = 'b'\nhosts = ['b.test']\nlisten = 'unix:{one}'\n\
         [[site]]\nroot = 'c'\nhosts = ['c.test']\nlisten = 'unix:{two}'\ndefault = true\n"
    );
    let _server = Server::configured(&directory, &config);
    assert_eq!(answer(Peer::unix(&first), "unknown.test"), "a");
    assert_eq!(answer(Peer::unix(&second), "unknown.test"), "c");
    assert_eq!(answer(Peer::unix(&first), "c.test"), "a");
    assert_eq!(answer(Peer::unix(&second), "a.test"), "a");
}

#[test]
fn localhost_is_both_families() {
    let directory = roots(&["."]);
    let server = Server::start(webserv().args(["-l", "localhost:0"]).arg(directory.path()));
    let port = server.address().port();
    assert_eq!(answer(Peer::tcp(([127, 0, 0, 1], port).into()), "localhost"), ".");
    // A machine without IPv6 has no ::1 to serve on.
    let ipv6 = std::net::SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port));
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        assert_eq!(answer(Peer::tcp(ipv6), "localhost"), ".");
    }
}

#[test]
fn listen_on_the_command_line_replaces_that_of_the_config() {
    let directory = roots(&["www"]);
    let file = directory.write("webserv.toml", "listen = '127.0.0.1:1'\n[[site]]\nroot = 'www'\n");
    let socket = format!("unix:{}", directory.join("s.sock").display());
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0", "-l", &socket, "-c"]).arg(file));
    get(&server, "/").assert_status(200).assert_content("www");
    assert_eq!(answer(Peer::unix(directory.join("s.sock")), "localhost"), "www");
    assert!(server.banner.contains(&socket), "{}", server.banner);
}

#[test]
fn a_unix_socket_serves_and_is_removed() {
    let directory = roots(&["www"]);
    let socket = directory.join("web.sock");
    // A path in the config is relative to it, as is every other.
    let server = Server::configured(&directory, "listen = 'unix:web.sock'\n[[site]]\nroot = 'www'\n");
    assert!(server.banner.ends_with(&format!(" at unix:{}\n", socket.display())), "{}", server.banner);
    assert_eq!(answer(Peer::unix(&socket), "localhost"), "www");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "its directory guards it");
    assert_eq!(server.stop().code, Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_stale_unix_socket_is_replaced_and_nothing_else_is() {
    let directory = roots(&["www"]);
    let stale = directory.join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap()); // leaves the file behind, as a crash does
    let listen = format!("unix:{}", stale.display());
    let server = Server::start(webserv().args(["-l", &listen]).arg(directory.join("www")));
    assert_eq!(answer(Peer::unix(&stale), "localhost"), "www");

    // One that lives is somebody's.
    let second = run(webserv().args(["-l", &listen]).arg(directory.join("www")));
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains(&stale.display().to_string()), "{second:?}");
    assert_eq!(answer(Peer::unix(&stale), "localhost"), "www");
    drop(server);

    let file = directory.write("precious", "content");
    let third = run(webserv().args(["-l", &format!("unix:{}", file.display())]).arg(directory.join("www")));
    assert_eq!(third.code, Some(1), "{third:?}");
    assert_eq!(fs::read_to_string(file).unwrap(), "content");
}
