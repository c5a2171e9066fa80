//! The SiNPle model: the probability that an allele of a pool is real, given how often and how well it was read.
//!
//! Formula of Ferretti et al., Genes 10:561 (2019), <https://doi.org/10.3390/genes10080561>, as the released program has it.
//! An allele competes with independent sequencing errors (a rare-error term and the base qualities, scaled by a factor
//! that tells whether its qualities are worse than the rest) and with an error of an early PCR cycle; the prior follows
//! the 1/f spectrum of a neutral population.

/// Parameters, with the program's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinple {
    /// Expected differences between two genomes, per base.
    pub theta: f64,
    /// The same for indels.
    pub theta_indel: f64,
    /// PCR error rate, per base.
    pub pcr: f64,
    /// The same for indels.
    pub pcr_indel: f64,
    /// Rate of errors that qualities do not predict, per base.
    pub error: f64,
    /// The same for indels of one base.
    pub error_short_indel: f64,
    /// The same for longer indels.
    pub error_long_indel: f64,
    /// Phred quality assumed for an indel of one base.
    pub quality_short_indel: f64,
    /// The same for longer indels.
    pub quality_long_indel: f64,
}

impl Default for Sinple {
    fn default() -> Self {
        Self {
            theta: 1e-3,
            theta_indel: 1e-4,
            pcr: 5e-7,
            pcr_indel: 5e-8,
            error: 1e-4,
            error_short_indel: 1e-5,
            error_long_indel: 1e-6,
            quality_short_indel: 35.0,
            quality_long_indel: 45.0,
        }
    }
}

/// The Euler-Mascheroni constant as the program has it: the harmonic number of N is about ln N + this.
const GAMMA: f64 = 0.577_216;
/// Part of an allele's qualities, from the top, whose mean is compared with that of the whole position.
const TAIL: f64 = 0.75;

/// Qualities of all symbols at a position: number, mean and variance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Qualities {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Qualities {
    /// Adds `count` symbols of one quality. The program also adds its indels, with quality 0.
    pub fn add(&mut self, quality: u8, count: u32) {
        let (quality, count) = (f64::from(quality), f64::from(count));
        self.count += count;
        self.sum += quality * count;
        self.squares += quality * quality * count;
    }

    /// Mean; 0 of nothing.
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }

    /// Sample variance (n - 1), at least 1.
    pub fn variance(&self) -> f64 {
        if self.count < 2.0 {
            return 1.0;
        }
        let mean = self.mean();
        ((self.squares - self.count * mean * mean) / (self.count - 1.0)).max(1.0)
    }

    /// ln of the chance that an allele's qualities `seen`, as (quality, count) in ascending order, are so much worse than
    /// all: the mean of their best three quarters (the rest, rounded down, may be errors) under a normal distribution.
    pub(crate) fn ln_deficit(&self, seen: &[(u8, u32)]) -> f64 {
        let n: f64 = seen.iter().map(|&(_, count)| f64::from(count)).sum();
        let mut dropped = (n * (1.0 - TAIL)).floor();
        let (mut sum, mut kept_sum) = (0.0, 0.0);
        for &(quality, count) in seen {
            let kept = (f64::from(count) - dropped).max(0.0);
            dropped = (dropped - f64::from(count)).max(0.0);
            sum += f64::from(quality) * kept;
            kept_sum += kept;
        }
        if kept_sum == 0.0 {
            return 0.0;
        }
        let deficit = (sum / kept_sum - self.mean()).min(0.0);
        -deficit * deficit / (2.0 * self.variance()) * (TAIL * n)
    }
}

impl Sinple {
    /// Posterior of a base of A, C, G, T, N seen with the qualities `seen`, as (quality, count) in ascending order of
    /// quality, among `total` bases.
    pub fn snp(&self, seen: &[(u8, u32)], total: u64, all: &Qualities) -> f64 {
        let count: u64 = seen.iter().map(|&(_, count)| u64::from(count)).sum();
        if let Some(known) = trivial(count, total) {
            return known;
        }
        let n = count as f64;
        let weight: f64 = seen
            .iter()
            .map(|&(quality, count)| f64::from(quality) * f64::from(count))
            .sum();
        let spread = TAIL * n * all.variance();
        let ln_gauss = all.ln_deficit(seen) - 0.5 * (std::f64::consts::TAU * spread).ln();
        let ln_errors = ln_binomial(self.error, count, total);
        let ln_qualities = -weight / 10.0 * std::f64::consts::LN_10;
        let competing = crate::weights::ln_add(ln_errors, ln_qualities) - ln_gauss;
        posterior(competing, self.pcr, self.theta, count, total)
    }

