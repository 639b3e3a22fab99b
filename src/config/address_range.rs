//! Which peers a rule is for: an address, or all that begin with the same bits.

use std::net::IpAddr;
use std::path::Path;

use super::diagnostic::{Malformed, Quoted};
use super::kind::Word;

/// Addresses that begin with the same bits (CIDR, RFC 4632). IPv4 is never written as IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressRange {
    /// The first of them
    first: IpAddr,
    /// How many bits they have in common
    bits: u32,
}

impl AddressRange {
    /// Whether an address is one of them. One of IPv4 that is written as IPv6 is taken for what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (first, width) = bits_of(self.first);
        let (address, other_width) = bits_of(address.to_canonical());
        // None where all bits are to be ignored.
        let differs = (first ^ address).checked_shr(width.saturating_sub(self.bits)).unwrap_or_default();
        width == other_width && differs == 0
    }
}

/// An address as a number, and of how many bits.
fn bits_of(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u32::from(address).into(), 32),
        IpAddr::V6(address) => (address.into(), 128),
    }
}

/// How many bits count where they are written as a netmask.
fn bits_of_mask(mask: &str) -> Option<u32> {
    let mask = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
    (mask.leading_ones() + mask.trailing_zeros() == 32).then(|| mask.leading_ones())
}

/// An address, or one and the number of bits that count: `10.0.0.0/8`.
pub(super) struct Peers;

impl Word for Peers {
    type Value = AddressRange;

    const COMPLAINT: &str = "invalid address";
    const PATTERN: &str = "^[0-9A-Fa-f:.]+(/[0-9]+)?$";

    fn parse(&self, text: &str, _: &Path) -> Result<AddressRange, Malformed> {
        let expected = || Malformed::new("expected an IP address such as \"::1\", or a range such as \"10.0.0.0/8\"");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let Ok(written) = address.parse::<IpAddr>() else {
            return Err(match text {
                "localhost" => expected().help("write \"127.0.0.0/8\" and \"::1\""),
                _ if text.parse::<std::net::SocketAddr>().is_ok() => expected().help("a port is no part of it"),
                _ => expected(),
            });
        };
        let (_, width) = bits_of(written);
        let is_number = |bits: &&str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = match bits {
            None => width,
            Some(bits) => match Some(bits).filter(is_number).and_then(|bits| bits.parse().ok()) {
                Some(bits @ 0..=128) if bits <= width => bits,
                _ => {
                    let expected = Malformed::new(format!("expected 0 to {width} bits, found {}", Quoted(bits)));
                    return Err(match bits_of_mask(bits) {
                        Some(bits) => expected.help(format!("write \"{address}/{bits}\"")),
                        None => expected,
                    });
                }
            },
        };
        let first = written.to_canonical();
        // The first 96 bits of such an address say that it is one of IPv4.
        let (bits, is_whole) = match (first, written) {
            (IpAddr::V4(_), IpAddr::V6(_)) => (bits.saturating_sub(96), bits >= 96),
            _ => (bits, true),
        };
        let (number, width) = bits_of(first);
        let ignored = 1_u128.checked_shl(width.saturating_sub(bits)).map_or(u128::MAX, |end| end - 1);
        if !is_whole {
            return Err(expected().help("addresses of IPv4 are written as such"));
        }
        if number & ignored != 0 {
            let kept = number & !ignored;
            let first = match first {
                IpAddr::V4(_) => IpAddr::V4(u32::try_from(kept).unwrap_or_default().into()),
                IpAddr::V6(_) => IpAddr::V6(kept.into()),
            };
            let problem = format!("more than the first {bits} bits of the address are set");
            return Err(Malformed::new(problem).help(format!("write \"{first}/{bits}\"")));
        }
        Ok(AddressRange { first, bits })
    }

    fn show(&self, value: &AddressRange) -> String {
        let AddressRange { first, bits } = value;
        match bits_of(*first) {
            (_, width) if width == *bits => first.to_string(),
            _ => format!("{first}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Result<AddressRange, Malformed> {
        Peers.parse(text, Path::new(""))
    }

    #[test]
    fn who_is_in() {
        for (text, inside, outside) in [
            (
                "127.0.0.0/8",
                &["127.0.0.1", "127.255.255.255", "::ffff:127.0.0.1"][..],
                &["126.0.0.1", "128.0.0.0", "::1"][..],
            ),
            ("10.1.2.3", &["10.1.2.3", "::ffff:10.1.2.3"], &["10.1.2.2", "::10.1.2.3"]),
            ("0.0.0.0/0", &["1.2.3.4", "255.255.255.255"], &["::1", "::"]),
            ("::1", &["::1"], &["::2", "0.0.0.1"]),
            ("::/0", &["::1", "ffff::"], &["1.2.3.4", "::ffff:1.2.3.4"]),
            ("2001:db8::/33", &["2001:db8:7fff::1"], &["2001:db8:8000::"]),
            ("::ffff:10.0.0.0/104", &["10.1.2.3"], &["11.0.0.0"]),
            ("192.0.2.128/25", &["192.0.2.129"], &["192.0.2.127"]),
        ] {
            let range = range(text).unwrap();
            for address in inside {
                assert!(range.contains(address.parse().unwrap()), "{address} is in {text}");
            }
            for address in outside {
                assert!(!range.contains(address.parse().unwrap()), "{address} is not in {text}");
            }
        }
    }

    #[test]
    fn malformed() {
        for (text, part) in [
            ("", "expected an IP address"),
            ("localhost", "write \"127.0.0.0/8\""),
            ("127.0.0.1:80", "a port is no part"),
            ("10.0.0.0/33", "0 to 32 bits"),
            ("10.0.0.0/+8", "0 to 32 bits"),
            ("10.0.0.0/", "0 to 32 bits"),
            ("10.0.0.0/255.0.0.0", "write \"10.0.0.0/8\""),
            ("::/129", "0 to 128 bits"),
            ("127.0.0.1/8", "write \"127.0.0.0/8\""),
            ("::1/64", "write \"::/64\""),
            ("::ffff:1.2.3.4/90", "written as such"),
        ] {
            let error = range(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
