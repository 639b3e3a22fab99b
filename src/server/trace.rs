//! What goes over the wire, for `-v`: request heads with `>`, response heads with `<`, and what became of a connection
//! with `*`, as curl shows them from its side.

use log::{Level, debug, log_enabled};

use super::gone::Gone;
use crate::escape::Visible;
use crate::http::{Rejection, Request};
use crate::net::Peer;

/// Lines of this target are shown as they are.
pub const WIRE: &str = "webserv::wire";

pub(super) fn accepted(peer: Peer) {
    debug!(target: WIRE, "* {peer:?} connected");
}

pub(super) fn request(peer: Peer, request: &Request<'_>) {
    if log_enabled!(target: WIRE, Level::Debug) {
        debug!(target: WIRE, "* {peer:?}\n> {}\n{}>", Visible(request.line), prefixed('>', request.fields.section()));
    }
}

pub(super) fn rejection(peer: Peer, rejection: &Rejection, head: &[u8]) {
    if log_enabled!(target: WIRE, Level::Debug) {
        let start = head.get(..1024).unwrap_or(head);
        debug!(target: WIRE, "* {peer:?} refused: {}\n{}>", rejection.reason, prefixed('>', start));
    }
}

pub(super) fn response(peer: Peer, head: &[u8]) {
    if log_enabled!(target: WIRE, Level::Debug) {
        let head = head.strip_suffix(b"\r\n").unwrap_or(head);
        debug!(target: WIRE, "* {peer:?}\n{}<", prefixed('<', head));
    }
}

pub(super) fn gone(peer: Peer, gone: &Gone) {
    debug!(target: WIRE, "* {peer:?} gone: {gone}");
}

/// Each line of a head with a mark before it. It may hold anything.
fn prefixed(mark: char, head: &[u8]) -> String {
    let lines = head.split_inclusive(|&byte| byte == b'\n').map(|line| line.trim_ascii_end());
    lines.map(|line| format!("{mark} {}\n", Visible(line))).collect()
}
