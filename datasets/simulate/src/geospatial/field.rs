//! Random numbers of places: each place has its own, whoever asks first, so parts of a scene can be made in any order.

/// A family of random numbers over the plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field(u64);

/// The eight directions of gradients, of equal lengths.
const DIRECTIONS: [(f64, f64); 8] = {
    const D: f64 = std::f64::consts::FRAC_1_SQRT_2;
    [
        (1.0, 0.0),
        (D, D),
        (0.0, 1.0),
        (-D, D),
        (-1.0, 0.0),
        (-D, -D),
        (0.0, -1.0),
        (D, -D),
    ]
};

/// The finaliser of SplitMix64.
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// 0 at `from` and below, 1 at `to` and above, smooth between.
pub(crate) fn step(from: f64, to: f64, x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

impl Field {
    /// Streams of one seed are independent.
    pub(crate) const fn new(seed: u64, stream: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    /// 64 random bits of a cell.
    pub(crate) fn word(self, i: i64, j: i64) -> u64 {
        let row = mix(self.0.wrapping_add((j as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        mix(row.wrapping_add((i as u64).wrapping_mul(0xd1b5_4a32_d192_ed03)))
    }

    /// Uniform in 0 to 1, 1 excluded, of a cell; `n` numbers them.
    pub(crate) fn unit(self, i: i64, j: i64, n: u64) -> f64 {
        unit(mix(self.word(i, j).wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
    }

    /// Smooth noise of mean 0, within -1 to 1 and mostly within half of that; features are about 1 wide.
    ///
    /// Gradient noise with the quintic blend of Perlin (2002), <https://doi.org/10.1145/566654.566636>.
    pub(crate) fn smooth(self, x: f64, y: f64) -> f64 {
        let (i, j) = (x.floor(), y.floor());
        let (u, v) = (x - i, y - j);
        let corner = |a: i64, b: i64| {
            let (dx, dy) = DIRECTIONS[(self.word(i as i64 + a, j as i64 + b) >> 61) as usize];
            dx * (u - a as f64) + dy * (v - b as f64)
        };
        let blend = |t: f64| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
        let (s, t) = (blend(u), blend(v));
        let low = corner(0, 0) + s * (corner(1, 0) - corner(0, 0));
        let high = corner(0, 1) + s * (corner(1, 1) - corner(0, 1));
        1.4 * (low + t * (high - low))
    }

    /// Smooth noise with `octaves` of detail, each half as wide and half as strong.
    pub(crate) fn rugged(self, x: f64, y: f64, octaves: u32) -> f64 {
        let mut sum = 0.0;
        let (mut size, mut strength) = (1.0, 1.0);
        for octave in 0..octaves {
            let shift = f64::from(octave) * 17.3;
            sum += strength * self.smooth(x * size + shift, y * size - shift);
            size *= 2.0;
            strength *= 0.5;
        }
        sum
    }
}

/// The number in 0 to 1 that 64 random bits stand for.
pub(crate) fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1u64 << 53) as f64
}

/// About standard normal, from the four 16-bit numbers in a word: within 3.5 standard deviations.
pub(crate) fn normal(word: u64) -> f64 {
    let sum: u64 = (0..4).map(|part| (word >> (16 * part)) & 0xffff).sum();
    // The sum of four uniforms has mean 2 and variance 1/3.
    ((sum as f64 + 2.0) / 65536.0 - 2.0) * 1.732_050_807_568_877_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_smooth_and_centred() {
        let field = Field::new(3, 4);
        let mut sum = 0.0;
        for step in 0..20_000 {
            let (x, y) = (f64::from(step) * 0.37, f64::from(step) * 0.11 - 900.0);
            let here = field.smooth(x, y);
            assert!(here.abs() <= 1.0);
            assert!((here - field.smooth(x + 1e-4, y)).abs() < 1e-3);
            sum += here;
        }
        assert!((sum / 20_000.0).abs() < 0.03, "{sum}");
    }

    #[test]
    fn words_of_neighbours_are_unlike() {
        let field = Field::new(1, 0);
        let mean =
            |f: &dyn Fn(u64) -> f64| (0..40_000).map(|at| f(field.word(at % 200, at / 200))).sum::<f64>() / 40_000.0;
        assert!((mean(&unit) - 0.5).abs() < 0.01);
        assert!(mean(&normal).abs() < 0.02);
        assert!((mean(&|word| normal(word).powi(2)) - 1.0).abs() < 0.03);
        assert_ne!(Field::new(1, 0).word(5, 6), Field::new(2, 0).word(5, 6));
        assert_ne!(Field::new(1, 0).word(5, 6), Field::new(1, 1).word(5, 6));
        assert_ne!(field.word(5, 6), field.word(6, 5));
    }
}
