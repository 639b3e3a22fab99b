//! All sites, and the bindings that they are reached by.

use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::rc::Rc;

use super::answer::Answer;
use super::blame::blame_unreadable;
use super::cache::Cache;
use super::encoding::{Encodings, Wanted};
use super::error_page::{Error, ErrorPages};
use super::hosts::{By, Hosts, Reach};
use super::listing::Listings;
use super::media_type::MediaTypes;
use super::occasion::{Note, Occasion, Postponed};
use super::rules::{RuleBook, Rules};
use super::select::{Memory, Site};
use super::stand_in::StandIns;
use super::standing::Standing;
use crate::config::{self, Address, Config, Origin};
use crate::files::{Fetch, Fetched, File, ReadError, Root, Symlinks, Timestamp};
use crate::http::{RefusedHead, Rejection, Request, Status};

/// What is served: every site with its open root, by binding and by host.
#[derive(Debug)]
pub struct Sites {
    sites: Vec<Site>,
    pub(super) bindings: Vec<Binding>,
    memory: Memory,
    /// What is being encoded
    encoding: Option<Wanted>,
}

/// An address, and the sites that are served there.
#[derive(Debug)]
pub struct Binding {
    /// Where to listen
    pub address: Address,
    /// Whether the port was asked for. If not, the next free one will do.
    pub port_given: bool,
    /// The sites, the default one first
    pub sites: Vec<Served>,
    pub(super) hosts: Hosts,
}

/// A site as it is reached by a binding.
#[derive(Debug)]
pub struct Served {
    /// The host of its URL, be it a wildcard; none where the address will do
    pub name: Option<String>,
    /// Its directory
    pub root: PathBuf,
}

impl Sites {
    /// Opens the root of every site. Of files that are too large for memory, so many are kept open.
    ///
    /// # Errors
    ///
    /// The root that cannot be opened, and why.
    pub fn open(config: &Config, descriptors_max: usize) -> Result<Sites, (PathBuf, io::Error)> {
        let open = |site: &config::Site| {
            Root::open(&site.root, links(site.symlinks)).map_err(|error| (site.root.clone(), error))
        };
        Ok(Sites::with(config.sites.iter().map(open).collect::<Result<_, _>>()?, config, descriptors_max))
    }

    /// The same with the roots that are there. The sites of the others answer 503 until theirs are.
    pub fn open_what_is_there(config: &Config, descriptors_max: usize) -> Sites {
        let open = |site: &config::Site| {
            let symlinks = links(site.symlinks);
            Root::open(&site.root, symlinks).unwrap_or_else(|_| Root::absent(&site.root, symlinks))
        };
        Sites::with(config.sites.iter().map(open).collect(), config, descriptors_max)
    }

    fn with(roots: Vec<Root>, config: &Config, descriptors_max: usize) -> Sites {
        let site = |(number, (root, site)): (usize, (Root, &config::Site))| {
            let rules = RuleBook::of(&site.rules);
            Site {
                number,
                root,
                standing: Standing::There,
                index: site.rules.index.iter().map(|name| name.clone().into_bytes()).collect(),
                shows_dotfiles: site.dotfiles,
                compresses: site.compress,
                key: Vec::new(),
                encodings: Encodings::default(),
                types: MediaTypes::of(&site.rules),
                stand_ins: StandIns::of(&site.rules, &rules),
                rules,
            }
        };
        let sites: Vec<_> = roots.into_iter().zip(&config.sites).enumerate().map(site).collect();
        let cache = Cache::new(sites.len(), config.limits.cache_size, descriptors_max);
        let memory =
            Memory { cache, error_pages: ErrorPages::default(), listings: Listings::default(), path: Vec::new() };
        Sites { sites, bindings: bindings(config), memory, encoding: None }
    }

    /// The answer to a request that came in by a binding, or what has to come before there can be one. What is known
    /// of a file is taken to be true until the next [`Sites::begin_round`].
    pub fn answer(
        &mut self,
        binding: usize,
        request: &Request<'_>,
        occasion: &Occasion<'_>,
    ) -> Result<Answer, Postponed> {
        let found = self.find(binding, request);
        match found.and_then(|(number, by)| Some((by, self.sites.get_mut(number)?))) {
            Some((by, site)) => {
                occasion.note(|| Note::Site(site.number, by));
                site.answer(request, &mut self.memory, occasion)
            }
            None => {
                let reason = "this server answers to localhost and to addresses alone";
                let error = Error::new(Status::MisdirectedRequest, reason);
                occasion.note(|| Note::Failed(error.status, error.reason));
                Ok(self.memory.error_pages.answer(&error, request, self.rules_of_default(binding)))
            }
        }
    }

    /// The answer to a request in the place of one `with` a file that could not be read when it was to be sent.
    pub fn answer_unreadable(
        &mut self,
        binding: usize,
        request: &Request<'_>,
        with: &Answer,
        (file, error): (&File, &ReadError),
        occasion: &Occasion<'_>,
    ) -> Answer {
        let (status, reason) = blame_unreadable(file, error);
        let (error, rules) = (Error::new(status, reason), with.rules());
        let site = self.find(binding, request).and_then(|(number, _)| self.sites.get_mut(number));
        let Memory { cache, error_pages, .. } = &mut self.memory;
        let page =
            site.map(|site| site.answer_error(&error, request, Rc::clone(rules), (cache, error_pages), occasion));
        // A page of the site that would have to be waited for is not: what has failed would be tried again meanwhile.
        page.and_then(Result::ok).unwrap_or_else(|| error_pages.answer(&error, request, Rc::clone(rules)))
    }

