//! Golden values: `FDR.estimate_fdr` of METASPACE's engine (commit fd965c1, pandas 1.5.3, numpy 1.26) on made-up scores with ties:
//! 40 formulas with adduct +H and 20 decoys each, scores above 0 only.
use stage_fdr::{Version, estimate};

/// METASPACE's `fdr` of targets 1 to 39 in version 1; target 0 scores 0.
#[rustfmt::skip]
const V1: [f64; 39] = [
    0.05, 0.2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.05, 0.2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.05, 0.2, 0.5, 0.5,
    0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.05, 0.05, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
];

/// The same in version 3.
#[rustfmt::skip]
const V3: [f64; 39] = [
    0.01, 0.161_111_111, 0.234_615_385, 0.276_470_588, 0.314_285_714, 0.352, 0.377_586_207, 0.416_666_667, 0.467_567_568,
    0.586_25, 0.01, 0.15, 0.229_166_667, 0.276_470_588, 0.302_5, 0.341_666_667, 0.369_642_857, 0.401_562_5, 0.45,
    0.544_871_795, 0.01, 0.128_571_429, 0.209_090_909, 0.26, 0.302_5, 0.332_608_696, 0.362_962_963, 0.395_161_29,
    0.438_571_429, 0.514_473_684, 0.01, 0.058_333_333, 0.2, 0.26, 0.291_666_667, 0.322_727_273, 0.357_692_308, 0.385,
    0.427_941_176,
];

/// Score of decoy `draw` of a target.
fn decoy(target: u32, draw: u32) -> f64 {
    let share = f64::from((target * 53 + draw * 29) % 97) / 97.0;
    let score = if (target + draw).is_multiple_of(3) {
        0.0
    } else {
        share * share * 0.9
    };
    (score * 41.0).round() / 41.0
}

#[test]
fn made_up_scores() {
    let targets: Vec<f64> = (1..40).map(|target| f64::from(target * 37 % 41) / 41.0).collect();
    let draw = |draw| {
        (0..40)
            .map(|target| decoy(target, draw))
            .filter(|&score| score > 0.0)
            .collect()
    };
    let decoys: Vec<Vec<f64>> = (0..20).map(draw).collect();
    for (found, expected) in estimate(Version::V1, &targets, &decoys).iter().zip(V1) {
        assert!((found.level - expected).abs() < 1e-12, "{found:?} {expected}");
    }
    for (found, expected) in estimate(Version::V3, &targets, &decoys).iter().zip(V3) {
        assert!((found.q_value - expected).abs() < 1e-9, "{found:?} {expected}");
    }
}
