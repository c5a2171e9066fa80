//! Where to cut: read numbers, and the stored bytes that each run of reads needs. Pure; reads nothing.
use std::{num::NonZero, ops::Range};

use plan::split_evenly;
use serde::{Deserialize, Serialize};

use crate::{
    ReadStart,
    index::{Header, Row, RowStart},
};

/// How to cut an object into parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// This many parts, whose read counts differ by at most one.
    Parts(NonZero<u64>),
    /// Parts of this many reads; the last may have fewer.
    ReadsPerPart(NonZero<u64>),
    /// Parts of about this many bytes of text, and no more where reads are alike.
    TextBytes(NonZero<u64>),
    /// Parts of about this many stored bytes.
    StoredBytes(NonZero<u64>),
}

impl Cut {
    /// Whether cutting needs every row, not only those at the borders.
    pub(crate) fn needs_rows(self) -> bool {
        matches!(self, Self::TextBytes(_) | Self::StoredBytes(_))
    }

    /// The reads of each part, in order, none empty. `step` is 2 where two reads of an interleaved file stay together.
    ///
    /// `rows` are all rows if the cut is by size, else they are not looked at.
    pub(crate) fn reads(self, header: &Header, rows: &[Row], step: u64) -> Vec<Range<u64>> {
        let total = header.summary.reads;
        // A last read without mate is kept; whether there may be one, `check_interleaved` says.
        let units = total.div_ceil(step);
        let in_reads = |units: Range<u64>| units.start * step..(units.end * step).min(total);
        match self {
            Self::Parts(parts) => split_evenly(units, parts.get()).map(in_reads).collect(),
            Self::ReadsPerPart(reads) => {
                let size = (reads.get() / step).max(1);
                let starts = (0..units).step_by(usize::try_from(size).unwrap_or(usize::MAX));
                starts
                    .map(|start| in_reads(start..start.saturating_add(size).min(units)))
                    .collect()
            }
            Self::TextBytes(target) => {
                let ends = [(0, 0), (header.summary.text_bytes, total)];
                by_size(
                    rows.iter().map(|row| (row.first.text, row.first.read)),
                    ends,
                    target.get(),
                    step,
                )
            }
            Self::StoredBytes(target) => {
                let ends = [(0, 0), (header.index.source.size, total)];
                by_size(
                    rows.iter().map(|row| (row.byte(), row.first.read)),
                    ends,
                    target.get(),
                    step,
                )
            }
        }
    }
}

/// Cuts at even sizes; between the known places reads are taken to be alike.
fn by_size(places: impl Iterator<Item = (u64, u64)>, ends: [(u64, u64); 2], target: u64, step: u64) -> Vec<Range<u64>> {
    let [first, last] = ends;
    let mut places: Vec<(u64, u64)> = [first].into_iter().chain(places).chain([last]).collect();
    places.dedup_by_key(|place| place.0);
    // More parts than reads there cannot be.
    let parts = last.0.div_ceil(target).min(last.1);
    let read_at = |size: u64| {
        let after = places
            .partition_point(|place| place.0 <= size)
            .clamp(1, places.len() - 1);
        let (from, to) = (places[after - 1], places[after]);
        let reads = share(
            to.1.saturating_sub(from.1),
            size.saturating_sub(from.0),
            to.0.saturating_sub(from.0),
        );
        (from.1 + reads) / step * step
    };
    let mut borders: Vec<u64> = split_evenly(last.0, parts).map(|part| read_at(part.start)).collect();
    borders.push(last.1);
    borders.dedup();
    borders.windows(2).map(|border| border[0]..border[1]).collect()
}

/// `of` times `part` / `whole`, at most `of`.
fn share(of: u64, part: u64, whole: u64) -> u64 {
    (u128::from(of) * u128::from(part.min(whole)) / u128::from(whole.max(1))) as u64
}

/// What one part needs of the stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) row: Row,
    /// Stored bytes that should do.
    pub(crate) bytes: Range<u64>,
    /// Stored byte by which the last read has ended for certain.
    pub(crate) limit: u64,
}

