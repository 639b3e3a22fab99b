//! Reading a date never panics and agrees with a calendar that counts years and months one by one. What is written is
//! read as the same second, and is what the calendar writes.

use webserv::http::date;

use crate::reference::date as calendar;

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// Seconds of which a date is read.
const NOWS: [i64; 8] =
    [1_790_000_000, 1_709_164_800, 946_684_799, 951_782_400, 0, 2_524_607_999, 4_102_444_799, 3_000_000_000];

const FRAGMENTS: &[super::Fragment] = &[
    ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
    ("Sunday, 06-Nov-94 08:49:37 GMT", 1),
    ("Sun Nov  6 08:49:37 1994", 1),
    (" GMT", 1),
    ("Mon, ", 1),
    ("Tue, ", 1),
    ("Wed, ", 1),
    ("Thu, ", 1),
    ("Fri, ", 1),
    ("Sat, ", 1),
    ("Monday, ", 1),
    ("Tuesday, ", 1),
    ("Wednesday, ", 1),
    ("Thursday, ", 1),
    ("Friday, ", 1),
    ("Saturday, ", 1),
    ("Sunday, ", 1),
    (" Jan ", 1),
    ("-Feb-", 1),
    ("29 Feb ", 1),
    ("29-Feb-", 1),
    ("Mar ", 1),
    ("31 Dec ", 1),
    ("-Dec-", 1),
    (" 00:00:00", 1),
    (" 23:59:59", 1),
    (" 23:59:60", 1),
    ("2000", 1),
    ("2100", 1),
    ("1970", 1),
    ("9999", 1),
    ("76", 1),
    ("Thu Jan  1", 1),
    ("  ", 1),
    (" 12:", 1),
];

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, input)) = super::choice(data, FRAGMENTS) else { return };
    let [now, value @ ..] = &input[..] else { return };
    let now = NOWS[usize::from(*now) % NOWS.len()];
    let parsed = date::parse(value, now);
    // White space around a value is taken off before anyone reads it.
    if crate::reference::is_field_value(value) && crate::reference::trimmed(value).len() == value.len() {
        assert_eq!(parsed, calendar::parse(value, now), "{} in the second {now}", value.escape_ascii());
    }
    if let Some(second) = parsed {
        check_written(second);
    }
    if let (1, Some(bytes)) = (choice & 1, value.first_chunk()) {
        check_written(i64::from_le_bytes(*bytes) % (LAST + LAST / 8));
    }
}

/// The second as it is written. Outside of what four digits of a year can say it is the nearest that can be written.
fn check_written(second: i64) {
    let written = date::format(second);
    let nearest = second.clamp(0, LAST);
    assert_eq!(written, calendar::format(nearest), "{second}");
    assert_eq!(date::parse(written.as_bytes(), 0), Some(nearest), "{written}");
}
