//! Diagnostics: what is wrong with a config, whether it does what is expected of it, and why it does what it does.

use toml::de::{DeTable, DeValue};

use super::readme::sites;
use super::rules;
use crate::config_errors::check;
use crate::log_sinks::site;
use crate::print_config::print;
use crate::support::{Finished, Scratch, run, webserv};
use crate::tidy::{readme_examples, repository};

/// Four mistakes: a key that is misspelt, one below the header of a table, a host of two sites, a redirect to nowhere.
const WRONG: &str = r#"
[limits]
dotfiles = true

[[site]]
hosts    = "www.example.test"
root     = "www"
falback  = "index.html"

[[site]]
hosts     = ["app.example.test", "WWW.example.test"]
root      = "www"
redirects = { "/old" = "new" }
"#;

/// What the program says to these arguments of the config of the README.
fn ask(directory: &Scratch, arguments: &[&str]) -> Finished {
    run(webserv().current_dir(directory.path()).args(["-c", "site.toml"]).args(arguments))
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_what_to_write() {
    let said = check(WRONG).stderr;
    for (place, words) in [
        ("3:1", &["3 | dotfiles = true\n  | ^^^^^^^^ ", "move `dotfiles` above the first header of the file"][..]),
        ("8:1", &["8 | falback  = \"index.html\"\n  | ^^^^^^^ did you mean `fallback`?"]),
        ("11:34", &["the host www.example.test is claimed twice", "- first claimed here\n", "^ claimed again\n"]),
        ("13:24", &["invalid target for `/old`", "help: write \"/new\""]),
    ] {
        assert!(said.contains(&format!("webserv.toml:{place}\n")), "not at {place}: {said}");
        words.iter().for_each(|words| assert!(said.contains(words), "not {words:?}: {said}"));
    }
    assert!(said.ends_with("has 4 errors\n"), "{said}");
}

/// conf/webserv.toml with every key that it shows, and a directory in which it can be used.
fn shown_in_conf() -> (Scratch, String) {
    let directory = Scratch::with(&[("www/index.html", "home"), ("www/docs/index.html", "docs")]);
    let conf = std::fs::read_to_string(repository().join("conf/webserv.toml")).unwrap();
    // Prose has a space behind its "#". Not every system has the user.
    let shown = |line: &str| line.strip_prefix('#').filter(|line| !line.starts_with([' ', ':'])).map(str::to_owned);
    let lines = conf.lines().filter(|line| !line.starts_with("#user"));
    let config = lines.map(|line| shown(line).unwrap_or_else(|| line.to_owned()) + "\n").collect();
    directory.write("conf/webserv.toml", &config);
    (directory, config)
}

#[test]
fn every_key_that_the_config_of_the_repository_shows_can_be_written() {
    let (directory, config) = shown_in_conf();
    let checked = run(webserv().current_dir(directory.path()).arg("--check"));
    assert_eq!(
        (checked.code, &*checked.stdout),
        (Some(0), "ok: 2 sites, 1 expectation in conf/webserv.toml\n"),
        "{config}\n{}",
        checked.stderr
    );
    assert!(config.matches(" = ").count() > 40, "{config}");
}

#[test]
fn a_check_tells_by_its_exit_code_whether_the_config_can_be_used_and_is_met() {
    let (directory, config) = sites();
    for (before, after, code, words) in [
        ("", "", 0, "ok: 3 sites, 1 expectation in site.toml\n"),
        ("\"404.html\"", "\"40.html\"", 0, "help: did you mean \"404.html\"?"),
        ("status  = 301", "status  = 302", 2, "1 of 1 expectations failed"),
        ("/articles/a?b", "/articles/b", 2, "Location"),
        ("root    = \"files\"", "root    = \"file\"", 2, "help: did you mean `files`?"),
    ] {
        directory.write("site.toml", config.replace(before, after));
        let Finished { code: found, stdout, stderr } = ask(&directory, &["--check"]);
        assert_eq!(found, Some(code), "{after}: {stderr}");
        assert!((stdout + &stderr).contains(words), "{after}: not {words:?}: {stderr}");
    }
    assert_eq!(check("").code, Some(2));
}

#[test]
fn an_answer_is_explained() {
    let (directory, config) = sites();
    let line = |start: &str| 1 + config.lines().position(|line| line.starts_with(start)).unwrap();
    let place = |start: &str| format!("site.toml:{}", line(start));
    for (url, lines) in [
        (
            "http://www.localhost:8080/posts/a",
            [
                "301 Moved Permanently: what is asked for is at another place",
                &*format!("site {} \"www.example.test\"", place("hosts")),
                &*format!("> redirects {} \"/posts/*\" = ", place("redirects")),
                "Location: /articles/a",
            ],
        ),
        (
            "http://app.localhost:8080/users/7",
            [
                "200 OK: ",
                "tried users/7: there is no such file",
                &*format!("> fallback {} \"index.html\"", place("fallback")),
                "Content-Type: text/html; charset=utf-8",
            ],
        ),
        (
            "/assets/app.css",
            [
                "200 OK: ",
                "file assets/app.css: 16 bytes",
                &*format!("cache {} \"/assets/*\" = ", place("cache")),
                "Cache-Control: max-age=31536000, immutable",
            ],
        ),
    ] {
        let explained = ask(&directory, &["--explain", url]);
        assert_eq!((explained.code, &*explained.stderr), (Some(0), ""), "{url}");
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: Vec<_> = explained.stdout.lines().map(words).collect();
        for expected in lines {
            assert!(said.iter().any(|line| line.starts_with(expected)), "{url}: not {expected}: {said:#?}");
        }
    }
}

#[test]
fn a_config_can_be_printed_and_fed_back() {
    let (directory, _) = sites();
    let printed = print(["-c".as_ref(), directory.join("site.toml").as_os_str()]);
    for line in ["head_size = \"16 KiB\"  # default", "fallback = \"index.html\"", "[site.path.\"/private/*\"]"] {
        assert!(printed.contains(&format!("\n{line}\n")), "not {line}: {printed}");
    }
    directory.write("site.toml", printed);
    assert_eq!(ask(&directory, &["--check"]).code, Some(0));
}

/// The names of the keys of a table and of the tables in it, but for those that are the author's own.
fn keys(table: &DeTable<'_>, found: &mut Vec<String>) {
    for (name, value) in table {
        found.push(name.get_ref().to_string());
        match value.get_ref() {
            DeValue::Array(values) => {
                values.iter().filter_map(|value| value.get_ref().as_table()).for_each(|table| keys(table, found));
            }
            DeValue::Table(paths) if name.get_ref() == "path" => {
                paths.values().filter_map(|rule| rule.get_ref().as_table()).for_each(|table| keys(table, found));
            }
            DeValue::Table(table) if ["server", "log", "limits"].contains(&&**name.get_ref()) => keys(table, found),
            _ => {}
        }
    }
}

#[test]
fn editors_know_every_key_of_the_tour() {
    let schema = std::fs::read_to_string(repository().join("conf/webserv.schema.json")).unwrap();
    let readme = readme_examples().into_iter().map(|(_, config)| config);
    let mut found = Vec::new();
    for config in readme.chain([rules::CONFIG.to_owned(), site("stdout").1, shown_in_conf().1]) {
        keys(DeTable::parse(&config).unwrap().get_ref(), &mut found);
    }
    assert!(found.len() > 80, "{found:?}");
    for key in found {
        assert!(schema.contains(&format!("\"{key}\": {{")), "{key}");
    }
}
