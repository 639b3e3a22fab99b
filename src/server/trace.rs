//! What goes over the wire, for `-v`: request heads with `>`, response heads with `<`, and what became of a connection
//! with `*`, as curl shows them from its side.

use std::fmt::{self, Display};

use log::{Level, debug, log_enabled};

use super::gone::Gone;
use crate::access_log::Asker;
use crate::escape::Visible;
use crate::http::{CloseReason, Rejection, Request};
use crate::net::{LocalAddress, Peer};

/// Lines of this target are shown as they are.
pub const WIRE: &str = "webserv::wire";

/// So much of a head that was refused is shown, in bytes.
const REFUSED_MAX: usize = 1024;

pub(super) fn accepted(peer: Peer, at: &LocalAddress) {
    debug!(target: WIRE, "* {peer:?} connected at {at}");
}

pub(super) fn request(asker: &Asker, request: &Request<'_>) {
    if log_enabled!(target: WIRE, Level::Debug) {
        let (peer, connection) = (asker.peer, connection(asker));
        let fields = Marked('>', request.fields.section());
        debug!(target: WIRE, "* {peer:?} asks on {connection}\n> {}\n{fields}>", Visible(request.line));
    }
}

pub(super) fn rejection(asker: &Asker, rejection: &Rejection, head: &[u8]) {
    if log_enabled!(target: WIRE, Level::Debug) {
        let (peer, connection) = (asker.peer, connection(asker));
        let head = head.get(..REFUSED_MAX).unwrap_or(head);
        let head = Marked('>', head.strip_suffix(b"\r\n\r\n").unwrap_or(head));
        debug!(target: WIRE, "* {peer:?} asks on {connection}, and is refused: {}\n{head}>", rejection.reason);
    }
}

/// A response, and what becomes of the connection then: `last` is why there is no other.
pub(super) fn response(peer: Peer, head: &[u8], last: Option<CloseReason>) {
    if log_enabled!(target: WIRE, Level::Debug) {
        let head = Marked('<', head.strip_suffix(b"\r\n").unwrap_or(head));
        match last {
            None => debug!(target: WIRE, "{head}<\n* {peer:?} stays connected"),
            Some(reason) => debug!(target: WIRE, "{head}<\n* {peer:?} will be closed: {reason}"),
        }
    }
}

pub(super) fn handed_over(peer: Peer) {
    debug!(target: WIRE, "* {peer:?} stays connected, and is served by what was loaded last");
}

pub(super) fn gone(peer: Peer, gone: &Gone) {
    debug!(target: WIRE, "* {peer:?} closed: {gone}");
}

fn connection(asker: &Asker) -> &'static str {
    if asker.is_new { "a new connection" } else { "the same connection" }
}

/// Each line of a head with a mark before it. It may hold anything.
struct Marked<'a>(char, &'a [u8]);

impl Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Marked(mark, head) = self;
        let mut lines = head.split_inclusive(|&byte| byte == b'\n').map(|line| line.trim_ascii_end());
        lines.try_for_each(|line| writeln!(f, "{mark} {}", Visible(line)))
    }
}

/// Such lines for a terminal that may be coloured: the first lines of heads stand out, and what is said about
/// connections stands back.
pub struct Painted<'a>(pub &'a str);

impl Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIM: &str = "\x1b[2m";
        const BOLD: &str = "\x1b[1m";
        const RESET: &str = "\x1b[0m";
        let mut mark_before = "";
        for (number, line) in self.0.lines().enumerate() {
            let (mark, rest) = line.split_at_checked(1).unwrap_or((line, ""));
            let end = if number > 0 { "\n" } else { "" };
            match mark {
                "*" => write!(f, "{end}{DIM}{line}{RESET}")?,
                _ if mark != mark_before => write!(f, "{end}{DIM}{mark}{RESET}{BOLD}{rest}{RESET}")?,
                _ => write!(f, "{end}{DIM}{mark}{RESET}{rest}")?,
            }
            mark_before = mark;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_painted_is_the_same_text() {
        let text = "* a\n> GET / HTTP/1.1\n> Host: a\n>";
        let painted = "\x1b[2m* a\x1b[0m\n\x1b[2m>\x1b[0m\x1b[1m GET / HTTP/1.1\x1b[0m\n\
                       \x1b[2m>\x1b[0m Host: a\n\x1b[2m>\x1b[0m";
        assert_eq!(Painted(text).to_string(), painted);
        assert_eq!(Painted("").to_string(), "");
    }
}
