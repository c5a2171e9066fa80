//! Conversion beside GDAL's own programs (3.6.2 when written): `gdalinfo`, `gdal_translate`, `rio cogeo validate`.
#![cfg(feature = "gdal")]
use std::{fs, path::Path, process::Command};

use bytes::Bytes;
use object_io::Store;
use plan::{Fault, FaultKind, Uri};
use serde_json::Value;
use stage_sentinel2::{
    Band, ConvertRequest, ConvertResponse, DatedTile, Error, FindRequest, Nodata, Resampling, ScenesRequest, convert,
    find, scenes,
};

mod common;
use common::{L2A, OLD_L2A, data, oracle, run, uri};

fn gdal() -> bool {
    oracle("gdal_translate", &["--version"]) && oracle("gdalinfo", &["--version"])
}

fn request(raster: &Uri, out: Uri) -> ConvertRequest {
    ConvertRequest {
        raster: raster.clone(),
        block: 512,
        resampling: Resampling::Average,
        nodata: Nodata::default(),
        out,
    }
}

/// Converts a file into `folder`.
fn converted(raster: &Path, folder: &Path, change: impl FnOnce(&mut ConvertRequest)) -> Result<ConvertResponse, Error> {
    let mut request = request(&Uri::from_path(raster), Uri::from_path(folder.join("made")));
    change(&mut request);
    run(convert(Store::new(), request))
}

