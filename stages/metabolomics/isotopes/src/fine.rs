//! Isotopologues: every way to choose an isotope for each atom, with mass and probability.
//!
//! Kept are all isotopologues with at least `threshold` times the probability of the most probable one; the set is exact,
//! and so is the probability of what is left out ([`FineStructure::coverage`]).
use std::{collections::HashSet, rc::Rc, sync::LazyLock};

use crate::{
    element::Element,
    formula::{Formula, MOST_ATOMS},
};

/// More isotopologues than this are refused.
pub const MOST_ISOTOPOLOGUES: usize = 100_000;

/// What the compositions of elements that are kept may hold before they are forgotten: 32 MiB.
const MOST_KEPT: usize = 2 << 20;

/// More isotopologues above the threshold than [`MOST_ISOTOPOLOGUES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_ISOTOPOLOGUES} isotopologues")]
pub struct TooMany;

/// The isotopologues of a molecule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FineStructure {
    /// Mass in u, and probability relative to that of the most probable; in order of mass.
    pub peaks: Vec<(f64, f64)>,
    /// Probability of the isotopologues that are kept, 0 to 1.
    pub coverage: f64,
}

/// Ways to choose isotopes for `n` atoms of one element.
struct Composition {
    /// Mass, and probability relative to the first; the most probable first.
    ways: Vec<(f64, f64)>,
    /// Logarithm of the probability of the first.
    log_most: f64,
}

/// Computes fine structures; remembers what it learnt about numbers of atoms.
pub(crate) struct FineStructures {
    threshold: f64,
    /// By element, then number of atoms.
    known: Vec<Vec<Option<Rc<Composition>>>>,
    kept: usize,
    scratch: Vec<(f64, f64)>,
}

impl FineStructures {
    pub(crate) fn new(threshold: f64) -> Self {
        Self {
            threshold,
            known: Vec::new(),
            kept: 0,
            scratch: Vec::new(),
        }
    }

    /// Fills `fine` with the isotopologues of `formula`.
    pub(crate) fn compute(&mut self, formula: &Formula, fine: &mut FineStructure) -> Result<(), TooMany> {
        fine.peaks.clear();
        fine.peaks.push((0.0, 1.0));
        let mut log_most = 0.0;
        for &(element, count) in formula.atoms() {
            let composition = self.composition(element, count)?;
            log_most += composition.log_most;
            if let [(mass, _)] = composition.ways[..] {
                for peak in &mut fine.peaks {
                    peak.0 += mass;
                }
                continue;
            }
            // Factors are at most 1, so a product at or above the threshold has partial products there, too: exact.
            self.scratch.clear();
            for &(mass, share) in &fine.peaks {
                for &(more, factor) in &composition.ways {
                    let product = share * factor;
                    if product < self.threshold {
                        break;
                    }
                    self.scratch.push((mass + more, product));
                }
                if self.scratch.len() > MOST_ISOTOPOLOGUES {
                    return Err(TooMany);
                }
            }
            std::mem::swap(&mut fine.peaks, &mut self.scratch);
        }
        let sum: f64 = fine.peaks.iter().map(|&(_, share)| share).sum();
        fine.coverage = (log_most.exp() * sum).min(1.0);
        fine.peaks
            .sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Ok(())
    }

    fn composition(&mut self, element: Element, count: u32) -> Result<Rc<Composition>, TooMany> {
        let (row, column) = (element.index(), count as usize);
        if let Some(Some(known)) = self.known.get(row).and_then(|row| row.get(column)) {
            return Ok(known.clone());
        }
        let composition = Rc::new(Composition::new(element, count, self.threshold)?);
        self.kept += composition.ways.len() + 8;
        if self.kept > MOST_KEPT {
            self.known.clear();
            self.kept = 0;
        }
        if self.known.len() <= row {
            self.known.resize_with(row + 1, Vec::new);
        }
        if self.known[row].len() <= column {
            self.known[row].resize(column + 1, None);
        }
        self.known[row][column] = Some(composition.clone());
        Ok(composition)
    }
}

/// Logarithms of factorials.
static LOG_FACTORIALS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let logs = (0..=MOST_ATOMS).scan(0.0, |sum, n| {
        *sum += f64::from(n.max(1)).ln();
        Some(*sum)
    });
    logs.collect()
});

/// Isotopes of an element at most (tin has ten).
const MOST_ISOTOPES: usize = 10;

/// Atoms of each isotope.
type Counts = [u32; MOST_ISOTOPES];

