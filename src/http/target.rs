//! The request-target in its four forms (RFC 9112, section 3.2) and the Host field (RFC 9110, section 7.2).
//!
//! Checks the syntax and takes it apart; what a path names is no matter of the protocol.

use std::net::Ipv6Addr;

/// A request-target that has been found valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target<'a> {
    /// `/path?query`
    Origin(Path<'a>),
    /// `http://host/path?query`: its authority wins over the Host field.
    Absolute(Authority<'a>, Path<'a>),
    /// `host:port`, for CONNECT alone
    Authority,
    /// `*`, for OPTIONS alone
    Asterisk,
}

/// The path of a target and its query, both still percent-encoded. The path starts with a slash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Path<'a> {
    /// From the first slash up to the question mark.
    pub path: &'a str,
    /// What follows the question mark, if there is one.
    pub query: Option<&'a str>,
}

/// The host and port that a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authority<'a> {
    /// A name or an address as it was sent, all of it ASCII; an IPv6 address in its brackets.
    pub host: &'a [u8],
    /// The port, where one was given.
    pub port: Option<u16>,
}

/// Why a request-target was refused.
pub type Reason = &'static str;

impl<'a> Target<'a> {
    /// Parses the target of any method but CONNECT and OPTIONS, which have forms of their own.
    pub fn parse(target: &'a str) -> Result<Target<'a>, Reason> {
        if target.starts_with('/') {
            return Path::parse(target).map(Target::Origin);
        }
        let Some((scheme, rest)) = target.split_once("://") else {
            return Err("the request-target is neither a path nor a URL");
        };
        if !scheme.eq_ignore_ascii_case("http") {
            return Err("the scheme of the request-target is not http");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let authority = Authority::parse(authority.as_bytes()).ok_or("the host in the request-target is malformed")?;
        // "http://host" and "http://host?query" leave out the path, which is then "/" (RFC 9110, section 4.2.3).
        let path = match path.strip_prefix('?') {
            None if path.is_empty() => Path { path: "/", query: None },
            None => Path::parse(path)?,
            Some(query) => Path { path: "/", query: Some(checked_query(query)?) },
        };
        Ok(Target::Absolute(authority, path))
    }
}

impl<'a> Path<'a> {
    fn parse(target: &'a str) -> Result<Path<'a>, Reason> {
        let (path, rest) = checked(target, &IN_PATH)?;
        match rest.strip_prefix('?') {
            None if rest.is_empty() => Ok(Path { path, query: None }),
            None => Err(NOT_ALLOWED),
            Some(query) => Ok(Path { path, query: Some(checked_query(query)?) }),
        }
    }
}

impl<'a> Authority<'a> {
    /// `uri-host [ ":" port ]` (RFC 3986, section 3.2), without userinfo, which HTTP forbids. Of the registered names
    /// only those are taken that a host name can be made of. `None` for all else.
    pub fn parse(text: &'a [u8]) -> Option<Authority<'a>> {
        let is_address = text.starts_with(b"[");
        let end = if is_address {
            memchr::memchr(b']', text)? + 1
        } else {
            text.iter().position(|&byte| !is_in(&IN_HOST, byte)).unwrap_or(text.len())
        };
        let (host, port) = text.split_at_checked(end)?;
        let is_valid = if is_address { is_ipv6(host) } else { !host.is_empty() };
        let port = match port {
            [] | [b':'] => None,
            [b':', digits @ ..] if digits.len() <= 5 => {
                let number = digits.iter().try_fold(0, |number, &digit| {
                    digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
                });
                Some(u16::try_from(number?).ok()?)
            }
            _ => return None,
        };
        is_valid.then_some(Authority { host, port })
    }
}

/// An IPv6 address in its brackets.
fn is_ipv6(host: &[u8]) -> bool {
    let address = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]"));
    address.and_then(|address| str::from_utf8(address).ok()).is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` and "/" (RFC 3986, section 3.3) but for what is percent-encoded, and the brackets, bars and carets that
/// browsers leave as they are (WHATWG URL, path percent-encode set).
const fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',')
        || matches!(byte, b';' | b'=' | b':' | b'@' | b'/' | b'[' | b']' | b'|' | b'^')
}

/// What a path may hold, "?" (RFC 3986, section 3.4), and what browsers leave as it is in a query.
const fn is_query(byte: u8) -> bool {
    is_path(byte) || matches!(byte, b'?' | b'{' | b'}' | b'\\' | b'`')
}

/// The bytes that may stand in a path, in a query and in a name: looked up, because it is done for each byte of each
/// request.
const IN_PATH: Table = tables().0;
const IN_QUERY: Table = tables().1;
const IN_HOST: Table = tables().2;

type Table = [bool; 256];

#[expect(clippy::indexing_slicing, reason = "done by the compiler, which would stop")]
const fn tables() -> (Table, Table, Table) {
    let (mut in_path, mut in_query, mut in_host) = ([false; 256], [false; 256], [false; 256]);
    let mut byte = 0;
    while byte < 256 {
        in_path[byte] = is_path(byte as u8);
        in_query[byte] = is_query(byte as u8);
        in_host[byte] = is_host(byte as u8);
        byte += 1;
    }
    (in_path, in_query, in_host)
}

fn is_in(table: &Table, byte: u8) -> bool {
    table.get(usize::from(byte)).is_some_and(|&is_in| is_in)
}

const NOT_ALLOWED: Reason = "the request-target holds a character that must be percent-encoded";

/// The text up to the first byte that is not allowed, and the rest. Each "%" stands before two hexadecimal digits.
fn checked<'a>(text: &'a str, allowed: &Table) -> Result<(&'a str, &'a str), Reason> {
    let mut rest = text.as_bytes();
    loop {
        let end = rest.iter().position(|&byte| !is_in(allowed, byte)).unwrap_or(rest.len());
        match rest.get(end..).unwrap_or_default() {
            [b'%', a, b, after @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest = after,
            [b'%', ..] => return Err("a \"%\" in the request-target is not followed by two hexadecimal digits"),
            not_allowed => return Ok(text.split_at_checked(text.len() - not_allowed.len()).unwrap_or((text, ""))),
        }
    }
}

fn checked_query(text: &str) -> Result<&str, Reason> {
    match checked(text, &IN_QUERY)? {
        (query, "") => Ok(query),
        _ => Err(NOT_ALLOWED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path<'a>(path: &'a str, query: Option<&'a str>) -> Path<'a> {
        Path { path, query }
    }

    #[test]
    fn forms_that_are_valid() {
        let host = Authority { host: b"a.b", port: Some(80) };
        let bare = Authority { host: b"a", port: None };
        for (text, target) in [
            ("/", Target::Origin(path("/", None))),
            ("/a/b?c=d?e", Target::Origin(path("/a/b", Some("c=d?e")))),
            ("/?", Target::Origin(path("/", Some("")))),
            ("//a", Target::Origin(path("//a", None))),
            ("/a%20b%FF", Target::Origin(path("/a%20b%FF", None))),
            ("/[a]|b^c?d[]={e}", Target::Origin(path("/[a]|b^c", Some("d[]={e}")))),
            ("http://a.b:80/c?d", Target::Absolute(host, path("/c", Some("d")))),
            ("HTTP://a", Target::Absolute(bare, path("/", None))),
            ("http://a?b", Target::Absolute(bare, path("/", Some("b")))),
        ] {
            assert_eq!(Target::parse(text), Ok(target), "{text}");
        }
    }

    #[test]
    fn targets_that_are_not() {
        for text in [
            "",
            "a",
            "*",
            "a:80",
            "ftp://a/",
            "https://a/",
            "http://",
            "http:///",
            "http://u@a/",
            "http://a:b/",
            "/a b",
            "/%",
            "/%2",
            "/%g0",
            "/a#b",
            "/\"",
            "/<",
            "/a\\b",
            "/\u{e4}",
            "/?\u{e4}",
            "/\x7f",
            "/?%zz",
            "http://a?%",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts() {
        for (text, host, port) in [
            ("a", "a", None),
            ("a:", "a", None),
            ("A.b-c_d.:8080", "A.b-c_d.", Some(8080)),
            ("127.0.0.1:1", "127.0.0.1", Some(1)),
            ("[::1]:65535", "[::1]", Some(65535)),
            ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", None),
        ] {
            assert_eq!(Authority::parse(text.as_bytes()), Some(Authority { host: host.as_bytes(), port }), "{text}");
        }
        for text in [
            "",
            ":80",
            "a:b",
            "a:65536",
            "a:000080",
            "a:-1",
            "a:+1",
            "u@a",
            "a,b",
            "a b",
            "a/b",
            "a%41",
            "[::1",
            "[]",
            "[1]",
            "[::::]",
            "[1:2:3:4:5:6:7:8:9]",
            "[fe80::1%25eth0]",
            "[::g]",
            "::1",
            "[::1]a",
            "a\"",
            "\u{e4}",
        ] {
            assert_eq!(Authority::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Authority::parse(b"\xff"), None);
    }
}
