//! A tour: what somebody meets who has read the README and nothing else. Its three virtual hosts, as they stand there.

use std::fs;

use crate::clients::{alone, chromium};
use crate::support::{Scratch, Server, eventually, run, webserv};
use crate::tidy::{fenced, readme_examples, repository};
use crate::wire::{Peer, Response};

const PARAGRAPH: &str = "<p>What is said often enough becomes small enough.</p>\n";

/// The first config of the README, and the files that somebody with such a site has.
fn sites() -> (Scratch, String) {
    let (directory, config) = readme_examples().swap_remove(0);
    for (name, content) in [
        ("public/index.html", "<!doctype html><title>Home</title><h1>Home</h1>"),
        ("public/404.html", "<!doctype html><title>Gone astray</title><h1>Gone astray</h1>"),
        ("public/assets/app.css", "p { margin: 0 }\n"),
        ("app/dist/index.html", "<!doctype html><title>App</title><h1>App</h1><script src=/main.js></script>"),
        ("app/dist/main.js", "document.querySelector('h1').textContent = 'At ' + location.pathname"),
        ("files/report.txt", "a report"),
        ("files/private/plan.txt", "a plan"),
    ] {
        directory.write(name, content);
    }
    directory.write("public/long.html", PARAGRAPH.repeat(100));
    directory.write("site.toml", &config);
    (directory, config)
}

/// Serves them at a port of the system's choice: the command line replaces the `listen` at the top of the file.
fn serve(directory: &Scratch) -> Server {
    Server::start(webserv().current_dir(directory.path()).args(["-c", "site.toml", "-l", "127.0.0.1:0"]))
}

