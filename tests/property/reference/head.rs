//! A request head (RFC 9112, sections 2, 3, 5 and 6) that lies there as a whole: what it asks for, or every status with
//! which it may be refused.
//!
//! A head can have several faults, and which is found first is nobody's business. So all of them are gathered here, and
//! the server has to refuse the head with one of them.

use std::collections::BTreeSet;

use super::target::{self, Authority, Target};
use super::{Bytes, is_field_value, is_token, trimmed};

/// The longest request-target.
const TARGET_SIZE_MAX: usize = 8192;

/// What may be received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) head_size: usize,
    pub(crate) fields: usize,
    pub(crate) content_size: u64,
}

/// Statuses, each of them right.
pub(crate) type Statuses = BTreeSet<u16>;

/// What a head without faults asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Bytes,
    /// As it was sent
    pub(crate) target_text: Bytes,
    pub(crate) target: Target,
    /// Its own or Host's
    pub(crate) authority: Option<Authority>,
    /// Anything above 1.0
    pub(crate) is_http11: bool,
    /// Names in lower case with trimmed values
    pub(crate) fields: Vec<(String, Bytes)>,
    pub(crate) is_persistent: bool,
    pub(crate) content: Content,
}

/// What follows a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    /// The next request
    None,
    /// Something that is not wanted
    Withheld,
    Length(u64),
    Chunked,
}

/// Reads a head of lines that end in CRLF, the last of them empty.
pub(crate) fn read(head: &[u8], limits: &Limits) -> Result<Asked, Statuses> {
    let mut faults = Statuses::new();
    let mut lines = crlf_lines(head).into_iter();
    let request_line = lines.next().unwrap_or_default();
    let mut fields = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let (name, value) = (&line[..colon], &line[(colon + 1).min(line.len())..]);
        faults.extend((!is_token(name) || !is_field_value(value)).then_some(400));
        fields.push((String::from_utf8_lossy(name).to_ascii_lowercase(), trimmed(value).into()));
    }
    faults.extend((fields.len() > limits.fields).then_some(431));

    let words: Vec<&[u8]> = request_line.split(|byte| *byte == b' ').collect();
    let (method, target_text, version) = match *words {
        [method, target, version] => (method, target, version),
        // No request, but a version all the same.
        _ => (&b""[..], &b""[..], words.last().copied().unwrap_or_default()),
    };
    let (is_version, major, minor) = match *version {
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] => {
            (major.is_ascii_digit() && minor.is_ascii_digit(), major, minor)
        }
        _ => (false, 0, 0),
    };
    let is_http11 = minor != b'0';
    faults.extend((!is_token(method) || !is_version).then_some(400));
    faults.extend((is_version && major != b'1').then_some(505));
    faults.extend((target_text.len() > TARGET_SIZE_MAX).then_some(414));
    let target = target::target(method, target_text);
    faults.extend(target.is_none().then_some(400));
    faults.extend(target_text.to_ascii_lowercase().starts_with(b"https://").then_some(421));

    let hosts = values(&fields, "host");
    let host = hosts.first().and_then(|host| target::authority(host));
    faults.extend((hosts.len() > 1 || (host.is_none() && (is_http11 || !hosts.is_empty()))).then_some(400));
    let options = list(&values(&fields, "connection"));
    let has = |option: &str| options.iter().any(|element| element.eq_ignore_ascii_case(option.as_bytes()));
    let is_persistent = !has("close") && (is_http11 || has("keep-alive"));
    let content = content(&fields, is_http11, limits).unwrap_or_else(|statuses| {
        faults.extend(statuses);
        Content::None
    });
    match target {
        Some(target) if faults.is_empty() => {
            let authority = if let Target::Absolute(authority, ..) = &target { Some(authority.clone()) } else { host };
            let (method, target_text) = (method.into(), target_text.into());
            Ok(Asked { method, target_text, target, authority, is_http11, fields, is_persistent, content })
        }
        _ => Err(faults),
    }
}

/// The lines of a text, each without the CRLF at its end.
fn crlf_lines(mut text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    while let Some(end) = super::find(text, b"\r\n") {
        lines.push(&text[..end]);
        text = &text[end + 2..];
    }
    lines
}

/// The values of all lines of that name.
fn values<'a>(fields: &'a [(String, Bytes)], name: &str) -> Vec<&'a [u8]> {
    fields.iter().filter(|(known, _)| known == name).map(|(_, value)| &value.0[..]).collect()
}

/// The elements of all values, without empty ones.
fn list<'a>(values: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let elements = values.iter().flat_map(|value| value.split(|byte| *byte == b','));
    elements.map(trimmed).filter(|element| !element.is_empty()).collect()
}

/// What follows the head (RFC 9112, section 6.3), or the statuses of what is wrong with that.
fn content(fields: &[(String, Bytes)], is_http11: bool, limits: &Limits) -> Result<Content, Statuses> {
    let (lengths, codings) = (values(fields, "content-length"), values(fields, "transfer-encoding"));
    let expectations = list(&values(fields, "expect"));
    let mut faults = Statuses::new();
    let mut content = Content::None;
    if let [digits, others @ ..] = &lengths[..] {
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let number = digits
            .iter()
            .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0'))));
        faults.extend((!is_number || !others.is_empty() || !codings.is_empty()).then_some(400));
        faults.extend((is_number && number > limits.content_size).then_some(413));
        content = if number == 0 { Content::None } else { Content::Length(number) };
    }
    if !codings.is_empty() {
        // An empty element is a sign of games here, and so is a second "chunked".
        let codings = codings.join(&b","[..]).to_ascii_lowercase();
        let codings: Vec<&[u8]> = codings.split(|byte| *byte == b',').map(trimmed).collect();
        let chunked = codings.iter().filter(|coding| **coding == b"chunked").count();
        let is_last = codings.last().is_some_and(|coding| *coding == b"chunked");
        faults.extend((!is_http11 || !is_last || chunked > 1 || codings.contains(&&b""[..])).then_some(400));
        faults.extend(codings.iter().any(|coding| !coding.is_empty() && *coding != b"chunked").then_some(501));
        content = Content::Chunked;
    }
    if is_http11 && !expectations.is_empty() {
        let is_known = expectations.iter().all(|expectation| expectation.eq_ignore_ascii_case(b"100-continue"));
        faults.extend((!is_known).then_some(417));
        content = if content == Content::None { Content::None } else { Content::Withheld };
    }
    if faults.is_empty() { Ok(content) } else { Err(faults) }
}
