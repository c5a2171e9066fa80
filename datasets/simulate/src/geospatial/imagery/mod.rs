//! Sentinel-2-like tiles at two dates, between which woods are lost in known places.
mod change;
mod land;
mod params;

use std::ops::Range;

use rayon::prelude::*;

pub use params::Imagery;

use super::field::{Field, normal};
use change::Change;
use land::{Land, Surface};

/// North-west corner of the first tile, in WGS 84 / UTM zone 30N, metres.
pub(crate) const CORNER: (f64, f64) = (499_980.0, 4_600_020.0);
/// EPSG code of that CRS.
pub(crate) const EPSG: u16 = 32630;
/// Metres of a pixel.
pub(crate) const PIXEL: f64 = 10.0;
/// Steps of a reflectance of 1.
pub(crate) const QUANTUM: f64 = 10_000.0;

/// Codes of the truth raster that are no loss.
pub(crate) mod code {
    pub(crate) const NONE: u8 = 0;
    /// Behind clouds at a date.
    pub(crate) const CLOUD: u8 = 254;
    /// Outside the swath at a date.
    pub(crate) const OUTSIDE: u8 = 255;
}

/// The true change where there is none to be known.
pub(crate) const NO_CHANGE: i16 = i16::MIN;

/// A scene: any rows of it can be made at any time.
pub(crate) struct Scene {
    params: Imagery,
    land: Land,
    clouds: [(Field, f64); 2],
    noise: Field,
}

/// Some rows of a tile.
#[derive(Default)]
pub(crate) struct Rows {
    /// Numbers of red at both dates, 0 outside the swath.
    pub(crate) red: [Vec<u16>; 2],
    /// Near infrared, likewise.
    pub(crate) nir: [Vec<u16>; 2],
    /// 1 clear-cut, 2 burn, or one of [`code`].
    pub(crate) loss: Vec<u8>,
    /// NDVI of the second date less that of the first, without noise, in steps of 1/10000.
    pub(crate) change: Vec<i16>,
}

/// One pixel of [`Rows`].
struct Pixel {
    red: [u16; 2],
    nir: [u16; 2],
    loss: u8,
    change: i16,
}

impl Scene {
    pub(crate) fn new(params: &Imagery) -> Self {
        let clouds = [401, 402].map(|stream| {
            let field = Field::new(params.seed, stream);
            (field, threshold(field, params.clouds))
        });
        Self {
            params: params.clone(),
            land: Land::new(params.seed),
            clouds,
            noise: Field::new(params.seed, 403),
        }
    }

    /// Columns and rows of a tile, counted from the first tile's corner.
    fn place(&self, tile: u32) -> (i64, i64) {
        let columns = self.params.columns();
        let size = i64::from(self.params.size);
        (i64::from(tile % columns) * size, i64::from(tile / columns) * size)
    }

    /// East and north of a tile's north-west corner.
    pub(crate) fn corner(&self, tile: u32) -> (f64, f64) {
        let (column, row) = self.place(tile);
        (CORNER.0 + column as f64 * PIXEL, CORNER.1 - row as f64 * PIXEL)
    }

    /// Some rows of a tile.
    pub(crate) fn rows(&self, tile: u32, rows: &Range<u32>) -> Rows {
        let (west, north) = self.place(tile);
        let columns = west..west + i64::from(self.params.size);
        let window = north + i64::from(rows.start)..north + i64::from(rows.end);
        let changes = Change::within(self.params.seed, &self.land, &columns, &window);
        let lines: Vec<Rows> = window
            .into_par_iter()
            .map(|row| self.line(&columns, row, &changes))
            .collect();
        let mut all = Rows::default();
        for line in lines {
            for date in 0..2 {
                all.red[date].extend(&line.red[date]);
                all.nir[date].extend(&line.nir[date]);
            }
            all.loss.extend(&line.loss);
            all.change.extend(&line.change);
        }
        all
    }

    fn line(&self, columns: &Range<i64>, row: i64, changes: &[Change]) -> Rows {
        let mut lost: Vec<Option<&Change>> = vec![None; (columns.end - columns.start) as usize];
        for change in changes {
            for span in change.spans(row) {
                let inside = span.start.max(columns.start)..span.end.min(columns.end);
                for column in inside {
                    lost[(column - columns.start) as usize] = Some(change);
                }
            }
        }
        let mut line = Rows::default();
        for (column, change) in columns.clone().zip(lost) {
            let pixel = self.pixel(column, row, change);
            for date in 0..2 {
                line.red[date].push(pixel.red[date]);
                line.nir[date].push(pixel.nir[date]);
            }
            line.loss.push(pixel.loss);
            line.change.push(pixel.change);
        }
        line
    }

