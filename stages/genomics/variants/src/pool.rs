//! Alleles of a pool in any proportion.
//!
//! The SiNPle model with two changes, so that one default serves every depth: base qualities enter read by read instead of
//! as one sum, with the frequency integrated over the neutral 1/f spectrum, and what duplicates of one molecule or reads of
//! one strand say is discounted by what all reads of the position show.
use std::{ops::Range, sync::OnceLock};

use genomics_tables::{Entries, Letter, MatchKey, OtherKey, PileupRow, StartKey, Strand};

use crate::{
    Call, Sample,
    indels::{self, Candidate},
    sinple::{Qualities, Sinple, ln_factorial},
    site::{LETTERS, add_strand, code},
    weights::{USABLE_BIN, Weights, index, ln_add},
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
            strand_artefacts: 0.1,
            least_posterior: 0.8,
        }
    }
}

/// Highest base quality believed in one read, as [`Sinple::error`]: a rate of 1e-4 of errors that no quality predicts.
const BEST_QUALITY: u8 = 40;
/// Steps of the frequency grid per factor of e.
const STEPS: f64 = 4.0;

fn weights() -> &'static Weights {
    static WEIGHTS: OnceLock<Weights> = OnceLock::new();
    WEIGHTS.get_or_init(|| Weights::new(BEST_QUALITY))
}

/// One alternate letter's reads.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// (index of weights, count), of distinct fragments only as far as told apart.
    entries: Vec<(usize, u32)>,
    prints: Vec<(u16, u32)>,
    count: u32,
    strands: [u32; 2],
    near_end: u32,
    qualities: Vec<(u8, u32)>,
}

/// An accepted allele.
struct Accepted {
    code: usize,
    posterior: f64,
    frequency: f64,
    sinple: f64,
}

impl Pool {
    pub(crate) fn call(&self, window: &Window, positions: Range<u64>) -> Vec<Call> {
        let mut calls = Vec::new();
        for row in window.rows(positions) {
            if !row.others.is_empty() {
                calls.extend(self.substitution(window, &row));
            }
            if !row.indels.is_empty() {
                calls.extend(self.indel(window, &row));
            }
        }
        calls
    }

    fn substitution(&self, window: &Window, row: &PileupRow) -> Option<Call> {
        let reference = code(row.reference)?;
        let mut sums = [0.0_f64; 4];
        let weights = weights();
        for (key, count) in Entries::new(row.others) {
            let key = OtherKey::unpack(key);
            if key.mapq_bin >= USABLE_BIN && (key.letter as usize) < 4 {
                sums[key.letter as usize] -= weights.other[index(key.mapq_bin, key.quality)] * f64::from(count);
            }
        }
        // ln(1 / probability of all reads being errors) must at least outweigh the prior.
        if sums.iter().all(|&sum| sum < -(self.sinple.theta / 3.0).ln()) {
            return None;
        }
        let mut base = Base::new(row);
        let mut accepted: Vec<Accepted> = Vec::new();
        for alternate in (0..4).filter(|&code| code != reference) {
            if sums[alternate] < -(self.sinple.theta / 3.0).ln() {
                continue;
            }
            let seen = &mut base.seen[alternate];
            let ln_ratio = |seen: &Seen, weight: f64| {
                let likelihoods = |f: f64| {
                    let shown: f64 = seen
                        .entries
                        .iter()
                        .map(|&(at, count)| {
                            let gain = ((1.0 - f) + f * ((weights.same[at] - weights.other[at]).exp())).ln();
                            f64::from(count) * gain
                        })
                        .sum();
                    shown * weight + f64::from(base.depth.saturating_sub(seen.count)) * (-f).ln_1p()
                };
                integrate(base.depth, likelihoods)
            };
            let prior = (self.sinple.theta / 3.0).ln();
            let (rough, _) = ln_ratio(seen, 1.0);
            if rough + prior < 0.0 {
                continue;
            }
            let weight = distinctness(window, row.position, &mut seen.prints, seen.count);
            let (ln_variant, frequency) = ln_ratio(seen, weight);
            let (ln_fair, ln_biased) = strand_terms(base.strands, seen.strands);
            let ln_end = end_term(seen.near_end, seen.count);
            let variant = ln_variant + prior + ln_fair + ln_end;
            let artefact = ln_variant + prior + self.strand_artefacts.ln() + ln_biased;
            let posterior = (variant - ln_add(ln_add(variant, artefact), ln_fair.max(ln_biased))).exp();
            if posterior >= self.least_posterior {
                seen.qualities.sort_unstable();
                let sinple = self.sinple.snp(&seen.qualities, u64::from(base.depth), &base.all);
                accepted.push(Accepted {
                    code: alternate,
                    posterior,
                    frequency,
                    sinple,
                });
            }
        }
        self.substitution_call(row, reference, &base, accepted)
    }

