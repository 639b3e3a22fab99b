//! Config files that cannot be used: each is refused with the place, the reason and what to write instead.

use std::time::{Duration, Instant};

use crate::support::{Finished, Scratch, run, webserv};

/// Checks a config that stands in a directory with a `www`.
#[track_caller]
pub(crate) fn check(config: &str) -> Finished {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    let file = directory.write("webserv.toml", config);
    let finished = run(webserv().args(["--check", "-c"]).arg(&file));
    // What is refused by --check is refused by the server, in the same words.
    let started = run(webserv().arg("-c").arg(&file));
    assert_eq!(started.code, Some(2), "{started:?}");
    assert_eq!(started.stderr, finished.stderr);
    finished
}

/// The config is refused at this line and column, in an error with all of these words.
#[track_caller]
pub(crate) fn assert_refused(config: &str, place: &str, words: &[&str]) {
    let finished = check(config);
    let said = &finished.stderr;
    assert_eq!(finished.code, Some(2), "{config}\n{said}");
    assert_eq!(finished.stdout, "", "{config}");
    assert!(said.contains(&format!("webserv.toml:{place}\n")), "not at {place}:\n{said}");
    assert!(said.contains("^"), "nothing is underlined:\n{said}");
    for word in words {
        assert!(said.contains(word), "nothing about {word:?}:\n{said}");
    }
    assert!(!said.contains("panicked") && !said.contains('\x1b'), "{said}");
}

#[test]
fn a_file_that_is_no_toml() {
    assert_refused("[[site]]\nroot = www\n", "2:8", &["\"www\""]);
    assert_refused("listen = [\n", "1:11", &["]"]);
    assert_refused("[[site]]\nroot = 'www'\nroot = 'www'\n", "3:1", &["duplicate", "root"]);
}

#[test]
fn a_key_that_nobody_knows() {
    assert_refused("[[site]]\nrot = 'www'\n", "2:1", &["unknown key", "rot", "did you mean", "root"]);
    assert_refused("[[site]]\nroot = 'www'\n[limit]\nfields = 1\n", "3:2", &["limit", "did you mean", "limits"]);
    assert_refused("[limits]\nfeilds = 3\n[[site]]\nroot = 'www'\n", "2:1", &["did you mean", "fields"]);
}

#[test]
fn a_key_in_the_wrong_place() {
    assert_refused("idle_time = '1s'\n[[site]]\nroot = 'www'\n", "1:1", &["idle_time", "[limits]"]);
    assert_refused("[limits]\nroot = 'www'\n[[site]]\nroot = 'www'\n", "2:1", &["root", "[[site]]"]);
}

#[test]
fn a_value_of_the_wrong_type() {
    assert_refused("[[site]]\nroot = 1\n", "2:8", &["root", "string", "expected"]);
    assert_refused("[[site]]\nroot = 'www'\ndefault = 'yes'\n", "3:11", &["default", "true"]);
    assert_refused("listen = [8080]\n[[site]]\nroot = 'www'\n", "1:11", &["\"8080\""]);
    assert_refused("[site]\nroot = 'www'\n", "1:1", &["[[site]]"]);
}

#[test]
fn a_size_or_a_time_that_is_none() {
    assert_refused("[limits]\nhead_size = '16 elephants'\n[[site]]\nroot = 'www'\n", "2:13", &["KiB"]);
    assert_refused("[limits]\nhead_size = '1 byte'\n[[site]]\nroot = 'www'\n", "2:13", &["head_size"]);
    assert_refused("[limits]\nidle_time = 'soon'\n[[site]]\nroot = 'www'\n", "2:13", &["10s"]);
    assert_refused("[limits]\nidle_time = 75\n[[site]]\nroot = 'www'\n", "2:13", &["75s"]);
    assert_refused("[limits]\nfields = 0\n[[site]]\nroot = 'www'\n", "2:10", &["fields"]);
    assert_refused("[limits]\nconnections = -1\n[[site]]\nroot = 'www'\n", "2:15", &["connections"]);
}

#[test]
fn an_address_that_is_none() {
    assert_refused("listen = 'localhost:99999'\n[[site]]\nroot = 'www'\n", "1:10", &["99999", "65535"]);
    assert_refused("listen = 'http://localhost:80/'\n[[site]]\nroot = 'www'\n", "1:10", &["localhost:80"]);
    assert_refused("listen = ['127.0.0.1:80', 'example.test:80']\n[[site]]\nroot = 'www'\n", "1:27", &["hosts"]);
    assert_refused("listen = '/run/web.sock'\n[[site]]\nroot = 'www'\n", "1:10", &["unix:/run/web.sock"]);
}

#[test]
fn a_log_that_is_none() {
    let refused = |lines: &str, place: &str, words: &[&str]| {
        assert_refused(&format!("[log]\n{lines}\n[[site]]\nroot = 'www'\n"), place, words);
    };
    refused("access = 'syslog:udp://127.0.0.1'", "2:10", &["the port is missing", "\"syslog:udp://127.0.0.1:514\""]);
    refused(
        "access = 'syslog:tcp://127.0.0.1:514'",
        "2:10",
        &["\"syslog:udp://HOST:PORT\" or \"syslog:unix:/dev/log\""],
    );
    refused("access = '/dev/log'", "2:10", &["\"syslog:unix:/dev/log\""]);
    refused("format = 'jsn'", "2:10", &["\"vhost_combined\" or \"json\"", "did you mean \"json\""]);
}

