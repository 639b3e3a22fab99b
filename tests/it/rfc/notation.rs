//! How a row is written: the short forms of requests and of answers. Each stands for exact bytes and nothing else,
//! which the test at the foot spells out.

use std::ops::Add;

use super::fixture::{FILES, Stored, TAG};

/// What is sent, what comes back, and what of the RFC that is about.
pub(super) struct Row {
    /// `9112/6.1`
    pub(super) section: &'static str,
    /// What is special about the bytes, in plain words
    pub(super) name: &'static str,
    pub(super) input: Input,
    pub(super) answer: Answer,
}

/// A row of the table.
pub(super) fn row(section: &'static str, name: &'static str, input: impl Into<Input>, answer: Answer) -> Row {
    Row { section, name, input: input.into(), answer }
}

// Requests.

/// The bytes that are sent. A plain string is sent as it stands; more can be added by `+`.
#[derive(Clone)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// The client closes its side behind them; else it goes on with [`NEXT`].
    pub(super) half_closes: bool,
}

/// What every client sends next. It is answered where the connection stays open, and is no request where it does not.
pub(super) const NEXT: &str = "GET /b.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// The request that most rows vary: a GET of /a.txt with these field lines, if any, behind its Host.
pub(super) fn get(lines: &str) -> Input {
    request("GET /a.txt HTTP/1.1", lines)
}

/// The same of another target.
pub(super) fn target(target: &str) -> Input {
    request(&format!("GET {target} HTTP/1.1"), "")
}

/// The same with another value of Host.
pub(super) fn host(value: &str) -> Input {
    format!("GET /a.txt HTTP/1.1\r\nHost: {value}\r\n\r\n").into()
}

/// The same with this content, in chunks as they are written.
pub(super) fn chunked(content: &str) -> Input {
    get("Transfer-Encoding: chunked") + content
}

/// This request line, Host, and these field lines, if any.
pub(super) fn request(request_line: &str, lines: &str) -> Input {
    let end = if lines.is_empty() { "" } else { "\r\n" };
    format!("{request_line}\r\nHost: localhost\r\n{lines}{end}\r\n").into()
}

impl Input {
    /// The client closes its side of the connection behind the bytes.
    pub(super) fn half_closed(self) -> Input {
        Input { half_closes: true, ..self }
    }

    pub(super) fn times(self, count: usize) -> Input {
        self.bytes.repeat(count).into()
    }

    /// What goes over the wire.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let text: String = self.bytes.iter().map(|&byte| char::from(byte)).collect();
        text.replace("<tag>", TAG).chars().map(|char| char as u8).collect()
    }
}

impl<T: Into<Vec<u8>>> From<T> for Input {
    fn from(bytes: T) -> Input {
        Input { bytes: bytes.into(), half_closes: false }
    }
}

impl<T: Into<Input>> Add<T> for Input {
    type Output = Input;

    fn add(mut self, rest: T) -> Input {
        self.bytes.extend(rest.into().bytes);
        self
    }
}

// Answers.

/// Whole responses, in order, and what becomes of the connection behind them.
#[derive(Clone)]
pub(super) struct Answer {
    responses: Vec<Response>,
    /// Whether the next request of the client is answered
    pub(super) stays_open: bool,
}

#[derive(Clone)]
struct Response {
    status: u16,
    /// Between Date and Content-Length, each with its CRLF
    lines: String,
    /// The line of Content-Length, where there is one
    length: String,
    connection: &'static str,
    content: Vec<u8>,
}

/// Stands for the value of every Date, which is an IMF-fixdate of this minute.
pub(super) const DATE: &str = "Day, DD Mon YYYY hh:mm:ss GMT";

/// Stands for the boundary of every multipart, which is 32 hexadecimal digits.
pub(super) const BOUNDARY: &str = "-----THIRTY-TWO-HEX-DIGITS------";

/// 200 with /a.txt.
pub(super) fn ok() -> Answer {
    found("a.txt")
}

/// 200 with this file.
pub(super) fn found(path: &str) -> Answer {
    found_bytes(path.as_bytes())
}

/// 200 with the file of a name that is no UTF-8.
pub(super) fn found_bytes(path: &[u8]) -> Answer {
    let file = stored(path);
    answer(200, validators(file) + &description(file), file.content.clone())
}

