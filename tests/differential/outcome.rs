//! What came back on a connection, reduced to what a client acts on: the statuses in order, the content and the fields
//! that say which it is, and what became of the connection. Names of software, dates and the wording of error pages are
//! left out; which other fields there are is for `fields`.

use crate::fields;
use crate::wire::find;

/// What is compared.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The responses and the end of the connection
    pub(crate) words: String,
    /// The fields of each response of a kind that has such
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// What became of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The server closed it.
    Closed,
    /// The next request is answered.
    Open,
    /// The server awaits the rest of a request.
    Waits,
    /// The client had closed its side, and the server closed the other.
    Finished,
    /// The client had closed its side, and the server says nothing.
    Silent,
}

/// One response, as far as it could be told where it ends.
#[derive(Debug, Default)]
pub(crate) struct Answer<'a> {
    version: &'a str,
    pub(crate) status: &'a str,
    fields: Vec<(String, &'a str)>,
    pub(crate) content: &'a [u8],
    /// Neither the content that was announced nor a part of it was sent, as for HEAD.
    is_without_content: bool,
    /// Less content came than was announced.
    is_cut: bool,
}

impl<'a> Answer<'a> {
    /// The value of a field; its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(it, _)| it == name).map(|(_, value)| *value)
    }

    /// Whether its content is several parts of a file.
    pub(crate) fn is_multipart(&self) -> bool {
        self.field("content-type").is_some_and(|value| value.starts_with("multipart/byteranges"))
    }

    fn connection_has(&self, option: &str) -> bool {
        let lines = self.fields.iter().filter(|(name, _)| name == "connection");
        lines.flat_map(|(_, value)| value.split(',')).any(|it| it.trim().eq_ignore_ascii_case(option))
    }
}

/// All responses that were received. No file of the tree looks like the start of a response, so content that was
/// announced and left out, as for HEAD, can be told by what comes next.
pub(crate) fn answers(mut received: &[u8]) -> Vec<Answer<'_>> {
    let mut answers = Vec::new();
    while !received.is_empty() {
        let head_end = find(received, b"\r\n\r\n").filter(|_| received.starts_with(b"HTTP/"));
        let Some(head_end) = head_end else {
            // HTTP/0.9, or garbage.
            answers.push(Answer { status: "no head", content: received, ..Answer::default() });
            break;
        };
        let (head, rest) = (&received[..head_end], &received[head_end + 4..]);
        let mut lines = str::from_utf8(head).expect("a response head in ASCII").split("\r\n");
        let mut status_line = lines.next().unwrap_or_default().split(' ');
        let mut answer = Answer {
            version: status_line.next().unwrap_or_default(),
            status: status_line.next().unwrap_or_default(),
            fields: lines.filter_map(|it| it.split_once(':')).map(|(n, v)| (n.to_lowercase(), v.trim())).collect(),
            ..Answer::default()
        };
        let announced = answer.field("content-length").map(|length| length.parse::<usize>().unwrap());
        let chunked = answer.field("transfer-encoding").is_some();
        let bodiless = answer.status.starts_with('1') || answer.status == "204" || answer.status == "304";
        let length = match announced {
            _ if bodiless => 0,
            _ if chunked => find(rest, b"\r\n0\r\n\r\n").map_or(rest.len(), |at| at + 7),
            Some(length) => length,
            None => rest.len(),
        };
        answer.is_without_content = length > 0 && (rest.is_empty() || rest.starts_with(b"HTTP/"));
        answer.is_cut = !answer.is_without_content && length > rest.len();
        let length = if answer.is_without_content { 0 } else { length.min(rest.len()) };
        (answer.content, received) = rest.split_at(length);
        answers.push(answer);
    }
    answers
}

/// What is compared of all that was received.
pub(crate) fn of(request: &[u8], received: &[u8], end: End, port: u16) -> Outcome {
    let fields = answers(received).iter().filter_map(fields::of).collect();
    Outcome { words: in_words(request, received, end, port), fields }
}

fn in_words(request: &[u8], received: &[u8], end: End, port: u16) -> String {
    let answers = answers(received);
    let mut words: Vec<String> = answers.iter().map(|answer| answer_in_words(answer, port)).collect();
    let last = answers.last();
    let says_close = last.is_some_and(|answer| answer.connection_has("close") || answer.status == "no head");
    let says_keep_alive = last.is_some_and(|answer| answer.connection_has("keep-alive"));
    let end = match end {
        End::Closed if last.is_none() => "closed without an answer",
        End::Closed if !says_close => "closed unannounced",
        End::Closed => "closed",
        End::Open if says_close => "open, but \"close\" was said",
        End::Open if find(request, b"HTTP/1.0").is_some() && !says_keep_alive => {
            "open, but \"keep-alive\" was not said"
        }
        End::Open => "open",
        End::Waits => "waits",
        End::Finished if last.is_none() => "no answer",
        End::Finished => "finished",
        End::Silent => "silent",
    };
    words.push(end.to_owned());
    words.join("; ")
}

fn answer_in_words(answer: &Answer<'_>, port: u16) -> String {
    let mut words = answer.status.to_owned();
    let mut add = |word: &str| {
        words.push(' ');
        words.push_str(word);
    };
    if !matches!(answer.version, "HTTP/1.1" | "") {
        add(answer.version);
    }
    let is_success = answer.status.starts_with('2') || answer.status == "no head";
    if answer.is_multipart() {
        add(&format!("multipart ({})", parts(answer.content).join(", ")));
    } else if is_success && !answer.content.is_empty() {
        match answer.content.len() {
            // Frames of HTTP/2, whose length depends on the date in them.
            _ if answer.content.contains(&0) => add("(binary)"),
            ..=16 => add(&format!("\"{}\"", answer.content.escape_ascii())),
            length => add(&format!("({length} bytes)")),
        }
    }
    let names: &[(&str, &str)] = if is_success && answer.is_without_content {
        &[("content-range", "Content-Range"), ("content-length", "Content-Length")]
    } else {
        &[("content-range", "Content-Range")]
    };
    for (name, shown) in names.iter().chain(&[("allow", "Allow"), ("location", "Location"), ("upgrade", "Upgrade")]) {
        if let Some(value) = answer.field(name) {
            add(&format!("{shown}: {}", value.replace(&format!(":{port}"), ":PORT")));
        }
    }
    if matches!(answer.status, "204" | "304") && answer.field("content-length").is_some() {
        add("with Content-Length");
    }
    if answer.field("transfer-encoding").is_some() {
        add("chunked");
    }
    if answer.is_without_content {
        add("no content");
    }
    if answer.is_cut {
        add("cut");
    }
    words
}

/// What the parts of a multipart/byteranges content are.
fn parts(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content).to_lowercase();
    text.lines().filter_map(|line| line.strip_prefix("content-range: bytes ")).map(str::to_owned).collect()
}
