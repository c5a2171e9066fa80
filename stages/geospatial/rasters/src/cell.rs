//! What the pixels of a written raster may be.
use partition_cog::SampleType;

/// A pixel of a raster that we write.
pub trait Cell: Copy + PartialEq + Send + Sync + std::fmt::Debug + 'static {
    /// The type, as rasters name it.
    const SAMPLE: SampleType;
    /// TIFF tag 317: 2 takes differences of integers, 3 of the bytes of floating-point numbers.
    const PREDICTOR: u16;
    /// Bytes of a stored pixel.
    const BYTES: usize;
    /// What pads a block beyond the raster when no value is nodata.
    const ZERO: Self;

    /// The value of type `Self` equal to `value`, if there is one; for `f32` the nearest finite one.
    fn exactly(value: f64) -> Option<Self>;

    /// The value as a double.
    fn to_f64(self) -> f64;

    /// Whether the pixel says something: finite, and not `nodata`.
    fn is_valid(self, nodata: Option<Self>) -> bool;

    /// Mean of the valid ones among the pixels of two rows and two columns; `nodata` without any.
    ///
    /// Floating point: the sum in the order given, divided by the count, in `f32`. Integers: the exact mean to the nearest
    /// whole number, halves away from zero.
    fn mean(pixels: [Self; 4], nodata: Option<Self>) -> Self;

    /// Predicts a row into its stored bytes; `out` has `BYTES` per pixel.
    fn predict(row: &[Self], out: &mut [u8]);

    /// Undoes [`Cell::predict`]; leaves `bytes` in an unspecified state.
    fn restore(bytes: &mut [u8], row: &mut [Self]);

    /// Appends the little-endian bytes of pixels.
    fn put(pixels: &[Self], out: &mut Vec<u8>);

    /// Reads little-endian bytes; as many pixels as there are whole ones in `bytes`.
    fn get(bytes: &[u8], pixels: &mut [Self]);
}

impl Cell for f32 {
    const SAMPLE: SampleType = SampleType::F32;
    const PREDICTOR: u16 = 3;
    const BYTES: usize = 4;
    const ZERO: Self = 0.0;

