//! SIGHUP as an administrator meets it: what changes, what is said of it, and that a mistake changes nothing.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use rustix::process::Signal;

use crate::support::{Scratch, Server, begun, eventually, make_fifo, own_address, webserv};
use crate::wire::{Pace, Peer, exchange, get, request};

pub(crate) fn site() -> Scratch {
    Scratch::with(&[("www/a.txt", "a"), ("other/a.txt", "b")])
}

#[track_caller]
fn is_served(address: SocketAddr) {
    Peer::tcp(address).exchange(request("GET", "/a.txt", &[])).assert_status(200);
}

#[test]
fn each_change_is_told() {
    let directory = site();
    let mut server =
        Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\nhosts = 'a.test'\n");
    let added = own_address();
    directory.write(
        "webserv.toml",
        format!(
            "listen = ['127.0.0.1:0', '{added}']\nlimits.head_time = '5s'\n[[site]]\nhosts = 'a.test'\nroot = 'other'\n\
             [[site]]\nhosts = 'b.test'\nroot = 'www'\n"
        ),
    );
    server.process.signal(Signal::HUP);
    let path = directory.path().display();
    for words in [
        &format!("+ listen {added}\n"),
        "+ site b.test\n",
        &format!("~ root of a.test: {path}/www -> {path}/other\n"),
        &format!("~ listen of a.test: [127.0.0.1:0] -> [127.0.0.1:0, {added}]\n"),
        "~ limits.head_time: 10s -> 5s\n",
    ] {
        assert_eq!(server.process.stderr.line(), Some(format!("info: reload: {words}")));
    }
    let line = server.reload("reload");
    assert_eq!(line, "info: reload: nothing has changed\n");
}

#[test]
fn a_mistake_changes_nothing() {
    let directory = site();
    let good = "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n";
    let mut server = Server::configured(&directory, good);
    let mut idle = server.connect();
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("a");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let port = server.address().port();
    let unopenable = directory.join("www").display().to_string();
    let descriptors = server.descriptors();
    for (bad, words) in [
        (format!("{good}indx = 'b'\n"), "webserv.toml:4:1".to_owned()),
        ("listen = '127.0.0.1:0'\n[[site]]\nroot = 'missing'\n".to_owned(), "webserv.toml:3:8".to_owned()),
        (format!("listen = ['127.0.0.1:0', '{taken}']\n[[site]]\nroot = 'other'\n"), taken.to_string()),
        (format!("listen = '0.0.0.0:{port}'\n[[site]]\nroot = 'other'\n"), "restart it".to_owned()),
        (format!("[log]\naccess = '{unopenable}'\n[[site]]\nroot = 'other'\n"), unopenable),
    ] {
        directory.write("webserv.toml", &bad);
        assert!(server.reload("cannot reload").starts_with("error: "), "{bad}");
        if !server.process.stderr.said().contains(&words) {
            server.process.stderr.line_with(&words);
        }
        get(&server, "/a.txt").assert_status(200).assert_content("a");
        idle.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("a");
    }
    fs::remove_file(directory.join("webserv.toml")).unwrap();
    server.reload("cannot reload");
    eventually("nothing is left of the attempts", || (server.descriptors(), server.workers()) == (descriptors, 1));
    directory.write("webserv.toml", good.replace("www", "other"));
    server.reload("~ root");
    eventually("the config that is good is used", || get(&server, "/a.txt").text() == "b");
}

#[test]
fn listeners_come_and_go() {
    let directory = site();
    let (kept, removed, added) = (own_address(), own_address(), own_address());
    let config = |one, other| format!("listen = ['{one}', '{other}']\n[[site]]\nroot = 'www'\n");
    let mut server = Server::configured(&directory, &config(kept, removed));
    let mut idle = Peer::tcp(removed);
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200);
    let mut begun = Peer::tcp(removed);
    begun.send("GET /a.txt HTTP/1.1\r\nHo");
    // Only then the listener is not the first thing that the worker hears of.
    let mut pace = Pace::of(&server);
    pace.turn();
    directory.write("webserv.toml", config(kept, added));
    // Whoever is in the queue when the listener goes is let in: more of them than come in at a time.
    server.process.signal(Signal::STOP);
    let mut waiting: Vec<_> = (0..100).map(|_| Peer::tcp(removed)).collect();
    waiting.iter_mut().for_each(|peer| peer.send(request("GET", "/a.txt", &[])));
    server.process.signal(Signal::HUP);
    server.process.signal(Signal::CONT);
    for peer in &mut waiting {
        peer.response().assert_status(200).assert_content("a");
        peer.assert_ended();
    }
    idle.assert_ended();
    begun.send("st: localhost\r\n\r\n");
    begun.response().assert_status(200).assert_field("Connection", "close").assert_content("a");
    begun.assert_ended();
    eventually("what was removed refuses", || TcpStream::connect(removed).is_err());
    is_served(kept);
    is_served(added);
    // And back again.
    directory.write("webserv.toml", config(kept, removed));
    server.reload(&format!("+ listen {removed}"));
    is_served(removed);
    eventually("what was removed refuses", || TcpStream::connect(added).is_err());
}

