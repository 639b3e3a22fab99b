//! What differs between two configs, a line for each thing: for whoever asks for a reload and wants to see what came of
//! it. Two configs without a line between them are the same.

use std::fmt::Display;

use toml::Spanned;

use super::diagnostic::printable;
use super::effective::unresolved;
use super::kind::Word;
use super::pattern::{Paths, Pattern};
use super::plain::{Plain, key};
use super::written::WrittenSite;
use super::{Config, Listen, Site};

impl Config {
    /// What is another thing in `new`, in words; nothing where all is the same.
    pub fn changes(&self, new: &Config) -> Vec<String> {
        // A reload comes from where the start came from.
        let Config { origin: _, source: _, sites, server, limits, log, expectations } = self;
        let mut changes = Changes(Vec::new());
        changes.listeners(sites, &new.sites);
        changes.sites(sites, &new.sites);
        changes.keys(&server.written(), &new.server.written(), |key| format!("server.{key}"));
        changes.keys(&limits.written(), &new.limits.written(), |key| format!("limits.{key}"));
        changes.keys(&log.written(), &new.log.written(), |key| format!("log.{key}"));
        if *expectations != new.expectations {
            changes.add("~ expect");
        }
        if changes.0.is_empty() && self != new {
            changes.0.push("~ something else".to_owned());
        }
        changes.0
    }
}

/// The lines so far.
struct Changes(Vec<String>);

