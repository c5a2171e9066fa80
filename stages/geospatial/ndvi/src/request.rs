//! What the tasks are asked and what they answer.
use std::fmt;

use geospatial_rasters::{Layout, Statistics};
use partition_cog::{GeoReference, SampleType, Window, WindowScope, WindowSize};
use plan::{Partition, Uri};
use serde::{Deserialize, Serialize};

use crate::{Change, NODATA, NODATA_I16, SCALE};

/// One band of a raster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// The raster.
    pub raster: Uri,
    /// 1-based, as GDAL counts. May be left out for a raster of one band.
    #[serde(default)]
    pub band: Option<u64>,
}

impl From<Uri> for Band {
    fn from(raster: Uri) -> Self {
        Self { raster, band: None }
    }
}

/// One date of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Date {
    /// Red reflectance.
    pub red: Band,
    /// Near infrared reflectance.
    pub nir: Band,
    /// Added to the stored numbers before the index is taken: -1000 for Sentinel-2 products of baseline 04.00 and later
    /// (from 2022-01-25 on), unless the provider has taken it off already.
    #[serde(default)]
    pub offset: f64,
    /// The number that says "nothing known here" in both bands; without it, see [`nodata_of`](crate::nodata_of).
    #[serde(default)]
    pub nodata: Option<f64>,
}

/// A place on one date, or on two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// What people call it.
    pub name: String,
    /// The date, or the earlier one.
    pub first: Date,
    /// The later date.
    #[serde(default)]
    pub second: Option<Date>,
}

/// What is made of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// NDVI of the first date.
    Ndvi,
    /// NDVI of the second date.
    Ndvi2,
    /// NDVI of the second date less that of the first.
    Difference,
}

impl Product {
    /// Name of its file, without the end.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndvi => "ndvi",
            Self::Ndvi2 => "ndvi2",
            Self::Difference => "difference",
        }
    }

    /// The products of a scene.
    pub fn of(dates: usize) -> &'static [Self] {
        &[Self::Ndvi, Self::Ndvi2, Self::Difference][..if dates < 2 { 1 } else { 3 }]
    }

    /// Those of the products of a scene that are wanted: all if `only` is empty.
    pub fn wanted(dates: usize, only: &[Self]) -> Vec<Self> {
        let all = Self::of(dates).iter().copied();
        all.filter(|product| only.is_empty() || only.contains(product))
            .collect()
    }

    fn description(self) -> &'static str {
        match self {
            Self::Ndvi => "NDVI",
            Self::Ndvi2 => "NDVI of the second date",
            Self::Difference => "NDVI of the second date less that of the first",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How indexes are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// `f32`, nodata -9999.
    #[default]
    F32,
    /// Ten-thousandths in `i16`, nodata -32768.
    I16,
}

/// The raster that all products of a scene are: size, place and encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raster {
    /// Rows.
    pub height: u64,
    /// Columns.
    pub width: u64,
    /// Geotransform and CRS.
    pub georeference: GeoReference,
    /// How indexes are stored.
    #[serde(default)]
    pub encoding: Encoding,
    /// Rows and columns of a stored block.
    #[serde(default = "default_block")]
    pub block: u64,
}

pub(crate) fn default_block() -> u64 {
    Layout::BLOCK
}

impl Raster {
    /// How a product is written.
    pub fn layout(&self, product: Product) -> Layout {
        let (sample, nodata, scale) = match self.encoding {
            Encoding::F32 => (SampleType::F32, f64::from(NODATA), None),
            Encoding::I16 => (SampleType::I16, f64::from(NODATA_I16), Some(1.0 / f64::from(SCALE))),
        };
        Layout {
            height: self.height,
            width: self.width,
            block: self.block,
            sample,
            nodata: Some(nodata),
            scale,
            description: product.description().to_owned(),
            georeference: self.georeference.clone(),
        }
    }
}

/// Task `ndvi-plan`: cuts one scene into windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRequest {
    /// The scene.
    pub scene: Scene,
    /// How many windows, or how large; cuts lie on blocks of the red band of the first date and of the output.
    pub size: WindowSize,
    /// How indexes are stored.
    #[serde(default)]
    pub encoding: Encoding,
    /// Where the plan goes: `<out>.json`, a [`ScenePlan`].
    pub out: Uri,
}

