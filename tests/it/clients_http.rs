//! Programs that ask for parts, for what has changed, for many files at once, or for a place in the middle. They have
//! to be installed, so these tests run only when asked for.

use std::fmt::Write as _;
use std::fs;

use crate::clients::{alone, client};
use crate::support::{Finished, Scratch, Server, webserv};

/// A server of `www` below a directory of its own, which shows the heads of requests and responses.
fn site(files: &[(&str, &[u8])]) -> (Scratch, Server) {
    let directory = Scratch::new();
    fs::create_dir(directory.join("www")).unwrap();
    for (name, content) in files {
        directory.write(format!("www/{name}"), content);
    }
    let server = Server::start(webserv().args(["-v", "-l", "127.0.0.1:0"]).arg(directory.join("www")));
    (directory, server)
}

/// Bytes that differ from place to place, so that no two parts can be taken for each other.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let words = (0..length.div_ceil(8)).flat_map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state ^ (state >> 29)).to_le_bytes()
    });
    words.take(length).collect()
}

#[track_caller]
fn run(program: &str, arguments: &[&str]) -> Finished {
    let finished = client(program, arguments);
    assert_eq!(finished.code, Some(0), "{program} {arguments:?}\n{}\n{}", finished.stdout, finished.stderr);
    finished
}

/// The values of a request field that the server was sent, in order.
fn sent<'a>(trace: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("> {name}: ");
    trace.lines().filter_map(|line| line.strip_prefix(&*start)).collect()
}

