//! What would surprise whoever started it: a home directory or a whole machine for everyone to read, because nobody has
//! said what to serve. Who does say so gets it, with a word of caution.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::{Finished, Scratch, Server, run, webserv};
use crate::wire::get;

const CAUTION: &str = "warn: whoever can reach this machine can read the files of a home directory\n";

/// The home of `alice`, and what lies there.
pub(crate) fn home() -> Scratch {
    Scratch::with(&[("alice/index.html", "home"), ("alice/public/index.html", "public")])
}

/// As `alice`, from the directory.
pub(crate) fn command(home: &Scratch, directory: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = webserv();
    command.env("HOME", home.join("alice")).current_dir(home.join(directory)).args(arguments);
    command
}

#[track_caller]
pub(crate) fn assert_refused(finished: &Finished, words: &str) {
    assert_eq!(finished.code, Some(2), "{finished:?}");
    let said = &finished.stderr;
    assert!(said.starts_with("error: no directory was named, and ") && said.contains(words), "{said}");
    assert!(said.contains("help: ") && said.contains("webserv ."), "what to type is missing: {said}");
}

#[test]
fn a_home_that_nobody_has_named_is_not_shown_to_others() {
    let home = home();
    for arguments in
        [&["--lan"][..], &["-l", "0.0.0.0:0"], &["-l", "127.0.0.1:0", "-l", "[::]:0"], &["--lan", "--check"]]
    {
        for directory in ["alice", ".", "alice/public/.."] {
            assert_refused(&run(&mut command(&home, directory, arguments)), "holds a home");
        }
    }
    // Here it is nobody else's business.
    let server = Server::start(&mut command(&home, "alice", &["-l", "127.0.0.1:0"]));
    get(&server, "/").assert_status(200).assert_content("home");
    assert!(!server.stop().stderr.contains("whoever"));
    // And this is no home.
    let server = Server::start(&mut command(&home, "alice/public", &["-l", "0.0.0.0:0"]));
    get(&server, "/").assert_status(200).assert_content("public");
    assert!(!server.stop().stderr.contains("whoever"));
}

#[test]
fn a_home_that_was_named_is_shown_with_a_word_of_caution() {
    let home = home();
    for directory in [".", "../alice", "public/.."] {
        let server = Server::start(&mut command(&home, "alice", &["-l", "0.0.0.0:0", directory]));
        get(&server, "/").assert_status(200).assert_content("home");
        let said = server.stop().stderr;
        assert!(said.contains(CAUTION), "{said}");
    }
    let server = Server::start(&mut command(&home, "alice", &["-l", "127.0.0.1:0", "."]));
    assert!(!server.stop().stderr.contains(CAUTION));
    // A config is what somebody has thought about.
    home.write("alice/webserv.toml", "listen = '0.0.0.0:0'\n[[site]]\nroot = '.'\n");
    let server = Server::start(&mut command(&home, "alice", &["-c", "webserv.toml"]));
    assert!(!server.stop().stderr.contains(CAUTION));
}

#[test]
fn a_whole_machine_is_served_where_it_was_named_alone() {
    let home = home();
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        assert_refused(&run(&mut command(&home, "/", &["-l", listen])), "the current one is /");
    }
    let server = Server::start(&mut command(&home, "/", &["-l", "127.0.0.1:0", "/"]));
    assert!(!server.stop().stderr.contains("whoever"));
    let server = Server::start(&mut command(&home, "/", &["-l", "0.0.0.0:0", "."]));
    let said = server.stop().stderr;
    assert!(said.contains("warn: whoever can reach this machine can read all files of it"), "{said}");
}

/// One that is there and cannot be read does not make it serve something else.
#[test]
fn a_config_that_leads_nowhere_is_an_error() {
    let directory = Scratch::with(&[("index.html", "here")]);
    fs::create_dir(directory.join("conf")).unwrap();
    symlink("missing.toml", directory.join("conf/webserv.toml")).unwrap();
    let finished = run(webserv().args(["-l", "127.0.0.1:0"]).current_dir(directory.path()));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("cannot read the config `conf/webserv.toml`"), "{finished:?}");
    // A file in the place of its directory is something else.
    fs::remove_dir_all(directory.join("conf")).unwrap();
    directory.write("conf", "");
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).current_dir(directory.path()));
    get(&server, "/").assert_status(200).assert_content("here");
}
