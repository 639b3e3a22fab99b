//! The sandbox of those who serve, and that nobody notices it: what takes the place of a root is served, whatever the
//! threads that served the last one may read.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use crate::support::{PATIENCE, Scratch, Server, command, eventually, webserv};
use crate::wire::{Peer, get, request};

/// Turns a link, at once, as a deployment does it.
fn turn(link: &Path, target: &str) {
    let next = link.with_extension("next");
    symlink(target, &next).unwrap();
    fs::rename(next, link).unwrap();
}

/// Two releases, of which `current` is the first.
fn releases() -> Scratch {
    let directory = Scratch::with(&[("releases/1/a.txt", "1"), ("releases/2/a.txt", "2")]);
    symlink("releases/1", directory.join("current")).unwrap();
    directory
}

#[test]
fn a_release_is_served_from_the_moment_it_is_the_current_one() {
    let directory = releases();
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'current'\n");
    let mut idle = server.connect();
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("1");
    for release in ["2", "1", "2"] {
        let mut begun = server.connect();
        let get = request("GET", "/a.txt", &[]);
        begun.send(&get[..20]);
        turn(&directory.join("current"), &format!("releases/{release}"));
        begun.send(&get[20..]);
        begun.response().assert_status(200).assert_content(release);
        // Several at once, one of them with content; a client that was there before; one that comes now.
        let content = request("GET", "/a.txt", &["Content-Length: 3"]) + "abc";
        begun.send(content + &get + &get);
        for _ in 0..3 {
            begun.response().assert_status(200).assert_content(release);
        }
        idle.exchange(&get).assert_status(200).assert_content(release);
        crate::wire::get(&server, "/a.txt").assert_status(200).assert_content(release);
    }
    eventually("those who served the last release have ended", || server.workers() == 1);
}

#[test]
fn a_request_goes_over_with_what_has_come_of_it() {
    let directory = releases();
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'current'\n");
    let mut peer = server.connect();
    peer.send(request("GET", "/a.txt", &["Content-Length: 6"]) + "abc");
    // Whoever serves has seen it when others have been answered after it.
    get(&server, "/a.txt").assert_status(200).assert_content("1");
    turn(&directory.join("current"), "releases/2");
    peer.send("def".to_owned() + &request("GET", "/a.txt", &["Connection: close"]));
    for _ in 0..2 {
        peer.response().assert_status(200).assert_content("2");
    }
    peer.assert_ended();
}

#[test]
fn no_request_fails_while_releases_are_turned() {
    let directory = releases();
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'current'\n");
    let (begun, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|number| {
                let (address, begun, is_over) = (server.address(), &begun, &is_over);
                scope.spawn(move || {
                    let mut peer = Peer::tcp(address);
                    let mut answers = HashMap::<String, usize>::new();
                    // Once more after the last turn.
                    let mut is_last = false;
                    while !is_last {
                        is_last = is_over.load(Ordering::Relaxed);
                        if number % 2 == 0 {
                            peer = Peer::tcp(address);
                        }
                        let response = peer.exchange(request("GET", "/a.txt", &[]));
                        if answers.is_empty() {
                            begun.fetch_add(1, Ordering::Relaxed);
                        }
                        *answers.entry(response.assert_status(200).text().to_owned()).or_default() += 1;
                    }
                    answers
                })
            })
            .collect();
        eventually("each has had an answer", || begun.load(Ordering::Relaxed) == 4);
        for release in ["2", "1", "2"] {
            turn(&directory.join("current"), &format!("releases/{release}"));
            get(&server, "/a.txt").assert_status(200).assert_content(release);
        }
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            let answers = client.join().unwrap();
            assert!(answers.keys().all(|answer| answer == "1" || answer == "2"), "{answers:?}");
            assert_eq!(answers.len(), 2, "{answers:?}");
        }
    });
}