fn translate(arguments: &[&str], from: &Path, to: &Path) {
    let done = Command::new("gdal_translate")
        .args(["-q"])
        .args(arguments)
        .arg(from)
        .arg(to)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// The pixels as GDAL reads them: plain little-endian samples.
fn pixels(raster: &Path, arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("pixels");
    let all: Vec<&str> = ["-of", "ENVI"].iter().chain(arguments).copied().collect();
    translate(&all, raster, &to);
    fs::read(to).unwrap()
}

fn info(raster: &Path) -> Value {
    let done = Command::new("gdalinfo").arg("-json").arg(raster).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// A raster of `u16` from a function of column and row, as GDAL's plainest format.
fn raster(folder: &Path, width: usize, height: usize, pixel: impl Fn(usize, usize) -> u16) -> std::path::PathBuf {
    let path = folder.join("plain.img");
    let samples = (0..height).flat_map(|row| (0..width).map(move |column| (column, row)));
    let bytes: Vec<u8> = samples
        .flat_map(|(column, row)| pixel(column, row).to_le_bytes())
        .collect();
    fs::write(&path, bytes).unwrap();
    let header = format!(
        "ENVI\nsamples = {width}\nlines = {height}\nbands = 1\nheader offset = 0\nfile type = ENVI Standard\ndata type = 12\n\
         interleave = bsq\nbyte order = 0\n"
    );
    fs::write(folder.join("plain.hdr"), header).unwrap();
    path
}

const LOSSLESS: [&str; 6] = ["-of", "JP2OpenJPEG", "-co", "QUALITY=100", "-co", "REVERSIBLE=YES"];
const PLACED: [&str; 7] = [
    "-a_srs",
    "EPSG:32630",
    "-a_ullr",
    "600000",
    "4800000",
    "606000",
    "4794000",
];

fn jp2(
    folder: &Path,
    more: &[&str],
    width: usize,
    height: usize,
    pixel: impl Fn(usize, usize) -> u16,
) -> std::path::PathBuf {
    let to = folder.join("image.jp2");
    let arguments: Vec<&str> = LOSSLESS.iter().chain(more).copied().collect();
    translate(&arguments, &raster(folder, width, height, pixel), &to);
    to
}

/// Is it what validators call a cloud-optimized GeoTIFF, with pixels equal to those of `source`?
fn check(made: &Path, source: &Path) {
    let (made_pixels, source_pixels) = (pixels(made, &[]), pixels(source, &[]));
    assert!(
        made_pixels == source_pixels,
        "{} differs from {}",
        made.display(),
        source.display()
    );
    let (ours, theirs) = (info(made), info(source));
    assert_eq!(ours["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"], "COG");
    assert_eq!(ours["metadata"]["IMAGE_STRUCTURE"]["COMPRESSION"], "DEFLATE");
    assert_eq!(ours["metadata"]["IMAGE_STRUCTURE"]["PREDICTOR"], "2");
    for same in ["size", "geoTransform"] {
        assert_eq!(ours[same], theirs[same]);
    }
    if oracle("rio", &["cogeo", "--help"]) {
        let done = Command::new("rio")
            .args(["cogeo", "validate", "--strict"])
            .arg(made)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(said.contains("is a valid cloud optimized GeoTIFF"), "{said}");
    }
}

#[test]
fn a_real_sentinel_2_band_keeps_its_pixels() {
    let (Some(data), true) = (data(), gdal()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = data.join("raster/jp2/s2_band.jp2");
    let response = converted(&source, folder.path(), |_| {}).unwrap();
    let made = response.cog.path().unwrap();
    check(&made, &source);
    assert_eq!((response.width, response.height, response.bands), (167, 243, 1));
    assert_eq!(
        (response.sample.as_str(), response.crs.as_deref(), response.nodata),
        ("UInt16", Some("EPSG:32633"), Some(0.0))
    );
    assert!(response.notes.is_empty(), "{:?}", response.notes);
    let told = info(&made);
    assert_eq!(told["bands"][0]["noDataValue"], 0.0);
    assert_eq!(
        told["coordinateSystem"]["wkt"],
        info(&source)["coordinateSystem"]["wkt"]
    );
}

#[test]
fn a_signed_raster_declares_no_nodata_unless_asked() {
    let (Some(data), true) = (data(), gdal()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = data.join("raster/jp2/TERRA_MODIS_012010_NDVI_2013-09-14.jp2");
    let response = converted(&source, folder.path(), |_| {}).unwrap();
    check(&response.cog.path().unwrap(), &source);
    assert_eq!((response.sample.as_str(), response.nodata), ("Int16", None));
    let response = converted(&source, folder.path(), |request| {
        request.nodata = Nodata::Value(-3000.0);
    })
    .unwrap();
    assert_eq!(response.nodata, Some(-3000.0));
    let error = converted(&source, folder.path(), |request| request.nodata = Nodata::Value(0.5)).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("nodata 0.5 is no value of its Int16 pixels"),
        "{error}"
    );
}

#[test]
fn overviews_are_means_that_leave_nodata_out() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Every other column is nodata; the mean over all would be 500.
    let source = jp2(
        folder.path(),
        &PLACED,
        600,
        600,
        |column, _| if column % 2 == 0 { 1000 } else { 0 },
    );
    for block in [128, 512] {
        let response = converted(&source, folder.path(), |request| request.block = block).unwrap();
        let made = response.cog.path().unwrap();
        check(&made, &source);
        let told = info(&made);
        assert_eq!(told["bands"][0]["block"], serde_json::json!([block, block]));
        assert_eq!(told["bands"][0]["overviews"][0]["size"], serde_json::json!([300, 300]));
        let half = pixels(&made, &["-outsize", "50%", "50%"]);
        assert!(half.chunks(2).all(|sample| sample == 1000u16.to_le_bytes()));
    }
}

#[test]
fn overviews_of_classes_hold_only_classes() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = jp2(
        folder.path(),
        &PLACED,
        600,
        600,
        |column, _| if column % 2 == 0 { 1 } else { 3 },
    );
    for (resampling, allowed) in [(Resampling::Nearest, vec![1, 3]), (Resampling::Average, vec![2])] {
        let made = converted(&source, folder.path(), |request| request.resampling = resampling);
        let half = pixels(&made.unwrap().cog.path().unwrap(), &["-outsize", "50%", "50%"]);
        let mut samples = half.chunks(2).map(|sample| u16::from_le_bytes([sample[0], sample[1]]));
        assert!(samples.all(|sample| allowed.contains(&sample)), "{resampling:?}");
    }
}

#[test]
fn equal_requests_give_equal_bytes_from_any_store() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = jp2(folder.path(), &PLACED, 700, 600, |column, row| {
        (column * row % 4001) as u16 + 1
    });
    // What lies beside a file is not part of the object.
    fs::write(
        folder.path().join("image.jp2.aux.xml"),
        "<PAMDataset><SRS>EPSG:4326</SRS></PAMDataset>",
    )
    .unwrap();
    let before = fs::read_dir(folder.path()).unwrap().count();
    run(async {
        let store = Store::new();
        let (local, remote) = (Uri::from_path(&source), uri("mem://lab/image.jp2"));
        store.copy(&local, &remote).await.unwrap();
        let mut made: Vec<Bytes> = Vec::new();
        for (from, to) in [(&local, "a"), (&remote, "b"), (&remote, "b")] {
            let response = convert(store.clone(), request(from, uri("mem://lab/out").join(to)))
                .await
                .unwrap();
            assert_eq!(response.crs.as_deref(), Some("EPSG:32630"));
            made.push(store.get(&response.cog).await.unwrap());
            assert_eq!(made[0].len() as u64, response.bytes_out);
        }
        assert!(made.iter().all(|bytes| bytes == &made[0]));
        // And those of GDAL's own program, which does it on one thread.
        let peer = folder.path().join("peer.tif");
        let options = "--config GDAL_PAM_ENABLED NO -of COG -a_nodata 0 -co COMPRESS=DEFLATE -co PREDICTOR=YES -co NUM_THREADS=1 \
             -co OVERVIEW_PREDICTOR=YES -co OVERVIEWS=IGNORE_EXISTING -co BLOCKSIZE=512 -co OVERVIEW_RESAMPLING=AVERAGE";
        translate(&options.split_whitespace().collect::<Vec<_>>(), &source, &peer);
        assert!(fs::read(&peer).unwrap() == made[0]);
        fs::remove_file(peer).unwrap();
    });
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        before,
        "a file was left beside the input"
    );
}

