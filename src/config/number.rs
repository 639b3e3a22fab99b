//! Numbers of things and bytes, and times: each within a range that has a reason at both ends.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::diagnostic::Diagnostic;
use super::kind::{Context, Item, Kind, malformed, wrong_type};
use super::plain::Plain;
use super::units::Unit;

/// A number within a range that has a reason at each end.
pub(super) struct Number<T> {
    unit: Unit,
    range: RangeInclusive<u64>,
    /// Why not less, and why not more.
    reasons: [&'static str; 2],
    convert: fn(u64) -> Option<T>,
    revert: fn(&T) -> u64,
}

/// What a number of things or bytes is counted in.
pub(super) trait Count: TryFrom<u64> + TryInto<u64> + Copy {}

impl<T: TryFrom<u64> + TryInto<u64> + Copy> Count for T {}

/// A number of things.
pub(super) fn count<T: Count>(range: RangeInclusive<u64>, reasons: [&'static str; 2]) -> Number<T> {
    counted(Unit::Things, range, reasons)
}

/// A number of bytes.
pub(super) fn size<T: Count>(range: RangeInclusive<u64>, reasons: [&'static str; 2]) -> Number<T> {
    counted(Unit::Bytes, range, reasons)
}

fn counted<T: Count>(unit: Unit, range: RangeInclusive<u64>, reasons: [&'static str; 2]) -> Number<T> {
    let revert = |value: &T| (*value).try_into().unwrap_or(u64::MAX);
    Number { unit, range, reasons, convert: |number| number.try_into().ok(), revert }
}

/// A time, within a range of milliseconds.
pub(super) fn time(range: RangeInclusive<u64>, reasons: [&'static str; 2]) -> Number<Duration> {
    let convert = |number| Some(Duration::from_millis(number));
    let revert = |time: &Duration| time.as_millis().try_into().unwrap_or(u64::MAX);
    Number { unit: Unit::Milliseconds, range, reasons, convert, revert }
}

impl<T> Kind for Number<T> {
    type Value = T;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<T> {
        let problem = match self.unit.read(item.value) {
            None => wrong_type(item, self.unit.expected()),
            Some(Err(error)) => malformed(item, "invalid value", error),
            Some(Ok(number)) if number < *self.range.start() => self.out_of_range(item, "low", 0),
            Some(Ok(number)) if number > *self.range.end() => self.out_of_range(item, "high", 1),
            Some(Ok(number)) => match (self.convert)(number) {
                Some(value) => return Some(value),
                None => self.out_of_range(item, "high for this machine", 1),
            },
        };
        context.problems.push(problem);
        None
    }

    fn written(&self, value: &T) -> Option<Plain> {
        Some(self.unit.written((self.revert)(value)))
    }

    fn schema(&self) -> Plain {
        self.unit.schema(&self.range)
    }
}

impl<T> Number<T> {
    fn out_of_range(&self, item: &Item<'_>, how: &str, reason: usize) -> Diagnostic {
        let [least, most] = [self.range.start(), self.range.end()].map(|end| self.unit.written(*end));
        Diagnostic::at(item.place.clone(), format!("`{}` is too {how}", item.key))
            .label(format!("expected {least} to {most}"))
            .note(self.reasons.get(reason).copied().unwrap_or_default())
    }
}
