//! A connection that is driven by pieces of its input: every step is written down, in a form of its own that the
//! reference can be put into too.

use webserv::http::request::{Method, Version};
use webserv::http::target::{Authority, Target};
use webserv::http::{
    CloseReason, Connection, ContentFields, FieldName, Limits, Preamble, Request, Response, Status, Step,
};

use crate::random::Random;
use crate::reference::{Bytes, target};

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// A request, the number of bytes up to the next one, and the Connection field of its response
    Request(Box<Seen>, usize, Option<&'static str>),
    /// The status of a refusal, and whether its response has content
    Refusal(u16, bool),
    /// The end
    Close(CloseReason),
}

/// What a request was found to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    /// GET, HEAD and OPTIONS; others are just known or not
    pub(crate) method: Method,
    pub(crate) target_text: Bytes,
    pub(crate) target: target::Target,
    pub(crate) authority: Option<target::Authority>,
    pub(crate) is_http11: bool,
    /// The values of the known fields, name by name, each with the number of its lines
    pub(crate) values: Vec<Vec<Bytes>>,
    pub(crate) connection_options: Vec<Bytes>,
}

/// The fields that the server looks for.
pub(crate) const NAMES: [(&str, FieldName); 14] = [
    ("accept", FieldName::Accept),
    ("connection", FieldName::Connection),
    ("content-length", FieldName::ContentLength),
    ("expect", FieldName::Expect),
    ("host", FieldName::Host),
    ("if-match", FieldName::IfMatch),
    ("if-modified-since", FieldName::IfModifiedSince),
    ("if-none-match", FieldName::IfNoneMatch),
    ("if-range", FieldName::IfRange),
    ("if-unmodified-since", FieldName::IfUnmodifiedSince),
    ("range", FieldName::Range),
    ("referer", FieldName::Referer),
    ("transfer-encoding", FieldName::TransferEncoding),
    ("user-agent", FieldName::UserAgent),
];

/// The steps that `input` leads to in pieces of these lengths, with the end of the input behind them. How many steps
/// are taken between two pieces, and whether the end is told along with the last piece or later, is left to chance.
pub(crate) fn transcript(input: &[u8], split: &[usize], limits: &Limits, random: &mut Random) -> Vec<Taken> {
    let mut connection = Connection::default();
    let mut steps = Vec::new();
    let (mut taken, mut received) = (0, 0);
    let ends_with_last_piece = random.below(2) == 0;
    let mut pieces = split.iter();
    loop {
        let piece = pieces.next();
        received += piece.unwrap_or(&0);
        if piece.is_none() || (ends_with_last_piece && received == input.len()) {
            connection.end_of_input();
        }
        let steps_max = if piece.is_none() { usize::MAX } else { random.below(4) };
        for _ in 0..steps_max {
            let shown = &input[taken..received];
            let mut unread = shown;
            let step = take(&mut connection, &mut unread, limits);
            assert!(shown.ends_with(unread), "bytes are taken off the front");
            taken = received - unread.len();
            match step {
                None => {
                    assert!(piece.is_some(), "more is awaited after the end of the input");
                    break;
                }
                Some(Taken::Close(reason)) => {
                    let again = take(&mut connection, &mut unread, limits);
                    assert!(
                        again == Some(Taken::Close(reason)) && taken == received - unread.len(),
                        "the end is final"
                    );
                    steps.push(Taken::Close(reason));
                    return steps;
                }
                Some(Taken::Request(seen, _, field)) => steps.push(Taken::Request(seen, taken, field)),
                Some(step) => steps.push(step),
            }
        }
    }
}

/// Takes the next step and answers it; `None` where more bytes are needed.
fn take(connection: &mut Connection, unread: &mut &[u8], limits: &Limits) -> Option<Taken> {
    match connection.step(unread, limits) {
        Step::NeedBytes(_) => None,
        Step::Close(reason) => {
            assert_eq!(respond(connection), None, "no response is owed");
            Some(Taken::Close(reason))
        }
        Step::Request(request) => {
            let seen = seen(&request);
            let answered = respond(connection);
            let (field, has_content) = answered.unwrap_or_else(|| panic!("a response is owed to {seen:?}"));
            assert_eq!(has_content, seen.method != Method::Head);
            Some(Taken::Request(Box::new(seen), 0, field))
        }
        Step::Reject(rejection, _) => {
            let status = rejection.status.code();
            let answered = respond(connection);
            let (field, has_content) = answered.unwrap_or_else(|| panic!("a response is owed to a refusal"));
            assert_eq!(field, Some("close"), "a refusal is the last response");
            Some(Taken::Refusal(status, has_content))
        }
    }
}

