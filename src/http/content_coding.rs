//! Content codings (RFC 9110, section 8.4.1), and which of them a client would rather have (section 12.5.3).

use super::fields::{FieldName, Fields, elements, trim};

/// A way to make content smaller. In the order of preference of those that a client likes as much.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Coding {
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstandard,
    /// RFC 1952
    Gzip,
}

impl Coding {
    /// All of them, in their order.
    pub const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstandard, Coding::Gzip];

    /// Its name in fields.
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstandard => "zstd",
            Coding::Gzip => "gzip",
        }
    }
}

/// The codings that a client would rather have than none, the best one first.
pub type Accepted = [Option<Coding>; 3];

/// A client that says nothing may be one that knows none.
const NONE: Accepted = [None; 3];

/// What browsers and curl send, so that it need not be taken apart each time.
const USUAL: [(&[u8], Accepted); 6] = [
    (b"gzip, deflate, br, zstd", [Some(Coding::Brotli), Some(Coding::Zstandard), Some(Coding::Gzip)]),
    (b"gzip, deflate, br", [Some(Coding::Brotli), Some(Coding::Gzip), None]),
    (b"gzip, deflate", [Some(Coding::Gzip), None, None]),
    (b"gzip", [Some(Coding::Gzip), None, None]),
    (b"deflate, gzip, br, zstd", [Some(Coding::Brotli), Some(Coding::Zstandard), Some(Coding::Gzip)]),
    (b"identity", NONE),
];

/// A weight in thousandths (section 12.4.2).
type Weight = u16;

/// The weight of content without a coding where nothing is said of it: it is acceptable, and whatever was asked for is
/// better.
const UNSAID: Weight = 1;

/// What the fields of a request say of codings. What is malformed is passed over, and so are codings that are not
/// known.
pub fn accepted(fields: &Fields<'_>) -> Accepted {
    let Some(first) = fields.value(FieldName::AcceptEncoding) else { return NONE };
    if fields.is_repeated(FieldName::AcceptEncoding) {
        return rank(fields.elements(FieldName::AcceptEncoding));
    }
    match USUAL.iter().find(|(usual, _)| *usual == first) {
        Some((_, accepted)) => *accepted,
        None => rank(elements(first)),
    }
}

fn rank<'a>(elements: impl Iterator<Item = &'a [u8]>) -> Accepted {
    let [mut identity, mut any] = [None; 2];
    let mut weights = [None; 3];
    for (name, weight) in elements.filter_map(weigh) {
        let said = match name {
            b"*" => &mut any,
            _ if name.eq_ignore_ascii_case(b"identity") => &mut identity,
            _ => match weights.iter_mut().zip(Coding::ALL).find(|(_, coding)| is_name_of(name, *coding)) {
                Some((said, _)) => said,
                None => continue,
            },
        };
        // Of what is said twice, what asks for less: a refusal counts.
        *said = Some(said.map_or(weight, |said: Weight| said.min(weight)));
    }
    // With none it is a coding that is to be had at all.
    let least = identity.or(any).unwrap_or(UNSAID).max(UNSAID);
    let mut ranked = [None; 3];
    let mut wanted = Coding::ALL.iter().zip(weights).map(|(coding, said)| (said.or(any).unwrap_or(0), *coding));
    for place in &mut ranked {
        *place = wanted.next().filter(|(weight, _)| *weight >= least);
    }
    // Stable: the order of preference holds where weights are the same.
    ranked.sort_by_key(|place| std::cmp::Reverse(place.map_or(0, |(weight, _)| weight)));
    ranked.map(|place| place.map(|(_, coding)| coding))
}

/// Without case, `x-gzip` for `gzip` (section 8.4.1.3).
fn is_name_of(name: &[u8], coding: Coding) -> bool {
    let name = match name {
        [b'x' | b'X', b'-', rest @ ..] if coding == Coding::Gzip => rest,
        _ => name,
    };
    name.eq_ignore_ascii_case(coding.name().as_bytes())
}

