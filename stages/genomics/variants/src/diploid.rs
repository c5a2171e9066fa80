//! Genotypes of one individual: the best pair of alleles given base and mapping qualities, and how sure it is.
//!
//! Likelihoods as in Li (2011), <https://doi.org/10.1093/bioinformatics/btr509>, with errors taken as independent; the prior
//! is that of a population with `theta` differences per base between two chromosomes.
use std::ops::Range;

use genomics_tables::PileupRow;

use crate::{
    Call, ErrorModel, Sample,
    indels::{self, Candidate},
    site::{LETTERS, Site, code, mismatches},
    weights::{Weights, ln_add},
    window::Window,
};

/// Parameters of the diploid model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diploid {
    /// Expected differences between two chromosomes, per base.
    pub theta: f64,
    /// The same for indels outside repeats.
    pub theta_indel: f64,
    /// Calls of lower quality are not reported.
    pub least_quality: f64,
}

impl Default for Diploid {
    fn default() -> Self {
        Self {
            theta: 1e-3,
            theta_indel: 1e-4,
            least_quality: 3.0,
        }
    }
}

/// Highest base quality believed: errors that no quality predicts (damage before sequencing) are about this rare.
const BEST_QUALITY: u8 = 50;
/// Mismatches this close to the end of their read do not count near an indel: such a read may be aligned wrongly.
const END_NEAR_INDEL: u8 = 10;
/// Bases around a site in which an indel makes mismatches doubtful.
const NEAR: u64 = 25;
/// Part of the reads at an anchor that must show some indel.
const LEAST_SHARE: f64 = 0.1;
/// Code of "no base at all": the chromosome has a deletion over the site.
const DELETED: usize = 4;
/// The number of an allele that this record does not spell.
pub(crate) const MISSING: u8 = u8::MAX;
/// Probability that a read has a gap over a site where its chromosome has none.
const FALSE_GAP: f64 = 1e-3;
/// A mismatch is looked at if its summed base quality reaches this.
const WORTH_A_LOOK: u32 = 20;

impl Diploid {
    pub(crate) fn call(&self, window: &Window, positions: Range<u64>, errors: &ErrorModel) -> Vec<Call> {
        let weights = Weights::new(BEST_QUALITY, errors);
        let mut calls = Vec::new();
        for row in window.rows(positions) {
            if !row.others.is_empty() {
                calls.extend(self.substitution(window, &row, &weights));
            }
            if !row.indels.is_empty() {
                calls.extend(self.indel(window, &row, errors));
            }
        }
        calls
    }

    fn substitution(&self, window: &Window, row: &PileupRow, weights: &Weights) -> Option<Call> {
        let reference = code(row.reference)?;
        if mismatches(row).iter().all(|&(quality, _)| quality < WORTH_A_LOOK) {
            return None;
        }
        let end = if indels::is_near(window, row.position, NEAR) {
            END_NEAR_INDEL
        } else {
            0
        };
        let site = Site::new(row, reference, end, weights);
        let genotypes = self.base_genotypes(&site, reference);
        let best = best_of(&genotypes)?;
        let plain = |g: &Genotype| g.alleles.iter().all(|&allele| allele == reference || allele == DELETED);
        let quality = quality_of(&genotypes, plain);
        if plain(best) || quality < self.least_quality {
            return None;
        }
        let mut codes = vec![reference];
        codes.extend(
            best.alleles
                .iter()
                .filter(|&&allele| allele != reference && allele != DELETED),
        );
        codes.dedup();
        // The most read alternate first.
        codes[1..].sort_by_key(|&code| std::cmp::Reverse(site.letters[code].count));
        let likelihood = |a: usize, b: usize| {
            let wanted = [codes[a].min(codes[b]), codes[a].max(codes[b])];
            genotypes
                .iter()
                .find(|g| g.alleles == wanted)
                .map_or(f64::NEG_INFINITY, |g| g.likelihood)
        };
        let mut strands = [site.letters[reference].strands, [0, 0]];
        for &code in &codes[1..] {
            add_strands(&mut strands[1], site.letters[code].strands);
        }
        Some(Call {
            contig: row.contig,
            position: row.position,
            reference: vec![row.reference],
            alternates: codes[1..].iter().map(|&code| vec![LETTERS[code]]).collect(),
            quality,
            depth: site.depth,
            allele_depths: codes.iter().map(|&code| site.letters[code].count).collect(),
            strands,
            sample: genotype_sample(
                codes.len(),
                best.alleles
                    .map(|a| codes.iter().position(|&c| c == a).map_or(MISSING, |place| place as u8)),
                likelihood,
                &genotypes,
                best,
            ),
        })
    }

