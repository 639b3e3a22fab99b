//! A URL that is asked about: of this server, by a host and a port, or by its path alone.
//!
//! Never says whether anybody listens there.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::diagnostic::{Malformed, Quoted};
use super::kind::Word;

/// What is asked for: `http://host:port/path?query`, or a path with its query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    authority: Option<(String, u16)>,
    target: String,
}

/// The port of `http` (RFC 9110, section 4.2.1).
const HTTP_PORT: u16 = 80;

/// What a browser encodes wherever it stands: no request-target can hold it.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

impl Url {
    /// The host, an IPv6 address in its brackets, and the port. None where only a path is given.
    pub fn authority(&self) -> Option<(&str, u16)> {
        self.authority.as_ref().map(|(host, port)| (&**host, *port))
    }

    /// The request-target: path and query, without the fragment, which is never sent.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What is typed at a command line: as for curl, the `http://` of a host may be left out.
    ///
    /// # Errors
    ///
    /// It is neither a URL of http nor a path.
    pub fn typed(text: &str) -> Result<Url, Malformed> {
        match split_scheme(text) {
            None if begins_with_host(text) => format!("http://{text}").parse(),
            _ => text.parse(),
        }
    }
}

impl FromStr for Url {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: &str = "expected a URL such as \"http://localhost:8080/a\", or a path such as \"/a\"";
        let target = |text: &str| {
            let sent = text.split('#').next().unwrap_or_default();
            utf8_percent_encode(sent, ENCODED).to_string()
        };
        if text.starts_with('/') {
            return Ok(Url { authority: None, target: target(text) });
        }
        let Some((scheme, rest)) = split_scheme(text) else {
            return Err(Malformed::new(EXPECTED).help(match begins_with_host(text) {
                true => format!("write \"http://{text}\""),
                false if text.contains('.') => format!("write \"/{text}\", or \"http://{text}\" if that is a host"),
                false => format!("write \"/{text}\""),
            }));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => {
                let help = format!("write \"http://{rest}\" with the port of a listener");
                return Err(Malformed::new("this server speaks http, not https").help(help));
            }
            _ => return Err(Malformed::new(format!("the scheme {} is not http", Quoted(scheme)))),
        }
        let (authority, path) = split_authority(rest);
        if authority.contains('@') {
            return Err(Malformed::new("a URL of http has no user in it"));
        }
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = authority.rsplit_once(':').filter(|(_, port)| is_port(port)).unwrap_or((authority, ""));
        let port = match port {
            "" => HTTP_PORT,
            port => port
                .parse()
                .map_err(|_| Malformed::new(format!("expected a port from 0 to 65535, found {}", Quoted(port))))?,
        };
        let is_literal = host.starts_with('[') && host.ends_with(']');
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        match host {
            "" => return Err(Malformed::new("the host is missing").help("a path alone will do as well")),
            _ if is_literal || host.bytes().all(is_name) => {}
            _ => return Err(Malformed::new(format!("{} is no host", Quoted(host)))),
        }
        let path = target(path);
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Url { authority: Some((host.to_owned(), port)), target: format!("{slash}{path}") })
    }
}

/// The scheme, and what is behind its slashes. None where it has none.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    // What is in a query may be a URL, too.
    text.split_once("://").filter(|(scheme, _)| !scheme.contains([':', '/', '?', '#']))
}

/// The host and the port, and what is behind them.
fn split_authority(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()))
}

/// Whether what has no scheme begins with a host rather than with the name of a file. `index.html` may be either.
fn begins_with_host(text: &str) -> bool {
    let (authority, path) = split_authority(text);
    let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_local = name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"));
    let has_dot = name.contains('.') && !name.starts_with('.');
    !port.is_empty() || is_local || (has_dot && path.starts_with('/'))
}

impl Display for Url {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.authority {
            Some((host, HTTP_PORT)) => write!(f, "http://{host}{}", self.target),
            Some((host, port)) => write!(f, "http://{host}:{port}{}", self.target),
            None => f.write_str(&self.target),
        }
    }
}

/// A URL as it is written.
pub(super) struct Asked;

impl Word for Asked {
    type Value = Url;

    const COMPLAINT: &str = "invalid URL";
    const PATTERN: &str = r"^([Hh][Tt][Tt][Pp]://[^/?#@]+|/)";

    fn parse(&self, text: &str, _: &Path) -> Result<Url, Malformed> {
        text.parse()
    }

    fn show(&self, value: &Url) -> String {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_asked() {
        for (text, authority, target) in [
            ("/a", None, "/a"),
            ("/a b?c=\u{fc}#d", None, "/a%20b?c=%C3%BC"),
            ("http://a.test", Some(("a.test", 80)), "/"),
            ("HTTP://a.test:8080?q", Some(("a.test", 8080)), "/?q"),
            ("http://[::1]:81/x", Some(("[::1]", 81)), "/x"),
            ("http://[::1]/", Some(("[::1]", 80)), "/"),
            ("http://a.test:/%00\r\n", Some(("a.test", 80)), "/%00%0D%0A"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!((url.authority(), url.target()), (authority, target), "{text}");
            assert_eq!(url.to_string().parse::<Url>().unwrap(), url, "{text}");
        }
    }

    #[test]
    fn typed_without_its_scheme() {
        for (text, written) in [
            ("localhost", "http://localhost/"),
            ("app.LocalHost/x", "http://app.LocalHost/x"),
            ("app:8090", "http://app:8090/"),
            ("a.test/x?y=http://z", "http://a.test/x?y=http://z"),
            ("localhost?y=http://z", "http://localhost/?y=http://z"),
            ("127.0.0.1:81/", "http://127.0.0.1:81/"),
            ("[::1]:81/x", "http://[::1]:81/x"),
            ("http://a.test/", "http://a.test/"),
            ("/a.test:81/x", "/a.test:81/x"),
        ] {
            assert_eq!(Url::typed(text).unwrap().to_string(), written, "{text}");
        }
        for text in ["", "index.html", "a", "a/b.c", "./a", "../a.b/c", "mailto:", "https://a.test/", "a b.c/", "a:b/"]
        {
            assert!(Url::typed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn malformed() {
        for (text, part) in [
            ("", "expected a URL"),
            ("index.html", "write \"/index.html\", or \"http://index.html\" if that is a host"),
            ("a.test/", "write \"http://a.test/\""),
            ("localhost:8080", "write \"http://localhost:8080\""),
            ("a/b.css?c=http://d", "write \"/a/b.css?c=http://d\""),
            ("old", "write \"/old\""),
            ("https://a.test/", "write \"http://a.test/\""),
            ("ftp://a", "the scheme `ftp` is not http"),
            ("http:///a", "the host is missing"),
            ("http://a:99999/", "found `99999`"),
            ("http://a b/", "`a b` is no host"),
            ("http://a\r\nb/", "is no host"),
            ("http://a@b/", "no user"),
        ] {
            let error = text.parse::<Url>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
