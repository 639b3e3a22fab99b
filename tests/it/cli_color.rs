//! Colours: `--color`, and what the environment and the output have to say where it does not. Each kind of output is
//! looked at: the help, what is wrong with arguments and with a config, the banner, the diagnostics, the access log.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Output, Scratch, Server, run, webserv};
use crate::wire::{Peer, request};

const ESCAPE: char = '\x1b';

/// Variables and arguments that go with each other.
type Setting = (&'static [(&'static str, &'static str)], &'static [&'static str]);

/// What is coloured on a terminal, and what is not.
const ON_A_TERMINAL: &[(Setting, bool)] = &[
    ((&[("TERM", "xterm")], &[]), true),
    ((&[("TERM", "xterm")], &["--color", "auto"]), true),
    ((&[("TERM", "xterm")], &["--color=never"]), false),
    ((&[("TERM", "xterm"), ("NO_COLOR", "1")], &[]), false),
    ((&[("TERM", "xterm"), ("NO_COLOR", "")], &[]), true),
    ((&[("TERM", "xterm"), ("NO_COLOR", "1")], &["--color", "always"]), true),
    ((&[("TERM", "xterm"), ("CLICOLOR", "0")], &[]), false),
    ((&[("TERM", "xterm"), ("RUST_LOG_STYLE", "always")], &["--color", "never"]), false),
    ((&[("TERM", "dumb")], &[]), false),
    ((&[("TERM", "dumb"), ("CI", "true")], &[]), false),
];

/// The same elsewhere.
const IN_A_PIPE: &[(Setting, bool)] = &[
    ((&[("TERM", "xterm")], &[]), false),
    ((&[("TERM", "xterm")], &["--color", "never"]), false),
    ((&[], &["--color=always"]), true),
    ((&[("CLICOLOR_FORCE", "1")], &[]), true),
    ((&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]), false),
    ((&[("CLICOLOR_FORCE", "1")], &["--color", "never"]), false),
];

fn with((variables, arguments): &Setting) -> Command {
    let mut command = webserv();
    command.env_remove("TERM").envs(variables.iter().copied()).args(*arguments);
    command
}

/// The program with a terminal as its outputs, and what it says there.
fn on_a_terminal(command: &mut Command) -> (std::process::Child, Output) {
    on_a_terminal_of(0, command)
}

/// The same with a terminal that says that it has so many columns.
fn on_a_terminal_of(columns: u16, command: &mut Command) -> (std::process::Child, Output) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let flags = OFlags::NOCTTY.bits().cast_signed();
    let end = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name.to_str().unwrap()).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let child = command.stdin(Stdio::null()).stdout(end.try_clone().unwrap()).stderr(end).spawn().unwrap();
    command.stdout(Stdio::null()).stderr(Stdio::null()); // the command has our own ends of the terminal
    (child, Output::of(File::from(terminal)))
}

/// All of it, up to the end.
pub(crate) fn said_on_a_terminal(command: &mut Command) -> String {
    said_on_a_terminal_of(0, command)
}

fn said_on_a_terminal_of(columns: u16, command: &mut Command) -> String {
    let (mut child, mut output) = on_a_terminal_of(columns, command);
    while output.line().is_some() {}
    child.wait().unwrap();
    output.said().to_owned()
}

/// What ends by itself: help, a mistake in the arguments, a mistake in the config.
fn commands(setting: &Setting, directory: &Scratch) -> [Command; 3] {
    let config = directory.write("bad.toml", "rot = 'x'\n");
    let [mut help, mut arguments, mut diagnostics] = [with(setting), with(setting), with(setting)];
    help.arg("--help");
    arguments.arg("--frobnicate");
    diagnostics.arg("-c").arg(config);
    [help, arguments, diagnostics]
}

#[test]
fn what_is_told_on_a_terminal() {
    let directory = Scratch::new();
    for (setting, is_colored) in ON_A_TERMINAL {
        for mut command in commands(setting, &directory) {
            let said = said_on_a_terminal(&mut command);
            assert_eq!(said.contains(ESCAPE), *is_colored, "{setting:?}: {said:?}");
        }
    }
}

