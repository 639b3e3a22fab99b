//! A client that reads one response after the other: what the servers are checked with before they are measured.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What no server may take to answer. Only ever used up by a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A field of a request.
pub(crate) type Field = (&'static str, String);

/// A GET request as it goes over the wire.
pub(crate) fn request(address: SocketAddr, target: &str, fields: &[Field]) -> Vec<u8> {
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in fields {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// A connection.
pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

/// A response up to its content.
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Head {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The bytes that follow. The files have a length that is known, so nobody has a reason not to tell it.
    pub(crate) fn content_length(&self) -> u64 {
        match self.field("Content-Length") {
            _ if self.status == 304 => 0,
            Some(length) => length.parse().expect("a number"),
            None => panic!("no Content-Length:\n{}", String::from_utf8_lossy(&self.bytes)),
        }
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads the head of its response.
    pub(crate) fn head(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.get_mut().write_all(request)?;
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut bytes)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = std::str::from_utf8(&bytes).ok().and_then(|text| text.get(9..12)?.parse().ok());
        Ok(Head { status: status.ok_or(io::ErrorKind::InvalidData)?, bytes })
    }

    /// Sends a request and reads all of its response.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> io::Result<(Head, Vec<u8>)> {
        let head = self.head(request)?;
        let mut content = vec![0; usize::try_from(head.content_length()).expect("content that fits into memory")];
        self.stream.read_exact(&mut content)?;
        Ok((head, content))
    }
}

/// One request on a connection of its own.
pub(crate) fn once(address: SocketAddr, request: &[u8]) -> io::Result<(Head, Vec<u8>)> {
    Client::connect(address)?.exchange(request)
}
