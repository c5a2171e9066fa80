//! A run: peaks of one pixel, in order of m/z, checked.
use serde::{Deserialize, Serialize};

use crate::ArrayType;

/// How m/z are kept: in the precision of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MzType {
    /// 32-bit floats.
    F32,
    /// 64-bit floats; integers too are kept so.
    F64,
}

impl MzType {
    /// Bytes of one m/z.
    pub fn width(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Bytes of one peak: m/z, f32 intensity, u32 pixel.
    pub fn peak(self) -> usize {
        self.width() + 8
    }

    pub(crate) fn of(kind: ArrayType) -> Self {
        match kind {
            ArrayType::F32 => Self::F32,
            _ => Self::F64,
        }
    }

    /// Positive floats compare as their bits do.
    pub(crate) fn key(self, mz: f64) -> u64 {
        match self {
            Self::F32 => u64::from((mz as f32).to_bits()),
            Self::F64 => mz.to_bits(),
        }
    }

    pub(crate) fn mz(self, key: u64) -> f64 {
        match self {
            Self::F32 => f64::from(f32::from_bits(key as u32)),
            Self::F64 => f64::from_bits(key),
        }
    }

    /// The largest finite m/z.
    fn last(self) -> u64 {
        match self {
            Self::F32 => u64::from(f32::MAX.to_bits()),
            Self::F64 => f64::MAX.to_bits(),
        }
    }

    fn is_mz(self, key: u64) -> bool {
        (1..=self.last()).contains(&key)
    }
}

/// Peaks that no image needs, by why they were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Intensity 0, or smaller than a 32-bit float can say.
    pub zero: u64,
    /// Intensity below 0.
    pub negative: u64,
    /// Intensity NaN or infinite, or larger than a 32-bit float can say.
    pub not_finite: u64,
    /// m/z that is not positive and finite.
    pub bad_mz: u64,
}

impl Dropped {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.zero + self.negative + self.not_finite + self.bad_mz
    }

    /// Those of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            zero: self.zero + other.zero,
            negative: self.negative + other.negative,
            not_finite: self.not_finite + other.not_finite,
            bad_mz: self.bad_mz + other.bad_mz,
        }
    }

    /// Whether a peak is kept; counts it if not.
    fn keeps(&mut self, mz: MzType, key: u64, intensity: f32) -> bool {
        let counter = if !mz.is_mz(key) {
            &mut self.bad_mz
        } else if !intensity.is_finite() {
            &mut self.not_finite
        } else if intensity == 0.0 {
            &mut self.zero
        } else if intensity < 0.0 {
            &mut self.negative
        } else {
            return true;
        };
        *counter += 1;
        false
    }
}

/// Numbers as they are stored.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) kind: ArrayType,
    pub(crate) bytes: &'a [u8],
}

/// The peaks of one spectrum as a run: columns of little-endian m/z and f32 intensities.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) mz: &'a [u8],
    pub(crate) intensity: &'a [u8],
}

/// Room for spectra that are no runs as they are.
#[derive(Default)]
pub(crate) struct Room {
    peaks: Vec<(u64, f32)>,
    mz: Vec<u8>,
    intensity: Vec<u8>,
    pub(crate) dropped: Dropped,
    /// Spectra whose m/z were not in order.
    pub(crate) unsorted: u64,
}