/// The keys of a section, each with its value as it would be written.
type Keys = [(&'static str, Option<Plain>)];

impl Changes {
    fn add(&mut self, line: &str) {
        // What is quoted in it was written by whoever wrote the config.
        self.0.push(printable(line).replace('\n', "\\n"));
    }

    fn value(&mut self, what: &str, old: impl Display, new: impl Display) {
        let [old, new] = [old.to_string(), new.to_string()];
        if old != new {
            self.add(&format!("~ {what}: {old} -> {new}"));
        }
    }

    /// What differs between the keys of one section. A table is too much for a line.
    fn keys(&mut self, old: &Keys, new: &Keys, name: impl Fn(&str) -> String) {
        let shown = |value: &Option<Plain>| value.as_ref().map_or_else(|| "none".to_owned(), Plain::bare);
        for ((key, old), (_, new)) in old.iter().zip(new).filter(|(old, new)| old != new) {
            match new {
                Some(Plain::Table(_)) => self.add(&format!("~ {}", name(key))),
                _ => self.value(&name(key), shown(old), shown(new)),
            }
        }
    }

    /// What is only here, and what is only there.
    fn exchange(&mut self, what: &str, old: &[String], new: &[String]) {
        new.iter().filter(|name| !old.contains(name)).for_each(|name| self.add(&format!("+ {what} {name}")));
        old.iter().filter(|name| !new.contains(name)).for_each(|name| self.add(&format!("- {what} {name}")));
    }

    fn listeners(&mut self, old: &[Site], new: &[Site]) {
        let [old, new] = [old, new].map(|sites| {
            let mut all: Vec<_> = sites.iter().flat_map(addresses).collect();
            let mut seen = std::collections::HashSet::new();
            all.retain(|address| seen.insert(address.clone()));
            all
        });
        self.exchange("listen", &old, &new);
    }

    fn sites(&mut self, old: &[Site], new: &[Site]) {
        let [old_names, new_names] = [names(old), names(new)];
        self.exchange("site", &old_names, &new_names);
        let mut order = Vec::new();
        for (site, name) in old.iter().zip(&old_names) {
            let Some(at) = new_names.iter().position(|other| other == name) else { continue };
            order.push(at);
            if let Some(new) = new.get(at) {
                self.site(name, site, new);
            }
        }
        // The first of them takes the requests for nobody.
        if !order.is_sorted() {
            self.add("~ order of the sites");
        }
    }

    fn site(&mut self, name: &str, old: &Site, new: &Site) {
        if old == new {
            return;
        }
        let [(old_keys, old_paths), (new_keys, new_paths)] = [old, new].map(|site| {
            let WrittenSite { place: _, own, mut shared, paths } = unresolved(site);
            // There is more to tell of it than can be written.
            shared.listen = None;
            let path = |pattern: &Spanned<Pattern>| format!("{} of {name}", key(&Paths.show(pattern.get_ref())));
            let paths: Vec<_> = paths.iter().map(|(pattern, keys)| (path(pattern), keys.written())).collect();
            ([own.written(), shared.written()].concat(), paths)
        });
        self.keys(&old_keys, &new_keys, |key| format!("{key} of {name}"));
        self.value(&format!("listen of {name}"), listened(old), listened(new));
        let [old_names, new_names] =
            [&old_paths, &new_paths].map(|paths| paths.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>());
        self.exchange("path", &old_names, &new_names);
        for (path, keys) in old_paths {
            if new_paths.iter().any(|(other, new)| *other == path && *new != keys) {
                self.add(&format!("~ path {path}"));
            }
        }
    }
}

/// The addresses of a site, each with what may become of it, which no config can say.
fn listened(site: &Site) -> String {
    let shown = |Listen { address, port_given }: &Listen| match port_given {
        true => address.to_string(),
        false => format!("{address} or the next free port"),
    };
    list(site.listen.iter().map(shown))
}

fn addresses(site: &Site) -> Vec<String> {
    site.listen.iter().map(|listen| listen.address.to_string()).collect()
}

/// Sites by their first host, which is any where they have none; those that share it by a number.
fn names(sites: &[Site]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for site in sites {
        let name = site.hosts.first().map_or_else(|| "*".to_owned(), ToString::to_string);
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
        names.push(free.unwrap_or(name));
    }
    names
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::keys::{PathKeys, SharedKeys, SiteKeys};
    use super::super::tests::judge;
    use super::super::{
        AccessTarget, HostPattern, Limits, Listen, Log, LogFormat, Origin, Overrides, Places, Server, SiteRules,
        Source, Symlinks,
    };
    use super::*;

    fn site(hosts: &[&str], root: &str, listen: &[&str]) -> Site {
        Site {
            hosts: hosts.iter().map(|host| host.parse::<HostPattern>().unwrap()).collect(),
            default: hosts.is_empty(),
            listen: listen.iter().map(|address| Listen::at(address.parse().unwrap())).collect(),
            root: root.into(),
            dotfiles: false,
            compress: true,
            symlinks: Symlinks::Inside,
            rules: SiteRules::default(),
            places: Places::default(),
        }
    }

    fn config(sites: Vec<Site>) -> Config {
        Config {
            origin: Origin::File("a.toml".into()),
            sites,
            server: Server::default(),
            limits: Limits::default(),
            log: Log::default(),
            expectations: Vec::new(),
            source: Source::default(),
        }
    }

    #[test]
    fn the_same_is_the_same() {
        let sites = || vec![site(&["a.test"], "/a", &["80", "unix:/s"]), site(&["a.test"], "/b", &["81"])];
        assert_eq!(config(sites()).changes(&config(sites())), Vec::<String>::new());
    }

    #[test]
    fn a_line_for_each_thing() {
        let old = config(vec![
            site(&["a.test"], "/a", &["80"]),
            site(&["b.test"], "/b", &["80", "127.0.0.1:81"]),
            site(&["c.test"], "/c", &["80"]),
        ]);
        let mut new = config(vec![
            site(&["blog.test", "*.blog.test"], "/blog", &["80", "unix:/s"]),
            site(&["a.test", "*.a.test"], "/aa", &["80"]),
            site(&["c.test"], "/c", &["80"]),
        ]);
        if let Some(site) = new.sites.last_mut() {
            (site.default, site.rules.index) = (true, vec!["a".to_owned(), "b\u{1b}".to_owned()]);
            (site.dotfiles, site.symlinks) = (true, Symlinks::Follow);
        }
        new.limits.head_time = Duration::from_secs(5);
        new.limits.cache_size = 0;
        new.limits.connections = 5;
        new.log = Log { access: AccessTarget::File("/log".into()), format: LogFormat::Combined, ..Log::default() };
        assert_eq!(
            old.changes(&new),
            [
                "+ listen unix:/s",
                "- listen 127.0.0.1:81",
                "+ site blog.test",
                "- site b.test",
                "~ hosts of a.test: [a.test] -> [a.test, *.a.test]",
                "~ root of a.test: /a -> /aa",
                "~ default of c.test: false -> true",
                "~ index of c.test: [index.html] -> [a, b\\u{1b}]",
                "~ dotfiles of c.test: false -> true",
                "~ symlinks of c.test: inside -> follow",
                "~ limits.connections: 10000 -> 5",
                "~ limits.head_time: 10s -> 5s",
                "~ limits.cache_size: 64 MiB -> 0",
                "~ log.access: stdout -> /log",
                "~ log.format: auto -> combined",
            ]
        );
    }

    #[test]
    fn what_no_key_says_is_a_change_all_the_same() {
        let sites = || vec![site(&["a.test"], "/a", &["80"]), site(&[], "/b", &["81"])];
        let mut reversed = sites();
        reversed.reverse();
        assert_eq!(config(sites()).changes(&config(reversed)), ["~ order of the sites"]);
        let mut moving = sites();
        moving.iter_mut().flat_map(|site| &mut site.listen).for_each(|listen| listen.port_given = false);
        let changes = [
            "~ listen of a.test: [localhost:80] -> [localhost:80 or the next free port]",
            "~ listen of *: [localhost:81] -> [localhost:81 or the next free port]",
        ];
        assert_eq!(config(sites()).changes(&config(moving)), changes);
    }

    /// Whoever adds a key to a site adds what is told of it.
    #[test]
    fn every_key_of_a_site_has_a_line() {
        let changes = [
            ("hosts = 'a.test'", "hosts = ['a.test', 'b.test']", "~ hosts of a.test: [a.test] -> [a.test, b.test]"),
            ("", "default = true", "~ default of a.test: false -> true"),
            ("redirects = { '/a' = '/b' }", "redirects = { '/a' = '/c' }", "~ redirects of a.test"),
            ("root = 'www'", "root = '.'", "~ root of a.test: $DIR/www -> $DIR"),
            (
                "listen = '80'",
                "listen = ['80', '[::1]:81']",
                "~ listen of a.test: [localhost:80] -> [localhost:80, [::1]:81]",
            ),
            ("index = 'a'", "index = []", "~ index of a.test: [a] -> []"),
            ("", "listing = true", "~ listing of a.test: false -> true"),
            ("", "dotfiles = true", "~ dotfiles of a.test: false -> true"),
            ("", "compress = false", "~ compress of a.test: true -> false"),
            ("headers = { X-A = 'a' }", "headers = { X-A = '' }", "~ headers of a.test"),
            ("", "cache = { '/a/*' = 'no-store' }", "~ cache of a.test"),
            ("", "types = { a = 'b/c' }", "~ types of a.test"),
            ("", "charset = ''", "~ charset of a.test: utf-8 -> \"\""),
            ("", "errors = { 404 = 'a' }", "~ errors of a.test"),
            ("", "fallback = 'a'", "~ fallback of a.test: \"\" -> a"),
            ("", "symlinks = 'deny'", "~ symlinks of a.test: inside -> deny"),
            ("", "path.'/a/*'.listing = true", "+ path \"/a/*\" of a.test"),
            ("path.'/a/*'.allow = []", "path.'/a/*'.allow = '::1'", "~ path \"/a/*\" of a.test"),
            ("path.'/a/*'.methods = 'GET'", "path.'/a/*'.methods = 'HEAD'", "~ path \"/a/*\" of a.test"),
            ("path.'*'.listing = true", "path.'*'.listing = false", "~ listing of a.test: true -> false"),
            ("path.'/a'.listing = true", "path.'/a'.listing = false", "~ path \"/a\" of a.test"),
            ("path.'/a'.headers = { A = 'a' }", "path.'/a'.headers = { A = 'b' }", "~ path \"/a\" of a.test"),
            ("path.'/a'.cache = 'no-store'", "path.'/a'.cache = 'no-cache'", "~ cache of a.test"),
        ];
        let base = std::path::absolute("tests/config_errors").unwrap().display().to_string();
        let read = |line: &str| {
            let others = ["hosts = 'a.test'", "root = 'www'"].into_iter();
            let others = others.filter(|other| other.split(' ').next() != line.split(' ').next());
            let lines: Vec<_> = others.chain([line]).collect();
            judge(&format!("[[site]]\n{}\n", lines.join("\n")), &Overrides::default()).unwrap()
        };
        for (old, new, line) in changes {
            let mut told = read(old).changes(&read(new));
            told.retain(|line| !line.starts_with("+ listen"));
            assert_eq!(told, [line.replace("$DIR", &base)], "{old}\n{new}");
        }
        let names = [SiteKeys::NAMES, SharedKeys::NAMES].concat();
        let is_told = |name: &&str| changes.iter().any(|(_, _, line)| line.starts_with(&format!("~ {name} of ")));
        assert_eq!(names.iter().find(|name| !is_told(name)), None);
        let is_told = |name: &&str| changes.iter().any(|(_, new, _)| new.contains(&format!("'.{name} = ")));
        assert_eq!(PathKeys::NAMES.iter().find(|name| !is_told(name)), None);
    }
}