    fn base_genotypes(&self, site: &Site, reference: usize) -> Vec<Genotype> {
        let all_other: f64 = site.letters.iter().map(|sums| sums.other).sum();
        let deleted = f64::from(site.deleted);
        let mut genotypes = Vec::with_capacity(15);
        for a in 0..4 {
            for b in a..4 {
                let (x, y) = (&site.letters[a], &site.letters[b]);
                let likelihood = if a == b {
                    all_other - x.other + x.same
                } else {
                    all_other - x.other - y.other + x.half + y.half
                };
                genotypes.push(Genotype {
                    alleles: [a, b],
                    likelihood: likelihood + deleted * FALSE_GAP.ln(),
                    prior: ln_prior(self.theta / 3.0, [a, b], reference, 1.5 * self.theta),
                });
            }
            if site.deleted > 0 {
                let x = &site.letters[a];
                let prior = if a == reference { 0.0 } else { (self.theta / 3.0).ln() };
                genotypes.push(Genotype {
                    alleles: [a, DELETED],
                    likelihood: all_other - x.other + x.half + deleted * 0.5_f64.ln(),
                    prior: prior + self.theta_indel.ln(),
                });
            }
        }
        if site.deleted > 0 {
            genotypes.push(Genotype {
                alleles: [DELETED; 2],
                likelihood: all_other,
                prior: (self.theta_indel / 2.0).ln(),
            });
        }
        genotypes
    }

    fn indel(&self, window: &Window, row: &PileupRow, errors: &ErrorModel) -> Option<Call> {
        code(row.reference)?;
        let found = indels::candidates(window, row, errors)?;
        // Where nearly no read spans the repeat, those that cover the anchor are witnesses too.
        let shown: u32 = found.alleles.iter().map(|allele| allele.reads).sum();
        if f64::from(shown) < LEAST_SHARE * f64::from(found.depth) {
            return None;
        }
        let theta = self.theta_indel;
        let factors = found.factors();
        let count = found.alleles.len() + 1;
        let mut genotypes = Vec::with_capacity(count * (count + 1) / 2);
        for b in 0..count {
            for a in 0..=b {
                let prior_of = |allele: usize| {
                    if allele == 0 {
                        1.0
                    } else {
                        found.alleles[allele - 1].context.prior * theta
                    }
                };
                let prior = match (a, b) {
                    (0, 0) => (1.0 - 1.5 * theta).ln(),
                    _ if a == b => (prior_of(a) / 2.0).ln(),
                    _ => (prior_of(a) * prior_of(b)).ln(),
                };
                genotypes.push(Genotype {
                    alleles: [a, b],
                    likelihood: found.likelihood(a, b, &factors),
                    prior,
                });
            }
        }
        let best = best_of(&genotypes)?;
        let quality = quality_of(&genotypes, |g| g.alleles == [0, 0]);
        if best.alleles == [0, 0] || quality < self.least_quality {
            return None;
        }
        let mut kept: Vec<usize> = best.alleles.iter().copied().filter(|&allele| allele > 0).collect();
        kept.dedup();
        kept.sort_by_key(|&allele| std::cmp::Reverse(found.alleles[allele - 1].reads));
        kept.insert(0, 0);
        let alleles: Vec<&Candidate> = kept[1..].iter().map(|&allele| &found.alleles[allele - 1]).collect();
        let (reference, alternates) = indels::spell(window, row, &alleles)?;
        let likelihood = |a: usize, b: usize| {
            let wanted = [kept[a].min(kept[b]), kept[a].max(kept[b])];
            genotypes
                .iter()
                .find(|g| g.alleles == wanted)
                .map_or(f64::NEG_INFINITY, |g| g.likelihood)
        };
        let mut depths = vec![found.reference_reads];
        depths.extend(alleles.iter().map(|allele| allele.reads));
        let mut strands = [found.reference_strands(), [0, 0]];
        for allele in &alleles {
            add_strands(&mut strands[1], allele.strands);
        }
        let places = best
            .alleles
            .map(|a| kept.iter().position(|&k| k == a).map_or(MISSING, |place| place as u8));
        Some(Call {
            contig: row.contig,
            position: row.position,
            reference,
            alternates,
            quality,
            depth: found.depth,
            allele_depths: depths,
            strands,
            sample: genotype_sample(kept.len(), places, likelihood, &genotypes, best),
        })
    }
}