/// The Connection field of the response that is owed, and whether its content follows. A second one never is.
pub(crate) fn respond(connection: &mut Connection) -> Option<(Option<&'static str>, bool)> {
    let preamble = Preamble::new("webserv", 0);
    let response = Response { status: Status::Ok, lines: b"A: b\r\n", more: b"", content: ContentFields::Length(1) };
    let mut out = Vec::new();
    let has_content = connection.respond(&response, &preamble, &mut out);
    if out.is_empty() {
        assert!(!has_content);
        return None;
    }
    let head = String::from_utf8_lossy(&out).into_owned();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let field =
        ["close", "keep-alive"].into_iter().find(|field| head.contains(&format!("\r\nConnection: {field}\r\n")));
    assert!(!connection.respond(&response, &preamble, &mut out) && out.len() == head.len(), "two responses were owed");
    Some((field, has_content))
}

fn seen(request: &Request<'_>) -> Seen {
    let authority = |authority: Authority<'_>| (String::from_utf8(authority.host.to_owned()).unwrap(), authority.port);
    let target = match request.target {
        Target::Origin(path) => target::Target::Origin(path.path.to_owned(), path.query.map(str::to_owned)),
        Target::Absolute(host, path) => {
            target::Target::Absolute(authority(host), path.path.to_owned(), path.query.map(str::to_owned))
        }
        Target::Authority => target::Target::Authority,
        Target::Asterisk => target::Target::Asterisk,
    };
    let values = |name| -> Vec<Bytes> {
        let values: Vec<_> = request.fields.values(name).map(Bytes::from).collect();
        assert_eq!(request.fields.value(name), values.first().map(|first| &first.0[..]), "{name:?}");
        assert_eq!(request.fields.is_repeated(name), values.len() > 1, "{name:?}");
        values
    };
    Seen {
        method: request.method,
        target_text: request.line.split(|byte| *byte == b' ').nth(1).unwrap_or_default().into(),
        target,
        authority: request.authority().map(authority),
        is_http11: request.version == Version::Http11,
        values: NAMES.iter().map(|(_, name)| values(*name)).collect(),
        connection_options: request.fields.elements(FieldName::Connection).map(Bytes::from).collect(),
    }
}

/// Bytes, ends, deadlines and retirements in an order that is left to chance: nothing panics, a deadline ends what is
/// awaited, and what is answered after a retirement is the last.
pub(crate) fn endure(input: &[u8], limits: &Limits, random: &mut Random) {
    let mut connection = Connection::default();
    let (mut taken, mut received) = (0, 0);
    let mut is_retired = false;
    // An end is sure to come: once all was received, every fourth event is the end of the input.
    loop {
        match random.below(16) {
            0 if random.below(8) == 0 => {
                connection.retire();
                is_retired = true;
            }
            1 if random.below(8) == 0 || received == input.len() => connection.end_of_input(),
            2 if random.below(8) == 0 => {
                let status = match connection.expire(&input[taken..received]) {
                    Step::Close(_) => None,
                    Step::Reject(rejection, _) => Some(rejection.status.code()),
                    step => panic!("a deadline leads to {step:?}"),
                };
                assert!(status.is_none_or(|status| status == 408));
                assert_eq!(respond(&mut connection).map(|(field, _)| field), status.map(|_| Some("close")));
                let mut unread = &input[taken..received];
                assert!(matches!(take(&mut connection, &mut unread, limits), Some(Taken::Close(_))));
                return;
            }
            3..=7 => received = (received + 1 + random.below(40)).min(input.len()),
            _ => {
                let mut unread = &input[taken..received];
                let step = take(&mut connection, &mut unread, limits);
                taken = received - unread.len();
                match step {
                    Some(Taken::Close(_)) => return,
                    Some(Taken::Request(_, _, field)) => assert!(!is_retired || field == Some("close")),
                    _ => {}
                }
            }
        }
    }
}
