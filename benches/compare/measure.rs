//! The rows whose figure is CPU time for each request: every server is checked, then measured round by round.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::time::Instant;

use crate::cleanup::Scratch;
use crate::client::{self, Client, Field};
use crate::load;
use crate::options::Options;
use crate::peers::{Canned, Kind, Server};
use crate::results::Row;
use crate::scenario::{Load, Scenario};
use crate::tree::{self, MANY, MANY_SIZE, Tree};
use crate::wrk;

/// What all measurements need.
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) scratch: &'a Scratch,
    pub(crate) tree: &'a Tree,
}

impl Bench<'_> {
    /// A server with the tree, other than the limit.
    pub(crate) fn start(&self, kind: Kind) -> Server {
        Server::start(kind, self.scratch, self.tree.root(), None)
    }

    /// The kinds that are wanted, each round beginning with another of them.
    pub(crate) fn kinds(&self, round: usize) -> impl Iterator<Item = Kind> {
        let kinds = &self.options.kinds;
        (0..kinds.len()).map(move |at| kinds[(at + round) % kinds.len()])
    }

    /// What webserv answers to this scenario, for the limit to answer the same.
    pub(crate) fn canned(&self, server: &Server, scenario: &Scenario) -> Canned {
        let request = client::request(server.address, &scenario.target, &fields(scenario, server.address));
        let mut client = Client::connect(server.address).expect("a connection");
        let head = client.head(&request).expect("a response");
        let name = scenario.name.replace(' ', "-");
        let mut response = head.bytes.clone();
        if scenario.limit.has_file() {
            let head = self.scratch.write(&format!("{name}.head"), response);
            return Canned { how: scenario.limit, response: head, file: Some(self.tree.path(&scenario.target)) };
        }
        let mut content = (&mut client.stream).take(head.content_length());
        content.read_to_end(&mut response).expect("the content");
        let response = self.scratch.write(&format!("{name}.response"), response);
        Canned { how: scenario.limit, response, file: None }
    }

    /// Measures all of these, one row each.
    pub(crate) fn rows(&self, scenarios: &[Scenario]) -> Vec<Row> {
        if scenarios.is_empty() {
            return Vec::new();
        }
        let kinds = self.options.kinds.iter().copied();
        let servers: HashMap<Kind, Server> =
            kinds.filter(|kind| *kind != Kind::Limit).map(|kind| (kind, self.start(kind))).collect();
        let limits: Vec<Option<Server>> = scenarios
            .iter()
            .map(|scenario| {
                let canned = self.canned(&servers[&Kind::Webserv], scenario);
                let is_wanted = self.options.kinds.contains(&Kind::Limit);
                is_wanted.then(|| Server::start(Kind::Limit, self.scratch, self.tree.root(), Some(&canned)))
            })
            .collect();
        let server = |kind, at: usize| match kind {
            Kind::Limit => limits[at].as_ref().expect("the limit of this scenario"),
            _ => &servers[&kind],
        };
        for (at, scenario) in scenarios.iter().enumerate() {
            for kind in self.kinds(0) {
                self.check(kind, server(kind, at).address, scenario);
            }
        }
        let mut rows: Vec<_> = scenarios
            .iter()
            .map(|scenario| match scenario.load {
                Load::Stream => Row::new(scenario.name, "ms", "GiB/s"),
                _ => Row::new(scenario.name, "us", "requests/s"),
            })
            .collect();
        for round in 0..self.options.rounds {
            for (at, scenario) in scenarios.iter().enumerate() {
                for kind in self.kinds(round) {
                    let (value, rate) = self.measure(server(kind, at), scenario);
                    rows[at].add(kind, value, Some(rate));
                }
            }
        }
        rows
    }

    /// CPU time for each request, and requests per second; of the stream milliseconds for each GiB, and GiB per second.
    pub(crate) fn measure(&self, server: &Server, scenario: &Scenario) -> (f64, f64) {
        let fields = fields(scenario, server.address);
        let before = server.members.cpu_time();
        let spent = || (server.members.cpu_time() - before).as_secs_f64();
        if scenario.load == Load::Stream {
            let request = client::request(server.address, &scenario.target, &fields);
            let start = Instant::now();
            let mut bytes = 0;
            while bytes == 0 || start.elapsed().as_secs_f64() < f64::from(self.options.seconds) {
                bytes += load::stream(server.address, &request);
            }
            let gibibytes = bytes as f64 / f64::from(1 << 30);
            return (spent() * 1e3 / gibibytes, gibibytes / start.elapsed().as_secs_f64());
        }
        let Scenario { target, load, status, .. } = scenario;
        let counted = wrk::run(self.scratch, server.address, target, &fields, *load, self.options.seconds, *status);
        (spent() * 1e6 / counted.requests, counted.rate)
    }

    /// Nobody is measured serving something else: status, length and every byte of the content. This is also what warms
    /// their caches.
    fn check(&self, kind: Kind, address: SocketAddr, scenario: &Scenario) {
        let fields = fields(scenario, address);
        let name = format!("{}, {}", kind.name(), scenario.name);
        let path = self.tree.path(&scenario.target);
        let length = path.metadata().map_or(0, |metadata| metadata.len());
        let (offset, length) = scenario.range.unwrap_or((0, length));
        let request = client::request(address, &scenario.target, &fields);
        let connected = Client::connect(address).and_then(|mut client| Ok((client.head(&request)?, client)));
        let (head, mut client) = connected.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(head.status, scenario.status, "{name}");
        if matches!(scenario.status, 200 | 206) {
            assert_eq!(head.content_length(), length, "{name}");
            let mut file = File::open(path).expect("a file that was written");
            file.seek(SeekFrom::Start(offset)).expect("its part");
            let is_same = tree::is_same(&mut client.stream, file, length);
            assert!(is_same.unwrap_or_else(|error| panic!("{name}: {error}")), "{name}: another content");
        }
        // The limit has one response for all of them.
        if matches!(scenario.load, Load::Many(_)) && kind != Kind::Limit {
            for number in 0..MANY {
                let target = tree::many_target(number);
                let exchanged = client.exchange(&client::request(address, &target, &fields));
                let (head, content) = exchanged.unwrap_or_else(|error| panic!("{name} {target}: {error}"));
                assert_eq!((head.status, content.len() as u64), (200, MANY_SIZE), "{name} {target}");
                assert!(content == self.tree.read(&target), "{name} {target}: another content");
            }
        }
    }
}

/// The fields of a request to this server.
fn fields(scenario: &Scenario, address: SocketAddr) -> Vec<Field> {
    let mut fields = scenario.fields.clone();
    if scenario.has_tag {
        let plain = client::request(address, &scenario.target, &[]);
        let (head, _) = client::once(address, &plain).expect("a response");
        // The limit has no other response than the one that it is to give.
        let tag = head.field("ETag").unwrap_or("\"none\"").to_owned();
        fields.push(("If-None-Match", tag));
    }
    fields
}