#[test]
fn a_line_of_a_config_is_cut_to_the_terminal() {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    let headers: Vec<_> = (0..40).map(|n| format!("X-{n} = 'a'")).collect();
    let headers = headers.join(", ");
    let text =
        format!("[[site]]\nroot = 'www'\nheaders = {{ {headers}, Date = 'x', {} }}\n", headers.replace('X', "Y"));
    let config = directory.write("bad.toml", text);
    let lines = |columns| {
        let said = said_on_a_terminal_of(columns, webserv().args(["--color=never", "--check", "-c"]).arg(&config));
        said.lines().filter(|line| line.starts_with("3 |")).map(str::to_owned).collect::<Vec<_>>()
    };
    for columns in [60, 80, 120] {
        let said = lines(columns);
        assert!(said.iter().any(|line| line.contains("Date = 'x'")), "{said:?}");
        assert!(said.iter().all(|line| line.trim_end().len() <= usize::from(columns)), "{columns}: {said:?}");
    }
    assert!(lines(0).iter().any(|line| line.len() > 80), "one that does not say how wide it is");
}

#[test]
fn what_is_told_in_a_pipe() {
    let directory = Scratch::new();
    for (setting, is_colored) in IN_A_PIPE {
        for mut command in commands(setting, &directory) {
            let finished = run(&mut command);
            let said = finished.stdout + &finished.stderr;
            assert_eq!(said.contains(ESCAPE), *is_colored, "{setting:?}: {said:?}");
        }
    }
}

#[test]
fn what_a_server_says_on_a_terminal() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    for (setting, is_colored) in ON_A_TERMINAL {
        let (mut child, mut output) =
            on_a_terminal(with(setting).args(["-v", "-l", "127.0.0.1:0"]).arg(directory.path()));
        let banner = output.line_with("http://127.0.0.1:");
        let (_, address) = banner.split_once("http://").unwrap();
        Peer::tcp(address.split('/').next().unwrap().parse().unwrap())
            .exchange(request("GET", "/a.txt", &[]))
            .assert_status(200);
        let access = output.line_with("GET /a.txt");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        while output.line().is_some() {}
        assert!(child.wait().unwrap().success());
        let diagnostic = output.said().lines().find(|line| line.contains("debug")).expect("a diagnostic");
        for line in [&*banner, &*access, diagnostic] {
            assert_eq!(line.contains(ESCAPE), *is_colored, "{setting:?}: {line:?}");
        }
    }
}

#[test]
fn what_a_server_says_in_a_pipe() {
    let directory = Scratch::with(&[("a.txt", "a")]);
    for (setting, is_colored) in IN_A_PIPE {
        let server = Server::start(with(setting).args(["-v", "-l", "localhost:0"]).arg(directory.path()));
        // It is one line with colour, too.
        assert_eq!(server.banner.contains(ESCAPE), *is_colored, "{setting:?}: {:?}", server.banner);
        assert_eq!(server.banner.matches("http://localhost:").count(), 1, "{:?}", server.banner);
        let port = server.banner.rsplit_once("localhost:").unwrap().1.split('/').next().unwrap().parse().unwrap();
        Peer::tcp(([127, 0, 0, 1], port).into()).exchange(request("GET", "/a.txt", &[])).assert_status(200);
        let finished = server.stop();
        let diagnostic = finished.stderr.lines().find(|line| line.contains("debug")).expect("a diagnostic");
        assert_eq!(diagnostic.contains(ESCAPE), *is_colored, "{setting:?}: {diagnostic:?}");
        // That is for programs.
        assert!(finished.stdout.contains("\"GET /a.txt HTTP/1.1\" 200 1 "), "{finished:?}");
        assert!(!finished.stdout.contains(ESCAPE), "{setting:?}: {finished:?}");
    }
}
