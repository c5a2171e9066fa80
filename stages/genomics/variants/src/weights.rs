//! What one observation is worth: logarithms of probabilities, made once.
use genomics_tables::{MAPQ_BINS, QUALITY_MAX};

use crate::ErrorModel;

/// First bin of mapping quality (10) whose reads count. Below, a read is as likely wrong as any variant.
pub(crate) const USABLE_BIN: u8 = 3;
/// First bin of mapping quality (30) whose reads are surely where they belong.
pub(crate) const SURE_BIN: u8 = 5;
/// Base quality from which a base is a good one.
pub(crate) const GOOD_QUALITY: u8 = 20;

const QUALITIES: usize = QUALITY_MAX as usize + 1;

/// Natural logarithms for an observation of base quality q and mapping-quality bin m, indexed `m * 64 + q`.
pub(crate) struct Weights {
    /// ln(1 - e): a read of this allele shows this allele.
    pub(crate) same: [f64; 8 * QUALITIES],
    /// ln(e / 3): a read of another allele shows this allele.
    pub(crate) other: [f64; 8 * QUALITIES],
    /// ln of the mean of both: one chromosome of two has this allele.
    pub(crate) half: [f64; 8 * QUALITIES],
    /// e itself.
    pub(crate) error: [f64; 8 * QUALITIES],
    /// The part of e that is of base calling, by quality.
    called: [f64; QUALITIES],
}

impl Weights {
    /// Errors of base calling and of mapping are independent; a base of quality 0 or 1 says nothing (e = 3/4).
    ///
    /// `best` is the highest base quality that is believed; what the run's errors say of a quality counts more.
    pub(crate) fn new(best: u8, errors: &ErrorModel) -> Self {
        let mut weights = Self {
            same: [0.0; 8 * QUALITIES],
            other: [0.0; 8 * QUALITIES],
            half: [0.0; 8 * QUALITIES],
            error: [0.0; 8 * QUALITIES],
            called: [0.0; QUALITIES],
        };
        for (bin, &mapq) in MAPQ_BINS.iter().enumerate() {
            for quality in 0..QUALITIES {
                let promised = phred(f64::from((quality as u8).min(best)));
                let called = errors.base_error(quality as u8, promised);
                weights.called[quality] = called;
                let error = (1.0 - (1.0 - called) * (1.0 - phred(f64::from(mapq)))).min(0.75);
                let at = bin * QUALITIES + quality;
                weights.error[at] = error;
                weights.same[at] = (1.0 - error).ln();
                weights.other[at] = (error / 3.0).ln();
                weights.half[at] = (0.5 * (1.0 - error) + 0.5 * error / 3.0).ln();
            }
        }
        weights
    }

    /// Whether a base of this quality is wrong no more often than [`GOOD_QUALITY`] promises, give or take half a Phred.
    pub(crate) fn is_good(&self, quality: u8) -> bool {
        self.called[usize::from(quality.min(QUALITY_MAX))] <= phred(f64::from(GOOD_QUALITY) - 0.5)
    }
}

/// Where an observation's weights stand.
pub(crate) fn index(mapq_bin: u8, quality: u8) -> usize {
    usize::from(mapq_bin & 7) * QUALITIES + usize::from(quality.min(QUALITY_MAX))
}

/// The probability of a Phred quality.
pub(crate) fn phred(quality: f64) -> f64 {
    10_f64.powf(-quality / 10.0)
}

/// ln(e^a + e^b).
pub(crate) fn ln_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_add() {
        assert!((ln_add(2_f64.ln(), 3_f64.ln()) - 5_f64.ln()).abs() < 1e-12);
        assert!((ln_add(f64::NEG_INFINITY, 0.5) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_base_of_quality_zero_says_nothing() {
        let weights = Weights::new(63, &ErrorModel::default());
        let at = index(7, 0);
        assert!((weights.same[at] - weights.other[at]).abs() < 1e-12);
        let at = index(7, 30);
        assert!((weights.other[at] - (0.001_f64 / 3.0).ln()).abs() < 1e-2);
    }
}
