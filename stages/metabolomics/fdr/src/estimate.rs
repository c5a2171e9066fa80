//! False discovery rates of the targets of one adduct.
use serde::{Deserialize, Serialize};

use crate::ranking::{cumulative, median, running_minimum};

/// The levels that METASPACE reports.
pub const LEVELS: [f64; 4] = [0.05, 0.1, 0.2, 0.5];

/// METASPACE's two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// One ranking for each draw of decoys, decoys / targets in each, the median over the draws.
    V1,
    /// One ranking with all decoys: (decoys + 1) / draws / (targets + 1).
    V3,
}

impl Version {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V3 => "v3",
        }
    }
}

/// What is known about one target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Expected share of false ones among the targets of at least this score. In version 1 it can be above 1.
    pub fdr: f64,
    /// The least rate at which this target is accepted: no lower score has a smaller one. METASPACE's `fdr` in version 3.
    pub q_value: f64,
    /// The least of [`LEVELS`] that the target reaches, or 1. METASPACE's `fdr` in version 1.
    pub level: f64,
}

/// Estimates of targets of one adduct, from their scores (above 0, in any order) and those of their decoys.
///
/// `decoys` holds the scores above 0 of each draw: of every target's first decoy, second decoy and so on. What scored 0 counts as
/// neither, as in METASPACE. The estimates are in the order of `targets`; equal scores have equal estimates.
///
/// ```
/// use stage_fdr::{Version, estimate};
/// let found = estimate(Version::V3, &[0.9, 0.8, 0.1], &[vec![0.2], vec![0.85]]);
/// // Above 0.8 lie two targets and one decoy of two draws.
/// assert!((found[1].fdr - (1.0 + 1.0) / 2.0 / (2.0 + 1.0)).abs() < 1e-12);
/// ```
pub fn estimate(version: Version, targets: &[f64], decoys: &[Vec<f64>]) -> Vec<Estimate> {
    let mut order: Vec<usize> = (0..targets.len()).collect();
    order.sort_unstable_by(|&a, &b| targets[b].total_cmp(&targets[a]).then(a.cmp(&b)));
    let scores: Vec<f64> = order.iter().map(|&at| targets[at]).collect();
    let fdrs = match version {
        Version::V1 => medians(&scores, decoys),
        Version::V3 => {
            let all = descending(decoys.concat());
            let draws = decoys.len().max(1) as f64;
            let rate = |(decoys, targets): (u64, u64)| (decoys + 1) as f64 / draws / (targets + 1) as f64;
            cumulative(&scores, &all).into_iter().map(rate).collect()
        }
    };
    let mut q_values = fdrs.clone();
    running_minimum(&mut q_values);
    let none = Estimate {
        fdr: 1.0,
        q_value: 1.0,
        level: 1.0,
    };
    let mut estimates = vec![none; targets.len()];
    for ((&at, fdr), q_value) in order.iter().zip(fdrs).zip(q_values) {
        estimates[at] = Estimate {
            fdr,
            q_value,
            level: level(version, q_value),
        };
    }
    estimates
}

fn medians(scores: &[f64], decoys: &[Vec<f64>]) -> Vec<f64> {
    if decoys.is_empty() {
        return vec![0.0; scores.len()];
    }
    let draws: Vec<Vec<f64>> = decoys
        .iter()
        .map(|draw| {
            let counts = cumulative(scores, &descending(draw.clone()));
            counts
                .into_iter()
                .map(|(decoys, targets)| decoys as f64 / targets as f64)
                .collect()
        })
        .collect();
    let mut values = vec![0.0; draws.len()];
    let at = |place: usize| {
        for (value, draw) in values.iter_mut().zip(&draws) {
            *value = draw[place];
        }
        median(&mut values)
    };
    (0..scores.len()).map(at).collect()
}

fn descending(mut scores: Vec<f64>) -> Vec<f64> {
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    scores
}

