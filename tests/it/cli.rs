//! The command line: what is asked for, what is refused, and with which exit code.

use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use rustix::process::Signal;

use crate::support::{PATIENCE, Process, Scratch, Server, eventually, run, webserv};
use crate::wire::{Peer, get, request};

#[test]
fn help_fits_a_screen() {
    for option in ["-h", "--help"] {
        let finished = run(webserv().arg(option));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(finished.stderr, "");
        let help = finished.stdout;
        // 24 of 80 characters, the last one of which is the next prompt.
        assert!(help.lines().count() <= 23, "{} lines:\n{help}", help.lines().count());
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
        for word in ["[DIR]", "--config", "--listen", "--check", "--version", "--help"] {
            assert!(help.contains(word), "nothing about {word}:\n{help}");
        }
        assert!(!help.contains('\x1b'), "colours in a pipe: {help:?}");
    }
}

#[test]
fn version_is_one_line() {
    let finished = run(webserv().arg("--version"));
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "webserv 0.1.0\n"), "{finished:?}");
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let directory = Scratch::with(&[("file.txt", "x")]);
    let path = directory.path().to_str().unwrap();
    let file = format!("{path}/file.txt");
    let missing = format!("{path}/missing");
    let config = format!("{path}/missing.toml");
    for (arguments, words) in [
        (&["--frobnicate"][..], "--frobnicate"),
        (&["--verison"], "--version"), // did you mean
        (&["-l"], "--listen"),
        (&["-l", "nowhere"], "nowhere"),
        (&["-l", "127.0.0.1:99999"], "99999"),
        (&["-l", "127.0.0.1:0", &missing], &missing),
        (&["-l", "127.0.0.1:0", &file], &file),
        (&["serve", path], &format!("one directory is served, with no word before it: `webserv {path}`")),
        (&["-l", "127.0.0.1:0", "-c", &config], &config),
        (&["-l", "127.0.0.1:0", "-c", path], path),
        (&["-c", &config, path], "--config"),
        (&["-q", "-v", path], "--verbose"),
        (&["--lan", "-l", "127.0.0.1:0", path], "--listen"),
        (&["--color", "red", path], "never"),
        (&["--colour", "never", path], "--color"), // did you mean
    ] {
        let finished = run(webserv().args(arguments));
        assert_eq!(finished.code, Some(2), "{arguments:?}: {finished:?}");
        assert!(finished.stderr.contains(words), "{arguments:?} does not name {words}: {finished:?}");
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    }
}

#[test]
fn the_fallback_of_a_directory() {
    let directory = Scratch::with(&[("dist/app.html", "app"), ("dist/sub/x", ""), ("other.html", "x"), ("a.toml", "")]);
    let [dist, other] = ["dist", "other.html"].map(|name| directory.join(name));
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0", "--fallback", "app.html"]).arg(&dist));
    get(&server, "/some/page").assert_status(200).assert_content("app");
    get(&server, "/missing.js").assert_status(404);
    let other = other.to_str().unwrap();
    for (file, words) in [
        ("ap.html", "there is no such file"),
        ("../other.html", "a path below the root"),
        (other, "there is no such file"),
        ("sub", "it is there, but it is no file"),
        ("sub/", "found a directory"),
        ("dist/app.html", "it starts at the directory: write --fallback app.html"),
    ] {
        let finished = run(webserv().current_dir(directory.path()).args(["--fallback", file, "dist"]));
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{file}: {finished:?}");
        let title = format!("error: --fallback `{file}` is no file below `dist`\n");
        assert!(finished.stderr.starts_with(&title) && finished.stderr.contains(words), "{file}: {finished:?}");
    }
    let config = directory.write("conf/webserv.toml", "[[site]]\nroot = '../dist'\n");
    for arguments in [&["--fallback", "a"][..], &["--fallback", "a", "-c", config.to_str().unwrap()]] {
        let finished = run(webserv().current_dir(directory.path()).args(arguments));
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains("--fallback"), "{finished:?}");
    }
}

