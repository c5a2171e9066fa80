//! What is converted, and under which name it is published.
use std::collections::HashMap;

use plan::Uri;
use stage_sentinel2::{Band, DatedTile, FindResponse, FoundBand, FoundTile, Nodata, Resampling};

use super::Spec;
use crate::{Context, Failure};

/// A raster to be converted.
pub(super) struct Target {
    /// Its name in the folder of the results, without `.tif`.
    pub(super) name: String,
    pub(super) source: Uri,
    pub(super) resampling: Resampling,
    pub(super) nodata: Nodata,
}

fn name(found: &FindResponse, tile: &FoundTile, band: &Band) -> String {
    format!("{}_{}_{}_{band}", tile.tile, found.sensed, found.level)
}

/// The name of a file without its end: `a/T30TYN_B04.jp2` is `T30TYN_B04`.
fn stem(file: &Uri) -> String {
    let name = file.name();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// Every raster: the bands of the products, then the other files.
///
/// # Errors
/// Two that would have the same name.
pub(super) fn targets(context: &Context) -> Result<Vec<Target>, Failure> {
    let spec: Spec = context.spec()?;
    let found: Vec<FindResponse> = context.responses("find")?;
    let tiles = found
        .iter()
        .flat_map(|found| found.tiles.iter().map(move |tile| (found, tile)));
    let bands = tiles.flat_map(|(found, tile)| tile.bands.iter().map(move |band| (found, tile, band)));
    let of_products = bands.map(|(found, tile, band)| Target {
        name: name(found, tile, &band.band),
        source: band.file.clone(),
        resampling: band.band.resampling(),
        nodata: Nodata::Value(found.nodata),
    });
    let of_files = spec.files.iter().map(|file| Target {
        name: stem(file),
        source: file.clone(),
        resampling: Resampling::Average,
        nodata: spec.nodata,
    });
    let targets: Vec<Target> = of_products.chain(of_files).collect();
    let mut seen = HashMap::new();
    for target in &targets {
        if let Some(first) = seen.insert(&target.name, &target.source) {
            let Target { name, source, .. } = target;
            return Err(Failure::invalid(format!(
                "{first} and {source} would both become {name}.tif: convert them into different folders"
            )));
        }
    }
    Ok(targets)
}

/// What the table of scenes is made of, and why some dates are not in it.
pub(super) fn dates(found: &[FindResponse]) -> (Vec<DatedTile>, Vec<String>) {
    let (mut dates, mut notes) = (Vec::new(), Vec::new());
    for found in found {
        for tile in &found.tiles {
            match date(found, tile) {
                Ok(date) => dates.push(date),
                Err(why) => notes.push(format!(
                    "{}, tile {}: not in scenes.csv, as {why}",
                    found.name, tile.tile
                )),
            }
        }
    }
    (dates, notes)
}

fn date(found: &FindResponse, tile: &FoundTile) -> Result<DatedTile, String> {
    let band = |wanted: &str| tile.bands.iter().find(|band| band.band.name() == wanted);
    let infrared = band(Band::NIR).or_else(|| band(Band::NARROW_NIR));
    let (Some(red), Some(nir)) = (band(Band::RED), infrared) else {
        return Err(format!("{} and {} were not both asked for", Band::RED, Band::NIR));
    };
    if red.metres != nir.metres {
        return Err(format!(
            "{} has pixels of {} m and {} of {} m",
            red.band, red.metres, nir.band, nir.metres
        ));
    }
    let offset = |band: &FoundBand| band.offset.unwrap_or(0.0);
    if offset(red).to_bits() != offset(nir).to_bits() {
        return Err(format!(
            "the offset of {} is {} and that of {} is {}",
            red.band,
            offset(red),
            nir.band,
            offset(nir)
        ));
    }
    let file = |band: &FoundBand| format!("{}.tif", name(found, tile, &band.band));
    Ok(DatedTile {
        tile: tile.tile.clone(),
        sensed: found.sensed.clone(),
        level: found.level,
        red: file(red),
        nir: file(nir),
        offset: offset(red),
    })
}
