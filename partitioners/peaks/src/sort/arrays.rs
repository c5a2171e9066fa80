//! The same sort for arrays in memory.
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    bounds::Bounds,
    bucket::{Bucket, Columns, Slab},
    order::Order,
    run::{Column, Dropped, MzType, Room},
};
use crate::ArrayType;

/// One sorted segment as columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SortedArrays {
    /// m/z, ascending; equal ones in order of pixel.
    pub mz: Vec<f64>,
    /// Intensities.
    pub intensity: Vec<f32>,
    /// Pixels.
    pub pixel: Vec<u32>,
}

/// Peaks looked at to choose the bounds.
pub(crate) const SAMPLE: usize = 1 << 19;
/// Bytes of a block of a bucket.
pub(crate) const BLOCK: usize = 32 << 10;

/// Splits peaks into at most `segments` runs of m/z with about as many peaks each, and sorts them by m/z, then pixel, then
/// place. Peaks without a positive intensity and m/z are left out and counted. `threads` does not change the result.
///
/// Fast where the peaks of a pixel stand together and in order of m/z, as spectra do.
///
/// # Panics
/// Columns of different lengths.
pub fn sort_arrays(
    mz: &[f64],
    intensity: &[f32],
    pixel: &[u32],
    segments: u64,
    threads: usize,
) -> (Vec<SortedArrays>, Dropped) {
    assert!(
        mz.len() == intensity.len() && mz.len() == pixel.len(),
        "columns of one length"
    );
    let step = mz.len().div_ceil(SAMPLE).max(1);
    let sampled = mz.iter().zip(intensity).step_by(step);
    let good =
        sampled.filter(|&(&mz, &intensity)| mz > 0.0 && mz.is_finite() && intensity > 0.0 && intensity.is_finite());
    let sample = good.map(|(mz, _)| mz.to_bits()).collect();
    let bounds = Bounds::choose(MzType::F64, sample, mz.len() as u64, segments);
    let threads = threads.max(1);

    // Where to cut the arrays: at changes of the pixel, so that runs stay whole.
    let mut starts: Vec<usize> = (0..=threads).map(|part| mz.len() * part / threads).collect();
    for start in &mut starts[1..threads] {
        while *start < mz.len() && *start > 0 && pixel[*start] == pixel[*start - 1] {
            *start += 1;
        }
    }
    starts.sort_unstable();
    let split = |from: usize, to: usize| {
        let mut slab = Slab::new(MzType::F64, bounds.keys(), BLOCK);
        let mut room = Room::default();
        for run in runs(&mz[from..to], &pixel[from..to]) {
            let run = from + run.start..from + run.end;
            let peaks = room.run(
                MzType::F64,
                Column {
                    kind: ArrayType::F64,
                    bytes: bytemuck::cast_slice(&mz[run.clone()]),
                },
                Column {
                    kind: ArrayType::F32,
                    bytes: bytemuck::cast_slice(&intensity[run.clone()]),
                },
            );
            slab.push(pixel[run.start], peaks);
        }
        (slab.into_buckets(), room.dropped)
    };
    let slabs: Vec<(Vec<Bucket>, Dropped)> = thread::scope(|scope| {
        let workers: Vec<_> = starts
            .windows(2)
            .map(|part| scope.spawn(|| split(part[0], part[1])))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker that does not panic"))
            .collect()
    });
    let dropped = slabs.iter().fold(Dropped::default(), |sum, slab| sum.plus(slab.1));
    let slabs: Vec<Vec<Bucket>> = slabs.into_iter().map(|slab| slab.0).collect();

    let sorted: Vec<Mutex<SortedArrays>> = (0..bounds.segments()).map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut columns, mut order) = (Columns::default(), Order::default());
        loop {
            let segment = next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = sorted.get(segment) else { return };
            let buckets = bounds.buckets_of(segment);
            let peaks: u64 = slabs
                .iter()
                .flat_map(|slab| &slab[buckets.clone()])
                .map(|bucket| bucket.peaks)
                .sum();
            let mut out = SortedArrays {
                mz: Vec::with_capacity(peaks as usize),
                intensity: Vec::with_capacity(peaks as usize),
                pixel: Vec::with_capacity(peaks as usize),
            };
            for bucket in buckets {
                columns.clear();
                for block in slabs.iter().flat_map(|slab| &slab[bucket].blocks) {
                    columns.add(MzType::F64, block).expect("blocks as they were written");
                }
                let order = order.of(&columns);
                let places = || order.iter().map(|&pair| pair as u32 as usize);
                out.mz.extend(places().map(|place| f64::from_bits(columns.keys[place])));
                out.intensity
                    .extend(places().map(|place| f32::from_bits(columns.rest[place] as u32)));
                out.pixel
                    .extend(places().map(|place| (columns.rest[place] >> 32) as u32));
            }
            *place.lock().unwrap_or_else(PoisonError::into_inner) = out;
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let sorted = sorted
        .into_iter()
        .map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
    (sorted.filter(|segment| !segment.mz.is_empty()).collect(), dropped)
}

/// Longest stretches of one pixel in which m/z do not fall.
pub(crate) fn runs<'a>(mz: &'a [f64], pixel: &'a [u32]) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let first = *pixel.get(start)?;
        at += 1;
        while at < pixel.len() && pixel[at] == first && mz[at - 1] <= mz[at] {
            at += 1;
        }
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn segments_joined_are_a_plain_stable_sort(
            peaks in prop::collection::vec((0u32..60, 0u32..5, 0u32..9), 0..600), segments in 1u64..9, threads in 1usize..4,
        ) {
            let mz: Vec<f64> = peaks.iter().map(|peak| f64::from(peak.0) / 7.0).collect();
            let intensity: Vec<f32> = peaks.iter().map(|peak| peak.1 as f32 - 1.0).collect();
            let pixel: Vec<u32> = peaks.iter().map(|peak| peak.2).collect();
            let (sorted, dropped) = sort_arrays(&mz, &intensity, &pixel, segments, threads);
            let mut plain: Vec<usize> = (0..mz.len()).filter(|&at| mz[at] > 0.0 && intensity[at] > 0.0).collect();
            plain.sort_by(|&a, &b| mz[a].total_cmp(&mz[b]).then(pixel[a].cmp(&pixel[b])));
            prop_assert_eq!(dropped.total() as usize, mz.len() - plain.len());
            prop_assert!(sorted.len() as u64 <= segments);
            let joined = sorted.iter().flat_map(|s| s.mz.iter().zip(&s.intensity).zip(&s.pixel));
            prop_assert!(joined.eq(plain.iter().map(|&at| ((&mz[at], &intensity[at]), &pixel[at]))));
            for pair in sorted.windows(2) {
                prop_assert!(pair[0].mz.last() < pair[1].mz.first());
            }
        }
    }
}
