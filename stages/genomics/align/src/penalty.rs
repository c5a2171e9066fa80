//! How unlikely a read is, given that it comes from a place of the reference.
use genomics_tables::CigarKind;

use crate::Preset;

/// Chance that a base of the sample differs from the reference (human heterozygosity).
const SUBSTITUTION_RATE: f64 = 1e-3;
/// Phred cost of a clipped end, once per end: adapters, chimeras, ends of contigs.
const CLIP: u32 = 20;
/// Phred cost of a base that nothing explains: one of four, `10 log10 4`.
const UNEXPLAINED: u32 = 6;

/// Phred-scaled costs: `-10 log10` of the likelihood of what was read, relative to a perfect match.
///
/// A mismatch is a sequencing error, as likely as the base quality says, or a variant. So a difference in a poor base weighs
/// little when two copies of a repeat compete for a read.
#[derive(Clone, Debug)]
pub(crate) struct Penalties {
    mismatch: [u32; 256],
    clipped: [u32; 256],
    gap_open: u32,
    gap_extend: u32,
    longest_gap: u32,
}

impl Penalties {
    pub(crate) fn new(preset: Preset) -> Self {
        let phred = |byte: usize| f64::from((byte as u8).saturating_sub(33));
        let mismatch = |byte: usize| {
            let error = 10f64.powf(-phred(byte) / 10.0).min(0.75);
            let odds = (error + SUBSTITUTION_RATE) / 3.0 / (1.0 - error);
            (-10.0 * odds.log10()).round().max(1.0) as u32
        };
        let mismatch: [u32; 256] = std::array::from_fn(mismatch);
        // A base compared with a random one is a mismatch three times of four.
        let clipped = mismatch.map(|cost| (cost * 3 / 4).clamp(1, UNEXPLAINED));
        // Indels: one in 10 000 bases of a sample; one in 100 is the error rate of long reads.
        let (gap_open, gap_extend) = if preset.is_short() { (40, 2) } else { (18, 2) };
        Self {
            mismatch,
            clipped,
            gap_open,
            gap_extend,
            longest_gap: 20,
        }
    }

    /// Cost of the alignment `cigar` (it spans the read) of `read` to `reference`, whose bases are 0 to 4.
    ///
    /// `read` and `quality` are in reference direction.
    pub(crate) fn of(
        &self,
        cigar: impl Iterator<Item = (CigarKind, u32)>,
        read: &[u8],
        quality: &[u8],
        reference: &[u8],
    ) -> u32 {
        let (mut at, mut on_reference, mut cost) = (0usize, 0usize, 0u32);
        for (kind, length) in cigar {
            let length = length as usize;
            match kind {
                CigarKind::SoftClip => {
                    let ends = quality.get(at..at + length).unwrap_or_default();
                    cost += CLIP + ends.iter().map(|&q| self.clipped[q as usize]).sum::<u32>();
                    at += length;
                }
                CigarKind::Insertion => {
                    cost += self.gap(length) + UNEXPLAINED * length.min(self.longest_gap as usize) as u32;
                    at += length;
                }
                CigarKind::Deletion | CigarKind::Skip => {
                    cost += self.gap(length);
                    on_reference += length;
                }
                _ => {
                    let bases = read.get(at..at + length).unwrap_or_default().iter();
                    let qualities = quality.get(at..at + length).unwrap_or_default();
                    let targets = reference.get(on_reference..on_reference + length).unwrap_or_default();
                    for ((&base, &q), &target) in bases.zip(qualities).zip(targets) {
                        if base > 3 || target > 3 {
                            cost += UNEXPLAINED;
                        } else if base != target {
                            cost += self.mismatch[q as usize];
                        }
                    }
                    at += length;
                    on_reference += length;
                }
            }
        }
        cost
    }

    fn gap(&self, length: usize) -> u32 {
        self.gap_open + self.gap_extend * (length as u32).min(self.longest_gap)
    }
}

#[cfg(test)]
mod tests {
    use genomics_tables::Cigar;

    use super::*;

    fn cost(cigar: &str, read: &[u8], quality: &[u8], reference: &[u8]) -> u32 {
        let cigar: Cigar = cigar.parse().unwrap();
        Penalties::new(Preset::ShortReads).of(cigar.operations(), read, quality, reference)
    }

    #[test]
    fn a_difference_in_a_poor_base_costs_less() {
        let reference = [0, 1, 2, 3];
        assert_eq!(cost("4M", &[0, 1, 2, 3], b"FFFF", &reference), 0);
        let good = cost("4M", &[0, 1, 1, 3], b"FFFF", &reference);
        let poor = cost("4M", &[0, 1, 1, 3], b"FF#F", &reference);
        assert_eq!((good, poor), (34, 2));
    }

    #[test]
    fn gaps_clips_and_unknown_bases() {
        assert_eq!(cost("2M1D2M", &[0, 1, 3, 0], b"FFFF", &[0, 1, 2, 3, 0]), 42);
        assert_eq!(cost("2M1I1M", &[0, 1, 3, 0], b"FFFF", &[0, 1, 0]), 48);
        assert_eq!(cost("2S2M", &[0, 1, 3, 0], b"FFFF", &[3, 0]), 20 + 12);
        assert_eq!(cost("2M", &[0, 4], b"FF", &[0, 1]), 6);
    }
}
