//! Why a server could not be started or go on, in words that say what to do.

use std::fmt::{self, Display};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::descriptors::Descriptors;
use super::port_holder::Holder;
use super::privileges;
use crate::config::AccessTarget;
use crate::escape::Visible;
use crate::net::LocalAddress;

/// Why a server could not be started, or go on.
#[derive(Debug)]
pub enum StartError {
    /// The root of a site cannot be opened.
    Root {
        /// Its path
        path: PathBuf,
        /// Why not
        error: io::Error,
        /// The name of the user who was denied it, where that is why and the name is known
        denied: Option<String>,
    },
    /// The access log cannot be written to.
    AccessLog {
        /// Where it was to go
        target: AccessTarget,
        /// Why not
        error: io::Error,
        /// As above
        denied: Option<String>,
    },
    /// An address cannot be had.
    Bind {
        /// Which one
        address: LocalAddress,
        /// Why not
        error: io::Error,
        /// Who has it, where that is why, and where it can be told
        holder: Option<Holder>,
    },
    /// A worker cannot go on.
    Worker(io::Error),
    /// It was not started as root, and is to become this user.
    NotRoot(String),
    /// It cannot become this user.
    User(String, io::Error),
    /// The kernel has a sandbox, and refuses it.
    Sandbox(io::Error),
    /// There may be fewer descriptors than it takes to serve one client.
    Descriptors {
        /// How many there may be (getrlimit(2), `RLIMIT_NOFILE`)
        limit: u64,
        /// How many there would have to be
        needed: u64,
    },
    /// No thread could be started.
    Thread(io::Error),
    /// The machine refused something else.
    Io(io::Error),
}

impl StartError {
    pub(super) fn root(path: PathBuf, error: io::Error) -> StartError {
        Self::Root { path, denied: denied(&error), error }
    }

    pub(super) fn access_log(target: AccessTarget, error: io::Error) -> StartError {
        Self::AccessLog { target, denied: denied(&error), error }
    }

    /// What kind of error the machine gave.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Descriptors { .. } => io::ErrorKind::QuotaExceeded,
            _ => self.cause().map_or(io::ErrorKind::PermissionDenied, io::Error::kind),
        }
    }

    /// The error of the machine that is behind it.
    fn cause(&self) -> Option<&io::Error> {
        match self {
            Self::NotRoot(_) | Self::Descriptors { .. } => None,
            Self::Root { error, .. }
            | Self::AccessLog { error, .. }
            | Self::Bind { error, .. }
            | Self::Worker(error)
            | Self::User(_, error)
            | Self::Sandbox(error)
            | Self::Thread(error)
            | Self::Io(error) => Some(error),
        }
    }

    /// Names the process that holds the address, where that is what is wrong.
    pub(super) fn with_holder(mut self, find: impl FnOnce(&LocalAddress) -> Option<Holder>) -> StartError {
        if let Self::Bind { address, error, holder } = &mut self
            && error.kind() == io::ErrorKind::AddrInUse
        {
            *holder = find(address);
        }
        self
    }
}

impl Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { path, error, denied } => {
                write!(f, "cannot open {}: {error}", Visible(path.as_os_str().as_bytes()))?;
                explain_denial(f, denied.as_deref())
            }
            Self::AccessLog { target: AccessTarget::File(path), error, denied } => {
                write!(f, "cannot open the access log {}: {error}", Visible(path.as_os_str().as_bytes()))?;
                match standard_stream(path) {
                    Some(word) => write!(f, "\n  help: write access = \"{word}\", which is open already"),
                    None => explain_denial(f, denied.as_deref()),
                }
            }
            Self::AccessLog { target, error, .. } => {
                write!(f, "cannot open the access log {}: {error}", Visible(target.to_string().as_bytes()))
            }
            Self::Bind { address, error, holder } if error.kind() == io::ErrorKind::AddrInUse => {
                explain_holder(f, address, holder.as_ref())
            }
            Self::Bind { address, error, .. } => {
                write!(f, "cannot listen on {}: ", Visible(address.to_string().as_bytes()))?;
                explain_bind(f, matches!(address, LocalAddress::Unix(_)), error)
            }
            Self::Worker(error) => write!(f, "a worker cannot go on: {error}"),
            Self::NotRoot(user) => write!(
                f,
                "only root can become {user}\n  help: start it as root, or as {user}, or leave `user` out of the config"
            ),
            Self::User(user, error) => write!(f, "cannot become {user}: {error}"),
            Self::Sandbox(error) => {
                write!(f, "cannot enter the sandbox: {error}\n  help: `sandbox = false` in [server] does without it")
            }
            Self::Descriptors { limit, needed } => {
                write!(f, "the limit of open files (ulimit -n) is {limit}; {needed} are needed at least")
            }
            Self::Thread(error) => write!(
                f,
                "no thread could be started: {error}\n  help: the limit of processes (ulimit -u, or TasksMax of \
                 systemd) counts threads too"
            ),
            Self::Io(error) => error.fmt(f),
        }
    }
}

