//! What becomes of an input by chance.

use crate::random::Random;

/// Changes the input in one place. A piece of `other` may get into it.
pub(crate) fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    const INTERESTING: &[u8] = b"\r\n\0\t ,:;-*\"%/?[]0919azAZ\x7f\x80\xff=";
    let at = random.below(input.len() + 1);
    let end = (at + random.below(9)).min(input.len());
    let piece = other.get(random.below(other.len() + 1)..).unwrap_or_default();
    let piece = &piece[..random.below(piece.len() + 1)];
    match random.below(8) {
        0 => input.insert(at, INTERESTING[random.below(INTERESTING.len())]),
        1 => drop(input.drain(at..end)),
        2 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte = INTERESTING[random.below(INTERESTING.len())]),
        3 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.below(8)),
        4 => drop(input.splice(at..at, piece.iter().copied())),
        5 => drop(input.splice(at.., piece.iter().copied())),
        6 => input.extend_from_within(at..end),
        _ => input.iter_mut().take(1).for_each(|byte| *byte = b'0' + random.below(8) as u8),
    }
}
