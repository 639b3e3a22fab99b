//! Valid requests in a row, with and without content: whatever the pieces in which they come and whenever the responses
//! are given, they are pulled out one by one, each where it ends.

use webserv::http::{CloseReason, Limits};

use crate::checks::transcript::{Taken, transcript};
use crate::random::Random;

const LIMITS: Limits = Limits { head_size: 16 * 1024, fields: 100, content_size: 10_000 };

/// Pipelines that are tried, and the splits of each.
const PIPELINES: u64 = 400;
const SPLITS: u64 = 8;

/// One request as bytes, and what is to be seen of it.
struct Sent {
    bytes: Vec<u8>,
    target: String,
    /// The Connection field of its response
    field: Option<&'static str>,
}

fn request(number: usize, random: &mut Random) -> Sent {
    let target = format!("/{number}{}", "x".repeat(random.below(30)));
    let method = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"][random.below(7)];
    let is_http10 = random.below(8) == 0;
    let version = if is_http10 { "HTTP/1.0" } else { ["HTTP/1.1", "HTTP/1.1", "HTTP/1.2"][random.below(3)] };
    let mut lines = vec![["Host: a", "host:\t[::1]:80 ", "HOST: a.test:8080"][random.below(3)].to_owned()];
    for other in 0..random.below(4) {
        lines.push(format!("X-{other}: {}", "content-length: 9, ".repeat(random.below(3))));
    }
    let asks_for_more = random.below(2) == 0;
    if asks_for_more {
        lines.push("Connection: x ,Keep-Alive".to_owned());
    }
    let asks_for_end = random.below(16) == 0;
    if asks_for_end {
        lines.push("connection: CLOSE".to_owned());
    }
    // Content that looks like the next request, to whoever takes it for one.
    let content = "GET /no HTTP/1.1\r\nHost: b\r\n\r\n".repeat(random.below(20)).into_bytes();
    let body = match random.below(if is_http10 { 2 } else { 3 }) {
        0 => Vec::new(),
        1 => {
            lines.push(format!("Content-Length: {}", content.len()));
            content
        }
        _ => {
            lines.push("Transfer-Encoding: Chunked".to_owned());
            chunks(&content, random)
        }
    };
    for last in (1..lines.len()).rev() {
        lines.swap(last, random.below(last + 1));
    }
    let empty_lines = "\r\n".repeat(random.below(5));
    let mut bytes = format!("{empty_lines}{method} {target} {version}\r\n{}\r\n\r\n", lines.join("\r\n")).into_bytes();
    bytes.extend_from_slice(&body);
    let field = match (asks_for_end, is_http10, asks_for_more) {
        (true, ..) | (_, true, false) => Some("close"),
        (_, true, true) => Some("keep-alive"),
        _ => None,
    };
    Sent { bytes, target, field }
}

/// The content in chunks of lengths that are left to chance, with extensions and trailers.
fn chunks(content: &[u8], random: &mut Random) -> Vec<u8> {
    let mut encoded = Vec::new();
    let mut rest = content;
    for length in random.lengths(content.len(), 100) {
        let (chunk, behind) = rest.split_at(length);
        let extension = ["", ";a", " \t; a=\"b\"", ";a=b;c"][random.below(4)];
        encoded.extend_from_slice(format!("{length:0width$x}{extension}\r\n", width = random.below(9)).as_bytes());
        encoded.extend_from_slice(chunk);
        encoded.extend_from_slice(b"\r\n");
        rest = behind;
    }
    encoded.extend_from_slice(["0\r\n\r\n", "000;x\r\nA: b\r\nContent-Length: 3\r\n\r\n"][random.below(2)].as_bytes());
    encoded
}

#[test]
fn every_split_and_every_order_of_events_leads_to_the_same() {
    for seed in 0..PIPELINES {
        let mut random = Random::new(seed);
        let requests: Vec<Sent> = (0..random.below(8)).map(|number| request(number, &mut random)).collect();
        let mut expected = Vec::new();
        let mut input = Vec::new();
        for request in &requests {
            input.extend_from_slice(&request.bytes);
            expected.push((request.target.clone(), input.len(), request.field));
        }
        let last = expected.iter().position(|(_, _, field)| *field == Some("close"));
        expected.truncate(last.map_or(expected.len(), |last| last + 1));
        let end = if last.is_some() { CloseReason::LastRequest } else { CloseReason::PeerFinished };

        let mut whole = None;
        for split in 0..SPLITS {
            let pieces = match split {
                0 => vec![input.len()],
                1 => vec![1; input.len()],
                _ => {
                    let longest = 1 + random.below(2 * input.len() / (split as usize) + 1);
                    random.lengths(input.len(), longest)
                }
            };
            let mut steps = transcript(&input, &pieces, &LIMITS, &mut random);
            assert_eq!(steps.pop(), Some(Taken::Close(end)), "seed {seed}: {}", input.escape_ascii());
            let seen = steps.iter().map(|step| match step {
                Taken::Request(seen, end, field) => {
                    (String::from_utf8_lossy(&seen.target_text.0).into_owned(), *end, *field)
                }
                step => panic!("seed {seed}: {step:?} in {}", input.escape_ascii()),
            });
            assert_eq!(seen.collect::<Vec<_>>(), expected, "seed {seed}, split {split}: {}", input.escape_ascii());
            assert_eq!(whole.get_or_insert_with(|| steps.clone()), &steps, "seed {seed}, split {split}");
        }
    }
}
