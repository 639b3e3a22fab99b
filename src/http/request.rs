//! A request head (RFC 9112, sections 2, 3 and 5): parsed by httparse, then held to what httparse lets pass.
//!
//! What httparse allows and this server does not: bare LF as a line end, empty lines in front, bytes outside ASCII in a
//! target, and any target at all. What it refuses although it is valid: a minor version above 1.

use std::mem::MaybeUninit;

use super::fields::{FieldName, Fields};
use super::status::Status;
use super::target::{Authority, Path, Target};

/// The largest number of field lines that `limits.fields` can be set to: the parser's table lies on the stack.
pub const FIELDS_MAX: usize = 256;

/// The longest request-target, in bytes. RFC 9112, section 3 asks for 8000 at least.
pub(super) const TARGET_SIZE_MAX: usize = 8 * 1024;

pub(super) const TARGET_TOO_LONG: Rejection = Rejection::new(Status::UriTooLong, "the request-target is over 8 KiB");

const MALFORMED: Rejection = Rejection::bad_request("the request head is malformed");

/// A request method, case-sensitive (RFC 9110, section 9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Section 9.3.1
    Get,
    /// Section 9.3.2
    Head,
    /// Section 9.3.7
    Options,
    /// Section 9.3.6, which has a request-target of its own and is followed by what is no HTTP: 405
    Connect,
    /// A method that the HTTP registry knows and a static server does not serve: 405
    Known,
    /// A method that nobody told us of: 501
    Unknown,
}

/// The version that a request is answered as. HTTP/1.2 and above are 1.1 to us (RFC 9110, section 2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The request line as received, without its CRLF; a minor version above 1 is given as 1.
    pub line: &'a [u8],
    /// The method.
    pub method: Method,
    /// The request-target.
    pub target: Target<'a>,
    /// The version.
    pub version: Version,
    /// Its fields.
    pub fields: Fields<'a>,
    /// The valid value of the Host field.
    host: Option<Authority<'a>>,
}

/// A fault of the peer: the status that it is told, the reason in words, and the end of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// A status of the class 4xx or 5xx.
    pub status: Status,
    /// One clause in lower case without a full stop.
    pub reason: &'static str,
}

impl Rejection {
    pub(super) const fn new(status: Status, reason: &'static str) -> Rejection {
        Rejection { status, reason }
    }

    pub(super) const fn bad_request(reason: &'static str) -> Rejection {
        Rejection::new(Status::BadRequest, reason)
    }
}

