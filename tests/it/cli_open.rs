//! `--open`: the browser gets the address, and is nobody's business besides. Here it is a script that is the only thing
//! in PATH that could open one.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Scratch, Server, eventually, webserv};
use crate::wire::get;

/// A directory of files to serve, one of programs, and one for what they have to tell.
pub(crate) struct Fixture {
    directory: Scratch,
}

impl Fixture {
    /// A script of that name, if it has one, which finds little else, and where to put its result by `$OUT`.
    pub(crate) fn with(name: &str, script: &str) -> Fixture {
        let fixture = Fixture::bare();
        for program in ["sh", "cat", "mv", "sleep"] {
            let found = ["/bin", "/usr/bin"].map(|place| PathBuf::from(place).join(program));
            let found = found.iter().find(|path| path.exists()).expect("a program of every system");
            symlink(found, fixture.directory.join("bin").join(program)).unwrap();
        }
        if !name.is_empty() {
            let file = fixture.directory.write(format!("bin/{name}"), format!("#!/bin/sh\n{script}"));
            fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fixture
    }

    /// There are no programs at all.
    fn bare() -> Fixture {
        let directory = Scratch::with(&[("www/a.txt", "a")]);
        fs::create_dir(directory.join("bin")).unwrap();
        fs::create_dir(directory.join("out")).unwrap();
        Fixture { directory }
    }

    pub(crate) fn command(&self, listen: &str) -> Command {
        let mut command = webserv();
        command.env("PATH", self.directory.join("bin")).env("OUT", self.directory.join("out"));
        command.args(["--open", "-l", listen]).arg(self.directory.join("www"));
        command
    }

    /// What the script has left there, as soon as it has.
    #[track_caller]
    pub(crate) fn result(&self, name: &str) -> String {
        let file = self.directory.join("out").join(name);
        eventually("the script has written its result", || file.exists());
        fs::read_to_string(file).unwrap()
    }
}

/// It is opened once it can be reached, by a process that none of what the server makes of itself has come over.
#[test]
fn the_first_address_is_opened() {
    let script = "
        echo noise; echo noise >&2
        { echo \"$#\"; echo \"$1\"; ulimit -n; cat /proc/self/status /proc/self/stat; } >\"$OUT/new\"
        mv \"$OUT/new\" \"$OUT/done\"
    ";
    let fixture = Fixture::with("xdg-open", script);
    let listen = format!("unix:{}", fixture.directory.join("web.sock").display());
    let mut command = fixture.command(&listen);
    let server = Server::start(command.args(["-l", "127.0.0.1:0"]));
    let result = fixture.result("done");
    let lines: Vec<_> = result.lines().collect();
    // A browser cannot go to the first one of all.
    assert_eq!(lines[..2], ["1", &format!("http://{}/", server.address())]);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    assert_eq!(lines[2], limit.map_or("unlimited".to_owned(), |limit| limit.to_string()));
    assert!(lines.contains(&"NoNewPrivs:\t0"), "{result}");
    // Ctrl-C in a terminal is a signal to one group of processes.
    let group = lines.last().unwrap().rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap();
    let own = fs::read_to_string(format!("/proc/{}/stat", server.process.id())).unwrap();
    assert_ne!(own.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap(), group);
    get(&server, "/a.txt").assert_status(200);
    let finished = server.stop();
    assert_eq!(finished.code, Some(0));
    for said in [finished.stdout, finished.stderr] {
        assert!(!said.contains("noise") && !said.contains("no browser"), "{said}");
    }
}

#[test]
fn a_browser_that_stays_is_not_waited_for() {
    let fixture = Fixture::with("xdg-open", "echo $$ >\"$OUT/new\"; mv \"$OUT/new\" \"$OUT/pid\"; exec sleep 60");
    let server = Server::start(&mut fixture.command("127.0.0.1:0"));
    let browser = Pid::from_raw(fixture.result("pid").trim().parse().unwrap()).unwrap();
    get(&server, "/a.txt").assert_status(200);
    assert_eq!(server.stop().code, Some(0));
    // It is there still.
    kill_process(browser, Signal::KILL).unwrap();
}

/// In each case the server serves, and says that somebody else has to open the address.
#[test]
fn where_nothing_can_be_opened_it_is_said_and_no_more() {
    for (fixture, words) in [
        (Fixture::with("xdg-open", "exit 4"), "exit status: 4"),
        (Fixture::with("", ""), "such as xdg-open"),
        (Fixture::bare(), "No such file"),
    ] {
        let mut server = Server::start(&mut fixture.command("127.0.0.1:0"));
        let line = server.process.stderr.line_with("no browser was opened");
        let url = format!("http://{}/", server.address());
        assert!(line.starts_with("warn: ") && line.contains(words) && line.contains(&url), "{line}");
        get(&server, "/a.txt").assert_status(200);
        assert_eq!(server.stop().code, Some(0));
    }
}

#[test]
fn a_unix_socket_is_nothing_for_a_browser() {
    let fixture = Fixture::with("xdg-open", "echo >\"$OUT/opened\"");
    let socket = fixture.directory.join("web.sock");
    let mut server = Server::start(&mut fixture.command(&format!("unix:{}", socket.display())));
    server.process.stderr.line_with("a browser cannot reach a UNIX socket");
    assert_eq!(server.stop().code, Some(0));
    assert!(!fixture.directory.join("out/opened").exists());
}

#[test]
fn another_opener_will_do() {
    let script = "echo \"$1 $2\" >\"$OUT/new\"; mv \"$OUT/new\" \"$OUT/done\"";
    let fixture = Fixture::with("gio", script);
    let server = Server::start(&mut fixture.command("127.0.0.1:0"));
    assert_eq!(fixture.result("done"), format!("open http://{}/\n", server.address()));
}
