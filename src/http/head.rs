//! Where a request head ends (RFC 9112, section 2.1) that does not come all at once, looked for as its bytes come in;
//! and what there is of one that is refused.

use super::fields::{self, FieldName};
use super::request::{self, Rejection};
use super::status::Status;

/// What was received of the head of a request that is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusedHead<'a> {
    /// All of it
    Whole(&'a [u8]),
    /// As much as had come, which is a matter of chance
    Part(&'a [u8]),
}

impl<'a> RefusedHead<'a> {
    /// The bytes, for the log
    pub fn bytes(self) -> &'a [u8] {
        match self {
            RefusedHead::Whole(bytes) | RefusedHead::Part(bytes) => bytes,
        }
    }

    /// The values of its Accept lines, where they are all there.
    pub fn accept(self) -> Option<impl Iterator<Item = &'a [u8]>> {
        match self {
            RefusedHead::Whole(head) => Some(fields::values_in(head, FieldName::Accept)),
            RefusedHead::Part(_) => None,
        }
    }
}

/// The length of the head that `input` starts with, of which `scanned` bytes have been looked at before. httparse takes
/// a bare LF for the end of a line, so that is refused here, and the first byte of garbage at once.
pub(super) fn end(input: &[u8], scanned: usize) -> Result<Option<usize>, Rejection> {
    match input {
        [] | [b'\r'] => return Ok(None),
        [first, ..] if first.is_ascii_graphic() || *first == b'\n' => {}
        _ => return Err(Rejection::bad_request("this is no HTTP request")),
    }
    // A CR that was the last byte then has its LF to come.
    let mut line = scanned.saturating_sub(1);
    while let Some(length) = input.get(line..).and_then(|rest| memchr::memchr2(b'\r', b'\n', rest)) {
        let (before, end) = input.split_at_checked(line + length).unwrap_or((input, &[]));
        match end {
            [b'\r'] => return Ok(None),
            [b'\r', b'\n', ..] if before.ends_with(b"\r\n") => return Ok(Some(before.len() + 2)),
            [b'\r', b'\n', ..] => line = before.len() + 2,
            [b'\n', ..] if before.ends_with(b"\r") => line = before.len() + 1,
            [b'\n', ..] => return Err(Rejection::bad_request("a line ends in LF without CR")),
            _ => return Err(Rejection::bad_request("a CR is not followed by LF")),
        }
    }
    Ok(None)
}

/// What to say of a head that does not end within the limit, which `head` is as long as.
pub(super) fn too_long(head: &[u8]) -> Rejection {
    let mut lines = head.split(|&byte| byte == b'\r');
    let mut words = lines.next().unwrap_or_default().split(|&byte| byte == b' ').skip(1);
    let is_one_line = lines.next().is_none();
    match words.next() {
        // RFC 9112, section 3: longer than any method that there is.
        None if is_one_line => Rejection::new(Status::NotImplemented, "the method is too long"),
        Some(target) if target.len() > request::TARGET_SIZE_MAX => request::TARGET_TOO_LONG,
        Some(_) if is_one_line => Rejection::new(Status::UriTooLong, "the request line is too long"),
        _ => Rejection::new(Status::RequestHeaderFieldsTooLarge, "the request head is too long"),
    }
}
