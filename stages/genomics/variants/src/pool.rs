//! Alleles of a pool in any proportion.
//!
//! The SiNPle model with two changes, so that one default serves every depth: base qualities enter read by read instead of
//! as one sum, with the frequency integrated over the neutral 1/f spectrum, and what copies of one molecule or reads of one
//! strand say is discounted by what all reads of the position show.
use std::ops::Range;

use genomics_tables::{Entries, Letter, MatchKey, OtherKey, PileupRow, Strand};

use crate::{
    Call, ErrorModel, Sample,
    evidence::{Reading, Scene, Verdict},
    indels::{self, Candidate},
    sinple::{Qualities, Sinple},
    site::{LETTERS, add_strand, code},
    weights::{USABLE_BIN, Weights, index},
    window::Window,
};

/// Parameters of the pool model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// The unmodified model, whose posterior is reported beside ours; ours uses its `theta`s.
    pub sinple: Sinple,
    /// How common artefacts of one strand are, relative to variants.
    pub strand_artefacts: f64,
    /// Alleles whose posterior probability is lower are not reported.
    pub least_posterior: f64,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            sinple: Sinple::default(),
            strand_artefacts: 0.05,
            least_posterior: 0.7,
        }
    }
}

/// Highest base quality believed in one read, as [`Sinple::error`]: a rate of 1e-4 of errors that no quality predicts.
const BEST_QUALITY: u8 = 40;
/// A mismatch this close to the end of its read is near it.
const NEAR_END: u8 = 8;

/// An allele that was believed.
struct Accepted<'a, A> {
    allele: &'a A,
    verdict: Verdict,
    sinple: f64,
}

/// What of a call the two kinds of variants tell alike.
struct Spelling {
    reference: Vec<u8>,
    alternates: Vec<Vec<u8>>,
    depth: u32,
    allele_depths: Vec<u32>,
    strands: [[u32; 2]; 2],
}

impl Pool {
    pub(crate) fn call(&self, window: &Window, positions: Range<u64>, errors: &ErrorModel) -> Vec<Call> {
        let weights = Weights::new(BEST_QUALITY, errors);
        let mut calls = Vec::new();
        for row in window.rows(positions) {
            if !row.others.is_empty() {
                calls.extend(self.substitution(window, &row, &weights, errors.base_spread()));
            }
            if !row.indels.is_empty() {
                calls.extend(self.indel(window, &row, errors));
            }
        }
        calls
    }

    fn substitution(&self, window: &Window, row: &PileupRow, weights: &Weights, spread: f64) -> Option<Call> {
        let reference = code(row.reference)?;
        let theta = self.sinple.theta / 3.0;
        let mut sums = [0.0_f64; 4];
        for (key, count) in Entries::new(row.others) {
            let key = OtherKey::unpack(key);
            if key.mapq_bin >= USABLE_BIN && (key.letter as usize) < 4 && weights.is_good(key.quality) {
                sums[key.letter as usize] -= weights.other[index(key.mapq_bin, key.quality)] * f64::from(count);
            }
        }
        // ln(1 / probability that all reads are errors) must at least outweigh the prior.
        if sums.iter().all(|&sum| sum < -theta.ln()) {
            return None;
        }
        let mut base = Base::new(row, weights);
        let mut accepted = Vec::new();
        let mut lists = std::mem::take(&mut base.readings);
        for (code, readings) in lists.iter_mut().enumerate() {
            if code == reference || sums[code] < -theta.ln() {
                continue;
            }
            let seen = &base.seen[code];
            let good: u32 = readings.iter().map(|reading| reading.count).sum();
            let scene = Scene {
                window,
                position: row.position,
                rest: base.good - good,
                errors: base.errors,
                spread,
                strands: base.strands,
                prior: theta,
                strand_artefacts: self.strand_artefacts,
            };
            let mut qualities = seen.qualities.clone();
            qualities.sort_unstable();
            let Some(verdict) = scene.judge(readings, base.all.ln_deficit(&qualities)) else {
                continue;
            };
            if verdict.posterior >= self.least_posterior {
                let sinple = self.sinple.snp(&qualities, u64::from(base.depth), &base.all);
                accepted.push(Accepted {
                    allele: seen,
                    verdict,
                    sinple,
                });
            }
        }
        accepted.sort_by_key(|allele| std::cmp::Reverse(allele.allele.count));
        let seen = || accepted.iter().map(|allele| allele.allele);
        let spelling = Spelling {
            reference: vec![row.reference],
            alternates: seen().map(|seen| vec![LETTERS[seen.code]]).collect(),
            depth: base.depth,
            allele_depths: [base.reference]
                .into_iter()
                .chain(seen().map(|seen| seen.count))
                .collect(),
            strands: [base.reference_strands, sum_strands(seen().map(|seen| seen.strands))],
        };
        call_of(row, &accepted, spelling)
    }