#[test]
fn a_root_that_is_made_anew_is_served_beside_one_that_is_still_missing() {
    let directory = Scratch::with(&[("a/a.txt", "a"), ("b/a.txt", "b")]);
    let server = Server::configured(
        &directory,
        "listen = '127.0.0.1:0'\n[[site]]\nroot = 'a'\nhosts = 'a.test'\n[[site]]\nroot = 'b'\nhosts = 'b.test'\n",
    );
    if server.process.stderr.said().contains("there is no sandbox") {
        println!("not tested: this system has no Landlock");
        return;
    }
    for root in ["a", "b"] {
        fs::remove_dir_all(directory.join(root)).unwrap();
    }
    let ask = |host: &str| format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\n\r\n");
    directory.write("a/a.txt", "new");
    let mut peer = server.connect();
    peer.exchange(ask("a.test")).assert_status(200).assert_content("new");
    // Nobody has made the other one anew by now.
    peer.exchange(ask("b.test")).assert_status(503);
    peer.exchange(ask("a.test")).assert_status(200).assert_content("new");
    directory.write("b/a.txt", "new b");
    peer.exchange(ask("b.test")).assert_status(200).assert_content("new b");
    let said = server.stop().stderr;
    assert_eq!(said.matches("it answers 503 until it is back").count(), 1, "{said}");
}

#[test]
fn who_is_served_by_no_successor_in_time_is_told_so() {
    let directory = releases();
    let config = "log.format = 'json'\nlimits.send_time = '2500ms'\n[[site]]\nroot = 'current'\n";
    let config = &format!("listen = '127.0.0.1:0'\n{config}");
    let mut server = Server::configured(&directory, config);
    if server.process.stderr.said().contains("there is no sandbox") {
        println!("not tested: this system has no Landlock");
        return;
    }
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("1");
    server.process.stdout.line_with("\"status\":200,");
    // There is not enough memory for another thread, that of a successor.
    let process = Pid::from_raw(server.process.id().cast_signed());
    let limit = |bytes| _ = prlimit(process, Resource::As, Rlimit { current: bytes, maximum: None }).unwrap();
    limit(Some((server.status_kib("VmSize") + 512) * 1024));
    turn(&directory.join("current"), "releases/2");
    // Meanwhile it is tried again, which is not told.
    peer.exchange(request("GET", "/a.txt", &[])).assert_status(503);
    let line = server.process.stdout.line_with("\"status\":503,");
    let (_, duration) = line.split_once("\"duration_us\":").unwrap();
    let duration: u64 = duration.split_once(',').unwrap().0.parse().unwrap();
    assert!(duration >= 2_500_000, "it has waited for longer: {line}");
    server.process.stderr.line_with("error: cannot serve what is in the place of a root now, trying again: ");
    limit(None);
    let mut said = String::new();
    while !said.ends_with("info: what is in the place of a root is served now\n") {
        said.push_str(&server.process.stderr.line().unwrap());
    }
    assert!(!said.contains("error"), "{said}");
    eventually("the release is served", || {
        let response = peer.exchange(request("GET", "/a.txt", &[]));
        response.status() == 200 && response.text() == "2"
    });
}

/// Turns a link from one release to the next, on and on, until it is dropped.
struct Turner(Arc<AtomicBool>, Option<JoinHandle<()>>);

impl Turner {
    fn start(directory: &Scratch, releases: usize) -> Turner {
        let link = directory.join("current");
        for release in 1..=releases {
            directory.write(format!("releases/{release}/a.txt"), release.to_string());
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&is_over);
        let turn = move || {
            let mut all = (1..=releases).cycle();
            while !is_done.load(Ordering::Relaxed) {
                turn(&link, &format!("releases/{}", all.next().unwrap()));
            }
        };
        Turner(is_over, Some(thread::spawn(turn)))
    }
}

impl Drop for Turner {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        _ = self.1.take().unwrap().join();
    }
}

