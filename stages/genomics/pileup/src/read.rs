//! A read as the pileup takes it.

/// One aligned read with its bases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read<'a> {
    /// 0-based leftmost aligned reference base.
    pub position: u64,
    /// Whether it lies on the reverse strand.
    pub reverse: bool,
    /// Whether it is the second read of its pair.
    pub second: bool,
    /// Mapping quality.
    pub mapq: u8,
    /// CIGAR in reference direction, packed as in BAM, spanning the whole read.
    pub cigar: &'a [u32],
    /// Bases in reference direction, upper case.
    pub bases: &'a [u8],
    /// Phred qualities, without offset, in reference direction.
    pub qualities: &'a [u8],
}

impl Read<'_> {
    /// Reference positions from the first aligned base to the last, half-open, as the CIGAR says.
    pub(crate) fn range(&self) -> std::ops::Range<u64> {
        let lengths = self.cigar.iter().filter(|&&op| matches!(op & 15, 0 | 2 | 3 | 7 | 8));
        let length: u64 = lengths.map(|&op| u64::from(op >> 4)).sum();
        self.position..self.position.saturating_add(length)
    }

    /// Bases of the read that the CIGAR uses.
    pub(crate) fn cigar_bases(&self) -> u64 {
        let lengths = self.cigar.iter().filter(|&&op| matches!(op & 15, 0 | 1 | 4 | 7 | 8));
        lengths.map(|&op| u64::from(op >> 4)).sum()
    }

    /// Where the molecule began to be read: the 5' end, as if nothing had been clipped.
    pub(crate) fn five_prime(&self) -> i64 {
        let clips = |ops: &mut dyn Iterator<Item = &u32>| -> i64 {
            ops.take_while(|&&op| matches!(op & 15, 4 | 5))
                .map(|&op| i64::from(op >> 4))
                .sum()
        };
        if self.reverse {
            self.range().end as i64 + clips(&mut self.cigar.iter().rev())
        } else {
            self.position as i64 - clips(&mut self.cigar.iter())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_prime_end_ignores_clips() {
        let cigar: genomics_tables::Cigar = "5S90M2D45M10S".parse().unwrap();
        let mut read = Read {
            position: 100,
            cigar: cigar.packed(),
            ..Read::default()
        };
        assert_eq!(
            (read.range(), read.cigar_bases(), read.five_prime()),
            (100..237, 150, 95)
        );
        read.reverse = true;
        assert_eq!(read.five_prime(), 247);
    }
}
