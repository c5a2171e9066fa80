//! Oracles: `gdal_calc.py` (GDAL 3.6.2 when written) and numpy in `f32`, on rasters that GDAL wrote.
#![expect(clippy::float_cmp, reason = "exact values")]
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use object_io::Store;
use plan::Uri;
use stage_ndvi::{Band, Date, Encoding, Scene};

mod common;
use common::{block_on, grid, run};

/// The Python that GDAL's bindings were installed for, and rasterio's.
const PYTHONS: [&str; 2] = ["/usr/bin/python3", "python3"];

/// Runs a Python program with whichever Python has its modules; `None`, with a message, if none has.
fn python(program: &str, args: &[&str]) -> Option<String> {
    let mut missing = String::new();
    for python in PYTHONS {
        let Ok(output) = Command::new(python).arg("-c").arg(program).args(args).output() else {
            continue;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains("ModuleNotFoundError") {
            missing = said;
            continue;
        }
        assert!(output.status.success(), "{said}");
        return Some(String::from_utf8(output.stdout).unwrap());
    }
    assert!(
        env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
        "{missing}"
    );
    eprintln!("skipped: no Python with the modules needed: {missing}");
    None
}

/// Two dates as GDAL writes them: types, blocks and compressions differ; a tie to the ground, nodata, and all values.
const MAKE: &str = r#"
import sys
import numpy as np
from osgeo import gdal, osr
gdal.UseExceptions()
folder, kind = sys.argv[1:3]
rng = np.random.default_rng(5)
height, width = 700, 1301
srs = osr.SpatialReference()
srs.ImportFromEPSG(32630)
for name, options in [("red", ["TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "COMPRESS=DEFLATE", "PREDICTOR=2"]),
                      ("nir", ["COMPRESS=LZW"]), ("red2", ["TILED=YES"]), ("nir2", ["TILED=YES", "COMPRESS=DEFLATE"])]:
    if kind == "float":
        pixels, code = rng.random((height, width)).astype("f4"), gdal.GDT_Float32
        options = [o for o in options if not o.startswith("PREDICTOR")]
        pixels[3:90, 5:300], nodata = -1, -1
        pixels[400:420, 700:800] = np.nan
    else:
        pixels, code = rng.integers(0, 65536, (height, width)).astype("u2"), gdal.GDT_UInt16
        pixels[100:300] = rng.integers(0, 9, (200, width))
        nodata = 0
    out = gdal.GetDriverByName("GTiff").Create(f"{folder}/{name}.tif", width, height, 1, code, options)
    out.SetGeoTransform([600000, 10, 0, 4600020, 0, -10])
    out.SetProjection(srs.ExportToWkt())
    out.GetRasterBand(1).SetNoDataValue(nodata)
    out.GetRasterBand(1).WriteArray(pixels)
"#;

/// Both dates in numpy, all steps in f32, and what is in our files. Prints the largest differences.
const COMPARE: &str = r#"
import sys
import numpy as np
from osgeo import gdal
gdal.UseExceptions()
folder, kind = sys.argv[1:3]
def read(name):
    raster = gdal.Open(f"{folder}/{name}.tif")
    band = raster.GetRasterBand(1)
    return band.ReadAsArray(), band.GetNoDataValue()
def index(red, nir):
    (r, rn), (n, nn) = read(red), read(nir)
    unknown = (r == rn) | (n == nn) | ~np.isfinite(r.astype("f4")) | ~np.isfinite(n.astype("f4"))
    r, n = r.astype("f4"), n.astype("f4")
    with np.errstate(all="ignore"):
        v = (n - r) / (n + r)
    v[unknown | (n + r == 0)] = -9999
    return v
first, second = index("red", "nir"), index("red2", "nir2")
change = np.where((first == -9999) | (second == -9999), np.float32(-9999), second - first)
for name, wanted in [("ndvi", first), ("ndvi2", second), ("difference", change)]:
    found, nodata = read(name)
    if found.dtype == np.int16:
        assert nodata == -32768
        assert ((found == -32768) == (wanted == -9999)).all()
        known = found != -32768
        # Half a step, and the rounding of the product in f32.
        assert np.abs(found[known].astype("f8") / 1e4 - wanted[known].astype("f8")).max() <= 0.501e-4, name
    else:
        assert nodata == -9999
        assert (found == wanted).all(), (name, np.abs(found - wanted).max())
print("equal")
"#;

fn scene(folder: &Path) -> Scene {
    let band = |name: &str| Band::from(Uri::from_path(folder.join(format!("{name}.tif"))));
    let date = |red, nir| Date {
        red: band(red),
        nir: band(nir),
        offset: 0.0,
        nodata: None,
    };
    Scene {
        name: "oracle".into(),
        first: date("red", "nir"),
        second: Some(date("red2", "nir2")),
    }
}

fn made(kind: &str) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    python(MAKE, &[folder.path().to_str().unwrap(), kind])?;
    Some(folder)
}

#[test]
fn whole_numbers_and_floats_are_what_numpy_computes() {
    for (kind, encoding) in [
        ("whole", Encoding::F32),
        ("float", Encoding::F32),
        ("whole", Encoding::I16),
    ] {
        let Some(folder) = made(kind) else { return };
        let out = Uri::from_path(folder.path());
        block_on(run(&Store::new(), scene(folder.path()), grid(2, 3), encoding, &out)).unwrap();
        assert_eq!(
            python(COMPARE, &[folder.path().to_str().unwrap(), kind])
                .unwrap()
                .trim(),
            "equal",
            "{kind}"
        );
    }
}

/// NDVI as a user of GDAL would compute it.
#[test]
fn ndvi_is_what_gdal_calc_computes() {
    let Some(folder) = made("whole") else { return };
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let out = Uri::from_path(folder.path());
    block_on(run(
        &Store::new(),
        scene(folder.path()),
        grid(1, 2),
        Encoding::F32,
        &out,
    ))
    .unwrap();
    let calc = "numpy.where((A == 0) | (B == 0), numpy.float32(-9999), (B.astype(numpy.float32) - A) / (B.astype(numpy.float32) + A))";
    let output = Command::new("gdal_calc.py")
        .args([
            "--quiet",
            "--type=Float32",
            "--NoDataValue=-9999",
            "--hideNoData",
            "--calc",
            calc,
            "-A",
        ])
        .arg(path("red.tif"))
        .arg("-B")
        .arg(path("nir.tif"))
        .arg(format!("--outfile={}", path("theirs.tif").display()))
        .output();
    let Ok(output) = output else {
        assert!(
            env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "gdal_calc.py is not installed"
        );
        eprintln!("skipped: gdal_calc.py is not installed");
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let raw = |name: &str| {
        let to = path(&format!("{name}.raw"));
        let done = Command::new("gdal_translate")
            .args(["-q", "-of", "ENVI"])
            .arg(path(&format!("{name}.tif")))
            .arg(&to)
            .status();
        assert!(done.unwrap().success());
        let bytes = fs::read(to).unwrap();
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect::<Vec<_>>()
    };
    let (theirs, ours) = (raw("theirs"), raw("ndvi"));
    assert_eq!(theirs.len(), ours.len());
    let known = ours.iter().filter(|value| **value != -9999.0).count();
    assert!(known > ours.len() / 2 && known < ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert!((theirs - ours).abs() <= 1e-7, "{theirs} {ours}");
    }
}