#[test]
fn who_is_handed_from_one_successor_to_the_next_waits_no_longer_than_for_one() {
    let directory = releases();
    let mut config =
        "listen = '127.0.0.1:0'\nlog.access = 'off'\nlimits.send_time = '1500ms'\n[[site]]\nroot = 'current'\n"
            .to_owned();
    // It takes whoever is to take over a while to open all of these.
    config.extend((0..100).map(|number| format!("[[site]]\nhosts = '{number}.test'\nroot = 'releases/1'\n")));
    let mut server = Server::configured(&directory, &config);
    if server.process.stderr.said().contains("there is no sandbox") {
        println!("not tested: this system has no Landlock");
        return;
    }
    // So many, and so fast, that hardly any successor finds its own where it was.
    let (turner, begun) = (Turner::start(&directory, 100), Instant::now());
    let mut peers: Vec<_> = (0..20).map(|_| server.connect()).collect();
    eventually("somebody's time is over", || {
        let start = Instant::now();
        peers.iter_mut().for_each(|peer| peer.send(request("GET", "/a.txt", &[])));
        let statuses: Vec<_> = peers.iter_mut().map(|peer| peer.response().status()).collect();
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
        // Without a bound it is many times as long, as luck will have it.
        assert!(start.elapsed() < Duration::from_millis(4500), "{:?}", start.elapsed());
        statuses.contains(&503)
    });
    drop(turner);
    // Nor is there a successor more often than once a second: each costs what was held in memory.
    let seconds = begun.elapsed().as_secs() as usize;
    server.process.stderr.has("");
    let turns = server.process.stderr.said().matches("is another directory now").count();
    assert!(turns <= seconds + 3, "{turns} turns in {seconds} s");
    turn(&directory.join("current"), "releases/7");
    let ask = |peer: &mut Peer| peer.exchange(request("GET", "/a.txt", &[])).text().to_owned();
    eventually("all is as it was", || peers.iter_mut().all(|peer| ask(peer) == "7"));
}

#[test]
fn a_successor_writes_to_the_log_that_there_is() {
    let directory = releases();
    let config = "listen = '127.0.0.1:0'\nlog.access = 'log/access.log'\n[[site]]\nroot = 'current'\n";
    directory.write("log/other", "");
    let server = Server::configured(&directory, config);
    // It is moved away, for a reload to come. Nobody could open it meanwhile.
    fs::rename(directory.join("log"), directory.join("away")).unwrap();
    turn(&directory.join("current"), "releases/2");
    get(&server, "/a.txt").assert_status(200).assert_content("2");
    assert_eq!(server.stop().code, Some(0));
    assert!(fs::read_to_string(directory.join("away/access.log")).unwrap().contains("GET /a.txt"));
}

#[test]
fn a_reload_may_bring_another_root() {
    let directory = releases();
    let config = |root: &str| format!("listen = '127.0.0.1:0'\n[[site]]\nroot = '{root}'\n");
    let mut server = Server::configured(&directory, &config("releases/1"));
    let mut idle = server.connect();
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("1");
    // With nothing new, and then with a root that those who serve until then cannot read.
    assert!(server.reload("reload").contains("nothing has changed"));
    idle.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content("1");
    directory.write("webserv.toml", config("releases/2"));
    server.reload("root of");
    eventually("the new root is served", || get(&server, "/a.txt").assert_status(200).text() == "2");
    // Who has been asking those who served before is handed over by them.
    let mut ask = || idle.exchange(request("GET", "/a.txt", &[])).assert_status(200).text().to_owned();
    eventually("it is served to those who were there before", || ask() == "2");
}

#[test]
fn a_sandbox_that_every_file_can_be_read_in_is_told_of() {
    for (symlinks, is_told) in [("follow", true), ("inside", false)] {
        let config = format!("listen = '127.0.0.1:0'\n[[site]]\nroot = 'current'\nsymlinks = '{symlinks}'\n");
        let finished = Server::configured(&releases(), &config).stop();
        if finished.stderr.contains("there is no sandbox") {
            println!("not tested: this system has no Landlock");
            return;
        }
        assert_eq!(finished.stderr.contains("warn: its sandbox lets it read every file"), is_told, "{finished:?}");
    }
}

