//! From the file as written to the config as used: defaults filled in, and what only several values together can get
//! wrong reported: addresses in each other's way, hosts claimed twice, sites that no request can reach.
//!
//! Never reads TOML and never judges a value on its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::address::{Address, Socket};
use super::diagnostic::{Diagnostic, Place};
use super::host_pattern::HostPattern;
use super::keys::SharedKeys;
use super::log_target;
use super::rules::{self, SiteRules};
use super::source::{Located, Places, Source};
use super::written::{Written, WrittenSite};
use super::{Config, DEFAULT_PORT, DEFAULT_SYMLINKS, Limits, Listen, Log, Origin, Overrides, Server, Site};

/// The config of the file at `path`, where every site of it is complete, and what is wrong with it.
pub(super) fn file(
    source: Source,
    path: &Path,
    written: Written,
    overrides: &Overrides,
) -> (Option<Config>, Vec<Diagnostic>) {
    let top = top_claims(written.shared.listen.as_deref(), overrides);
    let own: Vec<Option<Vec<Claim>>> =
        written.sites.iter().map(|site| site.shared.listen.as_deref().map(written_claims)).collect();
    let claims = own.iter().map(|own| own.as_ref().unwrap_or(&top));
    let sites: Vec<Claimant<'_>> =
        written.sites.iter().zip(claims).map(|(site, claims)| Claimant { site, claims }).collect();

    let mut problems = repeated_addresses(&top);
    problems.extend(own.iter().flatten().flat_map(|claims| repeated_addresses(claims)));
    let top_in_use = own.iter().any(Option::is_none).then_some(&top);
    problems.extend(blocked_addresses(top_in_use.into_iter().chain(own.iter().flatten()).flatten()));
    problems.extend(repeated_hosts(&sites));
    problems.extend(written.sites.iter().flat_map(rules::problems));
    problems.extend(log_target::misuse(&written, path));
    if !overrides.listen.is_empty() && !own.is_empty() && own.iter().all(Option::is_some) {
        let idle = Diagnostic::without_place("--listen and --lan have no effect with this config");
        problems.push(idle.help("they replace the `listen` at its top, but every site has one of its own"));
    }
    for (key, _) in
        [("listing", overrides.listing), ("dotfiles", overrides.dotfiles)].iter().filter(|(_, given)| *given)
    {
        let idle = Diagnostic::without_place(format!("--{key} is for a directory, and this is a config"));
        problems.push(idle.help(format!("write `{key} = true` into it, or give the directory to be served")));
    }
    if overrides.fallback.is_some() {
        let idle = Diagnostic::without_place("--fallback is for a directory, and this is a config");
        problems.push(idle.help("write `fallback` into it, or give the directory to be served"));
    }
    if written.complete {
        problems.extend(second_defaults(&sites));
    }
    problems.retain(|problem| !problem.is_behind(written.judged_to));

    let sites: Option<Vec<Site>> = sites.iter().map(|site| site.resolve(&written.shared)).collect();
    let origin = Origin::File(path.to_owned());
    let Written { server, limits, log, expectations, .. } = written;
    let config = sites.map(|sites| Config { origin, sites, server, limits, log, expectations, source });
    (config, problems)
}

/// The config of a directory without a file: `root` is the absolute path of `dir`.
pub(super) fn directory(dir: &Path, root: PathBuf, overrides: &Overrides) -> Result<Config, Vec<Diagnostic>> {
    let claims = top_claims(None, overrides);
    let mut problems = repeated_addresses(&claims);
    problems.extend(blocked_addresses(&claims));
    if !problems.is_empty() {
        return Err(problems);
    }
    let listen = claims.into_iter().map(|claim| claim.listen).collect();
    let mut site = Site { listen, dotfiles: overrides.dotfiles, ..Site::of(root) };
    site.rules.every.listing = Some(Located::nowhere(overrides.listing));
    let origin = Origin::Directory(dir.to_owned());
    let (server, limits, log) = (Server::default(), Limits::default(), Log::default());
    let (expectations, source) = (Vec::new(), Source::default());
    Ok(Config { origin, sites: vec![site], server, limits, log, expectations, source })
}

