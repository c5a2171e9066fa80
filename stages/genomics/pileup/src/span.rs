//! Where the rows of a table lie, so that calling can be cut into ranges of equal work without reading any table.
use std::ops::Range;

use genomics_tables::Pileup;
use serde::{Deserialize, Serialize};

/// A run of rows of one contig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// 0-based number of the contig.
    pub contig: u32,
    /// From the first row to the last, 0-based half-open.
    pub positions: Range<u64>,
    /// How many rows there are.
    pub rows: u64,
}

/// Rows in a span; the last one of a contig has fewer.
const ROWS: u64 = 1 << 15;

/// Gathers spans while rows go by.
#[derive(Default)]
pub(crate) struct Spans(Vec<Span>);

impl Spans {
    pub(crate) fn add(&mut self, rows: &Pileup) {
        for row in rows.rows() {
            match self.0.last_mut() {
                Some(last) if last.contig == row.contig && last.rows < ROWS => {
                    last.positions.end = row.position + 1;
                    last.rows += 1;
                }
                _ => self.0.push(Span {
                    contig: row.contig,
                    positions: row.position..row.position + 1,
                    rows: 1,
                }),
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<Span> {
        self.0
    }
}

/// A stretch of a contig whose variants are called together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRange {
    /// 0-based number of the contig.
    pub contig: u32,
    /// 0-based half-open.
    pub positions: Range<u64>,
}

/// Cuts the contigs (by length, in order) into ranges of about `rows` rows each, from where the rows of all tables lie.
///
/// Ranges are disjoint, in order, and cover every base of every contig that has rows; a range never spans two contigs.
/// Rows count as spread evenly over their span.
///
/// ```
/// use stage_pileup::{Span, call_ranges};
/// let spans = [Span { contig: 0, positions: 0..100, rows: 100 }, Span { contig: 0, positions: 50..100, rows: 50 }];
/// let ranges = call_ranges(&[100, 40], &spans, 75);
/// assert_eq!(ranges.iter().map(|range| range.positions.clone()).collect::<Vec<_>>(), [0..63, 63..100]);
/// ```
pub fn call_ranges(contigs: &[u64], spans: &[Span], rows: u64) -> Vec<CallRange> {
    let rows = rows.max(1) as f64;
    let mut ranges = Vec::new();
    for (contig, &length) in (0..).zip(contigs) {
        // The density of rows changes at the ends of spans only.
        let mut changes: Vec<(u64, f64)> = Vec::new();
        for span in spans
            .iter()
            .filter(|span| span.contig == contig && !span.positions.is_empty())
        {
            let density = span.rows as f64 / (span.positions.end - span.positions.start) as f64;
            changes.push((span.positions.start, density));
            changes.push((span.positions.end, -density));
        }
        if changes.is_empty() || length == 0 {
            continue;
        }
        changes.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        changes.push((length, 0.0));
        let (mut start, mut at, mut density, mut full) = (0, 0, 0.0, 0.0);
        for (change, step) in changes {
            let change = change.min(length);
            while full + density * (change - at) as f64 >= rows {
                let cut = (at + ((rows - full) / density).ceil().max(1.0) as u64).min(change);
                if cut >= length {
                    break;
                }
                ranges.push(CallRange {
                    contig,
                    positions: start..cut,
                });
                (start, at, full) = (cut, cut, 0.0);
            }
            full += density * (change - at) as f64;
            at = change;
            density = f64::max(density + step, 0.0);
        }
        ranges.push(CallRange {
            contig,
            positions: start..length,
        });
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_cover_every_contig_with_rows_once_and_are_even(
            lengths in prop::collection::vec(1_u64..5000, 1..4),
            drawn in prop::collection::vec((0_u32..4, 0_u64..5000, 1_u64..900), 0..20),
            rows in 1_u64..2000,
        ) {
            let spans: Vec<Span> = drawn
                .into_iter()
                .filter_map(|(contig, start, length)| {
                    let end = (start + length).min(*lengths.get(contig as usize)?);
                    (start < end).then(|| Span { contig, positions: start..end, rows: end - start })
                })
                .collect();
            let ranges = call_ranges(&lengths, &spans, rows);
            for (contig, &length) in (0..).zip(&lengths) {
                let own: Vec<_> = ranges.iter().filter(|range| range.contig == contig).collect();
                if !spans.iter().any(|span| span.contig == contig) {
                    prop_assert!(own.is_empty());
                    continue;
                }
                let mut next = 0;
                for range in &own {
                    prop_assert_eq!(range.positions.start, next);
                    prop_assert!(!range.positions.is_empty());
                    next = range.positions.end;
                    let covered = |span: &&Span| span.contig == contig;
                    let held: u64 = spans.iter().filter(covered).map(|span| {
                        let from = span.positions.start.max(range.positions.start);
                        span.positions.end.min(range.positions.end).saturating_sub(from)
                    }).sum();
                    let tables = spans.iter().filter(covered).count() as u64;
                    prop_assert!(held <= rows + 2 * tables, "{held} rows");
                }
                prop_assert_eq!(next, length);
            }
        }
    }
}
