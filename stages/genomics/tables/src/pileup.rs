//! Pileup columns that add: any cut of the reads gives the same sums.
use std::ops::Range;

use crate::{
    pileup_histogram::{Entries, add_lists},
    pileup_indels::{Indels, add_indels},
};

/// Byte strings, one per row, in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists {
    /// Where each row's bytes end.
    pub(crate) ends: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Lists {
    pub(crate) fn row(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }
}

/// What all reads show at one reference position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PileupRow<'a> {
    /// 0-based number of the contig in the reference's `.fai`.
    pub contig: u32,
    /// 0-based reference base.
    pub position: u64,
    /// The reference letter: `A`, `C`, `G`, `T`, or `N` for any other.
    pub reference: u8,
    /// Bases, uncalled bases and deletions seen here; overlapping mates count once.
    pub depth: u32,
    /// [`crate::MatchKey`]s of bases equal to the reference, for [`Entries`].
    pub matches: &'a [u8],
    /// [`crate::OtherKey`]s of everything else, for [`Entries`].
    pub others: &'a [u8],
    /// Indels whose anchor is this base, for [`Indels`].
    pub indels: &'a [u8],
    /// [`crate::StartKey`]s of the reads that begin here, for [`Entries`].
    pub starts: &'a [u8],
}

/// Rows in order of (contig, position), at most one per position, only where a read lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pileup {
    pub(crate) contigs: Vec<u32>,
    pub(crate) positions: Vec<u64>,
    pub(crate) references: Vec<u8>,
    pub(crate) depths: Vec<u32>,
    pub(crate) matches: Lists,
    pub(crate) others: Lists,
    pub(crate) indels: Lists,
    pub(crate) starts: Lists,
}

impl Pileup {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// One row.
    #[inline]
    pub fn row(&self, at: usize) -> PileupRow<'_> {
        PileupRow {
            contig: self.contigs[at],
            position: self.positions[at],
            reference: self.references[at],
            depth: self.depths[at],
            matches: self.matches.row(at),
            others: self.others.row(at),
            indels: self.indels.row(at),
            starts: self.starts.row(at),
        }
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = PileupRow<'_>> {
        (0..self.len()).map(|at| self.row(at))
    }

    /// The numbers of the rows of `contig` whose position is in `positions`.
    pub fn find(&self, contig: u32, positions: Range<u64>) -> Range<usize> {
        let first = |position: u64| {
            let contig_start = self.contigs.partition_point(|&c| c < contig);
            let contig_end = self.contigs.partition_point(|&c| c <= contig);
            contig_start + self.positions[contig_start..contig_end].partition_point(|&p| p < position)
        };
        first(positions.start)..first(positions.end)
    }

    /// Appends a row; it must lie behind the last one.
    pub fn push(&mut self, row: &PileupRow) {
        self.push_with(row.contig, row.position, row.reference, |lists| {
            lists.matches.extend_from_slice(row.matches);
            lists.others.extend_from_slice(row.others);
            lists.indels.extend_from_slice(row.indels);
            lists.starts.extend_from_slice(row.starts);
            row.depth
        });
    }

    /// Appends a row whose lists are written in place by a function that gives the depth.
    pub fn push_with(&mut self, contig: u32, position: u64, reference: u8, write: impl FnOnce(RowLists<'_>) -> u32) {
        debug_assert!(
            self.positions
                .last()
                .is_none_or(|&last| (self.contigs[self.len() - 1], last) < (contig, position))
        );
        self.contigs.push(contig);
        self.positions.push(position);
        self.references.push(reference);
        let depth = write(RowLists {
            matches: &mut self.matches.bytes,
            others: &mut self.others.bytes,
            indels: &mut self.indels.bytes,
            starts: &mut self.starts.bytes,
        });
        self.depths.push(depth);
        for lists in [&mut self.matches, &mut self.others, &mut self.indels, &mut self.starts] {
            lists.ends.push(lists.bytes.len());
        }
    }

    /// The sum of several pileups: rows of equal place become one, everything in them adds.
    ///
    /// Addition is commutative and associative, so it does not matter how reads were cut into pileups.
    pub fn sum<'a>(parts: impl IntoIterator<Item = &'a Pileup>) -> Pileup {
        /// More at once than this are summed in groups: each row looks at all parts of its group.
        const GROUP: usize = 16;
        let parts: Vec<&Pileup> = parts.into_iter().collect();
        if parts.len() > GROUP {
            let sums: Vec<Pileup> = parts
                .chunks(GROUP)
                .map(|group| Self::sum(group.iter().copied()))
                .collect();
            return Self::sum(&sums);
        }
        let mut parts: Vec<(&Pileup, usize)> = parts.into_iter().filter(|p| !p.is_empty()).map(|p| (p, 0)).collect();
        if let [(only, _)] = parts[..] {
            return only.clone();
        }
        let mut sum = Pileup::new();
        let mut rows: Vec<PileupRow> = Vec::with_capacity(parts.len());
        loop {
            let place = |&(part, at): &(&Pileup, usize)| (part.contigs[at], part.positions[at]);
            let Some(next) = parts.iter().map(place).min() else {
                return sum;
            };
            rows.clear();
            for part in &mut parts {
                if place(part) == next {
                    rows.push(part.0.row(part.1));
                    part.1 += 1;
                }
            }
            parts.retain(|&(part, at)| at < part.len());
            sum.push_sum(&rows);
        }
    }

    /// Appends the sum of rows of one place.
    pub fn push_sum(&mut self, rows: &[PileupRow]) {
        let Some(first) = rows.first() else { return };
        if rows.len() == 1 {
            self.push(first);
            return;
        }
        let depth = rows.iter().fold(0_u32, |sum, row| sum.saturating_add(row.depth));
        // Neighbouring chunks of a reference say the same letter; the least one keeps addition commutative should they not.
        let reference = rows.iter().map(|row| row.reference).min().unwrap_or(b'N');
        let mut lists: Vec<&[u8]> = Vec::with_capacity(rows.len());
        self.push_with(first.contig, first.position, reference, |to| {
            fn gather<'a>(lists: &mut Vec<&'a [u8]>, all: impl Iterator<Item = &'a [u8]>) {
                lists.clear();
                lists.extend(all.filter(|list| !list.is_empty()));
            }
            gather(&mut lists, rows.iter().map(|row| row.matches));
            add_lists(&lists, to.matches);
            gather(&mut lists, rows.iter().map(|row| row.others));
            add_lists(&lists, to.others);
            gather(&mut lists, rows.iter().map(|row| row.starts));
            add_lists(&lists, to.starts);
            gather(&mut lists, rows.iter().map(|row| row.indels));
            add_indels(&lists, to.indels);
            depth
        });
    }

    /// Drops all rows but keeps their memory.
    pub fn clear(&mut self) {
        self.contigs.clear();
        self.positions.clear();
        self.references.clear();
        self.depths.clear();
        for lists in [&mut self.matches, &mut self.others, &mut self.indels, &mut self.starts] {
            lists.ends.clear();
            lists.bytes.clear();
        }
    }

    /// The first row that is malformed or out of order, if any.
    pub fn first_broken_row(&self) -> Option<usize> {
        let whole = |at: usize| {
            let row = self.row(at);
            let ordered = at == 0 || (self.contigs[at - 1], self.positions[at - 1]) < (row.contig, row.position);
            ordered
                && [row.matches, row.others, row.starts].into_iter().all(Entries::is_whole)
                && Indels::is_whole(row.indels)
        };
        (0..self.len()).find(|&at| !whole(at))
    }
}

