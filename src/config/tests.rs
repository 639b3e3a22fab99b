//! Whole files: good ones become the config they say, broken ones the text a person reads, and none of them a panic.

use std::fs;
use std::path::Path;
use std::time::Duration;

use log::LevelFilter;

use super::kind::Context;
use super::written::Written;
use super::*;

const FIXTURES: &str = "tests/config_errors";

pub(super) const GOOD: &str = r#"# every key
listen = ["8081", "unix:web.sock"]
index = "start.html"
listing = true
dotfiles = true
compress = false
symlinks = "follow"

[server]
user = "nobody"
sandbox = false

[limits]
connections = 5
backlog = 0x10
head_size = "8 KiB"
fields = 50
content_size = 0
head_time = "500ms"
idle_time = "2m"
send_time = "1h"
drain_time = "0s"
cache_size = 1_000

[log]
access = "access.log"
format = "combined"
level = "debug"

[[site]]
hosts = ["Example.test.", "*.example.test"]
default = true
root = "www"

[[site]]
hosts = 'other.test'
listen = ["[::1]:9000", "0.0.0.0:9000"]
root = "./www"
index = []
listing = false
dotfiles = false
compress = true
symlinks = "deny"
"#;

pub(super) const GOOD_RULES: &str = r#"# every rule
headers = { X-A = "1", X-B = "" }
errors = { 404 = "a.html", 5xx = "" }
fallback = "/b.html"
cache = { "*" = "no-store", "/a/*" = "", "*.iso" = "max-age=5" }
types = { iso = "a/b" }
charset = ""

[[site]]
root = "www"
redirects = { "/a" = "/b", "/c/*" = { to = "http://d/*", status = 0x133 } }

[site.path."/private/*"]
allow = ["127.0.0.0/8", "::1"]
methods = "GET"
headers = { X-A = "" }
cache = "no-store"

[site.path."*.iso"]
listing = true
allow = []
methods = ["HEAD"]

[[expect]]
url = "http://a.test:8080/a"
status = 302
headers = { Location = "/b", X-A = "" }
"#;

/// The outcome of a file with this text among the fixtures, as a person reads it.
pub(super) fn judge(text: &str, overrides: &Overrides) -> Result<Config, String> {
    let base = std::path::absolute(FIXTURES).unwrap();
    let mut context = Context { base: &base, problems: Vec::new() };
    let written = Written::read(text, &mut context);
    let source = Source::new(Path::new("site.toml"), text);
    let (config, problems) = resolve::file(source, Path::new("site.toml"), written, overrides);
    context.problems.extend(problems);
    match context.problems.is_empty() {
        true => Ok(config.unwrap()),
        false => Err(Diagnostics::in_file(Path::new("site.toml"), text, context.problems).render(false, None)),
    }
}

