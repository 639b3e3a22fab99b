//! The client's end of a connection: bytes are written as given, and what comes back is taken apart just far enough to
//! be compared. It shares no code with the server, or both could be wrong together.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::support::{PATIENCE, Server};

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// One connection to the server.
pub(crate) struct Peer {
    socket: Socket,
    /// What was received after the last response that was asked for.
    received: Vec<u8>,
}

impl From<TcpStream> for Peer {
    fn from(socket: TcpStream) -> Self {
        socket.set_nodelay(true).unwrap(); // each write of a test is a segment of its own
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { socket: Socket::Tcp(socket), received: Vec::new() }
    }
}

impl Peer {
    #[track_caller]
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        Self::from(TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}")))
    }

    #[track_caller]
    pub(crate) fn unix(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let socket = UnixStream::connect(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { socket: Socket::Unix(socket), received: Vec::new() }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        match &mut self.socket {
            Socket::Tcp(socket) => socket.write_all(bytes.as_ref()),
            Socket::Unix(socket) => socket.write_all(bytes.as_ref()),
        }
        .expect("the server takes the bytes");
    }

    /// Sends a byte out of band (tcp(7)), which the server does not receive.
    #[track_caller]
    pub(crate) fn send_urgent(&mut self, byte: &[u8; 1]) {
        let Socket::Tcp(socket) = &self.socket else { panic!("there is nothing urgent on a UNIX socket") };
        rustix::net::send(socket, byte, rustix::net::SendFlags::OOB).unwrap();
    }

    /// Sends what the server may have stopped to listen to, and tells whether it took it.
    pub(crate) fn send_in_vain(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        match &mut self.socket {
            Socket::Tcp(socket) => socket.write_all(bytes.as_ref()),
            Socket::Unix(socket) => socket.write_all(bytes.as_ref()),
        }
        .is_ok()
    }

    /// Half-closes: nothing more will be sent, the answers are still awaited.
    pub(crate) fn finish_sending(&mut self) {
        match &self.socket {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Write).unwrap(),
            Socket::Unix(socket) => socket.shutdown(Shutdown::Write).unwrap(),
        }
    }

    /// Leaves without a word: the server is told that the connection is no more, whatever it was about to send.
    pub(crate) fn reset(self) {
        let Socket::Tcp(socket) = self.socket else { unimplemented!("only TCP has a reset") };
        rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !self.received.is_empty() {
            let length = buffer.len().min(self.received.len());
            buffer[..length].copy_from_slice(&self.received[..length]);
            self.received.drain(..length);
            return Ok(length);
        }
        match &mut self.socket {
            Socket::Tcp(socket) => socket.read(buffer),
            Socket::Unix(socket) => socket.read(buffer),
        }
    }

    /// Whether nothing has arrived that was not asked for.
    pub(crate) fn is_silent(&mut self) -> bool {
        let Socket::Tcp(socket) = &mut self.socket else { unimplemented!("std has no peek for UNIX sockets") };
        socket.set_nonblocking(true).unwrap();
        let peeked = socket.peek(&mut [0]);
        socket.set_nonblocking(false).unwrap();
        self.received.is_empty() && peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Receives more; false at the end of the connection.
    #[track_caller]
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let length = match &mut self.socket {
            Socket::Tcp(socket) => socket.read(&mut buffer),
            Socket::Unix(socket) => socket.read(&mut buffer),
        };
        match length {
            Ok(length) => {
                self.received.extend_from_slice(&buffer[..length]);
                length > 0
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("nothing for {PATIENCE:?}, after {:?}", self.received.escape_ascii().to_string())
            }
            // A socket with a timeout tells of being stopped and continued (signal(7)), as by a debugger.
            Err(error) if error.kind() == ErrorKind::Interrupted => self.fill(),
            Err(error) => panic!("{error}, after {:?}", self.received.escape_ascii().to_string()),
        }
    }

    /// The head of the next response, up to and with its empty line; the content is left to [`Peer::read`].
    #[track_caller]
    pub(crate) fn head(&mut self) -> Response {
        loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                let rest = self.received.split_off(end + 4);
                return Response { head: std::mem::replace(&mut self.received, rest), content: Vec::new() };
            }
            assert!(self.fill(), "the connection ended in a head: {:?}", self.received.escape_ascii().to_string());
        }
    }

    /// The next response, to anything but HEAD.
    #[track_caller]
    pub(crate) fn response(&mut self) -> Response {
        let mut response = self.head();
        let length = response.content_length();
        while self.received.len() < length {
            assert!(self.fill(), "cut after {} of {length} bytes:\n{response}", self.received.len());
        }
        let rest = self.received.split_off(length);
        response.content = std::mem::replace(&mut self.received, rest);
        response
    }

    /// Sends a request and takes its response.
    #[track_caller]
    pub(crate) fn exchange(&mut self, request: impl AsRef<[u8]>) -> Response {
        self.send(request);
        self.response()
    }

    /// All that is left, up to an orderly end of the connection.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.received)
    }

    /// The server ends the connection and says nothing more.
    #[track_caller]
    pub(crate) fn assert_ended(&mut self) {
        let rest = self.rest();
        assert_bytes(&rest, b"");
    }
}

/// Has the server read what was sent before. It is one reactor that takes what is ready in the order in which it became
/// so: by the time it has answered here, it has seen what arrived there. Without this, two writes of a test may well be
/// one read of the server.
pub(crate) struct Pace(Peer);

impl Pace {
    #[track_caller]
    pub(crate) fn of(server: &Server) -> Self {
        Self(server.connect())
    }

