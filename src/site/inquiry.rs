//! A GET of a URL that nobody sent: answered in the place where it is asked, by what answers clients.
//!
//! Opens no socket. What would have to be fetched by others is waited for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::encoding::MADE;
use super::occasion::{Note, Occasion, Postponed, Witness};
use super::sites::{Binding, Sites};
use crate::config::{self, Address, Config, Malformed, Url};
use crate::files::{Fetched, Timestamp};
use crate::http::{Coding, Connection, Limits, Preamble, Rejection, Status, Step};

/// More than any answer needs: each file that is looked for is fetched a few times at most.
const ATTEMPTS_MAX: u8 = 32;

/// Asks on behalf of a client on this machine.
pub(super) struct Inquirer {
    sites: Sites,
    limits: Limits,
    preamble: Preamble,
    now: Timestamp,
}

/// What a client says that it accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Accepts {
    /// Anything, as `curl` does
    Anything,
    /// HTML before all else, as a browser does that is to show a page
    Html,
    /// Anything in one coding
    Coding(Coding),
}

/// What a client would get, and how that came about.
pub(super) struct Reply {
    pub(super) status: Status,
    /// The fields in their order
    pub(super) fields: Vec<(String, String)>,
    /// The steps on the way to it
    pub(super) notes: Vec<Note>,
}

impl Inquirer {
    /// Of the sites of a config, whose server calls itself `software`.
    pub(super) fn new(config: &Config, software: &'static str, now: Timestamp) -> Inquirer {
        let mut inquirer = Inquirer::that_keeps(config, software, now);
        inquirer.keep_nothing();
        inquirer
    }

    /// One that keeps what it has read, as a server does.
    pub(super) fn that_keeps(config: &Config, software: &'static str, now: Timestamp) -> Inquirer {
        let sites = Sites::open_what_is_there(config, 0);
        let config::Limits { head_size, fields, content_size, .. } = config.limits;
        let limits = Limits { head_size, fields, content_size };
        Inquirer { sites, limits, preamble: Preamble::new(software, now.seconds), now }
    }

    /// From now on each file is looked for by itself, so that it is known why it is there.
    pub(super) fn keep_nothing(&mut self) {
        self.sites.keep_nothing();
    }