impl<'a> Request<'a> {
    /// Parses a whole head.
    pub fn parse(head: &'a [u8], fields_max: usize) -> Result<Request<'a>, Rejection> {
        match Request::parse_front(head, fields_max) {
            Ok((request, length)) if length == head.len() => Ok(request),
            Ok(_) => Err(MALFORMED),
            Err(rejection) => Err(rejection),
        }
    }

    /// Parses the head that `input` starts with, and tells how long it is. No other line end is taken than CRLF.
    pub(super) fn parse_front(input: &'a [u8], fields_max: usize) -> Result<(Request<'a>, usize), Rejection> {
        let mut lines = [const { MaybeUninit::uninit() }; FIELDS_MAX];
        let lines = lines.get_mut(..fields_max).unwrap_or_default();
        let mut parsed = httparse::Request::new(&mut []);
        let length = match parsed.parse_with_uninit_headers(input, lines) {
            // Empty lines in front of it are passed over.
            Ok(httparse::Status::Complete(length)) if !matches!(input, [b'\r' | b'\n', ..]) => length,
            Ok(_) => return Err(MALFORMED),
            Err(error) => return Err(explain(error, input)),
        };
        let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
            return Err(Rejection::bad_request("the request line is incomplete"));
        };
        if target.len() > TARGET_SIZE_MAX {
            return Err(TARGET_TOO_LONG);
        }
        // There is one space between the three of them, and the version has one form.
        let line_length = method.len() + target.len() + "  HTTP/1.1".len();
        let head = input.get(..length).unwrap_or_default();
        let Some((line, rest)) = head.split_at_checked(line_length) else { return Err(MALFORMED) };
        let Some(section) = rest.strip_prefix(b"\r\n").and_then(|rest| rest.strip_suffix(b"\r\n")) else {
            return Err(MALFORMED);
        };
        let mut fields = Fields::none_of(section);
        fields.collect(parsed.headers).map_err(|_| MALFORMED)?;

        let version = if version == 0 { Version::Http10 } else { Version::Http11 };
        let method = Method::recognise(method);
        let target = match (method, target) {
            (Method::Options, "*") => Target::Asterisk,
            (Method::Connect, _) => match Authority::parse(target.as_bytes()) {
                Some(Authority { port: Some(_), .. }) => Target::Authority,
                _ => return Err(Rejection::bad_request("CONNECT takes a host and a port")),
            },
            _ if target.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) => {
                // Whoever believes to be on a secured connection must be told (RFC 9110, section 7.4).
                return Err(Rejection::new(Status::MisdirectedRequest, "an https request needs a secured connection"));
            }
            _ => Target::parse(target).map_err(Rejection::bad_request)?,
        };
        let host = host(&fields, version)?;
        Ok((Request { line, method, target, version, fields, host }, length))
    }

    /// The host and port of the target URI (RFC 9110, section 7.1): those of an absolute target, else those of Host.
    pub fn authority(&self) -> Option<Authority<'a>> {
        match self.target {
            Target::Absolute(authority, _) => Some(authority),
            _ => self.host,
        }
    }

    /// The path and query of the target, which CONNECT and `OPTIONS *` have none of.
    pub fn path(&self) -> Option<Path<'a>> {
        match self.target {
            Target::Origin(path) | Target::Absolute(_, path) => Some(path),
            Target::Authority | Target::Asterisk => None,
        }
    }

    /// Whether the peer wants the connection to go on after the response (RFC 9112, section 9.3).
    pub(super) fn is_persistent(&self) -> bool {
        match self.fields.value(FieldName::Connection) {
            None => return self.version == Version::Http11,
            // What browsers say.
            Some(b"keep-alive") if !self.fields.is_repeated(FieldName::Connection) => return true,
            Some(_) => {}
        }
        let has = |option: &[u8]| {
            self.fields.elements(FieldName::Connection).any(|element| element.eq_ignore_ascii_case(option))
        };
        !has(b"close") && (self.version == Version::Http11 || has(b"keep-alive"))
    }
}

/// The other methods of the HTTP Method Registry (IANA, as of 2026): HTTP's own, those of WebDAV and its kin, QUERY.
/// Not PRI, which stands there so that nobody uses it.
const KNOWN: [&str; 35] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "DELETE",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

impl Method {
    fn recognise(token: &str) -> Method {
        match token {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "OPTIONS" => Method::Options,
            "CONNECT" => Method::Connect,
            _ if KNOWN.contains(&token) => Method::Known,
            _ => Method::Unknown,
        }
    }
}

/// The Host field: exactly one in 1.1, at most one in 1.0, valid in both (RFC 9112, section 3.2).
fn host<'a>(fields: &Fields<'a>, version: Version) -> Result<Option<Authority<'a>>, Rejection> {
    if fields.is_repeated(FieldName::Host) {
        return Err(Rejection::bad_request("there is more than one Host field"));
    }
    match fields.value(FieldName::Host) {
        Some(value) => match Authority::parse(value) {
            None => Err(Rejection::bad_request("the Host field is no host and port")),
            authority => Ok(authority),
        },
        None if version == Version::Http10 => Ok(None),
        None => Err(Rejection::bad_request("the Host field is missing")),
    }
}

