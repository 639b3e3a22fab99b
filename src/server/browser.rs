//! The address in the browser of whoever has started the server.
//!
//! A browser is not to be what the server makes of itself. Where nothing gains privileges any more, one that comes as a
//! snap does not start, and the sandbox of another has to do without its helper; nor does it want that many
//! descriptors. So there is a shell that was started before all that, and waits to be told what to open.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Listeners, banner};

/// Reads a line, which does not come where the server does not start, and becomes whatever opens it.
#[cfg(not(target_os = "macos"))]
const SCRIPT: &str = "\
read -r url || exit 0
for opener in xdg-open 'gio open' wslview; do
    command -v \"${opener%% *}\" >/dev/null && exec $opener \"$url\"
done
exit 127";
#[cfg(target_os = "macos")]
const SCRIPT: &str = "read -r url || exit 0; exec open \"$url\"";

/// What a shell ends with that has not found a program (POSIX, Shell Command Language, 2.8.2).
const NOT_FOUND: i32 = 127;

/// Some openers end at once, others when the browser does. One that took longer has opened something, however it ends.
const OPENING_TIME: Duration = Duration::from_secs(20);

/// What a thread has on its stack that waits, and may have a line to log.
const STACK_BYTES: usize = 256 * 1024;

/// A browser to be.
pub struct Browser {
    shell: io::Result<Child>,
}

impl Browser {
    /// Starts what can open it later. To be called before the server makes anything of itself.
    pub fn prepare() -> Browser {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is meant for the server.
            .process_group(0)
            .spawn();
        Browser { shell }
    }

    /// Opens the first of the addresses in it, and waits for nothing. Where it cannot be, that is said, and no more.
    pub fn open(self, listeners: &Listeners) {
        let Some(url) = banner::first_http_url(listeners) else {
            log::warn!("nothing is opened: a browser cannot reach a UNIX socket");
            return;
        };
        if let Err(error) = self.shell.and_then(|shell| show(shell, url.clone())) {
            log::warn!("no browser was opened: {error}; the address is {url}");
        }
    }
}

fn show(mut shell: Child, url: String) -> io::Result<()> {
    let Some(mut input) = shell.stdin.take() else { return Ok(()) };
    writeln!(input, "{url}")?;
    let watch = move || {
        let start = Instant::now();
        let Ok(status) = shell.wait() else { return };
        if !status.success() && start.elapsed() < OPENING_TIME {
            let reason = match status.code() {
                Some(NOT_FOUND) => "there is nothing here that opens one, such as xdg-open".to_owned(),
                _ => format!("what opens it has failed ({status})"),
            };
            log::warn!("no browser was opened: {reason}; the address is {url}");
        }
    };
    thread::Builder::new().name("browser".to_owned()).stack_size(STACK_BYTES).spawn(watch).map(drop)
}
