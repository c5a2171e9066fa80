//! One alignment of one read.
use crate::Cigar;

/// Which read of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mate {
    /// The read has no mate.
    #[default]
    Single,
    /// From the first FASTQ file.
    First,
    /// From the second FASTQ file.
    Second,
}

impl Mate {
    /// 0 for a single read, 1 and 2 for the reads of a pair.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The mate of that number; whatever is not 1 or 2 is single.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::First,
            2 => Self::Second,
            _ => Self::Single,
        }
    }
}

/// What an alignment is to its read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlignmentKind {
    /// The one best place of the read.
    #[default]
    Primary,
    /// Another part of a read that lies in pieces.
    Supplementary,
    /// Another place for bases that are placed already.
    Secondary,
}

/// Where the primary alignment of the other read of a pair lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatePlace {
    /// 0-based number of the contig in the reference's `.fai`.
    pub contig: u32,
    /// 0-based leftmost reference base.
    pub position: u64,
    /// Whether it lies on the reverse strand.
    pub reverse: bool,
    /// Its CIGAR.
    pub cigar: Cigar,
}

/// One alignment of one read, without its bases and qualities, which stay in the FASTQ file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alignment {
    /// 0-based number of the read, or of the pair, in the whole FASTQ file.
    pub read: u64,
    /// Which read of the pair.
    pub mate: Mate,
    /// 0-based number of the contig in the reference's `.fai`.
    pub contig: u32,
    /// 0-based leftmost aligned reference base.
    pub position: u64,
    /// Whether the reverse complement of the read is aligned. The CIGAR is in reference direction either way.
    pub reverse: bool,
    /// Primary, supplementary or secondary.
    pub kind: AlignmentKind,
    /// Whether both mates lie face to face at a plausible distance.
    pub proper_pair: bool,
    /// Mapping quality, 0 to 60.
    pub mapq: u8,
    /// The aligner's score (`AS`).
    pub score: i32,
    /// Score of the best other place for the same bases (`XS`); 0 if there is none.
    pub next_score: i32,
    /// How many other places are as good or nearly so.
    pub near_places: u32,
    /// Mismatches, inserted and deleted bases, as `NM`.
    pub edit_distance: u32,
    /// Bases aligned to an equal reference base.
    pub matches: u32,
    /// The alignment itself; it spans the whole read, unaligned ends are soft clips.
    pub cigar: Cigar,
    /// The other read's primary alignment, if it has one.
    pub mate_place: Option<MatePlace>,
}

impl Alignment {
    /// The reference bases from the first aligned one to the last, 0-based half-open.
    pub fn reference_range(&self) -> std::ops::Range<u64> {
        self.position..self.position + self.cigar.reference_length()
    }

    /// The aligned bases of the read as sequenced (also on the reverse strand), 0-based half-open.
    pub fn query_range(&self) -> std::ops::Range<u32> {
        let (mut before, mut behind) = (self.cigar.leading_clip(), self.cigar.trailing_clip());
        if self.reverse {
            (before, behind) = (behind, before);
        }
        before..(self.cigar.read_length() as u32).saturating_sub(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_range_is_in_sequencing_direction() {
        let mut alignment = Alignment {
            position: 100,
            cigar: "5S90M2D45M10S".parse().unwrap(),
            ..Alignment::default()
        };
        assert_eq!(alignment.query_range(), 5..140);
        assert_eq!(alignment.reference_range(), 100..237);
        alignment.reverse = true;
        assert_eq!(alignment.query_range(), 10..145);
    }
}
