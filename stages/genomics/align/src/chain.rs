//! Chains of seeds at one place of the reference.
//!
//! The recurrence is that of minimap2 (`mg_lchain_dp`, Li 2018, <https://doi.org/10.1093/bioinformatics/bty191>, MIT
//! licence). Two things differ, so that a chain never depends on anchors elsewhere: the recurrence runs on one cluster of
//! anchors at a time, and equal scores are broken by position where minimap2 sorts all anchors with an unstable sort.
use std::ops::Range;

/// A seed that read and reference share, as minimap2 packs it: `x` is strand, sequence and last reference base,
/// `y` flags, length and last base of the read (in the direction of the reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
pub(crate) struct Anchor {
    pub(crate) x: u64,
    pub(crate) y: u64,
}

/// Set in `y` when the read holds the seed twice, side by side.
pub(crate) const TANDEM: u64 = 1 << 42;

impl Anchor {
    pub(crate) fn new(reverse: bool, sequence: u32, last: u32, span: u32, read_last: u32) -> Self {
        Self {
            x: u64::from(reverse) << 63 | u64::from(sequence) << 32 | u64::from(last),
            y: u64::from(span) << 32 | u64::from(read_last),
        }
    }

    fn group(self) -> u64 {
        self.x >> 32
    }

    fn reverse(self) -> bool {
        self.x >> 63 == 1
    }

    fn reference(self) -> i32 {
        self.x as u32 as i32
    }

    fn read(self) -> i32 {
        self.y as u32 as i32
    }

    fn span(self) -> i32 {
        (self.y >> 32 & 0xff) as i32
    }
}

/// How anchors are chained; minimap2's names in brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChainParams {
    /// Longest step along the reference (`max_dist_x`).
    pub(crate) reference_step: i32,
    /// Longest step along the read (`max_dist_y`).
    pub(crate) read_step: i32,
    /// Largest difference of the two (`bw`).
    pub(crate) band: i32,
    /// `max_skip`.
    pub(crate) max_skip: i32,
    /// `max_iter`.
    pub(crate) max_steps: usize,
    /// Fewest anchors of a chain (`min_cnt`).
    pub(crate) min_anchors: usize,
    /// Lowest score of a chain (`min_sc`).
    pub(crate) min_score: i32,
    /// Cost of each base of difference (`chn_pen_gap`).
    pub(crate) gap_cost: f32,
}

/// Anchors that lie in line, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) score: i32,
    pub(crate) anchors: Vec<Anchor>,
}

impl Chain {
    /// If all seeds lie on one diagonal: the sequence, the strand, and where the first base of the read falls.
    pub(crate) fn diagonal(&self) -> Option<(u32, bool, i32)> {
        let first = *self.anchors.first()?;
        let start = |anchor: &Anchor| anchor.reference() - anchor.read();
        let straight = self.anchors.iter().all(|anchor| start(anchor) == start(&first));
        straight.then(|| ((first.x >> 32) as u32 & !(1 << 31), first.reverse(), start(&first)))
    }

    /// Bases of the read, as sequenced, from the first seed to the last.
    pub(crate) fn query(&self, read_length: usize) -> Range<u32> {
        let (Some(first), Some(last)) = (self.anchors.first(), self.anchors.last()) else {
            return 0..0;
        };
        let start = (first.read() + 1 - first.span()).max(0) as u32;
        let end = (last.read() + 1) as u32;
        if first.reverse() {
            let length = read_length as u32;
            length.saturating_sub(end)..length.saturating_sub(start)
        } else {
            start..end
        }
    }
}

/// Chains `anchors`, which are sorted. Anchors further apart than any step can reach are chained on their own.
pub(crate) fn chain(anchors: &[Anchor], params: &ChainParams) -> Vec<Chain> {
    let near = |a: &Anchor, b: &Anchor| {
        a.group() == b.group()
            && i64::from(b.reference()) - i64::from(a.reference()) <= i64::from(params.reference_step)
    };
    let mut chains = Vec::new();
    for cluster in anchors.chunk_by(near) {
        chain_cluster(cluster, params, &mut chains);
    }
    chains
}

fn chain_cluster(a: &[Anchor], params: &ChainParams, chains: &mut Vec<Chain>) {
    if a.len() == 1 {
        if params.min_anchors <= 1 && a[0].span() >= params.min_score {
            chains.push(Chain {
                score: a[0].span(),
                anchors: a.to_vec(),
            });
        }
        return;
    }
    let (score, previous) = best_predecessors(a, params);
    backtrack(a, &score, &previous, params, chains);
}

/// For each anchor the best score of a chain that ends there, and the anchor before it.
fn best_predecessors(a: &[Anchor], params: &ChainParams) -> (Vec<i32>, Vec<Option<usize>>) {
    let count = a.len();
    let mut score = vec![0i32; count];
    let mut previous: Vec<Option<usize>> = vec![None; count];
    let mut seen_from = vec![usize::MAX; count];
    let mut start = 0;
    let mut peak: Option<usize> = None;
    let reach = params.reference_step as u64;
    for i in 0..count {
        let mut best = a[i].span();
        let mut best_from = None;
        let mut skipped = 0;
        while a[i].x > a[start].x + reach {
            start += 1;
        }
        start = start.max(i.saturating_sub(params.max_steps));
        let mut stopped_at = start as isize - 1;
        for j in (start..i).rev() {
            let Some(step) = step_score(a[i], a[j], params) else {
                continue;
            };
            let reached = step + score[j];
            if reached > best {
                best = reached;
                best_from = Some(j);
                skipped = (skipped - 1).max(0);
            } else if seen_from[j] == i {
                skipped += 1;
                if skipped > params.max_skip {
                    stopped_at = j as isize;
                    break;
                }
            }
            if let Some(before) = previous[j] {
                seen_from[before] = i;
            }
        }
        if peak.is_none_or(|peak| a[i].x - a[peak].x > reach) {
            peak = None;
            for j in (start..i).rev() {
                if peak.is_none_or(|peak| score[peak] < score[j]) {
                    peak = Some(j);
                }
            }
        }
        if let Some(peak) = peak.filter(|&peak| (peak as isize) < stopped_at)
            && let Some(step) = step_score(a[i], a[peak], params)
            && best < step + score[peak]
        {
            best = step + score[peak];
            best_from = Some(peak);
        }
        score[i] = best;
        previous[i] = best_from;
        if peak.is_none_or(|peak| a[i].x - a[peak].x <= reach && score[peak] < best) {
            peak = Some(i);
        }
    }
    (score, previous)
}

