//! Files that have no smaller coding beside them get one, made once and kept, while those who ask are served as they
//! are.

use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;

use crate::clients::{alone, client};
use crate::support::{PATIENCE, Scratch, Server, eventually};
use crate::wire::{Response, exchange, get, is_entity_tag, request};

/// Text of so many bytes that becomes much smaller.
pub(crate) fn text(bytes: usize) -> String {
    (0..)
        .map(|number| format!("line {number} of the text\n"))
        .flat_map(String::into_bytes)
        .map(char::from)
        .take(bytes)
        .collect()
}

/// Bytes that do not become smaller, the same ones each time (xorshift).
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..bytes).map(|_| next()).collect()
}

#[track_caller]
fn get_as(server: &Server, target: &str, accepted: &str) -> Response {
    let response = exchange(server, request("GET", target, &[&format!("Accept-Encoding: {accepted}")]));
    response.assert_status(200);
    response
}

fn is_coded(response: &Response) -> bool {
    response.field("Content-Encoding").is_some()
}

/// The content of what is sent once it is sent in gzip.
#[track_caller]
pub(crate) fn await_encoding(server: &Server, target: &str) -> Response {
    eventually("an encoding", || is_coded(&get_as(server, target, "gzip")));
    let response = get_as(server, target, "gzip");
    response.assert_field("Content-Encoding", "gzip").assert_field("Vary", "Accept-Encoding");
    response
}

pub(crate) fn decoded(response: &Response) -> Vec<u8> {
    let mut content = Vec::new();
    match response.field("Content-Encoding") {
        None => content.clone_from(&response.content),
        Some("gzip") => drop(MultiGzDecoder::new(&*response.content).read_to_end(&mut content).unwrap()),
        Some(other) => panic!("{other}"),
    }
    content
}

/// Threads that encode, each with the number of the system that is its niceness.
fn encoders(server: &Server) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.process.id())).unwrap();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("stat")).ok());
    let encoders = stats.filter(|stat| stat.contains("(encode)"));
    encoders.map(|stat| stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse().unwrap()).collect()
}

#[test]
fn the_first_client_gets_the_file_and_later_ones_the_small_one() {
    let plain = text(20_000);
    let directory = Scratch::with(&[("a.css", &plain), ("dir/index.html", &plain)]);
    let server = Server::of(&directory);
    let first = get_as(&server, "/a.css", "gzip, deflate, br, zstd");
    first.assert_content(&plain).assert_field("Vary", "Accept-Encoding");
    assert!(!is_coded(&first), "{first}");
    let small = await_encoding(&server, "/a.css");
    assert!(small.content.len() < plain.len() / 3, "{small}");
    assert_eq!(decoded(&small), plain.as_bytes());
    for name in ["Content-Type", "Last-Modified", "Accept-Ranges", "Cache-Control"] {
        assert_eq!(small.field(name), first.field(name), "{name}");
    }
    let tag = small.field("ETag").unwrap();
    assert!(is_entity_tag(tag) && !tag.starts_with("W/") && first.field("ETag") != Some(tag), "{tag}");
    // Who does not want it does not get it.
    for accepted in ["", "identity", "br, zstd", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=0.1, identity"] {
        let response = get_as(&server, "/a.css", accepted);
        response.assert_content(&plain).assert_field("Vary", "Accept-Encoding");
        assert_eq!(response.field("ETag"), first.field("ETag"), "{accepted}: {response}");
    }
    get(&server, "/a.css").assert_content(&plain);
    // It is a representation like any other.
    let accepts = "Accept-Encoding: x-gzip";
    let unmodified = exchange(&server, request("GET", "/a.css", &[accepts, &format!("If-None-Match: {tag}")]));
    unmodified.assert_status(304).assert_field("ETag", tag).assert_field("Vary", "Accept-Encoding");
    let part = exchange(&server, request("GET", "/a.css", &[accepts, "Range: bytes=0-9"]));
    part.assert_status(206).assert_content(&small.content[..10]).assert_field("Content-Encoding", "gzip");
    let mut peer = server.connect();
    peer.send(request("HEAD", "/a.css", &[accepts]));
    assert_eq!(peer.head().field("Content-Length"), small.field("Content-Length"));
    assert_eq!(decoded(&await_encoding(&server, "/dir/")), plain.as_bytes());
}

#[test]
fn an_encoding_is_the_same_on_every_node() {
    let directory = Scratch::with(&[("a.js", &text(5000))]);
    let tags = [(); 2].map(|()| await_encoding(&Server::of(&directory), "/a.js").field("ETag").unwrap().to_owned());
    assert_eq!(tags[0], tags[1]);
}

#[test]
fn an_encoding_is_never_one_of_what_the_file_held_before() {
    let directory = Scratch::with(&[("a.js", "")]);
    let server = Server::of(&directory);
    let mut coded = 0;
    for round in 0..40 {
        let content = format!("{round:03} {}", text(30_000));
        directory.write("a.js", &content);
        // One more look than it takes until it is there.
        let deadline = Instant::now() + Duration::from_millis(if round % 4 == 0 { 300 } else { round });
        loop {
            let response = get_as(&server, "/a.js", "gzip");
            assert!(decoded(&response) == content.as_bytes(), "in round {round}: {response}");
            coded += usize::from(is_coded(&response));
            if Instant::now() > deadline {
                break;
            }
        }
    }
    assert!(coded > 0, "nothing was encoded");
}

