//! What the server may do once it serves: no more than serving takes.
//!
//! What only root can see is tested as root, which `.ci/run` is.

use std::fmt::Display;
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{PATIENCE, Scratch, Server, command, eventually, run, webserv};
use crate::wire::get;

/// `nobody`, as every system has it.
const NOBODY: u32 = 65534;

/// Every thread's status: proc_pid_status(5).
fn statuses(process: impl Display) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap()).collect()
}

/// The values of a line of a status.
#[track_caller]
fn values<'a>(status: &'a str, key: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {key} in\n{status}")).split_whitespace().collect()
}

/// A config in this directory for `nobody`, at a port that the system chooses.
fn configured(directory: &Scratch, more: &str) -> Server {
    let config = format!("listen = '127.0.0.1:0'\n[server]\nuser = 'nobody'\n{more}\n[[site]]\nroot = 'www'\n");
    Server::configured(directory, &config)
}

/// The program where everyone can execute it, and its config for `nobody`.
pub(crate) fn program_for_all(directory: &Scratch) -> (PathBuf, PathBuf) {
    let program = directory.join("webserv");
    // By another process: what this one has open for writing, a process that another test starts has open for a moment
    // too.
    let copied = run(command("cp").arg(env!("CARGO_BIN_EXE_webserv")).arg(&program));
    assert_eq!(copied.code, Some(0), "{copied:?}");
    let config = "listen = '127.0.0.1:0'\n[server]\nuser = 'nobody'\n[log]\naccess = 'off'\n[[site]]\nroot = 'www'\n";
    (program, directory.write("webserv.toml", config))
}

#[test]
#[ignore = "needs root"]
fn a_directory_that_may_not_be_read_is_not_listed() {
    let directory = Scratch::with(&[("www/a/b.txt", "b"), ("www/c/d.txt", "d")]);
    let config = "listen = '127.0.0.1:0'\nlisting = true\n[server]\nuser = 'nobody'\n[[site]]\nroot = 'www'\n";
    for (mode, of_file) in [(0o711, 200), (0o700, 403)] {
        fs::set_permissions(directory.join("www/a"), Permissions::from_mode(mode)).unwrap();
        let server = Server::configured(&directory, config);
        get(&server, "/a/").assert_status(403);
        get(&server, "/a/b.txt").assert_status(of_file);
        get(&server, "/c/").assert_status(200);
        assert!(get(&server, "/").text().contains(">a/</a>"));
    }
}

#[test]
#[ignore = "needs root and setpriv"]
fn root_binds_and_is_another_user_from_then_on() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    // A port that only root may bind, as a rule, and that nobody has at the moment.
    let port = (600..1024).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    let config = format!("listen = '127.0.0.1:{port}'\n[server]\nuser = 'nobody'\n[[site]]\nroot = 'www'\n");
    let file = directory.write("webserv.toml", config);
    // Root has groups, as a rule, that would stay.
    let mut command = command("setpriv");
    command.args(["--groups", "4,27", env!("CARGO_BIN_EXE_webserv"), "-c"]).arg(file);
    let server = Server::start(&mut command);
    get(&server, "/a.txt").assert_status(200).assert_content("a");
    assert_nobody(server.process.id());
}

/// Every thread of the process is `nobody`, without a way to be more.
#[track_caller]
fn assert_nobody(process: impl Display) {
    for status in statuses(process) {
        for key in ["Uid", "Gid"] {
            assert_eq!(values(&status, key), ["65534"; 4], "{status}");
        }
        assert!(values(&status, "Groups").iter().all(|group| *group == "65534"), "{status}");
        for key in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(values(&status, key), ["0000000000000000"], "{key} in\n{status}");
        }
        assert_eq!(values(&status, "NoNewPrivs"), ["1"], "{status}");
    }
}

#[test]
#[ignore = "needs root and strace"]
fn what_there_is_to_tell_before_it_is_another_user_starts_no_thread() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = "listen = 'localhost:0'\n[server]\nuser = 'nobody'\n[[site]]\nroot = 'www'\n";
    let config = directory.write("webserv.toml", config);
    // A machine without IPv6, which is told of.
    let mut strace = command("strace");
    strace.args(["-f", "-qq", "-e", "trace=bind", "-e", "inject=bind:error=EADDRNOTAVAIL:when=2", "-o", "/dev/null"]);
    let server = Server::start(strace.arg(webserv().get_program()).arg("-c").arg(config));
    get(&server, "/a.txt").assert_status(200).assert_content("a");
    let id = server.process.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let child = Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap();
    assert_nobody(child.as_raw_nonzero());
    kill_process(child, Signal::TERM).unwrap();
    let finished = server.process.finish(PATIENCE);
    assert!(finished.stderr.contains("IPv4 alone will do"), "{finished:?}");
}

#[test]
fn no_thread_can_gain_privileges() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    let server = Server::of(&directory);
    for status in statuses(server.process.id()) {
        assert_eq!(values(&status, "NoNewPrivs"), ["1"], "{status}");
    }
}

