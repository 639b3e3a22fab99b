//! What is asked of the servers: a row of the table each.

use crate::client::Field;
use crate::tree;

/// Requests that are sent without waiting for a response, where that is what is measured.
pub(crate) const PIPELINED: usize = 16;

/// A row whose figure is CPU time for each request.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// As an argument names it
    pub(crate) key: &'static str,
    pub(crate) target: String,
    pub(crate) fields: Vec<Field>,
    /// Whether the tag that the server gave is sent back.
    pub(crate) has_tag: bool,
    pub(crate) status: u16,
    /// The bytes of the file that are the content, where it isn't all of it.
    pub(crate) range: Option<(u64, u64)>,
    pub(crate) load: Load,
    pub(crate) limit: Limit,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// wrk with so many connections, each with one request at a time
    Wrk(u32),
    /// The same with [`PIPELINED`] requests at a time
    Pipeline(u32),
    /// The same, asking for the many files, few of them often and most of them seldom
    Many(u32),
    /// One client that reads one response as fast as it can
    Stream,
}

/// How the server that only answers does it fastest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Head and content in memory
    Memory,
    /// In memory, a connection for each
    Closing,
    /// The head in memory, the content in a file
    File,
    /// The same, with little in the socket: that is faster for one client, and much slower for many
    Stream,
}

impl Limit {
    /// As it is told by an argument.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Limit::Memory => "memory",
            Limit::Closing => "closing",
            Limit::File => "file",
            Limit::Stream => "stream",
        }
    }

    /// Whether the content is sent from a file.
    pub(crate) fn has_file(self) -> bool {
        matches!(self, Limit::File | Limit::Stream)
    }
}

fn plain(name: &'static str, key: &'static str, target: &str) -> Scenario {
    Scenario {
        name,
        key,
        target: target.to_owned(),
        fields: Vec::new(),
        has_tag: false,
        status: 200,
        range: None,
        load: Load::Wrk(64),
        limit: Limit::Memory,
    }
}

/// A file so small that nothing counts but the request.
pub(crate) fn small() -> Scenario {
    plain("1 KiB", "1k", "/1k.bin")
}

/// The rows, in their order.
pub(crate) fn all() -> Vec<Scenario> {
    vec![
        small(),
        plain("10 KiB", "10k", "/10k.bin"),
        plain("100 KiB", "100k", "/100k.bin"),
        Scenario { limit: Limit::File, ..plain("1 MiB", "1m", "/1m.bin") },
        Scenario { load: Load::Wrk(16), limit: Limit::File, ..plain("10 MiB", "10m", "/10m.bin") },
        Scenario { load: Load::Stream, limit: Limit::Stream, ..plain("1 GiB stream", "stream", "/1g.bin") },
        Scenario { fields: browser_fields(), ..plain("browser head", "browser", "/1k.bin") },
        Scenario {
            fields: vec![("Connection", "close".to_owned())],
            limit: Limit::Closing,
            ..plain("new connection", "new", "/1k.bin")
        },
        Scenario { load: Load::Pipeline(64), ..plain("16 pipelined", "pipelined", "/1k.bin") },
        Scenario { has_tag: true, status: 304, ..plain("304", "304", "/1k.bin") },
        Scenario { status: 404, ..plain("404", "404", "/missing.bin") },
        Scenario {
            fields: vec![("Range", "bytes=8192-12287".to_owned())],
            status: 206,
            range: Some((8192, 4096)),
            ..plain("range 4 KiB", "range", "/100k.bin")
        },
        Scenario { load: Load::Many(64), ..plain("10,000 files", "files", &tree::many_target(0)) },
        Scenario { load: Load::Wrk(1), ..plain("one client", "one", "/1k.bin") },
    ]
}

/// What Chromium sends for a picture of a page: twelve fields behind Host, about 700 bytes.
fn browser_fields() -> Vec<Field> {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
    [
        ("Connection", "keep-alive"),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("User-Agent", agent),
        ("sec-ch-ua", "\"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\""),
        ("sec-ch-ua-mobile", "?0"),
        ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "no-cors"),
        ("Sec-Fetch-Dest", "image"),
        ("Referer", "http://localhost:8080/articles/2026/how-this-page-was-made.html?from=front-page&part=pictures"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7,en-US;q=0.6"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}