/// The HTTP version at the end of the request line: where it is, its major and its minor digit (RFC 9112, section 2.3).
pub(super) fn version_of(head: &[u8]) -> Option<(usize, u8, u8)> {
    let line = head.split(|&byte| byte == b'\r').next()?;
    let at = line.iter().rposition(|&byte| byte == b' ')? + 1;
    match line.get(at..)? {
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => Some((at, *major, *minor)),
        _ => None,
    }
}

const NO_VERSION: Rejection = Rejection::bad_request("the request line does not end in a version such as HTTP/1.1");

/// What httparse found wrong, told so that it can be put right.
fn explain(error: httparse::Error, head: &[u8]) -> Rejection {
    match error {
        httparse::Error::TooManyHeaders => {
            Rejection::new(Status::RequestHeaderFieldsTooLarge, "there are too many fields")
        }
        httparse::Error::Version => match version_of(head) {
            Some((_, major, _)) if major != b'1' => {
                Rejection::new(Status::HttpVersionNotSupported, "this server speaks HTTP/1.0 and HTTP/1.1")
            }
            _ => NO_VERSION,
        },
        httparse::Error::HeaderName if head.windows(3).any(|bytes| matches!(bytes, b"\r\n " | b"\r\n\t")) => {
            Rejection::bad_request("a field line is folded or starts with white space")
        }
        httparse::Error::HeaderName => Rejection::bad_request("a field name is malformed"),
        httparse::Error::HeaderValue => Rejection::bad_request("a field value holds a control character"),
        httparse::Error::NewLine if version_of(head).is_none() => NO_VERSION,
        httparse::Error::NewLine => Rejection::bad_request("a line does not end in CRLF"),
        httparse::Error::Token | httparse::Error::Status => {
            Rejection::bad_request("the request line is not a method, a request-target and a version, one space apart")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> u16 {
        Request::parse(head.as_bytes(), 3).map_or_else(|rejection| rejection.status.code(), |_| 200)
    }

    #[test]
    fn a_request_is_taken_apart() {
        let head = b"GET /a?b HTTP/1.1\r\nHost: c:80\r\nConnection: Close\r\n\r\n";
        let request = Request::parse(head, 100).unwrap();
        assert_eq!(request.line, b"GET /a?b HTTP/1.1");
        assert_eq!(request.method, Method::Get);
        assert_eq!(request.path(), Some(Path { path: "/a", query: Some("b") }));
        assert_eq!(request.authority(), Some(Authority { host: b"c", port: Some(80) }));
        assert_eq!(request.fields.section(), b"Host: c:80\r\nConnection: Close\r\n");
        assert!(!request.is_persistent());
    }

    #[test]
    fn persistence() {
        for (version, connection, persistent) in [
            ("1.1", "", true),
            ("1.1", "Connection: x, CLOSE\r\n", false),
            ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
            ("1.0", "", false),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let head = format!("GET / HTTP/{version}\r\nHost: a\r\n{connection}\r\n");
            assert_eq!(Request::parse(head.as_bytes(), 9).unwrap().is_persistent(), persistent, "{head}");
        }
    }

    #[test]
    fn an_absolute_target_wins_over_host() {
        let head = b"GET http://a/b HTTP/1.1\r\nHost: c\r\n\r\n";
        assert_eq!(Request::parse(head, 9).unwrap().authority(), Some(Authority { host: b"a", port: None }));
    }

    #[test]
    fn heads_and_their_status() {
        for (head, expected) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("GET / HTTP/1.0\r\n\r\n", 200),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nb\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nB: \x01\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nB: c\rd\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nB: c\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nB:\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
            ("GET / HTTP/1.0\r\n\n", 400),
            ("GET / HTTP/1.0\n\r\n", 400),
            ("\r\nGET / HTTP/1.0\r\n\r\n", 400),
            ("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400),
            ("\nGET / HTTP/1.0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 2\r\n\r\n", 200),
            ("GET / HTTP/1.1\r\nHost: a\r\nB: 1\r\nC: 2\r\nD: 3\r\n\r\n", 431),
        ] {
            assert_eq!(status(head), expected, "{head:?}");
        }
    }
}
