//! The bases of one row, summed up by letter.
use genomics_tables::{Entries, Letter, MatchKey, OtherKey, PileupRow, Strand};

use crate::weights::{USABLE_BIN, Weights, index};

/// The code of a letter (0 to 3), if it has one.
pub(crate) fn code(letter: u8) -> Option<usize> {
    match letter {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' => Some(3),
        _ => None,
    }
}

/// The letters by code.
pub(crate) const LETTERS: [u8; 4] = *b"ACGT";

/// Sums over the usable reads that show one letter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LetterSums {
    pub(crate) count: u32,
    pub(crate) strands: [u32; 2],
    /// Sums of [`Weights`]; `other` is dampened, for errors come together.
    pub(crate) same: f64,
    pub(crate) other: f64,
    pub(crate) half: f64,
    /// Reads by strand that `other` has taken in.
    taken: [u32; 3],
}

impl LetterSums {
    /// Adds equal reads; the best come first.
    fn add(&mut self, strand: Strand, at: usize, count: u32, weights: &Weights) {
        self.count += count;
        add_strand(&mut self.strands, strand, count);
        let times = f64::from(count);
        self.same += weights.same[at] * times;
        self.half += weights.half[at] * times;
        let taken = &mut self.taken[strand as usize];
        self.other += weights.other[at] * (dampened(*taken + count) - dampened(*taken));
        *taken += count;
    }
}

/// Each further error of one kind on one strand is this much less surprising, down to [`INDEPENDENT`].
const REPEATED: f64 = 0.83;
/// Part of errors that come alone. Both as in the MAQ model, Li et al. (2008), <https://doi.org/10.1101/gr.078212.108>.
const INDEPENDENT: f64 = 0.03;

/// How many independent errors `count` errors of one kind on one strand are worth.
fn dampened(count: u32) -> f64 {
    let repeated = if count > 128 { 0.0 } else { REPEATED.powi(count as i32) };
    INDEPENDENT * f64::from(count) + (1.0 - INDEPENDENT) * (1.0 - repeated) / (1.0 - REPEATED)
}

/// Counts reads by strand; a pair that agrees counts on both.
pub(crate) fn add_strand(strands: &mut [u32; 2], strand: Strand, count: u32) {
    if strand != Strand::Reverse {
        strands[0] += count;
    }
    if strand != Strand::Forward {
        strands[1] += count;
    }
}

/// All usable reads at one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Site {
    pub(crate) letters: [LetterSums; 4],
    /// Usable reads with a deletion here.
    pub(crate) deleted: u32,
    /// Usable reads, those with a deletion included.
    pub(crate) depth: u32,
}

impl Site {
    /// Sums up a row whose reference letter has code `reference`. Mismatches closer than `end` to the end of their read
    /// are left out.
    pub(crate) fn new(row: &PileupRow, reference: usize, end: u8, weights: &Weights) -> Self {
        let mut site = Self::default();
        // (letter, strand, place in the weights, count); qualities grow with the place within a bin.
        let mut reads: Vec<(usize, Strand, usize, u32)> = Vec::with_capacity(32);
        for (key, count) in Entries::new(row.matches) {
            let key = MatchKey::unpack(key);
            if key.mapq_bin >= USABLE_BIN {
                site.depth += count;
                reads.push((reference, key.strand, index(key.mapq_bin, key.quality), count));
            }
        }
        for (key, count) in Entries::new(row.others) {
            let key = OtherKey::unpack(key);
            if key.mapq_bin < USABLE_BIN {
                continue;
            }
            match key.letter {
                Letter::N => {}
                Letter::Deleted => {
                    site.depth += count;
                    site.deleted += count;
                }
                letter if key.end >= end => {
                    site.depth += count;
                    reads.push((letter as usize, key.strand, index(key.mapq_bin, key.quality), count));
                }
                _ => {}
            }
        }
        reads.sort_unstable_by(|a, b| weights.error[a.2].total_cmp(&weights.error[b.2]));
        for (letter, strand, at, count) in reads {
            site.letters[letter].add(strand, at, count, weights);
        }
        site
    }
}

/// For each letter, the sum of base qualities of the usable mismatches of a row, and their number: a first look.
pub(crate) fn mismatches(row: &PileupRow) -> [(u32, u32); 4] {
    let mut sums = [(0, 0); 4];
    for (key, count) in Entries::new(row.others) {
        let key = OtherKey::unpack(key);
        if key.mapq_bin >= USABLE_BIN && (key.letter as usize) < 4 {
            let sum = &mut sums[key.letter as usize];
            sum.0 += u32::from(key.quality).saturating_mul(count);
            sum.1 += count;
        }
    }
    sums
}
