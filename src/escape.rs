//! Bytes that came from elsewhere, as text that can be shown: in a log, on a terminal, in JSON.

use std::fmt;

/// Shows text as it is, but for what would end a line or steer a terminal, and every byte of that and of what is no
/// text (UTF-8) as `\xHH`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visible<'a>(pub(crate) &'a [u8]);

/// Shows printable ASCII as it is, but for quotes and backslashes, and every other byte as `\xHH`, for what stands
/// between quotes: what nginx does, so that its readers understand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotable<'a>(pub(crate) &'a [u8]);

/// Shows it as a string of JSON without its quotes (RFC 8259, section 7): ASCII alone, in which a reader finds all that
/// was UTF-8 again, and the replacement character for what was not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            let mut rest = chunk.valid();
            while !rest.is_empty() {
                let (plain, others) =
                    rest.split_at_checked(rest.find(is_steering).unwrap_or(rest.len())).unwrap_or((rest, ""));
                f.write_str(plain)?;
                let mut chars = others.chars();
                let steering = chars.next().map_or(0, char::len_utf8);
                write(f, others.as_bytes().get(..steering).unwrap_or_default(), |_| false)?;
                rest = chars.as_str();
            }
            write(f, chunk.invalid(), |_| false)?;
        }
        Ok(())
    }
}

/// Whether a terminal would do something else than to show it.
pub(crate) fn is_steering(char: char) -> bool {
    char.is_control() || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for Quotable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            let mut rest = chunk.valid();
            while !rest.is_empty() {
                let is_plain = |char: char| matches!(char, ' '..='~') && !matches!(char, '"' | '\\');
                let length = rest.find(|char| !is_plain(char)).unwrap_or(rest.len());
                let (plain, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
                f.write_str(plain)?;
                let mut chars = others.chars();
                match chars.next() {
                    Some(char @ ('"' | '\\')) => write!(f, "\\{char}")?,
                    Some(char) => {
                        for unit in char.encode_utf16(&mut [0; 2]) {
                            write!(f, "\\u{unit:04x}")?;
                        }
                    }
                    None => {}
                }
                rest = chars.as_str();
            }
            if !chunk.invalid().is_empty() {
                f.write_str("\\ufffd")?;
            }
        }
        Ok(())
    }
}

/// Writes bytes in runs, since most have nothing to escape.
fn write(f: &mut fmt::Formatter<'_>, bytes: &[u8], is_plain: fn(u8) -> bool) -> fmt::Result {
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = rest.iter().position(|&byte| !is_plain(byte)).unwrap_or(rest.len());
        let (plain, others) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        f.write_str(str::from_utf8(plain).unwrap_or_default())?;
        rest = match others.split_first() {
            Some((byte, rest)) => {
                write!(f, "\\x{byte:02X}")?;
                rest
            }
            None => others,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plain_stays() {
        let bytes = b"a \"b\\\x1b[31m\r\n\xff\x7f~";
        assert_eq!(Visible(bytes).to_string(), "a \"b\\\\x1B[31m\\x0D\\x0A\\xFF\\x7F~");
        assert_eq!(Quotable(bytes).to_string(), "a \\x22b\\x5C\\x1B[31m\\x0D\\x0A\\xFF\\x7F~");
        assert_eq!(Visible(b"").to_string(), "");
        assert_eq!(
            Visible("/home/jürgen/日本\u{202e}\u{9b}".as_bytes()).to_string(),
            "/home/jürgen/日本\\xE2\\x80\\xAE\\xC2\\x9B"
        );
        assert_eq!(Quotable("ü".as_bytes()).to_string(), "\\xC3\\xBC");
    }

    #[test]
    fn a_string_of_json() {
        let bytes = b"a \"b\\\x1b[31m\r\n\x7f~ \xc3\xbc\xc2\x9b\xf0\x9f\x98\x80 \xff\xe2\x82|\xed\xa0\x80";
        let expected =
            r#"a \"b\\\u001b[31m\u000d\u000a\u007f~ \u00fc\u009b\ud83d\ude00 \ufffd\ufffd|\ufffd\ufffd\ufffd"#;
        assert_eq!(Json(bytes).to_string(), expected);
        assert_eq!(Json(b"").to_string(), "");
    }
}
