//! HTTP dates (RFC 9110, section 5.6.7) by counting years and months one by one.

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date and a time of day as they are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Date {
    year: i64,
    month: usize,
    day: i64,
    /// Hour, minute and second
    time: (i64, i64, i64),
}

/// The second that a value names, seen from the second `now`; `None` where it is no date.
pub(crate) fn parse(value: &[u8], now: i64) -> Option<i64> {
    let text = str::from_utf8(value).ok()?;
    let words: Vec<&str> = text.split(' ').collect();
    match *words {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [weekday, day, month, year, time, "GMT"] => {
            dated(short(weekday.strip_suffix(',')?)?, number(day, 2)?, month, number(year, 4)?, time)
        }
        // Sun Nov  6 08:49:37 1994
        [weekday, month, "", day, time, year] => dated(short(weekday)?, number(day, 1)?, month, number(year, 4)?, time),
        [weekday, month, day, time, year] => dated(short(weekday)?, number(day, 2)?, month, number(year, 4)?, time),
        // Sunday, 06-Nov-94 08:49:37 GMT
        [weekday, date, time, "GMT"] => {
            let weekday = WEEKDAYS.iter().position(|name| weekday.strip_suffix(',') == Some(name))?;
            let [day, month, year] = *date.split('-').collect::<Vec<_>>() else { return None };
            let (day, year) = (number(day, 2)?, number(year, 2)?);
            // Such a year that is not more than 50 years from now: the last one, or the one before it where only that
            // has the right day of the week.
            let limit = Date { year: civil(now).year + 50, ..civil(now) };
            let years = (0..=limit.year / 100).map(|century| century * 100 + year).rev();
            let dates = years.filter_map(|year| plain(day, month, year, time)).filter(|date| *date <= limit);
            dates.take(2).find(|date| is_on(weekday, *date))
        }
        _ => None,
    }
    .map(seconds)
}

/// The second in the preferred format.
pub(crate) fn format(second: i64) -> String {
    let Date { year, month, day, time: (hour, minute, second_of_minute) } = civil(second);
    let weekday = &WEEKDAYS[weekday_of(second)][..3];
    format!("{weekday}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second_of_minute:02} GMT", MONTHS[month])
}

/// The weekday of that name of three letters.
fn short(name: &str) -> Option<usize> {
    WEEKDAYS.iter().position(|weekday| &weekday[..3] == name)
}

/// A number of so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn dated(weekday: usize, day: i64, month: &str, year: i64, time: &str) -> Option<Date> {
    plain(day, month, year, time).filter(|date| is_on(weekday, *date))
}

/// A date without its weekday. The second 60 is a leap second.
fn plain(day: i64, month: &str, year: i64, time: &str) -> Option<Date> {
    let month = MONTHS.iter().position(|name| *name == month)?;
    let [hour, minute, second] = *time.split(':').collect::<Vec<_>>() else { return None };
    let time = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let is_time = (time.0 < 24 && time.1 < 60 && time.2 < 60) || time == (23, 59, 60);
    let is_date = (1..=days_in(year, month)).contains(&day);
    (is_time && is_date).then_some(Date { year, month, day, time })
}

fn is_on(weekday: usize, date: Date) -> bool {
    weekday_of(seconds(Date { time: (0, 0, 0), ..date })) == weekday
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: usize) -> i64 {
    let february = if is_leap(year) { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
}

fn days_of_year(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

/// The weekday of a second: the epoch was a Thursday.
fn weekday_of(second: i64) -> usize {
    (second.div_euclid(86_400) + 3).rem_euclid(7) as usize
}

fn seconds(date: Date) -> i64 {
    let years: i64 = if date.year >= 1970 {
        (1970..date.year).map(days_of_year).sum()
    } else {
        -(date.year..1970).map(days_of_year).sum::<i64>()
    };
    let months: i64 = (0..date.month).map(|month| days_in(date.year, month)).sum();
    let (hour, minute, second) = date.time;
    (((years + months + date.day - 1) * 24 + hour) * 60 + minute) * 60 + second
}

/// The date of a second at or after the epoch.
fn civil(second: i64) -> Date {
    let (mut day, time) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let mut year = 1970;
    while day >= days_of_year(year) {
        day -= days_of_year(year);
        year += 1;
    }
    let mut month = 0;
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    Date { year, month, day: day + 1, time: (time / 3600, time / 60 % 60, time % 60) }
}
