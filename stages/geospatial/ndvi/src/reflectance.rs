//! Stored numbers as reflectances.
use partition_cog::{Pixels, SampleType, Samples};

/// How the numbers of a band are to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// 0-based band.
    pub band: usize,
    /// The number that says "nothing known here".
    pub nodata: Option<f64>,
    /// Added to every valid number, in its unit; -1000 for Sentinel-2 products of baseline 04.00 and later.
    pub offset: f32,
}

/// The number that says "nothing known here": what the user says, else what the file says, else 0 for whole numbers without
/// an internal mask (so it is in Sentinel-2 products, also where nothing declares it), else none.
pub fn nodata_of(said: Option<f64>, declared: Option<f64>, sample: SampleType, masked: bool) -> Option<f64> {
    let whole = !matches!(sample, SampleType::F32 | SampleType::F64);
    said.or(declared).or((whole && !masked).then_some(0.0))
}

/// Reflectances of a run of pixels: converted to `f32`, then the offset added; below 0 counts as 0; NaN where the number is
/// nodata or not finite, or the mask says so.
///
/// `from` is the first pixel's place in the window; as many are read as `out` has room for.
///
/// # Panics
/// If the window has no such band or pixels.
pub fn reflectances(pixels: &Pixels, reading: Reading, from: usize, out: &mut [f32]) {
    let start = reading.band * pixels.height * pixels.width + from;
    let range = start..start + out.len();
    match &pixels.samples {
        Samples::U8(all) => convert(&all[range], reading, out),
        Samples::I8(all) => convert(&all[range], reading, out),
        Samples::U16(all) => convert(&all[range], reading, out),
        Samples::I16(all) => convert(&all[range], reading, out),
        Samples::U32(all) => convert(&all[range], reading, out),
        Samples::I32(all) => convert(&all[range], reading, out),
        Samples::F32(all) => convert(&all[range], reading, out),
        Samples::F64(all) => convert(&all[range], reading, out),
    }
    if let Some(mask) = &pixels.mask {
        for (value, &valid) in out.iter_mut().zip(&mask[from..]) {
            *value = if valid == 0 { f32::NAN } else { *value };
        }
    }
}

fn convert<T: Number>(numbers: &[T], reading: Reading, out: &mut [f32]) {
    let offset = reading.offset;
    let value = |number: T| {
        let value = number.to_f32();
        // `max` would make 0 of NaN.
        if value.is_finite() {
            (value + offset).max(0.0)
        } else {
            f32::NAN
        }
    };
    match reading.nodata.and_then(T::exactly) {
        Some(nodata) => {
            for (out, &number) in out.iter_mut().zip(numbers) {
                *out = if number == nodata { f32::NAN } else { value(number) };
            }
        }
        None => {
            for (out, &number) in out.iter_mut().zip(numbers) {
                *out = value(number);
            }
        }
    }
}

/// A number of a band.
trait Number: Copy + PartialEq {
    /// The number of this type that equals `value`; without one, no pixel can be nodata.
    fn exactly(value: f64) -> Option<Self>;
    fn to_f32(self) -> f32;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            #[expect(clippy::float_cmp, reason = "an exact value is asked for")]
            fn exactly(value: f64) -> Option<Self> {
                let number = value as Self;
                (f64::from(number) == value).then_some(number)
            }

            fn to_f32(self) -> f32 {
                self as f32
            }
        }
    )*};
}

numbers!(u8, i8, u16, i16, u32, i32, f64);

impl Number for f32 {
    fn exactly(value: f64) -> Option<Self> {
        // Writers give more or fewer digits of the nearest number.
        Some(value as Self)
    }

    fn to_f32(self) -> f32 {
        self
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use super::*;

    fn read(samples: Samples, mask: Option<Vec<u8>>, nodata: Option<f64>, offset: f32) -> Vec<String> {
        let width = samples.len();
        let pixels = Pixels {
            height: 1,
            width,
            bands: 1,
            samples,
            mask,
        };
        let mut out = vec![0.0; width];
        reflectances(
            &pixels,
            Reading {
                band: 0,
                nodata,
                offset,
            },
            0,
            &mut out,
        );
        out.iter().map(f32::to_string).collect()
    }

    #[test]
    fn nodata_is_told_before_the_offset() {
        let found = read(Samples::U16(vec![0, 1000, 1500, 65535, 10]), None, Some(0.0), -1000.0);
        assert_eq!(found, ["NaN", "0", "500", "64535", "0"]);
        let found = read(Samples::I16(vec![-1, 0, 1]), None, None, 0.0);
        assert_eq!(found, ["0", "0", "1"]);
        // No number of the type is nodata.
        assert_eq!(read(Samples::U8(vec![0, 255]), None, Some(-9999.0), 0.0), ["0", "255"]);
        assert_eq!(read(Samples::U8(vec![0, 255]), None, Some(255.5), 0.0), ["0", "255"]);
    }

    #[test]
    fn what_is_not_finite_or_masked_is_unknown() {
        let numbers = vec![0.5, f32::NAN, f32::INFINITY, 0.25];
        assert_eq!(
            read(Samples::F32(numbers), Some(vec![255, 255, 255, 0]), None, 0.0),
            ["0.5", "NaN", "NaN", "NaN"]
        );
        assert_eq!(
            read(Samples::F64(vec![f64::NAN, 1e300, 2.0]), None, Some(f64::NAN), 0.0),
            ["NaN", "NaN", "2"]
        );
    }

    #[test]
    fn zero_is_nodata_only_where_nothing_else_is_said() {
        let of = |said, declared, sample, masked| nodata_of(said, declared, sample, masked);
        assert_eq!(of(None, None, SampleType::U16, false), Some(0.0));
        assert_eq!(of(None, None, SampleType::U16, true), None);
        assert_eq!(of(None, None, SampleType::F32, false), None);
        assert_eq!(of(None, Some(7.0), SampleType::U16, true), Some(7.0));
        assert_eq!(of(Some(9.0), Some(7.0), SampleType::F32, false), Some(9.0));
    }

    #[test]
    fn a_band_is_read_at_its_place() {
        let samples = Samples::U8((1..=12).collect());
        let pixels = Pixels {
            height: 2,
            width: 2,
            bands: 3,
            samples,
            mask: None,
        };
        let mut out = [0.0; 2];
        reflectances(
            &pixels,
            Reading {
                band: 1,
                nodata: None,
                offset: 0.0,
            },
            2,
            &mut out,
        );
        assert_eq!(out, [7.0, 8.0]);
    }
}
