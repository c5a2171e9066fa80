//! Is an allele of a pool real? Its reads against sequencing errors, PCR copies of one error, and errors of one strand.
use genomics_tables::{Entries, StartKey, Strand};

use crate::{
    sinple::{ln_factorial, ln_gamma},
    site::add_strand,
    weights::{USABLE_BIN, ln_add},
    window::Window,
};

/// Equal reads of an allele.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    /// How much likelier a molecule with the allele shows it than one without.
    pub(crate) odds: f64,
    /// Print of the fragment.
    pub(crate) fragment: u16,
    pub(crate) strand: Strand,
    /// Whether it lies close to the end of the read.
    pub(crate) near_end: bool,
    pub(crate) count: u32,
}

impl Reading {
    /// Probability that the read comes from a molecule with the allele, if it has this frequency.
    fn share(&self, frequency: f64) -> f64 {
        let real = frequency * self.odds;
        real / (real + 1.0 - frequency)
    }
}

/// Where an allele is judged.
pub(crate) struct Scene<'a> {
    pub(crate) window: &'a Window<'a>,
    pub(crate) position: u64,
    /// Reads without the allele.
    pub(crate) rest: u32,
    /// Errors that show the allele, as many as all reads here are expected to have.
    pub(crate) errors: f64,
    /// How unevenly errors fall on sites: square of the coefficient of variation of their rates.
    pub(crate) spread: f64,
    /// Reads of all alleles by strand.
    pub(crate) strands: [u32; 2],
    /// Expected variants with this allele, per site.
    pub(crate) prior: f64,
    /// How common artefacts of one strand are, relative to variants.
    pub(crate) strand_artefacts: f64,
}

/// What was found of an allele.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) posterior: f64,
    pub(crate) frequency: f64,
}

/// Steps of the frequency grid per factor of e.
const STEPS: f64 = 4.0;
/// The copies themselves blow up what is expected; the second round is without them.
const ROUNDS: usize = 2;
/// An artefact of one strand has about one read in so many on the other.
const ELSEWHERE: u64 = 30;
/// Share of reads expected near the ends. Generous: of a read of 100 bases, 16 lie so near an end.
const NEAR_END: f64 = 0.25;

