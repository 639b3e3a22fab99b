//! `--explain`: what a GET of a URL gets and why. What it says is what the server sends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Advice, fadvise};

use crate::support::{Finished, Scratch, Server, eventually, run, webserv};
use crate::wire::{Peer, Response};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain")
}

/// The output without what differs from machine to machine and from second to second.
pub(crate) fn steady(text: &str) -> String {
    let text = text.replace(&*fixtures().to_string_lossy(), "$DIR");
    let steady = |line: &str| match line.trim_start().split_once(": ") {
        Some((name @ ("Date" | "Last-Modified"), _)) => format!("  {name}: *\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(steady).collect()
}

/// Compares a text with a file of the fixtures. `BLESS=1` writes the file anew; read it before it is committed.
#[track_caller]
pub(crate) fn assert_golden(name: &str, text: &str) {
    let golden = fixtures().join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "{name}");
}

#[test]
fn explanations_read_well() {
    let mut all = String::new();
    for url in [
        "/",
        "/old?q=1",
        "/missing",
        "/.hidden",
        "/private/a.txt",
        "/fields-only/a",
        "http://www.example.test:8081/assets/a.css",
        "http://blog.localhost:8081/some/page",
        "http://blog.example.test:8081/missing.js",
        "http://example.test/assets",
        "/%zz",
    ] {
        let mut command = webserv();
        let finished = run(command.current_dir(fixtures().join("site")).args(["-c", "site.toml", "--explain", url]));
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{url}");
        assert!(finished.stdout.lines().count() <= 30, "more than a screen:\n{}", finished.stdout);
        all += &steady(&finished.stdout);
    }
    assert_golden("explanations.txt", &all);
}

/// What a listing holds differs from machine to machine.
#[test]
fn a_listing_names_the_line_that_allows_it() {
    let explain = |url| {
        let mut command = webserv();
        run(command.current_dir(fixtures().join("site")).args(["-c", "site.toml", "--explain", url])).stdout
    };
    let said = explain("/assets/");
    assert!(said.contains("  200 OK: this directory has no index file, and is listed\n"), "{said}");
    assert!(said.contains("\n> listing   site.toml:28  true\n"), "{said}");
    let said = explain("/private/");
    assert!(!said.contains("listing"), "{said}");
}

/// What `--explain` says that the answer is: its status and its fields.
#[track_caller]
fn explained(finished: &Finished) -> (u16, Vec<String>) {
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:?}");
    let status = finished.stdout.lines().nth(2).and_then(|line| line.trim().get(..3)).unwrap();
    let (_, fields) = finished.stdout.trim_end().rsplit_once("\n\n").unwrap();
    (status.parse().unwrap(), fields.lines().map(|line| line.trim().to_owned()).collect())
}

/// The same of a response.
fn sent(response: &Response) -> (u16, Vec<String>) {
    let head = String::from_utf8(response.head.clone()).unwrap();
    (response.status(), head.trim_end().split("\r\n").skip(1).map(str::to_owned).collect())
}

fn without_date((status, mut fields): (u16, Vec<String>)) -> (u16, Vec<String>) {
    fields.retain(|field| !field.starts_with("Date: "));
    (status, fields)
}

