//! What a path may meet on its way through the file system: links, what is no file, what may not be read, and names
//! that nobody would choose.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, OFlags, RenameFlags, makedev, mkdirat, mknodat, open, openat, renameat_with};

use crate::support::{Scratch, Server, command, eventually, settle, webserv};
use crate::wire::{find, get, request};

const POLICIES: [&str; 3] = ["deny", "inside", "follow"];

/// A server of `www` with these lines for its site.
fn configured(directory: &Scratch, lines: &str) -> Server {
    Server::configured(directory, &format!("listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n{lines}\n"))
}

#[test]
fn links_are_followed_as_the_config_says() {
    let directory = Scratch::with(&[
        ("out/secret.txt", "secret"),
        ("www/a.txt", "a"),
        ("www/dir/index.html", "dir"),
        ("beside/secret.txt", "secret"),
    ]);
    for (link, target) in [
        ("relative.txt", "a.txt".to_owned()),
        ("absolute.txt", directory.join("www/a.txt").display().to_string()),
        ("relative", "dir".to_owned()),
        ("absolute", directory.join("www/dir").display().to_string()),
        ("out.txt", "../out/secret.txt".to_owned()),
        ("out-absolute.txt", directory.join("out/secret.txt").display().to_string()),
        ("out", "../out".to_owned()),
        ("null", "/dev/null".to_owned()),
        ("made-up", "/proc/version".to_owned()),
        ("loop", "loop".to_owned()),
    ] {
        symlink(target, directory.join("www").join(link)).unwrap();
    }
    for (policy, inside, outside) in [("deny", 403, 403), ("inside", 200, 403), ("follow", 200, 200)] {
        let server = configured(&directory, &format!("symlinks = '{policy}'"));
        // The second time some of it is remembered.
        for _ in 0..2 {
            for target in ["/a.txt", "/dir/"] {
                get(&server, target).assert_status(200);
            }
            for target in ["/relative.txt", "/absolute.txt", "/relative/", "/absolute/", "/relative/index.html"] {
                get(&server, target).assert_status(inside);
            }
            get(&server, "/absolute").assert_status(if inside == 200 { 301 } else { 403 });
            for target in ["/out.txt", "/out-absolute.txt", "/out/secret.txt"] {
                let response = get(&server, target);
                response.assert_status(outside);
                assert_eq!(response.text() == "secret", outside == 200, "{response}");
            }
            for target in ["/null", "/made-up", "/loop"] {
                let response = get(&server, target);
                response.assert_status(403);
                let is_told = policy == "follow" && target != "/loop";
                assert_eq!(response.text().contains("not a regular file"), is_told, "{policy}: {response}");
            }
            for target in ["/../beside/secret.txt", "/out/../../beside/secret.txt", "/%2e%2e/beside/secret.txt"] {
                get(&server, target).assert_status(404);
            }
        }
    }
}

