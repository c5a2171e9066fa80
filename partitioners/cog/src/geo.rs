//! Where a raster lies on the Earth, as its GeoTIFF tags say it.
use serde::{Deserialize, Serialize};

use crate::{
    Window,
    ifd::{
        Tag,
        write::{Directory, Values},
    },
};

/// Geotransform and coordinate reference system of a raster.
///
/// The GeoKeys are kept as they are stored (OGC GeoTIFF 1.1, tags 34735 to 34737), so that what is written from them says
/// exactly what was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeoReference {
    /// Affine transform from (column, row) of a pixel's upper left corner to CRS coordinates, in GDAL's order:
    /// `x = t[0] + column * t[1] + row * t[2]`, `y = t[3] + column * t[4] + row * t[5]`.
    pub transform: Option<[f64; 6]>,
    /// GeoKeyDirectory; empty when there is none.
    pub keys: Vec<u16>,
    /// GeoDoubleParams.
    pub doubles: Vec<f64>,
    /// GeoAsciiParams.
    pub ascii: String,
}

/// A box in the coordinates of the CRS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Bounds {
    pub min_x: f64,
    pub min_y: f64,
    pub max_x: f64,
    pub max_y: f64,
}

impl Bounds {
    /// Minimum x, minimum y, maximum x, maximum y.
    pub fn to_array(self) -> [f64; 4] {
        [self.min_x, self.min_y, self.max_x, self.max_y]
    }

    fn around(points: [(f64, f64); 4]) -> Self {
        let of = |pick: fn(&(f64, f64)) -> f64, best: fn(f64, f64) -> f64| {
            points.iter().map(pick).reduce(best).unwrap_or(f64::NAN)
        };
        Self {
            min_x: of(|p| p.0, f64::min),
            min_y: of(|p| p.1, f64::min),
            max_x: of(|p| p.0, f64::max),
            max_y: of(|p| p.1, f64::max),
        }
    }
}

const MODEL_TYPE: u16 = 1024;
const RASTER_TYPE: u16 = 1025;
const CITATION: u16 = 1026;
const GEODETIC_CRS: u16 = 2048;
const GEODETIC_CITATION: u16 = 2049;
const PROJECTED_CRS: u16 = 3072;
const PROJECTED_CITATION: u16 = 3073;
/// Value of a CRS key that is spelled out by further keys.
const USER_DEFINED: u16 = 32767;

impl GeoReference {
    /// The short value of a GeoKey that is stored in the directory itself.
    fn short_key(&self, wanted: u16) -> Option<u16> {
        self.entries()
            .find_map(|[id, place, count, value]| (id == wanted && place == 0 && count == 1).then_some(value))
    }

    fn text_key(&self, wanted: u16) -> Option<&str> {
        let [_, _, count, start] = self
            .entries()
            .find(|&[id, place, ..]| id == wanted && place == Tag::GEO_ASCII_PARAMS.0)?;
        let (start, end) = (start as usize, start as usize + count as usize);
        let text = self.ascii.get(start..end.min(self.ascii.len()))?;
        Some(text.trim_end_matches(['|', '\0']).trim())
    }

    fn entries(&self) -> impl Iterator<Item = [u16; 4]> {
        let count = self.keys.get(3).copied().unwrap_or(0) as usize;
        let entries = self.keys.get(4..).unwrap_or_default().chunks_exact(4).take(count);
        entries.map(|entry| [entry[0], entry[1], entry[2], entry[3]])
    }

    /// Whether stored coordinates are those of pixel centres (`RasterPixelIsPoint`). The transform here is always that of
    /// corners, as GDAL gives it.
    pub fn is_pixel_point(&self) -> bool {
        self.short_key(RASTER_TYPE) == Some(2)
    }

    /// EPSG code of the CRS: the projected one if there is one, else the geodetic.
    pub fn epsg(&self) -> Option<u16> {
        let code = |key| self.short_key(key).filter(|&code| code != 0 && code != USER_DEFINED);
        match self.short_key(MODEL_TYPE) {
            Some(2 | 3) => code(GEODETIC_CRS),
            _ => self
                .short_key(PROJECTED_CRS)
                .map_or_else(|| code(GEODETIC_CRS), |_| code(PROJECTED_CRS)),
        }
    }

    /// What the file calls its CRS.
    pub fn citation(&self) -> Option<&str> {
        let keys = [PROJECTED_CITATION, CITATION, GEODETIC_CITATION];
        let found = keys.into_iter().find_map(|key| self.text_key(key));
        found.filter(|text| !text.is_empty())
    }

