//! Pixels as one number.
use serde::{Deserialize, Serialize};

use super::Spectrum;

/// The box around all spectra. Pixels are numbered along x, then y, then z, from 0 at the smallest coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Smallest x, y, z.
    pub origin: [i32; 3],
    /// Columns, rows, slices.
    pub size: [u32; 3],
}

/// The box has more pixels than a `u32` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its spectra span {} x {} x {} pixels, more than a number of 32 bits counts", .0[0], .0[1], .0[2])]
pub struct GridError([u64; 3]);

impl Grid {
    /// The box around `spectra`; of none, a box of none.
    ///
    /// # Errors
    /// More than 2^32 - 1 pixels.
    pub fn around(spectra: &[Spectrum]) -> Result<Self, GridError> {
        let at = |spectrum: &Spectrum| [spectrum.x, spectrum.y, spectrum.z];
        let Some(first) = spectra.first().map(at) else {
            return Ok(Self {
                origin: [0; 3],
                size: [0; 3],
            });
        };
        let (mut low, mut high) = (first, first);
        for spectrum in spectra.iter().map(at) {
            for axis in 0..3 {
                low[axis] = low[axis].min(spectrum[axis]);
                high[axis] = high[axis].max(spectrum[axis]);
            }
        }
        let span: [u64; 3] = std::array::from_fn(|axis| (i64::from(high[axis]) - i64::from(low[axis])) as u64 + 1);
        let pixels = span.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
        if pixels.is_none_or(|pixels| pixels > u64::from(u32::MAX)) {
            return Err(GridError(span));
        }
        let size = span.map(|side| side as u32);
        Ok(Self { origin: low, size })
    }

    /// The number of a pixel inside the box.
    pub fn pixel(&self, spectrum: &Spectrum) -> u32 {
        let from = |at: i32, axis: usize| (i64::from(at) - i64::from(self.origin[axis])) as u64;
        let (x, y, z) = (from(spectrum.x, 0), from(spectrum.y, 1), from(spectrum.z, 2));
        ((z * u64::from(self.size[1]) + y) * u64::from(self.size[0]) + x) as u32
    }

    /// Column, row and slice of a pixel, as the file counts.
    pub fn place(&self, pixel: u32) -> [i64; 3] {
        let [columns, rows, _] = self.size.map(|side| side.max(1));
        let at = [pixel % columns, pixel / columns % rows, pixel / columns / rows];
        std::array::from_fn(|axis| i64::from(self.origin[axis]) + i64::from(at[axis]))
    }

    /// Pixels in the box.
    pub fn pixels(&self) -> u64 {
        self.size.iter().map(|&side| u64::from(side)).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, ArrayType};

    fn at(x: i32, y: i32, z: i32) -> Spectrum {
        let array = Array {
            offset: 16,
            stored: 0,
            length: 0,
            kind: ArrayType::F32,
            zlib: false,
        };
        Spectrum {
            x,
            y,
            z,
            mz: array,
            intensity: array,
        }
    }

    #[test]
    fn pixels_run_along_x_then_y_then_z_from_the_smallest() {
        let spectra = [at(-1, 5, 2), at(1, 6, 3), at(0, 6, 2)];
        let grid = Grid::around(&spectra).unwrap();
        assert_eq!((grid.origin, grid.size), ([-1, 5, 2], [3, 2, 2]));
        assert_eq!(spectra.map(|spectrum| grid.pixel(&spectrum)), [0, 11, 4]);
        assert_eq!(grid.place(11), [1, 6, 3]);
        assert_eq!(grid.place(4), [0, 6, 2]);
        assert_eq!(Grid::around(&[]).unwrap().pixels(), 0);
    }

    #[test]
    fn a_box_that_no_pixel_number_covers_is_refused() {
        let error = Grid::around(&[at(i32::MIN, 1, 1), at(i32::MAX, 1, 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "its spectra span 4294967296 x 1 x 1 pixels, more than a number of 32 bits counts"
        );
        assert!(Grid::around(&[at(i32::MIN, i32::MIN, i32::MIN), at(i32::MAX, i32::MAX, i32::MAX)]).is_err());
        assert!(Grid::around(&[at(1, 1, 1), at(65535, 65537, 1)]).is_ok());
    }
}
