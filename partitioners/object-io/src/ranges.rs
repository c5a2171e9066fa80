//! Few requests for many ranges.
use std::ops::Range;

use bytes::Bytes;

/// No coalesced request grows past this, so that memory stays bounded and requests run side by side.
const LARGEST: u64 = 16 << 20;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) bytes: Range<u64>,
}

/// Joins ranges that overlap or are less than `gap` bytes apart. The result is in order and disjoint.
///
/// ```
/// assert_eq!(object_io::coalesce(&[40..50, 0..10, 12..20], 4), [0..20, 40..50]);
/// ```
pub fn coalesce(wanted: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    plan(wanted, gap).into_iter().map(|fetch| fetch.bytes).collect()
}

pub(crate) fn plan(wanted: &[Range<u64>], gap: u64) -> Vec<Fetch> {
    let mut sorted: Vec<_> = wanted.iter().filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut fetches: Vec<Fetch> = Vec::new();
    for range in sorted {
        if let Some(last) = fetches.last_mut() {
            let joined = last.bytes.end.max(range.end) - last.bytes.start;
            let near = range.start <= last.bytes.end.saturating_add(gap);
            let covered = range.start < last.bytes.end;
            if covered || (near && joined <= LARGEST) {
                last.bytes.end = last.bytes.end.max(range.end);
                continue;
            }
        }
        fetches.push(Fetch { bytes: range });
    }
    fetches
}

/// Hands each wanted range its bytes, without copying.
pub(crate) fn deal(wanted: &[Range<u64>], fetches: &[Fetch], fetched: &[Bytes]) -> Vec<Bytes> {
    let slice = |range: &Range<u64>| {
        if range.is_empty() {
            return Bytes::new();
        }
        let at = fetches.partition_point(|fetch| fetch.bytes.start <= range.start) - 1;
        let from = (range.start - fetches[at].bytes.start) as usize;
        fetched[at].slice(from..from + (range.end - range.start) as usize)
    };
    wanted.iter().map(slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_ranges_stay_apart_and_near_ones_join() {
        assert_eq!(coalesce(&[0..5, 5..9, 100..101], 0), [0..9, 100..101]);
        assert_eq!(coalesce(&[0..5, 9..12], 3), [0..5, 9..12]);
        assert_eq!(coalesce(&[0..5, 9..12, 20..21], 4), [0..12, 20..21]);
    }

    #[test]
    fn a_request_does_not_grow_past_the_limit() {
        let wanted: Vec<_> = (0..4).map(|i| i * (8 << 20)..(i + 1) * (8 << 20)).collect();
        assert_eq!(coalesce(&wanted, 0).len(), 2);
    }

    #[test]
    fn each_range_gets_its_own_bytes() {
        let text = Bytes::from_static(b"abcdefghij");
        let wanted = [6..8, 0..3, 4..4, 2..5];
        let fetches = plan(&wanted, 1);
        let fetched: Vec<_> = fetches
            .iter()
            .map(|f| text.slice(f.bytes.start as usize..f.bytes.end as usize))
            .collect();
        assert_eq!(deal(&wanted, &fetches, &fetched), ["gh", "abc", "", "cde"]);
    }
}
