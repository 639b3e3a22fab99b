//! The chunked transfer coding (RFC 9112, section 7.1), decoded strictly and thrown away.
//!
//! Nobody wants the content of a request here. What matters is to know its end beyond doubt, since the next request
//! starts there: CRLF alone ends a line, and sizes, extensions and trailers are bounded.

/// Chunk extensions of one message, in bytes: they mean nothing to us.
const EXTENSIONS_MAX: u32 = 1024;

/// The trailer section of one message, in bytes.
const TRAILERS_MAX: u32 = 4096;

/// Hexadecimal digits of a chunk size, leading zeros included: what a `u64` holds.
const SIZE_DIGITS_MAX: u8 = 16;

/// Where the decoder stands between two bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Size { digits: u8 },
    SpaceBeforeExtension,
    Extension(Extension),
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLineFeed,
    LastLineFeed,
    Done,
}

/// Where it stands in a chunk extension (section 7.1.1). A quoted string could hide the end of the line from a reader
/// who does not take it for one, so the extension has to be well-formed although it means nothing here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Extension {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Value,
    Quoted,
    QuotedPair,
    Unquoted,
    AfterValue,
}

impl Extension {
    /// The next place, but for the end of the extension.
    fn step(self, byte: u8) -> Option<Extension> {
        use Extension::{AfterName, AfterValue, BeforeName, BeforeValue, Name, Quoted, QuotedPair, Unquoted, Value};
        let is_text = matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
        Some(match (self, byte) {
            (BeforeName | BeforeValue | AfterName | AfterValue, b' ' | b'\t') => self,
            (BeforeName | Name, _) if is_token(byte) => Name,
            (BeforeValue | Value, _) if is_token(byte) => Value,
            (Name, b' ' | b'\t') => AfterName,
            (Value | Unquoted, b' ' | b'\t') => AfterValue,
            (Name | AfterName, b'=') => BeforeValue,
            (BeforeValue, b'"') => Quoted,
            (Quoted, b'"') => Unquoted,
            (Quoted, b'\\') => QuotedPair,
            (Quoted | QuotedPair, _) if is_text => Quoted,
            (Name | AfterName | Value | Unquoted | AfterValue, b';') => BeforeName,
            _ => return None,
        })
    }

    /// Whether the line may end here.
    fn is_complete(self) -> bool {
        matches!(self, Extension::Name | Extension::Value | Extension::Unquoted)
    }
}

/// A decoder between two reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoder {
    state: State,
    /// Of the chunk: its size while that is read, then what is left of it.
    chunk: u64,
    /// Of the message: content seen so far.
    content: u64,
    extensions: u32,
    trailers: u32,
}

/// Where the decoder stands after it took what there was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All bytes were taken, and more belong to the message.
    NeedBytes,
    /// The message is complete; bytes that were not taken belong to the next one.
    Complete,
}

/// Why the decoder gave up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The content is longer than allowed.
    TooLarge,
    /// The framing is broken; the words say where.
    Malformed(&'static str),
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder { state: State::Size { digits: 0 }, chunk: 0, content: 0, extensions: 0, trailers: 0 }
    }
}

impl Decoder {
    /// Takes bytes off the front of `input`, of which at most `content_max` in all may be content.
    pub fn advance(&mut self, input: &mut &[u8], content_max: u64) -> Result<Progress, Fault> {
        loop {
            if self.state == State::Done {
                return Ok(Progress::Complete);
            }
            if self.state == State::Data {
                let taken = usize::try_from(self.chunk).unwrap_or(usize::MAX).min(input.len());
                *input = input.get(taken..).unwrap_or_default();
                self.chunk -= taken as u64;
                if self.chunk == 0 {
                    self.state = State::DataReturn;
                }
            }
            let Some((&byte, rest)) = input.split_first() else { return Ok(Progress::NeedBytes) };
            *input = rest;
            self.state = self.step(byte, content_max)?;
        }
    }

