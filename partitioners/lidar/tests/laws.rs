//! What holds of every cut of every cloud.
use std::collections::HashMap;

use bytes::Bytes;
use partition_lidar::{Layout, Method, OutFormat};

mod common;
use common::{ROOMY, clouds, cut_bytes, layout, plain, xy};

/// Files whose header promises more than there is; `broken.rs` has them.
const BROKEN: [&str; 1] = ["1.2-no-points.las"];

fn whole_clouds() -> Vec<(String, Bytes)> {
    clouds()
        .into_iter()
        .filter(|(name, _)| !BROKEN.contains(&name.as_str()))
        .collect()
}

/// Checks a cut against the plain reading of its source: owned once, evenly, in order; buffers as brute force says.
fn check(name: &str, source: &Bytes, layout: Layout, parts: u64, format: OutFormat) {
    let whole = plain(source);
    let (report, tiles) = cut_bytes(name, source, layout, format, ROOMY).unwrap();
    let points = whole.records.len() as u64;
    if layout.method == Method::Density {
        assert_eq!(tiles.len() as u64, parts.min(points), "{name}");
        let sizes: Vec<u64> = report.clouds[0].tiles.iter().map(|tile| tile.own_points).collect();
        if let (Some(least), Some(most)) = (sizes.iter().min(), sizes.iter().max()) {
            assert!(most - least <= 1, "{name}: {sizes:?}");
        }
    }
    let scale = whole.cloud.header.scale;
    let buffer = [0, 1].map(|axis| (layout.buffer / scale[axis] + 1e-9).floor() as i64);
    // Each tile's records are found in the source in order, and which are its own.
    let mut owners: Vec<Option<usize>> = vec![None; whole.records.len()];
    for (number, bytes) in tiles.iter().enumerate() {
        let tile = plain(bytes);
        let (about, own) = tile.own();
        assert_eq!((about.tile, about.tiles), (number as u64, tiles.len() as u64));
        assert_eq!(
            about.own_points,
            own.iter().filter(|own| **own).count() as u64,
            "{name}"
        );
        let mine = tile
            .records
            .iter()
            .zip(&own)
            .filter(|(_, own)| **own)
            .map(|(record, _)| xy(record));
        let around = mine.fold([[i32::MAX, i32::MIN]; 2], |bounds, xy| {
            [0, 1].map(|axis: usize| [bounds[axis][0].min(xy[axis]), bounds[axis][1].max(xy[axis])])
        });
        assert_eq!(about.own_bounds, around, "{name}");
        let inside = |xy: [i32; 2]| {
            (0..2).all(|axis| {
                let [least, most] = around[axis].map(i64::from);
                (least - buffer[axis]..=most + buffer[axis]).contains(&i64::from(xy[axis]))
            })
        };
        // The tile is the brute-force selection, in the order of the source.
        let selected: Vec<usize> = (0..whole.records.len())
            .filter(|&at| inside(xy(&whole.records[at])))
            .collect();
        assert_eq!(tile.records.len(), selected.len(), "{name} tile {number}");
        for ((record, own), &at) in tile.records.iter().zip(&own).zip(&selected) {
            let mut expected = whole.records[at].clone();
            if *own {
                assert_eq!(owners[at].replace(number), None, "{name}: point {at} is owned twice");
            } else {
                expected[15] |= whole.format().withheld();
            }
            assert!(*record == expected, "{name} tile {number}: point {at} differs");
        }
        check_header(name, &tile, bytes, source);
    }
    assert!(owners.iter().all(Option::is_some), "{name}: a point is nobody's");
}

