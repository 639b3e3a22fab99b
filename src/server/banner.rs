//! What a server says when it is ready: where it can be reached, and what is there. For a terminal a few lines, else
//! one.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Listeners, Sandbox, Supervisor, privileges};
use crate::config::{self, Origin};
use crate::escape::Visible;
use crate::net::LocalAddress;
use crate::site::Binding;

/// How the banner is to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// How much room there is.
    pub shape: Shape,
    /// Whether it is coloured.
    pub color: bool,
}

/// How much room there is for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One line, for logs and programs.
    Line,
    /// As many as it takes, for people.
    Lines,
}

/// What is not as safe as it could be with a server that was started by `origin`, a line each.
pub fn cautions(server: &Supervisor, origin: &Origin) -> Vec<&'static str> {
    let addresses = server.listeners().bindings().iter().map(|binding| &binding.address);
    origin.caution(addresses).into_iter().chain(cautions_of(server.sandbox(), origin)).collect()
}

/// The same of what those who serve are kept from.
pub(super) fn cautions_of(sandbox: Sandbox, origin: &Origin) -> impl Iterator<Item = &'static str> {
    let root = match origin {
        Origin::File(_) => "it runs as root; with `user` in [server] it becomes another user as soon as it listens",
        Origin::Directory(_) => "it runs as root; start it as another user, or with a config that names one: `user`",
    };
    let unconfined = "there is no sandbox: this kernel does not offer Landlock";
    let open = "its sandbox lets it read every file: the root of a site is /, or its `symlinks` are \"follow\"";
    let found = [
        (privileges::is_root(), root),
        (sandbox == Sandbox::Unavailable, unconfined),
        (sandbox.reads_everything(), open),
    ];
    found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, caution)| caution)
}

/// The banner of a server that was started by `origin`.
pub fn banner(server: &Supervisor, origin: &Origin, look: Look) -> String {
    let listeners = server.listeners();
    let urls = urls(listeners);
    let version = env!("CARGO_PKG_VERSION");
    let source = match origin {
        Origin::File(path) | Origin::Directory(path) => path,
    };
    let (bold, dim, link, reset) =
        if look.color { ("\x1b[1m", "\x1b[2m", "\x1b[4;36m", "\x1b[0m") } else { ("", "", "", "") };
    if look.shape == Shape::Line {
        let urls: Vec<_> = urls.into_iter().map(|(url, _)| format!("{link}{url}{reset}")).collect();
        let moved = moved_ports(listeners).map_or(String::new(), |(wanted, _)| format!(" (port {wanted} is taken)"));
        let source = plain(source);
        return format!("{bold}webserv {version}{reset} serving {source} at {}{moved}\n", urls.join(" "));
    }
    let width = urls.iter().map(|(url, _)| url.len()).max().unwrap_or_default();
    let mut text = format!("\n  {bold}webserv {version}{reset}  {dim}{}{reset}\n\n", plain(source));
    for (url, root) in &urls {
        let gap = width - url.len();
        _ = writeln!(text, "  {link}{url}{reset}{:gap$}  {dim}{}{reset}", "", plain(root));
    }
    if let Some((wanted, port)) = moved_ports(listeners) {
        _ = writeln!(text, "\n  Port {wanted} is taken, so this is {port}.");
    }
    for caution in cautions(server, origin) {
        _ = writeln!(text, "\n  {bold}Warning:{reset} {caution}.");
    }
    let sandbox = match server.sandbox() {
        Sandbox::Off | Sandbox::Unavailable => String::new(),
        sandbox @ Sandbox::Landlock(_) => format!("; sandbox: {sandbox}"),
    };
    _ = writeln!(text, "\n  {dim}Ctrl-C stops it{sandbox}{reset}\n");
    text
}

/// The first URL of a server that a browser can go to.
pub(super) fn first_http_url(listeners: &Listeners) -> Option<String> {
    urls(listeners).into_iter().map(|(url, _)| url).find(|url| url.starts_with("http://"))
}

/// A URL for each site at each address, with the directory that is there.
fn urls(listeners: &Listeners) -> Vec<(String, &Path)> {
    let mut urls: Vec<(String, &Path)> = Vec::new();
    for endpoint in listeners.endpoints() {
        let Some(binding) = listeners.bindings().get(endpoint.binding as usize) else { continue };
        for site in &binding.sites {
            let found = match &endpoint.address {
                LocalAddress::Unix(path) => vec![format!("unix:{}", plain(path))],
                LocalAddress::Tcp(address) => match &site.name {
                    Some(name) => vec![url(name, address.port())],
                    None => hosts(binding, address).iter().map(|host| url(host, address.port())).collect(),
                },
            };
            for url in found {
                if urls.iter().all(|(known, _)| *known != url) {
                    urls.push((url, &site.root));
                }
            }
        }
    }
    urls
}

fn url(host: &str, port: u16) -> String {
    // The default port is left out, as browsers do.
    if port == 80 { format!("http://{host}/") } else { format!("http://{host}:{port}/") }
}

/// What stands for an address in a URL. An address that stands for every interface is none to be clicked.
fn hosts(binding: &Binding, address: &SocketAddr) -> Vec<String> {
    let literal = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    if let config::Address::Localhost(_) = binding.address {
        return vec!["localhost".to_owned()];
    }
    if !address.ip().is_unspecified() {
        return vec![literal(address.ip())];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let reachable = |interface: &if_addrs::Interface| {
        !interface.is_loopback() && !interface.is_link_local() && interface.ip().is_ipv4() == address.is_ipv4()
    };
    let others = interfaces.iter().filter(|interface| reachable(interface)).map(|interface| literal(interface.ip()));
    std::iter::once("localhost".to_owned()).chain(others).collect()
}

/// The port that nobody asked for and that is taken, and the one that was taken instead.
fn moved_ports(listeners: &Listeners) -> Option<(u16, u16)> {
    listeners.endpoints().find_map(|endpoint| {
        let binding = listeners.bindings().get(endpoint.binding as usize).filter(|binding| !binding.port_given)?;
        let wanted = match &binding.address {
            config::Address::Localhost(port) => *port,
            config::Address::Tcp(address) => address.port(),
            config::Address::Unix(_) => return None,
        };
        match endpoint.address {
            LocalAddress::Tcp(address) if address.port() != wanted => Some((wanted, address.port())),
            _ => None,
        }
    })
}

/// A path as short as it can be said, without what could steer a terminal.
fn plain(path: &Path) -> String {
    // A config may say "../www", which nobody would type.
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let here = std::env::current_dir().unwrap_or_default();
    let shown = full.strip_prefix(here).ok().filter(|below| !below.as_os_str().is_empty()).unwrap_or(&full);
    Visible(shown.as_os_str().as_bytes()).to_string()
}
