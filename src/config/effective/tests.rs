//! What is printed is read as what it was printed from, whatever that was.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use toml::de::{DeTable, DeValue};

use super::super::tests::{GOOD, GOOD_RULES, judge};
use super::super::{Listen, Overrides};
use super::*;

/// Prints a config, reads that from elsewhere, and compares the two.
#[track_caller]
fn assert_same(config: &Config) -> String {
    let toml = config.to_toml().unwrap();
    let again = judge(&toml, &Overrides::default()).unwrap_or_else(|error| panic!("{toml}\n{error}"));
    let mut expected = config.clone();
    expected.origin.clone_from(&again.origin);
    for listen in expected.sites.iter_mut().flat_map(|site| &mut site.listen) {
        *listen = Listen::at(absolute(&listen.address));
    }
    assert_eq!(again, expected, "{toml}");
    assert_eq!(again.to_toml().unwrap(), toml);
    toml
}

fn accept(text: &str) -> Config {
    judge(text, &Overrides::default()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// The tables of a section.
fn tables_of<'a>(section: Section, document: &'a DeTable<'a>) -> Vec<&'a DeTable<'a>> {
    let value = |table: &'a DeTable<'a>, name| table.get(name).map(|value| value.get_ref());
    let sites = || value(document, "site").and_then(DeValue::as_array).into_iter().flatten();
    let sites = sites().filter_map(|site| site.get_ref().as_table());
    match section {
        Section::Top => vec![document],
        Section::Site => sites.collect(),
        Section::Path => {
            let paths = sites.filter_map(|site| value(site, "path")?.as_table());
            paths.flat_map(|paths| paths.values().filter_map(|table| table.get_ref().as_table())).collect()
        }
        Section::Expect => {
            let expectations = value(document, "expect").and_then(DeValue::as_array).into_iter().flatten();
            expectations.filter_map(|table| table.get_ref().as_table()).collect()
        }
        _ => section.name().and_then(|name| value(document, name)?.as_table()).into_iter().collect(),
    }
}

/// Whoever adds a key adds it to one of the two configs, with another value than its default.
#[test]
fn every_key_is_printed() {
    let mut missing: Vec<(Section, &str)> = Section::ALL
        .into_iter()
        .flat_map(|section| section.keys().into_iter().map(move |key| (section, key)))
        .collect();
    // What stands at the top stands in the sites as they are printed.
    missing.retain(|(section, _)| *section != Section::Top);
    for text in [GOOD, GOOD_RULES] {
        let printed = assert_same(&accept(text));
        let [written, printed] = [text, &printed].map(|text| DeTable::parse(text).unwrap());
        let has = |document: &DeTable<'_>, section, key| {
            tables_of(section, document).iter().any(|table| table.contains_key(key))
        };
        missing.retain(|&(section, key)| {
            let is_written = has(written.get_ref(), section, key) || has(written.get_ref(), Section::Top, key);
            // What caches may do stands with the site, whatever paths it is said of.
            let printed_in = if (section, key) == (Section::Path, "cache") { Section::Site } else { section };
            !(is_written && has(printed.get_ref(), printed_in, key))
        });
    }
    assert_eq!(missing, [], "no config of these tests has the key, or it is not printed");
}

#[test]
fn what_is_not_written_is_printed_with_its_default() {
    let printed = assert_same(&accept("[[site]]\nroot = 'www'\n"));
    let document = DeTable::parse(&printed).unwrap();
    for section in Section::ALL {
        let tables = tables_of(section, document.get_ref());
        for key in section.keys() {
            let is_there = tables.iter().any(|table| table.contains_key(key));
            let is_nothing =
                matches!((section, key), (Section::Top | Section::Path | Section::Expect, _) | (_, "user" | "hosts"));
            assert_eq!(is_there, !is_nothing, "{key} {section}\n{printed}");
            assert!(is_there || section != Section::Server || printed.contains(&format!("\n# {key}: not set\n")));
        }
    }
    assert!(printed.contains("\nidle_time = \"75s\"  # default\n"), "{printed}");
    assert!(printed.contains("\nlisten = [\"localhost:8080\"]  # default\n"), "{printed}");
}

#[test]
fn a_directory_and_the_command_line() {
    let unix = Listen::at(Address::Unix("web.sock".into()));
    for listen in [Vec::new(), Listen::every_interface(), vec![Listen::at(Address::Localhost(3000)), unix]] {
        let overrides = Overrides { listen, listing: true, dotfiles: true, fallback: Some("index.html".into()) };
        assert_same(&Config::from_directory(Path::new("www"), &overrides).unwrap());
    }
}

#[test]
fn every_target_of_the_log() {
    for target in [
        "off",
        "stderr",
        "./stdout",
        "a\\\"b.log",
        "syslog:udp://[::1]:514",
        "syslog:udp://log.test:1",
        "syslog:unix:é",
    ] {
        assert_same(&accept(&format!("[log]\naccess = \"{target}\"\n[[site]]\nroot = 'www'\n")));
    }
}

