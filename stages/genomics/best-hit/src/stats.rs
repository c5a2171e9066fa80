use genomics_tables::{Alignment, AlignmentKind, Mate};
use serde::{Deserialize, Serialize};

/// What was mapped. Adds up over parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Reads with a primary alignment; the two of a pair count as two.
    pub mapped: u64,
    /// Of these, reads in a proper pair.
    pub proper: u64,
    /// Of these, paired reads whose mate is not mapped.
    pub alone: u64,
    /// Supplementary alignments.
    pub supplementary: u64,
    /// Primary alignments of each mapping quality from 0.
    pub mapq: Vec<u64>,
}

impl Stats {
    pub(crate) fn count(&mut self, alignment: &Alignment) {
        match alignment.kind {
            AlignmentKind::Primary => {
                self.mapped += 1;
                self.proper += u64::from(alignment.proper_pair);
                self.alone += u64::from(alignment.mate != Mate::Single && alignment.mate_place.is_none());
                self.count_quality(alignment.mapq, 1);
            }
            AlignmentKind::Supplementary => self.supplementary += 1,
            AlignmentKind::Secondary => {}
        }
    }

    fn count_quality(&mut self, mapq: u8, count: u64) {
        if self.mapq.len() <= mapq as usize {
            self.mapq.resize(mapq as usize + 1, 0);
        }
        self.mapq[mapq as usize] += count;
    }

    /// Adds the figures of another part.
    pub fn add(&mut self, other: &Self) {
        self.mapped += other.mapped;
        self.proper += other.proper;
        self.alone += other.alone;
        self.supplementary += other.supplementary;
        for (mapq, &count) in other.mapq.iter().enumerate() {
            self.count_quality(mapq as u8, count);
        }
    }

    /// Primary alignments of mapping quality `least` or more.
    pub fn at_least(&self, least: u8) -> u64 {
        self.mapq.iter().skip(least as usize).sum()
    }
}
