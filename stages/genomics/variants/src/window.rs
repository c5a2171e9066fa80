//! Pileup rows around a site, by position.
use genomics_tables::{Entries, MatchKey, OtherKey, Pileup, PileupRow, StartKey};

use crate::weights::USABLE_BIN;

/// Rows of one contig. A position without a row is not covered.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pileup: &'a Pileup,
    first: usize,
    end: usize,
    contig: u32,
}

impl<'a> Window<'a> {
    pub(crate) fn new(pileup: &'a Pileup, contig: u32) -> Self {
        let rows = pileup.find(contig, 0..u64::MAX);
        Self {
            pileup,
            first: rows.start,
            end: rows.end,
            contig,
        }
    }

    /// The row at a position.
    pub(crate) fn at(&self, position: u64) -> Option<PileupRow<'a>> {
        let rows = self.pileup.find(self.contig, position..position + 1);
        (rows.start < rows.end && self.first <= rows.start && rows.end <= self.end).then(|| self.pileup.row(rows.start))
    }

    /// The rows of some positions, in order.
    pub(crate) fn rows(&self, positions: std::ops::Range<u64>) -> impl Iterator<Item = PileupRow<'a>> + use<'a> {
        let pileup = self.pileup;
        pileup.find(self.contig, positions).map(move |at| pileup.row(at))
    }

    /// The reference letters of some positions, up to the first that is not covered or not ACGT.
    pub(crate) fn letters(&self, positions: std::ops::Range<u64>) -> Vec<u8> {
        let known = |(expected, row): &(u64, PileupRow)| row.position == *expected && row.reference != b'N';
        let rows = (positions.start..).zip(self.rows(positions));
        rows.take_while(known).map(|(_, row)| row.reference).collect()
    }

    /// Reads that cover a position with a usable mapping quality.
    pub(crate) fn usable_depth(&self, position: u64) -> u32 {
        self.at(position).map_or(0, |row| usable_depth(&row))
    }

    /// Reads of usable mapping quality that begin at these positions.
    pub(crate) fn starts(&self, positions: std::ops::Range<u64>) -> u32 {
        let lists = self.rows(positions).flat_map(|row| Entries::new(row.starts));
        let usable = lists.filter(|&(key, _)| StartKey::unpack(key).mapq_bin >= USABLE_BIN);
        usable.map(|(_, count)| count).sum()
    }
}

/// Reads that cover a row with a usable mapping quality.
pub(crate) fn usable_depth(row: &PileupRow) -> u32 {
    let matches = Entries::new(row.matches).filter(|&(key, _)| MatchKey::unpack(key).mapq_bin >= USABLE_BIN);
    let others = Entries::new(row.others).filter(|&(key, _)| OtherKey::unpack(key).mapq_bin >= USABLE_BIN);
    matches
        .chain(others)
        .fold(0, |sum, (_, count)| sum.saturating_add(count))
}
