//! What a part of a raster stands for, and all that its worker must know.
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{CutError, GeoReference, Layout, Window};

/// One window of a raster at one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowScope {
    /// Its pixels, in those of its level.
    pub window: Window,
    /// 0 the full resolution, 1 the first overview, and so on.
    pub level: usize,
    /// Georeference of the window: its upper left corner is at (0, 0).
    pub geo: GeoReference,
    /// Value of pixels without data.
    #[serde(with = "crate::nodata")]
    pub nodata: Option<f64>,
    /// How the pixels are stored, and where.
    pub image: StoredWindow,
    /// The internal mask, likewise.
    pub mask: Option<StoredWindow>,
    /// What the bands show.
    pub look: Look,
}

/// What the bands show: what a writer needs to say so again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// PhotometricInterpretation: 0 white is zero, 1 black is zero, 2 RGB, 3 palette.
    pub photometric: u16,
    /// What the bands beyond the colours are: 1 and 2 are opacity.
    pub extra_samples: Vec<u16>,
    /// Colours of a palette: all reds, then all greens, then all blues, 16 bits each.
    pub color_map: Vec<u16>,
}

/// The blocks of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWindow {
    /// How they are decoded.
    pub layout: Layout,
    /// Where each is: band after band if each has its own blocks, then row by row.
    pub blocks: Vec<Block>,
}

/// Offset and length of a stored block in the object; a length of 0 is a block that is not stored, without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block(pub u64, pub u64);

impl Block {
    /// The bytes of the object.
    pub fn bytes(self) -> Range<u64> {
        self.0..self.0.saturating_add(self.1)
    }

    /// Whether nothing is stored.
    pub fn is_sparse(self) -> bool {
        self.1 == 0
    }
}

/// Tiles that a COG writer separates by a few bytes (GDAL: their length before, their end repeated behind) are fetched in
/// one request.
const GAP: u64 = 64;

impl WindowScope {
    /// The stored bytes to fetch: those of the blocks, near ones joined.
    pub fn stored_bytes(&self) -> Vec<Range<u64>> {
        let images = std::iter::once(&self.image).chain(&self.mask);
        let blocks = images
            .flat_map(|image| &image.blocks)
            .filter(|block| !block.is_sparse());
        let ranges: Vec<_> = blocks.map(|block| block.bytes()).collect();
        object_io::coalesce(&ranges, GAP)
    }

    /// Bytes of the decoded window, mask included.
    pub fn decoded_bytes(&self) -> u64 {
        let pixel = self.image.layout.pixel_bytes() + u64::from(self.mask.is_some());
        let rows = self.window.height().saturating_mul(pixel);
        self.window.width().saturating_mul(rows)
    }

    /// Refuses a window whose pixels are many more than its stored bytes can hold: room is made for what is stored, not for
    /// what a header claims.
    pub(crate) fn check_size(&self, stored: &[Range<u64>]) -> Result<(), CutError> {
        /// Windows up to this size may be empty.
        const ALWAYS: u64 = 256 << 20;
        let fetched: u64 = stored
            .iter()
            .map(|range| range.end.saturating_sub(range.start))
            .fold(0, u64::saturating_add);
        let bytes = self.decoded_bytes();
        if bytes > self.image.layout.compression.most(fetched).saturating_add(ALWAYS) {
            return Err(CutError::TooLarge {
                window: self.window.clone(),
                bytes,
                stored: fetched,
            });
        }
        Ok(())
    }
}
