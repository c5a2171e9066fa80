//! Where a raster lies on the Earth, as its GeoTIFF tags say it.
use serde::{Deserialize, Serialize};

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