/// The plan of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanResponse {
    /// Name of the scene.
    pub scene: String,
    /// The plan: see [`ScenePlan::open`].
    pub plan: Uri,
    /// Number of windows.
    pub windows: u64,
    /// 1 or 2.
    pub dates: u64,
    /// Size and place of the products.
    pub raster: Raster,
    /// Stored bytes that all windows read.
    pub stored: u64,
    /// What counts as nodata: red and NIR of the first date, then of the second.
    pub nodata: Vec<Option<f64>>,
}

/// The windows of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenePlan {
    /// Name of the scene.
    pub scene: String,
    /// What the products will be.
    pub raster: Raster,
    /// Windows in row-major order.
    pub windows: Vec<PlannedWindow>,
}

/// One window of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedWindow {
    /// Its pixels.
    pub window: Window,
    /// One or two.
    pub dates: Vec<PlannedDate>,
}

/// What one date of a window is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedDate {
    /// Red.
    pub red: PlannedBand,
    /// Near infrared.
    pub nir: PlannedBand,
    /// Added to the stored numbers.
    pub offset: f64,
}

/// One band of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedBand {
    /// The stored bytes.
    pub partition: Partition<WindowScope>,
    /// 1-based.
    pub band: u64,
    /// The number that says "nothing known here".
    #[serde(default)]
    pub nodata: Option<f64>,
}

/// Loss and gain count beyond this.
pub const THRESHOLD: f32 = 0.2;

fn default_threshold() -> f32 {
    THRESHOLD
}

/// Task `ndvi-window`: computes one window of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowRequest {
    /// What the products are.
    pub raster: Raster,
    /// The window.
    pub window: PlannedWindow,
    /// How far the index must fall or rise to count as loss or gain.
    #[serde(default = "default_threshold")]
    pub threshold: f32,
    /// What is made; everything if this is empty.
    #[serde(default)]
    pub only: Vec<Product>,
    /// Where the patches go: `<out>.ndvi`, and with two dates `<out>.ndvi2` and `<out>.difference`.
    pub out: Uri,
}

/// A window of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductPatch {
    /// Which product.
    pub product: Product,
    /// Its pixels and more, for assembly.
    pub patch: Uri,
    /// In units of the index, whatever the encoding.
    pub statistics: Statistics,
}

/// One computed window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowResponse {
    /// Its pixels.
    pub window: Window,
    /// What was made.
    pub products: Vec<ProductPatch>,
    /// Between the dates.
    pub change: Option<Change>,
    /// Stored bytes that were read.
    pub bytes_in: u64,
    /// Bytes that were written.
    pub bytes_out: u64,
}

/// Task `ndvi-assemble`: joins the windows of one product of one scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssembleRequest {
    /// Name of the scene.
    pub scene: String,
    /// What the product is.
    pub raster: Raster,
    /// Which product.
    pub product: Product,
    /// Patches that cover the raster once, in any order.
    pub patches: Vec<Uri>,
    /// Where it goes: `<out>.tif`, and `<out>.png` to look at.
    pub out: Uri,
}

/// A finished raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssembleResponse {
    /// Name of the scene.
    pub scene: String,
    /// Which product.
    pub product: Product,
    /// The raster, a cloud-optimized GeoTIFF.
    pub tif: Uri,
    /// A reduced picture with a legend.
    pub png: Uri,
    /// In units of the index, whatever the encoding.
    pub statistics: Statistics,
    /// Pixels, valid or not.
    pub pixels: u64,
    /// Bytes that were read.
    pub bytes_in: u64,
    /// Bytes that were written.
    pub bytes_out: u64,
}

/// Task `ndvi-summary`: one table over all scenes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRequest {
    /// What was made, in the order of the table.
    pub rows: Vec<SummaryRow>,
    /// What counted as loss or gain.
    #[serde(default = "default_threshold")]
    pub threshold: f32,
    /// Where the table goes: `<out>.parquet`.
    pub out: Uri,
}

/// One product of one scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Name of the scene.
    pub scene: String,
    /// Which product.
    pub product: Product,
    /// Pixels, valid or not.
    pub pixels: u64,
    /// In units of the index.
    pub statistics: Statistics,
    /// Of a difference.
    #[serde(default)]
    pub change: Option<Change>,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryResponse {
    /// Parquet.
    pub table: Uri,
    /// Rows.
    pub rows: u64,
}