/// What a GET at that host gets, with these field lines.
#[track_caller]
fn get(peer: &mut Peer, host: &str, target: &str, lines: &str) -> Response {
    peer.exchange(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"))
}

#[test]
fn three_virtual_hosts_do_what_the_readme_says() {
    let (directory, config) = sites();
    let server = serve(&directory);
    assert_eq!(server.urls().len(), 3, "one URL for each: {}", server.banner);
    let peer = &mut server.connect();

    for host in ["www.example.test", "example.test", "www.localhost", "nobody.test"] {
        get(peer, host, "/", "").assert_status(200).assert_field("X-Content-Type-Options", "nosniff");
    }
    get(peer, "www.localhost", "/old?a=b", "").assert_status(302).assert_field("Location", "/new?a=b");
    get(peer, "www.localhost", "/posts/a", "").assert_status(301).assert_field("Location", "/articles/a");
    let missing = get(peer, "www.localhost", "/missing", "Accept: text/html\r\n");
    assert!(missing.assert_status(404).text().contains("Gone astray"));
    let style = get(peer, "www.localhost", "/assets/app.css", "");
    style.assert_status(200).assert_field("Cache-Control", "max-age=31536000, immutable");
    style.assert_field("Content-Type", "text/css; charset=utf-8");
    let page = get(peer, "www.localhost", "/", "");
    page.assert_field("Cache-Control", "no-cache");
    let unchanged = format!("If-None-Match: {}\r\n", page.field("ETag").unwrap());
    get(peer, "www.localhost", "/", &unchanged).assert_status(304);
    directory.write("public/index.html", "saved");
    get(peer, "www.localhost", "/", &unchanged).assert_status(200).assert_content("saved");
    eventually("the second client gets the small one", || {
        let page = get(peer, "www.localhost", "/long.html", "Accept-Encoding: gzip\r\n");
        page.assert_status(200).assert_field("Vary", "Accept-Encoding");
        page.field("Content-Encoding") == Some("gzip") && page.content.len() < PARAGRAPH.len() * 10
    });

    let app = fs::read(directory.join("app/dist/index.html")).unwrap();
    for (host, target) in [("app.localhost", "/"), ("app.example.test", "/users/7"), ("x.app.example.test", "/users/7")]
    {
        get(peer, host, target, "").assert_status(200).assert_content(&app);
    }
    get(peer, "app.localhost", "/missing.js", "").assert_status(404);

    let listing = get(peer, "files.localhost", "/", "Accept: text/html\r\n");
    listing.assert_status(200).assert_field("Content-Type", "text/html; charset=utf-8");
    assert!(listing.text().contains("href=\"report.txt\"") && listing.text().contains("href=\"private/\""));
    let listing = get(peer, "files.localhost", "/", "Accept: application/json\r\n");
    assert!(listing.assert_status(200).text().contains("{\"name\":\"report.txt\",\"href\":\"report.txt\""));
    get(peer, "files.localhost", "/private/plan.txt", "").assert_status(200).assert_content("a plan");

    // Only from this machine, which is all there is here; so it is taken away.
    directory.write("site.toml", config.replace("[\"127.0.0.0/8\", \"::1\"]", "[]").replace("\"/new\"", "\"/newer\""));
    let mut server = server;
    server.reload("~ ");
    let peer = &mut server.connect();
    eventually("the new rules hold", || get(peer, "files.localhost", "/private/plan.txt", "").status() == 403);
    get(peer, "www.localhost", "/old", "").assert_status(302).assert_field("Location", "/newer");
    let log = server.stop().stdout;
    assert!(log.contains("\"GET /old?a=b HTTP/1.1\" 302 "), "{log}");
}

#[test]
fn what_files_are_and_the_lines_of_the_log_are_as_the_config_says() {
    let (directory, config) = sites();
    let keys = "types = { wasm = 'application/x-wasm', note = 'text/x-note' }\ncharset = 'iso-8859-1'\n";
    let log = "[log]\nformat = 'json'\n";
    directory.write("site.toml", format!("{keys}{config}{log}"));
    directory.write("public/a.wasm", "0");
    directory.write("public/a.note", "n");
    let server = serve(&directory);
    let peer = &mut server.connect();
    get(peer, "www.localhost", "/a.wasm", "").assert_status(200).assert_field("Content-Type", "application/x-wasm");
    let note = get(peer, "www.localhost", "/a.note", "");
    note.assert_status(200).assert_field("Content-Type", "text/x-note; charset=iso-8859-1");
    let moved = get(peer, "www.localhost", "/old?a=b", "User-Agent: tour\r\n");
    let length = moved.assert_status(302).content.len();

    let lines = server.stop().stdout;
    let line = lines.lines().last().unwrap();
    let asked =
        r#""remote":"127.0.0.1","host":"www.localhost","method":"GET","target":"/old?a=b","protocol":"HTTP/1.1""#;
    let answered = format!(r#""status":302,"bytes":{length},"duration_us":"#);
    for part in [r#"{"time":"2"#, asked, &answered, r#","referer":null,"user_agent":"tour"}"#] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // The README shows one, which has the same keys in the same order.
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let shown = fenced(&readme, "json").concat();
    assert_eq!(keys_of(&shown), keys_of(line));
}

/// The keys of an object of JSON in which nothing is nested and no text holds what divides them.
fn keys_of(object: &str) -> Vec<&str> {
    let before = object.match_indices("\":").filter_map(|(at, _)| object[..at].rsplit_once('"'));
    before.map(|(_, key)| key).collect()
}

#[test]
fn a_directory_is_browsed_on_localhost() {
    let directory = Scratch::with(&[("a.txt", "a"), (".env", "secret"), ("index.js", "let a")]);
    let mut command = webserv();
    let server = Server::start(command.args(["--listing", "-v", "-l", "127.0.0.1:0"]).arg(directory.path()));
    let peer = &mut server.connect();
    let listing = get(peer, "localhost", "/", "Accept: text/html\r\n");
    assert!(listing.assert_status(200).text().contains(">a.txt</a>") && !listing.text().contains(".env"));
    get(peer, "localhost", "/.env", "").assert_status(404);
    get(peer, "rebound.example", "/a.txt", "").assert_status(421);
    let missing = get(peer, "localhost", "/b", "Accept: */*\r\n");
    missing.assert_status(404).assert_content("404 Not Found: there is no such file\n");
    let shown = server.stop();
    for part in ["> GET /.env HTTP/1.1", "< HTTP/1.1 421 Misdirected Request"] {
        assert!(shown.stderr.contains(part), "{part}: {}", shown.stderr);
    }
}

#[test]
fn what_is_asked_about_the_config_is_told() {
    let (directory, config) = sites();
    let ask =
        |arguments: &[&str]| run(webserv().current_dir(directory.path()).args(["-c", "site.toml"]).args(arguments));
    let checked = ask(&["--check"]);
    assert_eq!(
        (checked.code, &*checked.stdout),
        (Some(0), "ok: 3 sites, 1 expectation in site.toml\n"),
        "{}",
        checked.stderr
    );
    let explained = ask(&["--explain", "http://www.localhost:8080/posts/a"]);
    let line = 1 + config.lines().position(|line| line.starts_with("redirects")).unwrap();
    let place = format!("site.toml:{line}");
    for part in ["301", "/articles/a", &place] {
        assert!(explained.code == Some(0) && explained.stdout.contains(part), "{part}: {explained:?}");
    }
    let printed = ask(&["--print-config"]);
    directory.write("site.toml", &printed.stdout);
    let again = ask(&["--print-config"]);
    assert_eq!((again.code, again.stdout), (Some(0), printed.stdout), "{}", again.stderr);
    directory.write("site.toml", config.replace("fallback =", "falback =").replace("status  = 301", "status  = 200"));
    let wrong = ask(&["--check"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean `fallback`?"), "{}", wrong.stderr);
    directory.write("site.toml", config.replace("status  = 301", "status  = 200"));
    let unmet = ask(&["--check"]);
    assert_eq!(unmet.code, Some(2));
    assert!(unmet.stderr.contains("301") && unmet.stderr.contains("expectation"), "{}", unmet.stderr);
}

#[test]
#[ignore = "needs chromium; .ci/run installs it and runs with --ignored"]
fn a_browser_shows_them_by_their_local_names() {
    let _alone = alone();
    let (directory, _) = sites();
    let server = serve(&directory);
    let port = server.address().port();
    for (url, shown) in [
        ("www.localhost/", "<h1>Home</h1>"),
        ("www.localhost/missing", "<h1>Gone astray</h1>"),
        ("app.localhost/users/7", "<h1>At /users/7</h1>"),
        ("files.localhost/", ">report.txt</a>"),
        ("files.localhost/missing", "There is no such file"),
    ] {
        let (host, path) = url.split_once('/').unwrap();
        let finished = chromium(&format!("http://{host}:{port}/{path}"));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout.contains(shown), "{url}: {finished:?}");
    }
}
