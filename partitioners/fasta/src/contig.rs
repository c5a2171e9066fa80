//! Where the bases of one sequence lie in the file.
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// One sequence of a FASTA file, as one line of a `.fai` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contig {
    /// The first word of the header.
    pub name: String,
    /// How many bases it has.
    pub bases: u64,
    /// Byte at which its first base stands, in the text (of a bgzipped file: the inflated text).
    pub offset: u64,
    /// Bases on each line but the last.
    pub line_bases: u64,
    /// Bytes of each line but the last, with its end: one more than `line_bases` with `\n`, two with `\r\n`.
    pub line_width: u64,
}

impl Contig {
    /// The bytes from the first to the last of the bases `range` (0-based half-open), line ends between them included.
    ///
    /// `range` must lie inside the contig.
    pub fn bytes(&self, range: &Range<u64>) -> Range<u64> {
        if range.is_empty() {
            return self.offset..self.offset;
        }
        self.byte_of(range.start)..self.byte_of(range.end - 1) + 1
    }

    fn byte_of(&self, base: u64) -> u64 {
        let line = self.line_bases.max(1);
        self.offset + base / line * self.line_width + base % line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_follow_the_lines() {
        // ">c\nACGT\r\nAC\r\n"
        let contig = Contig {
            name: "c".into(),
            bases: 6,
            offset: 3,
            line_bases: 4,
            line_width: 6,
        };
        assert_eq!(contig.bytes(&(0..4)), 3..7);
        assert_eq!(contig.bytes(&(3..5)), 6..10);
        assert_eq!(contig.bytes(&(0..6)), 3..11);
        assert_eq!(contig.bytes(&(2..2)), 3..3);
    }
}