/// What going on from `from` to `to` adds to a chain; `None` where it cannot.
fn step_score(to: Anchor, from: Anchor, params: &ChainParams) -> Option<i32> {
    let on_read = to.read() - from.read();
    if on_read <= 0 || on_read > params.reference_step {
        return None;
    }
    let on_reference = to.reference() - from.reference();
    if on_reference == 0 || on_read > params.read_step {
        return None;
    }
    let difference = (on_reference - on_read).abs();
    if difference > params.band {
        return None;
    }
    let shorter = on_reference.min(on_read);
    let mut score = from.span().min(shorter);
    if difference > 0 || shorter > from.span() {
        let linear = params.gap_cost * difference as f32;
        let logarithm = if difference >= 1 {
            log2(difference as f32 + 1.0)
        } else {
            0.0
        };
        score -= (linear + 0.5 * logarithm) as i32;
    }
    Some(score)
}

/// minimap2's approximate logarithm; `x` is at least 2.
fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23 & 255) as f32 - 128.0;
    let mantissa = f32::from_bits(bits & !(255 << 23) | 127 << 23);
    exponent + (-0.344_848_43 * mantissa + 2.024_665_8) * mantissa - 0.674_877_6
}

/// Takes chains apart from their ends, the highest score first; an anchor belongs to one chain.
fn backtrack(a: &[Anchor], score: &[i32], previous: &[Option<usize>], params: &ChainParams, chains: &mut Vec<Chain>) {
    let mut ends: Vec<usize> = (0..a.len()).filter(|&i| score[i] >= params.min_score).collect();
    ends.sort_by_key(|&i| std::cmp::Reverse((score[i], i)));
    let mut used = vec![false; a.len()];
    for end in ends {
        if used[end] {
            continue;
        }
        let stop = chain_start(end, score, previous, &used, params.band);
        let mut anchors = Vec::new();
        let mut at = Some(end);
        while at != stop
            && let Some(i) = at
        {
            anchors.push(a[i]);
            used[i] = true;
            at = previous[i];
        }
        let total = stop.map_or(score[end], |stop| score[end] - score[stop]);
        if total >= params.min_score && !anchors.is_empty() && anchors.len() >= params.min_anchors {
            anchors.reverse();
            chains.push(Chain { score: total, anchors });
        }
    }
}

/// The anchor before the chain that ends at `end`: used already, or where the score once was higher by more than the band.
fn chain_start(end: usize, score: &[i32], previous: &[Option<usize>], used: &[bool], max_drop: i32) -> Option<usize> {
    let mut highest = 0;
    let mut start = Some(end);
    let mut at = end;
    loop {
        let before = previous[at];
        let gained = before.map_or(score[end], |before| score[end] - score[before]);
        if gained > highest {
            highest = gained;
            start = before;
        } else if highest - gained > max_drop {
            return start;
        }
        match before {
            Some(before) if !used[before] => at = before,
            _ => return start,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARAMS: ChainParams = ChainParams {
        reference_step: 250,
        read_step: 150,
        band: 100,
        max_skip: 25,
        max_steps: 5000,
        min_anchors: 1,
        min_score: 21,
        gap_cost: 0.168,
    };

    fn anchor(reference: u32, read: u32) -> Anchor {
        Anchor::new(false, 0, reference, 21, read)
    }

    #[test]
    fn seeds_in_line_are_one_chain() {
        let anchors = [anchor(120, 20), anchor(140, 40), anchor(200, 100)];
        let chains = chain(&anchors, &PARAMS);
        assert_eq!(chains.len(), 1);
        assert_eq!((chains[0].score, chains[0].query(150)), (62, 0..101));
    }

    #[test]
    fn far_copies_are_chains_of_their_own_and_reverse_reads_are_turned() {
        let mut anchors = vec![anchor(120, 20), anchor(140, 40), anchor(9120, 20), anchor(9140, 40)];
        anchors.push(Anchor::new(true, 0, 500, 21, 30));
        let chains = chain(&anchors, &PARAMS);
        assert_eq!(chains.iter().map(|chain| chain.score).collect::<Vec<_>>(), [41, 41, 21]);
        assert_eq!(chains[2].query(150), 119..140);
    }

    proptest! {
        #[test]
        fn chains_at_one_place_do_not_depend_on_anchors_elsewhere(
            here in prop::collection::btree_set((0u32..400, 20u32..150), 1..40),
            there in prop::collection::btree_set((0u32..400, 20u32..150), 0..200),
        ) {
            let near: Vec<Anchor> = here.iter().map(|&(x, y)| anchor(5_000 + x, y)).collect();
            let mut all: Vec<Anchor> = there.iter().map(|&(x, y)| anchor(1_000 + x, y)).chain(near.clone()).collect();
            all.sort_unstable();
            let mut found = chain(&all, &PARAMS);
            found.retain(|chain| chain.anchors[0].reference() >= 5_000);
            prop_assert_eq!(found, chain(&near, &PARAMS));
        }
    }
}
