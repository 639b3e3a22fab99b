//! Which site of a listener a host belongs to: exact, then the longest wildcard, then the default.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use crate::config::{HostPattern, Site};

/// A name has at most 253 bytes (RFC 1035, section 2.3.4); a longer one is nobody's.
const HOST_BYTES_MAX: usize = 253;

/// The names of one listener. Sites are given by number.
#[derive(Debug)]
pub(super) struct Hosts {
    exact: HashMap<String, (usize, By)>,
    /// Suffixes with their leading dot, the longest first
    wildcards: Vec<(String, (usize, By))>,
    default: usize,
    reach: Reach,
    /// The host to reach each site by, as it stands in a URL
    names: Vec<(usize, String)>,
}

/// By what a site was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// One of its hosts, by its place among them
    Host(usize),
    /// Its name below `localhost`
    LocalName,
    /// It takes the rest.
    Rest,
}

/// Who can be expected to call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// Anybody. Only names that are configured count.
    World,
    /// A browser on this machine: every site also answers to its first label below `localhost`.
    Loopback,
    /// The same, and nobody has chosen names: those that are not of this machine are refused, since a page from
    /// elsewhere may have pointed its own name at it (DNS rebinding).
    LoopbackOnly,
}

impl Hosts {
    /// The names of these sites, which are given with their numbers in the order of the file.
    pub(super) fn new(sites: &[(usize, &Site)], reach: Reach) -> Hosts {
        let default = sites.iter().find(|(_, site)| site.default).or(sites.first()).map_or(0, |(number, _)| *number);
        let mut hosts = Hosts { exact: HashMap::new(), wildcards: Vec::new(), default, reach, names: Vec::new() };
        for (number, site) in sites {
            for (place, pattern) in site.hosts.iter().enumerate() {
                let found = (*number, By::Host(place));
                match pattern {
                    HostPattern::Exact(host) => _ = hosts.exact.insert(host.clone(), found),
                    HostPattern::Wildcard(suffix) => hosts.wildcards.push((suffix.clone(), found)),
                }
            }
        }
        hosts.wildcards.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        for (number, site) in sites {
            let name = match reach {
                Reach::World => None,
                Reach::Loopback | Reach::LoopbackOnly => hosts.claim_local_name(*number, site),
            };
            let name =
                name.or_else(|| site.hosts.iter().find_map(exact).or(site.hosts.first()).map(HostPattern::to_string));
            hosts.names.extend(name.map(|name| (*number, name)));
        }
        hosts
    }

    /// Gives a site a name below `localhost`: the first label of its first host that is no wildcard, or that host as a
    /// whole, where another site has the label.
    fn claim_local_name(&mut self, number: usize, site: &Site) -> Option<String> {
        let host = site.hosts.iter().find_map(exact).map(HostPattern::to_string)?;
        let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        if is_address || host == "localhost" || host.ends_with(".localhost") {
            return None;
        }
        let label = host.split('.').next().unwrap_or(&host);
        [format!("{label}.localhost"), format!("{host}.localhost")].into_iter().find(|name| {
            // One that the config gives to this very site will do as well.
            self.exact.entry(name.clone()).or_insert((number, By::LocalName)).0 == number
        })
    }

    /// The site that takes the rest.
    pub(super) fn default(&self) -> usize {
        self.default
    }

    /// The host to reach a site by; none for a site without names.
    pub(super) fn name_of(&self, number: usize) -> Option<&str> {
        self.names.iter().find(|(named, _)| *named == number).map(|(_, name)| &**name)
    }

    /// The site of a host, which may be in any case and end in a dot. `None` for one that must not be answered.
    pub(super) fn find(&self, host: Option<&[u8]>) -> Option<(usize, By)> {
        let rest = Some((self.default, By::Rest));
        let Some(host) = host else { return rest };
        if self.exact.is_empty() && self.wildcards.is_empty() && self.reach != Reach::LoopbackOnly {
            return rest;
        }
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut lower = [0; HOST_BYTES_MAX];
        let Some(lower) = lower.get_mut(..host.len()) else { return self.fallback("") };
        lower.copy_from_slice(host);
        lower.make_ascii_lowercase();
        let host = str::from_utf8(lower).unwrap_or_default();
        if let Some(found) = self.exact.get(host) {
            return Some(*found);
        }
        let wildcard = self.wildcards.iter().find(|(suffix, _)| host.len() > suffix.len() && host.ends_with(suffix));
        wildcard.map(|(_, found)| *found).or_else(|| self.fallback(host))
    }