fn accept(text: &str) -> Config {
    judge(text, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn addresses(site: &Site) -> Vec<String> {
    site.listen.iter().map(|listen| listen.address.to_string()).collect()
}

#[test]
fn every_key_is_read() {
    let config = accept(GOOD);
    let user = config.server.user.unwrap();
    assert_eq!((user.name.as_str(), user.uid, config.server.sandbox), ("nobody", 65534, false));
    let limits = &config.limits;
    assert_eq!((limits.connections, limits.backlog, limits.head_size, limits.fields), (5, 16, 8192, 50));
    assert_eq!((limits.content_size, limits.cache_size), (0, 1000));
    let times = [limits.head_time, limits.idle_time, limits.send_time, limits.drain_time];
    assert_eq!(times, [500, 120_000, 3_600_000, 0].map(Duration::from_millis));
    let base = std::path::absolute(FIXTURES).unwrap();
    assert_eq!(config.log.access, AccessTarget::File(base.join("access.log")));
    assert_eq!((config.log.format, config.log.level), (LogFormat::Combined, LevelFilter::Debug));

    let [first, second] = &config.sites[..] else { panic!("{:?}", config.sites) };
    let hosts = [HostPattern::Exact("example.test".to_owned()), HostPattern::Wildcard(".example.test".to_owned())];
    assert_eq!(first.hosts, hosts);
    assert_eq!((first.default, second.default), (true, false));
    assert_eq!(addresses(first), ["localhost:8081".to_owned(), format!("unix:{}/web.sock", base.display())]);
    assert_eq!(addresses(second), ["[::1]:9000", "0.0.0.0:9000"]);
    assert_eq!(first.root, base.join("www"));
    let listing = |site: &Site| site.rules.every.listing.as_deref().copied();
    assert_eq!((listing(first), listing(second)), (Some(true), Some(false)));
    assert_eq!((first.dotfiles, second.dotfiles), (true, false));
    assert_eq!((first.compress, second.compress), (false, true));
    assert_eq!((first.symlinks, second.symlinks), (Symlinks::Follow, Symlinks::Deny));
    assert_eq!((&*first.rules.index, &*second.rules.index), (&["start.html".to_owned()][..], &[][..]));
}

#[test]
fn what_is_not_written_has_its_default() {
    let config = accept("[[site]]\nroot = 'www'\n");
    let site = &config.sites[0];
    assert_eq!(site.listen, [Listen { address: Address::Localhost(8080), port_given: false }]);
    assert_eq!((site.default, &*site.rules.index), (true, &["index.html".to_owned()][..]));
    let listing = site.rules.every.listing.as_deref().copied();
    assert_eq!((listing, site.dotfiles, site.symlinks), (Some(false), false, Symlinks::Inside));
    assert!(site.compress);
    assert_eq!((config.limits.connections, config.limits.idle_time), (10_000, Duration::from_secs(75)));
    assert_eq!((config.log.access, config.log.level), (AccessTarget::Stdout, LevelFilter::Info));
    assert_eq!((config.server.user, config.server.sandbox), (None, true));
}

#[test]
fn the_command_line_replaces_the_listen_of_the_top_alone() {
    let text = "listen = '1000'\n[[site]]\nroot = 'www'\n[[site]]\nlisten = '2000'\nroot = 'www'\n";
    let overrides = Overrides { listen: vec![Listen::at(Address::Localhost(3000))], ..Overrides::default() };
    let config = judge(text, &overrides).unwrap();
    assert_eq!(config.sites.iter().map(addresses).collect::<Vec<_>>(), [["localhost:3000"], ["localhost:2000"]]);
    assert!(config.sites[0].listen[0].port_given);

    let text = "[[site]]\nroot = 'www'\nhosts = 'a'\n[[site]]\nroot = 'www'\nhosts = 'b'\n";
    let overrides = Overrides {
        listen: vec![Listen::at("0.0.0.0:80".parse().unwrap()), Listen::at(Address::Localhost(80))],
        ..Overrides::default()
    };
    let error = judge(text, &overrides).unwrap_err();
    assert!(
        error.starts_with("error: localhost:80 and 0.0.0.0:80 cannot both be listened on\n--> site.toml"),
        "{error}"
    );
    assert!(error.ends_with("has 1 error\n"), "{error}");

    let own = "[[site]]\nlisten = '2000'\nroot = 'www'\n";
    let error = judge(own, &Overrides { listen: vec![Listen::at(Address::Localhost(3000))], ..Overrides::default() })
        .unwrap_err();
    assert!(error.starts_with("error: --listen and --lan have no effect with this config\n"), "{error}");

    let nothing = judge(text, &Overrides::default()).unwrap();
    assert_eq!(addresses(&nothing.sites[0]), ["localhost:8080"]);
}

#[test]
fn a_directory_is_one_site() {
    let config = Config::from_directory(Path::new(FIXTURES), &Overrides::default()).unwrap();
    assert_eq!(config.origin, Origin::Directory(FIXTURES.into()));
    assert_eq!(config.sites[0].root, std::path::absolute(FIXTURES).unwrap());
    assert!(config.sites[0].hosts.is_empty() && config.sites[0].default);

    let error = |dir: &str, listen: &[&str]| {
        let listen = listen.iter().map(|text| Listen::at(text.parse().unwrap())).collect();
        Config::from_directory(Path::new(dir), &Overrides { listen, ..Overrides::default() }).unwrap_err().to_string()
    };
    assert!(error("nowhere", &[]).starts_with("error: cannot serve `nowhere`: No such file or directory"));
    assert!(
        error("Cargo.toml", &[]).contains("it is not a directory\n |\n = help: to serve"),
        "{}",
        error("Cargo.toml", &[])
    );
    assert!(error(FIXTURES, &["80", "127.0.0.1:80"]).contains("127.0.0.1:80 is given twice: localhost:80 has it too"));
    assert!(error(FIXTURES, &["0.0.0.0:80", "127.0.0.1:80"]).contains("cannot both be listened on"));
}

#[test]
fn files_that_cannot_be_read() {
    let error = |path: &str| Config::from_file(Path::new(path), &Overrides::default()).unwrap_err().to_string();
    assert!(error("nowhere.toml").starts_with("error: cannot read the config `nowhere.toml`: No such file"));
    assert!(error("src").starts_with("error: cannot read the config `src`: Is a directory"));
    assert!(error("/dev/zero").contains("it is larger than 4 MiB"));
}

/// Files that differ from an accepted one in a word, and the words that the answer has to hold.
#[test]
fn judged_together() {
    let site = "[[site]]\nroot = 'www'\n";
    let accepted = [
        "[[site]]\nroot='www'\nhosts='a'\n[[site]]\nroot='www'\nhosts='b'\n",
        "[[site]]\nroot='www'\nhosts='a'\nlisten='1'\n[[site]]\nroot='www'\nhosts='a'\nlisten='2'\n",
        "[[site]]\nroot='www'\nhosts='a'\n[[site]]\nroot='www'\nhosts='*.a'\n[[site]]\nroot='www'\n",
        "listen=['0.0.0.0:80', '[::]:80']\n[[site]]\nroot='www'\n",
        "listen=['127.0.0.1:0', '0.0.0.0:0']\n[[site]]\nroot='www'\n",
        // Nobody listens at the top.
        "listen='0.0.0.0:80'\n[[site]]\nlisten='127.0.0.1:80'\nroot='www'\n",
        "site = [{ root = 'www' }]",
    ];
    for text in accepted {
        accept(text);
    }
    let refused = [
        (
            "[[site]]\nroot='www'\nhosts='a'\n[[site]]\nroot='www'\nhosts='A.'\n",
            "the host a is claimed twice on localhost:8080",
        ),
        ("[[site]]\nroot='www'\nhosts=['a', 'A']\n", "the host a stands twice in one site"),
        (
            "[[site]]\nroot='www'\nhosts='a'\n[[site]]\nroot='www'\nhosts='a'\nlisten='127.0.0.1:8080'\n",
            "claimed twice on 127.0.0.1:8080",
        ),
        (
            "[[site]]\nroot='www'\n[[site]]\nroot='www'\nhosts='a'\ndefault=true\n",
            "two sites on localhost:8080 take every host",
        ),
        ("listen=['8080', '[::1]:8080']\n", "[::1]:8080 is given twice: localhost:8080 has it too"),
        (
            "[[site]]\nroot='www'\nhosts='a'\n[[site]]\nroot='www'\nhosts='b'\nlisten='[::]:8080'\n",
            "localhost:8080 and [::]:8080 cannot both",
        ),
        ("listen=['unix:a', 'unix:./a']\n", "config_errors/a is given twice"),
    ];
    for (text, part) in refused {
        let text = if text.contains("[[site]]") { text.to_owned() } else { format!("{text}{site}") };
        let error = judge(&text, &Overrides::default()).map(|_| "accepted".to_owned()).unwrap_or_else(|error| error);
        assert!(error.contains(part), "{text}\n{error}");
    }
}

/// What a person reads, for each broken file. `BLESS=1` writes the texts anew; read them before they are committed.
#[test]
fn broken_files_read_well() {
    let here = std::path::absolute(FIXTURES).unwrap();
    let entries = fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    assert!(files.len() >= 10);
    for file in files {
        let error = Config::from_file(&file, &Overrides::default()).unwrap_err().to_string();
        let error = error.replace(&*here.to_string_lossy(), "$DIR");
        let golden = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &error).unwrap();
        }
        assert_eq!(error, fs::read_to_string(&golden).unwrap_or_default(), "{}", file.display());
    }
}

