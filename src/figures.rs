//! Numbers, as people read them.
//!
//! Never reads any: what a config says of sizes and times is the business of `config`.

use std::fmt::{self, Display, Formatter};

/// A size in bytes: `999 B`, `1.2 KiB`, `34 MiB`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size(pub(crate) u64);

/// A number with its thousands apart: `1,234,567`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grouped(pub(crate) u64);

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let rounded = |times: u128, shift: u32| (u128::from(self.0) * times + (1 << (shift - 1))) >> shift;
        let mut shift = 10;
        // What would be 1024 of one unit is 1 of the next.
        while rounded(1, shift) >= 1024 {
            shift += 10;
        }
        let unit = match shift {
            10 => "KiB",
            20 => "MiB",
            30 => "GiB",
            40 => "TiB",
            50 => "PiB",
            _ => "EiB",
        };
        match rounded(10, shift) {
            tenths @ ..100 => write!(f, "{}.{} {unit}", tenths / 10, tenths % 10),
            _ => write!(f, "{} {unit}", rounded(1, shift)),
        }
    }
}

impl Display for Grouped {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10_188, "9.9 KiB"),
            (10_189, "10 KiB"),
            (10_240, "10 KiB"),
            (1_047_000, "1022 KiB"),
            (1_048_575, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (5 << 40, "5.0 TiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), shown, "{bytes}");
        }
    }

    #[test]
    fn thousands() {
        for (number, shown) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(Grouped(number).to_string(), shown);
        }
    }
}
