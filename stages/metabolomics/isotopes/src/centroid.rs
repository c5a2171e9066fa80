//! Peaks as an instrument shows them: isotopologues broadened to Gaussians, summed, and centroided as cpyMSpec does.
use std::sync::LazyLock;

use crate::{
    fine::FineStructure,
    grid::{Grid, POINTS_PER_FWHM, REACH},
    instrument::{FWHM_PER_SIGMA, Resolution},
};

/// Maxima lower than this share of the highest are no peaks.
pub const LOWEST: f64 = 1e-4;

/// Grid points to each side of a maximum that its centroid takes in.
const SIDE: usize = 7;

/// Grid steps in a standard deviation.
const STEPS_PER_SIGMA: f64 = POINTS_PER_FWHM / FWHM_PER_SIGMA;

/// Grid steps that a peak reaches.
const REACHED: i32 = (REACH * STEPS_PER_SIGMA) as i32;

/// Points around isotopologues where maxima may lie, and the sides of those: maxima of a sum of Gaussians of one width lie
/// less than a standard deviation (10.6 steps) from one of them; where no other is in reach, between the outermost.
const MARGIN: usize = 12 + SIDE;
const EDGE: usize = 2 + SIDE;

/// Share of its height that a peak shows at least on some grid point: exp(-d²/2) at half a step.
const SEEN: f64 = 0.998;

/// exp(-(k c)²/2) for k = -REACHED..=REACHED, c a grid step in standard deviations.
static BELL: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let bell = |k: i32| (-0.5 * (f64::from(k) / STEPS_PER_SIGMA).powi(2)).exp();
    (-REACHED..=REACHED).map(bell).collect()
});

/// What centroiding needs besides; kept to be used again.
#[derive(Default)]
pub(crate) struct Scratch {
    mzs: Vec<f64>,
    heights: Vec<f64>,
    clusters: Vec<Cluster>,
    tops: Vec<f64>,
}

/// Isotopologues that reach each other, and none else.
#[derive(Clone, Copy)]
struct Cluster {
    start: usize,
    end: usize,
    /// No maximum is higher.
    most: f64,
    /// Some maximum is at least so high.
    least: f64,
}

/// Fills `found` with the centroids (m/z, height relative to the highest) of the `n` highest maxima, highest first.
pub(crate) fn centroids(
    fine: &FineStructure,
    resolution: Resolution,
    n: usize,
    scratch: &mut Scratch,
    found: &mut Vec<(f64, f64)>,
) {
    found.clear();
    let peaks = &fine.peaks[..];
    // cpyMSpec does not broaden a single isotopologue.
    if let [] | [_] = peaks {
        found.extend_from_slice(peaks);
        return;
    }
    let main = peaks
        .iter()
        .fold(peaks[0], |most, &peak| if peak.1 > most.1 { peak } else { most });
    let sigma = |mz: f64| resolution.sigma(mz, main.0);
    cluster(peaks, &sigma, n, scratch);
    let mut grid = Grid::new(fine, resolution, main.0);
    let clusters = std::mem::take(&mut scratch.clusters);
    for cluster in &clusters {
        let members = &peaks[cluster.start..cluster.end];
        // Groups whose maxima lie apart are looked at one by one; what reaches over from the others is added.
        let mut start = 0;
        while start < members.len() {
            let apart = 2.0 * MARGIN as f64 * sigma(members[start].0) / STEPS_PER_SIGMA;
            let group = members[start..]
                .windows(2)
                .take_while(|pair| pair[1].0 - pair[0].0 <= apart);
            let end = start + group.count() + 1;
            let margin = |alone: bool| if alone { EDGE } else { MARGIN };
            let (before, behind) = (margin(start == 0), margin(end == members.len()));
            grid.skip_to(members[start].0 - before as f64 * grid.step);
            let last = members[end - 1].0;
            profile(members, &mut grid, last, behind, scratch);
            maxima(&scratch.mzs, &scratch.heights, found);
            start = end;
        }
    }
    scratch.clusters = clusters;
    found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.total_cmp(&b.0)));
    let highest = found.first().map_or(1.0, |peak| peak.1);
    for peak in &mut *found {
        peak.1 /= highest;
    }
    found.truncate(n);
    found.retain(|peak| peak.1 >= LOWEST);
}

/// Finds the clusters that may hold one of the `n` highest maxima.
fn cluster(peaks: &[(f64, f64)], sigma: &impl Fn(f64) -> f64, n: usize, scratch: &mut Scratch) {
    let clusters = &mut scratch.clusters;
    clusters.clear();
    let mut reach = f64::NEG_INFINITY;
    for (at, &(mz, height)) in peaks.iter().enumerate() {
        match clusters.last_mut() {
            Some(last) if mz < reach => {
                last.end = at + 1;
                last.most += height;
                last.least = last.least.max(height);
            }
            _ => clusters.push(Cluster {
                start: at,
                end: at + 1,
                most: height,
                least: height,
            }),
        }
        // The widths of neighbours differ a little.
        reach = mz + 2.1 * REACH * sigma(mz);
    }
    let mut least = LOWEST;
    if n < clusters.len() {
        scratch.tops.clear();
        scratch.tops.extend(clusters.iter().map(|cluster| cluster.least * SEEN));
        scratch.tops.sort_unstable_by(|a, b| b.total_cmp(a));
        least = least.max(scratch.tops[n.max(1) - 1]);
    }
    clusters.retain(|cluster| cluster.most >= least);
}

