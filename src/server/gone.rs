//! Why a client is gone, and what of that an operator has to hear.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::escape::Visible;
use crate::files::{File, ReadError};
use crate::http::CloseReason;

/// Why a client is gone.
#[derive(Debug)]
pub(super) enum Gone {
    /// The connection came to its end.
    Closed(CloseReason),
    /// The peer has broken it off, or the machine has failed.
    Failed(io::Error),
    /// A file could not be sent to its end, by its own fault or the peer's.
    Unsent(Arc<File>, ReadError),
    /// The peer took nothing for `send_time`.
    SendTimeout,
    /// The rest of a file could not be read, or not in time. Why has been written down.
    Unreadable,
    /// Somebody else needed its place, and it had nothing to lose.
    PutOut,
    /// What it has sent under other limits is more than these allow.
    TooLong,
    /// The server has stopped, and `drain_time` is over.
    Abandoned,
}

impl Gone {
    /// Writes down what an operator has to know. That peers come and go is not of that kind.
    pub(super) fn report(&self) {
        match self {
            Gone::Failed(error) | Gone::Unsent(_, ReadError::Io(error)) if is_of_the_peer(error) => {}
            Gone::Failed(error) => log::error!("a connection was cut: {error}"),
            Gone::Unsent(file, ReadError::Io(error)) => {
                log::error!("a connection was cut: cannot send {}: {error}", Visible(&file.path()));
            }
            Gone::Unsent(file, error) => log::warn!("a connection was cut: {}: {error}", Visible(&file.path())),
            Gone::TooLong | Gone::Closed(_) | Gone::SendTimeout | Gone::Unreadable | Gone::PutOut | Gone::Abandoned => {
            }
        }
    }
}

/// Whether the peer or the network broke the connection, rather than this machine.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkUnreachable, NotConnected, TimedOut,
    };
    matches!(
        error.kind(),
        BrokenPipe
            | ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | NetworkUnreachable
            | NotConnected
            | TimedOut
    )
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gone::Closed(reason) => write!(f, "{reason}"),
            Gone::Failed(error) | Gone::Unsent(_, ReadError::Io(error)) => error.fmt(f),
            Gone::Unsent(_, error) => error.fmt(f),
            Gone::SendTimeout => f.write_str("it took nothing for too long"),
            Gone::Unreadable => f.write_str("the rest of its file could not be read"),
            Gone::PutOut => f.write_str("somebody else needed its place"),
            Gone::TooLong => f.write_str("its request is longer than the limits are now"),
            Gone::Abandoned => f.write_str("the server does not wait any longer"),
        }
    }
}
