//! Oracles: GDAL (3.6.2 when written) reads every pixel, finds nothing to say, and its validator and `rio cogeo` agree that
//! the file is a cloud-optimized GeoTIFF.
#![expect(clippy::float_cmp, reason = "nodata is one exact value")]
use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use geospatial_rasters::{Cell, Layout, Patch, assemble};
use object_io::Store;
use partition_cog::{GeoReference, Window};
use plan::Uri;

/// Runs a tool; `None`, with a message, if it is not installed.
fn tool(name: &str, args: &[&str]) -> Option<Output> {
    let output = Command::new(name).args(args).output().ok();
    let missing = |output: &Output| String::from_utf8_lossy(&output.stderr).contains("No module named");
    let output = output.filter(|output| !missing(output));
    if output.is_none() {
        let required = env::var_os("TESSERA_REQUIRE_ORACLES").is_some_and(|value| value == "1");
        assert!(!required, "{name} {args:?} is not installed");
        eprintln!("skipped: {name} {args:?} is not installed");
    }
    output
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn value(row: u64, column: u64) -> f64 {
    if row.abs_diff(column) < 9 || (row > 300 && column < 200) {
        return 99.0;
    }
    ((row as f64 / 31.0).sin() * 40.0 + (column as f64 / 17.0).cos() * 40.0 + 100.0).trunc()
}

/// Writes a raster from windows of unequal sizes.
fn write<T: Cell>(layout: &Layout, out: &Path, make: fn(f64) -> T) -> Vec<T> {
    let pixel = |row, column| make(value(row, column));
    let all = (0..layout.height).flat_map(|row| (0..layout.width).map(move |column| pixel(row, column)));
    let cut = |length: u64, at: u64| [0..at.min(length), at.min(length)..length];
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::new();
        let mut patches = Vec::new();
        for rows in cut(layout.height, 3 * layout.block) {
            for columns in cut(layout.width, layout.block) {
                if rows.is_empty() || columns.is_empty() {
                    continue;
                }
                let window = Window {
                    rows: rows.clone(),
                    columns,
                };
                let row = |row| window.columns.clone().map(move |column| pixel(row, column));
                let pixels: Vec<T> = rows.clone().flat_map(row).collect();
                let patch = Patch::encode(layout, &window, &pixels).unwrap();
                let uri: Uri = format!("mem://lab/{}", patches.len()).parse().unwrap();
                store.put(&uri, patch.bytes).await.unwrap();
                patches.push(uri);
            }
        }
        assemble(&store, layout, &patches, &Uri::from_path(out), 1400)
            .await
            .unwrap();
    });
    all.collect()
}

fn check<T: Cell>(height: u64, width: u64, block: u64, make: fn(f64) -> T) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.tif");
    let layout = Layout {
        height,
        width,
        block,
        sample: T::SAMPLE,
        nodata: Some(99.0),
        scale: Some(0.5),
        description: "waves <&>".into(),
        georeference: GeoReference {
            transform: Some([600_000.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]),
            keys: vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32630],
            ..GeoReference::default()
        },
    };
    let pixels = write(&layout, &file, make);
    let name = file.to_str().unwrap();
    let Some(info) = tool("gdalinfo", &["-json", name]) else {
        return;
    };
    let info: serde_json::Value = serde_json::from_str(&text(&info)).unwrap();
    assert_eq!(info["size"], serde_json::json!([width, height]));
    assert_eq!(info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"], "COG");
    assert!(
        info["coordinateSystem"]["wkt"]
            .as_str()
            .unwrap()
            .contains("UTM zone 30N")
    );
    assert_eq!(
        info["geoTransform"],
        serde_json::json!([600_000.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0])
    );
    let band = &info["bands"][0];
    assert_eq!(band["description"], "waves <&>");
    assert_eq!(band["noDataValue"], 99.0);
    assert_eq!(band["scale"], 0.5);
    let overviews = band["overviews"].as_array().map_or(0, Vec::len);
    assert_eq!(overviews + 1, layout.levels());
    // The statistics that stand in the file are those that GDAL computes.
    let said = |key: &str| band["metadata"][""][key].as_str().unwrap().parse::<f64>().unwrap();
    let copy = folder.path().join("copy.tif");
    let copied = tool("gdal_translate", &["-q", "-stats", name, copy.to_str().unwrap()]).unwrap();
    text(&copied);
    let computed = tool(
        "gdalinfo",
        &[
            "-json",
            "-stats",
            "--config",
            "GDAL_PAM_ENABLED",
            "NO",
            copy.to_str().unwrap(),
        ],
    )
    .unwrap();
    let computed: serde_json::Value = serde_json::from_str(&text(&computed)).unwrap();
    let computed = &computed["bands"][0];
    for (key, name) in [
        ("minimum", "MINIMUM"),
        ("maximum", "MAXIMUM"),
        ("mean", "MEAN"),
        ("stdDev", "STDDEV"),
    ] {
        let (ours, theirs) = (said(&format!("STATISTICS_{name}")), computed[key].as_f64().unwrap());
        assert!((ours - theirs).abs() < 1e-3, "{name}: {ours}, GDAL {theirs}");
    }
    let raw = folder.path().join("raw");
    text(&tool("gdal_translate", &["-q", "-of", "ENVI", name, raw.to_str().unwrap()]).unwrap());
    let mut wanted = Vec::new();
    T::put(&pixels, &mut wanted);
    assert!(fs::read(&raw).unwrap() == wanted, "pixels differ");
    let half = folder.path().join("half");
    if layout.levels() > 1 {
        // Decoding an overview whole finds every block of it.
        let args = [
            "-q",
            "-of",
            "ENVI",
            "-oo",
            "OVERVIEW_LEVEL=0",
            name,
            half.to_str().unwrap(),
        ];
        text(&tool("gdal_translate", &args).unwrap());
        let first: Vec<T> = [(0, 0), (0, 1), (1, 0), (1, 1)]
            .map(|(r, c)| pixels[r * width as usize + c])
            .to_vec();
        let mut mean = Vec::new();
        T::put(&[T::mean(first.try_into().unwrap(), T::exactly(99.0))], &mut mean);
        assert_eq!(fs::read(&half).unwrap()[..T::BYTES], mean);
    }
    if let Some(valid) = tool("rio", &["cogeo", "validate", "--strict", name]) {
        let said = String::from_utf8_lossy(&valid.stdout).into_owned();
        let small = height.max(width) <= 512;
        assert!(said.contains("is a valid cloud optimized GeoTIFF"), "{valid:?}");
        assert!(small || !said.contains("warning"), "{said}");
    }
    let module = "osgeo_utils.samples.validate_cloud_optimized_geotiff";
    if let Some(valid) = tool("/usr/bin/python3", &["-m", module, "--full-check=yes", name]) {
        let said = text(&valid);
        assert!(said.contains("is a valid cloud optimized GeoTIFF"), "{said}");
        assert!(!said.contains("warning"), "{said}");
    }
}

#[test]
fn floats() {
    check::<f32>(1700, 1233, 512, |v| if v == 99.0 { 99.0 } else { v as f32 / 3.0 });
}

#[test]
fn whole_numbers() {
    check::<i16>(700, 601, 256, |v| v as i16 - if v == 99.0 { 0 } else { 300 });
    check::<u16>(512, 513, 512, |v| v as u16);
    check::<u8>(90, 1400, 128, |v| v as u8);
}

#[test]
fn one_pixel_and_one_block() {
    check::<f32>(1, 1, 512, |v| v as f32 + 1.0);
    check::<i16>(512, 512, 512, |v| v as i16);
}
