//! Products to rasters to vegetation indexes: the two pipelines one after the other.
use std::{fs, path::Path};

use object_io::Store;
use pipelines::{Engine, Error, Finished, Options, Runs, sentinel2_cog};
use plan::Uri;
use sentinel2_cog::{Band, Nodata, Spec};

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

const L2A: &str = "S2B_MSIL2A_20230619T105629_N0509_R094_T30TYN_20230619T135200.SAFE";
/// A product with one image for both bands.
fn product(lab: &Path, name: &str, image: &[u8]) -> Uri {
    let (level, folder, end) = if name == L2A {
        ("2A", "R10m/", "_10m")
    } else {
        ("1C", "", "")
    };
    let safe = lab.join(name);
    let images = safe.join(format!("GRANULE/x/IMG_DATA/{folder}"));
    fs::create_dir_all(&images).unwrap();
    for band in ["B04", "B08"] {
        fs::write(images.join(format!("T30TYN_20200604T105031_{band}{end}.jp2")), image).unwrap();
    }
    fs::write(safe.join(format!("MTD_MSIL{level}.xml")), metadata(level)).unwrap();
    Uri::from_path(safe)
}

fn metadata(level: &str) -> String {
    let (baseline, prefix) = if level == "2A" {
        ("05.09", "BOA_")
    } else {
        ("02.14", "")
    };
    let offset = |band: u8| format!("<BOA_ADD_OFFSET band_id=\"{band}\">-1000</BOA_ADD_OFFSET>");
    format!(
        "<a><PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE><{prefix}QUANTIFICATION_VALUE>10000</{prefix}QUANTIFICATION_VALUE>\
         {}{}</a>",
        offset(3),
        offset(7)
    )
}

fn spec(products: Vec<Uri>, files: Vec<Uri>) -> Spec {
    Spec {
        products,
        files,
        bands: Band::vegetation(),
        block: 128,
        nodata: Nodata::default(),
        l2a_command: None,
    }
}

async fn finish(spec: &Spec, lab: &Path) -> Result<Finished, Error> {
    let (store, pipeline) = (Store::new(), sentinel2_cog::pipeline());
    let out = Uri::from_path(lab.join("out"));
    let created = Runs::new(store, &out).create(&pipeline, spec, vec![]).await?;
    created.send_to(&out).await?;
    Engine::new(pipeline, created, Options::default()).run().await
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!("\n{cause}"));
        next = cause.source();
    }
    text
}

#[test]
fn two_files_of_one_name_are_refused_before_anything_is_converted() {
    let lab = tempfile::tempdir().unwrap();
    let files = ["a/x.jp2", "b/x.jp2"].map(|name| Uri::from_path(lab.path().join(name)));
    let error = run(finish(&spec(vec![], files.into()), lab.path())).err().unwrap();
    assert!(causes(&error).contains("would both become x.tif"), "{}", causes(&error));
}

#[cfg(not(feature = "gdal"))]
#[test]
fn without_gdal_the_run_fails_and_says_what_to_do() {
    let lab = tempfile::tempdir().unwrap();
    let product = product(lab.path(), L2A, b"no image");
    let error = run(finish(&spec(vec![product], vec![]), lab.path())).err().unwrap();
    assert!(
        !sentinel2_cog::HAS_GDAL && causes(&error).contains("--features gdal"),
        "{}",
        causes(&error)
    );
}

#[cfg(feature = "gdal")]
mod with_gdal {
    use std::{os::unix::fs::PermissionsExt, process::Command};

    use pipelines::ndvi;
    use sentinel2_cog::Level;

    use super::*;

    const L1C: &str = "S2A_MSIL1C_20200604T105031_N0214_R094_T30TYN_20200604T135049.SAFE";

