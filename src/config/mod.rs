//! The config: the file as written becomes the config as used, which is valid by construction, or [`Diagnostics`] that
//! tell everything that is wrong with it at once.
//!
//! Never opens a socket, never serves, never prints.
//!
//! The way of a file: `written` reads TOML, `table` by `table`, into the `keys`, each by its `kind`; `resolve` fills in
//! what a site takes from the top of the file and judges what only several values together can get wrong. `effective`
//! is the way back, and `schema` tells editors what can be written.

mod address;
mod address_range;
mod changes;
mod diagnostic;
mod effective;
mod expect;
mod exposure;
mod field;
mod host_pattern;
mod keys;
mod kind;
mod log_target;
#[cfg(test)]
mod mistakes;
mod number;
mod pattern;
mod plain;
mod redirect;
mod resolve;
mod rules;
mod schema;
mod section;
mod source;
mod syntax;
mod table;
#[cfg(test)]
mod tests;
mod units;
mod url;
mod word;
mod written;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use address::Address;
pub use address_range::AddressRange;
pub use diagnostic::{Diagnostic, Diagnostics, Malformed, Place};
pub use expect::Expectation;
pub use field::FieldName;
pub use host_pattern::HostPattern;
pub use keys::{Limits, Log, Server};
pub use pattern::Pattern;
pub use redirect::{Redirect, RedirectStatus};
pub use rules::{CACHE_CONTROL, ErrorStatus, Methods, Rules, SiteRules};
pub use schema::schema;
pub use source::{Located, Places, Source};
pub use url::Url;

use diagnostic::Quoted;
use kind::{Context, Word};
use word::FileBelowRoot;
use written::Written;

use crate::escape::Visible;

/// What the server does. There is no invalid one: every root was a directory when it was made, no host is claimed twice
/// on a listener, and no two listeners get in each other's way.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Where it comes from.
    pub origin: Origin,
    /// What is served: one site at least, in the order of the file.
    pub sites: Vec<Site>,
    /// What the process is to the system.
    pub server: Server,
    /// What clients can make the server hold on to.
    pub limits: Limits,
    /// What is written down.
    pub log: Log,
    /// What it expects of the answers to some URLs, for a check of it.
    pub expectations: Vec<Expectation>,
    /// The text it was read from.
    pub source: Source,
}

/// Where a config comes from, as it was named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A config file.
    File(PathBuf),
    /// A directory that is served with the defaults.
    Directory(PathBuf),
}

/// The path, as it can be shown.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::File(path) | Self::Directory(path)) = self;
        Visible(path.as_os_str().as_bytes()).fmt(f)
    }
}

/// A site: a directory, and the names and addresses it is served under.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// The names it answers to; none: every name.
    pub hosts: Vec<HostPattern>,
    /// Whether it takes the requests for names that no site of the listener has: it says so, or it has no hosts. Where
    /// no site of a listener does, the first one takes them.
    pub default: bool,
    /// Where it is served: one address at least.
    pub listen: Vec<Listen>,
    /// The directory, as an absolute path whose symbolic links are not resolved.
    pub root: PathBuf,
    /// Whether names that begin with a dot are served. `/.well-known/` is in any case.
    pub dotfiles: bool,
    /// Whether files are sent in content codings, where a client accepts them.
    pub compress: bool,
    /// Which symbolic links below the root are followed.
    pub symlinks: Symlinks,
    /// What it says about its answers.
    pub rules: SiteRules,
    /// Where all that is written.
    pub places: Places,
}

/// Which symbolic links below a root are followed. The path of the root itself may hold any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Symlinks {
    /// None.
    Deny,
    /// Those that stay inside the root.
    Inside,
    /// All.
    Follow,
}

/// An address of a site.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Listen {
    /// Where to listen.
    pub address: Address,
    /// Whether anyone asked for that port. Where no one did, the next free one may be taken.
    pub port_given: bool,
}

/// A user of this system who is not root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The number of the user's own group.
    pub gid: u32,
}