    #[track_caller]
    pub(crate) fn turn(&mut self) {
        self.0.exchange(request("OPTIONS", "*", &[])).assert_status(204);
    }
}

/// Sends a request on a connection of its own and takes its response.
#[track_caller]
pub(crate) fn exchange(server: &Server, request: impl AsRef<[u8]>) -> Response {
    server.connect().exchange(request)
}

/// GETs a target, as little as HTTP/1.1 asks for.
#[track_caller]
pub(crate) fn get(server: &Server, target: &str) -> Response {
    exchange(server, request("GET", target, &[]))
}

/// The bytes of a request with these field lines after its Host.
pub(crate) fn request(method: &str, target: &str, lines: &[&str]) -> String {
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for line in lines {
        request.extend([line, "\r\n"]);
    }
    request + "\r\n"
}

/// A response as it came.
pub(crate) struct Response {
    /// From the status line to the empty line.
    pub(crate) head: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

impl Response {
    #[track_caller]
    fn lines(&self) -> impl Iterator<Item = &str> {
        str::from_utf8(&self.head).expect("a head in ASCII").trim_end_matches("\r\n").split("\r\n")
    }

    #[track_caller]
    pub(crate) fn status(&self) -> u16 {
        let line = self.lines().next().unwrap();
        let (code, _reason) = line.strip_prefix("HTTP/1.1 ").expect(line).split_once(' ').expect(line);
        assert_eq!(code.len(), 3, "{line}");
        code.parse().expect(line)
    }

    /// The values of all lines of a field.
    #[track_caller]
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let split = |line| str::split_once(line, ": ").unwrap_or_else(|| panic!("not a field line: {line:?}"));
        let fields = self.lines().skip(1).map(split);
        fields.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The value of a field that is sent once at most.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() <= 1, "{name} is repeated:\n{self}");
        values.first().copied()
    }

    /// The content that follows the head of a response to anything but HEAD.
    #[track_caller]
    pub(crate) fn content_length(&self) -> usize {
        assert_eq!(self.field("Transfer-Encoding"), None, "what a server of files sends has a length:\n{self}");
        match (self.status(), self.field("Content-Length")) {
            (100..200 | 204 | 304, _) => 0,
            (_, Some(length)) => length.parse().expect("a length"),
            (_, None) => panic!("a response without a length:\n{self}"),
        }
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.content).expect("content in UTF-8")
    }

    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status(), status, "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn assert_field(&self, name: &str, value: &str) -> &Self {
        assert_eq!(self.field(name), Some(value), "{name} of\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn assert_content(&self, content: impl AsRef<[u8]>) -> &Self {
        assert_bytes(&self.content, content.as_ref());
        self
    }

    /// The bytes as they came, but for the values that differ from run to run: `*` stands for those, each of which is
    /// held to its form first.
    #[track_caller]
    pub(crate) fn masked(&self) -> Vec<u8> {
        let mut masked = String::new();
        for line in self.lines() {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            match name {
                "Date" | "Last-Modified" => assert!(is_imf_fixdate(value), "not an IMF-fixdate: {line}"),
                "ETag" => assert!(is_entity_tag(value), "not an entity tag: {line}"),
                _ => {
                    masked.extend([line, "\r\n"]);
                    continue;
                }
            }
            masked.extend([name, ": *\r\n"]);
        }
        masked.push_str("\r\n");
        [masked.as_bytes(), &self.content].concat()
    }

    /// Compares the whole response, masked.
    #[track_caller]
    pub(crate) fn assert_is(&self, expected: &str) {
        assert_bytes(&self.masked(), expected.as_bytes());
    }
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", String::from_utf8_lossy(&self.head).replace("\r\n", "\n").trim_end())?;
        let shown = &self.content[..self.content.len().min(400)];
        write!(f, "\n{} ({} bytes)", shown.escape_ascii(), self.content.len())
    }
}

/// The only date format that a server may send.
fn is_imf_fixdate(value: &str) -> bool {
    httpdate::parse_http_date(value).is_ok_and(|time| httpdate::fmt_http_date(time) == value)
}

/// RFC 9110, section 8.8.3.
pub(crate) fn is_entity_tag(value: &str) -> bool {
    let opaque = value.strip_prefix("W/").unwrap_or(value).strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    opaque.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte == b'!' || (b'#'..=b'~').contains(&byte)))
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Compares bytes, and shows where they differ, line by line and escaped.
#[track_caller]
pub(crate) fn assert_bytes(actual: &[u8], expected: &[u8]) {
    if actual != expected {
        panic!("\n{}", difference(actual, expected));
    }
}

fn difference(actual: &[u8], expected: &[u8]) -> String {
    let mut actual = actual.split_inclusive(|&byte| byte == b'\n');
    let mut expected = expected.split_inclusive(|&byte| byte == b'\n');
    let mut shown = String::from("- what was expected, + what came\n");
    loop {
        let (came, wanted) = (actual.next(), expected.next());
        match (came, wanted) {
            (None, None) => return shown,
            (Some(came), Some(wanted)) if came == wanted => writeln!(shown, "  {}", excerpt(came)).unwrap(),
            _ => {
                for (mark, line) in [('-', wanted), ('+', came)] {
                    if let Some(line) = line {
                        writeln!(shown, "{mark} {}", excerpt(line)).unwrap();
                    }
                }
            }
        }
    }
}

/// A line as far as it can be read at a glance.
fn excerpt(line: &[u8]) -> String {
    let mut shown = line[..line.len().min(200)].escape_ascii().to_string();
    if line.len() > 200 {
        write!(shown, "... ({} bytes)", line.len()).unwrap();
    }
    shown
}
