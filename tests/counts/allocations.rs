//! A request allocates nothing once the server has answered a few: the more requests, the same number of allocations.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use webserv::config::{Config, Overrides};
use webserv::net::LocalAddress;
use webserv::server::{Appearance, Listeners, Outfit, Reports, Roots, Worker};

/// Requests that are answered before the others are compared with them.
const FEW: usize = 300;

/// Many more. An allocation for each of them cannot be overlooked; the date, which is encoded once a second, can.
const MANY: usize = 5000;

/// Requests that a client sends at once.
const PIPELINED: usize = 20;

/// The field of a last request, and of its response.
const CLOSE: &str = "Connection: close\r\n";

/// What is encoded while it is asked for.
const ENCODED: &str = "/medium.html HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding";

/// A directory with a site, removed in the end.
struct Site(PathBuf);

impl Site {
    fn new() -> Site {
        let path = std::env::temp_dir().join(format!("webserv-counts-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        for (name, size) in [
            ("small.txt", 1000),
            ("medium.html", 10_000),
            ("large.bin", 400_000),
            ("coded.js", 5000),
            ("coded.js.br", 900),
        ] {
            let mut file = File::create(path.join(name)).unwrap();
            file.write_all(&vec![b'x'; size]).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(1000)).unwrap();
        }
        Site(path)
    }

    fn config(&self, log: &str) -> Config {
        let text = format!("listen = '127.0.0.1:0'\n[server]\nsandbox = false\n[log]\n{log}\n[[site]]\nroot = '.'\n");
        let path = self.0.join("webserv.toml");
        fs::write(&path, text).unwrap();
        Config::from_file(&path, &Overrides::default()).unwrap_or_else(|_| panic!("a config that is wrong"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Sends the request, and then a last one; returns what came in answer to both.
fn ask_last(mut socket: TcpStream, request: &str) -> Vec<u8> {
    let last = request.replacen("\r\n", &format!("\r\n{CLOSE}"), 1);
    socket.write_all(format!("{request}{last}").as_bytes()).unwrap();
    let mut answers = Vec::new();
    socket.read_to_end(&mut answers).unwrap();
    answers
}

/// Sends the request so often, some at a time, and reads all that is answered.
fn ask(address: SocketAddr, request: &str, times: usize) {
    let connect = || TcpStream::connect(address).unwrap();
    let mut answers = ask_last(connect(), request);
    // The first answers to who wants it encoded are not.
    let deadline = Instant::now() + Duration::from_secs(10);
    let is_encoded = |answers: &[u8]| String::from_utf8_lossy(answers).matches("Content-Encoding").count() == 2;
    while request.contains(ENCODED) && !is_encoded(&answers) {
        assert!(Instant::now() < deadline, "nothing is encoded");
        std::thread::sleep(Duration::from_millis(10));
        answers = ask_last(connect(), request);
    }
    let length = (answers.len() - CLOSE.len()) / 2;
    let mut socket = connect();
    let mut answers = vec![0; length * PIPELINED];
    for _ in 0..times / PIPELINED {
        socket.write_all(request.repeat(PIPELINED).as_bytes()).unwrap();
        socket.read_exact(&mut answers).unwrap();
    }
    ask_last(socket, request);
}

/// How often a worker allocates from its first request to its end, where it is asked so often.
fn allocations(config: &Arc<Config>, request: &str, times: usize) -> u64 {
    let appearance = Appearance { software: "webserv", shows_access: true, color: false };
    let listeners = Listeners::bind(config, None).unwrap_or_else(|error| panic!("{error}"));
    let address = match listeners.endpoints().next().map(|endpoint| endpoint.address) {
        Some(LocalAddress::Tcp(address)) => address,
        other => panic!("no address: {other:?}"),
    };
    let outfit = Outfit::new(config, Roots::All, appearance, &listeners, Reports::new(0).unwrap())
        .unwrap_or_else(|error| panic!("{error}"));
    let orders = outfit.orders();
    let worker = Worker::open(outfit).unwrap_or_else(|error| panic!("{error}"));
    let request = request.to_owned();
    let client = std::thread::spawn(move || {
        ask(address, &request, times);
        orders.stop(Instant::now() + Duration::from_secs(10));
    });
    // Only what this thread allocates is counted.
    let counted = allocation_counter::measure(|| worker.run().unwrap());
    client.join().unwrap();
    counted.count_total
}

#[test]
fn a_request_allocates_nothing() {
    let site = Site::new();
    // What was written a moment ago is not kept.
    std::thread::sleep(Duration::from_millis(100));
    let get = |target: &str, lines: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
    let requests = [
        get("/small.txt", ""),
        get("/medium.html", "Accept-Encoding: gzip\r\nAccept: text/html\r\nUser-Agent: a\r\nCookie: b=c\r\n"),
        get("/medium.html", "If-None-Match: \"0\", W/\"1\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        get("/medium.html", "If-Modified-Since: Sun, 06 Nov 2095 08:49:37 GMT\r\n"),
        get("/medium.html", "Range: bytes=100-4195\r\n"),
        get("/large.bin", "Range: bytes=0-0\r\n"),
        get("/medium.html", "Accept-Encoding: gzip, deflate, br, zstd\r\n"),
        get("/medium.html", "Accept-Encoding: x-gzip;q=0.5\r\n"),
        get("/coded.js", "Accept-Encoding: gzip, deflate, br, zstd\r\n"),
        get("/coded.js", "Accept-Encoding: zstd;q=0.9, *;q=0.1\r\n"),
        get("/missing", ""),
        get("/missing", "Accept: text/html\r\n"),
        get("/small.txt", "").replace("GET", "HEAD"),
        get("/small.txt", "").replace("GET", "OPTIONS"),
    ];
    let logs = [
        ("access = 'off'", "without a log"),
        ("access = '.access.log'\nformat = 'combined'", "with a log"),
        ("access = '.access.log'\nformat = 'json'", "with a log of JSON"),
        ("access = 'syslog:udp://127.0.0.1:9'\nformat = 'vhost_combined'", "with syslog"),
    ];
    for (log, what) in logs {
        let config = Arc::new(site.config(log));
        for request in &requests {
            // Its first answers are not like the others: tables grow, buffers are made.
            let few = allocations(&config, request, FEW);
            let many = allocations(&config, request, MANY);
            let more = many.saturating_sub(few);
            assert!(more < (MANY / 100) as u64, "{more} allocations more for {MANY} requests {what}: {request}");
        }
    }
}
