//! Oracle: GDAL reads the same pixels, masks, nodata and transforms, of real rasters and of made ones.
mod common;

use std::{num::NonZero, path::Path};

use common::{Gdal, block_on, bytes_of, test_data};
use object_io::Store;
use partition_cog::{
    Area, Cog, Cut, Error, FormatError, Pixels, Window, WindowGrid, WindowScope, WindowSize, read, write_window,
};
use plan::{Partition, Uri};
use serde_json::{Value, json};

fn n(number: u64) -> NonZero<u64> {
    NonZero::new(number).unwrap()
}

/// Reads as a worker does that has seen nothing but the partition as JSON.
fn read_shipped(partition: &Partition<WindowScope>) -> Pixels {
    let shipped = serde_json::to_string(partition).unwrap();
    let received: Partition<WindowScope> = serde_json::from_str(&shipped).unwrap();
    assert_eq!(format!("{partition:?}"), format!("{received:?}"));
    block_on(read(&Store::new(), &received)).unwrap_or_else(|error| panic!("{error}: {}", cause(&error)))
}

fn cause(error: &Error) -> String {
    std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn question(path: &Path, level: usize, window: &Window) -> Value {
    let Window { rows, columns } = window;
    json!({"path": path, "level": level, "window": [rows.start, rows.end, columns.start, columns.end]})
}

fn same_number(text: &Value, ours: Option<f64>) -> bool {
    match (text.as_str(), ours) {
        (None, None) => true,
        (Some(text), Some(ours)) => {
            let theirs: f64 = text.parse().unwrap();
            theirs.to_bits() == ours.to_bits() || (theirs.is_nan() && ours.is_nan())
        }
        _ => false,
    }
}

/// Whether GDAL's answer is what we read.
fn compare(answer: &Value, partition: &Partition<WindowScope>, pixels: &Pixels, context: &str) {
    let scope = &partition.scope;
    assert!(answer["error"].is_null(), "{context}: {answer}");
    assert_eq!(answer["dtype"], json!(pixels.samples.sample_type().name()), "{context}");
    assert_eq!(answer["bands"], json!(pixels.bands), "{context}");
    assert_eq!(
        answer["pixels"],
        json!(crc32fast::hash(&bytes_of(pixels))),
        "{context}: pixels"
    );
    let mask = pixels.mask.as_ref().map(|mask| crc32fast::hash(mask));
    assert_eq!(answer["mask"], json!(mask), "{context}: mask");
    assert!(
        same_number(&answer["nodata"], scope.nodata),
        "{context}: nodata {:?}",
        scope.nodata
    );
    if let Some(ours) = scope.geo.transform {
        let theirs: Vec<f64> = serde_json::from_value(answer["transform"].clone()).unwrap();
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        assert!(theirs.iter().zip(&ours).all(close), "{context}: {theirs:?} {ours:?}");
    }
}

/// Compares every window of several cuts of a raster; gives the number of windows.
fn check(gdal: &mut Gdal, path: &Path) -> Option<usize> {
    let store = Store::new();
    let cog =
        block_on(Cog::open(&store, &Uri::from_path(path))).unwrap_or_else(|error| panic!("{error}: {}", cause(&error)));
    let mut windows = 0;
    for level in 0..cog.levels.len() {
        let layout = &cog.levels[level].image.layout;
        let (height, width) = (layout.height, layout.width);
        let cut = |size| Cut { level, ..Cut::of(size) };
        let grid = |rows, columns| {
            cut(WindowSize::Grid(WindowGrid {
                rows: n(rows),
                columns: n(columns),
            }))
        };
        let inner = Window::new(
            height / 3..height / 3 + height.div_ceil(2),
            width / 4..width / 4 + width.div_ceil(3),
        );
        let area = Cut {
            area: Some(Area::Pixels(inner)),
            ..grid(2, 2)
        };
        let cuts = if level == 0 {
            vec![grid(1, 1), grid(3, 2), cut(WindowSize::Bytes(n(200_000))), area]
        } else {
            vec![grid(2, 1)]
        };
        for cut in cuts {
            let plan = match block_on(cog.plan(&store, &cut)) {
                Ok(plan) => plan,
                Err(Error::Format {
                    source: FormatError::Unsupported { feature, .. },
                    ..
                }) => {
                    eprintln!("{}: {feature}", path.display());
                    return None;
                }
                Err(error) => panic!("{error}: {}", cause(&error)),
            };
            let all = plan.partitions.len();
            for partition in plan.partitions.iter().step_by(all.div_ceil(6)) {
                let pixels = read_shipped(partition);
                let window = &partition.scope.window;
                let context = format!("{} level {level} {window}", path.display());
                let answer = gdal.ask(&question(path, level, window));
                compare(&answer, partition, &pixels, &context);
                windows += 1;
            }
        }
    }
    // What is written of a window is what GDAL reads of it.
    let folder = tempfile::tempdir().unwrap();
    let plan = block_on(cog.plan(&store, &Cut::grid(n(2), n(2)))).unwrap();
    let partition = plan.partitions.last().unwrap();
    let pixels = read_shipped(partition);
    let scope = &partition.scope;
    let file = folder.path().join("window.tif");
    std::fs::write(&file, write_window(&pixels, &scope.geo, scope.nodata, &scope.look)).unwrap();
    let whole = Window::new(0..scope.window.height(), 0..scope.window.width());
    let answer = gdal.ask(&question(&file, 0, &whole));
    compare(
        &answer,
        partition,
        &pixels,
        &format!("window written of {}", path.display()),
    );
    let source = gdal.ask(&question(path, 0, &Window::new(0..1, 0..1)));
    let description = cog.describe();
    assert_eq!(source["levels"], json!(description.levels.len()), "{}", path.display());
    if let Some(code) = description.epsg {
        assert_eq!(source["epsg"], json!(code), "{}", path.display());
    }
    assert_eq!(answer["epsg"], source["epsg"], "{}: CRS", path.display());
    Some(windows)
}

#[test]
fn every_raster_of_the_test_data_reads_as_gdal_reads_it() {
    let Some(mut gdal) = Gdal::start() else { return };
    let mut rasters = 0;
    for path in test_data(&["raster", "biomass"]) {
        let text = path.to_string_lossy();
        if text.contains("broken") {
            continue;
        }
        rasters += usize::from(check(&mut gdal, &path).is_some());
    }
    eprintln!("{rasters} rasters compared");
}

/// One raster for each way to store pixels that GDAL can write and we can read.
fn profiles() -> Vec<(String, Value)> {
    let mut made = Vec::new();
    let mut add = |name: String, shape: [u32; 3], dtype: &str, profile: Value, more: Value| {
        let mut make = json!({"shape": shape, "dtype": dtype, "seed": made.len(), "profile": profile});
        make.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        made.push((name, make));
    };
    let tiled = |more: Value| {
        let mut profile = json!({"tiled": true, "blockxsize": 64, "blockysize": 48});
        profile
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        profile
    };
    let shape = |bands| [bands, 150, 170];
    for dtype in [
        "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64",
    ] {
        for codec in ["deflate", "lzw", "zstd"] {
            let predictors = if dtype.starts_with('f') { 1..=3 } else { 1..=2 };
            for predictor in predictors {
                let order = if predictor == 2 { "BIG" } else { "LITTLE" };
                let profile = json!({"compress": codec, "predictor": predictor, "ENDIANNESS": order, "nodata": 1});
                let bands = u32::from(dtype.ends_with('2')) * 2 + 1;
                let interleave = json!({"interleave": if codec == "lzw" { "band" } else { "pixel" }});
                let mut profile = tiled(profile);
                profile
                    .as_object_mut()
                    .unwrap()
                    .extend(interleave.as_object().unwrap().clone());
                add(
                    format!("{dtype}-{codec}-{predictor}"),
                    shape(bands),
                    dtype,
                    profile,
                    json!({}),
                );
            }
        }
        let big = json!({"ENDIANNESS": "BIG", "blockysize": 7});
        add(format!("{dtype}-strips-big"), shape(2), dtype, big, json!({}));
        let packed = json!({"compress": "packbits", "BIGTIFF": "YES", "blockysize": 11});
        add(format!("{dtype}-packbits"), shape(2), dtype, packed, json!({}));
    }
    let sparse = json!({"sparse": true});
    add(
        "sparse".into(),
        shape(1),
        "uint16",
        tiled(json!({"compress": "deflate", "SPARSE_OK": "TRUE", "nodata": 7})),
        sparse.clone(),
    );
    add(
        "sparse-0".into(),
        shape(2),
        "float32",
        tiled(json!({"SPARSE_OK": "TRUE"})),
        sparse,
    );
    add(
        "bits".into(),
        shape(1),
        "uint8",
        tiled(json!({"nbits": 1, "compress": "deflate"})),
        json!({}),
    );
    add(
        "bits-strips".into(),
        shape(3),
        "uint8",
        json!({"nbits": 1, "interleave": "pixel"}),
        json!({}),
    );
    for (bits, dtype) in [
        (2, "uint8"),
        (7, "uint8"),
        (12, "uint16"),
        (15, "uint16"),
        (21, "uint32"),
    ] {
        let packed = json!({"nbits": bits, "compress": "deflate", "interleave": "pixel", "ENDIANNESS": "BIG"});
        add(format!("bits-{bits}"), shape(3), dtype, tiled(packed), json!({}));
    }
    let masked = json!({"mask": true, "overviews": [2, 4]});
    add(
        "masked".into(),
        shape(3),
        "uint8",
        tiled(json!({"compress": "deflate", "photometric": "RGB"})),
        masked.clone(),
    );
    add(
        "masked-separate".into(),
        shape(3),
        "uint16",
        tiled(json!({"compress": "zstd", "interleave": "band"})),
        masked,
    );
    add(
        "many-bands".into(),
        shape(13),
        "int16",
        tiled(json!({"compress": "deflate", "predictor": 2})),
        json!({}),
    );
    add(
        "webp".into(),
        shape(3),
        "uint8",
        tiled(json!({"compress": "webp", "WEBP_LOSSLESS": "YES"})),
        json!({}),
    );
    add(
        "webp-alpha".into(),
        shape(4),
        "uint8",
        tiled(json!({"compress": "webp", "WEBP_LOSSLESS": "YES"})),
        json!({}),
    );
    let rotated = json!({"transform": [17.0, 5.0, 100.0, 10.0, -8.0, 200.0], "crs": "EPSG:32633"});
    add("rotated".into(), shape(1), "uint8", rotated, json!({}));
    made
}

#[test]
fn every_way_to_store_pixels_reads_as_gdal_reads_it() {
    let Some(mut gdal) = Gdal::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut windows = 0;
    for (name, mut make) in profiles() {
        let path = folder.path().join(format!("{name}.tif"));
        make["path"] = json!(path);
        let made = gdal.ask(&json!({ "make": make }));
        assert!(made["error"].is_null(), "{name}: {made}");
        windows += check(&mut gdal, &path).unwrap_or_else(|| panic!("{name} is not supported"));
    }
    assert!(windows > 400, "{windows}");
}

/// JPEG decoders differ in rounding and in how they spread chrominance; the standard lets them.
#[test]
fn jpeg_tiles_are_near_to_what_gdal_decodes() {
    let Some(mut gdal) = Gdal::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let kinds = [
        ("gray", 1, json!({}), 1),
        ("rgb", 3, json!({"photometric": "RGB"}), 1),
        ("ycbcr", 3, json!({"photometric": "YCBCR"}), 4),
        ("four", 4, json!({"photometric": "RGB"}), 1),
        ("separate", 3, json!({"interleave": "band"}), 1),
        ("masked", 3, json!({"photometric": "YCBCR"}), 4),
    ];
    for (name, bands, more, largest) in kinds {
        let path = folder.path().join(format!("{name}.tif"));
        let mut profile = json!({"compress": "jpeg", "JPEG_QUALITY": "80", "tiled": name != "four", "blockysize": 64});
        if name != "four" {
            profile["blockxsize"] = json!(64);
        }
        profile
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let make = json!({
            "path": path, "shape": [bands, 150, 170], "dtype": "uint8", "seed": 5, "profile": profile, "mask": name == "masked",
        });
        let made = gdal.ask(&json!({ "make": make }));
        assert!(made["error"].is_null(), "{name}: {made}");
        let cog = block_on(Cog::open(&store, &Uri::from_path(&path))).unwrap();
        for partition in &block_on(cog.plan(&store, &Cut::grid(n(2), n(1)))).unwrap().partitions {
            let pixels = read_shipped(partition);
            let mut question = question(&path, 0, &partition.scope.window);
            question["pixels_to"] = json!(folder.path().join("pixels"));
            let answer = gdal.ask(&question);
            let mask = pixels.mask.as_ref().map(|mask| crc32fast::hash(mask));
            assert_eq!(answer["mask"], json!(mask), "{name}");
            let theirs = std::fs::read(folder.path().join("pixels")).unwrap();
            let ours = bytes_of(&pixels);
            assert_eq!(theirs.len(), ours.len());
            let differences = theirs.iter().zip(&ours).map(|(a, b)| u64::from(a.abs_diff(*b)));
            let (most, sum) = differences.fold((0, 0), |(most, sum), one| (one.max(most), sum + one));
            let mean = sum as f64 / ours.len() as f64;
            eprintln!("JPEG {name}: differs by {mean:.3} on average, {most} at most");
            assert!(most <= largest && mean < 1.0, "{name}: {mean} {most}");
        }
    }
}
