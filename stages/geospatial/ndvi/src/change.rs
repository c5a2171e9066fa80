//! How much changed for the worse, and for the better.
use serde::{Deserialize, Serialize};

use crate::NODATA;

/// Counts of pixels by their change. Whole numbers: they add in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Pixels known on both dates.
    pub valid: u64,
    /// Of these, pixels whose index fell by more than the threshold.
    pub loss: u64,
    /// Of these, pixels whose index rose by more than the threshold.
    pub gain: u64,
}

impl Change {
    /// Counts pixels; `threshold` is not negative.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "without branches, so that it runs on many pixels at once"
    )]
    pub fn of(differences: &[f32], threshold: f32) -> Self {
        let mut change = Self::default();
        for run in differences.chunks(1 << 16) {
            let (mut valid, mut loss, mut gain) = (0_u32, 0_u32, 0_u32);
            for &difference in run {
                let known = difference != NODATA;
                valid += u32::from(known);
                loss += u32::from(known & (difference < -threshold));
                gain += u32::from(known & (difference > threshold));
            }
            change.add(&Self {
                valid: u64::from(valid),
                loss: u64::from(loss),
                gain: u64::from(gain),
            });
        }
        change
    }

    /// Adds the counts of other pixels.
    pub fn add(&mut self, other: &Self) {
        self.valid += other.valid;
        self.loss += other.loss;
        self.gain += other.gain;
    }

    /// Share of the known pixels with loss, 0 to 1; 0 if none is known.
    pub fn loss_share(&self) -> f64 {
        share(self.loss, self.valid)
    }

    /// Share of the known pixels with gain, 0 to 1; 0 if none is known.
    pub fn gain_share(&self) -> f64 {
        share(self.gain, self.valid)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_itself_is_no_loss() {
        let change = Change::of(&[-0.2, -0.21, 0.2, 0.3, 0.0, NODATA], 0.2);
        assert_eq!(
            change,
            Change {
                valid: 5,
                loss: 1,
                gain: 1
            }
        );
        assert_eq!((change.loss_share(), Change::default().loss_share()), (0.2, 0.0));
    }
}