#[test]
fn a_connection_stays_where_every_interface_takes_its_address() {
    let directory = site();
    let mut server = Server::configured(&directory, "listen = '0.0.0.0:0'\n[[site]]\nroot = 'www'\n");
    let address = SocketAddr::from(([127, 0, 0, 1], server.address().port()));
    let mut idle = Peer::tcp(address);
    idle.exchange(request("GET", "/a.txt", &[])).assert_content("a");
    directory.write("webserv.toml", "listen = '0.0.0.0:0'\n[[site]]\nroot = 'other'\n");
    server.reload("~ root");
    eventually("the new config answers", || idle.exchange(request("GET", "/a.txt", &[])).text() == "b");
}

#[test]
fn a_port_that_was_found_stays() {
    let directory = site();
    // Whoever has it already serves just as well.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    for listen in ["", "listen = 'localhost:0'\n"] {
        let config = |root: &str| format!("{listen}[[site]]\nroot = '{root}'\n");
        let mut server = Server::configured(&directory, &config("www"));
        let port = server.address().port();
        assert_ne!(port, 8080);
        let mut idle: Vec<_> =
            ["127.0.0.1", "::1"].iter().filter_map(|ip| TcpStream::connect((*ip, port)).ok()).collect();
        directory.write("webserv.toml", config("other"));
        server.reload("~ root");
        eventually("the old worker has ended", || server.workers() == 1);
        for peer in idle.drain(..) {
            let address = peer.peer_addr().unwrap();
            Peer::from(peer).exchange(request("GET", "/a.txt", &[])).assert_content("b");
            Peer::tcp(address).exchange(request("GET", "/a.txt", &[])).assert_content("b");
        }
    }
}

#[test]
fn limits_are_those_of_the_new_config() {
    let directory = site();
    let config = |limits: &str| format!("listen = '127.0.0.1:0'\n[limits]\n{limits}\n[[site]]\nroot = 'www'\n");
    let mut server = Server::configured(&directory, &config("fields = 100\nhead_time = '1h'"));
    let mut idle = server.connect();
    let many = request("GET", "/a.txt", &["A: b"; 9]);
    idle.exchange(&many).assert_status(200);
    directory.write("webserv.toml", config("fields = 5\nhead_time = '100ms'\nbacklog = 5"));
    server.reload("~ limits.head_time: 1h -> 100ms");
    // From then on everybody is with the new one.
    eventually("the old worker has ended", || server.workers() == 1);
    exchange(&server, &many).assert_status(431);
    idle.send("GET /a.txt HT");
    idle.response().assert_status(408);
}

#[test]
fn the_level_of_messages_is_that_of_the_new_config() {
    let directory = site();
    let config = |level: &str| format!("listen = '127.0.0.1:0'\nlog.level = '{level}'\n[[site]]\nroot = 'www'\n");
    let mut server = Server::configured(&directory, &config("error"));
    directory.write("webserv.toml", config("debug"));
    server.process.signal(Signal::HUP);
    eventually("connections are told of", || {
        get(&server, "/a.txt");
        server.process.stderr.has("connected")
    });
}

#[test]
fn the_access_log_is_opened_again() {
    let directory = site();
    let config = "listen = '127.0.0.1:0'\n[log]\naccess = 'access.log'\n[[site]]\nroot = 'www'\n";
    let mut server = Server::configured(&directory, config);
    let [log, moved] = ["access.log", "access.log.1"].map(|name| directory.join(name));
    let has = |path: &Path, words: &str| fs::read_to_string(path).is_ok_and(|text| text.contains(words));
    get(&server, "/a.txt?1");
    eventually("the line is there", || has(&log, "/a.txt?1"));
    fs::rename(&log, &moved).unwrap();
    get(&server, "/a.txt?2");
    eventually("it is still the same file", || has(&moved, "/a.txt?2"));
    server.reload("reload: nothing has changed");
    eventually("the file is made again", || {
        get(&server, "/a.txt?3");
        has(&log, "/a.txt?3")
    });
    // Where the config is broken.
    fs::rename(&log, &moved).unwrap();
    directory.write("webserv.toml", format!("{config}indx = 'a'\n"));
    server.reload("cannot reload, all stays as it was:");
    eventually("the file is made again", || {
        get(&server, "/a.txt?5");
        has(&log, "/a.txt?5")
    });
    // Where the config has changed as well.
    fs::rename(&log, &moved).unwrap();
    directory.write("webserv.toml", format!("{config}index = 'a'\n"));
    server.reload("~ index");
    eventually("the file is made again", || {
        get(&server, "/a.txt?4");
        has(&log, "/a.txt?4")
    });
}