    /// The CRS for a person: `EPSG:32630 WGS 84 / UTM zone 30N`; `None` if the file names none.
    pub fn crs(&self) -> Option<String> {
        match (self.epsg(), self.citation()) {
            (Some(code), Some(text)) => Some(format!("EPSG:{code} {text}")),
            (Some(code), None) => Some(format!("EPSG:{code}")),
            (None, text) => text.map(str::to_owned),
        }
    }

    /// Coordinates of a point given in columns and rows from the upper left corner.
    pub fn coordinates(&self, column: f64, row: f64) -> Option<(f64, f64)> {
        let [x0, xc, xr, y0, yc, yr] = self.transform?;
        Some((x0 + column * xc + row * xr, y0 + column * yc + row * yr))
    }

    /// Width and height of a pixel in units of the CRS.
    pub fn pixel_size(&self) -> Option<(f64, f64)> {
        let [_, xc, xr, _, yc, yr] = self.transform?;
        Some((xc.hypot(yc), xr.hypot(yr)))
    }

    /// The bounds of a raster of this many columns and rows.
    pub fn bounds(&self, width: u64, height: u64) -> Option<Bounds> {
        let (right, bottom) = (width as f64, height as f64);
        let corner = |column, row| self.coordinates(column, row);
        let corners = [
            corner(0.0, 0.0)?,
            corner(right, 0.0)?,
            corner(0.0, bottom)?,
            corner(right, bottom)?,
        ];
        Some(Bounds::around(corners))
    }

    /// The georeference of a window of this raster.
    #[must_use]
    pub fn window(&self, window: &Window) -> Self {
        let mut geo = self.clone();
        let origin = self.coordinates(window.columns.start as f64, window.rows.start as f64);
        if let (Some(transform), Some((x, y))) = (&mut geo.transform, origin) {
            (transform[0], transform[3]) = (x, y);
        }
        geo
    }

    /// The georeference of the same area in pixels that are so many times wider and higher.
    #[must_use]
    pub fn scaled(&self, wider: f64, higher: f64) -> Self {
        let transform = self
            .transform
            .map(|[x0, xc, xr, y0, yc, yr]| [x0, xc * wider, xr * higher, y0, yc * wider, yr * higher]);
        Self {
            transform,
            ..self.clone()
        }
    }

    /// Pixels that a box touches, of a raster of this many columns and rows; `None` if it touches none or there is no
    /// (invertible) transform.
    pub fn pixels_in(&self, bounds: &Bounds, width: u64, height: u64) -> Option<Window> {
        /// A side this close to the edge of a pixel, in pixels, lies on it: decimal coordinates are seldom exact.
        const CLOSE: f64 = 1e-6;
        let [x0, xc, xr, y0, yc, yr] = self.transform?;
        let determinant = xc * yr - xr * yc;
        if determinant == 0.0 || !determinant.is_finite() {
            return None;
        }
        let pixel = |x: f64, y: f64| {
            let (dx, dy) = (x - x0, y - y0);
            ((dx * yr - dy * xr) / determinant, (dy * xc - dx * yc) / determinant)
        };
        let Bounds {
            min_x,
            min_y,
            max_x,
            max_y,
        } = *bounds;
        let around = Bounds::around([
            pixel(min_x, min_y),
            pixel(max_x, min_y),
            pixel(min_x, max_y),
            pixel(max_x, max_y),
        ]);
        let range = |min: f64, max: f64, end: u64| {
            let start = (min + CLOSE).floor().clamp(0.0, end as f64) as u64;
            start..((max - CLOSE).ceil().clamp(0.0, end as f64) as u64)
        };
        let window = Window {
            rows: range(around.min_y, around.max_y, height),
            columns: range(around.min_x, around.max_x, width),
        };
        (!window.is_empty()).then_some(window)
    }