impl Scene<'_> {
    /// Judges an allele; `None` if its reads are no evidence at all.
    ///
    /// `ln_quality` is the penalty of an allele whose qualities are worse than those of the whole site.
    pub(crate) fn judge(&self, readings: &mut [Reading], ln_quality: f64) -> Option<Verdict> {
        let count: u32 = readings.iter().map(|reading| reading.count).sum();
        let grid = Grid::new(count + self.rest);
        if self.is_hopeless(readings, &grid) {
            return None;
        }
        readings.sort_by_key(|reading| reading.fragment);
        let weights = self.weights(readings, count);
        let rest = f64::from(self.rest);
        let (ln_ratio, frequency) = grid.integrate(|f| {
            let shown = readings
                .iter()
                .zip(&weights)
                .map(|(reading, weight)| weight * (f * (reading.odds - 1.0)).ln_1p());
            shown.sum::<f64>() + rest * (-f).ln_1p()
        });
        let ln_variant = ln_ratio + self.prior.ln();
        let (ln_fair, ln_biased, ln_end) = self.shape(readings, &weights, frequency);
        // From the best step of the grid to the maximum between the steps.
        let real: f64 = readings
            .iter()
            .map(|reading| f64::from(reading.count) * reading.share(frequency))
            .sum();
        let frequency = real / f64::from(count + self.rest);
        let variant = ln_variant + ln_fair + ln_end + ln_quality;
        let artefact = ln_variant + ln_biased + self.strand_artefacts.ln();
        let nothing = ln_fair.max(ln_biased) + ln_uneven(weights.iter().sum(), self.errors, self.spread);
        let posterior = (variant - ln_add(ln_add(variant, artefact), nothing)).exp();
        Some(Verdict { posterior, frequency })
    }

    /// A quick bound: even as independent reads they are not likelier variants than errors.
    fn is_hopeless(&self, readings: &[Reading], grid: &Grid) -> bool {
        let mut sum = 0.0;
        for f in grid.frequencies() {
            let shown: f64 = readings
                .iter()
                .map(|reading| (1.0 + f * (reading.odds - 1.0)).powi(reading.count.min(1 << 20) as i32))
                .product();
            sum += shown * (-f * f64::from(self.rest)).exp();
        }
        // Infinity times nothing is a number only for many reads, which are never hopeless.
        sum * grid.width * self.prior < 1.0
    }

    /// How many independent reads each of the readings (sorted by fragment) is worth.
    ///
    /// A PCR error shows in the copies of one molecule: of each fragment no more reads count than expected among as many
    /// reads drawn from all reads of the position, but one at least. In an amplicon all fragments are alike, the allele's as
    /// any other, and nearly all count.
    fn weights(&self, readings: &[Reading], count: u32) -> Vec<f64> {
        let mut weights: Vec<f64> = readings.iter().map(|reading| f64::from(reading.count)).collect();
        let distinct = readings.chunk_by(|a, b| a.fragment == b.fragment).count() as u32;
        if distinct == count {
            return weights;
        }
        let (families, total) = self.families();
        let mut drawn = f64::from(count);
        for _ in 0..ROUNDS {
            let mut next = 0.0;
            let mut at = 0;
            for family in readings.chunk_by(|a, b| a.fragment == b.fragment) {
                let size = f64::from(families[usize::from(family[0].fragment & 0xfff)]);
                let expected = (drawn * size / f64::from(total.max(1))).max(1.0);
                let found: u32 = family.iter().map(|reading| reading.count).sum();
                let share = (expected / f64::from(found)).min(1.0);
                for reading in family {
                    weights[at] = f64::from(reading.count) * share;
                    next += weights[at];
                    at += 1;
                }
            }
            drawn = next;
        }
        weights
    }

    /// Reads over the position of each fragment, and of all.
    fn families(&self) -> (Vec<u32>, u32) {
        let (mut families, mut total) = (vec![0_u32; 1 << 12], 0_u32);
        let position = self.position;
        for row in self.window.rows(position.saturating_sub(2046)..position + 1) {
            for (key, reads) in Entries::new(row.starts) {
                let key = StartKey::unpack(key);
                if key.mapq_bin >= USABLE_BIN && u64::from(key.span) > position - row.position {
                    families[usize::from(key.fragment & 0xfff)] += reads;
                    total += reads;
                }
            }
        }
        (families, total)
    }

    /// ln probabilities of the reads' strands, for a variant and for an artefact, and of their places in the reads.
    ///
    /// A read counts as much as it is likely to show the allele and no error.
    fn shape(&self, readings: &[Reading], weights: &[f64], frequency: f64) -> (f64, f64, f64) {
        let (mut strands, mut near_end, mut sum) = ([0.0, 0.0], 0.0, 0.0);
        for (reading, weight) in readings.iter().zip(weights) {
            let share = weight * reading.share(frequency);
            let mut of_one = [0, 0];
            add_strand(&mut of_one, reading.strand, 1);
            strands[0] += share * f64::from(of_one[0]);
            strands[1] += share * f64::from(of_one[1]);
            sum += share;
            if reading.near_end {
                near_end += share;
            }
        }
        let (fair, biased) = strand_terms(self.strands, strands.map(|count| count.round() as u64));
        (fair, biased, end_term(near_end, sum))
    }
}

/// ln of how much likelier `count` errors are where rates differ from site to site than where all have the mean rate, of
/// which `expected` come: errors at a gamma-distributed rate, of variance `spread` times the squared mean.
fn ln_uneven(count: f64, expected: f64, spread: f64) -> f64 {
    /// Spreads below make no difference.
    const LEAST: f64 = 1e-3;
    if spread < LEAST {
        return 0.0;
    }
    let shape = 1.0 / spread;
    expected + ln_gamma(shape + count) - ln_gamma(shape) + shape * shape.ln()
        - (shape + count) * (shape + expected).ln()
}

/// Frequencies from 1/depth to 1 in equal steps of their logarithm.
struct Grid {
    steps: u32,
    width: f64,
}

impl Grid {
    fn new(depth: u32) -> Self {
        // ln depth + gamma is the harmonic number: the integral of the neutral 1/f spectrum.
        let span = f64::from(depth.max(2)).ln() + 0.577_216;
        let steps = (span * STEPS).ceil();
        Self {
            steps: steps as u32,
            width: span / steps,
        }
    }

    fn frequencies(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.steps).map(|step| (-(f64::from(step) + 0.5) * self.width).exp())
    }

    /// ln of the likelihood ratio integrated over the 1/f spectrum, and the frequency at its maximum.
    fn integrate(&self, ln_likelihood: impl Fn(f64) -> f64) -> (f64, f64) {
        let (mut sum, mut best) = (f64::NEG_INFINITY, (f64::NEG_INFINITY, 0.0));
        for f in self.frequencies() {
            let value = ln_likelihood(f);
            if value > best.0 {
                best = (value, f);
            }
            sum = ln_add(sum, value);
        }
        (sum + self.width.ln(), best.1)
    }
}