/// An address, and where it is written; nowhere, where it is the default or stands on the command line.
struct Claim {
    listen: Listen,
    place: Option<Place>,
}

/// A site and the addresses that it is served at.
struct Claimant<'a> {
    site: &'a WrittenSite,
    claims: &'a [Claim],
}

fn top_claims(written: Option<&[Spanned<Address>]>, overrides: &Overrides) -> Vec<Claim> {
    let unwritten = |listen: Listen| Claim { listen, place: None };
    match (&*overrides.listen, written) {
        ([], Some(addresses)) => written_claims(addresses),
        ([], None) => vec![unwritten(Listen { address: Address::Localhost(DEFAULT_PORT), port_given: false })],
        (overriding, _) => overriding.iter().cloned().map(unwritten).collect(),
    }
}

fn written_claims(addresses: &[Spanned<Address>]) -> Vec<Claim> {
    let claim = |address: &Spanned<Address>| Claim {
        listen: Listen { address: address.get_ref().clone(), port_given: true },
        place: Some(address.span()),
    };
    addresses.iter().map(claim).collect()
}

impl Claim {
    fn sockets(&self) -> Vec<Socket> {
        self.listen.address.sockets()
    }

    /// A problem of this address with an `other` one, shown where they are written.
    fn problem_with(&self, other: &Self, title: String, label: &str, other_label: &str) -> Diagnostic {
        match (&self.place, &other.place) {
            (Some(place), Some(other)) => {
                Diagnostic::at(place.clone(), title).label(label).related(other.clone(), other_label)
            }
            (Some(place), None) => Diagnostic::at(place.clone(), title).label(label),
            (None, Some(other)) => Diagnostic::at(other.clone(), title).label(other_label),
            (None, None) => Diagnostic::without_place(title),
        }
    }
}

impl Claimant<'_> {
    fn resolve(&self, top: &SharedKeys) -> Option<Site> {
        let WrittenSite { own, shared, .. } = self.site;
        let index = shared.index.as_ref().or(top.index.as_ref());
        let dotfiles = shared.dotfiles.as_ref().or(top.dotfiles.as_ref());
        let root = own.root.as_ref()?;
        let places = Places {
            hosts: self.hosts().iter().map(Spanned::span).collect(),
            default: own.default.as_ref().map(Spanned::span),
            root: Some(root.span()),
            index: index.map(Spanned::span),
            dotfiles: dotfiles.map(Spanned::span),
        };
        Some(Site {
            hosts: self.hosts().iter().map(|host| host.get_ref().clone()).collect(),
            default: self.takes_the_rest().is_some(),
            listen: self.claims.iter().map(|claim| claim.listen.clone()).collect(),
            root: root.get_ref().clone(),
            dotfiles: dotfiles.is_some_and(|dotfiles| *dotfiles.get_ref()),
            compress: shared.compress.or(top.compress).unwrap_or(true),
            symlinks: shared.symlinks.or(top.symlinks).unwrap_or(DEFAULT_SYMLINKS),
            rules: SiteRules::of(top, self.site),
            places,
        })
    }

    /// Every socket it is served at, and the address as written.
    fn sockets(&self) -> impl Iterator<Item = (Socket, &Address)> {
        self.claims.iter().flat_map(|claim| claim.sockets().into_iter().map(|socket| (socket, &claim.listen.address)))
    }

    fn hosts(&self) -> &[Spanned<HostPattern>] {
        self.site.own.hosts.as_deref().unwrap_or_default()
    }

    /// Where it says that it takes the requests whose host no site has, and how.
    fn takes_the_rest(&self) -> Option<(Place, &'static str)> {
        match &self.site.own.default {
            Some(default) if *default.get_ref() => Some((default.span(), "the default")),
            _ if self.site.own.hosts.is_none() => Some((self.site.place.clone(), "without `hosts`: every name")),
            _ => None,
        }
    }
}

/// Who was the first to claim a thing.
struct Claimed<K, V>(HashMap<K, V>);