    /// The answer to what could not be taken for a request, and so is for no site: the default one of the binding
    /// answers.
    pub fn answer_rejection(&mut self, binding: usize, rejection: Rejection, head: RefusedHead<'_>) -> Answer {
        let rules = self.rules_of_default(binding);
        self.memory.error_pages.answer_rejection(rejection, head, rules)
    }

    /// The site that a request is for, and by what it was found.
    fn find(&self, binding: usize, request: &Request<'_>) -> Option<(usize, By)> {
        let host = request.authority().map(|authority| authority.host);
        self.bindings.get(binding)?.hosts.find(host)
    }

    fn rules_of_default(&self, binding: usize) -> Rc<Rules> {
        let site = self.bindings.get(binding).and_then(|binding| self.sites.get(binding.hosts.default()));
        site.map_or_else(|| Rc::new(Rules::of(&config::Rules::default())), |site| site.rules.every())
    }

    /// The directories beneath which all lies that is read.
    pub fn directories(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.sites.iter().filter_map(|site| site.root.reach())
    }

    /// From now on nothing but what lies beneath them can be read. Where another directory takes the place of a root,
    /// requests for what is in it are postponed.
    pub fn confine(&mut self) {
        if !self.sites.iter().any(|site| site.root.reaches_everything()) {
            self.sites.iter_mut().for_each(|site| site.root.confine());
        }
    }

    /// A new round begins: requests have been received since the last one was answered, and what is answered to them
    /// has to be looked at after that.
    pub fn begin_round(&mut self) {
        self.memory.cache.begin_round();
    }

    /// Closes files that were kept open and have not been asked for in a while.
    pub fn close_unused(&mut self, now: Timestamp) {
        self.memory.cache.close_unused(now);
    }

    /// Gives back the memory of lists that have been sent to all who asked for them.
    pub fn forget_sent(&mut self) {
        self.memory.listings.forget_sent();
    }

    /// Lets go of all that is kept, and keeps nothing from now on: there are few requests left to be answered.
    pub fn keep_nothing(&mut self) {
        let open_files = mem::take(&mut self.memory.cache.open_files);
        self.memory.cache = Cache::new(self.sites.len(), 0, 0);
        self.memory.cache.open_files = open_files;
        self.sites.iter_mut().for_each(|site| site.encodings = Encodings::default());
    }

    /// What is to be done so that a file that was asked for can be had in a smaller coding from then on. One is made at
    /// a time: until [`Sites::end_encoding`] there is no other.
    pub fn begin_encoding(&mut self) -> Option<Fetch> {
        if self.encoding.is_some() {
            return None;
        }
        let (wanted, chore) = self.sites.iter_mut().find_map(Site::begin_encoding)?;
        self.encoding = Some(wanted);
        Some(chore)
    }

    /// Keeps what has come of it; nothing, where it could not be done.
    pub fn end_encoding(&mut self, fetched: Option<&Fetched>, now: Timestamp) {
        if let Some(wanted) = self.encoding.take()
            && let Some(Fetched::Chore { outcome, .. }) = fetched
        {
            wanted.keep(outcome, &mut self.memory.cache, now);
        }
    }

    /// Whether files are kept open, some of which may have to be closed soon.
    pub fn keeps_files_open(&self) -> bool {
        self.memory.cache.holds_descriptors()
    }
}

pub(super) fn links(written: config::Symlinks) -> Symlinks {
    match written {
        config::Symlinks::Deny => Symlinks::Deny,
        config::Symlinks::Inside => Symlinks::Inside,
        config::Symlinks::Follow => Symlinks::Follow,
    }
}

/// Every address once, in the order of the file, with the sites that name it. What is accepted there is answered by the
/// number in this order.
pub fn bindings(config: &Config) -> Vec<Binding> {
    let listens = |site: &config::Site| -> Vec<(Address, bool)> {
        site.listen.iter().flat_map(|listen| split(config, listen)).collect()
    };
    let mut addresses: Vec<(Address, bool)> = Vec::new();
    for listen in config.sites.iter().flat_map(listens) {
        if !addresses.contains(&listen) {
            addresses.push(listen);
        }
    }
    let bind = |listen: (Address, bool)| {
        let (address, port_given) = listen.clone();
        let sites: Vec<_> =
            config.sites.iter().enumerate().filter(|(_, site)| listens(site).contains(&listen)).collect();
        let reach = match (&address, &config.origin) {
            (address, _) if !address.is_local() => Reach::World,
            (Address::Unix(_), Origin::Directory(_)) => Reach::Loopback,
            (_, Origin::Directory(_)) => Reach::LoopbackOnly,
            (_, Origin::File(_)) => Reach::Loopback,
        };
        let hosts = Hosts::new(&sites, reach);
        let serve = |(number, site): &(usize, &config::Site)| {
            let is_default = *number == hosts.default();
            let name = hosts.name_of(*number).filter(|_| !is_default).map(str::to_owned);
            (!is_default, Served { name, root: site.root.clone() })
        };
        let mut served: Vec<_> = sites.iter().map(serve).collect();
        served.sort_by_key(|(is_other, _)| *is_other);
        let sites = served.into_iter().map(|(_, served)| served).collect();
        Binding { address, port_given, sites, hosts }
    };
    addresses.into_iter().map(bind).collect()
}

/// `localhost` as its two addresses, where some site names one of them alone; then they have sites of their own.
fn split(config: &Config, listen: &config::Listen) -> Vec<(Address, bool)> {
    if let Address::Localhost(port @ 1..) = listen.address {
        let both = [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))];
        let both = both.map(Address::Tcp);
        let mut all = config.sites.iter().flat_map(|site| &site.listen);
        if all.any(|other| both.contains(&other.address)) {
            return both.map(|address| (address, listen.port_given)).into();
        }
    }
    vec![(listen.address.clone(), listen.port_given)]
}
