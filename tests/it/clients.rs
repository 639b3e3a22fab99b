//! The programs that people will point at the server. They have to be installed, so these tests run only when asked
//! for.

use std::fs;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::support::{Finished, Process, Scratch, Server, command, webserv};
use crate::wire::request;

/// A browser takes its time to start on a small machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Each has the machine for itself: a measurement beside a browser measures the browser.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a client to its end.
#[track_caller]
pub(crate) fn client(program: &str, arguments: &[&str]) -> Finished {
    Process::spawn(command(program).args(arguments).env("LC_ALL", "C"), Stdio::piped()).finish(PATIENCE)
}

/// What a browser makes of a page, as its standard output, and what it says besides.
#[track_caller]
pub(crate) fn chromium(url: &str) -> Finished {
    chromium_with(url, &[])
}

/// The same with settings of the browser's.
#[track_caller]
pub(crate) fn chromium_with(url: &str, settings: &[&str]) -> Finished {
    let profile = Scratch::new();
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    let output = ["--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", "--dump-dom", &profile, url];
    client("chromium", &[&arguments[..], settings, &output].concat())
}

fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("index.html", "home\n"), ("a.txt", "0123456789"), ("dir/index.html", "dir\n")]);
    let server = Server::of(&directory);
    (directory, server)
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_shows_exact_heads() {
    let _alone = alone();
    let (_directory, server) = site();
    let url = format!("http://{}/a.txt", server.address());
    let finished = client("curl", &["-sv", &url, &url]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout, "01234567890123456789");
    let received: Vec<_> = finished.stderr.lines().filter_map(|line| line.strip_prefix("< ")).collect();
    assert_eq!(received[0], "HTTP/1.1 200 OK", "{finished:?}");
    assert!(received.contains(&"Content-Type: text/plain; charset=utf-8"), "{finished:?}");
    // The second goes over the connection of the first, which is left open.
    assert!(finished.stderr.contains("Re-using existing connection"), "{finished:?}");
    assert!(finished.stderr.contains("left intact"), "{finished:?}");
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_gets_a_status_for_everything_it_does() {
    let _alone = alone();
    let (directory, server) = site();
    let large = directory.write("upload.bin", vec![b'x'; 3 << 20]);
    let upload = format!("@{}", large.display());
    let root = format!("http://{}", server.address());
    let file = format!("{root}/a.txt");
    let missing = format!("{root}/missing");
    for (arguments, expected) in [
        (&["-I", &file][..], "200"),
        (&["--http1.0", &file], "200"),
        (&["-r", "2-4", &file], "206"),
        (&["-r", "99-", &file], "416"),
        (&["-C", "5", &file], "206"),
        (&["-z", "Tue, 01 Jan 2999 00:00:00 GMT", &file], "304"),
        (&["-L", &format!("{root}/dir")], "200"),
        (&["--path-as-is", &format!("{root}/../../etc/passwd")], "404"),
        (&[&missing], "404"),
        (&["-X", "OPTIONS", &file], "204"),
        (&["-X", "BREW", &file], "501"),
        (&["-d", "a=b", &file], "405"),
        (&["-d", "a=b", "-H", "Transfer-Encoding: chunked", &file], "405"),
        (&["-H", "Expect: 100-continue", "-d", "a=b", &file], "405"),
        // More than is wanted: the answer arrives, and no reset destroys it.
        (&["--data-binary", &upload, "-H", "Expect:", &file], "413"),
        (&["--data-binary", &upload, &file], "413"),
        (&["-H", "Host:", &file], "400"),
        (&["-H", "Host: evil.test", &file], "421"),
    ] {
        let all = [&["-sS", "-o", "/dev/null", "-w", "%{http_code}"], arguments].concat();
        let finished = client("curl", &all);
        assert_eq!((finished.stdout.as_str(), finished.code), (expected, Some(0)), "{arguments:?}: {finished:?}");
    }
    let finished = client("curl", &["-s", &missing]);
    assert_eq!(finished.stdout.lines().count(), 1, "an error is one line for curl: {finished:?}");
    assert!(finished.stdout.ends_with('\n'), "{finished:?}");
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_speaks_to_a_unix_socket() {
    let _alone = alone();
    let directory = Scratch::with(&[("www/index.html", "home\n")]);
    let _server = Server::configured(&directory, "listen = 'unix:web.sock'\n[[site]]\nroot = 'www'\n");
    let socket = directory.join("web.sock");
    let finished = client("curl", &["-sS", "--unix-socket", socket.to_str().unwrap(), "http://localhost/"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "home\n"), "{finished:?}");
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_finds_a_site_by_its_local_name() {
    let _alone = alone();
    let directory = Scratch::with(&[("www/index.html", "home\n"), ("docs/index.html", "docs\n")]);
    let config = "listen = 'localhost:0'\n\
                  [[site]]\nhosts = 'www.example.test'\nroot = 'www'\n\
                  [[site]]\nhosts = 'docs.example.test'\nroot = 'docs'\n";
    let server = Server::configured(&directory, config);
    let port = server.address().port();
    for (name, content) in [("docs.localhost", "docs\n"), ("www.localhost", "home\n"), ("localhost", "home\n")] {
        let finished = client("curl", &["-sS", &format!("http://{name}:{port}/")]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), content), "{finished:?}");
    }
    // Each URL of the banner is one that works.
    for url in server.urls() {
        let finished = client("curl", &["-sS", "-f", "-o", "/dev/null", url]);
        assert_eq!(finished.code, Some(0), "{url}: {finished:?}");
    }
}

#[test]
#[ignore = "needs wget; .ci/run installs it and runs with --ignored"]
fn wget_resumes_a_download() {
    let _alone = alone();
    let directory = Scratch::new();
    let content: Vec<u8> = (0..5_000_000_usize).map(|at| (at % 251) as u8).collect();
    directory.write("www/large.bin", &content);
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(directory.join("www")));
    let begun = directory.write("large.bin", &content[..1_234_567]);
    let url = format!("http://{}/large.bin", server.address());
    let finished = client("wget", &["-c", "-nv", "-S", "-P", directory.path().to_str().unwrap(), &url]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stderr.contains("206 Partial Content"), "{finished:?}");
    assert!(fs::read(begun).unwrap() == content, "the parts do not fit together");
}