#[test]
fn pixels_of_15_bits_are_stored_in_16() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let more: Vec<&str> = PLACED.iter().chain(&["-co", "NBITS=15"]).copied().collect();
    let source = jp2(folder.path(), &more, 300, 300, |column, row| {
        (column * row % 32768) as u16
    });
    assert_eq!(info(&source)["bands"][0]["metadata"]["IMAGE_STRUCTURE"]["NBITS"], "15");
    let made = converted(&source, folder.path(), |_| {}).unwrap().cog.path().unwrap();
    check(&made, &source);
    // Tag 258 of the first directory: bits of a sample.
    assert_eq!(tag(&fs::read(&made).unwrap(), 258), 16);
}

/// The value of a short tag in the first directory of a little-endian classic TIFF.
fn tag(tiff: &[u8], wanted: u16) -> u16 {
    let short = |at: usize| u16::from_le_bytes([tiff[at], tiff[at + 1]]);
    assert_eq!((&tiff[..2], short(2)), (&b"II"[..], 42));
    let directory = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
    let entries = (0..usize::from(short(directory))).map(|entry| directory + 2 + 12 * entry);
    entries
        .filter(|&at| short(at) == wanted)
        .map(|at| short(at + 8))
        .next()
        .unwrap()
}

#[test]
fn an_image_without_place_is_converted_and_said_so() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = jp2(folder.path(), &[], 200, 100, |column, row| (column + row) as u16);
    let response = converted(&source, folder.path(), |_| {}).unwrap();
    assert_eq!((response.crs, response.width, response.height), (None, 200, 100));
    assert!(
        response.notes.contains(&"it has no coordinate system".to_owned()),
        "{:?}",
        response.notes
    );
    assert!(pixels(&response.cog.path().unwrap(), &[]) == pixels(&source, &[]));
}