    fn pixel(&self, column: i64, row: i64, change: Option<&Change>) -> Pixel {
        let inside = [0, 1].map(|date| self.is_seen(column, row, date));
        if inside == [false, false] {
            return Pixel {
                red: [0; 2],
                nir: [0; 2],
                loss: code::OUTSIDE,
                change: NO_CHANGE,
            };
        }
        let mut surface = self.land.surface(column, row);
        let mut loss = code::NONE;
        if let Some(change) = change.filter(|_| surface.wood) {
            let severity = self.noise.smooth(column as f64 / 9.0, row as f64 / 9.0);
            change.apply(&mut surface, severity);
            loss = change.cause.code();
        }
        let clouds = [0, 1].map(|date| self.cloud(column, row, date));
        let mut bands = [[0; 2]; 2];
        for date in (0..2).filter(|&date| inside[date]) {
            bands[date] = self.numbers(&surface, date, clouds[date], column, row);
        }
        let hidden = clouds.iter().any(Option::is_some);
        let known = inside == [true, true] && !hidden;
        let difference = (surface.ndvi[1] - surface.ndvi[0]) * QUANTUM;
        Pixel {
            red: [bands[0][0], bands[1][0]],
            nir: [bands[0][1], bands[1][1]],
            loss: match inside {
                [true, true] if hidden => code::CLOUD,
                [true, true] => loss,
                _ => code::OUTSIDE,
            },
            change: if known { difference.round() as i16 } else { NO_CHANGE },
        }
    }

    /// Red and near infrared as the sensor tells them: with noise of about 20 steps and the date's offset, never 0.
    fn numbers(&self, surface: &Surface, date: usize, cloud: Option<f64>, column: i64, row: i64) -> [u16; 2] {
        let bands = cloud.map_or_else(|| surface.bands(date), |bright| [bright, bright * 0.97]);
        let mut numbers = [0; 2];
        for (band, reflectance) in bands.into_iter().enumerate() {
            let word = self.noise.word(column * 4 + date as i64 * 2 + band as i64, row);
            let noise = (12.0 + 0.004 * reflectance * QUANTUM) * normal(word);
            let number = reflectance * QUANTUM + noise + f64::from(self.params.offsets[date]);
            numbers[band] = number.round().clamp(1.0, 65_535.0) as u16;
        }
        numbers
    }

    /// Whether the swath of a date holds a pixel: its western edge runs across the first column of tiles.
    fn is_seen(&self, column: i64, row: i64, date: usize) -> bool {
        let edge = [0.12, 0.1][date] * f64::from(self.params.size);
        column as f64 + 0.35 * row as f64 >= edge
    }

    /// How bright the cloud over a pixel is, if there is one.
    fn cloud(&self, column: i64, row: i64, date: usize) -> Option<f64> {
        let (field, least) = self.clouds[date];
        if self.params.clouds == 0.0 {
            return None;
        }
        let thick = cloudiness(field, column as f64, row as f64) - least;
        (thick > 0.0).then(|| (0.45 + thick).min(0.95))
    }

    /// The losses as GeoJSON in the CRS of the tiles; those that no tile shows are left out.
    pub(crate) fn geojson(&self) -> (String, u64) {
        let size = i64::from(self.params.size);
        let mut features = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for tile in 0..self.params.tiles {
            let (west, north) = self.place(tile);
            let (columns, rows) = (west..west + size, north..north + size);
            for change in Change::within(self.params.seed, &self.land, &columns, &rows) {
                let text = feature(&change);
                // A loss across an edge is in two tiles.
                if seen.insert(text.clone()) {
                    features.push(format!(
                        "{{\"type\":\"Feature\",\"properties\":{{\"id\":{},{text}}}",
                        seen.len()
                    ));
                }
            }
        }
        let crs = format!("{{\"type\":\"name\",\"properties\":{{\"name\":\"urn:ogc:def:crs:EPSG::{EPSG}\"}}}}");
        let text = format!(
            "{{\"type\":\"FeatureCollection\",\"name\":\"losses\",\"crs\":{crs},\"features\":[\n{}\n]}}\n",
            features.join(",\n")
        );
        (text, features.len() as u64)
    }
}

/// The cause and the outline of a loss, from behind its id on.
fn feature(change: &Change) -> String {
    let position = |&(x, y): &(f64, f64)| format!("[{:.2},{:.2}]", CORNER.0 + x * PIXEL, CORNER.1 - y * PIXEL);
    // GeoJSON wants outer rings anticlockwise, and the first position again at the end.
    let mut ring: Vec<String> = change.vertices.iter().rev().map(position).collect();
    ring.extend(ring.first().cloned());
    format!(
        "\"cause\":\"{}\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}",
        change.cause.name(),
        ring.join(",")
    )
}

fn cloudiness(field: Field, x: f64, y: f64) -> f64 {
    field.rugged(x / 220.0, y / 160.0, 5)
}

/// The cloudiness above which that share of the sky lies, by asking many places.
fn threshold(field: Field, share: f64) -> f64 {
    let mut sample: Vec<f64> = (0..64 * 64)
        .map(|at| cloudiness(field, f64::from(at % 64) * 173.0, f64::from(at / 64) * 131.0))
        .collect();
    sample.sort_by(f64::total_cmp);
    let at = (sample.len() as f64 * (1.0 - share)) as usize;
    sample[at.min(sample.len() - 1)]
}