    /// Whether a site has this host for its own.
    pub(super) fn names(&self, host: &[u8]) -> bool {
        self.find(Some(host)).is_some_and(|(_, by)| by != By::Rest)
    }

    fn fallback(&self, host: &str) -> Option<(usize, By)> {
        let is_ours = self.reach != Reach::LoopbackOnly
            || host == "localhost"
            || host.ends_with(".localhost")
            || host.starts_with('[')
            || host.parse::<Ipv4Addr>().is_ok();
        is_ours.then_some((self.default, By::Rest))
    }
}

fn exact(pattern: &HostPattern) -> Option<&HostPattern> {
    match pattern {
        HostPattern::Exact(_) => Some(pattern),
        HostPattern::Wildcard(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Places, SiteRules, Symlinks};

    /// The number of a site alone.
    fn find(hosts: &Hosts, host: Option<&[u8]>) -> Option<usize> {
        hosts.find(host).map(|(number, _)| number)
    }

    fn site(hosts: &[&str], default: bool) -> Site {
        let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        Site {
            hosts,
            default,
            listen: Vec::new(),
            root: "/".into(),
            dotfiles: false,
            compress: true,
            symlinks: Symlinks::Inside,
            rules: SiteRules::default(),
            places: Places::default(),
        }
    }

    #[test]
    fn exact_then_the_longest_wildcard_then_the_default() {
        let sites = [
            site(&["example.test", "*.example.test"], false),
            site(&["blog.example.test"], false),
            site(&["*.b.example.test", "other.test"], false),
            site(&[], true),
        ];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        let hosts = Hosts::new(&sites, Reach::World);
        for (host, number) in [
            ("example.test", 0),
            ("EXAMPLE.Test.", 0),
            ("a.example.test", 0),
            ("b.example.test", 0),
            ("blog.example.test", 1),
            ("a.b.example.test", 2),
            ("a.a.b.example.test", 2),
            ("other.test", 2),
            ("a.other.test", 3),
            (".example.test", 3),
            ("example.localhost", 3),
            ("", 3),
        ] {
            assert_eq!(find(&hosts, Some(host.as_bytes())), Some(number), "{host}");
        }
        assert_eq!(find(&hosts, None), Some(3));
        assert_eq!(find(&hosts, Some(&[b'a'; 300])), Some(3));
    }

    #[test]
    fn the_first_site_is_the_default_where_none_says_so() {
        let sites = [site(&["a.test"], false), site(&["b.test"], false)];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        assert_eq!(find(&Hosts::new(&sites, Reach::World), Some(b"c.test")), Some(0));
    }

    #[test]
    fn every_site_has_a_name_that_leads_to_it() {
        let sites = [
            site(&["www.a.test"], false),
            site(&["www.b.test", "*.b.test"], false),
            site(&["*.c.test", "docs.localhost"], false),
            site(&["docs.d.test"], false),
            site(&["*.e.test"], false),
            site(&["127.0.0.1"], false),
        ];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        let hosts = Hosts::new(&sites, Reach::Loopback);
        let names: Vec<_> = (0..6).map(|number| hosts.name_of(number).unwrap()).collect();
        assert_eq!(
            names,
            [
                "www.localhost",
                "www.b.test.localhost",
                "docs.localhost",
                "docs.d.test.localhost",
                "*.e.test",
                "127.0.0.1"
            ]
        );
        for (number, name) in names.into_iter().enumerate() {
            assert_eq!(find(&hosts, Some(name.replace('*', "any").as_bytes())), Some(number), "{name}");
        }
        assert_eq!(find(&hosts, Some(b"nobody.test")), Some(0));
        assert_eq!(find(&hosts, Some(b"WWW.localhost.")), Some(0));
        assert_eq!(Hosts::new(&sites, Reach::World).name_of(1), Some("www.b.test"));
    }

    #[test]
    fn strangers_are_refused_where_only_this_machine_can_call() {
        let sites = [site(&[], false)];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        let hosts = Hosts::new(&sites, Reach::LoopbackOnly);
        for host in ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(find(&hosts, Some(host.as_bytes())), Some(0), "{host}");
        }
        for host in ["evil.test", "notlocalhost", "localhost.evil.test", "127.0.0.1.evil.test"] {
            assert_eq!(find(&hosts, Some(host.as_bytes())), None, "{host}");
        }
        assert_eq!(find(&hosts, None), Some(0));
    }
}
