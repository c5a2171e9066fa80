//! What a raster is, for a person or a program that asks.
use plan::Object;
use serde::{Deserialize, Serialize};

use crate::{Bounds, ByteOrder, Cog, Image};

/// What `tessera cog info` tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The object.
    pub object: Object,
    /// 64-bit offsets.
    pub big_tiff: bool,
    /// Order of bytes.
    pub order: ByteOrder,
    /// Whether its writer says that it laid it out as a COG: directories first, then data from the smallest overview on.
    pub cog: bool,
    /// Bands.
    pub bands: u64,
    /// Type of samples, as numpy calls it (`uint16`), or what it is that cannot be read.
    pub sample: String,
    /// Each band has blocks of its own.
    pub separate: bool,
    /// Value of pixels without data.
    #[serde(with = "crate::nodata")]
    pub nodata: Option<f64>,
    /// EPSG code of the CRS.
    pub epsg: Option<u16>,
    /// The CRS for a person.
    pub crs: Option<String>,
    /// Geotransform, in GDAL's order.
    pub transform: Option<[f64; 6]>,
    /// Width and height of a pixel in units of the CRS.
    pub pixel_size: Option<(f64, f64)>,
    /// Bounds in units of the CRS.
    pub bounds: Option<Bounds>,
    /// The full resolution, then the overviews.
    pub levels: Vec<LevelDescription>,
    /// Images that are none of these.
    pub other_images: usize,
    /// The text of GDAL_METADATA (XML).
    pub metadata: Option<String>,
    /// What cannot be read here; `None` if all can.
    pub unsupported: Option<String>,
}

/// One resolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelDescription {
    /// Rows.
    pub height: u64,
    /// Columns.
    pub width: u64,
    /// Rows of a block.
    pub block_height: u64,
    /// Columns of a block.
    pub block_width: u64,
    /// Tiles or strips.
    pub tiled: bool,
    /// Number of blocks, of all bands.
    pub blocks: u64,
    /// Compression of blocks.
    pub compression: String,
    /// Predictor.
    pub predictor: String,
    /// Whether there is an internal mask.
    pub mask: bool,
}

impl Cog {
    /// What the raster is, from its directories alone.
    pub fn describe(&self) -> Description {
        let layout = self.layout();
        let unsupported = self.levels.iter().find_map(|level| level.image.layout.unsupported());
        let sample = match layout.sample() {
            Some(sample) if layout.is_packed() => format!("{} ({} bits)", sample.name(), layout.bits),
            Some(sample) => sample.name().into(),
            None => format!("{} bits, SampleFormat {}", layout.bits, layout.format),
        };
        Description {
            object: self.object.clone(),
            big_tiff: self.big_tiff,
            order: self.order,
            cog: self
                .structure
                .as_ref()
                .is_some_and(|text| text.contains("LAYOUT=IFDS_BEFORE_DATA")),
            bands: layout.bands,
            sample,
            separate: layout.separate,
            nodata: self.nodata,
            epsg: self.geo.epsg(),
            crs: self.geo.crs(),
            transform: self.geo.transform,
            pixel_size: self.geo.pixel_size(),
            bounds: self.geo.bounds(layout.width, layout.height),
            levels: self
                .levels
                .iter()
                .map(|level| describe(&level.image, level.mask.is_some()))
                .collect(),
            other_images: self.other_images,
            metadata: self.metadata.clone(),
            unsupported,
        }
    }
}

fn describe(image: &Image, mask: bool) -> LevelDescription {
    let layout = &image.layout;
    LevelDescription {
        height: layout.height,
        width: layout.width,
        block_height: layout.block_height,
        block_width: layout.block_width,
        tiled: layout.tiled,
        blocks: layout
            .blocks_across()
            .saturating_mul(layout.blocks_down())
            .saturating_mul(layout.planes()),
        compression: layout.compression.to_string(),
        predictor: layout.predictor.name().into(),
        mask,
    }
}
