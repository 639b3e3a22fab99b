//! Counts, sizes and times as they are written: `100`, `"16 KiB"`, `"10s"`.
//!
//! Never knows which key it reads, nor what is too much for it.

use std::ops::RangeInclusive;

use toml::de::DeValue;

use super::diagnostic::{Malformed, Quoted, nearest};
use super::plain::Plain;
use super::schema;

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Things: a TOML integer.
    Things,
    /// Bytes: `"16 KiB"`, or a TOML integer.
    Bytes,
    /// Milliseconds: `"10s"`.
    Milliseconds,
}

type Scale = &'static [(&'static str, u64)];

const BYTES: Scale = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
const MILLISECONDS: Scale = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Spellings that others accept, and ours. They are refused because some of them mean two things (`K`: 1000 or 1024),
/// but everyone means one of ours by them.
const OTHER_SPELLINGS: &[(&[&str], &str)] = &[
    (&["byte", "bytes", "o"], "B"),
    (&["k", "kb", "ki"], "KiB"),
    (&["m", "mb", "mi"], "MiB"),
    (&["g", "gb", "gi"], "GiB"),
    (&["t", "tb", "ti"], "TiB"),
    (&["msec", "millis", "millisecond", "milliseconds"], "ms"),
    (&["sec", "secs", "second", "seconds"], "s"),
    (&["min", "mins", "minute", "minutes"], "m"),
    (&["hr", "hrs", "hour", "hours"], "h"),
];

impl Unit {
    /// What is expected, for a message.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Things => "a whole number",
            Self::Bytes => "a size such as \"16 KiB\"",
            Self::Milliseconds => "a time such as \"10s\"",
        }
    }

    /// The number that `value` stands for; `None` where it has another type.
    pub(super) fn read(self, value: &DeValue<'_>) -> Option<Result<u64, Malformed>> {
        match value {
            DeValue::Integer(integer) if self != Self::Milliseconds => {
                let number = u64::from_str_radix(integer.as_str(), integer.radix());
                Some(number.map_err(|_| Malformed::new(format!("expected {}, not below 0", self.expected()))))
            }
            DeValue::Integer(integer) => {
                Some(Err(Malformed::new("the unit is missing: ms, s, m or h")
                    .help(format!("write \"{integer}s\" for seconds"))))
            }
            DeValue::String(text) if self != Self::Things => Some(self.parse(text)),
            _ => None,
        }
    }

    /// `number` as it would be written in a config, in the largest unit that holds it exactly.
    pub(super) fn written(self, number: u64) -> Plain {
        let exact = |(_, size): &&(&str, u64)| number != 0 && number.is_multiple_of(*size);
        match (self.scale().iter().rev().find(exact), self) {
            (Some((unit, size)), Self::Bytes) => Plain::text(format!("{} {unit}", number / size)),
            (Some((unit, size)), _) => Plain::text(format!("{}{unit}", number / size)),
            (None, Self::Milliseconds) => Plain::text(format!("{number}s")),
            (None, _) => Plain::Number(number),
        }
    }

    /// What is accepted of `range`, in the words of JSON Schema.
    pub(super) fn schema(self, range: &RangeInclusive<u64>) -> Plain {
        let integer = || {
            let [least, most] = [range.start(), range.end()].map(|end| Plain::Number(*end));
            Plain::table([("type", Plain::text("integer")), ("minimum", least), ("maximum", most)])
        };
        let units: Vec<&str> = self.scale().iter().map(|(unit, _)| *unit).collect();
        let text = || schema::text(Some(&format!("^[0-9]+ ?({})$", units.join("|"))));
        match self {
            Self::Things => integer(),
            Self::Bytes => schema::any_of([text(), integer()]),
            Self::Milliseconds => text(),
        }
    }

    fn parse(self, text: &str) -> Result<u64, Malformed> {
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let unit = unit.strip_prefix(' ').unwrap_or(unit);
        let malformed = || Malformed::new(format!("expected {}", self.expected()));
        if digits.is_empty() {
            return Err(malformed());
        }
        let Some((_, size)) = self.scale().iter().find(|(name, _)| *name == unit) else {
            return Err(self.guess(digits, unit.trim()).map_or_else(malformed, |guess| malformed().help(guess)));
        };
        let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(*size));
        number.ok_or_else(|| Malformed::new(format!("{} is more than this program can count", Quoted(text))))
    }

    fn guess(self, digits: &str, unit: &str) -> Option<String> {
        let lower = unit.to_lowercase();
        let meant = |ours: &str, others: &[&str]| ours.to_lowercase() == lower || others.contains(&lower.as_str());
        let spelled = OTHER_SPELLINGS.iter().find(|(others, ours)| meant(ours, others) && self.knows(ours));
        let cased = self.scale().iter().map(|(ours, _)| *ours).find(|ours| meant(ours, &[]));
        match (spelled.map(|(_, ours)| *ours).or(cased), self) {
            (Some(ours), Self::Bytes) => Some(format!("write \"{digits} {ours}\"")),
            (Some(ours), _) => Some(format!("write \"{digits}{ours}\"")),
            (None, Self::Bytes) if unit.is_empty() => Some(format!("write {digits} without quotes, or \"{digits} B\"")),
            (None, Self::Milliseconds) if unit.is_empty() => Some(format!("write \"{digits}s\" for seconds")),
            (None, Self::Milliseconds) if ["d", "day", "days"].contains(&unit) => {
                Some(format!("write \"{}h\"", digits.parse::<u64>().ok()?.checked_mul(24)?))
            }
            (None, Self::Bytes) => {
                Some("the units are B, KiB, MiB, GiB and TiB; the number has no fraction".to_owned())
            }
            (None, _) => Some(match near_time(&lower) {
                Some(ours) => format!("did you mean \"{digits}{ours}\"?"),
                None => "the units are ms, s, m and h: one of them, after one number without a fraction".to_owned(),
            }),
        }
    }

    fn knows(self, unit: &str) -> bool {
        self.scale().iter().any(|(name, _)| *name == unit)
    }

    fn scale(self) -> Scale {
        match self {
            Self::Things => &[],
            Self::Bytes => BYTES,
            Self::Milliseconds => MILLISECONDS,
        }
    }
}