fn path(directory: &Scratch, name: &str) -> String {
    directory.join(name).to_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs wget; .ci/run installs it and runs with --ignored"]
fn wget_knows_when_it_has_everything() {
    let _alone = alone();
    let (directory, server) = site(&[("large.bin", &content(500_000))]);
    directory.write("large.bin", content(500_000));
    let url = format!("http://{}/large.bin", server.address());
    let finished = run("wget", &["-c", "-S", "-P", &path(&directory, ""), &url]);
    assert!(finished.stderr.contains("416 Range Not Satisfiable"), "{}", finished.stderr);
    assert!(finished.stderr.contains("nothing to do"), "{}", finished.stderr);
    assert!(fs::read(directory.join("large.bin")).unwrap() == content(500_000), "it was touched");
}

#[test]
#[ignore = "needs aria2; .ci/run installs it and runs with --ignored"]
fn aria2_puts_a_file_together_that_came_over_eight_connections() {
    let _alone = alone();
    let whole = content(64 << 20);
    let (directory, server) = site(&[("large.bin", &whole)]);
    let url = format!("http://{}/large.bin", server.address());
    let to = format!("--dir={}", path(&directory, "got"));
    run("aria2c", &["--no-conf", "--quiet", "--file-allocation=none", "-x8", "-s8", "-k1M", &to, &url]);
    assert!(fs::read(directory.join("got/large.bin")).unwrap() == whole, "the parts do not fit together");
    let finished = server.stop();
    let parts = finished.stdout.lines().filter(|line| line.contains("\" 206 ")).count();
    // The one that came first asked for everything, and was let go where the next one's part begins.
    assert!(parts >= 7, "{}", finished.stdout);
    let connections = finished.stderr.lines().filter(|line| line.contains(" connected at ")).count();
    assert!(connections >= 8, "{}", finished.stderr);
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_goes_on_where_it_stopped_and_takes_parts() {
    let _alone = alone();
    let whole = content(3_000_000);
    let text = "0123456789".repeat(400);
    let (directory, server) = site(&[("large.bin", &whole), ("long.txt", text.as_bytes())]);
    let url = format!("http://{}/large.bin", server.address());
    let begun = directory.write("begun.bin", &whole[..1_234_567]);
    run("curl", &["-sS", "-f", "-C", "-", "-o", begun.to_str().unwrap(), &url]);
    assert!(fs::read(&begun).unwrap() == whole, "the parts do not fit together");
    let url = format!("http://{}/long.txt", server.address());
    assert_eq!(run("curl", &["-sS", "-f", "--range", "5-9", &url]).stdout, "56789");
    assert_eq!(run("curl", &["-sS", "-f", "--range", "-3", &url]).stdout, "789");
    let parts = run("curl", &["-sS", "-f", "-i", "--range", "0-9,2000-2004,-2", &url]).stdout;
    assert!(parts.contains("Content-Type: multipart/byteranges; boundary="), "{parts}");
    for part in ["bytes 0-9/4000\r\n\r\n0123456789\r\n--", "2000-2004/4000\r\n\r\n01234\r\n--", "\r\n\r\n89\r\n--"] {
        assert!(parts.contains(part), "{part:?} in\n{parts}");
    }
    let trace = server.stop().stderr;
    assert_eq!(sent(&trace, "Range"), ["bytes=1234567-", "bytes=5-9", "bytes=-3", "bytes=0-9,2000-2004,-2"]);
}

#[test]
#[ignore = "needs curl; .ci/run installs it and runs with --ignored"]
fn curl_asks_for_what_has_changed_only() {
    let _alone = alone();
    let (directory, server) = site(&[("a.txt", b"old")]);
    let url = format!("http://{}/a.txt", server.address());
    let tag = path(&directory, "tag");
    let code = |arguments: &[&str]| {
        let shown = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", &url];
        run("curl", &[&shown[..], arguments].concat()).stdout
    };
    // By date: of a file of the client's, which has the time of the server's.
    let copy = path(&directory, "copy");
    run("curl", &["-sS", "-f", "-R", "-o", &copy, &url]);
    assert_eq!(code(&["-z", &copy]), "304");
    assert_eq!(code(&["-z", "Sun, 06 Nov 1994 08:49:37 GMT"]), "200");
    assert_eq!(code(&["-z", "-Sun, 06 Nov 1994 08:49:37 GMT"]), "412");
    // By tag.
    assert_eq!(code(&["--etag-save", &tag]), "200");
    assert_eq!(code(&["--etag-compare", &tag]), "304");
    directory.write("www/a.txt", "new");
    assert_eq!(code(&["--etag-compare", &tag, "--etag-save", &tag]), "200");
    assert_eq!(code(&["--etag-compare", &tag]), "304");
}

#[test]
#[ignore = "needs apt and dpkg; .ci/run runs with --ignored on Debian"]
fn apt_takes_many_packages_by_pipelining() {
    const PACKAGES: usize = 30;
    let _alone = alone();
    let (directory, server) = site(&[]);
    let sum = |file: &str| run("sha256sum", &[&path(&directory, file)]).stdout[..64].to_owned();
    let mut packages = String::new();
    for number in 0..PACKAGES {
        let control = format!(
            "Package: webserv-test-{number}\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.test>\n\
             Description: nothing\n"
        );
        directory.write(format!("build/{number}/DEBIAN/control"), &control);
        directory.write(format!("build/{number}/usr/share/webserv-test/{number}"), content(1000 * number));
        let file = format!("webserv-test-{number}_1_all.deb");
        let (from, to) = (path(&directory, &format!("build/{number}")), path(&directory, &format!("www/{file}")));
        run("dpkg-deb", &["--root-owner-group", "--build", &from, &to]);
        let size = fs::metadata(&to).unwrap().len();
        let sum = sum(&format!("www/{file}"));
        write!(packages, "{control}Filename: ./{file}\nSize: {size}\nSHA256: {sum}\n\n").unwrap();
    }
    directory.write("www/Packages", &packages);
    let release = format!("Suite: test\nSHA256:\n {} {} Packages\n", sum("www/Packages"), packages.len());
    directory.write("www/Release", release);

    // Nothing of the machine's own apt: neither its settings nor its sources nor its state.
    let root = path(&directory, "apt");
    for name in ["lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d"]
    {
        fs::create_dir_all(directory.join("apt").join(name)).unwrap();
    }
    directory.write("apt/status", "");
    directory.write("apt/etc/sources.list", format!("deb [trusted=yes] http://{}/ ./\n", server.address()));
    let settings = format!(
        "Dir \"{root}\"; Dir::State \"{root}\"; Dir::State::status \"{root}/status\"; Dir::Cache \"{root}/cache\"; \
         Dir::Etc \"{root}/etc\"; APT::Sandbox::User \"root\"; Acquire::Languages \"none\"; \
         Acquire::http::Proxy \"DIRECT\"; Acquire::http::Pipeline-Depth \"10\"; Debug::Acquire::http \"true\";\n"
    );
    let settings = format!("APT_CONFIG={}", directory.write("apt.conf", settings).display());
    run("env", &[&settings, "apt-get", "update"]);
    let names: Vec<_> = (0..PACKAGES).map(|number| format!("webserv-test-{number}")).collect();
    let got = directory.join("got");
    fs::create_dir(&got).unwrap();
    let from = format!("--chdir={}", got.display());
    let mut arguments = vec![&*from, &settings, "apt-get", "download"];
    arguments.extend(names.iter().map(String::as_str));
    let finished = run("env", &arguments);
    for name in &names {
        let file = format!("{name}_1_all.deb");
        let is_whole = fs::read(got.join(&file)).unwrap() == fs::read(directory.join("www").join(&file)).unwrap();
        assert!(is_whole, "{file}");
    }
    // The most requests that were under way at once.
    let (mut pending, mut most) = (0_usize, 0);
    for line in finished.stderr.lines().chain(finished.stdout.lines()) {
        if line.starts_with("GET /") {
            pending += 1;
        } else if line.starts_with("Answer for: ") {
            pending = pending.saturating_sub(1);
        }
        most = most.max(pending);
    }
    assert!(most > 1, "nothing was pipelined:\n{}", finished.stderr);
    let log = server.stop().stdout;
    let whole = log.lines().filter(|line| line.contains(".deb HTTP/1.1\" 200 ")).count();
    assert_eq!(whole, PACKAGES, "{log}");
}

#[test]
#[ignore = "needs git; .ci/run installs it and runs with --ignored"]
fn git_clones_a_repository_that_is_just_files() {
    let _alone = alone();
    let (directory, server) = site(&[]);
    let source = path(&directory, "source");
    let bare = path(&directory, "www/source.git");
    let git = |arguments: &[&str]| {
        let own = ["HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "git"];
        let name = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.test", "-c", "init.defaultBranch=main"];
        run("env", &[&own[..], &name[..], arguments].concat())
    };
    git(&["init", "-q", &source]);
    for number in 0..20 {
        directory.write(format!("source/dir/{number}.bin"), content(10_000 + number));
        git(&["-C", &source, "add", "."]);
        git(&["-C", &source, "commit", "-q", "-m", &format!("number {number}")]);
        if number == 10 {
            git(&["-C", &source, "gc", "-q"]); // some objects in a pack, some on their own
        }
    }
    git(&["clone", "-q", "--bare", "--no-hardlinks", &source, &bare]);
    git(&["-C", &bare, "update-server-info"]);
    let url = format!("http://{}/source.git", server.address());
    let copy = path(&directory, "copy");
    git(&["clone", "-q", &url, &copy]);
    let head = |repository: &str| git(&["-C", repository, "rev-parse", "HEAD"]).stdout;
    assert_eq!(head(&copy), head(&source));
    git(&["-C", &copy, "fsck", "--strict"]);
    assert!(fs::read(directory.join("copy/dir/19.bin")).unwrap() == content(10_019), "another file");
    let log = server.stop().stdout;
    assert!(log.contains("\"GET /source.git/info/refs?service=git-upload-pack HTTP/1.1\" 200 "), "{log}");
    assert!(log.contains("GET /source.git/objects/"), "{log}");
}

#[test]
#[ignore = "needs zsync; .ci/run installs it and runs with --ignored"]
fn zsync_takes_the_parts_that_have_changed() {
    let _alone = alone();
    let whole = content(8 << 20);
    let (directory, server) = site(&[("large.bin", &whole)]);
    let url = format!("http://{}/large.bin", server.address());
    let list = path(&directory, "www/large.bin.zsync");
    run("zsyncmake", &["-u", &url, "-o", &list, &path(&directory, "www/large.bin")]);
    let mut old = whole.clone();
    for part in [100_000..150_000, 2_000_000..2_000_010, 4_500_000..4_501_000, 8_000_000..8_300_000] {
        old[part].fill(b'x');
    }
    let seed = directory.write("old.bin", old);
    let to = path(&directory, "new.bin");
    run("zsync", &["-q", "-i", seed.to_str().unwrap(), "-o", &to, &format!("{url}.zsync")]);
    assert!(fs::read(&to).unwrap() == whole, "the parts do not fit together");
    let Finished { stdout: log, stderr: trace, .. } = server.stop();
    assert!(sent(&trace, "Range").iter().any(|range| range.contains(',')), "several ranges at once:\n{trace}");
    assert!(trace.contains("< Content-Type: multipart/byteranges; boundary="), "{trace}");
    let gets = log.lines().filter(|line| line.contains("GET /large.bin HTTP/1.1"));
    assert!(gets.clone().count() > 0 && gets.clone().all(|line| line.contains("\" 206 ")), "{log}");
}

/// A page that moves to the middle of a sound as soon as it knows how long that is.
const PLAYER: &str = "<!doctype html><meta charset=utf-8><title>player</title><body><p id=state>waiting</p>
<audio id=sound preload=auto src=sound.wav></audio>
<script>
const say = text => document.getElementById('state').textContent = text;
const sound = document.getElementById('sound');
sound.onerror = () => say('error ' + sound.error.code + ' ' + sound.error.message);
sound.onloadedmetadata = () => { say('loaded'); sound.currentTime = sound.duration / 2; };
sound.onseeked = () => say('seeked to ' + sound.currentTime + ' of ' + sound.duration);
</script>";

/// A sound of 16 bits a sample and 8000 samples a second: uncompressed, so that every second has its place in the file.
fn wave(seconds: u32) -> Vec<u8> {
    let length = seconds * 16_000;
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend((0..length / 2).flat_map(|at| ((at % 200) as i16 * 50).to_le_bytes()));
    file
}

#[test]
#[ignore = "needs chromium; .ci/run installs it and runs with --ignored"]
fn chromium_seeks_in_a_sound() {
    let _alone = alone();
    let (_directory, server) = site(&[("player.html", PLAYER.as_bytes()), ("sound.wav", &wave(2000))]);
    let profile = Scratch::new();
    let profile = format!("--user-data-dir={}", profile.path().display());
    let url = format!("http://{}/player.html", server.address());
    let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    let output = ["--timeout=20000", "--virtual-time-budget=20000", "--dump-dom", &profile, &url];
    let page = run("chromium", &[&arguments[..], &output].concat()).stdout;
    let Finished { stdout: log, stderr: trace, .. } = server.stop();
    assert!(page.contains("seeked to 1000 of 2000"), "{page}\n{trace}");
    let starts = sent(&trace, "Range").into_iter().filter_map(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    let starts: Vec<u64> = starts.map(|start| start.parse().unwrap()).collect();
    assert!(starts.contains(&0), "{trace}");
    assert!(starts.iter().any(|start| (15_000_000..16_100_000).contains(start)), "the middle: {starts:?}\n{trace}");
    let sounds = log.lines().filter(|line| line.contains("GET /sound.wav HTTP/1.1"));
    assert!(sounds.clone().all(|line| line.contains("\" 206 ")), "{log}");
}