impl Composition {
    fn new(element: Element, count: u32, threshold: f64) -> Result<Self, TooMany> {
        let isotopes = element.isotopes();
        let kinds = isotopes.len();
        let logs: Vec<f64> = isotopes.iter().map(|isotope| isotope.abundance.ln()).collect();
        let log_probability = |counts: &Counts| {
            let term = |(&n, log): (&u32, &f64)| f64::from(n) * log - LOG_FACTORIALS[n as usize];
            LOG_FACTORIALS[count as usize] + counts.iter().zip(&logs).map(term).sum::<f64>()
        };
        let mass = |counts: &Counts| {
            let terms = counts.iter().zip(isotopes);
            terms.map(|(&n, isotope)| f64::from(n) * isotope.mass).sum::<f64>()
        };
        // The multinomial distribution is log-concave: moving one atom at a time climbs to its top, and what lies above a
        // threshold is connected.
        let mut most = Counts::default();
        let (common, _) =
            logs.iter().enumerate().fold(
                (0, f64::NEG_INFINITY),
                |best, (at, &log)| {
                    if log > best.1 { (at, log) } else { best }
                },
            );
        most[common] = count;
        let mut log_most = log_probability(&most);
        while let Some((better, log)) = neighbours(&most, kinds)
            .map(|next| (next, log_probability(&next)))
            .find(|&(_, log)| log > log_most)
        {
            (most, log_most) = (better, log);
        }
        let log_threshold = threshold.ln();
        let mut seen = HashSet::from([most]);
        let mut waiting = vec![most];
        let mut ways = Vec::new();
        while let Some(counts) = waiting.pop() {
            ways.push((mass(&counts), (log_probability(&counts) - log_most).exp()));
            if seen.len() > MOST_ISOTOPOLOGUES {
                return Err(TooMany);
            }
            for next in neighbours(&counts, kinds) {
                if log_probability(&next) - log_most >= log_threshold && seen.insert(next) {
                    waiting.push(next);
                }
            }
        }
        ways.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.total_cmp(&b.0)));
        Ok(Self { ways, log_most })
    }
}

/// Compositions that differ in one atom.
fn neighbours(counts: &Counts, kinds: usize) -> impl Iterator<Item = Counts> + use<> {
    let counts = *counts;
    let pairs = (0..kinds).flat_map(move |from| (0..kinds).map(move |to| (from, to)));
    pairs
        .filter(move |&(from, to)| from != to && counts[from] > 0)
        .map(move |(from, to)| {
            let mut next = counts;
            next[from] -= 1;
            next[to] += 1;
            next
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine(formula: &str, threshold: f64) -> FineStructure {
        let mut fine = FineStructure::default();
        FineStructures::new(threshold)
            .compute(&formula.parse().unwrap(), &mut fine)
            .unwrap();
        fine
    }

    #[test]
    fn two_chlorine_atoms_by_hand() {
        let (light, heavy) = (0.7576, 0.2424);
        let found = fine("Cl2", 1e-4);
        let expected = [
            (2.0 * 34.968_852_71, 1.0),
            (34.968_852_71 + 36.965_902_6, 2.0 * heavy / light),
            (2.0 * 36.965_902_6, heavy * heavy / (light * light)),
        ];
        assert_eq!(found.peaks.len(), 3);
        for (found, expected) in found.peaks.iter().zip(expected) {
            assert!(
                (found.0 - expected.0).abs() < 1e-9 && (found.1 - expected.1).abs() < 1e-12,
                "{found:?}"
            );
        }
        assert!((found.coverage - 1.0).abs() < 1e-12);
    }

    /// Slow way: atom by atom, every isotopologue.
    fn brute(formula: &str) -> Vec<(f64, f64)> {
        let formula: Formula = formula.parse().unwrap();
        let mut all: Vec<(Vec<u16>, f64, f64)> = vec![(vec![0; 300], 0.0, 1.0)];
        for &(element, count) in formula.atoms() {
            for _ in 0..count {
                let mut next: std::collections::BTreeMap<Vec<u16>, (f64, f64)> = std::collections::BTreeMap::default();
                for (key, mass, p) in &all {
                    for isotope in element.isotopes() {
                        let mut key = key.clone();
                        key[usize::from(isotope.mass_number)] += 1;
                        let entry = next.entry(key).or_insert((mass + isotope.mass, 0.0));
                        entry.1 += p * isotope.abundance;
                    }
                }
                all = next.into_iter().map(|(key, (mass, p))| (key, mass, p)).collect();
            }
        }
        let most = all.iter().map(|way| way.2).fold(0.0, f64::max);
        let mut kept: Vec<_> = all
            .iter()
            .map(|way| (way.1, way.2 / most))
            .filter(|way| way.1 >= 1e-4)
            .collect();
        kept.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept
    }

    #[test]
    fn the_kept_isotopologues_are_those_of_an_enumeration_of_all() {
        for formula in ["C6H12O6", "C10H2S2Cl", "SnBr2", "C3H3Pd", "B4", "Se2O2"] {
            let (found, expected) = (fine(formula, 1e-4).peaks, brute(formula));
            assert_eq!(found.len(), expected.len(), "{formula}");
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found.0 - expected.0).abs() < 1e-8 && (found.1 - expected.1).abs() < 1e-9,
                    "{formula}"
                );
            }
        }
    }

    #[test]
    fn coverage_says_what_is_left_out() {
        let coarse = fine("C41H80NO8P", 1e-2).coverage;
        let usual = fine("C41H80NO8P", 1e-4).coverage;
        let full = fine("C41H80NO8P", 1e-12).coverage;
        assert!(
            coarse < usual && usual < full && (1.0 - full).abs() < 1e-6,
            "{coarse} {usual} {full}"
        );
        assert!(1.0 - usual < 2e-3, "{usual}");
    }

    #[test]
    fn a_hundred_tin_atoms_are_refused() {
        let formula = "Sn100".parse().unwrap();
        assert_eq!(
            FineStructures::new(1e-4).compute(&formula, &mut FineStructure::default()),
            Err(TooMany)
        );
    }
}