    fn exactly(value: f64) -> Option<Self> {
        // GDAL, too, takes a nodata value of more digits than fit for the nearest one.
        (value as f32).is_finite().then_some(value as f32)
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn is_valid(self, nodata: Option<Self>) -> bool {
        self.is_finite() && nodata != Some(self)
    }

    fn mean(pixels: [Self; 4], nodata: Option<Self>) -> Self {
        let (mut sum, mut count) = (0.0, 0.0);
        for pixel in pixels {
            let valid = pixel.is_valid(nodata);
            sum += if valid { pixel } else { 0.0 };
            count += if valid { 1.0 } else { 0.0 };
        }
        if count > 0.0 {
            sum / count
        } else {
            nodata.unwrap_or(f32::NAN)
        }
    }

    /// TIFF Technical Note 3: the bytes of all pixels from the highest to the lowest, then differences of neighbours.
    fn predict(row: &[Self], out: &mut [u8]) {
        let width = row.len();
        let mut before = 0;
        for (plane, out) in out.chunks_exact_mut(width).enumerate() {
            let byte = |pixel: f32| (pixel.to_bits() >> (24 - 8 * plane)) as u8;
            out[0] = byte(row[0]).wrapping_sub(before);
            for (out, pair) in out[1..].iter_mut().zip(row.windows(2)) {
                *out = byte(pair[1]).wrapping_sub(byte(pair[0]));
            }
            before = byte(row[width - 1]);
        }
    }

    fn restore(bytes: &mut [u8], row: &mut [Self]) {
        let mut sum = 0_u8;
        for byte in bytes.iter_mut() {
            sum = sum.wrapping_add(*byte);
            *byte = sum;
        }
        let width = row.len();
        for (at, pixel) in row.iter_mut().enumerate() {
            let byte = |plane: usize| bytes[plane * width + at];
            *pixel = f32::from_be_bytes([byte(0), byte(1), byte(2), byte(3)]);
        }
    }

    fn put(pixels: &[Self], out: &mut Vec<u8>) {
        out.extend(pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
    }

    fn get(bytes: &[u8], pixels: &mut [Self]) {
        for (pixel, bytes) in pixels.iter_mut().zip(bytes.as_chunks().0) {
            *pixel = Self::from_le_bytes(*bytes);
        }
    }
}

macro_rules! integer {
    ($type:ty, $sample:expr) => {
        impl Cell for $type {
            const SAMPLE: SampleType = $sample;
            const PREDICTOR: u16 = 2;
            const BYTES: usize = size_of::<Self>();
            const ZERO: Self = 0;

            fn exactly(value: f64) -> Option<Self> {
                let fits = value.fract() == 0.0 && value >= f64::from(Self::MIN) && value <= f64::from(Self::MAX);
                fits.then_some(value as Self)
            }

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            fn is_valid(self, nodata: Option<Self>) -> bool {
                nodata != Some(self)
            }

            fn mean(pixels: [Self; 4], nodata: Option<Self>) -> Self {
                let (mut sum, mut count) = (0_i32, 0_usize);
                for pixel in pixels {
                    let valid = pixel.is_valid(nodata);
                    sum += if valid { i32::from(pixel) } else { 0 };
                    count += usize::from(valid);
                }
                // Twelfths of the mean are whole.
                let twelfths = sum * [0, 12, 6, 4, 3][count];
                let mean = (twelfths.abs() + 6) / 12 * twelfths.signum();
                if count > 0 {
                    mean as Self
                } else {
                    nodata.unwrap_or(0)
                }
            }

            fn predict(row: &[Self], out: &mut [u8]) {
                let mut before = 0;
                for (out, &pixel) in out.as_chunks_mut().0.iter_mut().zip(row) {
                    *out = pixel.wrapping_sub(before).to_le_bytes();
                    before = pixel;
                }
            }

            fn restore(bytes: &mut [u8], row: &mut [Self]) {
                let mut sum: Self = 0;
                for (pixel, bytes) in row.iter_mut().zip(bytes.as_chunks().0) {
                    sum = sum.wrapping_add(Self::from_le_bytes(*bytes));
                    *pixel = sum;
                }
            }

            fn put(pixels: &[Self], out: &mut Vec<u8>) {
                out.extend(pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
            }

            fn get(bytes: &[u8], pixels: &mut [Self]) {
                for (pixel, bytes) in pixels.iter_mut().zip(bytes.as_chunks().0) {
                    *pixel = Self::from_le_bytes(*bytes);
                }
            }
        }
    };
}

integer!(u8, SampleType::U8);
integer!(u16, SampleType::U16);
integer!(i16, SampleType::I16);

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mean_leaves_nodata_out() {
        assert_eq!(f32::mean([1.0, -9999.0, 2.0, -9999.0], Some(-9999.0)), 1.5);
        assert_eq!(f32::mean([-9999.0; 4], Some(-9999.0)), -9999.0);
        assert_eq!(f32::mean([1.0, f32::NAN, f32::INFINITY, 3.0], Some(-9999.0)), 2.0);
        assert!(f32::mean([f32::NAN; 4], None).is_nan());
    }

    #[test]
    fn whole_means_round_halves_away_from_zero() {
        assert_eq!(i16::mean([1, 2, -9, -9], Some(-9)), 2);
        assert_eq!(i16::mean([-1, -2, -9, -9], Some(-9)), -2);
        assert_eq!(i16::mean([1, 1, 2, -9], Some(-9)), 1);
        assert_eq!(i16::mean([i16::MIN; 4], None), i16::MIN);
        assert_eq!(u16::mean([u16::MAX; 4], None), u16::MAX);
        assert_eq!(u8::mean([255, 254, 0, 0], Some(0)), 255);
    }

    #[test]
    fn a_floating_point_row_is_predicted_as_the_technical_note_says() {
        // 1.0 is 3f 80 00 00, 2.0 is 40 00 00 00: planes 3f 40 | 80 00 | 00 00 | 00 00.
        let mut bytes = [0; 8];
        f32::predict(&[1.0, 2.0], &mut bytes);
        assert_eq!(bytes, [0x3f, 0x01, 0x40, 0x80, 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn predicted_rows_come_back(row in prop::collection::vec(any::<u32>(), 1..70)) {
            fn check<T: Cell>(row: &[T]) {
                let mut bytes = vec![0; row.len() * T::BYTES];
                T::predict(row, &mut bytes);
                let mut back = vec![T::ZERO; row.len()];
                T::restore(&mut bytes, &mut back);
                let (mut was, mut is) = (Vec::new(), Vec::new());
                T::put(row, &mut was);
                T::put(&back, &mut is);
                assert_eq!(was, is);
            }
            check(&row.iter().map(|&bits| f32::from_bits(bits)).collect::<Vec<_>>());
            check(&row.iter().map(|&bits| bits as i16).collect::<Vec<_>>());
            check(&row.iter().map(|&bits| bits as u16).collect::<Vec<_>>());
            check(&row.iter().map(|&bits| bits as u8).collect::<Vec<_>>());
        }
    }
}