#[test]
fn no_file_panics() {
    for text in [GOOD, GOOD_RULES] {
        no_change_panics(text);
    }
}

fn no_change_panics(text: &str) {
    accept(text);
    for end in 0..=text.len() {
        let _ = judge(&text[..end], &Overrides::default());
    }
    for at in 0..text.len() {
        for byte in [&b"\""[..], b"[", b"]", b"=", b"\n", b".", b"{", b"\0", "é".as_bytes(), b"-1", b""] {
            let mut bytes = text.as_bytes().to_vec();
            bytes.splice(at..=at, byte.iter().copied());
            let _ = judge(&String::from_utf8(bytes).unwrap(), &Overrides::default());
        }
    }
}

/// Large files, each of one kind of nonsense: all end within moments, in a few screens.
#[test]
fn no_file_floods() {
    let repeat = |line: &str| line.repeat((64 << 10) / line.len());
    let many_keys: String = (0..10_000).map(|n| format!("lisen{n} = 1\n")).collect();
    let texts = [
        many_keys,
        repeat("a"),
        repeat("["),
        repeat("a = [\n"),
        repeat("= = =\n"),
        repeat("listen = 5\n"),
        repeat("[[site]]\nroot = 'ww'\n"),
        repeat("[[site]]\nroot = 'www'\n"),
        format!("listen = [{}]", repeat("'80',")),
        format!("index = '{}/'", repeat("é")),
        repeat("a."),
        repeat("[a]\n"),
    ];
    for text in texts {
        let error = judge(&text, &Overrides::default()).unwrap_err();
        assert!(error.len() < 50_000, "{} bytes for {}...", error.len(), &text[..20]);
    }
}