/// 206 with these bytes of /a.txt, written as `first-last`.
pub(super) fn part(range: &str) -> Answer {
    part_of("a.txt", range)
}

/// 206 with these bytes of that file.
pub(super) fn part_of(path: &str, range: &str) -> Answer {
    let file = stored(path.as_bytes());
    let content_range = format!("Content-Range: bytes {range}/{}\r\n", file.content.len());
    let content = bytes_of(file, range).to_vec();
    answer(206, validators(file) + &description(file) + &content_range, content)
}

/// 206 with these parts of that file as multipart/byteranges.
pub(super) fn parts_of(path: &str, ranges: &[&str]) -> Answer {
    let file = stored(path.as_bytes());
    let mut content = Vec::new();
    for range in ranges {
        let length = file.content.len();
        let part = format!("Content-Type: {}\r\nContent-Range: bytes {range}/{length}\r\n\r\n", file.media_type);
        content.extend_from_slice(format!("\r\n--{BOUNDARY}\r\n{part}").as_bytes());
        content.extend_from_slice(bytes_of(file, range));
    }
    content.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let multipart = format!("Content-Type: multipart/byteranges; boundary={BOUNDARY}\r\n");
    answer(206, validators(file) + &without_type(file) + &multipart, content)
}

/// 304 about /a.txt: its validators and no word of its content.
pub(super) fn not_modified() -> Answer {
    not_modified_of("a.txt")
}

/// The same about that file.
pub(super) fn not_modified_of(path: &str) -> Answer {
    without_content(304, validators(stored(path.as_bytes())))
}

/// 204 to OPTIONS.
pub(super) fn options() -> Answer {
    without_content(204, ALLOW.to_owned())
}

/// 301 to there.
pub(super) fn moved(location: &str) -> Answer {
    error_with(301, &format!("Location: {location}\r\n"), "a directory ends in a slash")
}

/// 404.
pub(super) fn missing() -> Answer {
    error(404, "there is no such file")
}

/// 405, with what is allowed.
pub(super) fn not_allowed() -> Answer {
    error_with(405, ALLOW, "this method is not allowed here; GET, HEAD and OPTIONS are")
}

/// 412.
pub(super) fn failed() -> Answer {
    error(412, "the file is not what the request is about")
}

/// 416 about that file, with its length.
pub(super) fn unsatisfiable(path: &str) -> Answer {
    let length = stored(path.as_bytes()).content.len();
    error_with(416, &format!("Content-Range: bytes */{length}\r\n"), "the file has no such bytes")
}

/// 421.
pub(super) fn misdirected() -> Answer {
    error(421, "this server answers to localhost and to addresses alone")
}

/// 501 to a method that nobody knows.
pub(super) fn unknown_method() -> Answer {
    error_with(501, ALLOW, "this method is not known here")
}

/// An answer to a request that was understood: one line that says why not. The connection stays.
pub(super) fn error(status: u16, reason: &str) -> Answer {
    error_with(status, "", reason)
}

/// The same for a browser: a page that says so, of which only the words count here.
pub(super) fn page(status: u16, sentence: &str) -> Answer {
    let lines = "Cache-Control: no-cache\r\nVary: Accept\r\nX-Content-Type-Options: nosniff\r\n\
        Content-Security-Policy: default-src 'none'; style-src 'sha256-(style)'; img-src data:; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'self'\r\nContent-Type: text/html; charset=utf-8\r\n";
    let content = format!("(a page: {status} {}: {sentence})", phrase(status));
    answer(status, lines.to_owned(), content.into_bytes())
}

/// 400 and the end of the connection: nothing behind it is taken for a request.
pub(super) fn bad(reason: &str) -> Answer {
    refused(400, reason)
}

/// The same with another status.
pub(super) fn refused(status: u16, reason: &str) -> Answer {
    error(status, reason).closes()
}

/// The connection is closed without a word.
pub(super) fn nothing() -> Answer {
    Answer { responses: Vec::new(), stays_open: false }
}

impl Answer {
    /// To HEAD: the same fields without the content.
    pub(super) fn head(mut self) -> Answer {
        self.last().content.clear();
        self
    }