    #[expect(clippy::unused_self, reason = "a step of the same model")]
    fn substitution_call(
        &self,
        row: &PileupRow,
        reference: usize,
        base: &Base,
        mut accepted: Vec<Accepted>,
    ) -> Option<Call> {
        accepted.sort_by_key(|allele| std::cmp::Reverse(base.seen[allele.code].count));
        let best = accepted.iter().map(|allele| allele.posterior).fold(f64::NAN, f64::max);
        if accepted.is_empty() {
            return None;
        }
        let mut strands = [base.reference_strands, [0, 0]];
        let mut depths = vec![base.reference];
        for allele in &accepted {
            let seen = &base.seen[allele.code];
            depths.push(seen.count);
            strands[1][0] += seen.strands[0];
            strands[1][1] += seen.strands[1];
        }
        let _ = reference;
        Some(Call {
            contig: row.contig,
            position: row.position,
            reference: vec![row.reference],
            alternates: accepted.iter().map(|allele| vec![LETTERS[allele.code]]).collect(),
            quality: phred_of(best),
            depth: base.depth,
            allele_depths: depths,
            strands,
            sample: Sample::Frequencies {
                frequencies: accepted.iter().map(|allele| allele.frequency).collect(),
                sinple: accepted.iter().map(|allele| allele.sinple).collect(),
            },
        })
    }

    fn indel(&self, window: &Window, row: &PileupRow) -> Option<Call> {
        code(row.reference)?;
        let found = indels::candidates(window, row)?;
        let total = found.reference_reads + found.alleles.iter().map(|allele| allele.reads).sum::<u32>();
        let mut accepted: Vec<(&Candidate, f64, f64, f64)> = Vec::new();
        for allele in &found.alleles {
            let odds = (1.0 - allele.context.error) / allele.context.error;
            let rest = f64::from(total - allele.reads);
            let prior = (self.sinple.theta_indel * allele.context.prior).ln();
            let ln_ratio = |weight: f64| {
                integrate(total, |f| {
                    f64::from(allele.reads) * weight * ((1.0 - f) + f * odds).ln() + rest * (-f).ln_1p()
                })
            };
            if ln_ratio(1.0).0 + prior < 0.0 {
                continue;
            }
            let mut prints: Vec<(u16, u32)> = allele.keys.iter().map(|(key, count)| (key.fragment, *count)).collect();
            let weight = distinctness(window, row.position, &mut prints, allele.reads);
            let (ln_variant, frequency) = ln_ratio(weight);
            let (ln_fair, ln_biased) = strand_terms([total, total], allele.strands);
            let variant = ln_variant + prior + ln_fair;
            let artefact = ln_variant + prior + self.strand_artefacts.ln() + ln_biased;
            let posterior = (variant - ln_add(ln_add(variant, artefact), ln_fair.max(ln_biased))).exp();
            if posterior >= self.least_posterior {
                let sinple = self.sinple.indel(
                    indels::length(&allele.indel),
                    u64::from(allele.reads),
                    u64::from(found.depth),
                );
                accepted.push((allele, posterior, frequency, sinple));
            }
        }
        let best = accepted.iter().map(|accepted| accepted.1).fold(f64::NAN, f64::max);
        let alleles: Vec<&Candidate> = accepted.iter().map(|accepted| accepted.0).collect();
        let (reference, alternates) = indels::spell(window, row, &alleles)?;
        let mut strands = [found.reference_strands, [0, 0]];
        for allele in &alleles {
            strands[1][0] += allele.strands[0];
            strands[1][1] += allele.strands[1];
        }
        let mut depths = vec![found.reference_reads];
        depths.extend(alleles.iter().map(|allele| allele.reads));
        Some(Call {
            contig: row.contig,
            position: row.position,
            reference,
            alternates,
            quality: phred_of(best),
            depth: found.depth,
            allele_depths: depths,
            strands,
            sample: Sample::Frequencies {
                frequencies: accepted.iter().map(|accepted| accepted.2).collect(),
                sinple: accepted.iter().map(|accepted| accepted.3).collect(),
            },
        })
    }
}

/// The usable bases of a row.
#[derive(Debug, Default)]
struct Base {
    seen: [Seen; 4],
    depth: u32,
    reference: u32,
    reference_strands: [u32; 2],
    strands: [u32; 2],
    all: Qualities,
}