#[test]
fn names_that_begin_with_a_dot_are_served_where_the_config_says_so() {
    let directory = Scratch::with(&[
        ("www/.env", "env"),
        ("www/.git/config", "config"),
        ("www/.well-known/a.txt", "known"),
        ("www/index.html", "home"),
    ]);
    for (lines, status) in [("", 404), ("dotfiles = false", 404), ("dotfiles = true", 200)] {
        let server = configured(&directory, lines);
        for target in ["/.env", "/%2eenv", "/.git/config"] {
            get(&server, target).assert_status(status);
        }
        get(&server, "/.git").assert_status(if status == 200 { 301 } else { 404 });
        get(&server, "/.well-known/a.txt").assert_status(200).assert_content("known");
        // A dot segment is no name.
        get(&server, "/.").assert_status(200).assert_content("home");
        get(&server, "/..").assert_status(200).assert_content("home");
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let directory = Scratch::with(&[("www/a.txt", "a"), ("fifos/x", "")]);
    let root = directory.join("www");
    let mut held = Vec::new();
    for name in ["lonely", "busy", "index/index.html"] {
        fs::create_dir_all(root.join("index")).unwrap();
        mknodat(CWD, root.join(name), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        if name == "busy" {
            // Someone is at its other end, and has written.
            let mut fifo = File::options().read(true).write(true).open(root.join(name)).unwrap();
            std::io::Write::write_all(&mut fifo, b"secret").unwrap();
            held.push(fifo);
        }
    }
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let links = [("to-lonely", "lonely"), ("to-busy", "busy"), ("to-socket", "socket"), ("to-zero", "/dev/zero")];
    for (link, target) in links.into_iter().chain([("to-tty", "/dev/tty"), ("to-stdin", "/dev/stdin")]) {
        symlink(target, root.join(link)).unwrap();
    }
    for policy in POLICIES {
        let server = configured(&directory, &format!("symlinks = '{policy}'"));
        let mut peer = server.connect();
        for name in ["lonely", "busy", "socket", "to-lonely", "to-busy", "to-socket", "to-zero", "to-tty", "to-stdin"] {
            let response = peer.exchange(request("GET", &format!("/{name}"), &[]));
            assert!(matches!(response.status(), 403 | 404), "{policy}: {name}: {response}");
            let below = peer.exchange(request("GET", &format!("/{name}/x"), &[]));
            assert!(matches!(below.status(), 403 | 404), "{policy}: {name}/x: {below}");
        }
        peer.exchange(request("GET", "/index/", &[])).assert_status(403);
        peer.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("a");
    }
    // Nobody has read from it.
    let mut unread = [0; 16];
    assert_eq!(std::io::Read::read(&mut held[0], &mut unread).unwrap(), 6);
}

#[test]
#[ignore = "needs root, to make devices; .ci/run runs with --ignored"]
fn a_device_is_not_read() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let zero = directory.join("www/zero");
    mknodat(CWD, &zero, FileType::CharacterDevice, Mode::RUSR, makedev(1, 5)).unwrap();
    mknodat(CWD, directory.join("www/disk"), FileType::BlockDevice, Mode::RUSR, makedev(7, 0)).unwrap();
    symlink("zero", directory.join("www/link")).unwrap();
    for policy in POLICIES {
        let server = configured(&directory, &format!("symlinks = '{policy}'"));
        for target in ["/zero", "/disk", "/link"] {
            get(&server, target).assert_status(403);
        }
        get(&server, "/a.txt").assert_status(200);
    }
}

#[test]
fn what_may_not_be_read_is_forbidden() {
    let directory = Scratch::with(&[
        ("www/a.txt", "a"),
        ("www/secret.txt", "secret"),
        ("www/closed/index.html", "secret"),
        ("www/unlisted/index.html", "open"),
        ("www/home/index.html", "secret"),
    ]);
    symlink("secret.txt", directory.join("www/link.txt")).unwrap();
    symlink(directory.join("www/closed"), directory.join("www/link")).unwrap();
    let mode = |name: &str, mode| {
        fs::set_permissions(directory.join("www").join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    let modes = [("secret.txt", 0), ("closed", 0), ("unlisted", 0o711), ("home/index.html", 0)];
    modes.iter().for_each(|(name, bits)| mode(name, *bits));
    // Root may read everything, so it is someone else who serves, by a copy of the program that is within their reach.
    let program = directory.join("webserv");
    fs::copy(env!("CARGO_BIN_EXE_webserv"), &program).unwrap();
    let mut command = command(&program);
    command.args(["-l", "127.0.0.1:0"]).arg(directory.join("www"));
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let server = Server::start(&mut command);
    for target in ["/secret.txt", "/closed/", "/closed/index.html", "/closed/missing", "/home/", "/link.txt", "/link/"]
    {
        let response = get(&server, target);
        response.assert_status(403);
        assert!(find(&response.content, b"secret").is_none(), "{response}");
    }
    get(&server, "/unlisted/").assert_status(200).assert_content("open");
    get(&server, "/unlisted").assert_status(301);
    get(&server, "/a.txt").assert_status(200).assert_content("a");
    // When it may be read, it is.
    mode("secret.txt", 0o644);
    get(&server, "/secret.txt").assert_status(200).assert_content("secret");
    modes.iter().for_each(|(name, _)| mode(name, 0o755));
}

#[test]
fn paths_are_as_long_as_the_system_has_them() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let name = "n".repeat(255);
    let mut place = open(directory.join("www"), OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..15 {
        mkdirat(&place, &name, Mode::RWXU).unwrap();
        place = openat(&place, &name, OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
    // Its path has 4095 bytes, and with one more for its end there are no longer ones.
    let file = openat(&place, &name, OFlags::CREATE | OFlags::WRONLY, Mode::RUSR | Mode::WUSR).unwrap();
    rustix::io::write(&file, b"deep").unwrap();
    mkdirat(&place, "dir", Mode::RWXU).unwrap();
    for policy in POLICIES {
        let server = configured(&directory, &format!("symlinks = '{policy}'"));
        let above = format!("/{name}").repeat(15);
        for _ in 0..2 {
            get(&server, &format!("{above}/{name}")).assert_status(200).assert_content("deep");
            get(&server, &format!("{above}/dir")).assert_field("Location", &format!("{above}/dir/"));
            for below in [format!("/{name}n"), format!("/{name}/"), format!("/{name}/x"), "/x".repeat(2000)] {
                get(&server, &format!("{above}{below}")).assert_status(404);
            }
            get(&server, &format!("/{name}n")).assert_status(404);
            get(&server, &format!("/{}", "x".repeat(8000))).assert_status(404);
            get(&server, &format!("/{}", "x/".repeat(4000))).assert_status(404);
        }
    }
}

#[test]
fn no_name_is_shown_or_sent_as_it_is() {
    let names: [&[u8]; 7] = [
        b"line\r\nX-Evil: 1\r\n\r\nfeed",
        b"\x1b[31mred",
        b"\"quotes'\\",
        b"<img src=x onerror=alert(1)>",
        b"\xff\xfe\x80",
        b"?query#fragment%41",
        b"&amp;\xe2\x80\xae",
    ];
    let directory = Scratch::new();
    // The root has such a name, too.
    let root = OsStr::from_bytes(b"r\n\x1b[31m\xff<b>\"'");
    for name in names {
        fs::create_dir_all(directory.join(root).join(OsStr::from_bytes(name)).join("index.html")).unwrap();
    }
    let mut server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(directory.join(root)));
    let is_plain = |text: &[u8]| text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let is_tame = |text: &str| !text.contains(|it: char| it.is_control() && it != '\n');
    assert!(is_tame(&server.banner) && server.banner.lines().count() == 1, "{:?}", server.banner);
    for name in names {
        let encoded: String = name.iter().map(|byte| format!("%{byte:02x}")).collect();
        for (end, status) in [("", 301), ("/", 404), ("/index.html", 301), ("/missing", 404)] {
            for accept in ["text/html", "*/*"] {
                let mut peer = server.connect();
                let target = format!("/{encoded}{end}");
                let response = peer.exchange(request("GET", &target, &[&format!("Accept: {accept}")]));
                response.assert_status(status);
                let shown = name.escape_ascii();
                assert_eq!(response.field("X-Evil"), None, "{shown}");
                assert!(find(&response.content, name).is_none(), "{shown}: {response}");
                if let Some(location) = response.field("Location") {
                    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"%/-._~".contains(&byte);
                    assert!(location.starts_with('/') && location.bytes().all(is_safe), "{shown}: {location}");
                    let decoded: Vec<u8> = percent_encoding::percent_decode_str(location).collect();
                    assert_eq!(decoded, [b"/", name, end.as_bytes(), b"/"].concat(), "{shown}");
                }
                let line = server.process.stdout.line().unwrap();
                assert!(line.contains(&target) && is_plain(line.trim_end().as_bytes()), "{shown}: {line:?}");
            }
        }
    }
    fs::rename(directory.join(root), directory.join("away")).unwrap();
    get(&server, "/").assert_status(503);
    let said = server.stop().stderr;
    assert!(is_tame(&said), "{said:?}");
    // As nothing is there to be shown, where it is served, and that it is gone.
    assert_eq!(said.lines().filter(|line| line.contains(r"r\x0A\x1B[31m\xFF<b>")).count(), 3, "{said:?}");
    assert!(said.contains("the root of site 1 is gone: "), "{said}");
}

#[test]
fn what_was_moved_out_of_the_root_and_linked_to_is_not_served_for_long() {
    // By its name the file is the very same.
    let directory = Scratch::with(&[("www/dir/a.txt", "a")]);
    let servers = ["deny", "inside"].map(|policy| configured(&directory, &format!("symlinks = '{policy}'")));
    settle(directory.join("www/dir/a.txt"));
    for server in &servers {
        get(server, "/dir/a.txt").assert_status(200);
    }
    fs::rename(directory.join("www/dir"), directory.join("dir")).unwrap();
    symlink("../dir", directory.join("www/dir")).unwrap();
    for server in &servers {
        eventually("it is looked at more closely", || get(server, "/dir/a.txt").status() == 403);
    }
}

/// A directory of the root and links that lead outside change places as fast as they can, while it is asked for in
/// every way in which it can be written.
#[test]
fn what_is_swapped_meanwhile_never_gives_a_secret_away() {
    const TIME: Duration = Duration::from_millis(700);
    let directory = Scratch::with(&[
        ("out/file.txt", "secret"),
        ("out/index.html", "secret"),
        ("www/dir/file.txt", "public"),
        ("www/dir/index.html", "public"),
    ]);
    symlink("../out", directory.join("www/relative")).unwrap();
    symlink(directory.join("out"), directory.join("www/absolute")).unwrap();
    symlink("../../out/file.txt", directory.join("www/dir/link")).unwrap();
    let exchange = |one: &str, other: &str| {
        renameat_with(CWD, directory.join(one), CWD, directory.join(other), RenameFlags::EXCHANGE)
    };
    if exchange("www/relative", "www/absolute").is_err() {
        return eprintln!("skipped: this file system exchanges nothing");
    }
    let targets = [
        "/dir/file.txt",
        "/%64ir/file.txt",
        "/dir/%66ile%2Etxt",
        "//dir//file.txt",
        "/./dir/./file.txt",
        "/x/../dir/file.txt",
        "/%2e%2e/dir/file.txt",
        "/relative/../dir/file.txt",
        "/dir/",
        "/dir/../relative/",
        "/dir/link",
        "/relative/file.txt",
        "/absolute/index.html",
        "/absolute/",
    ];
    let requests: String = targets.iter().map(|target| request("GET", target, &[])).collect();
    for policy in ["deny", "inside"] {
        let server = configured(&directory, &format!("symlinks = '{policy}'"));
        let end = Instant::now() + TIME;
        let mut statuses = [0_usize; 600];
        thread::scope(|scope| {
            scope.spawn(|| {
                while Instant::now() < end {
                    for link in ["www/relative", "www/absolute"] {
                        exchange("www/dir", link).unwrap();
                        exchange("www/dir", link).unwrap();
                        exchange("www/dir/file.txt", "www/dir/link").unwrap();
                        exchange("www/dir/file.txt", "www/dir/link").unwrap();
                    }
                }
            });
            let mut peer = server.connect();
            while Instant::now() < end {
                peer.send(&requests);
                for target in targets {
                    let response = peer.response();
                    assert!(find(&response.content, b"secret").is_none(), "{policy}: {target}: {response}");
                    // 503 where a file gets another name each time that it is read.
                    assert!(matches!(response.status(), 200 | 301 | 403 | 404 | 503), "{policy}: {target}: {response}");
                    statuses[usize::from(response.status())] += 1;
                }
            }
        });
        assert!(statuses[200] > 0 && statuses[403] > 0, "{policy}: nothing was met in both states");
        println!("{policy}: {} served, {} refused", statuses[200], statuses[403]);
    }
}