#[test]
fn an_address_that_was_given_and_is_taken_is_named() {
    let directory = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let finished = run(webserv().args(["-l", &address]).arg(directory.path()));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains(&address), "{finished:?}");
    // One of several is enough, and then none is served.
    let finished = run(webserv().args(["-l", "127.0.0.1:0", "-l", &address]).arg(directory.path()));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(!finished.stderr.contains(" serving "), "{finished:?}");
}

#[test]
fn whoever_has_an_address_is_named() {
    let directory = Scratch::new();
    let socket = format!("unix:{}", directory.join("web.sock").display());
    let holder = Server::start(webserv().args(["-l", "127.0.0.1:0", "-l", &socket]).arg(directory.path()));
    let tcp = holder.address().to_string();
    for address in [&tcp, &socket] {
        let finished = run(webserv().args(["-l", address]).arg(directory.path()));
        assert_eq!(finished.code, Some(1), "{finished:?}");
        let words = format!("error: {address} is in use by webserv (pid {})\n", holder.process.id());
        assert!(finished.stderr.starts_with(&words), "{finished:?}");
    }
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    let directory = Scratch::new();
    // TEST-NET-1: nobody has it.
    let finished = run(webserv().args(["-l", "192.0.2.1:8080"]).arg(directory.path()));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("192.0.2.1:8080"), "{finished:?}");
}

#[test]
fn the_next_free_port_is_taken_where_none_was_given() {
    let directory = Scratch::with(&[("index.html", "home")]);
    // Whoever has it already serves just as well, so that neither may fail. Both families are one port.
    for address in ["127.0.0.1:8080", "[::1]:8080"] {
        let taken = TcpListener::bind(address);
        if address.starts_with('[') && taken.is_err() && TcpListener::bind("[::1]:0").is_err() {
            continue; // a machine without IPv6
        }
        let server = Server::start(webserv().arg(directory.path()));
        assert!(server.address().port() > 8080, "{address} is taken: {}", server.banner);
        get(&server, "/").assert_status(200).assert_content("home");
        // So that nobody looks at 8080, where there is something else.
        let said = server.stop().stderr;
        assert!(said.contains("8080"), "{said}");
    }
}

#[test]
fn without_arguments_it_is_the_current_directory() {
    let directory = Scratch::with(&[("index.html", "here")]);
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).current_dir(directory.path()));
    get(&server, "/").assert_status(200).assert_content("here");
    assert!(server.banner.contains(directory.path().to_str().unwrap()), "{}", server.banner);
}

#[test]
fn without_arguments_a_config_comes_first() {
    let directory = Scratch::with(&[
        ("index.html", "here"),
        ("www/index.html", "configured"),
        ("conf/webserv.toml", "[[site]]\nroot = '../www'\n"),
    ]);
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).current_dir(directory.path()));
    get(&server, "/").assert_status(200).assert_content("configured");
    assert!(server.banner.contains("conf/webserv.toml"), "{}", server.banner);
    // A directory that was asked for is what is served, whatever lies around.
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0", "."]).current_dir(directory.path()));
    get(&server, "/").assert_status(200).assert_content("here");
}

#[test]
fn the_banner_is_one_plain_line() {
    let directory = Scratch::new();
    let server = Server::of(&directory);
    let (port, path) = (server.address().port(), directory.path().display());
    assert_eq!(server.banner, format!("webserv 0.1.0 serving {path} at http://127.0.0.1:{port}/\n"));
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    assert!(!finished.stderr.contains('\x1b'), "colours in a pipe: {finished:?}");
}

#[test]
fn check_opens_no_socket() {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!("listen = '{}'\n[[site]]\nroot = 'www'\n", taken.local_addr().unwrap());
    let good = directory.write("good.toml", config);
    let finished = run(webserv().args(["--check", "-c"]).arg(good));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let bad = directory.write("bad.toml", "[[site]]\nroot = 'missing'\n");
    let finished = run(webserv().args(["--check", "-c"]).arg(bad));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("missing"), "{finished:?}");
}