/// Added to the estimated end of a part, in stored bytes.
const MARGIN: u64 = 32 << 10;

/// Finds the stored bytes of `reads`.
///
/// `rows` are in order and need not be complete: it is enough to have, for each border, those of its page and the next.
/// `None` if `rows` does not hold the start.
pub(crate) fn stretch(header: &Header, rows: &[Row], reads: &Range<u64>) -> Option<Stretch> {
    let size = header.index.source.size;
    let start = rows
        .partition_point(|row| row.first.read <= reads.start)
        .checked_sub(1)?;
    let row = rows[start].clone();
    let (estimate, limit) = if reads.end >= header.summary.reads {
        (size, size)
    } else {
        let next = rows.partition_point(|row| row.first.read < reads.end);
        let end = ReadStart {
            read: header.summary.reads,
            text: header.summary.text_bytes,
        };
        let (end, end_byte) = rows.get(next).map_or((end, size), |row| (row.first, row.byte_end()));
        let sure = rows[next..].iter().find(|row| row.text >= end.text);
        let limit = sure.map_or(size, Row::byte_end);
        let before = &rows[next.checked_sub(1)?];
        let stored = end_byte.saturating_sub(before.byte());
        let within = reads.end.saturating_sub(before.first.read);
        let between = end.read.saturating_sub(before.first.read);
        let estimate = before
            .byte()
            .saturating_add(share(stored, within, between))
            .saturating_add(MARGIN);
        (estimate.min(limit), limit)
    };
    let from = row.byte();
    Some(Stretch {
        bytes: from..estimate.max(from),
        limit: limit.max(from),
        row,
    })
}

impl Stretch {
    pub(crate) fn window(&self) -> Option<Range<u64>> {
        match &self.row.start {
            RowStart::Clean => None,
            RowStart::Window(bytes) => Some(bytes.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use plan::{IndexHeader, Object};

    use super::*;
    use crate::{Check, Storage, Summary};

    fn header(reads: u64, text_bytes: u64) -> Header {
        let source = Object {
            uri: "mem://lab/r.fastq".parse().unwrap(),
            size: text_bytes,
            etag: "1".into(),
        };
        Header {
            index: IndexHeader {
                format: crate::FORMAT.into(),
                version: crate::VERSION,
                source,
            },
            storage: Storage::Plain,
            check: Check::Records,
            summary: Summary {
                reads,
                text_bytes,
                ..Summary::default()
            },
            text_crc32: 0,
            members: None,
            fences: Vec::new(),
        }
    }

    fn cut(cut: fn(NonZero<u64>) -> Cut, number: u64, reads: u64, step: u64) -> Vec<Range<u64>> {
        cut(NonZero::new(number).unwrap()).reads(&header(reads, reads * 100), &[], step)
    }

    #[test]
    fn pairs_stay_together_and_a_last_read_without_mate_is_kept() {
        assert_eq!(cut(Cut::Parts, 2, 10, 2), [0..6, 6..10]);
        assert_eq!(cut(Cut::Parts, 2, 7, 2), [0..4, 4..7]);
        assert_eq!(cut(Cut::ReadsPerPart, 3, 7, 2), [0..2, 2..4, 4..6, 6..7]);
        assert_eq!(cut(Cut::TextBytes, 300, 7, 2), [0..2, 2..4, 4..7]);
    }

    #[test]
    fn no_cut_gives_more_parts_than_reads() {
        assert_eq!(cut(Cut::Parts, u64::MAX, 3, 1), [0..1, 1..2, 2..3]);
        assert_eq!(cut(Cut::TextBytes, 1, 3, 1), [0..1, 1..2, 2..3]);
        assert!(cut(Cut::ReadsPerPart, u64::MAX, 3, 1).iter().eq([&(0..3)]));
        assert!(cut(Cut::Parts, 4, 0, 1).is_empty() && cut(Cut::StoredBytes, 4, 0, 1).is_empty());
    }
}