#[test]
fn long_values_are_split() {
    let many: String = (0..20).map(|n| format!("\"/number/{n}\" = \"/{n}\", ")).collect();
    let hosts: String = (0..20).map(|n| format!("\"number-{n}.example.test\", ")).collect();
    let long = "x".repeat(200);
    let text = format!(
        "[[site]]\nroot = 'www'\nhosts = [{hosts}]\nredirects = {{ {many} }}\nheaders = {{ A = '{long}' }}\n\
         [site.path.\"/a b/*\"]\nheaders = {{ B = '{long}' }}\n[[site]]\nroot = 'www'\n"
    );
    let printed = assert_same(&accept(&text));
    let header = printed.lines().filter(|line| line.starts_with('[')).collect::<Vec<_>>().join(" ");
    assert!(
        header.ends_with(
            "[[site]] [site.redirects] [site.headers] [site.path.\"/a b/*\"] [site.path.\"/a b/*\".headers] [[site]]"
        ),
        "{header}"
    );
    assert!(printed.contains("\nhosts = [\n    \"number-0.example.test\",\n"), "{printed}");
}

/// Rules that only the top of the file may have: they are of no use to a site that redirects what they are for.
#[test]
fn what_the_top_says_of_redirected_paths() {
    let top = "cache = { '/old/*' = 'no-store', '/old/kept/a' = 'no-store', '/b' = 'no-store' }\n";
    assert_same(&accept(&format!(
        "{top}[[site]]\nroot = 'www'\nhosts = 'a'\nredirects = {{ '/old/*' = '/new', '/b' = '/c' }}\n\
         [[site]]\nroot = 'www'\n"
    )));
}

#[test]
fn a_path_that_is_not_utf8_is_an_error_that_says_so() {
    let config = accept("[log]\naccess = 'off'\n[[site]]\nroot = 'www'\n");
    let path = || PathBuf::from(OsStr::from_bytes(b"/a\xff"));
    let mut broken = [config.clone(), config.clone(), config.clone(), config];
    broken[0].sites[0].root = path();
    broken[1].sites[0].listen.push(Listen::at(Address::Unix(path())));
    broken[2].log.access = AccessTarget::File(path());
    broken[3].log.access = AccessTarget::SyslogUnix(path());
    for config in broken {
        let error = config.to_toml().unwrap_err().to_string();
        assert!(error.contains("the path `/a\u{fffd}` is not UTF-8"), "{error}");
    }
}

/// Configs that are put together by chance from what can be written for each key.
#[test]
fn whatever_is_written() {
    const TOP: &[&str] = &[
        "index = ['a', \"b\\u202e\\\"\\\\\"]\n",
        "dotfiles = true\ncompress = false\n",
        "listing = true\n",
        "headers = { X-A = '1', X-B = \"tab\\t'\\\"\", X-C = '' }\n",
        "cache = { '*' = 'no-store', '/a/*' = '', '*.iso' = 'max-age=5', '/é%FF%2A' = 'public' }\n",
        "cache = { '*' = '' }\n",
        "types = { iso = 'a/b', \"x y\" = 'c/d; e=\"f\"' }\n",
        "charset = 'latin1'\n",
        "charset = ''\n",
        "errors = { 404 = 'é/404.html', 5xx = '/sorry.html' }\n",
        "errors = { 404 = '' }\n",
        "fallback = ''\n",
        "fallback = \"a'b\\\"c.html\"\n",
        "symlinks = 'deny'\n",
    ];
    const SITE: &[&str] = &[
        "default = false\n",
        "redirects = { '/old/*' = { to = '/new/*', status = 308 }, '/ö' = 'https://a/?b=%20' }\n",
        "redirects = { '*' = 'https://c/*' }\n",
    ];
    const PATH: &[&str] = &[
        "allow = ['::ffff:10.0.0.0/104', '10.1.2.3', '2001:db8::/33', '0.0.0.0/0']\n",
        "allow = []\n",
        "listing = true\n",
        "listing = false\n",
        "methods = ['HEAD']\n",
        "methods = ['OPTIONS']\n",
        "headers = { X-A = '', X-D = '4' }\n",
        "cache = 'max-age=1'\n",
        "cache = ''\n",
    ];
    const PATTERNS: &[&str] = &["*", "/private/*", "*.ISO", "/a b%3F", "/", "/old/a", "/%0A", "/%c3%a9/%ff"];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut chance = |one_in: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.is_multiple_of(one_in)
    };
    let mut accepted = 0;
    for _ in 0..1000 {
        let mut some = |of: &[&str]| -> String {
            let mut names = Vec::new();
            let of = of.iter().filter(|line| {
                let name = line.split(' ').next();
                chance(3) && !names.contains(&name) && {
                    names.push(name);
                    true
                }
            });
            of.copied().collect()
        };
        let mut text = some(TOP);
        for host in
            ["", "hosts = ['a.test', '*.b.test', '[::1]']\n", "hosts = 'c.test'\nlisten = ['unix:é', '[::1]:1']\n"]
        {
            text += &format!("[[site]]\nroot = 'www'\n{host}{}{}", some(TOP), some(SITE));
            for pattern in PATTERNS {
                let keys = some(PATH);
                if keys.len() > 60 {
                    text += &format!("[site.path.'{pattern}']\n{keys}");
                }
            }
        }
        if let Ok(config) = judge(&text, &Overrides::default()) {
            accepted += 1;
            assert_same(&config);
        }
    }
    assert!(accepted > 100, "{accepted} of them are configs");
}