    /// The last response says `Connection: close`, and so it is.
    pub(super) fn closes(mut self) -> Answer {
        self.last().connection = "Connection: close\r\n";
        Answer { stays_open: false, ..self }
    }

    /// To HTTP/1.0, which has to be told that the connection stays.
    pub(super) fn keeps_alive(mut self) -> Answer {
        self.last().connection = "Connection: keep-alive\r\n";
        self
    }

    pub(super) fn then(mut self, next: Answer) -> Answer {
        self.responses.extend(next.responses);
        Answer { stays_open: next.stays_open, ..self }
    }

    pub(super) fn times(self, count: usize) -> Answer {
        let responses = std::iter::repeat_n(self.responses, count).flatten().collect();
        Answer { responses, ..self }
    }

    fn last(&mut self) -> &mut Response {
        self.responses.last_mut().unwrap()
    }

    /// What comes over the wire, but for the dates and boundaries.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for Response { status, lines, length, connection, content } in &self.responses {
            let start = format!("HTTP/1.1 {status} {}\r\nServer: webserv\r\nDate: {DATE}\r\n", phrase(*status));
            bytes.extend_from_slice(format!("{start}{lines}{length}{connection}\r\n").as_bytes());
            bytes.extend_from_slice(content);
        }
        bytes
    }
}

const ALLOW: &str = "Allow: GET, HEAD, OPTIONS\r\n";

fn error_with(status: u16, lines: &str, reason: &str) -> Answer {
    let lines = format!(
        "Cache-Control: no-cache\r\n{lines}Vary: Accept\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Type: text/plain; charset=utf-8\r\n"
    );
    answer(status, lines, sentence(status, reason))
}

fn sentence(status: u16, reason: &str) -> Vec<u8> {
    format!("{status} {}: {reason}\n", phrase(status)).into_bytes()
}

fn answer(status: u16, lines: String, content: Vec<u8>) -> Answer {
    let length = format!("Content-Length: {}\r\n", content.len());
    Answer { responses: vec![Response { status, lines, length, connection: "", content }], stays_open: true }
}

fn without_content(status: u16, lines: String) -> Answer {
    let response = Response { status, lines, length: String::new(), connection: "", content: Vec::new() };
    Answer { responses: vec![response], stays_open: true }
}

fn stored(path: &[u8]) -> &'static Stored {
    FILES.iter().find(|file| file.path == path).expect("a file of the tree")
}

fn validators(file: &Stored) -> String {
    format!("Cache-Control: no-cache\r\nETag: {}\r\nVary: Accept-Encoding\r\n", file.tag)
}

fn description(file: &Stored) -> String {
    format!("{}Content-Type: {}\r\n", without_type(file), file.media_type)
}

fn without_type(file: &Stored) -> String {
    let modified = if file.is_dated { "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n" } else { "" };
    format!("{modified}Accept-Ranges: bytes\r\n")
}

fn bytes_of<'a>(file: &'a Stored, range: &str) -> &'a [u8] {
    let (first, last) = range.split_once('-').unwrap();
    &file.content[first.parse().unwrap()..=last.parse().unwrap()]
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => unimplemented!("the phrase of {status}"),
    }
}

#[test]
fn short_forms_stand_for_exact_bytes() {
    let in_and_out = [
        (get("X: y").bytes(), "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n".to_owned()),
        (
            bad("why").bytes(),
            format!(
                "HTTP/1.1 400 Bad Request\r\nServer: webserv\r\nDate: {DATE}\r\nCache-Control: no-cache\r\n\
                 Vary: Accept\r\nX-Content-Type-Options: nosniff\r\n\
                 Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\nConnection: close\r\n\r\n\
                 400 Bad Request: why\n"
            ),
        ),
        (
            ok().bytes(),
            format!(
                "HTTP/1.1 200 OK\r\nServer: webserv\r\nDate: {DATE}\r\nCache-Control: no-cache\r\n\
                 ETag: {TAG}\r\nVary: Accept-Encoding\r\n\
                 Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nAccept-Ranges: bytes\r\n\
                 Content-Type: text/plain; charset=utf-8\r\nContent-Length: 10\r\n\r\n0123456789"
            ),
        ),
    ];
    for (bytes, text) in in_and_out {
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
}
