use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Object;

/// One part of an object: the stored bytes to fetch and the scope (reads, bases, window, m/z interval) they stand for.
///
/// Plain data: a worker that has seen nothing else can start from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition<S> {
    /// The object, with the ETag that the bytes must still have.
    pub object: Object,
    /// 0-based place in the plan.
    pub number: u64,
    /// Stored bytes to fetch, 0-based half-open, in order.
    pub bytes: Vec<Range<u64>>,
    /// What the part stands for, and whatever a worker needs to decode it.
    pub scope: S,
}

/// Partitions of one object, in order; their scopes are disjoint and cover it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan<S> {
    /// The object that is cut.
    pub object: Object,
    /// The parts, in order.
    pub partitions: Vec<Partition<S>>,
}

/// Splits `0..total` into at most `parts` ranges, in order, none empty, whose lengths differ by at most one.
///
/// Zero `parts` or zero `total` gives none.
///
/// ```
/// assert_eq!(plan::split_evenly(10, 3).collect::<Vec<_>>(), [0..4, 4..7, 7..10]);
/// assert_eq!(plan::split_evenly(2, 5).count(), 2);
/// ```
pub fn split_evenly(total: u64, parts: u64) -> impl ExactSizeIterator<Item = Range<u64>> + Clone {
    let parts = parts.min(total);
    let cut = move |i: u64| {
        let whole = total.checked_div(parts).unwrap_or(0);
        let rest = total.checked_rem(parts).unwrap_or(0);
        i * whole + i.min(rest)
    };
    (0..parts as usize).map(move |i| cut(i as u64)..cut(i as u64 + 1))
}
