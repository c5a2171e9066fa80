//! Step two: one bucket in order of m/z, then pixel, then as the peaks came.
//!
//! A radix sort of (prefix of the m/z, place) pairs, eight bytes each, so that a bucket stays in the cache; what shares a
//! prefix is then compared in full. The prefix has a few bits more than the bucket has peaks: enough where m/z are spread,
//! and all of 32 where they come in clusters.
use super::bucket::Columns;

/// Bits that one pass sorts by, at most.
const DIGIT: u32 = 11;
/// Groups of one prefix up to this are sorted by insertion.
const SMALL: usize = 16;

/// Room for sorting, used again and again.
#[derive(Default)]
pub(crate) struct Order {
    pairs: Vec<u64>,
    spare: Vec<u64>,
    counts: Vec<u32>,
}

impl Order {
    /// Places in `columns`, in order: the low 32 bits of each number.
    pub(crate) fn of(&mut self, columns: &Columns) -> &[u64] {
        let keys = &columns.keys[..];
        self.pairs.clear();
        let (Some(&low), Some(&high)) = (keys.iter().min(), keys.iter().max()) else {
            return &self.pairs;
        };
        let range = u64::BITS - (high - low).leading_zeros();
        let wanted = keys.len().ilog2() + 4;
        let bits = if range > 0 && is_clustered(keys, low, range) {
            32
        } else {
            wanted.clamp(8, 2 * DIGIT)
        };
        let bits = bits.min(range);
        let shift = range - bits;
        let pair = |(place, &key): (usize, &u64)| ((key - low) >> shift) << 32 | place as u64;
        self.pairs.extend(keys.iter().enumerate().map(pair));
        if !keys.is_sorted() {
            let passes = bits.div_ceil(DIGIT).max(1);
            self.radix(passes, bits.div_ceil(passes));
        }
        Self::settle(&mut self.pairs, columns);
        &self.pairs
    }

    /// Sorts by the lowest `passes` × `digit` bits of the prefix, stably.
    fn radix(&mut self, passes: u32, digit: u32) {
        let mask = (1u64 << digit) - 1;
        let cells = 1usize << digit;
        self.counts.clear();
        self.counts.resize(cells * passes as usize, 0);
        for &pair in &self.pairs {
            let mut rest = pair >> 32;
            for counts in self.counts.chunks_exact_mut(cells) {
                counts[(rest & mask) as usize] += 1;
                rest >>= digit;
            }
        }
        self.spare.resize(self.pairs.len(), 0);
        for (pass, starts) in (0u32..).zip(self.counts.chunks_exact_mut(cells)) {
            let mut next = 0;
            for start in &mut *starts {
                next += std::mem::replace(start, next);
            }
            let shift = 32 + pass * digit;
            for &pair in &self.pairs {
                let start = &mut starts[(pair >> shift & mask) as usize];
                self.spare[*start as usize] = pair;
                *start += 1;
            }
            std::mem::swap(&mut self.pairs, &mut self.spare);
        }
    }

    /// Puts pairs of one prefix in order of m/z and pixel, stably.
    fn settle(pairs: &mut [u64], columns: &Columns) {
        let full = |pair: u64| {
            let place = pair as u32 as usize;
            (columns.keys[place], columns.rest[place] >> 32)
        };
        let mut from = 0;
        while from + 1 < pairs.len() {
            let prefix = pairs[from] >> 32;
            if pairs[from + 1] >> 32 != prefix {
                from += 1;
                continue;
            }
            let length = pairs[from..].iter().take_while(|&&pair| pair >> 32 == prefix).count();
            let group = &mut pairs[from..from + length];
            if length <= SMALL {
                for at in 1..length {
                    let (pair, value) = (group[at], full(group[at]));
                    let mut to = at;
                    while to > 0 && value < full(group[to - 1]) {
                        group[to] = group[to - 1];
                        to -= 1;
                    }
                    group[to] = pair;
                }
            } else if !group.is_sorted_by_key(|&pair| full(pair)) {
                group.sort_by_key(|&pair| full(pair));
            }
            from += length;
        }
    }
}

/// Whether many keys share few cells of the range, judged by every 16th.
fn is_clustered(keys: &[u64], low: u64, range: u32) -> bool {
    const CELLS: u32 = 10;
    let shift = range.saturating_sub(CELLS);
    let mut counts = [0u32; 1 << CELLS];
    let mut sampled = 0u64;
    for &key in keys.iter().step_by(16) {
        counts[((key - low) >> shift) as usize] += 1;
        sampled += 1;
    }
    let pairs: u64 = counts.iter().map(|&count| u64::from(count) * u64::from(count)).sum();
    // Spread evenly: sampled²/cells pairs, and as many as are sampled by chance.
    pairs > 3 * ((sampled * sampled) >> CELLS) + 2 * sampled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(peaks: &[(u64, u32)]) -> Columns {
        Columns {
            keys: peaks.iter().map(|peak| peak.0).collect(),
            rest: peaks
                .iter()
                .zip(0u64..)
                .map(|(peak, at)| u64::from(peak.1) << 32 | at)
                .collect(),
        }
    }

    fn check(peaks: &[(u64, u32)]) {
        let columns = columns(peaks);
        let mut plain: Vec<u32> = (0..peaks.len() as u32).collect();
        plain.sort_by_key(|&at| peaks[at as usize]);
        let mut order = Order::default();
        let ours: Vec<u32> = order.of(&columns).iter().map(|&pair| pair as u32).collect();
        assert_eq!(ours, plain);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_a_plain_stable_sort(
            peaks in prop::collection::vec((any::<u64>(), 0u32..4), 0..400),
            few in prop::collection::vec((0u64..5, 0u32..4), 0..400),
            near in prop::collection::vec((1u64 << 40..(1 << 40) + 300, 0u32..4), 0..400),
        ) {
            check(&peaks);
            check(&few);
            check(&near);
        }

        #[test]
        fn clusters_are_sorted_too(centres in prop::collection::vec(any::<u64>(), 1..6), seed in any::<u64>()) {
            let noise = |at: u64| (at ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50;
            let peaks: Vec<_> = (0..5000u64)
                .map(|at| (centres[at as usize % centres.len()].saturating_add(noise(at)), at as u32 / 7))
                .collect();
            check(&peaks);
        }
    }
}