/// Fills in the heights of the sum of `members` at the grid points from where `grid` is to `behind` points beyond `last`.
fn profile(members: &[(f64, f64)], grid: &mut Grid, last: f64, behind: usize, scratch: &mut Scratch) {
    scratch.mzs.clear();
    scratch.heights.clear();
    // Not one point further: the next group may begin there.
    let end = last + behind as f64 * grid.step;
    loop {
        let left = ((end - grid.mz) / grid.step).round();
        if left < 1.0 {
            return;
        }
        let points = (left as usize).min(longest(grid));
        let before = grid.mz;
        grid.advance(points);
        // Between exact ends points are taken to be even.
        let step = (grid.mz - before) / points as f64;
        let from = scratch.heights.len();
        scratch
            .mzs
            .extend((1..=points).map(|point| before + point as f64 * step));
        scratch.heights.resize(from + points, 0.0);
        add_peaks(members, before + step, step, &mut scratch.heights[from..]);
    }
}

/// Points over which the step changes so little that they lie within 0.0003 steps of where they would be if it did not: the
/// step grows at most as (m/z)², by c σ / (m/z) × 2 each, and n points with even steps err by n²/8 of that.
fn longest(grid: &Grid) -> usize {
    let growth = 2.0 * grid.sigma / (STEPS_PER_SIGMA * grid.mz);
    (8.0 * 0.0003 / growth).sqrt().clamp(4.0, 256.0) as usize
}

/// Adds the Gaussians to the heights at `first`, `first + step`, …
fn add_peaks(members: &[(f64, f64)], first: f64, step: f64, heights: &mut [f64]) {
    let sigma = step * STEPS_PER_SIGMA;
    let reach = REACH * sigma;
    let end = first + heights.len() as f64 * step;
    let from = members.partition_point(|peak| peak.0 < first - reach);
    for &(mz, height) in members[from..].iter().take_while(|peak| peak.0 < end + reach) {
        // exp(-(k c + d)²/2) = exp(-(k c)²/2) exp(-c d)^k exp(-d²/2), where d is how far the nearest point is, c a step.
        let nearest = ((mz - first) / step).round();
        let d = (first + nearest * step - mz) / sigma;
        let nearest = nearest as i64;
        let low = (nearest - i64::from(REACHED)).max(0);
        let high = (nearest + i64::from(REACHED) + 1).min(heights.len() as i64);
        if low >= high {
            continue;
        }
        let k = low - nearest;
        add_bell(
            &mut heights[low as usize..high as usize],
            &BELL[(k + i64::from(REACHED)) as usize..],
            height * (-d * (0.5 * d + k as f64 / STEPS_PER_SIGMA)).exp(),
            (-d / STEPS_PER_SIGMA).exp(),
        );
    }
}

/// `heights[i] += bell[i] * start * ratio^i`.
fn add_bell(heights: &mut [f64], bell: &[f64], start: f64, ratio: f64) {
    let square = ratio * ratio;
    let fourth = square * square;
    let mut powers = [start, start * ratio, start * square, start * square * ratio];
    let bell = &bell[..heights.len()];
    let (mut heights, mut bell) = (heights.chunks_exact_mut(4), bell.chunks_exact(4));
    for (heights, bell) in heights.by_ref().zip(bell.by_ref()) {
        for lane in 0..4 {
            heights[lane] += bell[lane] * powers[lane];
            powers[lane] *= fourth;
        }
    }
    let rest = heights.into_remainder().iter_mut().zip(bell.remainder());
    for ((height, bell), power) in rest.zip(powers) {
        *height += bell * power;
    }
}