#[test]
fn what_would_not_be_smaller_is_left_as_it_is() {
    let directory = Scratch::with(&[("small.txt", &text(1023)), ("enough.txt", &text(1024))]);
    directory.write("noise.txt", noise(50_000));
    for name in ["a.png", "a.zip", "a.woff2", "a.mp4", "a.bin", "a"] {
        directory.write(name, text(50_000));
    }
    directory.write("large.txt", text((8 << 20) + 1));
    let server = Server::of(&directory);
    let others = ["/noise.txt", "/small.txt", "/a.png", "/a.zip", "/a.woff2", "/a.mp4", "/a.bin", "/a", "/large.txt"];
    for target in others {
        assert!(!is_coded(&get_as(&server, target, "gzip, br")), "{target}");
    }
    // They are made in the order in which they were asked for, so that whatever has been made of those is there now.
    await_encoding(&server, "/enough.txt");
    for target in others {
        let response = get_as(&server, target, "gzip, br");
        assert!(!is_coded(&response), "{target}: {response}");
        let is_open = ["/noise.txt", "/small.txt", "/a.bin", "/a", "/large.txt"].contains(&target);
        assert_eq!(response.field("Vary").is_some(), is_open, "{target}: {response}");
    }
}

#[test]
fn a_sibling_is_rather_sent_than_what_is_made() {
    let directory = Scratch::with(&[("a.js", &text(5000)), ("a.js.br", "in br"), ("b.js", &text(5000))]);
    let server = Server::of(&directory);
    get_as(&server, "/a.js", "gzip, br").assert_content("in br");
    // Who cannot read that gets another one.
    assert_eq!(decoded(&await_encoding(&server, "/a.js")), text(5000).into_bytes());
    get_as(&server, "/a.js", "gzip, br").assert_content("in br");
    // One that is put there later takes the place of what was made.
    assert_eq!(decoded(&await_encoding(&server, "/b.js")), text(5000).into_bytes());
    directory.write("b.js.gz", "in gzip");
    eventually("the sibling", || get_as(&server, "/b.js", "gzip").content == b"in gzip");
}

#[test]
fn no_request_waits_for_an_encoder() {
    // Enough to be seen at work, and no more: of a machine that is busy it gets next to nothing.
    let plain = text(1 << 18);
    let directory = Scratch::with(&[("large.txt", &plain), ("other.txt", "other")]);
    let server = Server::of(&directory);
    get_as(&server, "/large.txt", "gzip").assert_content(&plain);
    let mut seen = 0;
    let deadline = Instant::now() + 4 * PATIENCE;
    while !is_coded(&get_as(&server, "/large.txt", "gzip")) {
        assert!(Instant::now() < deadline, "no encoding");
        let before = encoders(&server);
        get_as(&server, "/other.txt", "gzip").assert_content("other");
        // It was at work all that time: one thread, whose priority is the lowest.
        if !before.is_empty() && encoders(&server) == before {
            assert_eq!(before, [19]);
            seen += 1;
        }
    }
    assert!(seen > 0, "it was never seen at work");
    assert_eq!(decoded(&get_as(&server, "/large.txt", "gzip")), plain.as_bytes());
    eventually("the end of the encoder", || encoders(&server).is_empty());
}

#[test]
fn many_at_once_are_each_made() {
    let names: Vec<String> = (0..100).map(|number| format!("{number}.json")).collect();
    let directory = Scratch::new();
    for name in &names {
        directory.write(name, name.clone() + &text(3000));
    }
    let server = Server::of(&directory);
    for name in &names {
        get_as(&server, &format!("/{name}"), "gzip");
    }
    for name in &names {
        let response = await_encoding(&server, &format!("/{name}"));
        assert_eq!(decoded(&response), (name.clone() + &text(3000)).as_bytes(), "{name}");
    }
}

#[test]
fn nothing_is_made_where_nothing_is_kept_or_wanted() {
    for config in ["[limits]\ncache_size = 0\n[[site]]\nroot = '.'\n", "[[site]]\nroot = '.'\ncompress = false\n"] {
        let directory = Scratch::with(&[("a.txt", &text(20_000))]);
        let server = Server::configured(&directory, &format!("listen = '127.0.0.1:0'\n{config}"));
        for _ in 0..20 {
            assert!(!is_coded(&get_as(&server, "/a.txt", "gzip")));
            assert!(encoders(&server).is_empty());
        }
    }
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_decodes_what_it_gets() {
    let _alone = alone();
    let plain = text(300_000);
    let directory = Scratch::with(&[("a.html", &plain)]);
    let server = Server::of(&directory);
    await_encoding(&server, "/a.html");
    let url = format!("http://{}/a.html", server.address());
    let report = "\n%{size_download}";
    let coded = client("curl", &["-s", "--compressed", "-w", report, &url]);
    let whole = client("curl", &["-s", "-w", report, &url]);
    let (content, size) = coded.stdout.rsplit_once('\n').unwrap();
    assert!(content == plain && size.parse::<usize>().unwrap() < plain.len() / 3, "{size}");
    assert_eq!(whole.stdout.rsplit_once('\n'), Some((&*plain, "300000")));
}