#[test]
fn where_one_log_cannot_be_opened_none_is() {
    let directory = site();
    directory.write("www/large.bin", vec![b'x'; 32_000_000]);
    let config = |log: &str| format!("listen = '127.0.0.1:0'\n[log]\naccess = '{log}'\n[[site]]\nroot = 'www'\n");
    let mut server = Server::configured(&directory, &config("old.log"));
    let download = server.connect_to_download("/large.bin", 32_000_000);
    directory.write("webserv.toml", config("new.log"));
    server.reload("~ log.access");
    let move_away = |name: &str| fs::rename(directory.join(name), directory.join(format!("{name}.1"))).unwrap();
    let reads = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
    eventually("whoever comes is served by the new config", || {
        get(&server, "/a.txt?1").assert_status(200);
        reads("new.log").contains("?1")
    });
    for (broken, whole) in [("old.log", "new.log"), ("new.log", "old.log")] {
        move_away(broken);
        move_away(whole);
        fs::create_dir(directory.join(broken)).unwrap();
        let line = server.reload("cannot open the access log");
        assert!(line.starts_with("error: ") && line.contains(broken) && line.contains("Is a directory"), "{line}");
        get(&server, &format!("/a.txt?{broken}")).assert_status(200);
        eventually("it goes on where it was", || reads("new.log.1").contains(broken));
        // As it was, for the other one.
        fs::remove_dir(directory.join(broken)).unwrap();
        for name in [broken, whole] {
            fs::rename(directory.join(format!("{name}.1")), directory.join(name)).unwrap();
        }
    }
    drop(download);
    eventually("who was served before has its line, too", || reads("old.log").contains("/large.bin"));
    assert!(["?old.log", "?new.log"].iter().all(|query| reads("new.log").contains(query)));
    server.stop();
}

/// A config in whose place there is a FIFO, which the server has begun to read.
fn hanging(directory: &Scratch, server: &Server) -> File {
    let path = directory.join("webserv.toml");
    fs::remove_file(&path).unwrap();
    make_fifo(&path);
    server.process.signal(Signal::HUP);
    begun(&path)
}

#[test]
fn a_reload_that_hangs_delays_no_stop() {
    let directory = site();
    directory.write("www/large.bin", vec![b'x'; 32_000_000]);
    let config = "listen = '127.0.0.1:0'\nlimits.drain_time = '1h'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let _writer = hanging(&directory, &server);
    get(&server, "/a.txt").assert_status(200);
    assert_eq!(server.stop().code, Some(0));

    directory.write("other.toml", config);
    fs::rename(directory.join("other.toml"), directory.join("webserv.toml")).unwrap();
    let mut server = Server::configured(&directory, config);
    let mut download = server.connect();
    download.send(request("GET", "/large.bin", &[]));
    download.head().assert_status(200);
    let _writer = hanging(&directory, &server);
    server.process.signal(Signal::TERM);
    server.process.stderr.line_with("stopping when 1 connection has finished");
    // And the second one.
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_reload_that_is_asked_for_during_another_one_comes_after_it() {
    let directory = site();
    let config = |root: &str| format!("listen = '127.0.0.1:0'\n[[site]]\nroot = '{root}'\n");
    let mut server = Server::configured(&directory, &config("www"));
    let mut writer = hanging(&directory, &server);
    server.process.signal(Signal::HUP);
    writer.write_all(config("www").as_bytes()).unwrap();
    drop(writer);
    server.process.stderr.line_with("reload: nothing has changed");
    let mut writer = begun(&directory.join("webserv.toml"));
    writer.write_all(config("other").as_bytes()).unwrap();
    drop(writer);
    server.process.stderr.line_with("reload: ~ root of *");
    eventually("the new config answers", || get(&server, "/a.txt").text() == "b");
}

#[test]
fn what_takes_a_restart_is_told_until_there_is_one() {
    let directory = site();
    let config = |user: &str| format!("listen = '127.0.0.1:0'\n[server]\n{user}\n[[site]]\nroot = 'www'\n");
    let mut server = Server::configured(&directory, &config(""));
    let nobody = config("user = 'nobody'");
    directory.write("webserv.toml", &nobody);
    server.reload("info: reload: ~ server.user: none -> nobody\n");
    for _ in 0..3 {
        let line = server.process.stderr.line().unwrap();
        assert_eq!(line, "warn: reload: server.user takes a restart\n");
        server.process.signal(Signal::HUP);
    }
    server.process.stderr.line_with("server.user takes a restart");
    directory.write("webserv.toml", config(""));
    server.reload("info: reload: ~ server.user: nobody -> none\n");
    assert_eq!(server.reload("reload"), "info: reload: nothing has changed\n");
}

#[test]
fn a_directory_has_nothing_to_reload() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    let mut server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(directory.path()));
    let mut idle = server.connect();
    server.reload("info: reload: nothing has changed");
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200);
    // The arguments count, whatever the config says.
    let site = site();
    let config = site.write("webserv.toml", "[[site]]\nroot = 'www'\n");
    let mut server = Server::start(webserv().args(["-l", "127.0.0.1:0", "-c"]).arg(&config));
    site.write("webserv.toml", "listen = '192.0.2.1:80'\n[[site]]\nroot = 'other'\n");
    server.reload("~ root");
    eventually("the new config answers", || get(&server, "/a.txt").text() == "b");
}