    /// Where the connection for a URL would be accepted.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub(super) fn binding_of(&self, url: &Url) -> Result<usize, Malformed> {
        let bindings = &self.sites.bindings;
        let Some((host, port)) = url.authority() else { return Ok(0) };
        let rank = |binding: &Binding| {
            let is_its_own = binding.hosts.names(host.as_bytes());
            let is_unix = matches!(binding.address, Address::Unix(_));
            (!is_its_own, is_unix, !is_exactly(&binding.address, host))
        };
        let reached = bindings.iter().enumerate().filter(|(_, binding)| reaches(&binding.address, host, port));
        let best = reached.min_by_key(|(_, binding)| rank(binding));
        best.map(|(number, _)| number).ok_or_else(|| unreachable(bindings, host, port, url.target()))
    }

    /// The address that a connection would be accepted at.
    pub(super) fn address(&self, binding: usize) -> Option<&Address> {
        self.sites.bindings.get(binding).map(|binding| &binding.address)
    }

    /// The host that a client names that asks there for a URL.
    pub(super) fn host(&self, binding: usize, url: &Url) -> String {
        match url.authority() {
            Some((host, 80)) => host.to_owned(),
            Some((host, port)) => format!("{host}:{port}"),
            None => self.address(binding).map_or("localhost".to_owned(), host_of),
        }
    }

    /// The answer to a GET of a URL over a connection that is accepted there.
    pub(super) fn ask(&mut self, binding: usize, url: &Url, accepts: Accepts) -> Reply {
        let (host, target) = (self.host(binding, url), url.target());
        let accept = match accepts {
            Accepts::Anything => "*/*",
            Accepts::Html => "text/html,*/*;q=0.8",
            Accepts::Coding(coding) => &format!("*/*\r\nAccept-Encoding: {}", coding.name()),
        };
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n");
        let mut connection = Connection::default();
        let mut head = Vec::new();
        let (status, notes) = match connection.step(&mut request.as_bytes(), &self.limits) {
            Step::Request(request) => {
                let (answer, notes) = self.answer(binding, &request);
                connection.respond(&answer.response(), &self.preamble, &mut head);
                (answer.status(), notes)
            }
            Step::Reject(rejection, refused) => {
                let answer = self.sites.answer_rejection(binding, rejection, refused);
                connection.respond(&answer.response(), &self.preamble, &mut head);
                (answer.status(), vec![Note::Failed(rejection.status, rejection.reason)])
            }
            // It has been shown a whole head.
            Step::NeedBytes(_) | Step::Close(_) => (Status::BadRequest, Vec::new()),
        };
        let head = String::from_utf8_lossy(&head);
        let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
        let fields = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Reply { status, fields, notes }
    }

    /// The URL that a browser asks for next that is given this one. None where that is the last, or may well lead to
    /// another server.
    pub(super) fn sent_on(&mut self, url: &str) -> Option<String> {
        let url: Url = url.parse().ok()?;
        let (host, port) = url.authority()?;
        let binding = self.binding_of(&url).ok()?;
        let names = |binding: &Binding| binding.hosts.names(host.as_bytes());
        let is_ours = literal(host).is_some() || is_local(host) || self.sites.bindings.get(binding).is_some_and(names);
        let to = is_ours.then(|| self.ask(binding, &url, Accepts::Html).field("Location")).flatten()?;
        Some(if to.starts_with('/') { format!("http://{host}:{port}{to}") } else { to })
    }

    /// The answer to the second who accepts the coding that is made here, where it is one that was made for the first.
    pub(super) fn ask_for_encoding(&mut self, binding: usize, url: &Url) -> Option<Reply> {
        self.ask(binding, url, Accepts::Coding(MADE));
        let chore = self.sites.begin_encoding()?;
        self.sites.end_encoding(Some(&Fetched::of(chore, &|| true)), self.now);
        Some(self.ask(binding, url, Accepts::Coding(MADE))).filter(|reply| reply.field("Content-Encoding").is_some())
    }

    fn answer(&mut self, binding: usize, request: &crate::http::Request<'_>) -> (super::Answer, Vec<Note>) {
        let mut fetched: Option<Fetched> = None;
        for fetches in 0..ATTEMPTS_MAX {
            let witness = Witness::default();
            let occasion = Occasion {
                now: self.now,
                peer: Ipv4Addr::LOCALHOST.into(),
                fetched: fetched.as_ref(),
                fetches,
                // Nothing keeps this thread from a root that has been turned.
                has_no_successor: true,
                witness: Some(&witness),
            };
            self.sites.begin_round();
            match self.sites.answer(binding, request, &occasion) {
                Ok(answer) => return (answer, witness.notes()),
                Err(Postponed::Fetch(fetch)) => fetched = Some(Fetched::of(fetch, &|| true)),
                Err(Postponed::Successor) => {}
            }
        }
        let reason = "what is asked for keeps changing while it is read";
        let rejection = Rejection { status: Status::ServiceUnavailable, reason };
        let answer = self.sites.answer_rejection(binding, rejection, crate::http::RefusedHead::Part(&[]));
        (answer, vec![Note::Failed(rejection.status, reason)])
    }
}

impl Reply {
    /// The values of every field line of that name, put together (RFC 9110, section 5.3). None where there is none.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let values = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Why there is nothing of what was asked for, in words.
    pub(super) fn reason(&self) -> Option<&'static str> {
        self.notes.iter().rev().find_map(|note| match note {
            Note::Failed(_, reason) => Some(*reason),
            _ => None,
        })
    }
}

/// The address that is written in the place of a host.
fn literal(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical()),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// Whether who connects to this host and port is accepted at this address. Names are not looked up: any may lead here,
/// but for those that are this machine's own everywhere (RFC 6761, section 6.3). A UNIX socket has no port, and so is
/// reached by URLs that have none.
fn reaches(address: &Address, host: &str, port: u16) -> bool {
    match (address, literal(host)) {
        (Address::Localhost(own), None) => *own == port,
        (Address::Localhost(own), Some(ip)) => *own == port && (ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST),
        (Address::Tcp(own), None) => {
            let is_reached = !is_local(host) || own.ip().to_canonical().is_loopback() || own.ip().is_unspecified();
            own.port() == port && is_reached
        }
        (Address::Tcp(own), Some(ip)) => {
            let is_every = own.ip().is_unspecified() && own.is_ipv4() == ip.is_ipv4();
            own.port() == port && (is_every || own.ip().to_canonical() == ip)
        }
        (Address::Unix(_), _) => port == 80,
    }
}

