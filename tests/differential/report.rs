//! REPORT.md: the differences by topic, and what is wrong with the reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::corpus::{Entry, Reason};
use crate::fields::KINDS;
use crate::outcome::Outcome;

/// An entry and what webserv, nginx and h2o made of it.
pub(crate) struct Compared<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) outcomes: [Outcome; 3],
}

impl Compared<'_> {
    fn words(&self) -> [&str; 3] {
        self.outcomes.each_ref().map(|outcome| &*outcome.words)
    }

    fn is_difference(&self) -> bool {
        let [ours, others @ ..] = self.words();
        others.iter().any(|other| *other != ours)
    }
}

pub(crate) struct Report {
    versions: [String; 2],
    entries: usize,
    differences: usize,
    open: usize,
    topics: String,
    /// By kind and server, which fields its responses have
    fields: BTreeMap<&'static str, [BTreeSet<String>; 3]>,
    faults: Vec<String>,
}

impl Report {
    pub(crate) fn new(versions: [String; 2]) -> Self {
        let (topics, fields, faults) = Default::default();
        Self { versions, entries: 0, differences: 0, open: 0, topics, fields, faults }
    }

    /// Adds the table of one topic.
    pub(crate) fn topic(&mut self, title: &str, compared: &[Compared<'_>]) {
        let differing: Vec<_> = compared.iter().filter(|it| it.is_difference()).collect();
        self.entries += compared.len();
        self.differences += differing.len();
        self.open += differing.iter().filter(|it| matches!(it.entry.reason, Reason::Open(_))).count();
        let all = compared.len();
        write!(self.topics, "\n## {title}\n\n{all} requests, {} with a difference.\n", differing.len()).unwrap();
        for it in compared {
            self.check(it);
            for (server, outcome) in it.outcomes.iter().enumerate() {
                for (kind, names) in &outcome.fields {
                    self.fields.entry(kind).or_default()[server].insert(names.clone());
                }
            }
        }
        if differing.is_empty() {
            return;
        }
        self.topics.push_str("\n| request | webserv | nginx | h2o | why |\n| --- | --- | --- | --- | --- |\n");
        for it in differing {
            let ([ours, others @ ..], entry) = (it.words(), it.entry);
            let [nginx, h2o] = others.map(|it| if it == ours { "same".to_owned() } else { cell(it) });
            let reason = match entry.reason {
                Reason::None => "**none**".to_owned(),
                Reason::Right(words) => cell(words),
                Reason::Open(words) => format!("**open**: {}", cell(words)),
            };
            let request = entry.shown().replace('`', "\\x60").replace('|', "\\x7c");
            writeln!(self.topics, "| `{request}` | {} | {nginx} | {h2o} | {reason} |", cell(ours)).unwrap();
        }
    }

    /// Every difference has a reason, and every reason a difference.
    fn check(&mut self, compared: &Compared<'_>) {
        let fault = match (compared.is_difference(), compared.entry.reason) {
            (true, Reason::None) => "a difference without a reason",
            (true, Reason::Open(_)) => "a difference that is not in our favour",
            (false, Reason::Right(_) | Reason::Open(_)) => "a reason without a difference",
            (true, Reason::Right(_)) | (false, Reason::None) => return,
        };
        let [webserv, nginx, h2o] = compared.words();
        let request = compared.entry.shown();
        self.faults.push(format!("{fault}: {request}\n  webserv: {webserv}\n  nginx:   {nginx}\n  h2o:     {h2o}"));
    }

    /// The table of fields. Its reasons are held to the same.
    pub(crate) fn fields(&mut self) -> String {
        let mut table = String::from("| response | webserv | nginx | h2o | why |\n| --- | --- | --- | --- | --- |\n");
        for (kind, reason) in KINDS {
            let [ours, others @ ..] = self.fields.remove(kind).unwrap_or_default();
            if others.iter().all(|other| *other == ours) {
                self.faults.push(format!("a reason without a difference: the fields of {kind}, {ours:?}"));
            }
            let told = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join("; or ");
            let [nginx, h2o] = others.map(|other| if other == ours { "same".to_owned() } else { cell(&told(&other)) });
            writeln!(table, "| {kind} | {} | {nginx} | {h2o} | {} |", cell(&told(&ours)), cell(reason)).unwrap();
        }
        table
    }

    pub(crate) fn faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    /// The whole text.
    pub(crate) fn finish(self, fields: &str) -> String {
        let Self { versions: [nginx, h2o], entries, differences, open, topics, .. } = self;
        let alike = entries - differences;
        let open = match open {
            0 => "Each difference has its reason".to_owned(),
            _ => format!("{open} of those are **open**: this server is the one to change"),
        };
        format!(
            "{HEADER}\n{entries} requests, compared with {nginx} and {h2o}: {alike} are answered alike by all three, \
             {differences} are not. {open}.\n\n## Fields of a response\n\n{FIELDS}\n{fields}{topics}"
        )
    }
}

const HEADER: &str = "\
# Where webserv, nginx and h2o differ

Written by a test, and held to what the servers do by the same test without the variable (it needs nginx and h2o in the
PATH; `.ci/run` installs them):

    WRITE_REPORT=1 cargo test --test differential -- --ignored

Each request goes out in one piece on a connection of its own, to three servers with one tree and the least
configuration they take. What comes back is reduced to the statuses in order, the content or its length, the values of
Content-Range, Allow, Location and Upgrade, of Content-Length where no content follows it, and the end of the connection:

- *open*: a further request is answered; *closed*: the server ended the connection after saying `Connection: close`,
  *unannounced* without saying so; *waits*: it awaits the rest of a request, and swallows the next one.
- *finished*: the client had closed its side of the connection after the request, and the server closed the other.
- *no content*: the head announced content that was not sent, as it should be for HEAD. *no head*: content alone, as
  HTTP/0.9 has it; *binary* where it is frames of HTTP/2.

Which further fields stand in a 200, 206, 304 and 416 hardly depends on the request, so that is compared too, but told
once, in the first table. Not compared are Date and Server, the values of ETag, Last-Modified, Cache-Control and Vary, the
types of files, the wording of error pages, and of other statuses all fields but those above. There each server has its
own in every response alike, which would be a difference in every row and the same in all.

`<tag>` stands for the entity tag that each server gives /a.txt, `PORT` for its port. Sections are those of RFC 9110
(semantics), RFC 9111 (caching), RFC 9112 (messages) and RFC 3986 (URIs).

What this server makes of many more requests is in `tests/it/rfc/`, to the byte; which clauses of the RFCs there are and
what holds each, in `tests/CLAUSES.md`; all that ends a connection, in `tests/it/rejections.rs`.
";

const FIELDS: &str = "\
Which of Content-Type, ETag, Last-Modified, Accept-Ranges, Cache-Control and Vary stand in the responses to all requests
below; two sets where a server does not always send the same.
";

/// Text as it can stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}
