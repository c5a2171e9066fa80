//! Sequencing: qualities as an Illumina instrument reports them, and errors exactly as often as they say.
use crate::rng::Rng;

/// Phred qualities that occur, best first (those of an instrument with four bins).
const LEVELS: [u8; 4] = [37, 25, 17, 11];
/// Share of each level in the first cycle and in the last; between them linear. About one error in 200 bases.
const FIRST: [f64; 4] = [0.88, 0.08, 0.03, 0.01];
const LAST: [f64; 4] = [0.68, 0.16, 0.09, 0.07];
/// Probability that a cycle has the level of the one before, whatever that is.
const STICKY: f64 = 0.6;

/// ASCII of quality 0.
pub(super) const OFFSET: u8 = 33;

/// A sequenced read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) bases: Vec<u8>,
    /// Phred + 33.
    pub(super) qualities: Vec<u8>,
}

/// Error probability of a Phred quality.
fn error(quality: u8) -> f64 {
    10f64.powf(-f64::from(quality) / 10.0)
}

/// The error probabilities of all qualities, computed once.
pub(super) struct Sequencer([f64; 64]);

impl Sequencer {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|quality| error(quality as u8)))
    }

    /// Reads `bases` as they are, substitutions only.
    pub(super) fn short(&self, bases: &[u8], rng: &mut Rng) -> Read {
        let mut read = Read {
            bases: Vec::with_capacity(bases.len()),
            qualities: Vec::with_capacity(bases.len()),
        };
        let mut level = None;
        for (cycle, &base) in bases.iter().enumerate() {
            let drawn = level.filter(|_| rng.chance(STICKY)).unwrap_or_else(|| {
                let late = cycle as f64 / bases.len() as f64;
                let mut left = rng.unit();
                let below = |at: &usize| {
                    left -= FIRST[*at] + (LAST[*at] - FIRST[*at]) * late;
                    left < 0.0
                };
                LEVELS[(0..LEVELS.len()).find(below).unwrap_or(LEVELS.len() - 1)]
            });
            level = Some(drawn);
            let wrong = rng.chance(self.0[usize::from(drawn)]);
            read.bases.push(if wrong { rng.other_base(base) } else { base });
            read.qualities.push(drawn + OFFSET);
        }
        read
    }

    /// Reads `bases` as a nanopore does: of the errors half are substitutions, a quarter each insertions and deletions.
    /// Each base is wrong as often as its quality says; a deletion counts for the base after it.
    pub(super) fn long(&self, bases: &[u8], rng: &mut Rng) -> Read {
        let mut read = Read::default();
        // Each read has a level of its own; single bases scatter around it.
        let level = 13.0 + 3.0 * rng.normal();
        let mut rest = bases.iter();
        while let Some(&base) = rest.next() {
            let quality = (level + 3.0 * rng.normal()).clamp(5.0, 40.0) as u8;
            let wrong = rng.chance(self.0[usize::from(quality)]);
            let base = match wrong.then(|| rng.below(4)) {
                None => base,
                Some(0) => {
                    read.bases.push(rng.base());
                    read.qualities.push(quality + OFFSET);
                    base
                }
                Some(1) => match rest.next() {
                    Some(&after) => after,
                    None => break,
                },
                Some(_) => rng.other_base(base),
            };
            read.bases.push(base);
            read.qualities.push(quality + OFFSET);
        }
        read
    }
}

/// The other strand.
pub(super) fn reverse_complement(bases: &mut [u8]) {
    bases.reverse();
    for base in bases {
        *base = match *base {
            b'A' => b'T',
            b'C' => b'G',
            b'G' => b'C',
            b'T' => b'A',
            other => other,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_as_often_as_the_qualities_say() {
        let mut rng = Rng::new(3, 3);
        let sequencer = Sequencer::new();
        let mut counts = std::collections::BTreeMap::<u8, (f64, f64)>::new();
        let bases: Vec<u8> = (0..150).map(|_| rng.base()).collect();
        for _ in 0..10_000 {
            let read = sequencer.short(&bases, &mut rng);
            for ((truth, base), quality) in bases.iter().zip(&read.bases).zip(&read.qualities) {
                let (wrong, all) = counts.entry(quality - OFFSET).or_default();
                *wrong += f64::from(u8::from(truth != base));
                *all += 1.0;
            }
        }
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [11, 17, 25, 37]);
        for (quality, (wrong, all)) in counts {
            let expected = error(quality);
            let deviation = (expected * (1.0 - expected) / all).sqrt();
            assert!(
                (wrong / all - expected).abs() < 5.0 * deviation,
                "{quality}: {wrong} of {all}"
            );
        }
    }

    #[test]
    fn long_reads_have_indels() {
        let mut rng = Rng::new(3, 4);
        let bases: Vec<u8> = (0..5000).map(|_| rng.base()).collect();
        let reads: Vec<Read> = (0..20).map(|_| Sequencer::new().long(&bases, &mut rng)).collect();
        assert!(reads.iter().all(|read| read.bases.len() == read.qualities.len()));
        assert!(reads.iter().any(|read| read.bases.len() != bases.len()));
        let mean = reads.iter().map(|read| read.bases.len()).sum::<usize>() / reads.len();
        assert!(mean.abs_diff(bases.len()) < 100, "{mean}");
    }

    #[test]
    fn the_other_strand() {
        let mut bases = *b"AACGT";
        reverse_complement(&mut bases);
        assert_eq!(&bases, b"ACGTT");
    }
}