/// Where the access log goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccessTarget {
    /// Nowhere.
    Off,
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
    /// The end of a file; the path is absolute.
    File(PathBuf),
    /// A syslog server, over UDP.
    SyslogUdp {
        /// A name, or an address without brackets
        host: String,
        /// Its port
        port: u16,
    },
    /// A syslog server, over a UNIX socket; the path is absolute.
    SyslogUnix(PathBuf),
}

/// What a line of the access log looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// Short and coloured on a terminal, else [`LogFormat::Combined`].
    Auto,
    /// NCSA's combined log format.
    Combined,
    /// The same behind the host and the port.
    VhostCombined,
    /// An object of JSON.
    Json,
}

/// What the command line says louder than the config.
#[derive(Clone, Default, Debug)]
pub struct Overrides {
    /// In the place of the `listen` at the top of the file, unless it is empty. A site that has its own keeps it.
    pub listen: Vec<Listen>,
    /// Directories are listed. For a directory that is served without a file, as are dotfiles.
    pub listing: bool,
    /// Names that begin with a dot are served.
    pub dotfiles: bool,
    /// The file that is sent where there is none, below a directory that is served without a config file.
    pub fallback: Option<PathBuf>,
}

impl Site {
    /// All that is not said of the site below `root` is as it is by default: it takes every name.
    fn of(root: PathBuf) -> Site {
        Site {
            hosts: Vec::new(),
            default: true,
            listen: vec![Listen { address: Address::Localhost(DEFAULT_PORT), port_given: false }],
            root,
            dotfiles: false,
            compress: true,
            symlinks: DEFAULT_SYMLINKS,
            rules: SiteRules::default(),
            places: Places::default(),
        }
    }
}

impl Listen {
    /// An address that was asked for, port and all.
    pub fn at(address: Address) -> Listen {
        Listen { address, port_given: true }
    }

    /// Every interface, over IPv4 and IPv6, at the default port or the next one that is free.
    pub fn every_interface() -> Vec<Listen> {
        let ips: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        let listen = |ip| Listen { address: Address::Tcp(SocketAddr::new(ip, DEFAULT_PORT)), port_given: false };
        ips.map(listen).into()
    }
}

/// A file beside the one at `path`, which is not there, that may be meant.
pub fn near_file(path: &Path) -> Option<String> {
    word::near(path, Path::is_file)
}

/// The same for directories.
pub fn near_directory(path: &Path) -> Option<String> {
    word::near(path, Path::is_dir)
}

/// Far more than any config needs; a device or a wrong file must not fill the memory.
const FILE_BYTES_MAX: u64 = 4 << 20;

const DEFAULT_PORT: u16 = 8080;
const DEFAULT_INDEX: &str = "index.html";
const DEFAULT_SYMLINKS: Symlinks = Symlinks::Inside;

impl Config {
    /// Reads a config file. Relative paths in it start at its directory.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, or why it cannot be read.
    pub fn from_file(path: &Path, overrides: &Overrides) -> Result<Self, Diagnostics> {
        let bytes = read(path).map_err(|error| unreadable(path, &error))?;
        Self::from_bytes(path, bytes, overrides)
    }

