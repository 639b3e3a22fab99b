//! One connection: the bytes of an entry go out at once, and everything comes back that the server has to say.
//!
//! Whether a server that is silent is ready for the next request or awaits the rest of this one cannot be seen, so it
//! is asked: a request that follows the silence is answered, or it is swallowed.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::corpus::Entry;
use crate::outcome::{self, End, Outcome};
use crate::peers::Peer;

/// The silence after which a server is taken to have said all that it will. They answer within a millisecond, and none
/// of them loses its patience with a client within several seconds.
const SILENCE: Duration = Duration::from_secs(1);

/// A request that any server takes on a connection that is in order.
const PROBE: &[u8] = b"GET /probe.txt HTTP/1.1\r\nHost: a\r\n\r\n";

/// What it is answered with.
pub(crate) const PROBE_CONTENT: &[u8] = b"probe";

/// Sends the entry to the server and tells what became of it.
pub(crate) fn outcome(peer: &Peer, entry: &Entry) -> Outcome {
    let mut socket = connect(peer.address);
    let request = entry.bytes(&peer.tag);
    // A server may answer and close before it has read everything.
    let _ = socket.write_all(&request);
    if entry.is_half_closed {
        let _ = socket.shutdown(Shutdown::Write);
    }
    let mut received = Vec::new();
    let end = if !listen(&mut socket, &mut received, |_| false) {
        if entry.is_half_closed { End::Finished } else { End::Closed }
    } else if entry.is_half_closed {
        End::Silent
    } else {
        let mut more = Vec::new();
        let _ = socket.write_all(PROBE);
        listen(&mut socket, &mut more, is_probe_answered);
        if is_probe_answered(&more) { End::Open } else { End::Waits }
    };
    outcome::of(&request, &received, end, peer.address.port())
}

/// The tag that a server gives a file.
pub(crate) fn entity_tag(address: SocketAddr, target: &str) -> String {
    let mut socket = connect(address);
    write!(socket, "HEAD {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut received = Vec::new();
    listen(&mut socket, &mut received, |_| false);
    let answers = outcome::answers(&received);
    answers[0].field("etag").expect("an entity tag").to_owned()
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    socket.set_write_timeout(Some(SILENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// Receives until the connection ends (false), or until the server is silent or enough has come (true).
fn listen(socket: &mut TcpStream, received: &mut Vec<u8>, is_enough: impl Fn(&[u8]) -> bool) -> bool {
    let mut buffer = [0; 64 * 1024];
    while !is_enough(received) {
        match socket.read(&mut buffer) {
            Ok(0) => return false,
            Ok(length) => received.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A reset: whether it or an orderly end arrives depends on how fast the server was.
            Err(_) => return false,
        }
    }
    true
}

fn is_probe_answered(received: &[u8]) -> bool {
    matches!(&outcome::answers(received)[..], [answer] if answer.status == "200" && answer.content == PROBE_CONTENT)
}
