//! Minutes of everything at once, against the real program: clients of all kinds while its files and its config change,
//! and bytes that nobody would send on purpose. What it answers is checked to the last byte, what it holds is counted.
//!
//! `mixed` is the soak: `clients` are what runs in it, `asking` what they ask and what they must get, `documents` the
//! files, `known` the requests whose answer never changes. `hostile_bytes` is the fuzzer: `mutation` makes its input,
//! `reading` takes the answers apart. `vitals` is what both watch of the process.
//!
//! `WEBSERV_SOAK_SECONDS` and `WEBSERV_FUZZ_SECONDS` say for how long, `WEBSERV_SEED` what chance does: each run prints
//! its own. The figures of a run go to standard error, also where the test passes.

// The lints that keep the server from panicking would keep a test from failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod asking;
mod clients;
#[allow(dead_code, reason = "shared with tests/differential, which uses the rest of it")]
#[path = "../differential/corpus/mod.rs"]
mod corpus;
mod documents;
mod hostile_bytes;
mod known;
mod mixed;
#[path = "../property/mutation.rs"]
mod mutation;
#[allow(dead_code, reason = "shared with tests/property, which uses the rest of it")]
#[path = "../property/random.rs"]
mod random;
mod reading;
#[allow(dead_code, reason = "shared with the other tests, which use the rest of it")]
#[path = "../it/support.rs"]
mod support;
mod vitals;
#[allow(dead_code, reason = "shared with the other tests, which use the rest of it")]
#[path = "../it/wire.rs"]
mod wire;

use std::env;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// One test at a time: what one of them takes of the machine, the other would measure.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}

/// How long a test takes that is told by this variable.
fn duration(name: &str, default: u64) -> Duration {
    Duration::from_secs(number(name).unwrap_or(default))
}

/// What chance begins with.
fn seed() -> u64 {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    number("WEBSERV_SEED").unwrap_or_else(now)
}

/// Says something that is seen where the test passes, too: the harness keeps what is printed to itself.
fn tell(words: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{words}");
}