/// A pair of alleles with the natural logarithms of its likelihood and prior.
#[derive(Clone, Copy, Debug)]
struct Genotype {
    alleles: [usize; 2],
    likelihood: f64,
    prior: f64,
}

impl Genotype {
    fn joint(&self) -> f64 {
        self.likelihood + self.prior
    }
}

/// Prior of a genotype of a site where each alternate has `theta` expected differences.
fn ln_prior(theta: f64, [a, b]: [usize; 2], reference: usize, variant: f64) -> f64 {
    match (a == reference, b == reference, a == b) {
        (true, true, _) => (1.0 - variant).ln(),
        (false, false, true) => (theta / 2.0).ln(),
        (false, false, false) => (theta * theta).ln(),
        _ => theta.ln(),
    }
}

fn best_of(genotypes: &[Genotype]) -> Option<&Genotype> {
    genotypes.iter().max_by(|a, b| a.joint().total_cmp(&b.joint()))
}

fn add_strands(sum: &mut [u32; 2], strands: [u32; 2]) {
    sum[0] += strands[0];
    sum[1] += strands[1];
}

/// Phred probability of the genotypes that are so.
fn quality_of(genotypes: &[Genotype], so: impl Fn(&Genotype) -> bool) -> f64 {
    let sum = |wanted: bool| {
        let joint = genotypes.iter().filter(|g| !wanted || so(g)).map(Genotype::joint);
        joint.fold(f64::NEG_INFINITY, ln_add)
    };
    let quality = (sum(false) - sum(true)) * 10.0 / std::f64::consts::LN_10;
    if quality.is_finite() {
        quality.clamp(0.0, 9999.0)
    } else {
        9999.0
    }
}

fn genotype_sample(
    alleles: usize,
    places: [u8; 2],
    likelihood: impl Fn(usize, usize) -> f64,
    genotypes: &[Genotype],
    best: &Genotype,
) -> Sample {
    let mut values = Vec::new();
    for b in 0..alleles {
        for a in 0..=b {
            values.push(likelihood(a, b));
        }
    }
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let phred = |value: f64| ((top - value) * 10.0 / std::f64::consts::LN_10).round().min(9999.0) as u32;
    let sum = genotypes.iter().map(Genotype::joint).fold(f64::NEG_INFINITY, ln_add);
    let rest = genotypes
        .iter()
        .filter(|g| g.alleles != best.alleles)
        .map(Genotype::joint)
        .fold(f64::NEG_INFINITY, ln_add);
    let quality = ((sum - rest) * 10.0 / std::f64::consts::LN_10).round().clamp(0.0, 99.0) as u32;
    let mut alleles = places;
    alleles.sort_unstable();
    Sample::Genotype {
        alleles,
        quality,
        likelihoods: values.into_iter().map(phred).collect(),
    }
}