/// Appends the centroids of the maxima of a profile.
fn maxima(mzs: &[f64], heights: &[f64], found: &mut Vec<(f64, f64)>) {
    for at in SIDE..heights.len().saturating_sub(SIDE) {
        let height = heights[at];
        if !(heights[at - 1] < height && height >= heights[at + 1]) || height < LOWEST {
            continue;
        }
        let falls = |point: usize| heights[point - 1] < heights[point];
        let start = (at - SIDE + 1..=at)
            .rev()
            .find(|&point| !falls(point))
            .unwrap_or(at - SIDE);
        let end = (at + 1..at + SIDE)
            .find(|&point| heights[point + 1] > heights[point])
            .unwrap_or(at + SIDE + 1);
        let (mut sum, mut moment, mut highest) = (0.0, 0.0, 0.0_f64);
        for point in start..end {
            sum += heights[point];
            moment += heights[point] * (mzs[point] - mzs[at]);
            highest = highest.max(heights[point]);
        }
        found.push((mzs[at] + moment / sum, highest));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Formula, Instrument, fine::FineStructures};

    /// The slow way: every point of the grid, one after the other, every isotopologue at each.
    fn walk(peaks: &[(f64, f64)], sigma: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let (mut at, mut width) = (0, sigma(peaks[0].0));
        let mut step = width * FWHM_PER_SIGMA / 25.0;
        let mut mz = peaks[0].0 - 6.0 * width - 7.0 * step;
        let last = peaks[peaks.len() - 1].0 + 6.0 * width;
        let (mut mzs, mut heights) = (Vec::new(), Vec::new());
        while mz < last {
            if mz > peaks[at].0 + 6.0 * width && at + 1 < peaks.len() && mz >= peaks[at + 1].0 - 6.0 * width {
                at += 1;
                width = sigma(peaks[at].0);
            }
            let near = peaks.iter().filter(|peak| (peak.0 - mz).abs() <= 6.0 * width);
            heights.push(
                near.map(|peak| peak.1 * (-0.5 * ((peak.0 - mz) / width).powi(2)).exp())
                    .sum::<f64>(),
            );
            mzs.push(mz);
            step = width * FWHM_PER_SIGMA / 25.0;
            mz += step;
        }
        let _ = step;
        let mut found = Vec::new();
        maxima(&mzs, &heights, &mut found);
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        let highest = found[0].1;
        for peak in &mut found {
            peak.1 /= highest;
        }
        found.retain(|peak| peak.1 >= LOWEST);
        found
    }

    /// Compares with the slow way, to so many standard deviations.
    fn compare(formula: &str, resolution: Resolution, widths: f64) -> Result<(), TestCaseError> {
        let formula: Formula = formula.parse().unwrap();
        let mut fine = FineStructure::default();
        FineStructures::new(1e-4).compute(&formula, &mut fine).unwrap();
        let slow = walk(&fine.peaks, |mz| resolution.sigma(mz, 0.0));
        let mut scratch = Scratch::default();
        for n in [usize::MAX, 4, 1] {
            let mut found = Vec::new();
            centroids(&fine, resolution, n, &mut scratch, &mut found);
            prop_assert_eq!(found.len(), slow.len().min(n), "{} {:?}", formula, resolution);
            for (found, slow) in found.iter().zip(&slow) {
                let most = widths * resolution.sigma(slow.0, 0.0);
                prop_assert!((found.0 - slow.0).abs() < most, "{formula} {found:?} {slow:?}");
                prop_assert!((found.1 - slow.1).abs() < 1e-3, "{} {:?} {:?}", formula, found, slow);
            }
        }
        Ok(())
    }

    #[test]
    fn centroids_are_those_of_walking_the_whole_grid() {
        let orbitrap = |power| Resolution::at_200(Instrument::Orbitrap, power);
        for (formula, resolution) in [
            ("C6H13O6", orbitrap(140_000.0)),
            ("C5H9NO4H", orbitrap(140_000.0)),
            ("C41H80NO8PSn", orbitrap(70_000.0)),
            ("C20H30Br2Cl2S2", Resolution::at_200(Instrument::Fticr, 1_000_000.0)),
            ("C20H30Xe", Resolution::at_200(Instrument::Tof, 20_000.0)),
            // Groups of isotopologues that lie just apart.
            ("C8H17NO5Ti", orbitrap(140_000.0)),
            ("C11H15NOGd", orbitrap(500_000.0)),
            ("C10H17N7O5Hf", orbitrap(500_000.0)),
        ] {
            compare(formula, resolution, 0.001).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn of_any_molecule_and_instrument(
            carbon in 1u32..60, hydrogen in 1u32..100, oxygen in 0u32..12, sulfur in 0u32..4,
            metal in proptest::sample::select(crate::CANDIDATES.to_vec()),
            kind in 0usize..3, power in 20_000.0f64..500_000.0,
        ) {
            let instrument = [Instrument::Tof, Instrument::Orbitrap, Instrument::Fticr][kind];
            let formula = format!("C{carbon}H{hydrogen}O{oxygen}S{sulfur}{}", &metal[1..]);
            // Where two points are equally high, the least difference decides which one is the maximum: that moves a centroid
            // by nearly a step, 0.094 widths.
            compare(&formula, Resolution::at_200(instrument, power), 0.1)?;
        }
    }

    #[test]
    fn one_isotopologue_is_not_moved() {
        let fine = FineStructure {
            peaks: vec![(196.966_568_7, 1.0)],
            coverage: 1.0,
        };
        let mut found = Vec::new();
        centroids(
            &fine,
            Resolution::at_200(Instrument::Tof, 1e5),
            4,
            &mut Scratch::default(),
            &mut found,
        );
        assert_eq!(found, [(196.966_568_7, 1.0)]);
    }
}
