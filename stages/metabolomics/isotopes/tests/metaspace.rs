//! Oracle: m/z and intensities that METASPACE computed for real data sets (`theo_mz`, `theo_ints`).
use std::{
    fs::File,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use stage_isotopes::{Database, Engine, Formula, Instrument, Model, Modifier, Resolution, read_database};

fn data(path: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let root = std::env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    let path = root.join("metabolomics").join(path);
    if !path.exists() {
        eprintln!("skipped: no {}; set TESSERA_TEST_DATA", path.display());
        return None;
    }
    Some(path)
}

/// `[746.5694  747.57275]`
fn numbers(text: &str) -> Vec<f64> {
    let inner = text.trim_matches(['[', ']']);
    inner.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn theoretical_patterns_are_reproduced() {
    let Some(path) = data("expected/metaspace_ml_metrics_part.csv.gz") else {
        return;
    };
    let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(File::open(path).unwrap()));
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let [formula, modifier, mz, intensity, analyser, power, polarity] = [
        "formula",
        "modifier",
        "theo_mz",
        "theo_ints",
        "analyzer",
        "resPower400",
        "polarity",
    ]
    .map(column);
    let (mut rows, mut worst_ppm, mut worst_intensity) = (0, 0.0_f64, 0.0_f64);
    for row in reader.records() {
        let row = row.unwrap();
        let instrument: Instrument = row[analyser].parse().unwrap();
        let power: f64 = row[power].parse().unwrap();
        let sigma = Resolution::metaspace_sigma(instrument, power, 400.0);
        // These were computed by analysis version 1.
        let resolution = Resolution::WidthAtIon { sigma };
        let molecule: Formula = row[formula].parse().unwrap();
        let ion = row[modifier].parse::<Modifier>().unwrap().apply(&molecule).unwrap();
        let charge = if &row[polarity] == "positive" { 1 } else { -1 };
        let peaks = Engine::new(Model { resolution, peaks: 4 })
            .unwrap()
            .pattern(&ion, charge)
            .unwrap();
        let (mzs, intensities) = (numbers(&row[mz]), numbers(&row[intensity]));
        let real = mzs.iter().filter(|&&mz| mz > 0.0).count();
        assert_eq!(peaks.len(), real, "{} {}", &row[formula], &row[modifier]);
        for ((peak, mz), intensity) in peaks.iter().zip(mzs).zip(intensities) {
            // They were written as 32-bit numbers: rounding alone is up to 0.06 ppm.
            let ppm = ((peak.mz - mz).abs() - f64::from((mz as f32).next_up() - mz as f32)).max(0.0) / mz * 1e6;
            worst_ppm = worst_ppm.max(ppm);
            worst_intensity = worst_intensity.max((peak.intensity - intensity).abs());
            assert!(ppm < 0.01, "{} {}: {peaks:?} {mz} {ppm}", &row[formula], &row[modifier]);
            assert!(
                (peak.intensity - intensity).abs() < 0.01,
                "{} {}: {peaks:?} {intensity}",
                &row[formula],
                &row[modifier]
            );
        }
        rows += 1;
    }
    eprintln!("{rows} ions, at most {worst_ppm:.4} ppm beyond rounding and {worst_intensity:.5} of 100 away");
    assert!(rows > 5000, "{rows}");
}

fn database(name: &str) -> Option<Database> {
    Some(read_database(File::open(data(&format!("db/{name}"))?).unwrap()).unwrap())
}

#[test]
fn real_databases_are_read() {
    // Formulas as `cut | sort -u` counts them.
    for (name, formulas) in [("mol_db1.csv", 11_592), ("moldb.csv", 3)] {
        let Some(database) = database(name) else { return };
        assert_eq!(
            (database.entries.len(), &database.rejected[..]),
            (formulas, &[][..]),
            "{name}"
        );
    }
    let Some(core) = database("CoreMetabolome-v3.csv") else {
        return;
    };
    let molecules: usize = core.entries.iter().map(|entry| entry.molecules.len()).sum();
    assert_eq!(
        (core.entries.len(), molecules, &core.rejected[..]),
        (2386, 11_360, &[][..])
    );
    let glucose = core.entries.iter().find(|entry| entry.formula == "C6H12O6").unwrap();
    assert!(glucose.molecules.len() > 5 && glucose.molecules.iter().all(|molecule| molecule.id.starts_with("HMDB")));
    let Some(empty) = database("db-empty-values.csv") else {
        return;
    };
    // Empty ids and names are no reason to leave a molecule out.
    assert_eq!((empty.entries.len(), &empty.rejected[..]), (3, &[][..]));
    assert_eq!(empty.entries[0].molecules[0].id, "");
    let Some(path) = data("db/formulae.txt") else { return };
    let error = read_database(File::open(path).unwrap()).unwrap_err();
    assert!(error.to_string().ends_with("the columns are: Ag"), "{error}");
}
