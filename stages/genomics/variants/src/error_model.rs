//! What was learnt of a run's errors: a rate for each base quality, for each class of indels, and how unevenly they fall.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    error_counts::{BaseCounts, DEPTH_STEP, ErrorCounts, Sums},
    tract::IndelClass,
    weights::phred,
};

/// Error rates of one run. The default knows of none: qualities are taken at their word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorModel {
    /// By base quality: mismatches that are no likely variants, and all bases.
    qualities: BTreeMap<u8, [u64; 2]>,
    /// How unevenly mismatches fall on sites and letters: square of the coefficient of variation of their rates.
    base_spread: f64,
    /// In order of class.
    slips: Vec<(IndelClass, Slip)>,
    /// Indels that were seen and those that were guessed, over all classes.
    slip_sums: [f64; 2],
    /// As `base_spread`, over all classes of indels.
    slip_spread: f64,
}

/// One class of indel errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Slip {
    reads: u64,
    chances: u64,
    /// None where too few were seen.
    spread: Option<f64>,
}

/// The rate of an error, and how much it varies from site to site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) rate: f64,
    /// Square of the coefficient of variation.
    pub(crate) spread: f64,
}

/// So many errors as the reported quality promises are added to those seen, with as many bases as would hold them.
const PRIOR_ERRORS: f64 = 10.0;
/// The same for indels of one class, whose promise is a guess.
const PRIOR_SLIPS: f64 = 1.0;
/// The same for the guesses of all classes together.
const PRIOR_FACTOR: f64 = 5.0;
/// No class errs more often.
const MOST_SLIPS: f64 = 0.5;
/// At most this part of all letters may be variants.
const VARIANT_LETTERS: f64 = 0.01;
/// Fewer reads are no variant's only because others have fewer still.
const VARIANT_READS: u64 = 4;
/// At most this part of the sites outside repeats may have a variant indel: ten times what two human chromosomes have.
const VARIANT_SLIPS: f64 = 1.5e-3;
/// A share of 2^-2 or more is a variant's, if not too many sites have it.
const VARIANT_SHARE: u8 = 2;
/// Pairs of errors that must be expected before their number tells how uneven they are.
const LEAST_PAIRS: f64 = 50.0;
/// Depth class from which the unevenness of mismatches is told: 64 reads.
const DEEP: u8 = 3;
/// Greatest spread of mismatches believed: artefacts of one strand and PCR copies are looked for by themselves.
const MOST_BASE_SPREAD: f64 = 1.0;
/// Greatest spread of indels believed.
const MOST_SPREAD: f64 = 4.0;

impl ErrorModel {
    /// Learns from the sums over a whole run.
    pub fn learn(counts: &ErrorCounts) -> Self {
        let mut model = Self::default();
        model.learn_bases(counts);
        model.learn_slips(counts);
        model
    }

    fn learn_bases(&mut self, counts: &ErrorCounts) {
        let (mut expected, mut found) = (0.0, 0.0);
        for (&depth, counts) in &counts.bases {
            let cut = variant_share(depth, counts);
            let mut kept = Sums::default();
            let errors = counts.shares.range(cut + 1..).map(|(_, letters)| {
                kept.add(&letters.good);
                &letters.mismatches
            });
            for (list, is_error) in errors
                .chain([&counts.poor])
                .map(|list| (list, 1))
                .chain([(&counts.matches, 0)])
            {
                for (&quality, &count) in list {
                    let sums = self.qualities.entry(quality).or_default();
                    sums[0] += is_error * count;
                    sums[1] += count;
                }
            }
            if depth >= DEEP {
                expected += expected_pairs(&kept, &counts.chances);
                found += kept.pairs as f64;
            }
        }
        self.base_spread = spread(expected, found).unwrap_or(0.0).min(MOST_BASE_SPREAD);
    }

    fn learn_slips(&mut self, counts: &ErrorCounts) {
        let (mut all_expected, mut all_found) = (0.0, 0.0);
        for (class, shares) in &counts.indels {
            let Ok(at) = counts.tracts.binary_search_by_key(&class.tract, |&(tract, _)| tract) else {
                continue;
            };
            let chances = counts.tracts[at].1;
            // A share of many sites is no variant's.
            let most = VARIANT_SLIPS * class.tract.prior() * chances.sites as f64;
            let sites = |cut: u8| -> u64 { shares.range(..=cut).map(|(_, sums)| sums.sites).sum() };
            let cut = (0..=VARIANT_SHARE).rev().find(|&cut| sites(cut) as f64 <= most);
            let mut kept = Sums::default();
            for (_, sums) in shares.range(cut.map_or(0, |cut| cut + 1)..) {
                kept.add(sums);
            }
            let expected = expected_pairs(&kept, &chances);
            self.slip_sums[0] += kept.reads as f64;
            self.slip_sums[1] += class.guess() * chances.reads as f64;
            all_expected += expected;
            all_found += kept.pairs as f64;
            let slip = Slip {
                reads: kept.reads,
                chances: chances.reads,
                spread: spread(expected, kept.pairs as f64),
            };
            self.slips.push((*class, slip));
        }
        self.slip_spread = spread(all_expected, all_found).unwrap_or(0.0);
    }