#[test]
fn damaged_images_are_refused_in_gdals_words_and_leave_nothing() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = jp2(folder.path(), &PLACED, 1500, 1500, |column, row| {
        (column * 7919 + row * 104_729) as u16
    });
    let whole = fs::read(&source).unwrap();
    let store = Store::new();
    let refused = |name: &str, bytes: Vec<u8>| {
        let (raster, out) = (uri("mem://lab").join(name), uri("mem://lab/out/made"));
        let error = run(async {
            store.put(&raster, bytes).await.unwrap();
            let error = convert(store.clone(), request(&raster, out.clone()))
                .await
                .map(|_| ())
                .unwrap_err();
            assert!(store.find(&out.with_suffix(".tif")).await.unwrap().is_none());
            error
        });
        assert_eq!(error.kind(), FaultKind::Malformed, "{error}");
        let said = error.to_string();
        assert!(
            said.starts_with(raster.as_str()) && !said.contains("/raster.jp2"),
            "{said}"
        );
        said
    };
    let half = refused("half.jp2", whole[..whole.len() / 2].to_vec());
    assert!(
        half.contains("GDAL cannot make a cloud-optimized GeoTIFF of it:\n  "),
        "{half}"
    );
    assert!(
        half.contains("opj") || half.contains("decod") || half.contains("tile"),
        "{half}"
    );
    refused("head.jp2", whole[..200].to_vec());
    refused("empty.jp2", Vec::new());
    let other = refused("text.jp2", b"this is no image".to_vec());
    assert!(other.contains("GDAL cannot read it:\n  "), "{other}");
    // Width and height of 4 billion pixels, in the image header and in the codestream.
    let mut vast = whole.clone();
    for (marker, skip) in [(&b"ihdr"[..], 4), (&[0xff, 0x51][..], 6)] {
        let at = vast.windows(marker.len()).position(|bytes| bytes == marker).unwrap();
        vast[at + skip..at + skip + 8].fill(0xff);
    }
    refused("vast.jp2", vast);
}

#[test]
fn blocks_that_no_geotiff_has_are_refused() {
    for block in [0, 64, 500, 8192] {
        let error = converted(Path::new("/no/such.jp2"), Path::new("/no"), |request| {
            request.block = block;
        })
        .unwrap_err();
        assert!(matches!(error, Error::Block { .. }), "{error}");
    }
    let error = converted(Path::new("/no/such.jp2"), Path::new("/no"), |_| {}).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (FaultKind::NotFound, "/no/such.jp2: no such object")
    );
}

#[test]
fn two_products_become_a_scene() {
    if !gdal() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let image = |base: u16| {
        let path = jp2(folder.path(), &PLACED, 300, 300, |column, row| {
            base + (column + row) as u16
        });
        Bytes::from(fs::read(path).unwrap())
    };
    let images = [image(1000), image(4000), image(0)];
    run(async {
        let (store, lab) = (Store::new(), uri("mem://lab"));
        let mut dates = Vec::new();
        for product in [&L2A, &OLD_L2A] {
            let product = product.put(&store, &lab, &images).await;
            let found = find(
                store.clone(),
                FindRequest {
                    product,
                    bands: Band::vegetation(),
                },
            )
            .await
            .unwrap();
            let tile = &found.tiles[0];
            let mut names = Vec::new();
            for band in &tile.bands {
                let name = format!("{}_{}_{}", tile.tile, found.sensed, band.band);
                let response = convert(store.clone(), request(&band.file, lab.join(&name)))
                    .await
                    .unwrap();
                assert_eq!(
                    (response.nodata, response.crs.as_deref()),
                    (Some(0.0), Some("EPSG:32630"))
                );
                names.push(response.cog.name().to_owned());
            }
            dates.push(DatedTile {
                tile: tile.tile.clone(),
                sensed: found.sensed,
                level: found.level,
                red: names[0].clone(),
                nir: names[1].clone(),
                offset: tile.bands[0].offset.unwrap(),
            });
        }
        let response = scenes(
            store.clone(),
            ScenesRequest {
                dates,
                out: lab.join("scenes"),
            },
        )
        .await
        .unwrap();
        let text = store.get(&response.table).await.unwrap();
        let expected = "name,red,nir,red2,nir2,offset,offset2\n\
             T30TYN_L2A_20200604T105031_20230619T105629,\
             T30TYN_20200604T105031_B04.tif,T30TYN_20200604T105031_B08.tif,\
             T30TYN_20230619T105629_B04.tif,T30TYN_20230619T105629_B08.tif,0,-1000\n";
        assert_eq!(text, expected);
    });
}
