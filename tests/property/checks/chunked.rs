//! The decoder of the chunked coding agrees with the reference on whether a message is complete, needs more or is
//! broken, and on where it ends. Any split of the bytes leads to the same, and no byte behind the message is taken.

use webserv::http::chunked::{Decoder, Fault, Progress};

use crate::reference::chunked::{Message, message};

const FRAGMENTS: &[super::Fragment] = &[
    ("\r\n", 1),
    ("0\r\n\r\n", 1),
    ("0\r\n", 1),
    ("1\r\nx\r\n", 1),
    ("5\r\nhello\r\n", 1),
    ("a\r\n0123456789\r\n", 1),
    ("A;b=c\r\n0123456789\r\n", 1),
    ("1 \t; a=\"b\"\r\nx\r\n", 1),
    ("0", 15),
    ("f", 15),
    ("e", 500),
    (";", 1),
    (" ", 1),
    ("\t", 1),
    ("\r", 1),
    ("\n", 1),
    ("A: b\r\n", 1),
    ("A:", 1),
    ("t", 1500),
    ("a:\r\n", 100),
    ("\u{e4}", 1),
    ("ffffffffffffffff\r\n", 1),
    ("14\r\n01234567890123456789\r\n", 1),
    ("\0", 1),
    ("\x7f", 1),
    (";a", 1),
    ("=", 1),
    ("\"", 1),
    ("\\", 1),
    ("=\"b\\\"c\"", 1),
    (" ", 500),
];

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, input)) = super::choice(data, FRAGMENTS) else { return };
    let content_max = [1 << 20, 20, 0, u64::MAX][choice % 4];
    let expected = message(&input, content_max);
    for split in super::splits(input.len(), choice as u64 + input.len() as u64) {
        let (decoded, taken) = decode(&input, &split, content_max);
        assert_eq!(
            decoded,
            expected,
            "of at most {content_max} bytes, in pieces of {split:?}: {}",
            input.escape_ascii()
        );
        assert!(decoded != Message::NeedBytes || taken == input.len(), "bytes are left, and more are wanted");
    }
}

/// What the decoder makes of the pieces, and how many bytes it took.
fn decode(input: &[u8], split: &[usize], content_max: u64) -> (Message, usize) {
    let mut decoder = Decoder::default();
    let mut start = 0;
    for length in split {
        let piece = &input[start..start + length];
        let mut rest = piece;
        let progress = decoder.advance(&mut rest, content_max);
        let taken = start + piece.len() - rest.len();
        assert!(piece.ends_with(rest), "the decoder takes bytes off the front alone");
        match progress {
            Ok(Progress::NeedBytes) => assert!(rest.is_empty(), "bytes are left, and more are wanted"),
            Ok(Progress::Complete) => {
                let behind = &mut &b"more"[..];
                assert_eq!(decoder.advance(behind, content_max), Ok(Progress::Complete));
                assert_eq!(*behind, b"more", "nothing is taken once the message is complete");
                return (Message::Complete(taken), taken);
            }
            Err(Fault::TooLarge) => return (Message::TooLarge, taken),
            Err(Fault::Malformed(_)) => return (Message::Malformed, taken),
        }
        start += length;
    }
    (Message::NeedBytes, start)
}
