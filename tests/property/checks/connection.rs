//! Any bytes, in any pieces, under several limits: the connection does what the reference says, step by step, and the
//! same for every split. At most one response is owed at a time, bytes are taken off the front alone, what a request
//! leaves unread is the next one's, and the end is final.

use webserv::http::Limits;
use webserv::http::request::Method;

use super::transcript::{NAMES, Seen, Taken, endure, transcript};
use crate::random::Random;
use crate::reference::connection::{Event, read};
use crate::reference::head::{self, Asked};
use crate::reference::{Bytes, trimmed};

const FRAGMENTS: &[super::Fragment] = &[
    ("GET / HTTP/1.1\r\n", 1),
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
    ("HEAD /a HTTP/1.0\r\n", 1),
    ("POST /b?c HTTP/1.1\r\nHost: a\r\n", 1),
    ("PUT /%2e%ff HTTP/1.9\r\nHost: a\r\n", 1),
    ("OPTIONS * HTTP/1.1\r\n", 1),
    ("CONNECT a:80 HTTP/1.1\r\n", 1),
    ("GET http://b:81/c HTTP/1.1\r\n", 1),
    ("Host: a\r\n", 1),
    ("Host: [::1]:8080\r\n", 1),
    ("hOST:a.test\r\n", 1),
    ("Content-Length: 5\r\n\r\nhello", 1),
    ("Content-Length: ", 1),
    ("Content-Length: 3\r\n", 1),
    ("Transfer-Encoding: chunked\r\n\r\n", 1),
    ("Transfer-Encoding: ", 1),
    ("5\r\nhello\r\n", 1),
    ("0\r\n\r\n", 1),
    ("0\r\nA: b\r\n\r\n", 1),
    ("a;b=c\r\n0123456789\r\n", 1),
    ("Connection: close\r\n", 1),
    ("Connection: ", 1),
    ("keep-alive", 1),
    ("close", 1),
    ("chunked", 1),
    ("gzip", 1),
    ("Expect: 100-continue\r\n", 1),
    ("Expect: ", 1),
    ("100-continue", 1),
    ("\r\n\r\n", 1),
    ("\r\n", 1),
    ("\r", 1),
    ("\n", 1),
    (" HTTP/1.0\r\n", 1),
    (" HTTP/1.1\r\n", 1),
    (" HTTP/2.0\r\n", 1),
    ("HTTP/1.", 1),
    ("GET ", 1),
    ("HEAD ", 1),
    ("A: b\r\n", 1),
    ("A: b\r\n", 120),
    ("X-Long: ", 1),
    (", ", 1),
    (" ", 1),
    ("\t", 1),
    (":", 1),
    ("\0", 1),
    ("\u{e4}", 1),
    ("x", 60),
    ("/", 4100),
    ("9", 20),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1),
    ("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", 1),
    ("\x16\x03\x01", 1),
    (" ", 500),
];

/// The methods of IANA's registry, but for PRI, which is the preface of HTTP/2 and no method that anybody sends.
const REGISTERED: &str = "\
    ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY \
    MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND \
    REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL";

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, input)) = super::choice(data, FRAGMENTS) else { return };
    let limits = [
        Limits { head_size: 16 * 1024, fields: 100, content_size: 1 << 20 },
        Limits { head_size: 200, fields: 5, content_size: 20 },
        Limits { head_size: 9000, fields: 256, content_size: 300 },
        Limits { head_size: 60, fields: 2, content_size: 4 },
    ][choice % 4];
    let expected = read(
        &input,
        &head::Limits { head_size: limits.head_size, fields: limits.fields, content_size: limits.content_size },
    );
    let seed = choice as u64 ^ (input.len() as u64) << 8;
    let mut whole: Option<Vec<Taken>> = None;
    for (number, split) in super::splits(input.len(), seed).into_iter().enumerate() {
        let steps = transcript(&input, &split, &limits, &mut Random::new(seed + number as u64));
        match &whole {
            None => {
                let is_agreed =
                    steps.len() == expected.len() && (0..steps.len()).all(|n| agree(&steps[n], &expected[n..]));
                assert!(is_agreed, "{limits:?} {}\nserver: {steps:#?}\nreference: {expected:#?}", input.escape_ascii());
                whole = Some(steps);
            }
            Some(whole) => {
                assert!(
                    &steps == whole,
                    "{limits:?} {}\n{split:?}: {steps:#?}\nwhole: {whole:#?}",
                    input.escape_ascii()
                );
            }
        }
    }
    endure(&input, &limits, &mut Random::new(seed));
}

/// Whether a step is what the reference says comes first; of the statuses that it finds right, the server may choose.
fn agree(step: &Taken, expected: &[Event]) -> bool {
    match (step, expected) {
        (Taken::Request(seen, end, field), [Event::Asked(asked, expected_end), then, ..]) => {
            let expected_field = match then {
                Event::Closed("LastRequest" | "ContentRefused") => Some("close"),
                _ if asked.is_http11 => None,
                _ => Some("keep-alive"),
            };
            **seen == as_seen(asked) && end == expected_end && *field == expected_field
        }
        (Taken::Refusal(status, content), [Event::Refused(statuses, has_content), ..]) => {
            statuses.contains(status) && content == has_content
        }
        (Taken::Close(reason), [Event::Closed(expected)]) => format!("{reason:?}") == *expected,
        _ => false,
    }
}

fn as_seen(asked: &Asked) -> Seen {
    let method = match &asked.method.0[..] {
        b"GET" => Method::Get,
        b"HEAD" => Method::Head,
        b"OPTIONS" => Method::Options,
        b"CONNECT" => Method::Connect,
        method if REGISTERED.split_whitespace().any(|it| it.as_bytes() == method) => Method::Known,
        _ => Method::Unknown,
    };
    let values = |name: &str| -> Vec<Bytes> {
        asked.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    };
    let lines = values("connection");
    let options = lines.iter().flat_map(|line| line.0.split(|byte| *byte == b','));
    let options = options.map(trimmed).filter(|option| !option.is_empty());
    Seen {
        method,
        target_text: asked.target_text.clone(),
        target: asked.target.clone(),
        authority: asked.authority.clone(),
        is_http11: asked.is_http11,
        values: NAMES.iter().map(|(name, _)| values(name)).collect(),
        connection_options: options.map(Bytes::from).collect(),
    }
}