    /// A stand-in for Sen2Cor: a program that copies a product of level 2A beside its input.
    fn command(lab: &Path, made: &Uri) -> String {
        let path = lab.join("L2A_Process");
        let text = format!(
            "#!/bin/sh\ncp -r '{made}' \"$(dirname \"$1\")/{}\"\n",
            L2A.replace("2023", "2020")
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{} {{safe}}", path.display())
    }

    /// A JPEG 2000 image of 300 x 300 pixels of 3000, made by GDAL's own program; none where it is missing.
    fn image(lab: &Path) -> Option<Vec<u8>> {
        let (plain, jp2) = (lab.join("plain.img"), lab.join("image.jp2"));
        fs::write(&plain, 3000u16.to_le_bytes().repeat(300 * 300)).unwrap();
        let header = "ENVI\nsamples = 300\nlines = 300\nbands = 1\ndata type = 12\ninterleave = bsq\nbyte order = 0\n";
        fs::write(lab.join("plain.hdr"), header).unwrap();
        let options = "-q -of JP2OpenJPEG -co QUALITY=100 -co REVERSIBLE=YES -a_srs EPSG:32630 -a_ullr 600000 4800000 603000 4797000";
        let done = Command::new("gdal_translate")
            .args(options.split(' '))
            .arg(&plain)
            .arg(&jp2)
            .status();
        if done.is_ok_and(|done| done.success()) {
            return Some(fs::read(jp2).unwrap());
        }
        assert!(
            std::env::var_os("TESSERA_REQUIRE_ORACLES").is_none(),
            "gdal_translate is missing"
        );
        eprintln!("skipped: gdal_translate is missing");
        None
    }

    #[test]
    fn level_1c_is_converted_and_told_unless_there_is_a_command() {
        let lab = tempfile::tempdir().unwrap();
        let Some(image) = image(lab.path()) else { return };
        let old = product(lab.path(), L1C, &image);
        let done = run(finish(&spec(vec![old.clone()], vec![]), lab.path())).unwrap();
        let summary = sentinel2_cog::summary(&done).unwrap();
        assert_eq!(summary.products[0].level, Level::L1C);
        assert!(summary.notes[0].contains("not corrected"), "{:?}", summary.notes);
        let report = fs::read_to_string(lab.path().join("out/report.html")).unwrap();
        assert!(report.contains("not corrected to that at the ground"));

        let stand_in = product(&lab.path().join("made"), L2A, &image);
        let spec = Spec {
            l2a_command: Some(command(lab.path(), &stand_in)),
            ..spec(vec![old], vec![])
        };
        let done = run(finish(&spec, lab.path())).unwrap();
        let summary = sentinel2_cog::summary(&done).unwrap();
        assert_eq!((summary.products[0].level, summary.notes.len()), (Level::L2A, 0));
        assert!(lab.path().join("out/T30TYN_20200619T105629_L2A_B08.tif").is_file());
    }

    #[test]
    fn the_table_of_scenes_is_what_ndvi_takes() {
        let lab = tempfile::tempdir().unwrap();
        let Some(image) = image(lab.path()) else { return };
        let products = vec![product(lab.path(), L2A, &image)];
        let file = Uri::from_path(lab.path().join("image.jp2"));
        let done = run(finish(&spec(products, vec![file]), lab.path())).unwrap();
        let summary = sentinel2_cog::summary(&done).unwrap();
        let files: Vec<&str> = summary.made.iter().map(|made| made.file.as_str()).collect();
        let expected = [
            "T30TYN_20230619T105629_L2A_B04.tif",
            "T30TYN_20230619T105629_L2A_B08.tif",
            "image.tif",
        ];
        assert_eq!(files, expected);
        let out = lab.path().join("out");
        let table = fs::read_to_string(out.join("scenes.csv")).unwrap();
        let (_, row) = table.trim().split_once('\n').unwrap();
        let [name, red, nir, "", "", "-1000", ""] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };

        let band = |file: &str| Uri::from_path(out.join(file)).into();
        let scene = ndvi::Scene {
            name: name.to_owned(),
            first: ndvi::Date {
                red: band(red),
                nir: band(nir),
                offset: -1000.0,
                nodata: None,
            },
            second: None,
        };
        let spec = ndvi::Spec {
            scenes: vec![scene],
            windows: ndvi::Spec::WINDOWS,
            encoding: ndvi::Encoding::F32,
            threshold: 0.2,
            only: Vec::new(),
        };
        spec.check().unwrap();
        let statistics = run(async {
            let (store, pipeline) = (Store::new(), ndvi::pipeline());
            let runs = Runs::new(store, &Uri::from_path(lab.path().join("ndvi")));
            let created = runs.create(&pipeline, &spec, vec![]).await.unwrap();
            let done = Engine::new(pipeline, created, Options::default()).run().await.unwrap();
            ndvi::summary(&done).unwrap().made[0].row.statistics.clone()
        });
        assert_eq!((statistics.valid, statistics.mean), (300 * 300, 0.0));
    }
}
