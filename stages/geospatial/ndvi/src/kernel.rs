//! The index of a pixel, and the change between two.

/// Nodata of rasters in `f32`.
pub const NODATA: f32 = -9999.0;

/// NDVI = (NIR - red) / (NIR + red), in `f32`.
///
/// `red` and `nir` are reflectances in any common unit, not negative; NaN where nothing is known. The index is -1 to 1;
/// [`NODATA`] where either is unknown or both are 0. Slices are equally long.
///
/// Rouse, Haas, Schell, Deering 1974, Monitoring vegetation systems in the Great Plains with ERTS.
pub fn ndvi(red: &[f32], nir: &[f32], index: &mut [f32]) {
    for ((&red, &nir), index) in red.iter().zip(nir).zip(index) {
        let sum = nir + red;
        let ratio = (nir - red) / sum;
        // NaN is not larger than 0 either.
        *index = if sum > 0.0 { ratio } else { NODATA };
    }
}

/// Change from the first to the second date: `second - first`; [`NODATA`] where either is.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, so that it runs on many pixels at once"
)]
pub fn difference(first: &[f32], second: &[f32], change: &mut [f32]) {
    for ((&first, &second), change) in first.iter().zip(second).zip(change) {
        let known = (first != NODATA) & (second != NODATA);
        *change = if known { second - first } else { NODATA };
    }
}

/// What an `i16` raster multiplies the index with.
pub const SCALE: f32 = 10_000.0;
/// Nodata of rasters in `i16`.
pub const NODATA_I16: i16 = i16::MIN;

/// An index as a whole number of ten-thousandths: the `f32` product with 10 000, to the nearest, halves away from zero.
pub fn to_i16(index: f32) -> i16 {
    let scaled = index * SCALE;
    let whole = scaled as i32;
    let rest = scaled - whole as f32;
    let rounded = whole + i32::from(rest >= 0.5) - i32::from(rest <= -0.5);
    if index == NODATA { NODATA_I16 } else { rounded as i16 }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(red: f32, nir: f32) -> f32 {
        let mut index = [0.0];
        ndvi(&[red], &[nir], &mut index);
        index[0]
    }

    #[test]
    fn a_few_pixels_one_can_check_by_eye() {
        assert_eq!(one(1.0, 3.0), 0.5);
        assert_eq!(one(0.0, 7.0), 1.0);
        assert_eq!(one(7.0, 0.0), -1.0);
        assert_eq!(one(0.0, 0.0), NODATA);
        assert_eq!(one(f32::NAN, 1.0), NODATA);
        assert_eq!(one(1.0, f32::NAN), NODATA);
        let mut change = [0.0; 3];
        difference(&[0.5, NODATA, 0.1], &[0.25, 0.3, NODATA], &mut change);
        assert_eq!(change, [-0.25, NODATA, NODATA]);
    }

    #[test]
    fn ten_thousandths_round_halves_away_from_zero() {
        assert_eq!(to_i16(0.5), 5000);
        assert_eq!(to_i16(-1.0), -10_000);
        assert_eq!(to_i16(0.000_049_999), 0);
        assert_eq!([1.5_f32, -1.5, 2.5].map(|v| to_i16(v / SCALE)), [2, -2, 3]);
        assert_eq!(to_i16(NODATA), i16::MIN);
    }

    proptest! {
        #[test]
        fn the_index_is_odd_and_without_unit(red in 0_u16.., nir in 0_u16.., unit in 1_u8..) {
            let (red, nir) = (f32::from(red), f32::from(nir));
            let index = one(red, nir);
            if red + nir > 0.0 {
                prop_assert!((-1.0..=1.0).contains(&index));
                prop_assert_eq!(index, -one(nir, red));
                let unit = f32::from(unit);
                prop_assert!((index - one(red * unit, nir * unit)).abs() < 1e-6);
                prop_assert!((f64::from(index) * 10_000.0 - f64::from(to_i16(index))).abs() < 0.501);
            } else {
                prop_assert_eq!(index, NODATA);
            }
        }
    }
}