impl Base {
    fn new(row: &PileupRow) -> Self {
        let mut base = Self::default();
        for (key, count) in Entries::new(row.matches) {
            let key = MatchKey::unpack(key);
            if key.mapq_bin >= USABLE_BIN {
                base.depth += count;
                base.reference += count;
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
            let seen = &mut base.seen[key.letter as usize];
            // A pair that agrees has been read twice: its errors are those before sequencing.
            let quality = if key.strand == Strand::Both {
                key.quality
            } else {
                key.quality.min(BEST_QUALITY)
            };
            seen.entries.push((index(key.mapq_bin, quality), count));
            seen.prints.push((key.fragment, count));
            seen.count += count;
            add_strand(&mut seen.strands, key.strand, count);
            if key.end < 8 {
                seen.near_end += count;
            }
            seen.qualities.push((key.quality, count));
        }
        base
    }
}

/// ln of the likelihood ratio integrated over frequencies with density proportional to 1/f from 1/depth to 1, and the
/// frequency at its maximum.
fn integrate(depth: u32, ln_likelihood: impl Fn(f64) -> f64) -> (f64, f64) {
    let span = f64::from(depth.max(2)).ln() + 0.577_216;
    let steps = (span * STEPS).ceil() as i32;
    let width = span / f64::from(steps);
    let (mut sum, mut best) = (f64::NEG_INFINITY, (f64::NEG_INFINITY, 0.0));
    for step in 0..steps {
        // Centres of equal steps of ln f.
        let f = (-(f64::from(step) + 0.5) * width).exp();
        let value = ln_likelihood(f.min(1.0 - 1e-9));
        if value > best.0 {
            best = (value, f);
        }
        sum = ln_add(sum, value);
    }
    (sum + width.ln(), best.1)
}

/// How much the allele's reads come from different molecules, 0 to 1: distinct fragments among them, relative to what as
/// many reads drawn from all reads of the position would give.
///
/// A PCR error shows in the copies of one molecule and gives little; in an amplicon all fragments are alike, the allele's
/// as any other, and it gives 1.
fn distinctness(window: &Window, position: u64, prints: &mut [(u16, u32)], count: u32) -> f64 {
    prints.sort_unstable();
    let distinct = prints.chunk_by(|a, b| a.0 == b.0).count();
    if distinct as u32 == count || count < 2 {
        return 1.0;
    }
    let mut families = vec![0_u32; 1 << 12];
    let mut total = 0_u32;
    for row in window.rows(position.saturating_sub(2046)..position + 1) {
        let distance = position - row.position;
        for (key, reads) in Entries::new(row.starts) {
            let key = StartKey::unpack(key);
            if key.mapq_bin >= USABLE_BIN && u64::from(key.span) > distance {
                families[usize::from(key.fragment)] += reads;
                total += reads;
            }
        }
    }
    if total == 0 {
        return 1.0;
    }
    let drawn = f64::from(count.min(total));
    let expected: f64 = families
        .iter()
        .filter(|&&size| size > 0)
        .map(|&size| 1.0 - (drawn * (-f64::from(size) / f64::from(total)).ln_1p()).exp())
        .sum();
    (distinct as f64 / expected.max(1.0)).min(1.0)
}

/// ln probabilities of the allele's strands: if drawn as all reads of the position, and if by an artefact of one strand.
fn strand_terms(all: [u32; 2], allele: [u32; 2]) -> (f64, f64) {
    let forward = (f64::from(all[0]) + 1.0) / (f64::from(all[0]) + f64::from(all[1]) + 2.0);
    let (f, r) = (u64::from(allele[0]), u64::from(allele[1]));
    let ln_choose = ln_factorial(f + r) - ln_factorial(f) - ln_factorial(r);
    let fair = ln_choose + f as f64 * forward.ln() + r as f64 * (1.0 - forward).ln();
    // The share of the artefact's reads on the other strand is drawn from Beta(1, ELSEWHERE), either strand being as likely.
    let biased = |other: u64| {
        let ln_beta =
            ln_factorial(other) + ln_factorial(f + r - other + ELSEWHERE - 1) - ln_factorial(f + r + ELSEWHERE);
        ln_choose + ln_beta + (ELSEWHERE as f64).ln()
    };
    (fair, ln_add(biased(f), biased(r)) - std::f64::consts::LN_2)
}

/// An artefact of one strand has about one read in so many on the other.
const ELSEWHERE: u64 = 30;

/// ln penalty of an allele that is seen near the ends of reads much more often than bases lie there.
fn end_term(near_end: u32, count: u32) -> f64 {
    /// Generous: of a read of 100 bases, 16 lie so near an end.
    const SHARE: f64 = 0.25;
    if f64::from(near_end) <= SHARE * f64::from(count) {
        return 0.0;
    }
    let (k, n) = (f64::from(near_end), f64::from(count));
    let p = (k / n).min(1.0 - 1e-9);
    // Likelihood of the expected share against that of the observed one.
    k * (SHARE / p).ln() + (n - k) * ((1.0 - SHARE) / (1.0 - p)).ln()
}

fn phred_of(posterior: f64) -> f64 {
    (-10.0 * (1.0 - posterior).max(1e-300).log10()).clamp(0.0, 9999.0)
}