    /// Posterior of an indel of `length` bases seen `count` times among `total` bases.
    ///
    /// More indels than bases (possible where an anchor base is N or filtered) count as as many: the program gives NaN.
    pub fn indel(&self, length: u32, count: u64, total: u64) -> f64 {
        let count = count.min(total);
        if let Some(known) = trivial(count, total) {
            return known;
        }
        let (error, quality) = if length <= 1 {
            (self.error_short_indel, self.quality_short_indel)
        } else {
            (self.error_long_indel, self.quality_long_indel)
        };
        let ln_qualities = -quality * count as f64 / 10.0 * std::f64::consts::LN_10;
        let competing = crate::weights::ln_add(ln_binomial(error, count, total), ln_qualities);
        posterior(competing, self.pcr_indel, self.theta_indel, count, total)
    }
}

fn trivial(count: u64, total: u64) -> Option<f64> {
    match (count, total) {
        (_, 0) | (0, _) => Some(0.0),
        (_, 1) => Some(1.0),
        _ if count >= total => Some(1.0),
        _ => None,
    }
}

/// 1 / (1 + (competing + PCR) * inverse prior), in logarithms.
fn posterior(ln_competing: f64, pcr: f64, theta: f64, count: u64, total: u64) -> f64 {
    let (n, total, rest) = (count as f64, total as f64, (total - count) as f64);
    let ln_pcr = (2.0 * pcr * total / (n * n)).ln();
    let ln_inverse_prior = (rest * n / total * (1.0 - theta) / theta * (total.ln() + GAMMA)).ln();
    let ln_odds_against = crate::weights::ln_add(ln_competing, ln_pcr) + ln_inverse_prior;
    (-ln_one_plus_exp(ln_odds_against)).exp()
}

fn ln_one_plus_exp(x: f64) -> f64 {
    if x > 36.0 { x } else { x.exp().ln_1p() }
}

/// ln of C(total, count) e^count exp(-e rest): the chance of `count` rare errors.
fn ln_binomial(error: f64, count: u64, total: u64) -> f64 {
    let rest = total - count;
    ln_factorial(total) - ln_factorial(rest) - ln_factorial(count) + count as f64 * error.ln() - error * rest as f64
}

/// ln k!: a sum up to 20, Stirling's series above (error below 1e-9 of the value).
pub(crate) fn ln_factorial(k: u64) -> f64 {
    if k <= 20 {
        return (2..=k).map(|i| (i as f64).ln()).sum();
    }
    let k = k as f64;
    k * (k.ln() - 1.0) + f64::midpoint(std::f64::consts::TAU.ln(), k.ln()) + 1.0 / (12.0 * k)
        - 1.0 / (360.0 * k * k * k)
}

