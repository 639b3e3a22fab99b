//! Nothing is left behind: what is started and what is made is listed here, and ended and removed when a signal comes.
//! In every other case the owners do it when they are dropped.

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// What there is to be ended and removed.
pub(crate) struct Left {
    pub(crate) groups: Vec<Pid>,
    pub(crate) directories: Vec<PathBuf>,
}

static LEFT: Mutex<Left> = Mutex::new(Left { groups: Vec::new(), directories: Vec::new() });

/// The list. While it is held, nothing is cleaned up: what is started meanwhile is on the list before a signal counts.
pub(crate) fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on a signal ends all that was started.
pub(crate) fn on_signal() {
    let (mut receiver, sender) = UnixStream::pair().expect("a pair of sockets");
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        pipe::register(signal, sender.try_clone().expect("a descriptor")).expect("a signal that can be caught");
    }
    thread::spawn(move || {
        if receiver.read_exact(&mut [0]).is_ok() {
            let left = left();
            for group in &left.groups {
                _ = kill_process_group(*group, Signal::KILL);
            }
            for directory in &left.directories {
                _ = fs::remove_dir_all(directory);
            }
            std::process::exit(130);
        }
    });
}

/// A directory that is removed with all it holds.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let path = std::env::temp_dir().join(format!("webserv-compare-{}", std::process::id()));
        fs::create_dir(&path).expect("a directory of its own");
        left().directories.push(path.clone());
        Scratch(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, in place of one of that name.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
        left().directories.retain(|directory| *directory != self.0);
    }
}