    /// The transition table, one byte each. Data is taken in one piece by the caller.
    fn step(&mut self, byte: u8, content_max: u64) -> Result<State, Fault> {
        match (self.state, byte) {
            (State::Size { digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < SIZE_DIGITS_MAX => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                self.chunk = (self.chunk << 4) | u64::from(digit);
                Ok(State::Size { digits: digits + 1 })
            }
            (State::Size { digits: 1.. }, b'\r') => Ok(State::SizeLineFeed),
            (State::Size { digits: 1.. }, b';') => Ok(State::Extension(Extension::BeforeName)),
            // Bad white space before an extension must be read (RFC 9110, section 5.6.3).
            (State::Size { digits: 1.. } | State::SpaceBeforeExtension, b' ' | b'\t') => {
                self.count_extension().map(|()| State::SpaceBeforeExtension)
            }
            (State::SpaceBeforeExtension, b';') => Ok(State::Extension(Extension::BeforeName)),
            (State::Extension(extension), b'\r') if extension.is_complete() => Ok(State::SizeLineFeed),
            (State::Extension(extension), _) => match extension.step(byte) {
                Some(next) => self.count_extension().map(|()| State::Extension(next)),
                None => Err(Fault::Malformed("a chunk extension is malformed")),
            },
            (State::SizeLineFeed, b'\n') if self.chunk == 0 => Ok(State::TrailerStart),
            (State::SizeLineFeed, b'\n') => {
                self.content = self.content.saturating_add(self.chunk);
                if self.content > content_max { Err(Fault::TooLarge) } else { Ok(State::Data) }
            }
            (State::DataReturn, b'\r') => Ok(State::DataLineFeed),
            (State::DataLineFeed, b'\n') => Ok(State::Size { digits: 0 }),
            (State::TrailerStart, b'\r') => Ok(State::LastLineFeed),
            (State::LastLineFeed, b'\n') => Ok(State::Done),
            (State::TrailerStart | State::TrailerName, _) if is_token(byte) => {
                self.count_trailer().map(|()| State::TrailerName)
            }
            (State::TrailerName, b':') => Ok(State::TrailerValue),
            (State::TrailerValue, b'\r') => Ok(State::TrailerLineFeed),
            (State::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => self.count_trailer().map(|()| State::TrailerValue),
            (State::TrailerLineFeed, b'\n') => Ok(State::TrailerStart),
            (State::Size { .. } | State::SpaceBeforeExtension, _) => Err(Fault::Malformed("a chunk size is malformed")),
            (State::DataReturn | State::DataLineFeed, _) => {
                Err(Fault::Malformed("a chunk does not end where its size says"))
            }
            (State::TrailerStart | State::TrailerName | State::TrailerValue, _) => {
                Err(Fault::Malformed("a trailer field is malformed"))
            }
            _ => Err(Fault::Malformed("a line of the chunked coding does not end in CRLF")),
        }
    }

    fn count_extension(&mut self) -> Result<(), Fault> {
        self.extensions += 1;
        if self.extensions > EXTENSIONS_MAX {
            Err(Fault::Malformed("the chunk extensions are too long"))
        } else {
            Ok(())
        }
    }

    fn count_trailer(&mut self) -> Result<(), Fault> {
        self.trailers += 1;
        if self.trailers > TRAILERS_MAX { Err(Fault::Malformed("the trailer section is too long")) } else { Ok(()) }
    }
}

/// `tchar` (RFC 9110, section 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+')
        || matches!(byte, b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome of `input` in pieces of `size` bytes: what was left untaken, or the fault.
    fn decode(input: &[u8], size: usize) -> Result<Option<usize>, Fault> {
        let mut decoder = Decoder::default();
        let mut taken = 0;
        for piece in input.chunks(size) {
            let mut rest = piece;
            let progress = decoder.advance(&mut rest, 100)?;
            taken += piece.len() - rest.len();
            if progress == Progress::Complete {
                return Ok(Some(input.len() - taken));
            }
        }
        Ok(None)
    }

    #[test]
    fn messages_and_what_is_left_behind_them() {
        for (input, expected) in [
            ("0\r\n\r\n", Ok(Some(0))),
            ("5\r\nhello\r\n0\r\n\r\nGET", Ok(Some(3))),
            ("000a\r\n0123456789\r\n0000\r\n\r\n", Ok(Some(0))),
            ("5;a=b;c=\"d\"\r\nhello\r\n0 \t;x\r\n\r\n", Ok(Some(0))),
            ("A\r\n0123456789\r\n0\r\nA: b\r\nC:\r\n\r\n", Ok(Some(0))),
            ("5\r\nhel", Ok(None)),
            ("", Ok(None)),
            ("64\r\n", Ok(None)),
            ("65\r\n", Err(Fault::TooLarge)),
            ("ffffffffffffffff\r\n", Err(Fault::TooLarge)),
            ("00000000000000001\r\n", Err(Fault::Malformed("a chunk size is malformed"))),
            ("\r\n", Err(Fault::Malformed("a chunk size is malformed"))),
            ("0x5\r\nhello", Err(Fault::Malformed("a chunk size is malformed"))),
            ("-1\r\n", Err(Fault::Malformed("a chunk size is malformed"))),
            (" 5\r\n", Err(Fault::Malformed("a chunk size is malformed"))),
            ("5 \r\n", Err(Fault::Malformed("a chunk size is malformed"))),
            ("5\nhello\n0\n\n", Err(Fault::Malformed("a chunk size is malformed"))),
            ("5\rhello", Err(Fault::Malformed("a line of the chunked coding does not end in CRLF"))),
            ("1 ; a = b;c\r\nx\r\n0;d=\"\\\"\"\r\n\r\n", Ok(Some(0))),
            ("5;a\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5;\r\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5;a=\r\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5;a=\"\r\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5;a \r\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5;a=b \r\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5;a b\r\nhello", Err(Fault::Malformed("a chunk extension is malformed"))),
            ("5\r\nhelloo\r\n", Err(Fault::Malformed("a chunk does not end where its size says"))),
            ("5\r\nhello\n0\r\n", Err(Fault::Malformed("a chunk does not end where its size says"))),
            ("0\r\n\n", Err(Fault::Malformed("a trailer field is malformed"))),
            ("0\r\nA : b\r\n", Err(Fault::Malformed("a trailer field is malformed"))),
            ("0\r\n A: b\r\n", Err(Fault::Malformed("a trailer field is malformed"))),
            ("0\r\nA: \x00\r\n", Err(Fault::Malformed("a trailer field is malformed"))),
            ("0\r\nA: b\rc", Err(Fault::Malformed("a line of the chunked coding does not end in CRLF"))),
        ] {
            for size in 1..=input.len().max(1) {
                assert_eq!(decode(input.as_bytes(), size), expected, "{input:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded_over_the_whole_message() {
        let extension = format!("1;{}\r\nx\r\n", "e".repeat(600));
        assert_eq!(
            decode(extension.repeat(2).as_bytes(), 999),
            Err(Fault::Malformed("the chunk extensions are too long"))
        );
        let trailer = format!("a:{}\r\n", "t".repeat(2100));
        let input = format!("0\r\n{trailer}{trailer}");
        assert_eq!(decode(input.as_bytes(), 999), Err(Fault::Malformed("the trailer section is too long")));
    }
}