/// ln of the gamma function of a positive number: Stirling's series (error below 1e-9), after steps up to where it holds.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + 1.0 / (12.0 * x) - 1.0 / (360.0 * x * x * x)
        + 1.0 / (1260.0 * x.powi(5))
        - below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(counts: &[(u8, u32)]) -> Qualities {
        let mut all = Qualities::default();
        for &(quality, count) in counts {
            all.add(quality, count);
        }
        all
    }

    /// The formula in plain arithmetic, for counts that do not overflow.
    fn oracle(seen: &[(u8, u32)], total: u64, every: &[(u8, u32)], p: &Sinple) -> f64 {
        let expand = |list: &[(u8, u32)]| -> Vec<f64> {
            list.iter()
                .flat_map(|&(q, c)| std::iter::repeat_n(f64::from(q), c as usize))
                .collect()
        };
        let (mut own, every) = (expand(seen), expand(every));
        let (n, big_n) = (own.len() as f64, total as f64);
        let r = big_n - n;
        let choose = (0..own.len())
            .map(|i| (big_n - i as f64) / (i as f64 + 1.0))
            .product::<f64>();
        let e = choose * p.error.powf(n) * (-p.error * r).exp();
        let q = 10_f64.powf(-own.iter().sum::<f64>() / 10.0);
        own.sort_by(f64::total_cmp);
        let tail = &own[(n * 0.25).floor() as usize..];
        let tail_mean = tail.iter().sum::<f64>() / tail.len() as f64;
        let mean = every.iter().sum::<f64>() / every.len() as f64;
        let v = (every.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (every.len() as f64 - 1.0)).max(1.0);
        let d = (tail_mean - mean).min(0.0);
        let g = (-d * d / (2.0 * v) * 0.75 * n).exp() / (2.0 * std::f64::consts::PI * v * 0.75 * n).sqrt();
        let pcr = 2.0 * p.pcr * big_n / (n * n);
        let t = r * n / big_n * (1.0 - p.theta) / p.theta * (big_n.ln() + 0.577_216);
        1.0 / (1.0 + ((e + q) / g + pcr) * t)
    }

    #[test]
    fn the_posterior_is_that_of_the_formula() {
        let sinple = Sinple::default();
        let rest = [(11, 9), (25, 30), (37, 160)];
        for seen in [
            vec![(37, 1)],
            vec![(37, 2)],
            vec![(11, 2), (37, 2)],
            vec![(11, 6)],
            vec![(2, 1), (25, 3), (37, 20)],
            vec![(37, 100)],
        ] {
            let every: Vec<(u8, u32)> = rest.iter().chain(&seen).copied().collect();
            let total: u64 = every.iter().map(|&(_, count)| u64::from(count)).sum();
            let (found, wanted) = (
                sinple.snp(&seen, total, &all(&every)),
                oracle(&seen, total, &every, &sinple),
            );
            assert!((found / wanted - 1.0).abs() < 1e-9, "{seen:?}: {found} {wanted}");
        }
    }

    #[test]
    fn published_thresholds_of_the_pcr_term_hold() {
        // At depth 2000 the PCR term alone bounds the posterior: 0.95 needs 13.4 %, 0.5 needs 0.8 %.
        let sinple = Sinple::default();
        let posterior = |n: u32| {
            let every = all(&[(37, 2000)]);
            sinple.snp(&[(37, n)], 2000, &every)
        };
        assert!(posterior(266) < 0.95 && posterior(270) > 0.95);
        assert!(posterior(15) < 0.5 && posterior(17) > 0.5);
    }

    #[test]
    fn odd_counts_give_numbers() {
        let sinple = Sinple::default();
        let none = Qualities::default();
        assert_eq!(sinple.snp(&[], 0, &none).to_bits(), 0_f64.to_bits());
        assert_eq!(sinple.snp(&[(30, 1)], 1, &none).to_bits(), 1_f64.to_bits());
        assert_eq!(sinple.snp(&[(30, 9)], 9, &none).to_bits(), 1_f64.to_bits());
        // More indels than bases: NaN in the original.
        assert_eq!(sinple.indel(2, 12, 9).to_bits(), 1_f64.to_bits());
        assert!(sinple.indel(1, 400_000, 1_000_000) > 0.97);
        assert!(sinple.indel(1, 1, 1_000_000) < 1e-3);
    }

    #[test]
    fn the_gamma_function_goes_through_the_factorials() {
        for k in [0_u64, 1, 5, 9, 10, 40, 3000] {
            let (found, exact) = (ln_gamma(k as f64 + 1.0), ln_factorial(k));
            assert!((found - exact).abs() < 1e-8 * exact.max(1.0), "{k}: {found} {exact}");
        }
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-9);
    }

    #[test]
    fn factorials_are_close_to_the_sum() {
        for k in [0_u64, 1, 2, 20, 21, 100, 5000] {
            let exact: f64 = (2..=k).map(|i| (i as f64).ln()).sum();
            assert!((ln_factorial(k) - exact).abs() < 1e-8 * exact.max(1.0), "{k}");
        }
    }
}
