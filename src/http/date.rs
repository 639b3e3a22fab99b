//! HTTP dates (RFC 9110, section 5.6.7): whole seconds since the epoch to and from the wire.

use std::borrow::Cow;
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
pub fn parse(value: &[u8], now: UnixSeconds) -> Option<UnixSeconds> {
    let text = std::str::from_utf8(value).ok()?;
    match Rfc850::parse(text) {
        Some(date) => date.time(now),
        None => parse_full(text),
    }
}

/// A date with four digits of the year. httpdate knows no year before 1970: those are looked up 2000 years later, when
/// every date has the same weekday. Nor does it know leap seconds, which come after the second before them.
fn parse_full(text: &str) -> Option<UnixSeconds> {
    const TWO_THOUSAND_YEARS: UnixSeconds = 5 * 146_097 * 86_400;
    let (year_at, time_at) = match text.len() {
        29 => (12..16, 17..25),
        24 => (20..24, 11..19),
        _ => return None,
    };
    let digits = text.get(year_at.clone()).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let year: u16 = digits.parse().ok()?;
    let is_leap_second = text.get(time_at.clone())? == "23:59:60";
    let mut text = Cow::Borrowed(text);
    if year < 1970 {
        text.to_mut().replace_range(year_at, &(year + 2000).to_string());
    }
    if is_leap_second {
        text.to_mut().replace_range(time_at, "23:59:59");
    }
    let since = httpdate::parse_http_date(&text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let time = UnixSeconds::try_from(since.as_secs()).ok()? + UnixSeconds::from(is_leap_second);
    Some(if year < 1970 { time - TWO_THOUSAND_YEARS } else { time })
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`, taken apart here because httpdate takes 70 for 1970 in whatever year we are.
struct Rfc850<'a> {
    weekday: &'a str,
    day: &'a str,
    month: &'a str,
    year_of_century: i64,
    time: &'a str,
}

impl Rfc850<'_> {
    fn parse(text: &str) -> Option<Rfc850<'_>> {
        let (weekday, rest) = text.split_once("day, ")?;
        let weekday =
            ["Sun", "Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur"].into_iter().find(|day| *day == weekday)?;
        let (day, rest) = rest.split_once('-')?;
        let (month, rest) = rest.split_once('-')?;
        let (year, time) = rest.split_once(' ')?;
        let is_year = year.len() == 2 && year.bytes().all(|byte| byte.is_ascii_digit());
        let year_of_century = year.parse().ok().filter(|_| is_year)?;
        Some(Rfc850 { weekday: weekday.get(..3)?, day, month, year_of_century, time })
    }

    /// The time in the last such year that is at most 50 years from now. Where the weekday is not that of this year,
    /// the one a hundred years before may be meant.
    fn time(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let Rfc850 { weekday, day, month, year_of_century, time } = self;
        let today = format(now);
        let limit = today.get(12..16)?.parse::<i64>().ok()? + 50;
        let last = limit - (limit - year_of_century).rem_euclid(100);
        let is_too_late = last == limit
            && in_leap_year(&format!("{day} {month}"), time) > in_leap_year(today.get(5..11)?, today.get(17..)?);
        let last = if is_too_late { last - 100 } else { last };
        let in_year = |year| parse_full(&format!("{weekday}, {day} {month} {year:04} {time}"));
        [last, last - 100].into_iter().find_map(in_year)
    }
}

/// A day such as "06 Nov" and a time in a year that has every day, to be compared with others.
fn in_leap_year(day: &str, time: &str) -> Option<UnixSeconds> {
    let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    weekdays.into_iter().find_map(|weekday| parse_full(&format!("{weekday}, {day} 2000 {time}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = 1_790_000_000; // 2026-09-21

    #[test]
    fn three_formats_name_the_same_second() {
        let second = 784_111_777;
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(text.as_bytes(), NOW), Some(second), "{text}");
        }
        assert_eq!(format(second), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        for (text, full) in [
            ("Monday, 21-Sep-26 14:13:20 GMT", "Mon, 21 Sep 2026 14:13:20 GMT"),
            ("Tuesday, 22-Sep-70 00:00:00 GMT", "Tue, 22 Sep 1970 00:00:00 GMT"),
            ("Monday, 22-Sep-70 00:00:00 GMT", "Mon, 22 Sep 2070 00:00:00 GMT"),
            ("Sunday, 20-Sep-76 00:00:00 GMT", "Sun, 20 Sep 2076 00:00:00 GMT"),
            ("Friday, 31-Dec-99 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"),
        ] {
            assert_eq!(parse(text.as_bytes(), NOW), Some(parse_full(full).unwrap()), "{text}");
        }
        // More than fifty years from now, and on no such weekday a hundred years before.
        assert_eq!(parse(b"Wednesday, 23-Sep-76 00:00:00 GMT", NOW), None);
    }

    #[test]
    fn leap_seconds_and_years_before_1970() {
        for (text, second) in [
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Sat Dec 31 23:59:60 2016", 1_483_228_800),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Fri Jan  1 00:00:00 1960", -315_619_200),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
        ] {
            assert_eq!(parse(text.as_bytes(), NOW), Some(second), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06-Nov-9 08:49:37 GMT",
            "Sunday, 06-Nov-+4 08:49:37 GMT",
            "Someday, 06-Nov-94 08:49:37 GMT",
            "0",
        ] {
            assert_eq!(parse(text.as_bytes(), NOW), None, "{text}");
        }
        assert_eq!(parse(b"\xff", NOW), None);
    }

    #[test]
    fn times_outside_the_format_are_clamped() {
        assert_eq!(format(-1), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