#[test]
fn a_name_that_is_not_utf8_can_be_served() {
    use std::os::unix::ffi::OsStrExt;
    let directory = Scratch::new();
    let name = std::ffi::OsStr::from_bytes(b"\xff\x1b[31m");
    directory.write(directory.join(name).join("index.html"), "x");
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(directory.join(name)));
    get(&server, "/").assert_status(200).assert_content("x");
    assert!(!server.banner.contains('\x1b'), "a name steers the terminal: {:?}", server.banner);
}

#[test]
fn verbose_shows_heads_as_curl_does() {
    let directory = Scratch::with(&[("a.txt", "content\n")]);
    let server = Server::start(webserv().args(["-v", "-l", "127.0.0.1:0"]).arg(directory.path()));
    let response = get(&server, "/a.txt?q=");
    let said = server.stop().stderr;
    let shown = |mark: &str| -> Vec<String> {
        said.lines().filter_map(|line| line.strip_prefix(mark)).map(|line| line.trim().to_owned()).collect()
    };
    assert_eq!(shown(">"), ["GET /a.txt?q= HTTP/1.1", "Host: localhost", ""].map(str::to_owned));
    // What was sent, to the letter.
    let head = String::from_utf8(response.head).unwrap();
    let sent: Vec<_> = head.trim_end_matches("\r\n").split("\r\n").map(str::to_owned).chain([String::new()]).collect();
    assert_eq!(shown("<"), sent);
    assert!(!said.contains('\x1b'), "colours in a pipe: {said:?}");
}

#[test]
fn verbose_tells_what_becomes_of_a_connection() {
    let directory = Scratch::with(&[("www/a.txt", "content\n")]);
    let config = "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n";
    let mut server = Server::start(webserv().arg("-v").arg("-c").arg(directory.write("webserv.toml", config)));
    let address = server.address();
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(200);
    directory.write("webserv.toml", format!("{config}index = 'a'\n"));
    server.reload("served by what was loaded last");
    peer.exchange(request("GET", "/a.txt", &["Connection: close"])).assert_status(200);
    peer.assert_ended();
    drop(peer);
    while server.process.stderr.line_with(" closed: ").contains("will be") {}
    let mut peer = server.connect();
    peer.exchange("nonsense\r\n\r\n").assert_status(400);
    peer.assert_ended();
    drop(peer);
    while server.process.stderr.line_with(" closed: ").contains("will be") {}
    let mut peer = server.connect();
    peer.finish_sending();
    peer.assert_ended();
    drop(peer);
    while server.process.stderr.line_with(" closed: ").contains("will be") {}
    let said = server.stop().stderr;
    // Behind the address of the peer.
    let told = said.lines().filter_map(|line| line.strip_prefix("* ")?.split_once(' ').map(|(_, told)| told));
    let expected = format!(
        "connected at {address}
asks on a new connection
stays connected
stays connected, and is served by what was loaded last
asks on the same connection
will be closed: the client asked for that, or speaks HTTP/1.0
closed: the client asked for that, or speaks HTTP/1.0
connected at {address}
asks on a new connection, and is refused: the request line is not a method, a request-target and a version, one space apart
will be closed: where the next request would begin is not known
closed: where the next request would begin is not known
connected at {address}
closed: the client has closed its side"
    );
    assert_eq!(told.collect::<Vec<_>>().join("\n"), expected);
    assert!(said.contains("> nonsense\n>\n< HTTP/1.1 400 Bad Request\n"), "{said}");
}

#[test]
fn quiet_says_nothing_but_errors() {
    let directory = Scratch::with(&[("a.txt", "content\n")]);
    let socket = directory.join("web.sock");
    let listen = format!("unix:{}", socket.display());
    // There is no banner to wait for, so the socket itself is.
    let process = Process::spawn(webserv().args(["-q", "-l", &listen]).arg(directory.path()), Stdio::piped());
    eventually("the socket is listened at", || UnixStream::connect(&socket).is_ok());
    Peer::unix(&socket).exchange(request("GET", "/a.txt", &[])).assert_status(200);
    process.signal(Signal::TERM);
    let finished = process.finish(PATIENCE);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:?}");
}