#[test]
#[ignore = "needs root"]
fn what_the_user_may_not_read_is_not_served() {
    let directory = Scratch::with(&[("www/all.txt", "all"), ("www/root.txt", "root"), ("www/dir/a.txt", "a")]);
    fs::set_permissions(directory.join("www/root.txt"), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(directory.join("www/dir"), Permissions::from_mode(0o700)).unwrap();
    let server = configured(&directory, "");
    get(&server, "/all.txt").assert_status(200).assert_content("all");
    get(&server, "/root.txt").assert_status(403);
    get(&server, "/dir/a.txt").assert_status(403);

    fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
    let finished = run(webserv().arg("-c").arg(directory.join("webserv.toml")));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("cannot open") && finished.stderr.contains("www"), "{finished:?}");
}

#[test]
#[ignore = "needs root"]
fn to_be_root_again_takes_a_restart() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let mut server = configured(&directory, "");
    assert_eq!(server.reload("reload"), "info: reload: nothing has changed\n");
    directory.write("webserv.toml", "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n");
    server.reload("info: reload: ~ server.user: nobody -> none");
    for _ in 0..2 {
        assert_eq!(server.process.stderr.line_with("reload"), "warn: reload: server.user takes a restart\n");
        server.process.signal(Signal::HUP);
    }
    server.process.stderr.line_with("takes a restart");
}

#[test]
#[ignore = "needs root"]
fn only_root_becomes_another_user() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let (program, config) = program_for_all(&directory);
    let as_user = |id: u32| {
        let mut command = command(&program);
        command.uid(id).gid(id).arg("-c").arg(&config);
        command
    };
    let finished = run(&mut as_user(NOBODY - 1));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("only root can become nobody"), "{finished:?}");
    // Who is that user already has nothing to become.
    let server = Server::start(&mut as_user(NOBODY));
    get(&server, "/a.txt").assert_status(200).assert_content("a");
}

#[test]
#[ignore = "needs root"]
fn root_is_told_that_it_is_root() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    // A directory has no config that could say so.
    let finished = Server::of(&directory).stop();
    assert!(finished.stderr.contains("warn: it runs as root; start it as another user, or with"), "{finished:?}");
    let finished = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n").stop();
    assert!(finished.stderr.contains("warn: it runs as root; with `user` in [server]"), "{finished:?}");
    let finished = configured(&directory, "").stop();
    assert!(!finished.stderr.contains("root"), "{finished:?}");
}

#[test]
#[ignore = "needs root"]
fn the_access_log_is_the_users() {
    let directory = Scratch::with(&[("www/a.txt", "a"), ("log/other", "")]);
    let log = directory.join("log/access.log");
    chown(directory.join("log"), Some(NOBODY), None).unwrap();
    let mut server = configured(&directory, "[log]\naccess = 'log/access.log'");
    let logs = |server: &Server, name: &str| {
        get(server, &format!("/a.txt?{name}")).assert_status(200);
        eventually("the line is written", || fs::read_to_string(&log).is_ok_and(|text| text.contains(name)));
    };
    logs(&server, "first");
    // As logrotate(8) does it.
    let rotated = directory.join("log/access.log.1");
    fs::rename(&log, &rotated).unwrap();
    server.reload("reload");
    logs(&server, "second");
    fs::rename(&log, &rotated).unwrap();
    chown(directory.join("log"), Some(0), None).unwrap();
    let line = server.reload("the logs stay as they were: cannot open the access log");
    assert!(line.contains("Permission denied"), "{line}");
    assert!(server.process.stderr.line_with("help").contains("nobody needs"));
    get(&server, "/a.txt?third").assert_status(200);
    eventually("the line is written where it was", || fs::read_to_string(&rotated).unwrap().contains("third"));
    drop(server);
    // Nor is it opened as root at the start: others may decide what is behind its name.
    let finished = run(webserv().arg("-c").arg(directory.join("webserv.toml")));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("access.log") && finished.stderr.contains("nobody"), "{finished:?}");
    assert!(!log.exists());
}

#[test]
#[ignore = "needs root"]
fn a_stream_that_the_user_may_not_open_is_named() {
    let directory = Scratch::with(&[("www/a.txt", "a")]);
    let config = |access| {
        let text = format!("[server]\nuser = 'nobody'\n[log]\naccess = '{access}'\n[[site]]\nroot = 'www'\n");
        directory.write("webserv.toml", format!("listen = '127.0.0.1:0'\n{text}"))
    };
    // The pipe of whoever has started it.
    let finished = run(webserv().arg("-c").arg(config("/dev/stdout")));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let help =
        "/dev/stdout: Permission denied (os error 13)\n  help: write access = \"stdout\", which is open already\n";
    assert!(finished.stderr.ends_with(help), "{finished:?}");
    let mut server = Server::start(webserv().arg("-c").arg(config("stdout")));
    get(&server, "/a.txt").assert_status(200);
    server.process.stdout.line_with("GET /a.txt");
}