/// Counts and bounds are those of the tile; everything else is as it was.
fn check_header(name: &str, tile: &common::Plain, bytes: &[u8], source: &[u8]) {
    let size = usize::from(tile.cloud.header.size());
    let mut changed = vec![96..104, 104..105, 107..131, 179..227];
    if tile.cloud.header.version() >= (1, 3) {
        changed.push(227..235);
    }
    if tile.cloud.header.version() >= (1, 4) {
        changed.push(235..375);
    }
    for at in (0..size).filter(|at| !changed.iter().any(|range| range.contains(at))) {
        assert_eq!(bytes[at], source[at], "{name}: byte {at} of the header");
    }
    let (format, header) = (tile.format(), &tile.cloud.header);
    let number = |at: usize, length: usize| -> u64 {
        let mut field = [0; 8];
        field[..length].copy_from_slice(&bytes[at..at + length]);
        u64::from_le_bytes(field)
    };
    let mut returns: HashMap<usize, u64> = HashMap::new();
    for record in &tile.records {
        *returns.entry(format.return_number(record)).or_default() += 1;
    }
    let count = |number: usize| returns.get(&number).copied().unwrap_or(0);
    let legacy = if format.is_extended() {
        0
    } else {
        tile.records.len() as u64
    };
    assert_eq!(number(107, 4), legacy, "{name}");
    for at in 0..5 {
        let expected = if format.is_extended() { 0 } else { count(at + 1) };
        assert_eq!(number(111 + 4 * at, 4), expected, "{name}: returns {}", at + 1);
    }
    if header.version() == (1, 4) {
        for at in 0..15 {
            assert_eq!(number(255 + 8 * at, 8), count(at + 1), "{name}: returns {}", at + 1);
        }
    }
    for (axis, bounds) in header.bounds().into_iter().enumerate() {
        let raw = |record: &Vec<u8>| i32::from_le_bytes(record[4 * axis..4 * axis + 4].try_into().unwrap());
        let least = tile.records.iter().map(raw).min().unwrap();
        let most = tile.records.iter().map(raw).max().unwrap();
        assert_eq!(
            bounds,
            header.coordinate(axis, least)..header.coordinate(axis, most),
            "{name}"
        );
    }
}

#[test]
fn every_cloud_is_cut_as_brute_force_cuts_it() {
    for (name, bytes) in whole_clouds() {
        let cloud = plain(&bytes).cloud;
        let [x, y, _] = cloud.header.bounds();
        let buffer = ((x.end - x.start).max(y.end - y.start) / 50.0).max(0.0);
        check(&name, &bytes, layout(7, buffer), 7, OutFormat::Laz);
        if cloud.header.points > 200_000 {
            continue;
        }
        check(&name, &bytes, layout(3, 0.0), 3, OutFormat::Las);
        let grid = Layout {
            method: Method::Grid,
            ..layout(9, buffer)
        };
        check(&name, &bytes, grid, 9, OutFormat::Laz);
    }
}

#[test]
fn little_memory_gives_the_same_bytes() {
    let middling = |bytes: &Bytes| (150_000..1 << 20).contains(&bytes.len());
    for (name, bytes) in whole_clouds().into_iter().filter(|(_, bytes)| middling(bytes)) {
        let cut = |memory| {
            cut_bytes(&name, &bytes, layout(5, 1.0), OutFormat::Laz, memory)
                .unwrap()
                .1
        };
        let roomy = cut(ROOMY);
        assert!(roomy == cut(64 << 20), "{name}");
        assert!(roomy == cut(1 << 20), "{name}");
    }
}

#[test]
fn las_and_laz_tiles_hold_the_same_points_and_records() {
    for (name, bytes) in whole_clouds().into_iter().filter(|(_, bytes)| bytes.len() < 1 << 20) {
        let cut = |format| cut_bytes(&name, &bytes, layout(2, 0.5), format, ROOMY).unwrap().1;
        for (las, laz) in cut(OutFormat::Las).iter().zip(cut(OutFormat::Laz)) {
            let (las, laz) = (plain(las), plain(&laz));
            assert!(las.records == laz.records, "{name}");
            assert!(las.cloud.evlrs == laz.cloud.evlrs, "{name}");
            let kept = laz.cloud.vlrs.iter().filter(|vlr| vlr.user() != "laszip encoded");
            assert!(las.cloud.vlrs.iter().eq(kept), "{name}");
        }
    }
}

#[test]
fn records_of_the_source_stay_but_those_that_are_no_longer_true() {
    for (name, bytes) in whole_clouds() {
        let whole = plain(&bytes).cloud;
        for tile in &cut_bytes(&name, &bytes, layout(2, 0.0), OutFormat::Laz, ROOMY)
            .unwrap()
            .1
        {
            let tile = plain(tile).cloud;
            let stale =
                |vlr: &&partition_lidar::Vlr| !["laszip encoded", "copc", "tessera"].contains(&vlr.user().as_str());
            assert!(
                whole.vlrs.iter().filter(stale).eq(tile.vlrs.iter().filter(stale)),
                "{name}"
            );
            assert!(whole.evlrs.iter().filter(stale).eq(tile.evlrs.iter()), "{name}");
            assert!(!tile.is_copc());
        }
    }
}
