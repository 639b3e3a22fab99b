//! How long the content of a request is (RFC 9112, section 6). Never a guess: what two readers could understand in two
//! ways is refused.

use super::chunked::{self, Fault, Progress};
use super::fields::{FieldName, Fields};
use super::request::{Rejection, Request, Version};
use super::status::Status;

/// What follows a request head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Framing {
    /// The next request
    None,
    /// Content that the peer holds back until it is asked for. It never is, and may be sent all the same.
    Withheld,
    /// This many bytes of content, at least one
    Length(u64),
    /// Content in chunks
    Chunked(chunked::Decoder),
}

impl Framing {
    /// The framing of a request, which may announce at most `content_max` bytes.
    pub fn of(request: &Request<'_>, content_max: u64) -> Result<Framing, Rejection> {
        let framing = announced(request, content_max)?;
        let fields = &request.fields;
        let expectations = || fields.elements(FieldName::Expect);
        // HTTP/1.0 knows no expectations (RFC 9110, section 10.1.1).
        let may_expect = request.version == Version::Http11 && fields.value(FieldName::Expect).is_some();
        if !may_expect || expectations().next().is_none() {
            return Ok(framing);
        }
        if expectations().any(|expectation| !expectation.eq_ignore_ascii_case(b"100-continue")) {
            return Err(Rejection::new(Status::ExpectationFailed, "100-continue is the only expectation known here"));
        }
        Ok(if framing == Framing::None { Framing::None } else { Framing::Withheld })
    }

    /// Takes content off the front of `input` and throws it away.
    pub(super) fn discard(&mut self, input: &mut &[u8], content_max: u64) -> Result<Progress, Rejection> {
        match self {
            Framing::None | Framing::Withheld => Ok(Progress::Complete),
            Framing::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *input = input.get(taken..).unwrap_or_default();
                *left -= taken as u64;
                Ok(if *left == 0 { Progress::Complete } else { Progress::NeedBytes })
            }
            Framing::Chunked(decoder) => decoder.advance(input, content_max).map_err(|fault| match fault {
                Fault::TooLarge => TOO_LARGE,
                Fault::Malformed(reason) => Rejection::bad_request(reason),
            }),
        }
    }
}

/// What the fields say (section 6.3).
fn announced(request: &Request<'_>, content_max: u64) -> Result<Framing, Rejection> {
    let fields = &request.fields;
    if fields.value(FieldName::TransferEncoding).is_some() {
        if request.version == Version::Http10 {
            return Err(Rejection::bad_request("HTTP/1.0 has no Transfer-Encoding"));
        }
        if fields.value(FieldName::ContentLength).is_some() {
            return Err(Rejection::bad_request("Content-Length and Transfer-Encoding exclude each other"));
        }
        return transfer_coding(fields).map(|()| Framing::Chunked(chunked::Decoder::default()));
    }
    match content_length(fields)? {
        0 => Ok(Framing::None),
        length if length > content_max => Err(TOO_LARGE),
        length => Ok(Framing::Length(length)),
    }
}

const TOO_LARGE: Rejection = Rejection::new(Status::ContentTooLarge, "the content is longer than this server reads");

/// `chunked`, once and alone. Elements are looked at as they stand: an empty one or a parameter is a sign of games.
fn transfer_coding(fields: &Fields<'_>) -> Result<(), Rejection> {
    let codings =
        || fields.values(FieldName::TransferEncoding).flat_map(|v| v.split(|&b| b == b',')).map(super::fields::trim);
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    match codings().last() {
        Some(last) if is_chunked(last) => {}
        _ => return Err(Rejection::bad_request("the last transfer coding is not chunked")),
    }
    if codings().any(<[u8]>::is_empty) || codings().filter(|coding| is_chunked(coding)).count() > 1 {
        return Err(Rejection::bad_request("Transfer-Encoding is malformed"));
    }
    if codings().count() > 1 {
        return Err(Rejection::new(Status::NotImplemented, "chunked is the only transfer coding known here"));
    }
    Ok(())
}

/// One number of digits alone. A list of equal numbers may be refused (section 6.3), so it is.
fn content_length(fields: &Fields<'_>) -> Result<u64, Rejection> {
    if fields.is_repeated(FieldName::ContentLength) {
        return Err(Rejection::bad_request("there is more than one Content-Length field"));
    }
    let Some(value) = fields.value(FieldName::ContentLength) else { return Ok(0) };
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Rejection::bad_request("Content-Length is not a number"));
    }
    // More than 64 bits hold is a number all the same, and too large.
    std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).ok_or(TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(version: &str, fields: &str) -> Result<Framing, u16> {
        let head = format!("POST / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let request = Request::parse(head.as_bytes(), 9).unwrap();
        Framing::of(&request, 1000).map_err(|rejection| rejection.status.code())
    }

    #[test]
    fn what_follows_a_head() {
        let chunked = || Ok(Framing::Chunked(chunked::Decoder::default()));
        for (fields, expected) in [
            ("", Ok(Framing::None)),
            ("Content-Length: 0\r\n", Ok(Framing::None)),
            ("Content-Length: 007\r\n", Ok(Framing::Length(7))),
            ("Content-Length: 1000\r\n", Ok(Framing::Length(1000))),
            ("Content-Length: 1001\r\n", Err(413)),
            ("Content-Length: 99999999999999999999999\r\n", Err(413)),
            ("Content-Length:\r\n", Err(400)),
            ("Content-Length: +1\r\n", Err(400)),
            ("Content-Length: -1\r\n", Err(400)),
            ("Content-Length: 1 2\r\n", Err(400)),
            ("Content-Length: 0x1\r\n", Err(400)),
            ("Content-Length: 1, 1\r\n", Err(400)),
            ("Content-Length: 1\r\nContent-Length: 1\r\n", Err(400)),
            ("Transfer-Encoding: chunked\r\n", chunked()),
            ("transfer-encoding: \t Chunked \r\n", chunked()),
            ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", Err(400)),
            ("Transfer-Encoding: gzip, chunked\r\n", Err(501)),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", Err(501)),
            ("Transfer-Encoding: xchunked\r\n", Err(400)),
            ("Transfer-Encoding: chunked, gzip\r\n", Err(400)),
            ("Transfer-Encoding: chunked, chunked\r\n", Err(400)),
            ("Transfer-Encoding: chunked;a=b\r\n", Err(400)),
            ("Transfer-Encoding: , chunked\r\n", Err(400)),
            ("Transfer-Encoding:\r\n", Err(400)),
            ("Transfer-Encoding: identity\r\n", Err(400)),
            ("Transfer-Encoding: \"chunked\"\r\n", Err(400)),
        ] {
            assert_eq!(framing("1.1", fields), expected, "{fields:?}");
        }
        assert_eq!(framing("1.1", "Content-Length: 1\r\nExpect: 100-Continue\r\n"), Ok(Framing::Withheld));
        assert_eq!(framing("1.1", "Expect: 100-continue\r\n"), Ok(Framing::None));
        assert_eq!(framing("1.1", "Expect: more\r\n"), Err(417));
        assert_eq!(framing("1.0", "Content-Length: 1\r\nExpect: more\r\n"), Ok(Framing::Length(1)));
        assert_eq!(framing("1.0", "Transfer-Encoding: chunked\r\n"), Err(400));
        assert_eq!(framing("1.0", "Content-Length: 1\r\n"), Ok(Framing::Length(1)));
    }
}