impl<K: Eq + Hash, V: Clone> Claimed<K, V> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    /// Claims every one of `things` for `claimant` that is still free. Returns the first that is not, with its owner.
    fn claim<T>(&mut self, things: impl IntoIterator<Item = (K, T)>, claimant: &V) -> Option<(T, V)> {
        let mut taken = None;
        for (thing, about) in things {
            match self.0.entry(thing) {
                Entry::Vacant(free) => {
                    free.insert(claimant.clone());
                }
                Entry::Occupied(owned) => {
                    taken.get_or_insert_with(|| (about, owned.get().clone()));
                }
            }
        }
        taken
    }
}

/// Addresses that stand twice in one list.
fn repeated_addresses(claims: &[Claim]) -> Vec<Diagnostic> {
    let mut claimed = Claimed::new();
    let mut problems = Vec::new();
    for claim in claims {
        let sockets = claim.sockets().into_iter().map(|socket| (socket, ()));
        let Some(((), earlier)) = claimed.claim(sockets, &claim) else { continue };
        let [address, other] = [&claim.listen.address, &earlier.listen.address];
        let title = match address == other {
            true => format!("the address {address} is given twice"),
            false => format!("the address {address} is given twice: {other} has it too"),
        };
        problems.push(claim.problem_with(earlier, title, "given again", "first given here").help("remove one of them"));
    }
    problems
}

/// Addresses that the kernel will not open beside each other.
fn blocked_addresses<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Vec<Diagnostic> {
    let claims: Vec<&Claim> = claims.into_iter().collect();
    let sockets = |claim: &&'a Claim| claim.sockets().into_iter().map(|socket| (socket, *claim)).collect::<Vec<_>>();
    // Collected from the last to the first, so that it is the first that stays.
    let first: HashMap<Socket, &Claim> = claims.iter().rev().flat_map(sockets).collect();
    let mut problems = Vec::new();
    for claim in &claims {
        let wildcard = claim.sockets().iter().filter_map(Socket::wildcard).find_map(|wildcard| first.get(&wildcard));
        if let Some(wildcard) = wildcard {
            let [one, every] = [&claim.listen.address, &wildcard.listen.address];
            let title = format!("{one} and {every} cannot both be listened on");
            let problem =
                claim.problem_with(wildcard, title, "one interface of this port", "every interface of the same port");
            problems
                .push(problem.help(format!("listen on {every} in the place of {one}: it takes those connections too")));
        }
    }
    problems
}

/// Hosts that stand twice in one site, or in two sites that share a listener.
fn repeated_hosts(sites: &[Claimant<'_>]) -> Vec<Diagnostic> {
    let mut claimed = Claimed::new();
    let mut problems = Vec::new();
    for claimant in sites {
        let mut own = Claimed::new();
        for host in claimant.hosts() {
            let (name, place) = (host.get_ref(), host.span());
            if let Some(((), first)) = own.claim([(name, ())], &place) {
                problems.push(
                    Diagnostic::at(place, format!("the host {name} stands twice in one site"))
                        .label("again")
                        .related(first, "first written here")
                        .note("hosts are compared without case and without a dot at the end")
                        .help("remove one of them"),
                );
                continue;
            }
            let names = claimant.sockets().map(|(socket, address)| ((socket, name), address));
            if let Some((address, first)) = claimed.claim(names, &place).filter(|(_, first)| *first != place) {
                problems.push(
                    Diagnostic::at(place, format!("the host {name} is claimed twice on {address}"))
                        .label("claimed again")
                        .related(first, "first claimed here")
                        .help("leave it to one of the sites, or give them different `listen` addresses"),
                );
            }
        }
    }
    problems
}

/// Sites that no request reaches, because another one already takes what no site claims.
fn second_defaults(sites: &[Claimant<'_>]) -> Vec<Diagnostic> {
    let mut claimed = Claimed::new();
    let mut problems = Vec::new();
    for claimant in sites {
        let Some((place, label)) = claimant.takes_the_rest() else { continue };
        let taken = claimed.claim(claimant.sockets(), &(place.clone(), label));
        let Some((address, (first, first_label))) = taken.filter(|(_, (first, _))| *first != place) else { continue };
        let title = format!("two sites on {address} take every host that no other site has");
        problems.push(
            Diagnostic::at(place, title)
                .label(label)
                .related(first, first_label)
                .note("only the first of them would get those requests")
                .help("give one of them `hosts` and no `default = true`, or a `listen` address of its own"),
        );
    }
    problems
}
