//! What a folder of simulated scenes says of itself.
use super::scenes::{ImageryMade, LidarMade, Request, Response};
use crate::geospatial::{Imagery, Lidar, imagery, lidar};

/// Names of the ASPRS classes that occur.
const CLASSES: [(u8, &str); 8] = [
    (2, "ground"),
    (4, "medium vegetation"),
    (5, "high vegetation"),
    (6, "building"),
    (7, "low noise"),
    (9, "water"),
    (11, "road surface"),
    (18, "high noise"),
];

pub(super) fn text(request: &Request, made: &Response) -> String {
    let mut text = "# Simulated geospatial data\n\n\
                    Made by `tessera data simulate geospatial`; equal parameters give equal bytes. Nothing here is real.\n"
        .to_owned();
    if let (Some(params), Some(made)) = (&request.lidar, &made.lidar) {
        text += &lidar_text(params, made);
    }
    if let (Some(params), Some(made)) = (&request.imagery, &made.imagery) {
        text += &imagery_text(params, made);
    }
    text
}

fn lidar_text(params: &Lidar, made: &LidarMade) -> String {
    let (east, north) = lidar::ORIGIN;
    let mut text = format!(
        "\n## Laser-scanned points\n\n\
         | file | what |\n|---|---|\n\
         | `{}` | {} points in point format {}, seed {}, in a square of {:.1} m from {east} E, {north} N; EPSG:{}; in the order of GPS time |\n\
         | `ground.tif` | elevation of ground and water without noise, f32, metres, pixels of {} m |\n\n\
         Measured elevations have an error of 0.03 m (standard deviation). Strips overlap, some places were flown more than once, \
         water swallows most pulses, and a corner has no data.\n\n\
         | class | points |\n|---|---|\n",
        made.points.name(),
        made.count,
        params.format.number(),
        params.seed,
        made.side,
        lidar::EPSG,
        params.pixel,
    );
    for (class, count) in &made.classes {
        let name = CLASSES.iter().find(|(known, _)| known == class);
        text += &format!("| {class} {} | {count} |\n", name.map_or("", |(_, name)| name));
    }
    text
}

fn imagery_text(params: &Imagery, made: &ImageryMade) -> String {
    let Imagery {
        seed,
        size,
        offsets: [before, after],
        clouds,
        ..
    } = params;
    format!(
        "\n## Images\n\n\
         {} tiles of {size} x {size} pixels of {} m, EPSG:{}, seed {seed}; cloud-optimised GeoTIFFs.\n\n\
         | file | what |\n|---|---|\n\
         | `scenes.csv` | the files of each tile |\n\
         | `TILE_red.tif`, `TILE_nir.tif` | first date: u16, reflectance is (number - {before}) / 10000, 0 is outside the swath |\n\
         | `TILE_red2.tif`, `TILE_nir2.tif` | second date: (number - {after}) / 10000 |\n\
         | `TILE_loss.tif` | truth: 0 no loss, 1 clear-cut, 2 burn, 254 clouds at a date, 255 outside the swath at a date |\n\
         | `TILE_change.tif` | truth: NDVI of the second date less that of the first, without noise, in steps of 1/10000 |\n\
         | `losses.geojson` | the {} polygons within which woods were lost, in the CRS of the tiles |\n\n\
         Of {} pixels seen at both dates, {} were cut down and {} burnt. Losses change NDVI by -0.35 or less, crops and seasons by more \
         than -0.2. Clouds hide {clouds} of each date.\n",
        made.tiles.len(),
        imagery::PIXEL,
        imagery::EPSG,
        made.polygons,
        made.seen,
        made.clear_cut,
        made.burn,
    )
}
