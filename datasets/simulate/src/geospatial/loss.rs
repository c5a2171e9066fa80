//! How well an NDVI difference shows the losses that are there.
use serde::{Deserialize, Serialize};

use super::imagery::{NO_CHANGE, QUANTUM, code};
use crate::evaluate::Counts;

/// A difference of NDVI beside the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossEvaluation {
    /// A pixel is called lost where NDVI changes by less than this.
    pub threshold: f64,
    /// Lost pixels: found, wrongly called, missed.
    pub pixels: Counts,
    /// Clear-cut pixels: found, of all.
    pub clear_cut: (u64, u64),
    /// Burnt pixels: found, of all.
    pub burn: (u64, u64),
    /// Pixels that were compared.
    pub compared: u64,
    /// Pixels that the truth leaves open: outside a swath, or behind clouds.
    pub unknown: u64,
    /// Pixels where the truth is known and the difference has no value.
    pub missing: u64,
    /// Mean absolute error of the difference, where it was compared with the noise-free one.
    pub mean_error: Option<f64>,
    /// Its root mean square.
    pub root_mean_square: Option<f64>,
}

/// Adds pixels up.
pub(crate) struct Tally {
    evaluation: LossEvaluation,
    errors: (f64, f64, u64),
}

impl Tally {
    pub(crate) fn new(threshold: f64) -> Self {
        Self {
            evaluation: LossEvaluation {
                threshold,
                ..LossEvaluation::default()
            },
            errors: (0.0, 0.0, 0),
        }
    }

    /// Adds a pixel: the truth's code, the noise-free change, the difference of NDVI if it has one.
    pub(crate) fn add(&mut self, loss: u8, change: Option<i16>, found: Option<f32>) {
        let all = &mut self.evaluation;
        if loss == code::OUTSIDE || loss == code::CLOUD {
            all.unknown += 1;
            return;
        }
        let is_loss = loss != code::NONE;
        let Some(found) = found else {
            all.missing += 1;
            all.pixels.false_negatives += u64::from(is_loss);
            return;
        };
        all.compared += 1;
        let called = f64::from(found) < all.threshold;
        match (is_loss, called) {
            (true, true) => all.pixels.true_positives += 1,
            (true, false) => all.pixels.false_negatives += 1,
            (false, true) => all.pixels.false_positives += 1,
            (false, false) => {}
        }
        let kind = if loss == 1 { &mut all.clear_cut } else { &mut all.burn };
        if is_loss {
            kind.0 += u64::from(called);
            kind.1 += 1;
        }
        if let Some(change) = change.filter(|&change| change != NO_CHANGE) {
            let error = f64::from(found) - f64::from(change) / QUANTUM;
            self.errors.0 += error.abs();
            self.errors.1 += error * error;
            self.errors.2 += 1;
        }
    }

    pub(crate) fn finish(self) -> LossEvaluation {
        let pixels = self.evaluation.pixels;
        let (sum, squares, count) = self.errors;
        let mean = |sum: f64| (count > 0).then(|| sum / count as f64);
        LossEvaluation {
            pixels: Counts::new(pixels.true_positives, pixels.false_positives, pixels.false_negatives),
            mean_error: mean(sum),
            root_mean_square: mean(squares).map(f64::sqrt),
            ..self.evaluation
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_counted_by_truth_and_call() {
        let mut tally = Tally::new(-0.3);
        tally.add(1, Some(-5000), Some(-0.48));
        tally.add(2, Some(-5000), Some(-0.1));
        tally.add(0, Some(0), Some(-0.4));
        tally.add(0, Some(0), Some(0.02));
        tally.add(254, None, Some(-0.9));
        tally.add(255, None, None);
        tally.add(0, Some(0), None);
        let found = tally.finish();
        let counts = &found.pixels;
        assert_eq!(
            (counts.true_positives, counts.false_positives, counts.false_negatives),
            (1, 1, 1)
        );
        assert!((counts.precision - 0.5).abs() < 1e-12 && (counts.f1 - 0.5).abs() < 1e-12);
        assert_eq!((found.clear_cut, found.burn), ((1, 1), (0, 1)));
        assert_eq!((found.compared, found.unknown, found.missing), (4, 2, 1));
        assert!((found.mean_error.unwrap() - (0.02 + 0.4 + 0.4 + 0.02) / 4.0).abs() < 1e-6);
    }
}