    /// The transform that tags 33550, 33922 and 34264 say, as GDAL reads them; `is_point` moves it from the centre of the
    /// first pixel to its corner.
    pub(crate) fn transform_from_tags(
        scale: &[f64],
        tiepoint: &[f64],
        matrix: &[f64],
        is_point: bool,
    ) -> Option<[f64; 6]> {
        let mut transform = match (scale, tiepoint, matrix) {
            // A negative scale in y means north up too, whatever the specification says: GDAL's choice.
            (&[x, y, ..], &[column, row, _, tie_x, tie_y, _, ..], _) if x != 0.0 && y != 0.0 => {
                let y = -y.abs();
                [tie_x - column * x, x, 0.0, tie_y - row * y, 0.0, y]
            }
            (_, _, m) if m.len() == 16 => [m[3], m[0], m[1], m[7], m[4], m[5]],
            _ => return None,
        };
        if is_point {
            transform[0] -= 0.5 * (transform[1] + transform[2]);
            transform[3] -= 0.5 * (transform[4] + transform[5]);
        }
        Some(transform)
    }

    /// Sets the GeoTIFF tags that say this.
    pub fn write(&self, directory: &mut Directory) {
        if let Some(mut transform) = self.transform {
            if self.is_pixel_point() {
                transform[0] += 0.5 * (transform[1] + transform[2]);
                transform[3] += 0.5 * (transform[4] + transform[5]);
            }
            let [x0, xc, xr, y0, yc, yr] = transform;
            let north_up = xr == 0.0 && yc == 0.0 && yr < 0.0;
            if north_up {
                directory.set(Tag::MODEL_PIXEL_SCALE, Values::Double(vec![xc, -yr, 0.0]));
                directory.set(Tag::MODEL_TIEPOINT, Values::Double(vec![0.0, 0.0, 0.0, x0, y0, 0.0]));
            } else {
                let mut matrix = vec![xc, xr, 0.0, x0, yc, yr, 0.0, y0];
                matrix.extend([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
                directory.set(Tag::MODEL_TRANSFORMATION, Values::Double(matrix));
            }
        }
        if !self.keys.is_empty() {
            directory.set(Tag::GEO_KEY_DIRECTORY, Values::Short(self.keys.clone()));
        }
        if !self.doubles.is_empty() {
            directory.set(Tag::GEO_DOUBLE_PARAMS, Values::Double(self.doubles.clone()));
        }
        if !self.ascii.is_empty() {
            directory.set(Tag::GEO_ASCII_PARAMS, Values::Ascii(self.ascii.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utm() -> GeoReference {
        GeoReference {
            transform: Some([600_000.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]),
            keys: vec![
                1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 1, 1026, 34737, 22, 0, 3072, 0, 1, 32630,
            ],
            doubles: Vec::new(),
            ascii: "WGS 84 / UTM zone 30N|".into(),
        }
    }

    #[test]
    fn the_crs_is_named_by_code_and_citation() {
        assert_eq!(utm().crs().unwrap(), "EPSG:32630 WGS 84 / UTM zone 30N");
        assert_eq!(GeoReference::default().crs(), None);
    }

    #[test]
    fn a_window_starts_where_its_first_pixel_does_also_when_rotated() {
        let rotated = GeoReference {
            transform: Some([100.0, 17.0, 5.0, 200.0, 10.0, -8.0]),
            ..utm()
        };
        let window = Window::new(2..4, 3..9);
        assert_eq!(
            rotated.window(&window).transform,
            Some([161.0, 17.0, 5.0, 214.0, 10.0, -8.0])
        );
    }

    #[test]
    fn a_box_gives_the_pixels_that_it_touches() {
        let bounds = |min_x, min_y, max_x, max_y| Bounds {
            min_x,
            min_y,
            max_x,
            max_y,
        };
        let pixels = |area| utm().pixels_in(&area, 100, 100);
        let exact = bounds(600_020.0, 4_599_990.0, 600_040.0, 4_600_010.0);
        assert_eq!(pixels(exact), Some(Window::new(1..3, 2..4)));
        let inside_one = bounds(600_021.0, 4_600_001.0, 600_022.0, 4_600_002.0);
        assert_eq!(pixels(inside_one), Some(Window::new(1..2, 2..3)));
        assert_eq!(pixels(bounds(0.0, 0.0, 1.0, 1.0)), None);
        let all = bounds(0.0, 0.0, 1e7, 1e7);
        assert_eq!(pixels(all), Some(Window::new(0..100, 0..100)));
    }

    #[test]
    fn pixel_is_point_moves_by_half_a_pixel_and_back() {
        let read = GeoReference::transform_from_tags(&[10.0, 10.0, 0.0], &[0.0, 0.0, 0.0, 5.0, 95.0, 0.0], &[], true);
        assert_eq!(read, Some([0.0, 10.0, 0.0, 100.0, 0.0, -10.0]));
    }
}
