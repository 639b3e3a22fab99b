//! The README: its three virtual hosts, as they stand there.

use std::fs;

use super::{ask, walk};
use crate::clients::{alone, chromium};
use crate::support::{Scratch, Server, eventually, webserv};
use crate::tidy::{fenced, readme_examples, repository};

const PARAGRAPH: &str = "<p>What is said often enough becomes small enough.</p>\n";

/// The first config of the README, and the files that somebody with such a site has.
pub(super) fn sites() -> (Scratch, String) {
    let (directory, config) = readme_examples().swap_remove(0);
    for (name, content) in [
        ("public/index.html", "<!doctype html><title>Home</title><h1>Home</h1>"),
        ("public/404.html", "<!doctype html><title>Gone astray</title><h1>Gone astray</h1>"),
        ("public/sorry.html", "<!doctype html><title>Sorry</title><h1>Sorry</h1>"),
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

#[test]
fn three_virtual_hosts_do_what_the_readme_says() {
    let (directory, config) = sites();
    let mut server = serve(&directory);
    assert_eq!(server.urls().len(), 3, "one URL for each: {}", server.banner);
    let peer = &mut server.connect();
    for host in ["www.example.test", "example.test", "www.localhost", "nobody.test"] {
        walk(peer, host, &[("GET /", "200 | ~ <h1>Home</h1> | X-Content-Type-Options: nosniff")]);
    }
    walk(
        peer,
        "www.localhost",
        &[
            ("GET /old?a=b", "302 | Location: /new?a=b"),
            ("GET /posts/a", "301 | Location: /articles/a"),
            ("GET /missing | Accept: text/html", "404 | ~ Gone astray"),
            ("GET /assets/app.css", "200 | Cache-Control: max-age=31536000, immutable"),
        ],
    );
    eventually("the second client gets the small one", || {
        let page = ask(peer, "www.localhost", "GET /long.html | Accept-Encoding: gzip");
        page.assert_status(200).assert_field("Vary", "Accept-Encoding");
        page.field("Content-Encoding") == Some("gzip") && page.content.len() < PARAGRAPH.len() * 10
    });
    for (host, target) in [("app.localhost", "/"), ("app.example.test", "/users/7"), ("x.app.example.test", "/users/7")]
    {
        walk(peer, host, &[(&format!("GET {target}"), "200 | ~ <h1>App</h1>"), ("GET /missing.js", "404")]);
    }
    walk(
        peer,
        "files.localhost",
        &[
            ("GET / | Accept: text/html", "200 | ~ href=\"report.txt\" | ~ href=\"private/\""),
            ("GET /private/plan.txt", "200 | = a plan"),
        ],
    );

    // Only from this machine, which is all there is here; so it is taken away.
    directory.write("site.toml", config.replace("[\"127.0.0.0/8\", \"::1\"]", "[]").replace("\"/new\"", "\"/newer\""));
    server.reload("~ ");
    let peer = &mut server.connect();
    eventually("the new rules hold", || ask(peer, "files.localhost", "GET /private/plan.txt").status() == 403);
    walk(peer, "www.localhost", &[("GET /old", "302 | Location: /newer")]);
    let log = server.stop().stdout;
    assert!(log.contains("\"GET /old?a=b HTTP/1.1\" 302 "), "{log}");
}

#[test]
fn the_log_is_the_one_that_the_readme_shows() {
    let (directory, config) = sites();
    directory.write("site.toml", format!("{config}[log]\nformat = 'json'\n"));
    let server = serve(&directory);
    let moved = ask(&mut server.connect(), "www.localhost", "GET /old?a=b | User-Agent: tour");
    let length = moved.assert_status(302).content.len();
    let line = server.stop().stdout;
    let asked =
        r#""remote":"127.0.0.1","host":"www.localhost","method":"GET","target":"/old?a=b","protocol":"HTTP/1.1""#;
    let answered = format!(r#""status":302,"bytes":{length},"duration_us":"#);
    for part in [r#"{"time":"2"#, asked, &answered, r#","referer":null,"user_agent":"tour"}"#] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // The same keys in the same order.
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    assert_eq!(keys_of(&fenced(&readme, "json").concat()), keys_of(&line));
}

/// The keys of an object of JSON in which nothing is nested and no text holds what divides them.
fn keys_of(object: &str) -> Vec<&str> {
    let before = object.match_indices("\":").filter_map(|(at, _)| object[..at].rsplit_once('"'));
    before.map(|(_, key)| key).collect()
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
