//! The requests, by topic. Those that the three servers answer differently carry the reason why this one is right.
//!
//! The tree is that of `peers`: /a.txt holds ten digits, /long.txt 100,000 letters, /dir/ an index, and all of them
//! were modified on Sun, 06 Nov 1994 08:49:37 GMT.

/// A request of HTTP/1.1 with a Host, further field lines, and content.
macro_rules! request {
    ($method:literal $target:literal $(, $line:literal)* $(; $content:literal)?) => {
        $crate::corpus::raw(
            concat!($method, " ", $target, " HTTP/1.1\r\nHost: a\r\n" $(, $line, "\r\n")*, "\r\n" $(, $content)?)
                .as_bytes(),
        )
    };
}

mod chunked;
mod connection;
mod expect;
mod fields;
mod host;
mod length;
mod methods;
mod preconditions;
mod ranges;
mod request_line;
mod targets;
mod transfer_encoding;

/// What the requests of one kind are about.
pub(crate) struct Topic {
    pub(crate) title: &'static str,
    pub(crate) entries: &'static [Entry],
}

/// All of them, in the order of the report.
pub(crate) const TOPICS: &[Topic] = &[
    Topic { title: "Request line and version", entries: request_line::ENTRIES },
    Topic { title: "Request-target and path", entries: targets::ENTRIES },
    Topic { title: "Host", entries: host::ENTRIES },
    Topic { title: "Field lines", entries: fields::ENTRIES },
    Topic { title: "Content-Length", entries: length::ENTRIES },
    Topic { title: "Transfer-Encoding", entries: transfer_encoding::ENTRIES },
    Topic { title: "Chunked content", entries: chunked::ENTRIES },
    Topic { title: "Expect", entries: expect::ENTRIES },
    Topic { title: "Methods", entries: methods::ENTRIES },
    Topic { title: "Persistence and pipelining", entries: connection::ENTRIES },
    Topic { title: "Preconditions", entries: preconditions::ENTRIES },
    Topic { title: "Ranges", entries: ranges::ENTRIES },
];

// Reasons of more than one topic.
const BARE_LF: &str = "\
    RFC 9112, 2.2: a lone LF may be taken for a line end, need not, and is where two readers part; the same section \
    wants 400 for what does not match the grammar";
const LOCATION: &str = "\
    RFC 9110, 10.2.2: Location may be relative, and a path is right whatever scheme, name and port the client came \
    by; it repeats no Host that the client made up";
const INCOMPLETE: &str = "RFC 9112, 8: a request that was cut short is incomplete, and may be answered by an error";
const BEFORE_THE_ANSWER: &str = "\
    RFC 9110, 7.5: a response may be sent before the request is whole, and need not; sent after it, what is broken \
    gets 400, and not 200 and then some";
const TOO_LARGE: &str = "\
    RFC 9110, 15.5.14: 413 for more content than the server is willing to read, and the connection may be closed; so \
    the client does not go on sending";
const ALLOW: &str = "RFC 9110, 15.5.6: a 405 names in Allow all that the target supports";
const OPTIONS: &str = "RFC 9110, 9.3.7: OPTIONS asks what can be done, and is answered with success and Allow";

// Reasons for the fields of a response.
pub(crate) const CACHE_CONTROL: &str = "\
    RFC 9111, 4.2.2: without Cache-Control a cache may guess for how long it need not ask again; no-cache has it ask, \
    and costs a 304; 12.5.5 of RFC 9110: a text can be had in a content coding by other requests, which Vary says";
pub(crate) const PARTS: &str = "\
    RFC 9110, 15.3.7: what the 200 would say of the representation is sent with a part of it, and Cache-Control and \
    Vary MUST be; Accept-Ranges is of no harm there";
pub(crate) const NOT_MODIFIED: &str = "\
    RFC 9110, 15.4.5: Cache-Control and Vary MUST be sent as with the 200, and beside a tag other metadata SHOULD NOT, \
    as Last-Modified";
pub(crate) const UNSATISFIABLE: &str = "\
    RFC 9110, 12.5.5: the text is one for browsers or one for others, which Vary says; Cache-Control as with the 200";

/// Why an outcome that differs from the others' is right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    /// All agree.
    None,
    /// A section and what it says.
    Right(&'static str),
    /// It is not right, and this is what should happen.
    #[allow(dead_code, reason = "for the time between finding a fault and mending it")]
    Open(&'static str),
}

/// One request, or several on one connection.
pub(crate) struct Entry {
    before: &'static [u8],
    /// Bytes between the two, and how often they are repeated.
    repeated: (&'static [u8], usize),
    after: &'static [u8],
    /// Whether the client closes its side once it has sent this.
    pub(crate) is_half_closed: bool,
    pub(crate) reason: Reason,
}

/// Exactly these bytes, but for `<tag>`.
const fn raw(bytes: &'static [u8]) -> Entry {
    long(bytes, b"", 0, b"")
}

/// Bytes too many to be written down.
const fn long(before: &'static [u8], repeated: &'static [u8], times: usize, after: &'static [u8]) -> Entry {
    Entry { before, repeated: (repeated, times), after, is_half_closed: false, reason: Reason::None }
}

impl Entry {
    /// The outcome differs from that of another server, and is right for this reason.
    const fn because(mut self, reason: &'static str) -> Entry {
        self.reason = Reason::Right(reason);
        self
    }

    /// The outcome differs from that of another server, and should be another, as said here.
    #[allow(dead_code, reason = "as for `Reason::Open`")]
    const fn open(mut self, words: &'static str) -> Entry {
        self.reason = Reason::Open(words);
        self
    }

    /// The client closes its side behind it.
    const fn half_closed(mut self) -> Entry {
        self.is_half_closed = true;
        self
    }

    /// The bytes to send to a server that gives /a.txt this entity tag.
    pub(crate) fn bytes(&self, tag: &str) -> Vec<u8> {
        let (repeated, times) = self.repeated;
        let all = [self.before, &repeated.repeat(times), self.after].concat();
        match str::from_utf8(&all) {
            Ok(text) => text.replace("<tag>", tag).into_bytes(),
            Err(_) => all,
        }
    }

    /// The bytes in a form that can be read.
    pub(crate) fn shown(&self) -> String {
        let escaped = |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'");
        let mut shown = escaped(self.before);
        if let (repeated, times @ 1..) = self.repeated {
            shown += &format!("[{times} times \"{}\"]{}", escaped(repeated), escaped(self.after));
        }
        if self.is_half_closed { shown + " (half-closed)" } else { shown }
    }
}
