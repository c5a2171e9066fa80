//! NDVI through the command: the change is that of the truth, and the rasters are the same for every cut and store.
use std::{fs, path::Path, process::Command};

use s3_server::{Fault, Rule, Server};

const TESSERA: &str = env!("CARGO_BIN_EXE_tessera");

/// Two tiles of 1100 x 1100 pixels at two dates; the second stores reflectance + 1000.
const SIMULATE: [&str; 12] = [
    "data",
    "simulate",
    "geospatial",
    "--points",
    "0",
    "--size",
    "1100",
    "--tiles",
    "2",
    "--offset2",
    "1000",
    "--out",
];

const FILES: [&str; 6] = [
    "ndvi.tif",
    "ndvi2.tif",
    "difference.tif",
    "ndvi.png",
    "ndvi2.png",
    "difference.png",
];

fn tessera(arguments: &[&str]) -> Command {
    let mut command = Command::new(TESSERA);
    command.args(arguments);
    command
}

fn succeed(mut command: Command) -> String {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

fn path(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

/// The command that computes all tiles of `data` in these windows.
fn run(data: &str, out: &str, windows: &str) -> Command {
    let scenes = format!("{data}/scenes.csv");
    // The second date's offset; the first has none.
    tessera(&[
        "run",
        "ndvi",
        "--scenes",
        &scenes,
        "--offset2",
        "-1000",
        "--windows",
        windows,
        "--out",
        out,
    ])
}

#[test]
fn losses_are_the_truth_and_rasters_do_not_depend_on_the_windows() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    let mut simulate = tessera(&SIMULATE);
    simulate.arg(&data);
    succeed(simulate);
    let (whole, cut) = (at("whole"), at("cut"));
    let said = succeed(run(path(&data), path(&whole), "1x1"));
    assert!(said.contains("difference") && said.contains("tile2"), "{said}");
    succeed(run(path(&data), path(&cut), "3x2"));
    for tile in ["tile1", "tile2"] {
        for file in FILES {
            let name = format!("{tile}/{file}");
            let [one, other] = [&whole, &cut].map(|out| fs::read(out.join(&name)).unwrap());
            assert!(one == other, "{name} depends on the windows");
        }
        let evaluated = succeed(tessera(&[
            "data",
            "evaluate",
            "ndvi",
            path(&whole.join(tile).join("difference.tif")),
            "--loss",
            path(&data.join(format!("{tile}_loss.tif"))),
            "--change",
            path(&data.join(format!("{tile}_change.tif"))),
            "--json",
        ]));
        let found: serde_json::Value = serde_json::from_str(&evaluated).unwrap();
        assert!(found["pixels"]["f1"].as_f64().unwrap() > 0.95, "{found:#}");
        assert!(found["mean_error"].as_f64().unwrap() < 0.05, "{found:#}");
    }
    assert_eq!(
        fs::read(whole.join("summary.parquet")).unwrap(),
        fs::read(cut.join("summary.parquet")).unwrap()
    );
    let report = fs::read_to_string(whole.join("report.html")).unwrap();
    assert!(report.contains("data:image/png") && report.contains("ndvi-window"));
    succeed(tessera(&["plan", "ndvi", "--scenes", path(&data.join("scenes.csv"))]));
}

#[test]
fn rasters_from_s3_with_bad_moments_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let server = Server::start();
    server.create_bucket("lab");
    let on_s3 = |mut command: Command| {
        command.envs(server.environment());
        succeed(command)
    };
    let mut simulate = tessera(&SIMULATE);
    simulate.arg(at("data"));
    succeed(simulate);
    let mut simulate = tessera(&SIMULATE);
    simulate.arg("s3://lab/data");
    on_s3(simulate);
    let local = at("local");
    let mut command = run(path(&at("data")), path(&local), "2x2");
    command.args(["--as", "i16"]);
    succeed(command);
    server.inject(Rule::new(Fault::Answer(503, "SlowDown")).every(9).times(12));
    server.inject(Rule::new(Fault::Truncate(3000)).every(11).times(8));
    let mixed = at("mixed");
    let mut command = run("s3://lab/data", path(&mixed), "3x3");
    command.args(["--as", "i16", "--store", "s3://lab/work"]);
    on_s3(command);
    assert!(server.heal() > 0);
    assert_eq!(server.open_uploads(), 0);
    for tile in ["tile1", "tile2"] {
        for file in FILES {
            let name = format!("{tile}/{file}");
            let [one, other] = [&local, &mixed].map(|out| fs::read(out.join(&name)).unwrap());
            assert!(one == other, "{name} depends on the store");
        }
    }
}

#[test]
fn bands_that_do_not_fit_are_refused_with_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (size, name) in [("600", "small"), ("700", "large")] {
        let mut simulate = tessera(&[
            "data",
            "simulate",
            "geospatial",
            "--points",
            "0",
            "--tiles",
            "1",
            "--size",
            size,
        ]);
        simulate.arg("--out").arg(at(name));
        succeed(simulate);
    }
    let refused = |red: &Path, nir: &Path| {
        let out = at("out");
        let done = tessera(&[
            "run",
            "ndvi",
            "--red",
            path(red),
            "--nir",
            path(nir),
            "--out",
            path(&out),
        ])
        .output()
        .unwrap();
        assert_eq!(done.status.code(), Some(1));
        assert!(!out.join("ndvi.tif").exists());
        String::from_utf8(done.stderr).unwrap()
    };
    let (red, nir) = (at("small").join("tile1_red.tif"), at("large").join("tile1_nir.tif"));
    let said = refused(&red, &nir);
    assert!(said.contains("600") && said.contains("700"), "{said}");
    let text = at("text.tif");
    fs::write(&text, "no raster").unwrap();
    let said = refused(&red, &text);
    assert!(said.contains("text.tif"), "{said}");
    let said = refused(&red, &at("absent.tif"));
    assert!(said.contains("absent.tif: no such object"), "{said}");
}