#[test]
fn a_log_that_is_something_else() {
    let config = |access: &str| format!("[log]\naccess = '{access}'\n[[site]]\nroot = 'www'\n");
    assert_refused(&config("webserv.toml"), "2:10", &["written into this config", "is this file"]);
    assert_refused(&config("www/../webserv.toml"), "2:10", &["is this file"]);
    assert_refused(&config("www/index.html"), "2:10", &["below a root", "\n4 | root = 'www'"]);
    assert_refused(&config("www/new.log"), "2:10", &["below a root"]);
    // What begins with a dot is hidden.
    let directory = Scratch::with(&[("www/index.html", "x")]);
    for access in ["www/.access.log", "www.log", "/dev/null"] {
        let checked = run(webserv().args(["--check", "-c"]).arg(directory.write("webserv.toml", config(access))));
        assert_eq!(checked.code, Some(0), "{checked:?}");
    }
}

#[test]
fn a_host_that_is_none() {
    assert_refused("[[site]]\nroot = 'www'\nhosts = 'a b'\n", "3:9", &["host"]);
    assert_refused("[[site]]\nroot = 'www'\nhosts = ['a.test', 'http://b.test/']\n", "3:20", &["b.test", "scheme"]);
    assert_refused("[[site]]\nroot = 'www'\nhosts = 'a.test:80'\n", "3:9", &["port", "listen"]);
    assert_refused("[[site]]\nroot = 'www'\nhosts = 'a.*.test'\n", "3:9", &["*"]);
}

#[test]
fn a_root_that_is_missing() {
    assert_refused("[[site]]\nroot = 'ww'\n", "2:8", &["ww"]);
    assert_refused("[[site]]\nroot = 'www/index.html'\n", "2:8", &["directory"]);
    assert_refused("[[site]]\nhosts = 'a.test'\n", "1:1", &["root"]);
}

#[test]
fn a_host_that_is_claimed_twice() {
    let config = "[[site]]\nhosts = ['a.test', 'b.test']\nroot = 'www'\n[[site]]\nhosts = 'B.test.'\nroot = 'www'\n";
    assert_refused(config, "5:9", &["b.test"]);
    let config = "[[site]]\nhosts = ['a.test', 'A.TEST']\nroot = 'www'\n";
    assert_refused(config, "2:20", &["a.test"]);
    let two = "[[site]]\nroot = 'www'\n[[site]]\nroot = 'www'\n";
    assert_refused(two, "3:1", &["hosts"]);
}

#[test]
fn a_second_default() {
    let site = "[[site]]\nhosts = 'a.test'\nroot = 'www'\ndefault = true\n";
    assert_refused(&format!("{site}{}", site.replace("a.test", "b.test")), "8:11", &["default"]);
}

#[test]
fn a_config_without_a_site() {
    for config in ["", "# nothing\n", "listen = '127.0.0.1:0'\n"] {
        let finished = check(config);
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains("[[site]]"), "{finished:?}");
    }
}

#[test]
fn all_errors_of_a_file_are_told_at_once() {
    let config = "\
        lisen = '127.0.0.1:0'\n\
        [limits]\n\
        idle_time = 'soon'\n\
        feilds = 1\n\
        [[site]]\n\
        hosts = 'a b'\n\
        root = 'missing'\n\
        [[site]]\n\
        hosts = 1\n\
        rot = 'www'\n";
    let finished = check(config);
    let said = finished.stderr;
    for place in ["1:1", "3:13", "4:1", "6:9", "7:8", "9:9", "10:1"] {
        assert!(said.contains(&format!("webserv.toml:{place}\n")), "not the one at {place}:\n{said}");
    }
}

#[test]
fn a_name_in_the_file_does_not_steer_the_terminal() {
    let finished = check("[[site]]\nroot = 'www'\n\"\\u001b]0;title\\u0007\" = 1\n");
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(!finished.stderr.contains(['\x1b', '\x07']), "{finished:?}");
}

#[test]
fn as_many_rules_as_a_site_may_have_take_no_time_to_read() {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    let rules =
        |to: fn(usize) -> String| (0..20_000).map(|n| format!("'/old/{n}' = '{}'\n", to(n))).collect::<String>();
    let redirects = rules(|n| format!("/new/{n}"));
    let cache = rules(|n| format!("max-age={n}")).replace("/old/", "/kept/");
    let text = format!("[[site]]\nroot = 'www'\n[site.redirects]\n{redirects}[site.cache]\n{cache}");
    let config = directory.write("site.toml", text);
    let started = Instant::now();
    let finished = run(webserv().args(["--check", "-c"]).arg(config));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn what_other_servers_have_is_told_to_be_missing() {
    for (line, help) in [
        ("tls = true", "there is no TLS here"),
        ("ssl_certificate = 'a.pem'", "let a proxy that has it stand in front"),
        ("proxy_pass = 'http://a'", "nothing is passed on"),
        ("auth_basic = 'a'", "`allow` below"),
        ("deny = ['10.0.0.1']", "`allow` names those who may"),
        ("location = '/'", "is written below `[site.path."),
        ("listing = yes", "write true, or \"yes\" as a text"),
        ("listing = off", "write false, or \"off\" as a text"),
        ("listen = '::1:80'", "write \"[::1]:80\""),
        ("redirects = { '/a' = { url = '/b' } }", "did you mean `to`?"),
        ("redirects = { '/a' = { to = '/b', code = 301 } }", "did you mean `status`?"),
    ] {
        let finished = check(&format!("[[site]]\nroot = 'www'\n{line}\n"));
        assert!(finished.stderr.contains(help), "{line}: {}", finished.stderr);
    }
    let finished = check("[[site]]\nroot = '$HOME/www'\n");
    assert!(finished.stderr.contains("variables are not expanded"), "{}", finished.stderr);
}