/// ln probabilities of the allele's strands: if drawn as all reads of the position, and if by an artefact of one strand.
fn strand_terms(all: [u32; 2], [forward, reverse]: [u64; 2]) -> (f64, f64) {
    let share = (f64::from(all[0]) + 1.0) / (f64::from(all[0]) + f64::from(all[1]) + 2.0);
    let sum = forward + reverse;
    let ln_choose = ln_factorial(sum) - ln_factorial(forward) - ln_factorial(reverse);
    let fair = ln_choose + forward as f64 * share.ln() + reverse as f64 * (1.0 - share).ln();
    // The share of the artefact's reads on the other strand is drawn from Beta(1, ELSEWHERE), either strand being as likely.
    let biased = |other: u64| {
        let ln_beta = ln_factorial(other) + ln_factorial(sum - other + ELSEWHERE - 1) - ln_factorial(sum + ELSEWHERE);
        ln_choose + ln_beta + (ELSEWHERE as f64).ln()
    };
    (fair, ln_add(biased(forward), biased(reverse)) - std::f64::consts::LN_2)
}

/// ln penalty of an allele that is seen near the ends of reads more often than bases lie there.
fn end_term(near_end: f64, sum: f64) -> f64 {
    if near_end <= NEAR_END * sum {
        return 0.0;
    }
    let found = (near_end / sum).min(1.0 - 1e-9);
    // Likelihood of the expected share against that of the one found.
    near_end * (NEAR_END / found).ln() + (sum - near_end) * ((1.0 - NEAR_END) / (1.0 - found)).ln()
}

#[cfg(test)]
mod tests {
    use genomics_tables::Pileup;

    use super::*;

    fn readings(count: u32, strand: impl Fn(u32) -> Strand, fragment: impl Fn(u32) -> u16) -> Vec<Reading> {
        let reading = |i| Reading {
            odds: 15_000.0,
            fragment: fragment(i),
            strand: strand(i),
            near_end: false,
            count: 1,
        };
        (0..count).map(reading).collect()
    }

    /// Judged among 1000 fragments that all cover position 100, `copies` of each.
    fn posterior(copies: u32, readings: &mut [Reading]) -> f64 {
        let mut pileup = Pileup::new();
        pileup.push_with(0, 100, b'A', |lists| {
            let mut last = 0;
            for fragment in 0..1000 {
                let key = StartKey {
                    mapq_bin: 7,
                    span: 100,
                    fragment,
                }
                .pack();
                genomics_tables::push_entry(lists.starts, &mut last, key, copies);
            }
            0
        });
        let scene = Scene {
            window: &Window::new(&pileup, 0),
            position: 100,
            rest: 1000 * copies,
            errors: 0.0,
            spread: 0.0,
            strands: [500 * copies; 2],
            prior: 3e-4,
            strand_artefacts: 0.1,
        };
        scene.judge(readings, 0.0).map_or(0.0, |verdict| verdict.posterior)
    }

    fn both(i: u32) -> Strand {
        Strand::of(i.is_multiple_of(2))
    }

    #[test]
    fn independent_reads_of_both_strands_are_a_variant() {
        assert!(posterior(1, &mut readings(10, both, |i| i as u16)) > 0.999);
        assert!(posterior(1, &mut readings(1, both, |i| i as u16)) < 0.5);
    }

    #[test]
    fn reads_of_one_strand_are_none() {
        for count in [5, 10, 100] {
            assert!(
                posterior(1, &mut readings(count, |_| Strand::Reverse, |i| i as u16)) < 0.5,
                "{count}"
            );
        }
    }

    #[test]
    fn copies_of_one_molecule_are_none_unless_all_molecules_have_copies() {
        assert!(posterior(1, &mut readings(40, both, |_| 7)) < 0.5);
        // Each of 20 molecules twice, as every other molecule of the position.
        assert!(posterior(2, &mut readings(40, both, |i| i as u16 / 2)) > 0.999);
    }

    #[test]
    fn many_errors_at_one_site_are_no_wonder_where_sites_differ() {
        assert!(ln_uneven(12.0, 3.0, 0.0).abs() < 1e-12);
        // As a Poisson number, 12 of 3 is a chance of 6e-5; of a gamma-Poisson mixture of shape 1 it is 0.0079.
        assert!((ln_uneven(12.0, 3.0, 1.0) - (0.75_f64.powi(12) * 0.25 / 5.526_5e-5).ln()).abs() < 1e-3);
        assert!(ln_uneven(3.0, 3.0, 1.0) < 0.0);
    }

    #[test]
    fn an_allele_of_read_ends_is_penalised() {
        assert!(end_term(2.0, 10.0).abs() < 1e-12);
        assert!(end_term(10.0, 10.0) < -10.0);
    }
}
