//! The man page and the completions: they say of the arguments what their definition says. What it takes to write them
//! anew is a variable, [`WRITE`].

use std::path::{Path, PathBuf};
use std::{env, fs};

use clap_complete::Shell;
use clap_mangen::Man;
use webserv::cli;

use crate::support::command;
use crate::wire::assert_bytes;

/// Set to anything, it has the files written rather than compared.
const WRITE: &str = "WRITE_PAGES";

const MAN_PAGE: &str = "docs/webserv.1";

const COMPLETIONS: &[(Shell, &str)] = &[
    (Shell::Bash, "completions/webserv.bash"),
    (Shell::Zsh, "completions/_webserv"),
    (Shell::Fish, "completions/webserv.fish"),
];

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The file is as it has to be.
#[track_caller]
fn assert_file(file: &str, expected: &[u8]) {
    if env::var_os(WRITE).is_some() {
        fs::create_dir_all(path(file).parent().unwrap()).unwrap();
        fs::write(path(file), expected).unwrap();
    }
    let found = fs::read(path(file)).unwrap_or_default();
    if found != expected {
        eprintln!(
            "{file} is not what the arguments are now. To write it:\n    {WRITE}=1 cargo test --test it cli_pages"
        );
    }
    assert_bytes(&found, expected);
}

#[test]
fn the_completions_are_those_of_the_arguments() {
    for (shell, file) in COMPLETIONS {
        let mut expected = Vec::new();
        clap_complete::generate(*shell, &mut cli::command(), "webserv", &mut expected);
        assert_file(file, &expected);
    }
}

/// The name of each section, and the whole of it. What comes before the first one has the name "".
fn sections(page: &str) -> Vec<(String, String)> {
    let mut sections = vec![(String::new(), String::new())];
    for line in page.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix(".SH ") {
            sections.push((name.trim().trim_matches('"').to_owned(), String::new()));
        }
        sections.last_mut().unwrap().1.push_str(line);
    }
    sections
}

/// Written by hand but for the sections that the arguments have something to say to.
#[test]
fn the_man_page_is_that_of_the_arguments() {
    let man = Man::new(cli::command());
    let section = |render: fn(&Man, &mut dyn std::io::Write) -> std::io::Result<()>| {
        let mut rendered = Vec::new();
        render(&man, &mut rendered).unwrap();
        let rendered = String::from_utf8(rendered).unwrap();
        // It begins with definitions that the page has once.
        rendered[rendered.find(".SH ").unwrap()..].to_owned()
    };
    let own = [
        ("NAME", section(Man::render_name_section)),
        ("SYNOPSIS", section(Man::render_synopsis_section)),
        ("OPTIONS", section(Man::render_options_section)),
    ];
    let page = fs::read_to_string(path(MAN_PAGE)).unwrap();
    let mut expected = String::new();
    for (name, section) in sections(&page) {
        let own = own.iter().find(|(own, _)| *own == name).map(|(_, section)| section);
        expected.push_str(own.unwrap_or(&section));
    }
    for (name, section) in own {
        assert!(expected.contains(&section), "{MAN_PAGE} has no section {name}");
    }
    assert_file(MAN_PAGE, expected.as_bytes());
    let version = concat!("webserv ", env!("CARGO_PKG_VERSION"));
    let title = page.lines().find(|line| line.starts_with(".TH ")).expect("a title");
    assert!(title.ends_with(&format!("\"{version}\"")), "{MAN_PAGE} is not that of {version}: {title}");
}

/// What bash offers for the last of these words.
fn completed(words: &[&str]) -> String {
    let script = format!(
        // What it sets of how words are shown is for an interactive shell alone.
        "compopt() {{ :; }}; source {file}; COMP_WORDS=({words}); COMP_CWORD={last_number}
        _webserv webserv {last:?} {before:?}; echo \"${{COMPREPLY[@]}}\"",
        file = path("completions/webserv.bash").display(),
        last_number = words.len() - 1,
        last = words.last().unwrap(),
        before = words.iter().rev().nth(1).unwrap(),
        words = words.join(" "),
    );
    let output = command("bash").args(["--norc", "-c", &script]).current_dir(path("conf")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs bash; .ci/run runs with --ignored on Debian"]
fn bash_completes_arguments() {
    for (words, offered) in [
        (&["webserv", "--co"][..], "--config --color"),
        (&["webserv", "--color", "n"], "never"),
        (&["webserv", "--config", "webserv.t"], "webserv.toml"),
        (&["webserv", "-c", "webserv.t"], "webserv.toml"),
    ] {
        assert_eq!(completed(words), offered, "{words:?}");
    }
}

#[test]
#[ignore = "needs man-db; .ci/run runs with --ignored on Debian"]
fn man_finds_nothing_to_warn_of() {
    let mut command = command("man");
    let output = command.args(["--warnings", "-l"]).arg(path(MAN_PAGE)).env("MANPAGER", "cat").env("MANWIDTH", "80");
    let output = output.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
