//! The disk below a root: what a path names there, opened so that it cannot lie anywhere else.
//!
//! ```text
//! Root::open_beneath -> Resolver -> openat2(2), one call that the kernel keeps beneath the root
//!                           |
//!                           |-----> walk, component by component, for absolute links and where there is no openat2
//!                           `-----> openat(2), where links may lead anywhere
//!                    -> fstat(2) -> Opened::{File, Directory}
//! ```
//!
//! Paths are bytes, UTF-8 or not. Nothing is looked at by name once it is open: size, times and content all come from
//! the one descriptor, so whatever is renamed, linked or replaced meanwhile, they belong together.
//!
//! A file that is open in the state in which it is now is not opened again: [`OpenFiles`] finds it.
//!
//! Content that is in memory is read at once. What would have to come from the disk is for [`Fetchers`]: threads that
//! do nothing else. A [`Directory`] is read by them in any case, since it may hold any number of entries.
//!
//! It never follows a path out of the root, nor a link unless it is told to, never reads a device, a FIFO or a socket,
//! never waits for one, and knows nothing of HTTP. Watching a root for changes belongs here too, as a module of its own
//! beside [`Root`].

mod directory;
mod error;
mod fetch;
mod file;
mod open_files;
mod resolver;
mod root;
#[cfg(test)]
mod scratch;
mod walk;

pub use directory::{Directory, Entry, Kind};
pub use error::{OpenError, ReadError};
pub use fetch::{Chore, Fetch, Fetched, Fetchers, Made};
pub use file::{File, Identity, Metadata, Reading, Timestamp};
pub use open_files::OpenFiles;
pub use resolver::Symlinks;
pub use root::{Opened, Refreshed, Root};