impl Room {
    /// A spectrum as a run: as it is stored, where it can be; else filtered, converted and sorted, stably.
    pub(crate) fn run<'a>(&'a mut self, to: MzType, mz: Column<'a>, intensity: Column<'a>) -> Run<'a> {
        let as_is = intensity.kind == ArrayType::F32
            && match (to, mz.kind) {
                (MzType::F64, ArrayType::F64) => {
                    ordered(mz.bytes.as_chunks().0.iter().map(|b| u64::from_le_bytes(*b)), to)
                }
                (MzType::F32, ArrayType::F32) => ordered(
                    mz.bytes.as_chunks().0.iter().map(|b| u64::from(u32::from_le_bytes(*b))),
                    to,
                ),
                _ => false,
            }
            && all_positive(intensity.bytes);
        if as_is {
            return Run {
                mz: mz.bytes,
                intensity: intensity.bytes,
            };
        }
        self.peaks.clear();
        mz.kind.for_each(mz.bytes, |mz| self.peaks.push((to.key(mz), 0.0)));
        let mut at = 0;
        intensity.kind.for_each(intensity.bytes, |intensity| {
            if let Some(peak) = self.peaks.get_mut(at) {
                peak.1 = intensity as f32;
                at += 1;
            }
        });
        let dropped = &mut self.dropped;
        self.peaks.retain(|&(key, intensity)| dropped.keeps(to, key, intensity));
        if !self.peaks.is_sorted_by_key(|peak| peak.0) {
            self.unsorted += 1;
            self.peaks.sort_by_key(|peak| peak.0);
        }
        self.mz.clear();
        self.intensity.clear();
        for &(key, intensity) in &self.peaks {
            self.mz.extend_from_slice(&key.to_le_bytes()[..to.width()]);
            self.intensity.extend_from_slice(&intensity.to_le_bytes());
        }
        Run {
            mz: &self.mz,
            intensity: &self.intensity,
        }
    }
}

/// Whether all are positive, finite and in order.
fn ordered(keys: impl Iterator<Item = u64>, mz: MzType) -> bool {
    let mut last = 1;
    let mut ordered = true;
    for key in keys {
        // No early end: the loop is worth more as one block of vector code.
        ordered &= last <= key;
        last = key;
    }
    // Keys of negative numbers and NaN are larger than the last one, and what follows them in order is too.
    ordered && last <= mz.last()
}

fn all_positive(intensities: &[u8]) -> bool {
    let (numbers, _) = intensities.as_chunks();
    // Bits of positive finite floats: 1 to those of the largest.
    let is_positive = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes).wrapping_sub(1) < f32::MAX.to_bits();
    numbers.iter().fold(true, |all, bytes| all & is_positive(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(numbers: &[f64]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn peaks_that_no_image_needs_are_counted_and_the_rest_sorted_stably() {
        let mz = le(&[
            300.0,
            100.0,
            200.0,
            200.0,
            f64::NAN,
            -1.0,
            0.0,
            400.0,
            500.0,
            f64::INFINITY,
        ]);
        let intensity = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, f32::NAN, 1.0];
        let bytes: Vec<u8> = intensity.iter().flat_map(|n| n.to_le_bytes()).collect();
        let mut room = Room::default();
        let run = room.run(
            MzType::F64,
            Column {
                kind: ArrayType::F64,
                bytes: &mz,
            },
            Column {
                kind: ArrayType::F32,
                bytes: &bytes,
            },
        );
        assert_eq!(run.mz, le(&[100.0, 200.0, 200.0, 300.0]));
        assert_eq!(
            run.intensity,
            [2.0f32, 3.0, 4.0, 1.0]
                .iter()
                .flat_map(|n| n.to_le_bytes())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            room.dropped,
            Dropped {
                zero: 1,
                negative: 0,
                not_finite: 1,
                bad_mz: 4
            }
        );
        assert_eq!(room.unsorted, 1);
    }

    #[test]
    fn a_good_spectrum_is_taken_as_it_is() {
        let (mz, intensity) = (
            le(&[1.0, 1.0, 2.0]),
            [1f32, f32::MAX, 1e-45].map(f32::to_le_bytes).concat(),
        );
        let mut room = Room::default();
        let run = room.run(
            MzType::F64,
            Column {
                kind: ArrayType::F64,
                bytes: &mz,
            },
            Column {
                kind: ArrayType::F32,
                bytes: &intensity,
            },
        );
        assert!(std::ptr::eq(run.mz, &raw const mz[..]) && run.intensity == intensity);
        for bad in [0.0, -1.0, f32::NAN, f32::INFINITY, -f32::NAN] {
            assert!(!all_positive(&[1.0, bad].map(f32::to_le_bytes).concat()), "{bad}");
        }
        for bad in [
            [0.0, 1.0],
            [-1.0, 1.0],
            [1.0, f64::INFINITY],
            [1.0, f64::NAN],
            [f64::NAN, 1.0],
            [2.0, 1.0],
            [-2.0, -1.0],
        ] {
            assert!(!ordered(bad.iter().map(|mz| mz.to_bits()), MzType::F64), "{bad:?}");
        }
    }
}