#[test]
fn a_reload_tells_that_every_file_can_be_read_from_now_on() {
    let directory = releases();
    let config = |symlinks: &str| {
        format!("listen = '127.0.0.1:0'\n[[site]]\nroot = 'current'\nsymlinks = '{symlinks}'\nindex = 'x'\n")
    };
    let mut server = Server::configured(&directory, &config("inside"));
    if server.process.stderr.said().contains("there is no sandbox") {
        println!("not tested: this system has no Landlock");
        return;
    }
    for _ in 0..2 {
        directory.write("webserv.toml", config("follow"));
        server.process.signal(Signal::HUP);
        server.process.stderr.line_with("warn: its sandbox lets it read every file");
        server.process.stderr.line_with("reload: ~ symlinks of *: inside -> follow");
        // Once, for as long as it is so.
        directory.write("webserv.toml", config("follow").replace("'x'", "'y'"));
        server.reload("reload: ~ index of *");
        directory.write("webserv.toml", config("inside"));
        server.reload("reload: ~ symlinks of *: follow -> inside");
    }
    let said = server.stop().stderr;
    assert_eq!(said.matches("lets it read every file").count(), 2, "{said}");
}

#[test]
fn without_a_sandbox_a_root_is_opened_by_whoever_serves() {
    let directory = releases();
    let config = "listen = '127.0.0.1:0'\n[server]\nsandbox = false\n[[site]]\nroot = 'current'\n";
    let server = Server::configured(&directory, config);
    let mut peer = server.connect();
    for release in ["2", "1", "2"] {
        turn(&directory.join("current"), &format!("releases/{release}"));
        peer.exchange(request("GET", "/a.txt", &[])).assert_status(200).assert_content(release);
    }
    eventually("nobody has been started to serve another release", || server.workers() == 1);
}

/// What a server said that strace(1) ran, with these of its arguments, and the calls that it made until it was stopped.
#[track_caller]
fn traced(sandbox: &str, arguments: &[&str]) -> (String, String) {
    let directory = releases();
    let config = format!("listen = '127.0.0.1:0'\n[server]\nsandbox = {sandbox}\n[[site]]\nroot = 'current'\n");
    let config = directory.write("webserv.toml", config);
    let output = directory.join("strace");
    let mut strace = command("strace");
    strace.args(["-f", "-qq", "-e", "trace=landlock_create_ruleset,landlock_restrict_self,accept4"]).args(arguments);
    strace.arg("-o").arg(&output).arg(webserv().get_program()).arg("-c").arg(config);
    let server = Server::start(&mut strace);
    get(&server, "/a.txt").assert_status(200).assert_content("1");
    turn(&directory.join("current"), "releases/2");
    // The first of them may be handed over by the one that has accepted it.
    (0..2).for_each(|_| _ = get(&server, "/a.txt").assert_status(200).assert_content("2"));
    // What strace is told, it does not tell the server.
    let id = server.process.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let child = Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap();
    kill_process(child, Signal::TERM).unwrap();
    let finished = server.process.finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    (finished.stderr, fs::read_to_string(output).unwrap())
}

/// The threads that made this call with success.
fn threads_of<'a>(calls: &'a str, call: &str) -> BTreeSet<&'a str> {
    let made = calls.lines().filter(|line| line.contains(call) && !line.contains("= -1"));
    made.filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
#[ignore = "needs strace"]
fn each_thread_that_accepts_is_in_a_sandbox() {
    // As it is here, and as old as it can be.
    for arguments in [&[][..], &["-e", "inject=landlock_create_ruleset:retval=1:when=1"]] {
        let (said, calls) = traced("true", arguments);
        let accepting = threads_of(&calls, "accept4(");
        assert!(accepting.len() > 1, "{calls}");
        assert!(accepting.is_subset(&threads_of(&calls, "landlock_restrict_self(")), "{calls}");
        assert!(!said.contains("no sandbox"), "{said}");
    }
    let (_, calls) = traced("false", &[]);
    assert!(!calls.contains("landlock_"), "{calls}");
}

#[test]
#[ignore = "needs strace"]
fn a_kernel_without_sandboxes_will_do() {
    for error in ["ENOSYS", "EOPNOTSUPP", "EPERM"] {
        let (said, _) = traced("true", &["-e", &format!("inject=landlock_create_ruleset:error={error}")]);
        assert!(said.contains("warn: there is no sandbox"), "{said}");
    }
}
