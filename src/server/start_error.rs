//! Why a server could not be started, in words that say what to do.

use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

use crate::config::AccessTarget;

/// Why a server could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The root of a site cannot be opened.
    Root(PathBuf, io::Error),
    /// The access log cannot be written to.
    AccessLog(AccessTarget, io::Error),
    /// An address cannot be had.
    Bind(String, io::Error),
    /// The machine refused something else.
    Io(io::Error),
}

impl StartError {
    /// What kind of error the machine gave.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Root(_, error) | Self::AccessLog(_, error) | Self::Bind(_, error) | Self::Io(error) => error.kind(),
        }
    }
}

impl Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(path, error) => write!(f, "cannot open {}: {error}", path.display()),
            Self::AccessLog(AccessTarget::File(path), error) => {
                write!(f, "cannot open the access log {}: {error}", path.display())
            }
            Self::AccessLog(_, error) => write!(f, "cannot open the access log: {error}"),
            Self::Bind(address, error) => {
                write!(f, "cannot listen on {address}: ")?;
                explain_bind(f, address.starts_with("unix:"), error)
            }
            Self::Io(error) => error.fmt(f),
        }
    }
}

fn explain_bind(f: &mut fmt::Formatter<'_>, is_unix: bool, error: &io::Error) -> fmt::Result {
    match error.kind() {
        io::ErrorKind::AddrInUse if is_unix => f.write_str("another process listens on that socket"),
        io::ErrorKind::AddrInUse => {
            f.write_str("the port is taken by another process\n  help: stop it, or choose another port with --listen")
        }
        io::ErrorKind::AddrNotAvailable => f.write_str("no interface of this machine has that address"),
        io::ErrorKind::PermissionDenied if !is_unix => {
            f.write_str("permission denied\n  help: ports below 1024 need root or CAP_NET_BIND_SERVICE; 8080 does not")
        }
        _ => error.fmt(f),
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> StartError {
        StartError::Io(error)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Root(_, error) | Self::AccessLog(_, error) | Self::Bind(_, error) | Self::Io(error) => Some(error),
        }
    }
}
