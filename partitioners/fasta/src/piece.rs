//! One stretch of one contig, as a chunk holds it.
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Contig;

/// A stretch of a contig. All coordinates are 0-based half-open bases of the whole contig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// `3_2`: second piece of the third contig. Unique in a plan; a whole contig is `3_1`.
    pub short_id: String,
    /// 0-based place of the contig in the file.
    pub contig: u32,
    /// Its name.
    pub name: String,
    /// Length of the whole contig.
    pub contig_bases: u64,
    /// The bases that the piece has, overlap included.
    pub text: Range<u64>,
    /// The bases it answers for: an alignment belongs to the piece that owns its leftmost base.
    pub owned: Range<u64>,
    /// Bases on each line of the source.
    pub line_bases: u64,
    /// Bytes of each line of the source, with its end.
    pub line_width: u64,
    /// Inflated bytes before the first base in what is fetched; 0 unless the source is bgzipped.
    pub skip: u64,
}

impl Piece {
    /// The whole `contig`, which is the `number`th (0-based).
    pub fn whole(number: u32, contig: &Contig) -> Self {
        Self::new(number, 1, contig, 0..contig.bases, 0..contig.bases)
    }

    pub(crate) fn new(number: u32, part: u64, contig: &Contig, text: Range<u64>, owned: Range<u64>) -> Self {
        Self {
            short_id: format!("{}_{part}", number + 1),
            contig: number,
            name: contig.name.clone(),
            contig_bases: contig.bases,
            text,
            owned,
            line_bases: contig.line_bases,
            line_width: contig.line_width,
            skip: 0,
        }
    }

    /// Whether this piece answers for base `position` (0-based) of its contig.
    pub fn owns(&self, position: u64) -> bool {
        self.owned.contains(&position)
    }

    /// The contig coordinate of base `at` (0-based) of the piece's text.
    pub fn to_contig(&self, at: u64) -> u64 {
        self.text.start + at
    }

    /// Bytes from the first to the last base of the text in the source, line ends included. Pieces come from requests too, so
    /// nothing is taken for granted.
    pub(crate) fn text_bytes(&self) -> u64 {
        let column = self.text.start.checked_rem(self.line_bases).unwrap_or(0);
        let bases = self.text.end.saturating_sub(self.text.start);
        let last = column.saturating_add(bases).saturating_sub(1);
        let breaks = last.checked_div(self.line_bases).unwrap_or(0);
        bases.saturating_add(breaks.saturating_mul(self.line_width.saturating_sub(self.line_bases)))
    }
}
