//! The addresses a server listens on: how they are written, and which of them get in each other's way.
//!
//! Never opens a socket and never looks a name up.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use super::diagnostic::{Malformed, Quoted};

/// Where to listen.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Address {
    /// Both 127.0.0.1 and ::1, which is what browsers try for `localhost`. Port 0 is any free port.
    Localhost(u16),
    /// One interface, or every one. Port 0 is any free port. The IPv6 wildcard means IPv6 alone.
    Tcp(SocketAddr),
    /// A UNIX socket. In a [`Config`](super::Config) from a file the path is absolute.
    Unix(PathBuf),
}

/// One socket of an [`Address`], in the form in which two of them can be compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Socket {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

const EXPECTED: &str =
    "expected an address such as \"localhost:8080\", \"0.0.0.0:80\", \"[::]:80\" or \"unix:/run/web.sock\"";

impl Address {
    /// Whether it can be reached from this machine alone.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Localhost(_) | Self::Unix(_) => true,
            // The kernel takes ::ffff:127.0.0.1 for 127.0.0.1.
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
        }
    }

    /// Every socket that has to be opened for this address.
    pub(super) fn sockets(&self) -> Vec<Socket> {
        match self {
            Self::Localhost(port) => {
                let ips: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                ips.map(|ip| Socket::Tcp(SocketAddr::new(ip, *port))).into()
            }
            Self::Tcp(address) => {
                let mut address = *address;
                // The kernel takes ::ffff:127.0.0.1 for 127.0.0.1.
                address.set_ip(address.ip().to_canonical());
                vec![Socket::Tcp(address)]
            }
            Self::Unix(path) => vec![Socket::Unix(path.clone())],
        }
    }
}

impl Socket {
    /// The socket on every interface that the kernel will not open beside this one.
    pub(super) fn wildcard(&self) -> Option<Self> {
        match self {
            Self::Tcp(address) if address.port() != 0 && !address.ip().is_unspecified() => {
                let every: IpAddr = match address {
                    SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
                Some(Self::Tcp(SocketAddr::new(every, address.port())))
            }
            Self::Tcp(_) | Self::Unix(_) => None,
        }
    }
}

impl FromStr for Address {
    type Err = Malformed;

    /// `8080` and `localhost:8080` are the same; else an IP address with a port, or `unix:` and a path.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err(Malformed::new("the path of the socket is missing").help("write \"unix:/run/web.sock\"")),
                path => Ok(Self::Unix(path.into())),
            };
        }
        match text.rsplit_once(':') {
            None if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => port(text).map(Self::Localhost),
            Some((host, number)) if host.eq_ignore_ascii_case("localhost") => port(number).map(Self::Localhost),
            _ => text.parse().map(Self::Tcp).map_err(|_| explain(text)),
        }
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn port(text: &str) -> Result<u16, Malformed> {
    // `parse` alone would take a sign.
    let digits = Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let port = digits.and_then(|text| text.parse().ok());
    port.ok_or_else(|| Malformed::new(format!("expected a port from 0 to 65535, found {}", Quoted(text))))
}

/// Why `text` is no address, and what was probably meant.
fn explain(text: &str) -> Malformed {
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        return Malformed::new("expected an address, found a URL").help(format!("write \"{authority}\""));
    }
    if text.contains('/') {
        return Malformed::new("expected an address, found a path")
            .help(format!("for a UNIX socket, write \"unix:{text}\""));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        // What is behind the last colon may be the port, or a part of the address.
        let with_port =
            text.rsplit_once(':').filter(|(ip, number)| ip.parse::<Ipv6Addr>().is_ok() && port(number).is_ok());
        let (ip, number) = with_port.unwrap_or((text, "8080"));
        return Malformed::new("an IPv6 address stands in brackets before its port")
            .help(format!("write \"[{ip}]:{number}\""));
    }
    if text.eq_ignore_ascii_case("localhost") || is_ip(text) {
        return Malformed::new("the port is missing").help(format!("write \"{text}:8080\""));
    }
    match text.rsplit_once(':') {
        Some(("" | "*", number)) if port(number).is_ok() => {
            let every = format!("every interface is [\"0.0.0.0:{number}\", \"[::]:{number}\"]");
            Malformed::new("the address before the port is missing")
                .help(format!("{every}, this machine alone \"localhost:{number}\""))
        }
        Some((host, number)) if is_ip(host) => port(number).err().unwrap_or_else(|| Malformed::new(EXPECTED)),
        Some((host, number)) if port(number).is_ok() && !host.contains([':', '[', ']']) => {
            Malformed::new(format!("{} is no IP address", Quoted(host)))
                .help(format!("names are not looked up, they go to `hosts`; every interface is \"0.0.0.0:{number}\""))
        }
        _ => Malformed::new(EXPECTED),
    }
}

fn is_ip(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host.parse::<Ipv4Addr>().is_ok() || bare.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_shown() {
        let table = [
            ("8080", "localhost:8080"),
            ("0", "localhost:0"),
            ("localhost:8080", "localhost:8080"),
            ("LocalHost:80", "localhost:80"),
            ("0.0.0.0:8080", "0.0.0.0:8080"),
            ("[::]:8080", "[::]:8080"),
            ("[::1]:65535", "[::1]:65535"),
            ("unix:/run/web.sock", "unix:/run/web.sock"),
            ("unix:web.sock", "unix:web.sock"),
        ];
        for (text, shown) in table {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse::<Address>().unwrap(), address);
        }
    }

    #[test]
    fn malformed() {
        let table = [
            ("", "expected an address"),
            ("localhost", "the port is missing; write \"localhost:8080\""),
            ("127.0.0.1", "the port is missing; write \"127.0.0.1:8080\""),
            ("[::1]", "the port is missing; write \"[::1]:8080\""),
            ("::1", "in brackets before its port; write \"[::1]:8080\""),
            ("::1:80", "in brackets before its port; write \"[::1]:80\""),
            ("fe80::a:b", "in brackets before its port; write \"[fe80::a:b]:8080\""),
            (":80", "the address before the port is missing; every interface is [\"0.0.0.0:80\", \"[::]:80\"]"),
            ("*:80", "the address before the port is missing"),
            ("70000", "expected a port from 0 to 65535, found `70000`"),
            ("localhost:+80", "found `+80`"),
            ("localhost:", "found ``"),
            ("127.0.0.1:http", "found `http`"),
            ("[::1]:99999", "found `99999`"),
            ("example.test:80", "`example.test` is no IP address; names are not looked up"),
            ("http://localhost:80/x", "found a URL; write \"localhost:80\""),
            ("/run/web.sock", "for a UNIX socket, write \"unix:/run/web.sock\""),
            ("unix:", "the path of the socket is missing"),
            ("-1", "expected an address"),
            ("1.2.3:", "expected an address"),
        ];
        for (text, part) in table {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn the_wildcard_of_a_family_takes_its_port() {
        let wildcard =
            |text: &str| text.parse::<Address>().unwrap().sockets().iter().map(Socket::wildcard).collect::<Vec<_>>();
        let tcp = |text: &str| Some(Socket::Tcp(text.parse().unwrap()));
        assert_eq!(wildcard("80"), [tcp("0.0.0.0:80"), tcp("[::]:80")]);
        assert_eq!(wildcard("[::ffff:10.0.0.1]:80"), [tcp("0.0.0.0:80")]);
        assert_eq!(wildcard("127.0.0.1:0"), [None]);
        assert_eq!(wildcard("0.0.0.0:80"), [None]);
    }
}