#[test]
fn expectations_are_read_and_change_nothing_that_is_served() {
    let config = accept(GOOD_RULES);
    let [Expectation { url, status, headers }] = &config.expectations[..] else { panic!("{config:?}") };
    assert_eq!((url.authority(), url.target()), (Some(("a.test", 8080)), "/a"));
    assert_eq!(status.as_ref().map(|status| status.value), Some(302));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("Location", "/b"), ("X-A", "")]);
    let other = accept(&GOOD_RULES.replace("302", "301"));
    assert_eq!(config.changes(&other), ["~ expect"]);
}

/// What is written elsewhere, and is the same, is no change; and what is said of it names its line.
#[test]
fn places_are_known_and_make_no_difference() {
    let text = "# a\n[[site]]\nroot = 'www'\nheaders = { A = '1',\n  B =\n '2' }\nfallback = '/a'\n";
    let (config, moved) = (accept(text), accept(&text.replace("# a", "# b\n\n")));
    assert_eq!(config.changes(&moved), Vec::<String>::new());
    assert_eq!(config, moved);
    let rules = &config.sites[0].rules;
    let place = |located: &Located<String>| located.place.clone().unwrap();
    let said = |place: &Place| (config.source.line_of(place), config.source.text_of(place));
    let [(_, a), (_, b)] = &rules.every.headers[..] else { panic!("{rules:?}") };
    assert_eq!(said(&place(a)), ("site.toml:4".to_owned(), "A = '1'".to_owned()));
    assert_eq!(said(&place(b)), ("site.toml:5".to_owned(), "B = '2'".to_owned()));
    assert_eq!(said(&place(rules.fallback.as_ref().unwrap())), ("site.toml:7".to_owned(), "'/a'".to_owned()));
    assert_eq!(said(config.sites[0].places.root.as_ref().unwrap()).0, "site.toml:3");
}

#[test]
fn fields_merge_downward() {
    let config = accept(
        "headers = { A = '1', B = '2' }\n[[site]]\nroot = 'www'\nhosts = 'a'\n\
         [[site]]\nroot = 'www'\nhosts = 'b'\nheaders = { b = '', C = '3' }\n",
    );
    let headers = |site: &Site| {
        let fields = site.rules.every.headers.iter();
        fields.map(|(name, value)| format!("{}: {}", name.as_str(), value.value)).collect::<Vec<_>>()
    };
    assert_eq!(headers(&config.sites[0]), ["A: 1", "B: 2"]);
    assert_eq!(headers(&config.sites[1]), ["A: 1", "b: ", "C: 3"]);
}

#[test]
fn options_for_a_directory_go_with_a_directory_alone() {
    let overrides = Overrides { listing: true, dotfiles: true, ..Overrides::default() };
    let config = Config::from_directory(Path::new(FIXTURES), &overrides).unwrap();
    assert_eq!((config.sites[0].rules.every.listing.as_deref(), config.sites[0].dotfiles), (Some(&true), true));
    let error = judge("listing = true\n[[site]]\nroot = 'www'\n", &overrides).unwrap_err();
    assert!(error.contains("--listing is for a directory") && error.contains("--dotfiles is"), "{error}");
}
