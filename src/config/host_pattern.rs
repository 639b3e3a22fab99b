//! The names a site answers to, as they are written in `hosts`.
//!
//! Never matches a request against them: that is the business of the sites.

use std::fmt::{self, Display, Formatter};
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::diagnostic::{Malformed, Quoted};

/// A name of a site. Two patterns are equal where they claim the same hosts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HostPattern {
    /// One host: lower case, without trailing dot and port. An IPv6 address has its brackets.
    Exact(String),
    /// Every name below one: `*.example.test` is `.example.test` here. The name itself is not among them.
    Wildcard(String),
}

/// RFC 1035 2.3.4, without the length bytes and the root label.
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

impl FromStr for HostPattern {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let Some(literal) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address = literal.parse::<Ipv6Addr>();
            return address
                .map(|address| Self::Exact(format!("[{address}]")))
                .map_err(|_| Malformed::new("expected an IPv6 address between the brackets"));
        }
        refuse_url_parts(text)?;
        let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if host.len() > HOST_BYTES_MAX {
            return Err(Malformed::new(format!(
                "a host has at most {HOST_BYTES_MAX} bytes, this one has {}",
                host.len()
            )));
        }
        if let Some(rest) = host.strip_prefix("*.") {
            check_labels(rest)?;
            return Ok(Self::Wildcard(format!(".{rest}")));
        }
        check_labels(&host)?;
        Ok(Self::Exact(host))
    }
}

impl Display for HostPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host),
            Self::Wildcard(suffix) => write!(f, "*{suffix}"),
        }
    }
}

/// What people paste from an address bar, told apart so that each can be told what to write.
fn refuse_url_parts(text: &str) -> Result<(), Malformed> {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme.is_some() {
        return Err(Malformed::new("expected a host without a scheme").help(suggest(authority)));
    }
    if authority.len() < rest.len() {
        return Err(Malformed::new("expected a host without a path").help(suggest(authority)));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(Malformed::new("an IPv6 address stands in brackets").help(format!("write \"[{text}]\"")));
    }
    match text.rsplit_once(':') {
        Some((_, _)) => Err(Malformed::new("expected a host without a port")
            .help(format!("{}; the port belongs to `listen`", suggest(authority)))),
        None => Ok(()),
    }
}

fn suggest(authority: &str) -> String {
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let host = authority.rsplit_once(':').filter(|(_, port)| digits(port)).map_or(authority, |(host, _)| host);
    format!("write \"{host}\"")
}

fn check_labels(host: &str) -> Result<(), Malformed> {
    if host == "*" {
        return Err(
            Malformed::new("a wildcard needs a name to stand before").help("to answer every name, leave `hosts` out")
        );
    }
    if host.is_empty() {
        return Err(Malformed::new("expected a host, found nothing").help("to answer every name, leave `hosts` out"));
    }
    for label in host.split('.') {
        if label.is_empty() {
            return Err(Malformed::new("two dots with nothing between them, or a dot at the start"));
        }
        if label.len() > LABEL_BYTES_MAX {
            return Err(Malformed::new(format!("the part {} has more than {LABEL_BYTES_MAX} bytes", Quoted(label))));
        }
        if label.contains('*') {
            return Err(Malformed::new("`*` stands for whole names at the start only, as in \"*.example.test\""));
        }
        if !label.is_ascii() {
            return Err(Malformed::new(format!("{} is not ASCII", Quoted(label)))
                .help("browsers send such a name in its ASCII form, which starts with \"xn--\": write that"));
        }
        if let Some(stranger) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            let stranger = stranger.to_string();
            return Err(Malformed::new(format!("{} cannot stand in a host", Quoted(&stranger))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_used() {
        let exact = |host: &str| HostPattern::Exact(host.to_owned());
        let table = [
            ("example.test", exact("example.test")),
            ("Example.TEST.", exact("example.test")),
            ("localhost", exact("localhost")),
            ("127.0.0.1", exact("127.0.0.1")),
            ("[0:0::1]", exact("[::1]")),
            ("under_score.test", exact("under_score.test")),
            ("*.Example.test.", HostPattern::Wildcard(".example.test".to_owned())),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!("*.A.test".parse::<HostPattern>().unwrap().to_string(), "*.a.test");
        let longest = format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
        assert!(longest.parse::<HostPattern>().is_ok() && format!("{longest}.").parse::<HostPattern>().is_ok());
        assert!(format!("{longest}d").parse::<HostPattern>().is_err());
    }

    #[test]
    fn malformed() {
        let long_label = format!("{}.test", "a".repeat(64));
        let table = [
            ("", "to answer every name, leave `hosts` out"),
            (".", "to answer every name"),
            ("*", "to answer every name"),
            ("*.", "to answer every name"),
            ("a.*.test", "at the start only"),
            ("*a.test", "at the start only"),
            ("*.*.test", "at the start only"),
            ("a..test", "two dots"),
            (".example.test", "a dot at the start"),
            ("a.test:80", "without a port; write \"a.test\"; the port belongs to `listen`"),
            ("http://a.test", "without a scheme; write \"a.test\""),
            ("https://a.test:443/x", "without a scheme; write \"a.test\""),
            ("a.test/x", "without a path; write \"a.test\""),
            ("::1", "in brackets; write \"[::1]\""),
            ("[::1]:80", "without a port; write \"[::1]\""),
            ("[a]", "expected an IPv6 address"),
            ("a b", "` ` cannot stand in a host"),
            ("bücher.test", "xn--"),
            (&long_label, "more than 63 bytes"),
        ];
        for (text, part) in table {
            let error = text.parse::<HostPattern>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
