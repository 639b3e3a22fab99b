//! The chunked transfer coding (RFC 9112, section 7.1) of a message that lies there as a whole.

use super::{find, is_field_value, is_token};

/// Bytes of extensions and of trailers that one message may have.
const EXTENSIONS_MAX: usize = 1024;
const TRAILERS_MAX: usize = 4096;

/// What a buffer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Message {
    /// A message that ends before this byte
    Complete(usize),
    /// The start of one, to which something can be added so that it becomes one
    NeedBytes,
    /// No message, whatever comes
    Malformed,
    /// More content than is allowed
    TooLarge,
}

/// The message that `input` starts with.
pub(crate) fn message(input: &[u8], content_max: u64) -> Message {
    let mut rest = input;
    let (mut content, mut extensions) = (0_u64, 0);
    loop {
        // A line is complete, or something could be added to it that makes it one.
        let Some(end) = find(rest, b"\r\n") else {
            let ends = ["\n", "\r\n", "0\r\n", "a\r\n", ";a\r\n", "=a\r\n", "\"\r\n", "a\"\r\n"].map(str::as_bytes);
            let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let begun = rest[digits..].strip_suffix(b"\r").unwrap_or(&rest[digits..]);
            if extensions + counted(begun) > EXTENSIONS_MAX {
                return Message::Malformed;
            }
            return start_of(rest, &ends, |line| chunk_size(line).is_some());
        };
        let Some((size, added)) = chunk_size(&rest[..end]) else { return Message::Malformed };
        extensions += added;
        if extensions > EXTENSIONS_MAX {
            return Message::Malformed;
        }
        rest = &rest[end + 2..];
        if size == 0 {
            break;
        }
        content = content.saturating_add(size);
        if content > content_max {
            return Message::TooLarge;
        }
        let size = size as usize; // at most `content_max` now
        if rest.len() < size {
            return Message::NeedBytes;
        }
        match &rest[size..] {
            [] | [b'\r'] => return Message::NeedBytes,
            [b'\r', b'\n', behind @ ..] => rest = behind,
            _ => return Message::Malformed,
        }
    }
    let mut trailers = 0;
    loop {
        let Some(end) = find(rest, b"\r\n") else {
            let ends: [&[u8]; 3] = [b"\n", b"\r\n", b":\r\n"];
            return start_of(rest, &ends, |line| line.is_empty() || trailer(line, trailers).is_some());
        };
        let line = &rest[..end];
        rest = &rest[end + 2..];
        if line.is_empty() {
            return Message::Complete(input.len() - rest.len());
        }
        match trailer(line, trailers) {
            None => return Message::Malformed,
            Some(length) => trailers += length,
        }
    }
}

/// Whether the start of a line becomes a line when one of `ends` is put behind it.
fn start_of(start: &[u8], ends: &[&[u8]], is_line: impl Fn(&[u8]) -> bool) -> Message {
    let becomes_line = ends.iter().any(|end| {
        let line = [start, end].concat();
        line.strip_suffix(b"\r\n").is_some_and(&is_line)
    });
    if becomes_line { Message::NeedBytes } else { Message::Malformed }
}

/// The size and the length of the extensions of a `chunk-size [ chunk-ext ]`.
fn chunk_size(line: &[u8]) -> Option<(u64, usize)> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (size, extensions) = line.split_at(digits);
    if !(1..=16).contains(&digits) || !are_extensions(extensions) {
        return None;
    }
    let size = u64::from_str_radix(str::from_utf8(size).ok()?, 16).ok()?;
    Some((size, counted(extensions)))
}

/// Of the bytes behind a size the first semicolon is not counted.
fn counted(extensions: &[u8]) -> usize {
    extensions.len() - usize::from(extensions.contains(&b';'))
}

/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`
fn are_extensions(text: &[u8]) -> bool {
    if text.is_empty() {
        return true;
    }
    let Some(text) = without_space(text).strip_prefix(b";") else { return false };
    let Some(text) = behind_token(without_space(text)) else { return false };
    let Some(value) = without_space(text).strip_prefix(b"=") else { return are_extensions(text) };
    let value = without_space(value);
    let rest = if value.starts_with(b"\"") { behind_quoted(value) } else { behind_token(value) };
    rest.is_some_and(are_extensions)
}

fn without_space(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b' ' || **byte == b'\t').count()..]
}

fn behind_token(text: &[u8]) -> Option<&[u8]> {
    let length = text.iter().take_while(|byte| is_token(&[**byte])).count();
    (length > 0).then(|| &text[length..])
}

/// Behind a quoted string, in which a backslash takes the next byte along.
fn behind_quoted(text: &[u8]) -> Option<&[u8]> {
    let mut at = 1;
    while text.get(at) != Some(&b'"') {
        let length = if text.get(at) == Some(&b'\\') { 2 } else { 1 };
        if !is_field_value(text.get(at..at + length)?) {
            return None;
        }
        at += length;
    }
    Some(&text[at + 1..])
}

/// The length of a trailer field without its colon, after so many bytes of them.
fn trailer(line: &[u8], before: usize) -> Option<usize> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let added = line.len() - 1;
    (is_token(&line[..colon]) && is_field_value(&line[colon + 1..]) && before + added <= TRAILERS_MAX).then_some(added)
}
