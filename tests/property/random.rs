//! Numbers that look random and are the same in every run (SplitMix64).

/// A source of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Lengths that add up to `total`, each at least 1 and at most `longest`.
    pub(crate) fn lengths(&mut self, total: usize, longest: usize) -> Vec<usize> {
        let mut lengths = Vec::new();
        let mut left = total;
        while left > 0 {
            let length = (1 + self.below(longest)).min(left);
            lengths.push(length);
            left -= length;
        }
        lengths
    }
}
