//! The access log: a line for each response, formatted into memory and handed to its sink once a turn.
//!
//! For people a short coloured line, for programs NCSA's combined format or JSON, and for a syslog server each of them
//! behind a header. What a client sent is escaped in all, so that no name of a file and no field can make a line of its
//! own or speak to the terminal.

mod clock;
mod entry;
mod style;
mod syslog;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Instant;

use clock::{Clock, local_zone};
pub use entry::{Asker, Entry};
pub use style::Short;
use style::Style;
use syslog::Header;

use crate::config::{AccessTarget, LogFormat};
use crate::sink::Sink;

/// From so many bytes on, lines are handed over before the end of the turn.
const LINES_MAX: usize = 64 * 1024;

/// Where lines go: what was opened, whatever has become of its name. By default nowhere.
#[derive(Clone, Default)]
pub struct Destination {
    sink: Option<Sink>,
    /// Each line is a message of its own.
    is_syslog: bool,
}

/// The log, and the lines of this turn. They are handed over when it is dropped, too.
pub struct AccessLog {
    destination: Destination,
    style: Style,
    header: Option<Header>,
    clock: Clock,
    /// Lines that are not handed over yet.
    lines: Vec<u8>,
    /// Where their durations are to stand, and since when they are counted.
    durations: Vec<(usize, Instant)>,
    /// The lines with their durations.
    whole: Vec<u8>,
}

/// A line whose number of bytes is not known yet, since they are still being sent.
#[derive(Debug, Default)]
pub struct PendingLine {
    before: Vec<u8>,
    after: Vec<u8>,
    since: Option<Instant>,
}

impl Destination {
    /// Opens what the config names.
    ///
    /// # Errors
    ///
    /// It is a file that cannot be opened, or a server whose name nobody knows.
    pub fn open(target: &AccessTarget) -> io::Result<Destination> {
        let sink = match target {
            AccessTarget::Off => None,
            AccessTarget::Stdout => Some(Sink::standard_output()),
            AccessTarget::Stderr => Some(Sink::standard_error()),
            AccessTarget::File(path) => Some(Sink::file(path)?),
            AccessTarget::SyslogUdp { host, port } => Some(Sink::udp(host, *port)?),
            AccessTarget::SyslogUnix(path) => Some(Sink::unix_datagrams(path)),
        };
        let is_syslog = matches!(target, AccessTarget::SyslogUdp { .. } | AccessTarget::SyslogUnix(_));
        Ok(Destination { sink, is_syslog })
    }
}

impl AccessLog {
    /// A log to there. `short` is what its lines have for people, where they read them.
    pub fn to(destination: Destination, format: LogFormat, short: Short) -> AccessLog {
        let on_terminal = destination.sink.as_ref().filter(|sink| sink.is_terminal()).map(|_| short);
        AccessLog {
            style: Style::of(format, on_terminal),
            header: destination.is_syslog.then(Header::of_this_process),
            destination,
            clock: Clock::of(local_zone()),
            lines: Vec::new(),
            durations: Vec::new(),
            whole: Vec::new(),
        }
    }

    /// Where its lines go.
    pub fn destination(&self) -> Destination {
        self.destination.clone()
    }

    fn is_off(&self) -> bool {
        self.destination.sink.is_none()
    }

    /// Adds the line of a response whose `bytes` of content are known to be sent.
    pub fn add(&mut self, entry: &Entry<'_>, bytes: u64) {
        if self.is_off() {
            return;
        }
        self.clock.show(entry.asker.time.0);
        let mut lines = std::mem::take(&mut self.lines);
        self.write_before(entry, &mut lines);
        self.write_between(bytes, Some(entry.asker.since), &mut lines);
        self.style.write_after(entry, &mut lines);
        self.lines = lines;
        self.limit_lines();
    }

    /// Prepares the line of a response that will take a while, in the place of the one that was prepared there before.
    pub fn begin(&mut self, entry: &Entry<'_>, pending: &mut PendingLine) {
        pending.before.clear();
        pending.after.clear();
        if !self.is_off() {
            self.clock.show(entry.asker.time.0);
            self.write_before(entry, &mut pending.before);
            self.style.write_after(entry, &mut pending.after);
            pending.since = Some(entry.asker.since);
        }
    }

    /// Adds that line, with the bytes of content that were sent in the end.
    pub fn finish(&mut self, pending: &PendingLine, bytes: u64) {
        if self.is_off() {
            return;
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.extend_from_slice(&pending.before);
        self.write_between(bytes, pending.since, &mut lines);
        lines.extend_from_slice(&pending.after);
        self.lines = lines;
        self.limit_lines();
    }

    /// Hands over the lines of this turn. A sink that takes none costs lines, which it counts, and never a request.
    pub fn flush(&mut self) {
        let Some(sink) = self.destination.sink.as_ref() else { return };
        if self.durations.is_empty() {
            sink.put(&self.lines);
        } else {
            // By now, what they are about has been handed to the kernel.
            let now = Instant::now();
            let mut written = 0;
            for (at, since) in self.durations.drain(..) {
                self.whole.extend_from_slice(self.lines.get(written..at).unwrap_or_default());
                self.style.write_duration(now.saturating_duration_since(since), &mut self.whole);
                written = at;
            }
            self.whole.extend_from_slice(self.lines.get(written..).unwrap_or_default());
            sink.put(&self.whole);
            self.whole.clear();
        }
        self.lines.clear();
    }

    /// A turn of many clients may have more lines than a sink takes at once.
    fn limit_lines(&mut self) {
        if self.lines.len() >= LINES_MAX {
            self.flush();
        }
    }

    fn write_before(&self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        if let Some(header) = &self.header {
            header.write(entry, &self.clock, out);
        }
        self.style.write_before(entry, &self.clock, out);
    }

    fn write_between(&mut self, bytes: u64, since: Option<Instant>, lines: &mut Vec<u8>) {
        self.style.write_bytes(bytes, lines);
        if let Some(since) = since.filter(|_| self.style.has_duration()) {
            self.durations.push((lines.len(), since));
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.flush();
    }
}