fn explain_holder(f: &mut fmt::Formatter<'_>, address: &LocalAddress, holder: Option<&Holder>) -> fmt::Result {
    let address = address.to_string();
    let address = Visible(address.as_bytes());
    match holder {
        // An address that a new config has no more stands in the way of one that it has instead.
        Some(holder) if holder.pid == std::process::id() => {
            write!(f, "{address} cannot be had beside what this server listens on already\n  help: restart it")
        }
        Some(Holder { name, pid }) => {
            write!(f, "{address} is in use by {} (pid {pid})", Visible(name))?;
            write!(f, "\n  help: stop it, or choose another address with --listen")
        }
        None => {
            write!(
                f,
                "{address} is in use by another process\n  help: stop it, or choose another address with --listen"
            )
        }
    }
}

/// What the config calls the stream that this is a name of. A stream that somebody else has opened can be written to,
/// and often not be opened.
fn standard_stream(path: &Path) -> Option<&'static str> {
    match path.to_str()? {
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some("stdout"),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some("stderr"),
        _ => None,
    }
}

/// Whom this says that it is denied to, asked at once: who shows the error may not have the time that the system takes.
fn denied(error: &io::Error) -> Option<String> {
    if error.kind() == io::ErrorKind::PermissionDenied { privileges::user_name() } else { None }
}

/// Who was denied it. Nobody who started this as root would think of the user that it has become.
fn explain_denial(f: &mut fmt::Formatter<'_>, denied: Option<&str>) -> fmt::Result {
    match denied {
        Some(name) => write!(f, "\n  help: {name} needs the permission, and that to enter each directory above"),
        None => Ok(()),
    }
}

fn explain_bind(f: &mut fmt::Formatter<'_>, is_unix: bool, error: &io::Error) -> fmt::Result {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => f.write_str("no interface of this machine has that address"),
        io::ErrorKind::PermissionDenied if !is_unix => {
            f.write_str("permission denied\n  help: ports below 1024 need root or CAP_NET_BIND_SERVICE; 8080 does not")
        }
        _ => error.fmt(f),
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> StartError {
        if Errno::from_io_error(&error) == Some(Errno::MFILE)
            && let Err(too_few) = Descriptors::raise().check(1, 1)
        {
            return too_few;
        }
        StartError::Io(error)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_path_steers_no_terminal() {
        let (path, error) = (PathBuf::from("/\x1b[31m\n\u{9b}"), || io::ErrorKind::NotFound.into());
        let unix = AccessTarget::SyslogUnix(path.clone());
        for error in [
            StartError::root(path.clone(), error()),
            StartError::access_log(AccessTarget::File(path.clone()), error()),
            StartError::access_log(unix, error()),
            StartError::Bind { address: LocalAddress::Unix(path.clone()), error: error(), holder: None },
            StartError::Bind {
                address: LocalAddress::Unix(path),
                error: io::ErrorKind::AddrInUse.into(),
                holder: None,
            },
        ] {
            let shown = error.to_string();
            assert!(shown.contains("/\\x1B[31m\\x0A\\xC2\\x9B") && !shown.contains('\x1b'), "{shown:?}");
        }
    }

    #[test]
    fn who_was_denied_it_is_known_when_it_is_shown() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let Some(name) = privileges::user_name() else { return };
        let help = format!("help: {name} needs");
        for error in
            [StartError::root("/r".into(), denied()), StartError::access_log(AccessTarget::File("/l".into()), denied())]
        {
            assert!(error.to_string().contains(&help), "{error}");
        }
        let shown = StartError::Root { path: "/r".into(), error: denied(), denied: None }.to_string();
        assert_eq!(shown, format!("cannot open /r: {}", denied()), "the system is asked when it is shown");
        let missing = StartError::root("/r".into(), io::ErrorKind::NotFound.into());
        assert!(!missing.to_string().contains("help"), "{missing}");
        assert_eq!((missing.kind(), missing.source().is_some()), (io::ErrorKind::NotFound, true));
    }
}
