//! Oracle: rates and levels that METASPACE published for its spheroid dataset (versions 1 and 3).
//!
//! The tables hold the scores of targets only. How many decoys lie between them follows from the rates; that these are whole numbers,
//! and that all rates come out of them again, is what is tested.
use std::path::{Path, PathBuf};

use stage_fdr::{LEVELS, Version, estimate};

/// An adduct with scores and rates of its targets, highest score first.
type Group = (String, Vec<(f64, f64)>);

fn spheroid(name: &str) -> Option<Vec<Group>> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let root = std::env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    let path = root.join("metabolomics/expected").join(name);
    if !path.exists() {
        eprintln!("skipped: no {}; set TESSERA_TEST_DATA", path.display());
        return None;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let [adduct, msm, fdr] =
        ["adduct", "msm", "fdr"].map(|name| header.iter().position(|column| column == name).unwrap());
    let mut groups: Vec<Group> = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        let pair = (row[msm].parse().unwrap(), row[fdr].parse().unwrap());
        match groups.iter_mut().find(|group| group.0 == row[adduct]) {
            Some(group) => group.1.push(pair),
            None => groups.push((row[adduct].to_owned(), vec![pair])),
        }
    }
    for group in &mut groups {
        group.1.sort_by(|a, b| b.0.total_cmp(&a.0));
    }
    Some(groups)
}

/// Ranks (from 1) at which a run of equal rates ends, with the rate.
fn runs(targets: &[(f64, f64)]) -> Vec<(usize, f64)> {
    let ends = (0..targets.len()).filter(|&at| targets.get(at + 1).is_none_or(|next| next.1 > targets[at].1));
    ends.map(|at| (at + 1, targets[at].1)).collect()
}

#[test]
fn rates_of_version_3() {
    const DRAWS: f64 = 20.0;
    let Some(groups) = spheroid("spheroid-cm3-v3.csv") else {
        return;
    };
    let mut compared = 0;
    for (adduct, targets) in &groups {
        // At the end of a run: fdr = (decoys + 1) / 20 / (rank + 1).
        let (mut decoys, mut start) = (Vec::new(), 0);
        for (rank, fdr) in runs(targets) {
            let above = fdr * DRAWS * (rank as f64 + 1.0) - 1.0;
            // The rates have six digits.
            let error = 0.51e-6 * DRAWS * (rank as f64 + 1.0);
            assert!(
                (above - above.round()).abs() < error,
                "{adduct}, rank {rank}: {above} decoys"
            );
            assert!(above.round() as usize >= decoys.len(), "{adduct}, rank {rank}");
            decoys.resize(above.round() as usize, targets[start].0);
            start = rank;
        }
        let draws: Vec<Vec<f64>> = (0..20)
            .map(|draw| decoys.iter().copied().skip(draw).step_by(20).collect())
            .collect();
        let scores: Vec<f64> = targets.iter().map(|target| target.0).collect();
        for (found, &(msm, fdr)) in estimate(Version::V3, &scores, &draws).iter().zip(targets) {
            assert!(
                (found.q_value - fdr).abs() < 1e-6,
                "{adduct} {msm}: {} {fdr}",
                found.q_value
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 612);
}

#[test]
fn levels_of_version_1() {
    let Some(groups) = spheroid("spheroid-cm3-v1.csv") else {
        return;
    };
    let mut compared = 0;
    for (adduct, targets) in &groups {
        // As few decoys as keep the targets of a level from reaching the one below it.
        let (mut decoys, mut start) = (Vec::new(), 0);
        for (rank, level) in runs(targets) {
            let below = LEVELS.into_iter().filter(|&other| other < level).fold(0.0, f64::max);
            for (at, target) in targets.iter().enumerate().take(rank).skip(start) {
                let least = (below * (at as f64 + 1.0)).ceil() as usize;
                decoys.resize(least.max(decoys.len()), target.0);
            }
            assert!(
                (decoys.len() as f64) / (rank as f64) < level,
                "{adduct}: nothing can reach {level} at rank {rank}"
            );
            start = rank;
        }
        let scores: Vec<f64> = targets.iter().map(|target| target.0).collect();
        for (found, &(msm, level)) in estimate(Version::V1, &scores, &vec![decoys; 20]).iter().zip(targets) {
            assert!((found.level - level).abs() < 1e-12, "{adduct} {msm}: {found:?} {level}");
            compared += 1;
        }
    }
    assert_eq!(compared, 603);
}
