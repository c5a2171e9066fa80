//! Oracles: laspy 2.6 with lazrs, rasterio 1.4 (GDAL 3.10), rio-cogeo 5.4 when written.
use std::{env, path::Path, process::Command};

use object_io::Store;
use plan::Uri;
use simulate::{
    geospatial::{Imagery, Lidar, PointFormat},
    scenes,
};

/// Runs Python after the imports; `None` if a module is missing.
fn python(modules: &str, script: &str, arguments: &[&str]) -> Option<String> {
    let imports = Command::new("python3")
        .args(["-c", &format!("import {modules}")])
        .output();
    if !imports.is_ok_and(|output| output.status.success()) {
        assert!(
            env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "python3 with {modules} is not installed"
        );
        eprintln!("skipped: python3 with {modules} not installed");
        return None;
    }
    let script = format!("import sys, {modules}\n{script}");
    let output = Command::new("python3")
        .args(["-c", &script])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn simulated(folder: &Path, lidar: Option<Lidar>, imagery: Option<Imagery>) -> scenes::Response {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let request = scenes::Request {
        lidar,
        imagery,
        out: Uri::from_path(folder),
    };
    runtime.block_on(scenes::run(&Store::new(), request)).unwrap()
}

#[test]
fn laspy_reads_counts_classes_and_bounds() {
    for (format, compressed) in [
        (PointFormat::Six, true),
        (PointFormat::Six, false),
        (PointFormat::Three, true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let params = Lidar {
            points: 120_000,
            format,
            compressed,
            ..Lidar::default()
        };
        let made = simulated(folder.path(), Some(params), None).lidar.unwrap();
        let script = "
las = laspy.read(sys.argv[1])
head = las.header
assert head.point_count == len(las.points) == 120000
assert (numpy.diff(las.gps_time) >= 0).all() and head.global_encoding.gps_time_type == 1
for axis, (low, high) in zip((las.x, las.y, las.z), zip(head.mins, head.maxs)):
    assert abs(axis.min() - low) < 1e-6 and abs(axis.max() - high) < 1e-6
by_return = numpy.bincount(numpy.asarray(las.return_number), minlength=16)[1:]
assert list(by_return[:5]) == list(head.number_of_points_by_return[:5]), (by_return, head.number_of_points_by_return)
assert (numpy.asarray(las.return_number) <= numpy.asarray(las.number_of_returns)).all()
assert abs(numpy.asarray(las.scan_angle if head.point_format.id == 6 else las.scan_angle_rank)).max() > 4
keys = {(vlr.user_id, vlr.record_id): vlr for vlr in head.vlrs}
if head.point_format.id == 6:
    assert head.global_encoding.wkt
    assert rasterio.crs.CRS.from_wkt(keys['LASF_Projection', 2112].string).to_epsg() == 25830
    assert numpy.asarray(las.overlap).any() and not numpy.asarray(las.withheld).any()
else:
    geo = {key.id: key.value_offset for key in keys['LASF_Projection', 34735].geo_keys}
    assert geo[3072] == 25830 and las.red.max() > 0
values, counts = numpy.unique(numpy.asarray(las.classification), return_counts=True)
print(head.point_format.id, *(f'{value}:{count}' for value, count in zip(values, counts)))
";
        let Some(said) = python("laspy, lazrs, numpy, rasterio", script, &[&made.points.to_string()]) else {
            return;
        };
        let classes = made.classes.iter().map(|(class, count)| format!(" {class}:{count}"));
        assert_eq!(
            said.trim_end(),
            format!("{}{}", format.number(), classes.collect::<String>())
        );
    }
}

#[test]
fn rasters_are_cogs_that_gdal_reads() {
    let folder = tempfile::tempdir().unwrap();
    let lidar = Lidar {
        points: 40_000,
        density: 0.1,
        ..Lidar::default()
    };
    let imagery = Imagery {
        size: 700,
        block: 256,
        tiles: 3,
        ..Imagery::default()
    };
    let made = simulated(folder.path(), Some(lidar), Some(imagery));
    let images = made.imagery.unwrap();
    let tile = &images.tiles[1];
    let script = "
from rio_cogeo.cogeo import cog_validate
def check(path, dtype, nodata, epsg, corner, pixel, size, block, levels):
    valid, errors, warnings = cog_validate(path, strict=True)
    assert valid and not errors and not warnings, (path, errors, warnings)
    with rasterio.open(path) as src:
        assert (src.width, src.height, src.dtypes[0], src.nodata) == (size, size, dtype, nodata), src.profile
        assert src.crs.to_epsg() == epsg and src.block_shapes == [(block, block)], src.profile
        assert src.compression.value == 'DEFLATE' and src.overviews(1) == levels, src.overviews(1)
        assert (src.transform.c, src.transform.f, src.transform.a, src.transform.e) == (*corner, pixel, -pixel)
        return src.read(1), src.scales[0]
folder = sys.argv[1]
east = (499980 + 7000, 4600020)
red, _ = check(folder + '/tile2_red.tif', 'uint16', 0, 32630, east, 10, 700, 256, [2, 4])
nir, _ = check(folder + '/tile2_nir.tif', 'uint16', 0, 32630, east, 10, 700, 256, [2, 4])
red2, _ = check(folder + '/tile2_red2.tif', 'uint16', 0, 32630, east, 10, 700, 256, [2, 4])
nir2, _ = check(folder + '/tile2_nir2.tif', 'uint16', 0, 32630, east, 10, 700, 256, [2, 4])
loss, _ = check(folder + '/tile2_loss.tif', 'uint8', 255, 32630, east, 10, 700, 256, [2, 4])
change, scale = check(folder + '/tile2_change.tif', 'int16', -32768, 32630, east, 10, 700, 256, [2, 4])
assert scale == 1e-4
def ndvi(red, nir):
    red, nir = red.astype(float), nir.astype(float)
    return (nir - red) / (nir + red)
known = change != -32768
error = ndvi(red2, nir2)[known] - ndvi(red, nir)[known] - change[known] * scale
assert abs(error).mean() < 0.015 and abs(error.mean()) < 0.002, (abs(error).mean(), error.mean())
# An overview is the mean of valid pixels, rounded.
with rasterio.open(folder + '/tile2_red.tif', overview_level=0) as half:
    four = red.reshape(350, 2, 350, 2).astype(float)
    seen = (four > 0).sum(axis=(1, 3))
    mean = numpy.where(seen > 0, four.sum(axis=(1, 3)) / numpy.maximum(seen, 1), 0)
    assert abs(half.read(1) - mean).max() <= 0.5
side = int(numpy.ceil((40000 / 0.1) ** 0.5))
ground, _ = check(folder + '/ground.tif', 'float32', None, 25830, (664000, 4206000 + side), 1, side, 512, [2])
assert 400 < ground.min() < ground.max() < 900
import json
features = json.load(open(folder + '/losses.geojson'))['features']
for feature in features:
    ring = feature['geometry']['coordinates'][0]
    assert ring[0] == ring[-1] and feature['properties']['cause'] in ('clear-cut', 'burn')
    area = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:]))
    assert area > 0, 'outer rings are anticlockwise'
print(len(features), int((loss == 1).sum() + (loss == 2).sum()))
";
    let path = folder.path().to_str().unwrap();
    let Some(said) = python("numpy, rasterio, rio_cogeo", script, &[path]) else {
        return;
    };
    let (polygons, lost) = said.trim().split_once(' ').unwrap();
    assert_eq!(polygons.parse(), Ok(images.polygons));
    let lost: u64 = lost.parse().unwrap();
    assert!(lost > 0 && lost <= images.clear_cut + images.burn);
    assert_eq!(tile.name, "tile2");
}
