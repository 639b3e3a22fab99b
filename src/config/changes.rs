//! What differs between two configs, a line for each thing: for whoever asks for a reload and wants to see what came of
//! it. Two configs without a line between them are the same.

use std::fmt::Display;

use super::diagnostic::printable;
use super::keys::SYMLINKS;
use super::kind::Word;
use super::word::Choice;
use super::{Config, Site};

impl Config {
    /// What is another thing in `new`, in words; nothing where all is the same.
    pub fn changes(&self, new: &Config) -> Vec<String> {
        let mut changes = Changes(Vec::new());
        changes.listeners(&self.sites, &new.sites);
        changes.sites(&self.sites, &new.sites);
        changes.keys("server", self.server.changes(&new.server));
        changes.keys("limits", self.limits.changes(&new.limits));
        changes.keys("log", self.log.changes(&new.log));
        if self.expectations != new.expectations {
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

    fn keys(&mut self, section: &str, keys: Vec<(&'static str, [String; 2])>) {
        for (key, [old, new]) in keys {
            self.value(&format!("{section}.{key}"), old, new);
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
        let before = self.0.len();
        let hosts = |site: &Site| list(site.hosts.iter().map(ToString::to_string));
        self.value(&format!("root of {name}"), old.root.display(), new.root.display());
        self.value(&format!("hosts of {name}"), hosts(old), hosts(new));
        self.value(&format!("default of {name}"), old.default, new.default);
        self.value(&format!("index of {name}"), list(old.index.clone()), list(new.index.clone()));
        self.value(&format!("listen of {name}"), list(addresses(old)), list(addresses(new)));
        self.value(&format!("dotfiles of {name}"), old.dotfiles, new.dotfiles);
        self.value(&format!("compress of {name}"), old.compress, new.compress);
        let [old_links, new_links] = [old, new].map(|site| Choice(SYMLINKS).show(&site.symlinks));
        self.value(&format!("symlinks of {name}"), old_links, new_links);
        if self.0.len() == before {
            self.add(&format!("~ rules of {name}"));
        }
    }
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

    use super::super::{
        AccessTarget, HostPattern, Limits, Listen, Log, LogFormat, Origin, Places, Server, SiteRules, Source, Symlinks,
    };
    use super::*;

    fn site(hosts: &[&str], root: &str, listen: &[&str]) -> Site {
        Site {
            hosts: hosts.iter().map(|host| host.parse::<HostPattern>().unwrap()).collect(),
            default: hosts.is_empty(),
            listen: listen.iter().map(|address| Listen::at(address.parse().unwrap())).collect(),
            root: root.into(),
            index: vec!["index.html".to_owned()],
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
            (site.default, site.index) = (true, vec!["a".to_owned(), "b\u{1b}".to_owned()]);
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
                "~ root of a.test: /a -> /aa",
                "~ hosts of a.test: [a.test] -> [a.test, *.a.test]",
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
    fn what_has_no_line_of_its_own_is_a_change_all_the_same() {
        let sites = || vec![site(&["a.test"], "/a", &["80"]), site(&[], "/b", &["81"])];
        let mut reversed = sites();
        reversed.reverse();
        assert_eq!(config(sites()).changes(&config(reversed)), ["~ order of the sites"]);
        let mut moving = sites();
        moving.iter_mut().flat_map(|site| &mut site.listen).for_each(|listen| listen.port_given = false);
        assert_eq!(config(sites()).changes(&config(moving)), ["~ rules of a.test", "~ rules of *"]);
    }
}