/// A name with its weight, 1 where there is none. None where it is malformed.
fn weigh(element: &[u8]) -> Option<(&[u8], Weight)> {
    let Some(end) = element.iter().position(|byte| *byte == b';') else { return Some((element, 1000)) };
    let (name, parameter) = element.split_at_checked(end)?;
    let [b'q' | b'Q', b'=', value @ ..] = trim(parameter.get(1..)?) else { return None };
    let (whole, decimals) = match value {
        [b'0', decimals @ ..] => (0, decimals),
        [b'1', decimals @ ..] => (1000, decimals),
        _ => return None,
    };
    let decimals = match decimals {
        [] => decimals,
        [b'.', decimals @ ..] if decimals.len() <= 3 && decimals.iter().all(u8::is_ascii_digit) => decimals,
        _ => return None,
    };
    let thousandths =
        decimals.iter().chain(b"000").take(3).fold(0, |sum: Weight, digit| sum * 10 + Weight::from(digit - b'0'));
    Some((trim(name), whole + thousandths)).filter(|(_, weight)| *weight <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;

    fn names(lines: &[&str]) -> String {
        let lines: String = lines.iter().map(|line| format!("accept-encoding: {line}\r\n")).collect();
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let accepted = accepted(&Request::parse(head.as_bytes(), 9).unwrap().fields);
        accepted.iter().flatten().map(|coding| coding.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn which_codings_a_client_would_rather_have() {
        for (value, expected) in [
            ("", ""),
            (" , ,", ""),
            ("identity", ""),
            ("gzip", "gzip"),
            ("GZip", "gzip"),
            ("x-gzip", "gzip"),
            ("X-GZIP;q=0.5", "gzip"),
            ("x-br, x-zstd, xgzip", ""),
            ("br", "br"),
            ("zstd", "zstd"),
            ("deflate, compress, dcb, dcz", ""),
            // As much as each other: our order.
            ("gzip, br, zstd", "br zstd gzip"),
            ("zstd;q=0.5, gzip;q=0.5, br;q=0.5", "br zstd gzip"),
            ("gzip;q=1, zstd;q=0.9, br;q=0.8", "gzip zstd br"),
            ("gzip;q=0.501, br;q=0.5", "gzip br"),
            ("gzip ; q=0.2 ,\tbr\t;\tQ=0.1", "gzip br"),
            // Refused
            ("gzip;q=0", ""),
            ("gzip;q=0.000, br", "br"),
            ("gzip;q=0, br;q=0.001", "br"),
            ("gzip, gzip;q=0", ""),
            ("x-gzip;q=0, gzip", ""),
            // Any
            ("*", "br zstd gzip"),
            ("*;q=0", ""),
            ("*;q=0, gzip", "gzip"),
            ("br;q=0, *", "zstd gzip"),
            ("gzip;q=0.5, *;q=0.4", "gzip br zstd"),
            ("gzip;q=0.5, *;q=0.6", "br zstd"),
            // Without a coding
            ("identity, gzip", "gzip"),
            ("identity;q=1, gzip;q=0.5", ""),
            ("identity;q=0.5, gzip;q=0.5, br;q=0.4", "gzip"),
            ("identity;q=0, gzip;q=0.1, br;q=0", "gzip"),
            ("identity;q=0", ""),
            ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),
            // Malformed
            ("gzip;q=2", ""),
            ("gzip;q=1.001, br", "br"),
            ("gzip;q=1.000", "gzip"),
            ("gzip;q=1., br;q=0.", "gzip"),
            ("gzip;q=0.1234", ""),
            ("gzip;q=-1", ""),
            ("gzip;q=", ""),
            ("gzip;q", ""),
            ("gzip;", ""),
            ("gzip;level=1", ""),
            ("gzip;q=0.5;x=1", ""),
            ("gzip;q= 0.5", ""),
            ("gzip;q=.5", ""),
            ("gzip;q=0.", ""),
            ("gzip br", ""),
            ("\"gzip\", br", "br"),
            ("gzip\u{e9}, br", "br"),
        ] {
            assert_eq!(names(&[value]), expected, "{value:?}");
        }
        assert_eq!(names(&[]), "");
        assert_eq!(names(&["gzip;q=0.5", "br;q=0.4, gzip;q=0.3"]), "br gzip");
        assert_eq!(names(&["gzip", "gzip;q=0"]), "");
    }

    #[test]
    fn what_is_usual_is_known_by_heart() {
        for (usual, accepted) in USUAL {
            assert_eq!(rank(elements(usual)), accepted, "{}", usual.escape_ascii());
        }
    }
}