    fn indel(&self, window: &Window, row: &PileupRow, errors: &ErrorModel) -> Option<Call> {
        code(row.reference)?;
        let found = indels::candidates(window, row, errors)?;
        let total = found.reference_reads + found.alleles.iter().map(|allele| allele.reads).sum::<u32>();
        let mut accepted = Vec::new();
        for allele in &found.alleles {
            let reading = |&(key, count): &(genomics_tables::IndelKey, u32)| Reading {
                odds: (1.0 - allele.context.error) / allele.context.error,
                fragment: key.fragment,
                strand: key.strand,
                near_end: key.left.min(key.right) < NEAR_END,
                count,
            };
            let mut readings: Vec<Reading> = allele.keys.iter().map(reading).collect();
            let scene = Scene {
                window,
                position: row.position,
                rest: total - allele.reads,
                errors: f64::from(total) * allele.context.error,
                spread: allele.context.spread,
                strands: found.strands,
                prior: self.sinple.theta_indel * allele.context.prior,
                strand_artefacts: self.strand_artefacts,
            };
            let Some(verdict) = scene.judge(&mut readings, 0.0) else {
                continue;
            };
            if verdict.posterior >= self.least_posterior {
                let length = indels::length(&allele.indel);
                let sinple = self
                    .sinple
                    .indel(length, u64::from(allele.reads), u64::from(found.depth));
                accepted.push(Accepted {
                    allele,
                    verdict,
                    sinple,
                });
            }
        }
        let alleles: Vec<&Candidate> = accepted.iter().map(|accepted| accepted.allele).collect();
        let (reference, alternates) = indels::spell(window, row, &alleles)?;
        let reads = alleles.iter().map(|allele| allele.reads);
        let spelling = Spelling {
            reference,
            alternates,
            depth: found.depth,
            allele_depths: [found.reference_reads].into_iter().chain(reads).collect(),
            strands: [
                found.reference_strands(),
                sum_strands(alleles.iter().map(|allele| allele.strands)),
            ],
        };
        call_of(row, &accepted, spelling)
    }
}

fn call_of<A>(row: &PileupRow, accepted: &[Accepted<A>], spelling: Spelling) -> Option<Call> {
    let best = accepted
        .iter()
        .map(|allele| allele.verdict.posterior)
        .reduce(f64::max)?;
    Some(Call {
        contig: row.contig,
        position: row.position,
        reference: spelling.reference,
        alternates: spelling.alternates,
        quality: (-10.0 * (1.0 - best).max(1e-300).log10()).clamp(0.0, 9999.0),
        depth: spelling.depth,
        allele_depths: spelling.allele_depths,
        strands: spelling.strands,
        sample: Sample::Frequencies {
            frequencies: accepted.iter().map(|allele| allele.verdict.frequency).collect(),
            sinple: accepted.iter().map(|allele| allele.sinple).collect(),
        },
    })
}

fn sum_strands(strands: impl Iterator<Item = [u32; 2]>) -> [u32; 2] {
    strands.fold([0, 0], |[a, b], [c, d]| [a + c, b + d])
}

/// The usable bases of a row.
#[derive(Debug, Default)]
struct Base {
    seen: [Seen; 4],
    /// For each letter.
    readings: [Vec<Reading>; 4],
    depth: u32,
    /// Bases of sufficient quality.
    good: u32,
    /// Errors to one other letter that they are expected to show.
    errors: f64,
    reference: u32,
    reference_strands: [u32; 2],
    strands: [u32; 2],
    all: Qualities,
}

/// One letter's reads.
#[derive(Clone, Debug, Default)]
struct Seen {
    code: usize,
    count: u32,
    strands: [u32; 2],
    qualities: Vec<(u8, u32)>,
}

impl Base {
    fn new(row: &PileupRow, weights: &Weights) -> Self {
        let mut base = Self::default();
        for (key, count) in Entries::new(row.matches) {
            let key = MatchKey::unpack(key);
            if key.mapq_bin >= USABLE_BIN {
                base.depth += count;
                base.reference += count;
                if weights.is_good(key.quality) {
                    base.good += count;
                    base.errors += weights.error[index(key.mapq_bin, key.quality)] / 3.0 * f64::from(count);
                }
                add_strand(&mut base.strands, key.strand, count);
                base.all.add(key.quality, count);
            }
        }
        base.reference_strands = base.strands;
        for (key, count) in Entries::new(row.others) {
            let key = OtherKey::unpack(key);
            if key.mapq_bin < USABLE_BIN || matches!(key.letter, Letter::N | Letter::Deleted) {
                continue;
            }
            base.depth += count;
            add_strand(&mut base.strands, key.strand, count);
            base.all.add(key.quality, count);
            let code = key.letter as usize;
            if weights.is_good(key.quality) {
                let at = index(key.mapq_bin, key.quality);
                base.good += count;
                base.errors += weights.error[at] / 3.0 * f64::from(count);
                base.readings[code].push(Reading {
                    odds: (weights.same[at] - weights.other[at]).exp(),
                    fragment: key.fragment,
                    strand: key.strand,
                    // Where a pair agrees, the other mate has it elsewhere.
                    near_end: key.end < NEAR_END && key.strand != Strand::Both,
                    count,
                });
            }
            let seen = &mut base.seen[code];
            seen.code = code;
            seen.count += count;
            add_strand(&mut seen.strands, key.strand, count);
            seen.qualities.push((key.quality, count));
        }
        base
    }
}
