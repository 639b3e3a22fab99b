//! The protocol and the answer, call by call: what a request costs before and after the system calls.
//!
//! `cargo bench --bench micro -- [NAME]`; criterion compares with the run before. What the whole server costs is
//! measured by `compare`.

// The lints that keep the server from panicking would keep a benchmark from failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion, Throughput};
use webserv::config::{Config, Overrides};
use webserv::files::Timestamp;
use webserv::http::{Connection, ContentFields, Limits, Preamble, Request, Response, Status, Step, date, range};
use webserv::site::{Occasion, Sites};

/// What curl sends.
const CURL: &str = "GET /1k.bin HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n";

/// What Chromium sends for a picture of a page.
const BROWSER: &str = "GET /1k.bin HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    Connection: keep-alive\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
    Safari/537.36\r\n\
    sec-ch-ua: \"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: no-cors\r\n\
    Sec-Fetch-Dest: image\r\n\
    Referer: http://localhost:8080/articles/2026/how-this-page-was-made.html?from=front-page&part=pictures\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7,en-US;q=0.6\r\n\r\n";

/// Those that hold where the config says nothing.
const LIMITS: Limits = Limits { head_size: 16 * 1024, fields: 100, content_size: 1 << 20 };

/// Sun, 06 Nov 1994 08:49:37 GMT
const SECOND: i64 = 784_111_777;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().measurement_time(Duration::from_secs(2));
    steps(&mut criterion);
    heads(&mut criterion);
    values(&mut criterion);
    answers(&mut criterion);
    criterion.final_summary();
}

/// The request that is pulled out next.
fn request<'s, 'i: 's>(connection: &'s mut Connection, input: &mut &'i [u8]) -> Request<'s> {
    match connection.step(input, &LIMITS) {
        Step::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

/// From the bytes of a head to a request.
fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Connection::step");
    for (name, head) in [("curl's head", CURL), ("a browser's head", BROWSER)] {
        group.throughput(Throughput::Bytes(head.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                Connection::default,
                |connection| {
                    black_box(request(connection, &mut black_box(head.as_bytes())));
                },
                BatchSize::SmallInput,
            );
        });
    }
    let pipelined = CURL.repeat(16);
    let (preamble, response) = (Preamble::new("webserv", SECOND), whole());
    let mut out = Vec::new();
    group.throughput(Throughput::Elements(16));
    group.bench_function("16 pipelined, each responded to", |bencher| {
        bencher.iter(|| {
            let mut connection = Connection::default();
            let mut input = black_box(pipelined.as_bytes());
            out.clear();
            while !input.is_empty() {
                black_box(request(&mut connection, &mut input));
                connection.respond(&response, &preamble, &mut out);
            }
            black_box(&out);
        });
    });
    group.finish();
}

/// The lines that a file has, and its length.
fn whole() -> Response<'static> {
    let lines = b"Content-Type: application/octet-stream\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
        ETag: \"4a7d1ed414474e4033ac29ccb8653d9b\"\r\nAccept-Ranges: bytes\r\n";
    Response { status: Status::Ok, lines, more: b"", content: ContentFields::Length(1024) }
}

/// From a response to the bytes of its head.
fn heads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Connection::respond");
    let preamble = Preamble::new("webserv", SECOND);
    let part = ContentFields::Part { range: 8192..12_288, complete_length: 102_400 };
    let part = Response { status: Status::PartialContent, content: part, ..whole() };
    let not_modified = Response { status: Status::NotModified, content: ContentFields::None, ..whole() };
    for (name, response) in [("200", whole()), ("206", part), ("304", not_modified)] {
        let mut out = Vec::with_capacity(1024);
        group.bench_function(name, |bencher| {
            let asked = || {
                let mut connection = Connection::default();
                request(&mut connection, &mut CURL.as_bytes());
                connection
            };
            bencher.iter_batched_ref(
                asked,
                |connection| {
                    out.clear();
                    connection.respond(black_box(&response), &preamble, &mut out)
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    let mut preamble = preamble;
    let mut second = SECOND;
    criterion.bench_function("Preamble::update, another second", |bencher| {
        bencher.iter(|| {
            second += 1;
            preamble.update(black_box(second));
        });
    });
}

/// The values of fields.
fn values(criterion: &mut Criterion) {
    for (name, value) in [("one", "bytes=8192-12287"), ("three", "bytes=0-99,8192-12287,-100")] {
        criterion.bench_function(&format!("range::select, {name}"), |bencher| {
            bencher.iter(|| range::select(black_box(value.as_bytes()), black_box(102_400)));
        });
    }
    for (name, value) in [
        ("IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT"),
        ("asctime", "Sun Nov  6 08:49:37 1994"),
    ] {
        criterion.bench_function(&format!("date::parse, {name}"), |bencher| {
            bencher.iter(|| date::parse(black_box(value.as_bytes()), SECOND));
        });
    }
    criterion.bench_function("date::format", |bencher| bencher.iter(|| date::format(black_box(SECOND))));
}

/// From a request to its answer, with all that is asked of the disk for a file that is in memory.
fn answers(criterion: &mut Criterion) {
    let directory = std::env::temp_dir().join(format!("webserv-micro-{}", std::process::id()));
    fs::create_dir(&directory).expect("a directory of its own");
    fs::write(directory.join("1k.bin"), [b'x'; 1024]).expect("a file");
    let config = Config::from_directory(&directory, &Overrides::default()).expect("a config");
    let mut sites = Sites::open(&config, 0).expect("a site");
    // Long after the file was written, or it would not be kept in memory.
    let now = Timestamp::from(SystemTime::now() + Duration::from_secs(3600));
    let peer = std::net::Ipv4Addr::LOCALHOST.into();
    let occasion = Occasion { now, peer, fetched: None, fetches: 0, has_no_successor: false, witness: None };

    let mut group = criterion.benchmark_group("Sites::answer");
    let mut ask = |name, head: &str| {
        let mut connection = Connection::default();
        let request = request(&mut connection, &mut head.as_bytes());
        let answer = sites.answer(0, &request, &occasion).expect("a file in memory");
        let lines = String::from_utf8_lossy(answer.response().lines).into_owned();
        let status = answer.status();
        // Each in a round of its own, so that its file is looked at.
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                sites.begin_round();
                sites.answer(0, black_box(&request), &occasion)
            });
        });
        (status, lines)
    };
    let (status, lines) = ask("curl, in memory", CURL);
    assert_eq!(status, Status::Ok);
    assert_eq!(ask("a browser, in memory", BROWSER).0, Status::Ok);
    let tag = lines.lines().find_map(|line| line.strip_prefix("ETag: ")).expect("a tag");
    let conditional = CURL.replace("Accept:", &format!("If-None-Match: {tag}\r\nAccept:"));
    assert_eq!(ask("not modified", &conditional).0, Status::NotModified);
    let part = CURL.replace("Accept:", "Range: bytes=100-199\r\nAccept:");
    assert_eq!(ask("a part", &part).0, Status::PartialContent);
    assert_eq!(ask("not found", &CURL.replace("1k", "2k")).0, Status::NotFound);
    group.finish();
    fs::remove_dir_all(directory).expect("a directory of its own");
}
