//! Which site of a listener a host belongs to: exact, then the longest wildcard, then the default.

use std::collections::HashMap;

use crate::config::{HostPattern, Site};

/// A name has at most 253 bytes (RFC 1035, section 2.3.4); a longer one is nobody's.
const HOST_BYTES_MAX: usize = 253;

/// The names of one listener. Sites are given by number.
#[derive(Debug)]
pub(super) struct Hosts {
    exact: HashMap<String, usize>,
    /// Suffixes with their leading dot, the longest first
    wildcards: Vec<(String, usize)>,
    default: usize,
    reach: Reach,
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
        let mut hosts = Hosts { exact: HashMap::new(), wildcards: Vec::new(), default, reach };
        for (number, site) in sites {
            for pattern in &site.hosts {
                match pattern {
                    HostPattern::Exact(host) => _ = hosts.exact.insert(host.clone(), *number),
                    HostPattern::Wildcard(suffix) => hosts.wildcards.push((suffix.clone(), *number)),
                }
            }
        }
        hosts.wildcards.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        if reach != Reach::World {
            for (number, site) in sites {
                if let Some(name) = localhost_name(site) {
                    hosts.exact.entry(name).or_insert(*number);
                }
            }
        }
        hosts
    }

    /// The site of a host, which may be in any case and end in a dot. `None` for one that must not be answered.
    pub(super) fn find(&self, host: Option<&str>) -> Option<usize> {
        let Some(host) = host else { return Some(self.default) };
        let host = host.strip_suffix('.').unwrap_or(host);
        let mut lower = [0; HOST_BYTES_MAX];
        let Some(lower) = lower.get_mut(..host.len()) else { return self.fallback("") };
        lower.copy_from_slice(host.as_bytes());
        lower.make_ascii_lowercase();
        let host = str::from_utf8(lower).unwrap_or_default();
        if let Some(number) = self.exact.get(host) {
            return Some(*number);
        }
        let wildcard = self.wildcards.iter().find(|(suffix, _)| host.len() > suffix.len() && host.ends_with(suffix));
        wildcard.map(|(_, number)| *number).or_else(|| self.fallback(host))
    }

    fn fallback(&self, host: &str) -> Option<usize> {
        let is_ours = self.reach != Reach::LoopbackOnly
            || host == "localhost"
            || host.ends_with(".localhost")
            || host.starts_with('[')
            || host.parse::<std::net::Ipv4Addr>().is_ok();
        is_ours.then_some(self.default)
    }
}

/// The name below `localhost` under which a site can be browsed without a hosts file: by the first label of its first
/// host that is no wildcard.
pub fn localhost_name(site: &Site) -> Option<String> {
    let host = site.hosts.iter().find_map(|pattern| match pattern {
        HostPattern::Exact(host) if !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err() => Some(host),
        _ => None,
    })?;
    let label = host.split('.').next()?;
    if label == "localhost" { None } else { Some(format!("{label}.localhost")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(hosts: &[&str], default: bool) -> Site {
        let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        Site { hosts, default, listen: Vec::new(), root: "/".into(), index: Vec::new() }
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
            assert_eq!(hosts.find(Some(host)), Some(number), "{host}");
        }
        assert_eq!(hosts.find(None), Some(3));
        assert_eq!(hosts.find(Some(&"a".repeat(300))), Some(3));
    }

    #[test]
    fn the_first_site_is_the_default_where_none_says_so() {
        let sites = [site(&["a.test"], false), site(&["b.test"], false)];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        assert_eq!(Hosts::new(&sites, Reach::World).find(Some("c.test")), Some(0));
    }

    #[test]
    fn names_below_localhost_give_way_to_configured_ones() {
        let sites = [
            site(&["docs.a.test"], false),
            site(&["*.c.test", "docs.localhost"], false),
            site(&["docs.b.test"], false),
        ];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        let hosts = Hosts::new(&sites, Reach::Loopback);
        assert_eq!(hosts.find(Some("docs.localhost")), Some(1));
        assert_eq!(hosts.find(Some("nobody.test")), Some(0));
        let hosts = Hosts::new(&sites[..1], Reach::Loopback);
        assert_eq!(hosts.find(Some("DOCS.localhost.")), Some(0));
    }

    #[test]
    fn strangers_are_refused_where_only_this_machine_can_call() {
        let sites = [site(&[], false)];
        let sites: Vec<_> = sites.iter().enumerate().collect();
        let hosts = Hosts::new(&sites, Reach::LoopbackOnly);
        for host in ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(hosts.find(Some(host)), Some(0), "{host}");
        }
        for host in ["evil.test", "notlocalhost", "localhost.evil.test", "127.0.0.1.evil.test"] {
            assert_eq!(hosts.find(Some(host)), None, "{host}");
        }
        assert_eq!(hosts.find(None), Some(0));
    }
}