    /// Probability that a base of this quality is wrong; `promised` is what the quality says.
    pub(crate) fn base_error(&self, quality: u8, promised: f64) -> f64 {
        let [errors, bases] = self.qualities.get(&quality).copied().unwrap_or_default();
        ((errors as f64 + PRIOR_ERRORS) / (bases as f64 + PRIOR_ERRORS / promised)).min(0.75)
    }

    /// How unevenly mismatches fall.
    pub(crate) fn base_spread(&self) -> f64 {
        self.base_spread
    }

    /// Rate of an indel error.
    pub(crate) fn slip(&self, class: IndelClass) -> Rate {
        let guess = (class.guess() * self.slip_factor()).min(MOST_SLIPS);
        let found = self.slips.binary_search_by_key(&class, |&(class, _)| class);
        let slip = found.map_or(
            Slip {
                reads: 0,
                chances: 0,
                spread: None,
            },
            |at| self.slips[at].1,
        );
        let rate = (slip.reads as f64 + PRIOR_SLIPS) / (slip.chances as f64 + PRIOR_SLIPS / guess);
        Rate {
            rate: rate.min(MOST_SLIPS),
            spread: slip.spread.unwrap_or(self.slip_spread),
        }
    }

    /// How much oftener than an average instrument this one slips.
    fn slip_factor(&self) -> f64 {
        let [found, guessed] = self.slip_sums;
        (found + PRIOR_FACTOR) / (guessed + PRIOR_FACTOR)
    }

    /// Empirical Phred quality of each base quality that was seen.
    pub fn qualities(&self) -> impl Iterator<Item = (u8, f64)> + '_ {
        let learnt = |quality| -10.0 * self.base_error(quality, phred(f64::from(quality).max(1.3))).log10();
        self.qualities.keys().map(move |&quality| (quality, learnt(quality)))
    }
}

/// The class of the least share that is taken for a variant's, at sites of one depth.
///
/// Of deep sites shares are cut off from the top, down to the class that would take more letters than can be variants, or
/// letters of so few reads that errors are as many.
fn variant_share(depth: u8, counts: &BaseCounts) -> u8 {
    let fewest = 1_u64 << (DEPTH_STEP * u32::from(depth));
    let most = VARIANT_LETTERS * counts.chances.sites as f64;
    let mut cut = VARIANT_SHARE;
    let mut sum: u64 = counts.shares.range(..=cut).map(|(_, letters)| letters.good.sites).sum();
    for (&share, letters) in counts.shares.range(cut + 1..) {
        sum += letters.good.sites;
        if sum as f64 > most || fewest >> share < VARIANT_READS {
            break;
        }
        cut = share;
    }
    cut
}

/// Pairs of errors at one site, if all sites had the same rate.
fn expected_pairs(errors: &Sums, chances: &Sums) -> f64 {
    if chances.reads == 0 {
        return 0.0;
    }
    let rate = errors.reads as f64 / chances.reads as f64;
    rate * rate * chances.pairs as f64
}

/// Square of the coefficient of variation of rates; `None` if too few pairs are expected to tell.
fn spread(expected: f64, found: f64) -> Option<f64> {
    (expected >= LEAST_PAIRS).then(|| (found / expected - 1.0).clamp(0.0, MOST_SPREAD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_counts::LetterCounts;

    fn sums(sites: u64, reads_each: u64) -> Sums {
        Sums {
            sites,
            reads: sites * reads_each,
            pairs: sites * reads_each * (reads_each - 1),
        }
    }

    #[test]
    fn artefacts_of_some_sites_do_not_hide_rare_alleles_of_all() {
        // Of a million letters under 100 reads, two in a hundred are seen three times and no other at all.
        let seen = LetterCounts {
            good: sums(20_000, 3),
            mismatches: BTreeMap::from([(37, 60_000)]),
        };
        let bases = BaseCounts {
            matches: BTreeMap::from([(37, 99_940_000)]),
            chances: sums(1_000_000, 100),
            shares: BTreeMap::from([(6, seen)]),
            ..BaseCounts::default()
        };
        let counts = ErrorCounts {
            bases: BTreeMap::from([(DEEP, bases)]),
            ..ErrorCounts::default()
        };
        let model = ErrorModel::learn(&counts);
        assert!((model.base_error(37, 2e-4) - 6e-4).abs() < 1e-5);
        assert!(
            (model.base_spread() - MOST_BASE_SPREAD).abs() < 1e-12,
            "{}",
            model.base_spread()
        );
    }

    #[test]
    fn a_class_of_indels_that_was_hardly_seen_errs_as_the_instrument_does() {
        use crate::tract::Tract;
        use genomics_tables::Indel;
        let class = |copies| IndelClass::new(&Indel::Deletion(1), Tract::new(1, copies));
        let counts = ErrorCounts {
            tracts: vec![(class(1).tract, sums(10_000, 100)), (class(9).tract, sums(1, 10))],
            indels: vec![(class(1), BTreeMap::from([(7, sums(10_000, 1))]))],
            ..ErrorCounts::default()
        };
        let model = ErrorModel::learn(&counts);
        assert!((model.slip(class(1)).rate - 0.01).abs() < 1e-4);
        // A thousand times as often as an average instrument, there as here.
        assert!(model.slip(class(9)).rate > 0.2);
        assert!(ErrorModel::default().slip(class(1)).rate < 2e-5);
    }
}
