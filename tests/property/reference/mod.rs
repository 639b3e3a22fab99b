//! The protocol read a second time, as simply as can be: whole buffers, lines split at CRLF, nothing kept between two
//! calls, no parser but this one. Written from RFC 9110, RFC 9112 and RFC 3986 and from what this server promises where
//! they leave a choice. It may be slow, but it must be plainly right: what it says is held against the server.

use std::fmt;

pub(crate) mod accept_encoding;
pub(crate) mod chunked;
pub(crate) mod connection;
pub(crate) mod date;
pub(crate) mod head;
pub(crate) mod preconditions;
pub(crate) mod range;
pub(crate) mod target;

/// Bytes that are shown as text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Bytes {
        Bytes(bytes.to_vec())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// `tchar` (RFC 9110, section 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// What a field value may hold (RFC 9110, section 5.5), white space included.
pub(crate) fn is_field_value(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f))
}

/// A text without the spaces and tabs around it.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// Where `part` starts in `text` for the first time.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