/// Version 1: a target reaches a level if it or one of lower score has a rate below it. Version 3: the rate rounded to two
/// decimals is at most the level.
fn level(version: Version, q_value: f64) -> f64 {
    let reached = |&level: &f64| match version {
        Version::V1 => q_value < level,
        // Of the exact value of the number, half to even: as Python rounds.
        Version::V3 => format!("{q_value:.2}")
            .parse()
            .is_ok_and(|rounded: f64| rounded <= level),
    };
    LEVELS.into_iter().find(reached).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at_least(scores: &[f64], score: f64) -> f64 {
        scores.iter().filter(|&&other| other >= score).count() as f64
    }

    /// Scores with ties.
    fn scores(most: usize) -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec((1u32..60).prop_map(|score| f64::from(score) / 60.0), 0..most)
    }

    proptest! {
        #[test]
        fn estimates_are_their_definitions(targets in scores(60), decoys in proptest::collection::vec(scores(60), 1..8)) {
            let (one, three) = (estimate(Version::V1, &targets, &decoys), estimate(Version::V3, &targets, &decoys));
            for (at, &score) in targets.iter().enumerate() {
                let above = at_least(&targets, score);
                let mut rates: Vec<f64> = decoys.iter().map(|draw| at_least(draw, score) / above).collect();
                rates.sort_by(f64::total_cmp);
                let middle = f64::midpoint(rates[(rates.len() - 1) / 2], rates[rates.len() / 2]);
                prop_assert!((one[at].fdr - middle).abs() < 1e-12);
                let all = at_least(&decoys.concat(), score);
                prop_assert!((three[at].fdr - (all + 1.0) / decoys.len() as f64 / (above + 1.0)).abs() < 1e-12);
            }
            for found in [&one, &three] {
                for (at, &score) in targets.iter().enumerate() {
                    let lower = targets.iter().zip(found.iter()).filter(|&(&other, _)| other <= score);
                    let least = lower.clone().map(|(_, estimate)| estimate.fdr).fold(f64::INFINITY, f64::min);
                    prop_assert_eq!(found[at].q_value.to_bits(), least.to_bits());
                    prop_assert!(lower.clone().all(|(_, estimate)| estimate.q_value >= found[at].q_value));
                    prop_assert!(lower.clone().all(|(_, estimate)| estimate.level >= found[at].level));
                }
            }
            // Version 1 as METASPACE words it: every target from the lowest with a rate below the level upwards.
            for (at, &score) in targets.iter().enumerate() {
                let lowest = |level: f64| {
                    let below = targets.iter().zip(&one).filter(|(_, estimate)| estimate.fdr < level);
                    below.map(|(&score, _)| score).fold(f64::INFINITY, f64::min)
                };
                let expected = LEVELS.into_iter().find(|&level| score >= lowest(level)).unwrap_or(1.0);
                prop_assert_eq!(one[at].level.to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn the_order_of_targets_and_decoys_does_not_matter(targets in scores(40), decoys in scores(40)) {
            for version in [Version::V1, Version::V3] {
                let found = estimate(version, &targets, std::slice::from_ref(&decoys));
                let turned = |scores: &[f64]| scores.iter().rev().copied().collect::<Vec<f64>>();
                let mut other = estimate(version, &turned(&targets), &[turned(&decoys)]);
                other.reverse();
                prop_assert_eq!(found, other);
            }
        }
    }

    #[test]
    fn levels_are_rounded_as_python_does() {
        // round(0.105, 2) is 0.1 in Python (the number is a little below), round(0.115, 2) is 0.12, round(0.205, 2) 0.2.
        for (q_value, expected) in [
            (0.05, 0.05),
            (0.0549, 0.05),
            (0.055_01, 0.1),
            (0.105, 0.1),
            (0.115, 0.2),
            (0.205, 0.2),
            (0.51, 1.0),
        ] {
            assert!((level(Version::V3, q_value) - expected).abs() < 1e-12, "{q_value}");
        }
        assert!((level(Version::V1, 0.05) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn without_targets_or_decoys() {
        assert!(estimate(Version::V3, &[], &[vec![0.5]]).is_empty());
        assert!(estimate(Version::V1, &[0.5], &[])[0].fdr.abs() < 1e-12);
        assert!((estimate(Version::V3, &[0.5], &[vec![], vec![]])[0].fdr - 0.25).abs() < 1e-12);
    }
}