#[test]
fn what_is_explained_is_what_is_sent() {
    let directory = Scratch::new();
    for name in ["index.html", "a.txt", "a.css", "404.html", "sorry.html", ".hidden", ".well-known/x", "a b/ü.html"] {
        directory.write(Path::new("www").join(name), name);
    }
    for name in ["dir/home.html", "private/a.txt", "both/index.html", "both/a.css", "empty/x", "gone/app.html"] {
        directory.write(Path::new("www").join(name), name);
    }
    directory.write("www/large.bin", vec![b'x'; 1 << 20]);
    let large = File::options().write(true).open(directory.join("www/large.bin")).unwrap();
    large.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", directory.join("www/outside")).unwrap();
    directory.write("app/app.html", "app");
    directory.write("app/a.js", "js");
    let config = "
        listen = ['127.0.0.1:0', 'unix:web.sock']
        headers = { X-Top = 'top', X-Gone = 'x' }
        cache = { '*' = 'max-age=60' }
        [[site]]
        hosts = ['a.test', '*.a.test']
        root = 'www'
        index = ['home.html', 'index.html']
        headers = { X-Gone = '' }
        errors = { 404 = '404.html', 4xx = 'sorry.html' }
        cache = { '/both/*' = 'no-store', '*.css' = '' }
        types = { css = 'text/x-css' }
        charset = 'latin1'
        redirects = { '/old' = '/new', '/posts/*' = { to = 'http://b.test/*', status = 308 } }
        [site.path.'/private/*']
        allow = '10.0.0.0/8'
        [site.path.'/empty/*']
        listing = true
        [site.path.'*.css']
        methods = 'HEAD'
        headers = { X-Css = 'yes' }
        [[site]]
        hosts = 'app.test'
        root = 'app'
        fallback = 'app.html'
        [[site]]
        hosts = ['b.a.test']
        root = 'gone'
        dotfiles = true
    ";
    fs::create_dir(directory.join("gone")).unwrap();
    let server = Server::configured(&directory, config);
    let file = directory.join("webserv.toml");
    let targets = [
        "/",
        "/a.txt",
        "/a.css",
        "/missing",
        "/missing.css",
        "/.hidden",
        "/.well-known/x",
        "/a%20b/%C3%BC.html",
        "/dir",
        "/dir/",
        "/dir?q=1",
        "/dir/home.html",
        "/private/a.txt",
        "/private/",
        "/both/",
        "/both/a.css",
        "/empty/",
        "/empty",
        "/large.bin",
        "/outside",
        "/old",
        "/old?a=b&c",
        "/posts/a%20b?x",
        "/%00",
        "/%2f",
        "/%zz",
        "/a/../a.txt",
        "//a.txt",
        "/a.txt/",
        "/a.txt/x",
        "/some/page",
        "/some/page.js",
        "/a.js",
        "/?q",
        "/a.txt#part",
    ];
    let too_long = format!("/{}", "a".repeat(9000));
    for host in ["localhost", "a.test", "www.a.test", "b.a.test", "app.test", "app.localhost", "A.TEST", "other.test"] {
        for target in targets.into_iter().chain([&*too_long]) {
            let url = format!("http://{host}:0{target}");
            let told = explained(&run(webserv().arg("-c").arg(&file).args(["--explain", &url])));
            let target = target.split('#').next().unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
            let response = Peer::tcp(server.address()).exchange(request);
            assert_eq!(without_date(told), without_date(sent(&response)), "{url}");
        }
    }
    // A path alone is what the first address answers to its own name; a URL without a port may be that of the socket.
    for (url, host) in [("/a.txt", "127.0.0.1"), ("http://app.test/some/page", "app.test")] {
        let told = explained(&run(webserv().arg("-c").arg(&file).args(["--explain", url])));
        let target = url.trim_start_matches("http://app.test");
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
        let response = Peer::unix(directory.join("web.sock")).exchange(request);
        assert_eq!(without_date(told), without_date(sent(&response)), "{url}");
    }
}

#[test]
fn it_explains_what_would_be_served() {
    let directory = Scratch::with(&[
        ("here/index.html", "here"),
        ("here/conf/webserv.toml", "listen = '8089'\n[[site]]\nroot = '../www'\n"),
        ("here/www/a.html", "x"),
    ]);
    let explain = |arguments: &[&str], at: &str| run(webserv().args(arguments).current_dir(directory.join(at))).stdout;
    // The config that is served without arguments, a directory that is given, and the current one.
    let said = explain(&["--explain", "/a.html"], "here");
    assert!(said.contains("200 OK") && said.contains("conf/webserv.toml:3  '../www'"), "{said}");
    assert!(said.contains("GET http://localhost:8089/a.html"), "{said}");
    let said = explain(&["--explain", "/a.html", "."], "here");
    assert!(said.contains("404 Not Found") && !said.contains(".toml"), "{said}");
    let said = explain(&["--explain", "/a.html"], "here/www");
    assert!(said.contains("200 OK") && said.contains("GET http://localhost:8080/a.html"), "{said}");
    // As for curl, a host will do without its scheme.
    let said = explain(&["--explain", "app.localhost:8080/a.html"], "here/www");
    assert!(said.contains("200 OK") && said.contains("GET http://app.localhost:8080/a.html"), "{said}");
    let said = explain(&["-l", "127.0.0.9:81", "-v", "--explain", "http://127.0.0.9:81/a.html"], "here/www");
    assert!(said.contains("200 OK") && said.contains("Server: webserv/0.1.0"), "{said}");
    let arguments = ["--explain", "/a.html", "--color"];
    let [always, never] = ["always", "never"].map(|when| explain(&[&arguments[..], &[when]].concat(), "here/www"));
    assert!(always.contains("\x1b[1;32m200 OK\x1b[0m") && !never.contains('\x1b'), "{always}{never}");
    // Names that somebody else may have pointed at this machine.
    let said = explain(&["--explain", "http://evil.test:8080/"], "here/www");
    assert!(said.contains("421 Misdirected Request"), "{said}");
}

