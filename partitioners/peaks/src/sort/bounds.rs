//! Where m/z are cut: by the peaks of a sample, so that every part gets about as many.
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::run::MzType;

/// Cuts of the m/z axis into buckets, and of the buckets into segments.
///
/// A function of the peaks and the number of segments alone, so that every worker and every strategy cuts alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// How m/z are kept.
    pub mz: MzType,
    /// First m/z of every bucket but the first, in order, each once.
    cuts: Vec<f64>,
    /// First bucket of every segment.
    segments: Vec<u32>,
}

/// Peaks of a bucket: its records fit the second-level cache while they are sorted.
const BUCKET: u64 = 1 << 17;
/// More buckets at once cost more misses than small buckets save ...
const BUCKETS: u64 = 512;
/// ... until buckets get larger than this.
const LARGE: u64 = 1 << 20;

impl Bounds {
    /// Cuts for `peaks` peaks into `segments` segments, as the `sample` of m/z keys lies.
    pub(crate) fn choose(mz: MzType, mut sample: Vec<u64>, peaks: u64, segments: u64) -> Self {
        sample.sort_unstable();
        let segments = segments.max(1);
        let buckets = peaks
            .div_ceil(BUCKET)
            .min(BUCKETS.max(peaks.div_ceil(LARGE)))
            .max(segments);
        let each = buckets.div_ceil(segments);
        let all = u128::from(segments * each);
        let place = |cut: u64| (u128::from(cut) * sample.len() as u128 / all) as usize;
        let mut cuts: Vec<u64> = Vec::new();
        let mut starts = vec![0u32];
        for cut in 1..segments * each {
            let Some(&key) = sample.get(place(cut)) else { break };
            // Equal m/z stay together; a first bucket without peaks is none.
            let new = cuts.last().map_or(sample[0] < key, |&last| last < key);
            if new {
                cuts.push(key);
            }
            let bucket = cuts.len() as u32;
            if cut % each == 0 && new && starts.last() != Some(&bucket) {
                starts.push(bucket);
            }
        }
        Self {
            mz,
            cuts: cuts.into_iter().map(|key| mz.mz(key)).collect(),
            segments: starts,
        }
    }

    /// Number of buckets, one or more.
    pub(crate) fn buckets(&self) -> usize {
        self.cuts.len() + 1
    }

    /// Number of segments, one or more; fewer than were asked for where there are not as many different m/z.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Buckets of a segment.
    pub(crate) fn buckets_of(&self, segment: usize) -> Range<usize> {
        let end = self
            .segments
            .get(segment + 1)
            .map_or(self.buckets(), |&end| end as usize);
        self.segments[segment] as usize..end
    }

    /// The m/z of a segment: from, and up to but not; nothing at the ends of the axis.
    pub fn interval(&self, segment: usize) -> (Option<f64>, Option<f64>) {
        let Range { start, end } = self.buckets_of(segment);
        let at = |bucket: usize| bucket.checked_sub(1).and_then(|cut| self.cuts.get(cut).copied());
        (at(start), at(end))
    }

    /// Whether this can have come from [`Bounds::choose`].
    pub(crate) fn is_sound(&self) -> bool {
        let buckets = self.buckets();
        self.cuts.is_sorted_by(|a, b| a < b)
            && self.cuts.iter().all(|cut| cut.is_finite() && *cut > 0.0)
            && self.segments.first() == Some(&0)
            && self.segments.is_sorted_by(|a, b| a < b)
            && self.segments.iter().all(|&first| (first as usize) < buckets)
    }

    /// The cuts as keys.
    pub(crate) fn keys(&self) -> Vec<u64> {
        self.cuts.iter().map(|&cut| self.mz.key(cut)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_get_equal_numbers_of_sampled_peaks() {
        let sample: Vec<u64> = (1..=1000u32).rev().map(|mz| f64::from(mz).to_bits()).collect();
        let bounds = Bounds::choose(MzType::F64, sample, 1000, 4);
        assert_eq!(bounds.segments(), 4);
        let intervals: Vec<_> = (0..4).map(|segment| bounds.interval(segment)).collect();
        assert_eq!(intervals[0], (None, Some(251.0)));
        assert_eq!(intervals[3], (Some(751.0), None));
        assert!(bounds.is_sound());
    }

    #[test]
    fn equal_mz_are_never_cut_apart() {
        let sample = vec![5f64.to_bits(); 100];
        let bounds = Bounds::choose(MzType::F64, sample, 100, 8);
        assert_eq!((bounds.segments(), bounds.buckets()), (1, 1));
        let bounds = Bounds::choose(MzType::F64, vec![], 0, 8);
        assert_eq!((bounds.segments(), bounds.interval(0)), (1, (None, None)));
    }

    #[test]
    fn large_data_are_cut_finer_than_asked() {
        let sample: Vec<u64> = (1..=100_000u32).map(|mz| f64::from(mz).to_bits()).collect();
        let bounds = Bounds::choose(MzType::F64, sample, 50_000_000, 64);
        assert_eq!((bounds.segments(), bounds.buckets()), (64, 384));
        assert_eq!(bounds.buckets_of(63), 378..384);
        assert!(bounds.is_sound());
    }
}
