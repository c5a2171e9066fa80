//! Random numbers that are the same for ever: no dependency's next version may change a data set.

/// Xoshiro256++ (Blackman and Vigna 2021, <https://doi.org/10.1145/3460772>), seeded by SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Rng([u64; 4]);

impl Rng {
    /// Streams of one seed are independent: the genome does not change with the number of reads.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut state = seed ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        }))
    }

    /// 64 random bits.
    pub(crate) fn word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let word = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        word
    }

    /// Uniform in `0..end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(end)) >> 64) as u64
    }

    /// Uniform in `from..to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from))
    }

    /// Uniform in 0 to 1, 1 excluded.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponential with mean `mean`.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// About standard normal: the sum of twelve uniforms, so within six standard deviations.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Tries until success, each succeeding with probability `p`: 1, 2, …
    pub(crate) fn geometric(&mut self, p: f64) -> u64 {
        let mut tries = 1;
        while tries < 1000 && !self.chance(p) {
            tries += 1;
        }
        tries
    }

    /// One of the four bases.
    pub(crate) fn base(&mut self) -> u8 {
        BASES[(self.word() >> 62) as usize]
    }

    /// One of the three bases that are not `base`.
    pub(crate) fn other_base(&mut self, base: u8) -> u8 {
        let at = BASES.iter().position(|&known| known == base).unwrap_or(0) as u64;
        BASES[((at + 1 + self.below(3)) % 4) as usize]
    }
}

const BASES: [u8; 4] = *b"ACGT";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_of_the_published_generator() {
        // From the state 1, 2, 3, 4; the reference implementation gives these.
        let mut rng = Rng([1, 2, 3, 4]);
        assert_eq!(
            [rng.word(), rng.word(), rng.word()],
            [41_943_041, 58_720_359, 3_588_806_011_781_223]
        );
    }

    #[test]
    fn moments_are_right() {
        let mut rng = Rng::new(7, 1);
        let n = 200_000;
        let mean = |sample: &mut dyn FnMut() -> f64| (0..n).map(|_| sample()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || rng.unit()) - 0.5).abs() < 0.005);
        assert!((mean(&mut || rng.exponential(10.0)) - 10.0).abs() < 0.2);
        assert!(mean(&mut || rng.normal()).abs() < 0.02);
        assert!((mean(&mut || rng.geometric(0.35) as f64) - 1.0 / 0.35).abs() < 0.05);
        assert!((0..1000).all(|_| rng.other_base(b'C') != b'C'));
    }
}
