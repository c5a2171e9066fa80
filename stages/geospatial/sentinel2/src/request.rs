//! Requests and responses of the tasks.
use plan::Uri;
use serde::{Deserialize, Serialize};

use crate::{Band, Baseline, DatedTile, Level, Resampling, SceneRow, Sensed, Tile};

/// Task `l2a`: makes a product of level 2A by an external command, such as Sen2Cor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct L2aRequest {
    /// The product of level 1C: a `.SAFE` folder.
    pub product: Uri,
    /// The command: `L2A_Process --resolution 10 {safe}`. `{safe}` is the folder of the product, `{out}` one for results.
    pub command: String,
    /// Where the new product goes: `<out>/<name>.SAFE/`.
    pub out: Uri,
}

/// The new product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct L2aResponse {
    /// The product of level 1C.
    pub product: Uri,
    /// The product of level 2A: a `.SAFE` folder.
    pub made: Uri,
    /// Bytes that were read.
    pub bytes_in: u64,
    /// Bytes of the new product.
    pub bytes_out: u64,
}

/// Task `find`: finds the bands of a product, and how its numbers are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindRequest {
    /// The product: a `.SAFE` folder.
    pub product: Uri,
    /// The bands that are wanted.
    pub bands: Vec<Band>,
}

/// What a product holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindResponse {
    /// Its name.
    pub name: String,
    /// The satellite.
    pub mission: String,
    /// How far it is processed.
    pub level: Level,
    /// When it was taken.
    pub sensed: Sensed,
    /// What processed it.
    pub baseline: Baseline,
    /// Number of the orbit in a repeat cycle.
    pub relative_orbit: u16,
    /// The stored number of reflectance 1 at offset 0.
    pub quantification: f64,
    /// The stored number where nothing is known.
    pub nodata: f64,
    /// Its metadata.
    pub metadata: Uri,
    /// Its tiles: one, or several in products from before 2016-12-06.
    pub tiles: Vec<FoundTile>,
    /// What whoever uses the bands should know.
    pub notes: Vec<String>,
}

/// A tile of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundTile {
    /// The tile.
    pub tile: Tile,
    /// The bands, in the order asked for.
    pub bands: Vec<FoundBand>,
}

/// A band of a tile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundBand {
    /// As it was asked for.
    pub band: Band,
    /// Its file, JPEG 2000.
    pub file: Uri,
    /// Size of a pixel in metres.
    pub metres: u16,
    /// What is added to stored numbers before they are divided by the quantification; none for bands that are no reflectance.
    pub offset: Option<f64>,
}

/// Which number a raster declares for pixels where nothing is known, if the file says none; what a file says is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nodata {
    /// 0 for unsigned whole numbers, as in all bands of Sentinel-2; none for other types.
    #[default]
    ZeroIfUnsigned,
    /// None.
    None,
    /// This one.
    Value(f64),
}

/// Task `convert`: makes a cloud-optimized GeoTIFF from any raster that GDAL reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvertRequest {
    /// The raster.
    pub raster: Uri,
    /// Side of a block in pixels: a multiple of 16 from 128 to 4096.
    pub block: u32,
    /// How overviews are made.
    #[serde(default)]
    pub resampling: Resampling,
    /// What is declared as nodata.
    #[serde(default)]
    pub nodata: Nodata,
    /// Where the raster goes: `<out>.tif`.
    pub out: Uri,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvertResponse {
    /// The cloud-optimized GeoTIFF.
    pub cog: Uri,
    /// Pixels in a row.
    pub width: u64,
    /// Rows.
    pub height: u64,
    /// Bands.
    pub bands: u64,
    /// Type of a pixel, by GDAL's name: `UInt16`.
    pub sample: String,
    /// The coordinate system: `EPSG:32630`, or its name; none if the raster has none.
    pub crs: Option<String>,
    /// The declared nodata of its first band.
    pub nodata: Option<f64>,
    /// What GDAL warned of, and what is missing.
    pub notes: Vec<String>,
    /// Bytes that were read.
    pub bytes_in: u64,
    /// Bytes of the new raster.
    pub bytes_out: u64,
}

/// Task `scenes`: pairs the dates of each tile for the pipeline `ndvi`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenesRequest {
    /// All dates of all tiles, in any order; files are relative to the folder that the table will be in.
    pub dates: Vec<DatedTile>,
    /// Where the table goes: `<out>.csv`.
    pub out: Uri,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenesResponse {
    /// The table, CSV.
    pub table: Uri,
    /// Its rows.
    pub rows: Vec<SceneRow>,
}

impl ConvertRequest {
    /// Side of a block unless the user says otherwise: half a block of the source, in pixels.
    pub const BLOCK: u32 = 512;
}