#[test]
fn what_cannot_be_asked_for_is_a_usage_error() {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    let file = directory.write("a.toml", "listen = ['127.0.0.1:81', '[::1]:81']\n[[site]]\nroot = 'www'\n");
    for (url, words) in [
        ("http://localhost/a", "nobody listens on port 80\n"),
        ("http://localhost/a", "write \"http://localhost:81/a\"; the listeners are 127.0.0.1:81, [::1]:81"),
        ("http://127.0.0.2:81/", "nobody listens on 127.0.0.2:81\n"),
        ("https://localhost:81/", "this server speaks http, not https"),
        ("index.html", "expected a URL such as"),
        ("", "expected a URL such as"),
    ] {
        let finished = run(webserv().arg("-c").arg(&file).args(["--explain", url]));
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{url}: {finished:?}");
        assert!(finished.stderr.contains(words), "{url}: {}", finished.stderr);
    }
    assert_eq!(run(webserv().args(["--check", "--explain", "/"]).arg(directory.path())).code, Some(2));
}

#[test]
fn what_is_asked_for_and_found_steers_no_terminal() {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    directory.write("www/\x1b[31m.html", "x");
    let config = "listen = '127.0.0.1:81'\n[[site]]\nroot = 'www'\nredirects = { \"/\\u001b[31m\" = '/a' }\n";
    let file = directory.write("\x1b[31m.toml", config);
    for url in ["/\x1b[31m.html", "/\x1b[31m", "/\u{202e}", "/a\r\nX-Injected: 1\r\n\r\n"] {
        let finished = run(webserv().arg("-c").arg(&file).args(["--explain", url]));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(!finished.stdout.contains(['\x1b', '\u{202e}', '\r']), "{finished:?}");
        assert!(!finished.stdout.contains("\nX-Injected"), "{finished:?}");
    }
}

/// What a server would have fetched by others is read in place.
#[test]
fn what_is_not_in_memory_is_explained_too() {
    let directory = Scratch::new();
    for (name, size) in [("index.html", 10_000), ("large.bin", 600_000)] {
        let path = directory.write(name, vec![b'x'; size]);
        let file = File::open(&path).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        let url = if name == "index.html" { "/" } else { "/large.bin" };
        let (status, fields) = explained(&run(webserv().args(["--explain", url]).arg(directory.path())));
        assert_eq!(status, 200);
        assert!(fields.contains(&format!("Content-Length: {size}")), "{fields:?}");
    }
}

/// Who accepts a coding gets something else, which has to be what is told.
#[test]
fn what_there_is_in_codings_is_told() {
    let directory = Scratch::new();
    let hours_ago = |hours: u64| SystemTime::now() - Duration::from_secs(hours * 3600);
    for (name, size, hours) in
        [("a.js", 20_000, 2), ("a.js.br", 300, 1), ("a.js.zst", 400, 3), ("b.css", 20_000, 2), ("c.css", 20, 2)]
    {
        let path = directory.write(name, "x".repeat(size));
        File::options().write(true).open(path).unwrap().set_modified(hours_ago(hours)).unwrap();
    }
    fs::create_dir(directory.join("a.js.gz")).unwrap();
    let explain = |target: &str| run(webserv().args(["--explain", target]).arg(directory.path())).stdout;
    let told = |target: &str| {
        let lines = explain(target);
        let lines = lines.lines().filter(|line| line.contains("who accepts") || line.contains("tried"));
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let server = Server::of(&directory);
    let length = |target: &str, coding: &str| {
        let fields = format!("Host: localhost\r\nAccept-Encoding: {coding}\r\n\r\n");
        let response = Peer::tcp(server.address()).exchange(format!("GET {target} HTTP/1.1\r\n{fields}"));
        let is_coded = response.field("Content-Encoding") == Some(coding);
        is_coded.then(|| response.field("Content-Length").unwrap().to_owned())
    };
    let made = |target: &str| {
        eventually("it has been made", || length(target, "gzip").is_some());
        format!(
            "others who accepts gzip gets {} bytes made of it, from the second request on",
            length(target, "gzip").unwrap()
        )
    };
    let expected = [
        "tried a.js.zst: it is older than the file, and is not sent",
        "others who accepts br gets a.js.br: 300 bytes",
        "tried a.js.gz: a directory",
        &made("/a.js"),
    ];
    let mut told_of = told("/a.js");
    // What has to be fetched is looked at later.
    told_of.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(told_of, expected);
    assert_eq!((length("/a.js", "br").as_deref(), length("/a.js", "zstd")), (Some("300"), None));
    assert_eq!(told("/b.css"), [made("/b.css")]);
    assert_eq!(told("/c.css"), [""; 0]);
    // Nothing is made where there is no room for it, nor found where it is not looked for.
    let config = |keys: &str| {
        let config = format!("{keys}\n[[site]]\nroot = '.'\n");
        let file = directory.write("site.toml", config);
        run(webserv().args(["--explain", "/b.css", "-c"]).arg(file)).stdout
    };
    assert!(config("").contains("who accepts gzip"));
    for keys in ["limits.cache_size = 0", "compress = false"] {
        let said = config(keys);
        assert!(said.contains("200 OK") && !said.contains("who accepts"), "{said}");
    }
}
