//! HTTP dates (RFC 9110, section 5.6.7): whole seconds since the epoch to and from the wire.

use std::time::{Duration, UNIX_EPOCH};

/// Whole seconds since 1970-01-01 00:00:00 UTC; earlier times are negative.
pub type UnixSeconds = i64;

/// 9999-12-31 23:59:59 UTC, the last second that an HTTP date can name.
const LAST: UnixSeconds = 253_402_300_799;

/// `Sun, 06 Nov 1994 08:49:37 GMT`. A time before 1970 or after 9999, which the format has no room for or which no
/// file system means, is given as the nearest that can be written.
pub fn format(time: UnixSeconds) -> String {
    let seconds = u64::try_from(time.clamp(0, LAST)).unwrap_or(0);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Reads any of the three formats. `None` where the value is no date; its field is then ignored.
pub fn parse(value: &[u8]) -> Option<UnixSeconds> {
    let time = httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_formats_name_the_same_second() {
        let second = 784_111_777;
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(text.as_bytes()), Some(second), "{text}");
        }
        assert_eq!(format(second), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT", "0"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"\xff"), None);
    }

    #[test]
    fn times_outside_the_format_are_clamped() {
        assert_eq!(format(-1), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