    /// The same for what the file at `path` holds.
    fn from_bytes(path: &Path, bytes: Vec<u8>, overrides: &Overrides) -> Result<Self, Diagnostics> {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Err(not_utf8(path, &error)),
        };
        let absolute = std::path::absolute(path).map_err(|error| unreadable(path, &error))?;
        let base = absolute.parent().unwrap_or(&absolute);
        let mut context = Context { base, problems: Vec::new() };
        let written = Written::read(&text, &mut context);
        let (config, problems) = resolve::file(Source::new(path, &text), path, written, overrides);
        context.problems.extend(problems);
        match config {
            Some(config) if context.problems.is_empty() => Ok(config),
            _ => Err(Diagnostics::in_file(path, &text, context.problems)),
        }
    }

    /// One site with every name and the defaults: the files below `dir`.
    ///
    /// # Errors
    ///
    /// Where `dir` is not a directory, the addresses of `overrides` get in each other's way, or the fallback is no file
    /// below `dir`.
    pub fn from_directory(dir: &Path, overrides: &Overrides) -> Result<Self, Diagnostics> {
        let unusable = |reason: String| {
            let title = format!("cannot serve {}: {reason}", Quoted(&dir.to_string_lossy()));
            Diagnostic::without_place(title)
        };
        let alone = |problem: Diagnostic| Diagnostics::without_file(vec![problem]);
        let found = std::fs::metadata(dir).map_err(|error| alone(unusable(error.to_string())))?;
        if !found.is_dir() {
            let help = "to serve the sites of a config file, give it with --config";
            return Err(alone(unusable("it is not a directory".to_owned()).help(help)));
        }
        let root = std::path::absolute(dir).map_err(|error| alone(unusable(error.to_string())))?;
        let fallback = overrides.fallback.as_deref().map(|file| file_below(dir, file)).transpose()?;
        let fallback = fallback.map(Located::nowhere);
        let mut config = resolve::directory(dir, root, overrides).map_err(Diagnostics::without_file)?;
        for site in &mut config.sites {
            site.rules.fallback.clone_from(&fallback);
        }
        Ok(config)
    }

    /// The same of the current directory, which nobody has named.
    ///
    /// # Errors
    ///
    /// The same, and where that shows more than whoever named none can have meant.
    pub fn from_current_directory(overrides: &Overrides) -> Result<Self, Diagnostics> {
        let config = Self::from_directory(Path::new("."), overrides)?;
        let addresses = config.sites.iter().flat_map(|site| &site.listen).map(|listen| &listen.address);
        match config.origin.surprise(addresses) {
            Some(problem) => Err(Diagnostics::without_file(vec![problem])),
            None => Ok(config),
        }
    }
}

/// The path below `dir` of a file that was given on the command line, where a slip of the finger is seen at once.
fn file_below(dir: &Path, file: &Path) -> Result<String, Diagnostics> {
    let [shown, directory] = [file, dir].map(|path| path.to_string_lossy().into_owned());
    let title = format!("--fallback {} is no file below {}", Quoted(&shown), Quoted(&directory));
    let problem = Diagnostic::without_place(title);
    // Where it is below the directory if it was meant to start here, as in `dist/index.html dist`.
    let meant = file.canonicalize().ok().filter(|file| file.is_file());
    let meant = meant.and_then(|file| Some(file.strip_prefix(dir.canonicalize().ok()?).ok()?.display().to_string()));
    let meant = meant.map(|path| format!("it starts at the directory: write --fallback {path}"));
    let text = file.to_str().ok_or(Malformed::new("its name is not UTF-8"));
    let problem = match text.and_then(|text| FileBelowRoot.parse(text, dir)) {
        Ok(path) if !path.is_empty() && dir.join(&path).is_file() => return Ok(path),
        Ok(path) if !path.is_empty() && dir.join(&path).exists() => problem.note("it is there, but it is no file"),
        Ok(_) => problem.note("there is no such file").maybe_help(meant),
        Err(error) => problem.note(error.problem).maybe_help(meant.or(error.help)),
    };
    Err(Diagnostics::without_file(vec![problem]))
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostics {
    let title = format!("cannot read the config {}: {error}", Quoted(&path.to_string_lossy()));
    Diagnostics::without_file(vec![Diagnostic::without_place(title)])
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Diagnostics {
    let valid = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(valid).copied().unwrap_or_default();
    // Up to the first wrong byte the places of the text and of the bytes are the same.
    let text = String::from_utf8_lossy(error.as_bytes());
    let place = valid..valid + char::REPLACEMENT_CHARACTER.len_utf8();
    let problem =
        Diagnostic::at(place, "the file is not UTF-8").label(format!("the byte 0x{byte:02X} cannot stand here"));
    let is_wide = matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let problem = if is_wide { problem.note("it looks like UTF-16") } else { problem };
    Diagnostics::in_file(path, &text, vec![problem.help("save the file as UTF-8, which TOML requires")])
}