/// The unit of time whose name may be misspelt so. What is short is near to too much, and `usec` is no `msec`.
fn near_time(word: &str) -> Option<&'static str> {
    let spelled = |(others, ours): &(&'static [&'static str], &'static str)| {
        let is_like = |other: &&str| other.len() > 2 && other.chars().next() == word.chars().next();
        let others = others.iter().copied().filter(is_like);
        (Unit::Milliseconds.knows(ours) && nearest(word, others).is_some()).then_some(*ours)
    };
    OTHER_SPELLINGS.iter().find_map(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        let table = [
            (Unit::Bytes, "512 B", Some(512)),
            (Unit::Bytes, "16 KiB", Some(16 << 10)),
            (Unit::Bytes, "16KiB", Some(16 << 10)),
            (Unit::Bytes, "2 GiB", Some(2 << 30)),
            (Unit::Bytes, "0 B", Some(0)),
            (Unit::Bytes, "16777215 TiB", Some(16_777_215 << 40)),
            (Unit::Bytes, "16777216 TiB", None),
            (Unit::Bytes, "99999999999999999999 B", None),
            (Unit::Bytes, "16  KiB", None),
            (Unit::Bytes, " 16 KiB", None),
            (Unit::Bytes, "-1 B", None),
            (Unit::Bytes, "", None),
            (Unit::Milliseconds, "500ms", Some(500)),
            (Unit::Milliseconds, "10s", Some(10_000)),
            (Unit::Milliseconds, "10 s", Some(10_000)),
            (Unit::Milliseconds, "2m", Some(120_000)),
            (Unit::Milliseconds, "1h", Some(3_600_000)),
            (Unit::Milliseconds, "1h30m", None),
            (Unit::Milliseconds, "10", None),
        ];
        for (unit, text, expected) in table {
            assert_eq!(unit.parse(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn what_was_meant() {
        const NO_OTHER_TIME: &str = "the units are ms, s, m and h: one of them, after one number without a fraction";
        let table = [
            (Unit::Bytes, "64K", "write \"64 KiB\""),
            (Unit::Bytes, "64kb", "write \"64 KiB\""),
            (Unit::Bytes, "64 mib", "write \"64 MiB\""),
            (Unit::Bytes, "64", "write 64 without quotes, or \"64 B\""),
            (Unit::Bytes, "1.5 MiB", "the units are B, KiB, MiB, GiB and TiB; the number has no fraction"),
            (Unit::Milliseconds, "10 sec", "write \"10s\""),
            (Unit::Milliseconds, "10S", "write \"10s\""),
            (Unit::Milliseconds, "5 min", "write \"5m\""),
            (Unit::Milliseconds, "2d", "write \"48h\""),
            (Unit::Milliseconds, "10", "write \"10s\" for seconds"),
            (Unit::Milliseconds, "30 sek", "did you mean \"30s\"?"),
            (Unit::Milliseconds, "5 Minuten", "did you mean \"5m\"?"),
            (Unit::Milliseconds, "5 milisecond", "did you mean \"5ms\"?"),
            (Unit::Milliseconds, "5 usec", NO_OTHER_TIME),
            (Unit::Milliseconds, "5 months", NO_OTHER_TIME),
            (Unit::Milliseconds, "1h30m", NO_OTHER_TIME),
        ];
        for (unit, text, help) in table {
            assert_eq!(unit.parse(text).unwrap_err().help.as_deref(), Some(help), "{text}");
        }
    }

    #[test]
    fn shown_as_written() {
        let table = [
            (Unit::Things, 256, "256"),
            (Unit::Bytes, 16 << 10, "\"16 KiB\""),
            (Unit::Bytes, 1000, "\"1000 B\""),
            (Unit::Bytes, 0, "0"),
            (Unit::Milliseconds, 0, "\"0s\""),
            (Unit::Milliseconds, 90_000, "\"90s\""),
            (Unit::Milliseconds, 7_200_000, "\"2h\""),
        ];
        for (unit, number, expected) in table {
            assert_eq!(unit.written(number).to_string(), expected);
        }
    }
}
