//! Called variants against true ones.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{normalise::left_normalise, vcf::Allele};

/// A variant in its one way to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Contig.
    pub contig: String,
    /// 1-based.
    pub position: u64,
    /// Reference allele.
    pub reference: String,
    /// Alternate allele.
    pub alternate: String,
}

impl Key {
    /// Whether both alleles are one base.
    pub fn is_snp(&self) -> bool {
        self.reference.len() == 1 && self.alternate.len() == 1
    }
}

/// What is known of a variant besides its key.
pub(crate) type Known = (Option<f64>, Option<u32>);

/// Variants by key.
pub(crate) type Variants = BTreeMap<Key, Known>;

/// Calls of one kind against the truth: of variants, or of pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// True ones that were called.
    pub true_positives: u64,
    /// Calls that are not true.
    pub false_positives: u64,
    /// True ones that were not called.
    pub false_negatives: u64,
    /// True positives among calls; 0 without calls.
    pub precision: f64,
    /// True positives among what is true; 0 if nothing is.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 if both are.
    pub f1: f64,
}

/// How many of the true variants of one frequency were called.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// True share of molecules with the variant.
    pub frequency: f64,
    /// Of how many.
    pub total: u64,
    /// How many were called.
    pub found: u64,
}

/// A comparison of calls with the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Single bases.
    pub snp: Counts,
    /// Insertions and deletions.
    pub indel: Counts,
    /// By true frequency, lowest first; SNPs and indels together.
    pub recall: Vec<Recall>,
    /// Of the true positives with genotypes on both sides, how many agree in the number of copies.
    pub genotypes: (u64, u64),
    /// The first false positives.
    pub false_positives: Vec<Key>,
    /// The first false negatives.
    pub false_negatives: Vec<Key>,
}

/// False calls that an evaluation lists.
const LISTED: usize = 20;

/// Adds `allele` in its normal form. Substitutions of several bases become single ones, as `bcftools norm --atomize` does.
///
/// `bases` is the whole contig; it decides how far indels shift.
pub(crate) fn add(variants: &mut Variants, allele: &Allele, bases: &[u8]) {
    let mut insert = |position: u64, reference: &[u8], alternate: &[u8]| {
        let text = |allele: &[u8]| String::from_utf8_lossy(allele).to_ascii_uppercase();
        let contig = allele.contig.clone();
        let key = Key {
            contig,
            position: position + 1,
            reference: text(reference),
            alternate: text(alternate),
        };
        variants.insert(key, (allele.frequency, allele.copies));
    };
    if allele.reference.len() == allele.alternate.len() {
        for (position, (a, b)) in (allele.position..).zip(allele.reference.iter().zip(&allele.alternate)) {
            if a != b {
                insert(position, &[*a], &[*b]);
            }
        }
        return;
    }
    let (reference, alternate) = (allele.reference.clone(), allele.alternate.clone());
    let (position, reference, alternate) = left_normalise(bases, allele.position, reference, alternate);
    insert(position, &reference, &alternate);
}

/// Compares normalised calls with the normalised truth: exactly, by contig, position and alleles.
pub(crate) fn compare(truth: &Variants, calls: &Variants) -> Evaluation {
    let counts = |snp: bool| {
        let of = |key: &&Key| key.is_snp() == snp;
        let found = truth.keys().filter(of).filter(|key| calls.contains_key(key)).count();
        Counts::new(
            found as u64,
            (calls.keys().filter(of).count() - found) as u64,
            (truth.keys().filter(of).count() - found) as u64,
        )
    };
    let mut genotypes = (0, 0);
    let mut by_frequency: BTreeMap<u64, Recall> = BTreeMap::new();
    for (key, (frequency, copies)) in truth {
        let call = calls.get(key);
        if let (Some(true_copies), Some((_, Some(copies)))) = (copies, call) {
            genotypes.0 += u64::from(true_copies == copies);
            genotypes.1 += 1;
        }
        if let Some(frequency) = *frequency {
            // Positive numbers sort as their bits do.
            let recall = by_frequency.entry(frequency.to_bits());
            let recall = recall.or_insert(Recall {
                frequency,
                total: 0,
                found: 0,
            });
            recall.total += 1;
            recall.found += u64::from(call.is_some());
        }
    }
    let only = |one: &Variants, other: &Variants| {
        one.keys()
            .filter(|key| !other.contains_key(key))
            .take(LISTED)
            .cloned()
            .collect()
    };
    Evaluation {
        snp: counts(true),
        indel: counts(false),
        recall: by_frequency.into_values().collect(),
        genotypes,
        false_positives: only(calls, truth),
        false_negatives: only(truth, calls),
    }
}

impl Counts {
    pub(crate) fn new(true_positives: u64, false_positives: u64, false_negatives: u64) -> Self {
        let share = |of: u64| {
            if of == 0 {
                0.0
            } else {
                true_positives as f64 / of as f64
            }
        };
        let precision = share(true_positives + false_positives);
        let recall = share(true_positives + false_negatives);
        let sum = precision + recall;
        Self {
            true_positives,
            false_positives,
            false_negatives,
            precision,
            recall,
            f1: if sum == 0.0 {
                0.0
            } else {
                2.0 * precision * recall / sum
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variants(alleles: &[(u64, &str, &str, f64, u32)]) -> Variants {
        let mut variants = Variants::new();
        for &(position, reference, alternate, frequency, copies) in alleles {
            let allele = Allele {
                contig: "c".into(),
                position,
                reference: reference.into(),
                alternate: alternate.into(),
                frequency: Some(frequency),
                copies: Some(copies),
            };
            add(&mut variants, &allele, b"GGCACACATTTTTGA");
        }
        variants
    }

    #[test]
    fn calls_are_compared_in_normal_form() {
        let truth = variants(&[
            (1, "GCA", "G", 0.5, 1),
            (9, "T", "C", 1.0, 2),
            (10, "T", "C", 0.5, 1),
            (13, "G", "A", 0.5, 1),
        ]);
        // The deletion written to the right, two SNPs as one record, one missed, one invented.
        let calls = variants(&[(5, "ACA", "A", 0.4, 1), (9, "TT", "CC", 0.4, 1), (12, "T", "G", 0.4, 1)]);
        let found = compare(&truth, &calls);
        let short = |counts: Counts| (counts.true_positives, counts.false_positives, counts.false_negatives);
        assert_eq!(short(found.snp), (2, 1, 1));
        assert_eq!(short(found.indel), (1, 0, 0));
        assert!((found.snp.f1 - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(found.genotypes, (2, 3));
        let recall: Vec<_> = found
            .recall
            .iter()
            .map(|recall| (recall.frequency, recall.found, recall.total))
            .collect();
        assert_eq!(recall, [(0.5, 2, 3), (1.0, 1, 1)]);
        assert_eq!(
            (found.false_positives[0].position, found.false_negatives[0].position),
            (13, 14)
        );
    }

    #[test]
    fn nothing_gives_zeros() {
        assert_eq!(compare(&Variants::new(), &Variants::new()), Evaluation::default());
    }
}
