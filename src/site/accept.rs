//! Which of the forms that a page has its reader would rather have (RFC 9110, section 12.5.1).

use crate::http::fields::elements;

/// What an Accept field says of a media type. The greater one is the one to be sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Preference {
    /// The weight in thousandths; 0 where it is not acceptable
    quality: u16,
    precedence: Precedence,
}

/// How closely a media range names a media type: the closest one counts, whatever its weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Precedence {
    /// It is not named at all.
    None,
    /// `*/*`
    Anything,
    /// `text/*`
    Kind,
    /// `text/html`
    Exact,
}

impl Preference {
    /// What these values of Accept say of a media type. Without any, everything is acceptable. No comma or semicolon
    /// within a quoted string can add a type, and none can hide one but in the parameters of the type itself.
    pub(super) fn of<'a>(accept: impl Iterator<Item = &'a [u8]>, media_type: &str) -> Preference {
        let mut accept = accept.peekable();
        if accept.peek().is_none() {
            return Preference { quality: 1000, precedence: Precedence::None };
        }
        let preferences = accept.flat_map(elements).filter_map(|element| {
            let mut parts = element.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let precedence = precedence(parts.next()?, media_type.as_bytes())?;
            Some(Preference { quality: parts.find_map(quality).unwrap_or(1000), precedence })
        });
        let closest = preferences.max_by_key(|preference| (preference.precedence, preference.quality));
        closest.unwrap_or(Preference { quality: 0, precedence: Precedence::None })
    }

    /// Whether the type is to be sent rather than the other one.
    pub(super) fn is_above(self, other: Preference) -> bool {
        self.quality > 0 && self > other
    }

    /// Whether the type is acceptable, and named in full: a browser names HTML, `*/*` of curl does not.
    pub(super) fn is_named(self) -> bool {
        self.precedence == Precedence::Exact && self.quality > 0
    }
}

fn precedence(media_range: &[u8], media_type: &[u8]) -> Option<Precedence> {
    if media_range.eq_ignore_ascii_case(media_type) {
        return Some(Precedence::Exact);
    }
    if media_range == b"*/*" {
        return Some(Precedence::Anything);
    }
    let kind = media_range.strip_suffix(b"*").filter(|kind| kind.ends_with(b"/"))?;
    let is_of_kind = media_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
    is_of_kind.then_some(Precedence::Kind)
}

/// A weight in thousandths (section 12.4.2). What is malformed counts as 1.
fn quality(parameter: &[u8]) -> Option<u16> {
    let [b'q' | b'Q', b'=', value @ ..] = parameter else { return None };
    let [b'0', decimals @ ..] = value else { return Some(1000) };
    let digits = decimals.iter().filter(|byte| byte.is_ascii_digit()).chain(b"000");
    Some(digits.take(3).fold(0, |quality, digit| quality * 10 + u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str, media_type: &str) -> (u16, Precedence) {
        let lines: Vec<_> = accept.split('|').filter(|line| !line.is_empty()).map(str::as_bytes).collect();
        let Preference { quality, precedence } = Preference::of(lines.into_iter(), media_type);
        (quality, precedence)
    }

    #[test]
    fn the_closest_range_counts() {
        use Precedence::{Anything, Exact, Kind, None};
        for (accept, expected) in [
            ("", (1000, None)),
            ("image/png", (0, None)),
            ("*/*", (1000, Anything)),
            ("*/*;q=0.1", (100, Anything)),
            ("text/*;q=0.25, */*", (250, Kind)),
            ("TEXT/html;q=0, text/*, */*", (0, Exact)),
            ("*/*|Text/HTML ; level=1 ; Q=0.009", (9, Exact)),
            ("text/html;q=1.000", (1000, Exact)),
            ("text/html;q=0.", (0, Exact)),
            ("text/html;q=0.1234", (123, Exact)),
            ("text/html;q=many", (1000, Exact)),
            ("text/htm, tex/*, /*, *", (0, None)),
        ] {
            assert_eq!(of(accept, "text/html"), expected, "{accept}");
        }
    }
}
