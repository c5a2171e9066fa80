//! Two mates of one pair that lie over each other: every position counts once.
//!
//! Either mate may be piled up by another worker, so what each contributes follows from the two reads alone and comes
//! out equal from both sides: the overlap is cut in its middle, each position goes to the mate that has it further from
//! its end, and takes both qualities into account.
use std::ops::Range;

use crate::{
    Read,
    layout::{GapKind, Layout, Letters},
};

/// The other mate's view of the overlap.
#[derive(Debug, Default)]
pub(crate) struct Overlap {
    /// Positions covered by both.
    pub(crate) region: Range<u64>,
    /// Positions of the region that this read gives up.
    pub(crate) given_up: Range<u64>,
    /// Whether this read is the left one.
    pub(crate) left: bool,
    /// Reference positions covered by the two together.
    pub(crate) joint: Range<u64>,
    /// Base and quality of the other mate for each position of the region; base 0 where it has none.
    bases: Vec<(u8, u8)>,
    pub(crate) mate: Layout,
}

impl Overlap {
    /// Compares a read with its mate; false if they do not overlap.
    pub(crate) fn set(&mut self, own: &Layout, read: &Read, mate: &Read, letters: Letters) -> bool {
        self.mate.set(mate, letters);
        let (ours, theirs) = (own.range(), self.mate.range());
        self.region = ours.start.max(theirs.start)..ours.end.min(theirs.end);
        if self.region.is_empty() {
            return false;
        }
        let rank = |range: &Range<u64>, read: &Read| (range.start, range.end, read.reverse, read.second);
        self.left = rank(&ours, read) <= rank(&theirs, mate);
        let middle = self.region.start + (self.region.end - self.region.start) / 2;
        self.given_up = if self.left {
            middle..self.region.end
        } else {
            self.region.start..middle
        };
        self.joint = ours.start.min(theirs.start)..ours.end.max(theirs.end);
        self.bases.clear();
        self.bases
            .resize((self.region.end - self.region.start) as usize, (0, 0));
        for run in &self.mate.runs {
            let from = run.reference.max(self.region.start);
            let to = (run.reference + u64::from(run.length)).min(self.region.end);
            for position in from..to {
                let at = run.read as usize + (position - run.reference) as usize;
                let seen = (mate.bases[at], mate.qualities[at]);
                self.bases[(position - self.region.start) as usize] = seen;
            }
        }
        true
    }

    /// The mate's base and quality at a position of the region; base 0 if it has none.
    pub(crate) fn base(&self, position: u64) -> (u8, u8) {
        self.bases[(position - self.region.start) as usize]
    }

    /// Flanks of the same indel in the mate, or whether the mate has any indel at that anchor.
    pub(crate) fn gap_at(&self, anchor: u64) -> Option<&crate::layout::Gap> {
        self.mate
            .gaps
            .iter()
            .find(|gap| gap.anchor == anchor && gap.kind != GapKind::Skip)
    }
}

/// What two mates say together: the base and quality that count, and whether both agree.
///
/// Equal bases add their evidence. Of different ones the better wins, weakened by the other; equally good ones say nothing.
pub(crate) fn consensus(own: (u8, u8), mate: (u8, u8)) -> Verdict {
    match (own, mate) {
        (_, (0 | b'N', _)) => Verdict::Own(own.1),
        ((b'N', _), _) => Verdict::Mate(mate.1),
        ((a, q), (b, r)) if a == b => Verdict::Both(q.saturating_add(r)),
        ((_, q), (_, r)) if q > r => Verdict::Own(q - r),
        ((_, q), (_, r)) if r > q => Verdict::Mate(r - q),
        _ => Verdict::Neither,
    }
}

/// Whose base counts, with which quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Own(u8),
    Mate(u8),
    Both(u8),
    Neither,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mates_confirm_or_weaken_each_other() {
        assert_eq!(consensus((b'A', 30), (b'A', 20)), Verdict::Both(50));
        assert_eq!(consensus((b'A', 30), (b'C', 20)), Verdict::Own(10));
        assert_eq!(consensus((b'A', 20), (b'C', 30)), Verdict::Mate(10));
        assert_eq!(consensus((b'A', 30), (b'C', 30)), Verdict::Neither);
        assert_eq!(consensus((b'A', 30), (0, 0)), Verdict::Own(30));
        assert_eq!(consensus((b'N', 2), (b'C', 30)), Verdict::Mate(30));
    }
}
