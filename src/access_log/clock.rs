//! The time of a line as text, made once a second.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The texts of a second.
pub(super) struct Clock {
    zone: TimeZone,
    /// The second that the others are of
    second: i64,
    /// `10:49:37`
    pub(super) short: Vec<u8>,
    /// `06/Nov/1994:10:49:37 +0200`
    pub(super) ncsa: Vec<u8>,
    /// `1994-11-06T08:49:37`, in UTC, without its zone: a part of a second may follow (RFC 3339).
    pub(super) utc: Vec<u8>,
}

impl Clock {
    /// One that shows the time of the zone.
    pub(super) fn of(zone: TimeZone) -> Clock {
        Clock { zone, second: i64::MIN, short: Vec::new(), ncsa: Vec::new(), utc: Vec::new() }
    }

    /// Shows this second, counted from 1970 on.
    pub(super) fn show(&mut self, second: i64) {
        if second == self.second {
            return;
        }
        self.second = second;
        let time = Timestamp::from_second(second).unwrap_or_default();
        let local = time.to_zoned(self.zone.clone());
        let texts = [
            (&mut self.short, "%H:%M:%S", &local),
            (&mut self.ncsa, "%d/%b/%Y:%H:%M:%S %z", &local),
            (&mut self.utc, "%Y-%m-%dT%H:%M:%S", &time.to_zoned(TimeZone::UTC)),
        ];
        for (text, format, time) in texts {
            text.clear();
            // Writing to memory does not fail.
            _ = write!(text, "{}", time.strftime(format));
        }
    }
}

/// The zone that `TZ` names, or else the one of the system (tzset(3)). One file is read, once: jiff's own search goes
/// through all zones there are.
pub(super) fn local_zone() -> TimeZone {
    let read = |path: &Path| std::fs::read(path).ok().and_then(|data| TimeZone::tzif("local", &data).ok());
    let zone = match std::env::var("TZ") {
        Ok(name) => {
            let name = name.trim_start_matches(':');
            read(&Path::new("/usr/share/zoneinfo").join(name)).or_else(|| TimeZone::posix(name).ok())
        }
        Err(_) => read(Path::new("/etc/localtime")),
    };
    zone.unwrap_or(TimeZone::UTC)
}
