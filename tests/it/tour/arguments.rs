//! The command line: what can be said there without a config, and what is refused with a hint of what to write.

use std::fs;

use super::walk;
use crate::cli_color::said_on_a_terminal;
use crate::cli_open::Fixture;
use crate::cli_surprises::{assert_refused, command, home};
use crate::print_config::print;
use crate::support::{Scratch, Server, run, webserv};
use crate::tidy::repository;

#[test]
fn a_directory_is_served_as_the_options_say() {
    let directory = Scratch::with(&[("www/app.html", "app"), ("www/.env", "env"), ("www/sub/a.txt", "a")]);
    for (options, steps) in [
        (&[][..], [("GET /sub/", "404"), ("GET /users/7", "404"), ("GET /.env", "404")]),
        (&["--listing"], [("GET /sub/", "200 | ~ >a.txt</a>"), ("GET /users/7", "404"), ("GET /.env", "404")]),
        (
            &["--fallback", "app.html"],
            [("GET /sub/", "200 | = app"), ("GET /users/7", "200 | = app"), ("GET /.env", "200 | = app")],
        ),
        (&["--dotfiles"], [("GET /sub/", "404"), ("GET /users/7", "404"), ("GET /.env", "200 | = env")]),
    ] {
        let mut command = webserv();
        let server = Server::start(command.args(options).args(["-l", "127.0.0.1:0"]).arg(directory.join("www")));
        walk(&mut server.connect(), "localhost", &steps);
    }
    let path = directory.path();
    let printed = print(["--listing".as_ref(), "--dotfiles".as_ref(), path.as_os_str()]);
    for line in ["listing = true", "dotfiles = true", &format!("root = \"{}\"", path.display())] {
        assert!(printed.contains(&format!("\n{line}\n")), "not {line}: {printed}");
    }
}

#[test]
fn the_browser_opens_the_first_address() {
    let fixture = Fixture::with("xdg-open", "echo \"$1\" >\"$OUT/new\"; mv \"$OUT/new\" \"$OUT/done\"");
    let server = Server::start(&mut fixture.command("127.0.0.1:0"));
    assert_eq!(fixture.result("done").trim_end(), server.urls()[0]);
}

#[test]
fn colours_are_where_they_are_wanted() {
    let directory = Scratch::with(&[("wrong.toml", "rot = 'www'\n")]);
    let told = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = webserv();
        command.current_dir(directory.path()).args(["--check", "-c", "wrong.toml"]).args(arguments);
        command.env("TERM", "xterm").envs(variables.iter().copied());
        [run(&mut command).stderr, said_on_a_terminal(&mut command)].map(|said| said.contains('\x1b'))
    };
    // In a pipe, and on a terminal.
    assert_eq!(told(&[], &[]), [false, true]);
    assert_eq!(told(&[], &[("NO_COLOR", "1")]), [false, false]);
    assert_eq!(told(&["--color=never"], &[]), [false, false]);
    assert_eq!(told(&["--color=always"], &[("NO_COLOR", "1")]), [true, true]);
}

#[test]
fn the_manual_and_the_shells_know_every_option() {
    let help = run(webserv().arg("--help")).stdout;
    let words = help.split_whitespace().filter_map(|word| word.strip_prefix("--"));
    let options: Vec<_> = words.map(|word| word.trim_end_matches([':', ',', '.'])).collect();
    assert!(options.len() > 14, "{options:?}");
    for (file, mark) in [
        ("docs/webserv.1", "\\-\\-"),
        ("completions/webserv.bash", "--"),
        ("completions/_webserv", "--"),
        ("completions/webserv.fish", "-l "),
    ] {
        let text = fs::read_to_string(repository().join(file)).unwrap();
        for option in &options {
            let name = if mark.starts_with('\\') { option.replace('-', "\\-") } else { (*option).to_owned() };
            assert!(text.contains(&format!("{mark}{name}")), "{file} does not name --{option}");
        }
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_hint() {
    let home = home();
    assert_refused(&run(&mut command(&home, "alice", &["--lan"])), "holds a home");
    let server = Server::start(&mut command(&home, "alice", &["-l", "0.0.0.0:0", "."]));
    walk(&mut server.connect(), "localhost", &[("GET /", "200 | = home")]);
    home.write("empty.toml", "# nothing yet\n");
    for (arguments, words) in [
        (&["-c", "empty.toml"][..], "the config has no site"),
        (&["-c", "empty.toml"], "add the line `[[site]]` and below it `root = \"www\"`"),
        (&["--verison"], "a similar argument exists: '--version'"),
        (&["-l", "localhost:99999"], "65535"),
        (&["--fallback", "missing.html", "alice"], "--fallback `missing.html` is no file below `alice`"),
    ] {
        let refused = run(webserv().current_dir(home.path()).args(arguments));
        assert!(refused.code == Some(2) && refused.stderr.contains(words), "{arguments:?}: {refused:?}");
    }
}
