//! What a disk may delay, and nobody is to wait for longer than a moment.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The stack of its thread, in bytes: more than is taken. It is not given back when that has ended.
const STACK_BYTES: usize = 512 * 1024;

/// Does it on a thread of its own, and returns when it is done, or in a second: then it goes on by itself. Where no
/// thread can be started, it is not done.
pub fn aside(work: impl FnOnce() + Send + 'static) {
    let (working, done) = mpsc::channel::<()>();
    let work = move || {
        work();
        drop(working);
    };
    // Nothing is sent: it is done when there is nobody left who could.
    if let Ok(thread) = thread::Builder::new().name("aside".to_owned()).stack_size(STACK_BYTES).spawn(work)
        && done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected)
    {
        _ = thread.join();
    }
}
