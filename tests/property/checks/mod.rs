//! What must hold for any bytes, a file for each parser: `check` takes them and panics where it does not hold. The
//! targets in `fuzz/` and the properties of this test call the same checks.
//!
//! The first bytes of an input choose limits, splits and the like. The rest is either taken as it is, or, so that
//! chance gets deep into a parser, with each byte above 127 standing for a fragment of its grammar.

pub(crate) mod accept_encoding;
pub(crate) mod chunked;
pub(crate) mod connection;
pub(crate) mod dates;
pub(crate) mod preconditions;
pub(crate) mod range;
pub(crate) mod request_target;
pub(crate) mod transcript;

use crate::random::Random;

/// Bytes after the fragments have been put in. More would only be slow.
const EXPANDED_MAX: usize = 24 * 1024;

/// A fragment of a grammar, and how often it stands there in a row.
type Fragment = (&'static str, usize);

/// The choice that an input starts with, and the bytes behind it. The bit 4 says that these hold fragments, so that an
/// input that starts with the digits 0 to 3 is taken as it is, and one with 4 to 7 is not.
fn choice<'a>(data: &'a [u8], fragments: &[Fragment]) -> Option<(usize, std::borrow::Cow<'a, [u8]>)> {
    let (&first, rest) = data.split_first()?;
    let rest = if first & 4 == 0 { rest.into() } else { expand(rest, fragments).into() };
    Some((usize::from(first), rest))
}

/// The bytes, with fragments in the place of those above 127.
fn expand(bytes: &[u8], fragments: &[Fragment]) -> Vec<u8> {
    let mut expanded = Vec::new();
    for &byte in bytes.iter() {
        if byte < 0x80 {
            expanded.push(byte);
        } else {
            let (text, times) = fragments[usize::from(byte - 0x80) % fragments.len()];
            expanded.extend_from_slice(text.repeat(times).as_bytes());
        }
        if expanded.len() > EXPANDED_MAX {
            break;
        }
    }
    expanded
}

/// Ways to receive so many bytes, as the lengths of the pieces: at once, one by one, and some others by chance.
fn splits(total: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut random = Random::new(seed);
    let longest = 1 + random.below(total.max(1));
    vec![vec![total], vec![1; total], random.lengths(total, 7), random.lengths(total, longest)]
}