/// The lists of a row being written.
pub struct RowLists<'a> {
    /// See [`PileupRow::matches`].
    pub matches: &'a mut Vec<u8>,
    /// See [`PileupRow::others`].
    pub others: &'a mut Vec<u8>,
    /// See [`PileupRow::indels`].
    pub indels: &'a mut Vec<u8>,
    /// See [`PileupRow::starts`].
    pub starts: &'a mut Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pileup_histogram::push_entry;

    fn pileup(rows: &[(u64, u32)]) -> Pileup {
        let mut pileup = Pileup::new();
        for &(position, key) in rows {
            pileup.push_with(0, position, b'A', |lists| {
                push_entry(lists.matches, &mut 0, key, 1);
                1
            });
        }
        pileup
    }

    #[test]
    fn rows_of_one_place_add_and_others_stay() {
        let sum = Pileup::sum([&pileup(&[(1, 5), (2, 6)]), &pileup(&[(2, 6), (9, 1)])]);
        let found: Vec<_> = sum
            .rows()
            .map(|row| (row.position, row.depth, row.matches.to_vec()))
            .collect();
        assert_eq!(found, [(1, 1, vec![10]), (2, 2, vec![13, 0]), (9, 1, vec![2])]);
    }

    #[test]
    fn rows_are_found_by_place() {
        let mut rows = pileup(&[(1, 5), (4, 6), (9, 1)]);
        rows.push_with(3, 0, b'N', |_| 0);
        assert_eq!(rows.find(0, 2..9), 1..2);
        assert_eq!(rows.find(0, 0..100), 0..3);
        assert_eq!(rows.find(3, 0..1), 3..4);
        assert_eq!(rows.find(2, 0..1), 3..3);
    }

    #[test]
    fn rows_out_of_order_are_found() {
        let mut rows = pileup(&[(1, 5), (4, 6)]);
        assert_eq!(rows.first_broken_row(), None);
        rows.positions[1] = 1;
        assert_eq!(rows.first_broken_row(), Some(1));
    }
}
