//! Oracle: cpyMSpec (0.4.2, METASPACE's analysis version 3; or 0.3.5, its version 1) on molecules × adducts, and numpy's shuffle.
use std::{
    io::Write,
    process::{Command, Stdio},
};

use stage_isotopes::{CANDIDATES, Decoys, Engine, Formula, Model, Modifier, Resolution};

/// What `python3` prints for this program and input, if it has the modules.
fn python(program: &str, modules: &str, input: &str) -> Option<String> {
    let import = Command::new("python3")
        .args(["-c", &format!("import {modules}")])
        .output();
    if !import.is_ok_and(|output| output.status.success()) {
        assert!(
            std::env::var_os("TESSERA_REQUIRE_ORACLES").is_none(),
            "python3 has no {modules}"
        );
        eprintln!("skipped: python3 with {modules} is not installed");
        return None;
    }
    let mut child = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// For each ion its four highest peaks by m/z.
const PATTERNS: &str = "
import sys, cpyMSpec as c
old = 'fft_threshold' in c.isotopePattern.__code__.co_varnames
instrument, power = sys.stdin.readline().split()
for formula in sys.stdin.read().split():
    p = c.isotopePattern(formula)
    p.addCharge(1)
    if old:
        model = c.InstrumentModel('tof', p.masses[0] / (float(power) * 2.3548200450309493))
    else:
        model = c.InstrumentModel(instrument, float(power), at_mz=200)
    p = p.centroids(model)
    top = sorted(zip(p.intensities, p.masses), reverse=True)[:4]
    print(*sum(([repr(m), repr(100 * i)] for m, i in sorted((m, i) for i, m in top)), []))
";

/// A sample of what metabolites are like, from small to large, with rare elements.
const MOLECULES: [&str; 12] = [
    "CH4O",
    "C3H7NO2S",
    "C6H12O6",
    "C5H9NO4",
    "C10H16N5O13P3",
    "C8H8Cl2O3",
    "C27H46O",
    "C15H11I4NO4",
    "C41H80NO8P",
    "C63H88CoN14O14P",
    "C57H104O6",
    "C81H150O17P2",
];

fn ions() -> Vec<String> {
    let adducts = ["+H", "+Na", "+K", ""].into_iter().chain(CANDIDATES);
    let adducts: Vec<Modifier> = adducts.map(|adduct| adduct.parse().unwrap()).collect();
    let mut ions = Vec::new();
    for molecule in MOLECULES {
        let molecule: Formula = molecule.parse().unwrap();
        ions.extend(
            adducts
                .iter()
                .map(|adduct| adduct.apply(&molecule).unwrap().to_string()),
        );
    }
    ions
}

#[test]
fn patterns_agree_for_every_adduct() {
    let version = "import cpyMSpec as c; print('fft_threshold' in c.isotopePattern.__code__.co_varnames)";
    let Some(version) = python(version, "cpyMSpec", "") else {
        return;
    };
    let ions = ions();
    let models = if version.trim() == "True" {
        vec![
            ("width", 0.001_238, Resolution::WidthAtIon { sigma: 0.001_238 }),
            ("width", 0.000_693, Resolution::WidthAtIon { sigma: 0.000_693 }),
        ]
    } else {
        let model = |name: &'static str, power| (name, power, Resolution::at_200(name.parse().unwrap(), power));
        let orbitrap = [140_000.0, 70_000.0].map(|power| model("orbitrap", power));
        orbitrap
            .into_iter()
            .chain([model("fticr", 250_000.0), model("tof", 30_000.0)])
            .collect()
    };
    for (name, power, resolution) in models {
        let input = format!("{name} {power}\n{}\n", ions.join("\n"));
        let Some(output) = python(PATTERNS, "cpyMSpec", &input) else {
            return;
        };
        compare(&ions, resolution, output.lines());
    }
}

fn compare<'a>(ions: &[String], resolution: Resolution, lines: impl Iterator<Item = &'a str>) {
    let mut engine = Engine::new(Model { resolution, peaks: 4 }).unwrap();
    let (mut ppm, mut intensity, mut compared, mut ties) = (0.0_f64, 0.0_f64, 0, 0);
    for (ion, line) in ions.iter().zip(lines) {
        let numbers: Vec<f64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let ours = engine.pattern(&ion.parse().unwrap(), 1).unwrap();
        assert_eq!(ours.len(), numbers.len() / 2, "{ion}");
        let pairs = ours.iter().zip(numbers.chunks_exact(2));
        let ion_ppm = pairs
            .clone()
            .map(|(ours, theirs)| (ours.mz / theirs[0] - 1.0).abs() * 1e6)
            .fold(0.0, f64::max);
        for (ours, theirs) in pairs {
            intensity = intensity.max((ours.intensity - theirs[1]).abs());
        }
        compared += 1;
        // Where two grid points are equally high, the last bit decides which one is the maximum.
        if ion_ppm > 0.1 {
            ties += 1;
            eprintln!("{ion}: {ion_ppm:.3} ppm");
        } else {
            ppm = ppm.max(ion_ppm);
        }
    }
    eprintln!("{resolution:?}: {compared} ions, {ppm:.4} ppm, {intensity:.5} of 100, {ties} ties");
    assert_eq!(compared, ions.len());
    assert!(ppm <= 0.1 && intensity <= 0.1 && ties <= 1, "{ppm} {intensity} {ties}");
}

#[test]
fn decoys_are_shuffled_as_numpy_does() {
    let program = "
import numpy as np
for size in 80, 79:
    np.random.seed(42)
    for _ in range(300):
        c = list(range(size)); np.random.shuffle(c); print(*c[:20])
";
    let Some(output) = python(program, "numpy", "") else {
        return;
    };
    let mut lines = output.lines();
    for targets in [&[][..], &["+Ta"][..]] {
        let mut decoys = Decoys::new(targets.iter().copied(), 20);
        for _ in 0..300 {
            let place = |adduct: &str| CANDIDATES.iter().position(|&known| known == adduct).unwrap();
            let ours: Vec<String> = decoys
                .draw()
                .into_iter()
                .map(|adduct| place(adduct).to_string())
                .collect();
            assert_eq!(lines.next().unwrap(), ours.join(" "));
        }
    }
}
