//! Simulated scenes and their evaluation, through the command.
use std::{
    path::Path,
    process::{Command, Output},
};

fn tessera(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tessera"))
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn simulate(folder: &Path, more: &[&str]) -> Output {
    let out = folder.to_str().unwrap();
    let arguments = ["data", "simulate", "geospatial", "--out", out];
    tessera(&[&arguments, more].concat())
}

#[test]
fn scenes_are_made_and_results_compared_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let scene = [
        "--points", "20k", "--size", "256", "--tiles", "2", "--block", "128", "--json",
    ];
    let made = json(&simulate(folder.path(), &scene));
    assert_eq!(made["lidar"]["count"], 20_000);
    assert_eq!(made["imagery"]["tiles"].as_array().unwrap().len(), 2);
    let table = std::fs::read_to_string(folder.path().join("scenes.csv")).unwrap();
    assert_eq!(table.lines().count(), 3);
    for name in table.lines().skip(1).flat_map(|line| line.split(',').skip(1)) {
        assert!(folder.path().join(name).is_file(), "{name}");
    }

    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (change, loss, cloud) = (path("tile1_change.tif"), path("tile1_loss.tif"), path("points.laz"));
    let ndvi = [
        "data", "evaluate", "ndvi", &change, "--loss", &loss, "--change", &change,
    ];
    let found = json(&tessera(&[&ndvi[..], &["--threshold", "-0.28", "--json"]].concat()));
    assert_eq!(
        (&found["pixels"]["precision"], &found["pixels"]["recall"]),
        (&1.0.into(), &1.0.into())
    );
    assert_eq!(found["missing"], 0);
    let text = tessera(&ndvi);
    assert!(String::from_utf8_lossy(&text.stdout).contains("F1"));

    let found = json(&tessera(&["data", "evaluate", "lidar", &cloud, &cloud, "--json"]));
    assert_eq!((&found["equal"], &found["own"]), (&true.into(), &20_000.into()));
    // Twice the same tile is not the cloud: the run fails, but says what it found.
    let twice = tessera(&["data", "evaluate", "lidar", &cloud, &cloud, &cloud]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&twice.stdout).contains("NOT the points of the cloud"));
}

#[test]
fn wrong_usage_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for more in [
        &["--points", "0", "--tiles", "0"][..],
        &["--point-format", "4"],
        &["--points", "many"],
        &["--tiles", "0", "--density", "0"],
        &["--points", "0", "--block", "100"],
    ] {
        let said = simulate(folder.path(), more);
        assert_eq!(
            said.status.code(),
            Some(2),
            "{more:?}: {}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was written"
    );
    // Variants need no kind, but both files.
    assert_eq!(tessera(&["data", "evaluate"]).status.code(), Some(2));
    assert_eq!(
        tessera(&["data", "evaluate", "truth.vcf", "calls.vcf"]).status.code(),
        Some(2)
    );
    let missing = ["data", "evaluate", "no.vcf", "no.vcf", "--reference", "no.fa"];
    assert_eq!(tessera(&missing).status.code(), Some(1));
}
