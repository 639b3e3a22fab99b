//! Bytes that came from elsewhere, as text that can be shown: in a log, on a terminal.

use std::fmt;

/// Shows printable ASCII as it is and every other byte as `\xHH`, so that nothing can end a line or steer a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visible<'a>(pub(crate) &'a [u8]);

/// The same with quotes and backslashes as `\xHH` too, for what stands between quotes: what nginx does, so that its
/// readers understand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotable<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, |byte| matches!(byte, b' '..=b'~'))
    }
}

impl fmt::Display for Quotable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.0, |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
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
    }
}