/// Whether a name is one of this machine alone.
fn is_local(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether the address is no other than what is written in the place of a host.
fn is_exactly(address: &Address, host: &str) -> bool {
    match address {
        Address::Localhost(_) => host.eq_ignore_ascii_case("localhost"),
        Address::Tcp(address) => literal(host) == Some(address.ip().to_canonical()),
        Address::Unix(_) => false,
    }
}

/// What a browser on this machine calls it.
fn host_of(address: &Address) -> String {
    match address {
        Address::Tcp(address) if !address.ip().is_unspecified() => match address.port() {
            80 => address.to_string().trim_end_matches(":80").to_owned(),
            _ => address.to_string(),
        },
        Address::Tcp(address) if address.port() != 80 => format!("localhost:{}", address.port()),
        Address::Localhost(port) if *port != 80 => format!("localhost:{port}"),
        Address::Localhost(_) | Address::Tcp(_) | Address::Unix(_) => "localhost".to_owned(),
    }
}

fn unreachable(bindings: &[Binding], host: &str, port: u16, target: &str) -> Malformed {
    let port_of = |binding: &Binding| match &binding.address {
        Address::Localhost(port) => Some(*port),
        Address::Tcp(address) => Some(address.port()),
        Address::Unix(_) => None,
    };
    let has_port = bindings.iter().any(|binding| port_of(binding) == Some(port));
    let problem =
        if has_port { format!("nobody listens on {host}:{port}") } else { format!("nobody listens on port {port}") };
    let addresses: Vec<_> = bindings.iter().map(|binding| binding.address.to_string()).collect();
    let help = match bindings.iter().find_map(port_of).filter(|_| !has_port) {
        Some(80) => format!("write \"http://{host}{target}\""),
        Some(port) => format!("write \"http://{host}:{port}{target}\""),
        None => "write a path alone to ask at the first one".to_owned(),
    };
    let listeners = if addresses.len() == 1 { "the listener is" } else { "the listeners are" };
    Malformed { problem, help: Some(format!("{help}; {listeners} {}", addresses.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_reached_by_what() {
        let address = |text: &str| text.parse::<Address>().unwrap();
        for (listen, host, port, is_reached) in [
            ("8080", "localhost", 8080, true),
            ("8080", "a.test", 8080, true),
            ("8080", "a.test", 80, false),
            ("8080", "127.0.0.1", 8080, true),
            ("8080", "[0::1]", 8080, true),
            ("8080", "127.0.0.2", 8080, false),
            ("10.0.0.1:80", "10.0.0.1", 80, true),
            ("10.0.0.1:80", "a.test", 80, true),
            ("10.0.0.1:80", "10.0.0.2", 80, false),
            ("10.0.0.1:80", "A.LocalHost.", 80, false),
            ("127.0.0.2:80", "a.localhost", 80, true),
            ("0.0.0.0:80", "localhost", 80, true),
            ("0.0.0.0:80", "10.0.0.2", 80, true),
            ("0.0.0.0:80", "[::1]", 80, false),
            ("[::]:80", "[::1]", 80, true),
            ("[::]:80", "10.0.0.2", 80, false),
            ("unix:/a", "a.test", 80, true),
            ("unix:/a", "a.test", 8080, false),
        ] {
            assert_eq!(reaches(&address(listen), host, port), is_reached, "{listen} by {host}:{port}");
        }
        for (listen, host) in [
            ("8080", "localhost:8080"),
            ("80", "localhost"),
            ("127.0.0.2:81", "127.0.0.2:81"),
            ("127.0.0.2:80", "127.0.0.2"),
            ("[::1]:80", "[::1]"),
            ("0.0.0.0:81", "localhost:81"),
            ("[::]:80", "localhost"),
            ("unix:/a", "localhost"),
        ] {
            assert_eq!(host_of(&address(listen)), host, "{listen}");
        }
    }
}