#[test]
#[ignore = "needs chromium; .ci/run installs it and runs with --ignored"]
fn chromium_shows_the_sites_of_the_repository() {
    let _alone = alone();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/webserv.toml");
    let server = Server::start(webserv().args(["-l", "localhost:0", "-c", config]));
    let urls: Vec<_> = server.urls().iter().map(|url| (*url).to_owned()).collect();
    assert!(urls.len() >= 2, "{}", server.banner);
    for url in urls {
        let finished = chromium(&url);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout.contains("</body>") && finished.stdout.contains("<h1"), "{url}: {finished:?}");
        let console: Vec<_> = finished.stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(console.is_empty(), "{url}: {console:#?}");
    }
    // Nor did anything that a page refers to go missing without a word.
    let log = server.stop().stdout;
    assert!(log.contains("\"GET / HTTP/1.1\" 200"), "{log}");
    for line in log.lines() {
        assert!(line.contains("\" 200 ") || line.contains("\" 304 ") || line.contains("\" 206 "), "{line}");
    }
}

#[test]
#[ignore = "needs wrk; .ci/run installs it and runs with --ignored"]
fn wrk_sees_no_error() {
    let _alone = alone();
    let directory = Scratch::with(&[("www/index.html", &"x".repeat(4000))]);
    let config = "listen = '127.0.0.1:0'\n[log]\naccess = 'off'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let url = format!("http://{}/index.html", server.address());
    let finished = client("wrk", &["-t", "2", "-c", "256", "-d", "20s", &url]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("Requests/sec"), "{finished:?}");
    assert!(!finished.stdout.contains("Socket errors"), "{}", finished.stdout);
    assert!(!finished.stdout.contains("Non-2xx"), "{}", finished.stdout);
}

#[test]
#[ignore = "needs strace; .ci/run installs it and runs with --ignored"]
fn strace_sees_one_write_for_many_small_answers() {
    let _alone = alone();
    let directory = Scratch::with(&[("www/index.html", "home\n")]);
    let config = "listen = '127.0.0.1:0'\n[log]\naccess = 'off'\n[[site]]\nroot = 'www'\n";
    let server = Server::configured(&directory, config);
    let mut peer = server.connect();
    peer.exchange(request("GET", "/", &[])).assert_status(200); // from now on the file is in memory
    let mut command = command("strace");
    command.args(["-f", "-s", "32", "-e", "trace=write,writev,sendto,sendmsg,sendfile,splice"]);
    let mut strace = Process::spawn(command.args(["-p", &server.process.id().to_string()]), Stdio::piped());
    strace.stderr.line_with("attached");
    peer.send(request("GET", "/", &[]).repeat(20));
    for _ in 0..20 {
        peer.response().assert_status(200).assert_content("home\n");
    }
    drop(peer);
    server.stop();
    let trace = strace.finish(PATIENCE).stderr;
    let writes: Vec<_> = trace.lines().filter(|line| line.contains("HTTP/1.1 200")).collect();
    assert_eq!(writes.len(), 1, "{trace}");
}
