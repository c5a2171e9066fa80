//! Count, extremes, mean and deviation of pixels.
use serde::{Deserialize, Serialize};

use crate::Cell;

/// Statistics of the valid pixels of a block, a window or a raster; all 0 without a valid pixel.
///
/// Those of a block come from its pixels in a fixed order. Those of anything larger are joined from its blocks in
/// row-major order, never from windows, so that they have the same bits whatever windows the blocks were made in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Number of valid pixels.
    pub valid: u64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Sum of squared distances from the mean.
    pub squares: f64,
}

/// Sums kept apart, so that they are made side by side; part of what a result is, like the order of pixels.
const LANES: usize = 8;

impl Statistics {
    /// Statistics of the rows of a block.
    pub fn of_rows<'a, T: Cell>(rows: impl Iterator<Item = &'a [T]>, nodata: Option<T>) -> Self {
        let mut lanes = [Lane::NEW; LANES];
        let mut shift = None;
        for row in rows {
            if shift.is_none() {
                shift = row
                    .iter()
                    .find(|pixel| pixel.is_valid(nodata))
                    .map(|pixel| pixel.to_f64());
            }
            // A row before the first valid pixel has nothing to add.
            let Some(shift) = shift else { continue };
            let (eights, rest) = row.as_chunks::<LANES>();
            for eight in eights {
                for (lane, &pixel) in lanes.iter_mut().zip(eight) {
                    lane.add(pixel, nodata, shift);
                }
            }
            for (lane, &pixel) in lanes.iter_mut().zip(rest) {
                lane.add(pixel, nodata, shift);
            }
        }
        let all = lanes.into_iter().fold(Lane::NEW, Lane::join);
        if all.count == 0.0 {
            return Self::default();
        }
        let mean = all.sum / all.count;
        Self {
            valid: all.count as u64,
            min: all.min,
            max: all.max,
            mean: shift.unwrap_or(0.0) + mean,
            squares: (all.squares - all.sum * mean).max(0.0),
        }
    }

    /// Adds the statistics of the next block.
    ///
    /// Chan, Golub, LeVeque 1979, Updating formulae and a pairwise algorithm for computing sample variances.
    pub fn join(&mut self, next: &Self) {
        if next.valid == 0 || self.valid == 0 {
            if self.valid == 0 {
                *self = *next;
            }
            return;
        }
        let (a, b) = (self.valid as f64, next.valid as f64);
        let apart = next.mean - self.mean;
        self.valid += next.valid;
        self.min = self.min.min(next.min);
        self.max = self.max.max(next.max);
        self.mean += apart * (b / (a + b));
        self.squares += next.squares + apart * apart * (a * b / (a + b));
    }

    /// Joins the statistics of blocks, in row-major order.
    pub fn of_blocks<'a>(blocks: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for block in blocks {
            all.join(block);
        }
        all
    }

    /// Statistics of the pixels times `scale`, which is positive.
    #[must_use]
    pub fn scaled(&self, scale: f64) -> Self {
        Self {
            valid: self.valid,
            min: self.min * scale,
            max: self.max * scale,
            mean: self.mean * scale,
            squares: self.squares * scale * scale,
        }
    }

    /// Standard deviation of the valid pixels, as GDAL has it: the squares are divided by their number.
    pub fn deviation(&self) -> f64 {
        if self.valid == 0 {
            return 0.0;
        }
        (self.squares / self.valid as f64).sqrt()
    }
}

/// Sums of some pixels, of their distances from one of them.
#[derive(Clone, Copy)]
struct Lane {
    count: f64,
    min: f64,
    max: f64,
    sum: f64,
    squares: f64,
}

impl Lane {
    const NEW: Self = Self {
        count: 0.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        sum: 0.0,
        squares: 0.0,
    };

    fn add<T: Cell>(&mut self, pixel: T, nodata: Option<T>, shift: f64) {
        let valid = pixel.is_valid(nodata);
        let value = pixel.to_f64();
        let apart = if valid { value - shift } else { 0.0 };
        let (low, high) = if valid {
            (value, value)
        } else {
            (f64::INFINITY, f64::NEG_INFINITY)
        };
        self.count += if valid { 1.0 } else { 0.0 };
        self.min = if low < self.min { low } else { self.min };
        self.max = if high > self.max { high } else { self.max };
        self.sum += apart;
        self.squares += apart * apart;
    }

    fn join(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_few_pixels_one_can_check_by_eye() {
        let rows: [&[i16]; 2] = [&[-9, 2, 4], &[4, 4, 6]];
        let found = Statistics::of_rows(rows.into_iter(), Some(-9));
        assert_eq!(
            (found.valid, found.min, found.max, found.mean, found.squares),
            (5, 2.0, 6.0, 4.0, 8.0)
        );
        assert_eq!(found.deviation(), 1.6_f64.sqrt());
        let none = Statistics::of_rows([&[f32::NAN][..]].into_iter(), None);
        assert_eq!(none, Statistics::default());
    }

    proptest! {
        #[test]
        fn joined_blocks_are_what_plain_sums_give(
            blocks in prop::collection::vec(prop::collection::vec(-500_i16..9000, 0..40), 1..9)
        ) {
            let parts: Vec<_> = blocks
                .iter()
                .map(|block| Statistics::of_rows([&block[..]].into_iter(), Some(-9)))
                .collect();
            let all = Statistics::of_blocks(&parts);
            let pixels: Vec<f64> = blocks.concat().iter().filter(|&&p| p != -9).map(|&p| f64::from(p)).collect();
            prop_assert_eq!(all.valid, pixels.len() as u64);
            if !pixels.is_empty() {
                let mean = pixels.iter().sum::<f64>() / pixels.len() as f64;
                let squares: f64 = pixels.iter().map(|p| (p - mean).powi(2)).sum();
                prop_assert!((all.mean - mean).abs() < 1e-9 * 9000.0);
                prop_assert!((all.squares - squares).abs() <= 1e-9 * squares.max(1.0));
                prop_assert_eq!(all.min, pixels.iter().copied().fold(f64::INFINITY, f64::min));
                prop_assert_eq!(all.max, pixels.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            }
        }
    }
}
