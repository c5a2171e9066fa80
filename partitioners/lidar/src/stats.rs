//! Counts and bounds that a header states.
use crate::{PointFormat, format::xyz};

/// What a header says of its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TileStats {
    pub(crate) points: u64,
    /// By return number; those of number 0 are counted nowhere in a header.
    pub(crate) returns: [u64; 16],
    /// Least and most raw X, Y, Z; meaningless without points.
    pub(crate) raw_bounds: [[i32; 2]; 3],
}

impl Default for TileStats {
    fn default() -> Self {
        Self {
            points: 0,
            returns: [0; 16],
            raw_bounds: [[i32::MAX, i32::MIN]; 3],
        }
    }
}

impl TileStats {
    pub(crate) fn add(&mut self, format: PointFormat, record: &[u8]) {
        self.points += 1;
        self.returns[format.return_number(record)] += 1;
        for (bounds, raw) in self.raw_bounds.iter_mut().zip(xyz(record)) {
            *bounds = [bounds[0].min(raw), bounds[1].max(raw)];
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.points += other.points;
        for (own, count) in self.returns.iter_mut().zip(other.returns) {
            *own += count;
        }
        for (own, bounds) in self.raw_bounds.iter_mut().zip(other.raw_bounds) {
            *own = [own[0].min(bounds[0]), own[1].max(bounds[1])];
        }
    }
}
