//! The tags of TIFF 6.0, GeoTIFF 1.1 and GDAL that we know.
use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a TIFF tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag(pub u16);

macro_rules! tags {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        #[expect(missing_docs, reason = "the tags' own names say what they are")]
        impl Tag {
            $(pub const $name: Self = Self($number);)*

            /// The tag's name in its specification, if we know it.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

tags! {
    NEW_SUBFILE_TYPE = 254, "NewSubfileType";
    SUBFILE_TYPE = 255, "SubfileType";
    IMAGE_WIDTH = 256, "ImageWidth";
    IMAGE_LENGTH = 257, "ImageLength";
    BITS_PER_SAMPLE = 258, "BitsPerSample";
    COMPRESSION = 259, "Compression";
    PHOTOMETRIC = 262, "PhotometricInterpretation";
    FILL_ORDER = 266, "FillOrder";
    STRIP_OFFSETS = 273, "StripOffsets";
    SAMPLES_PER_PIXEL = 277, "SamplesPerPixel";
    ROWS_PER_STRIP = 278, "RowsPerStrip";
    STRIP_BYTE_COUNTS = 279, "StripByteCounts";
    PLANAR_CONFIGURATION = 284, "PlanarConfiguration";
    PREDICTOR = 317, "Predictor";
    COLOR_MAP = 320, "ColorMap";
    TILE_WIDTH = 322, "TileWidth";
    TILE_LENGTH = 323, "TileLength";
    TILE_OFFSETS = 324, "TileOffsets";
    TILE_BYTE_COUNTS = 325, "TileByteCounts";
    SUB_IFDS = 330, "SubIFDs";
    EXTRA_SAMPLES = 338, "ExtraSamples";
    SAMPLE_FORMAT = 339, "SampleFormat";
    JPEG_TABLES = 347, "JPEGTables";
    MODEL_PIXEL_SCALE = 33550, "ModelPixelScale";
    MODEL_TIEPOINT = 33922, "ModelTiepoint";
    MODEL_TRANSFORMATION = 34264, "ModelTransformation";
    GEO_KEY_DIRECTORY = 34735, "GeoKeyDirectory";
    GEO_DOUBLE_PARAMS = 34736, "GeoDoubleParams";
    GEO_ASCII_PARAMS = 34737, "GeoAsciiParams";
    GDAL_METADATA = 42112, "GDAL_METADATA";
    GDAL_NODATA = 42113, "GDAL_NODATA";
}

impl Tag {
    /// Whether this is a table with a number per tile or strip: read when needed, since it can be long.
    pub(crate) fn is_table(self) -> bool {
        [
            Self::STRIP_OFFSETS,
            Self::STRIP_BYTE_COUNTS,
            Self::TILE_OFFSETS,
            Self::TILE_BYTE_COUNTS,
        ]
        .contains(&self)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "tag {}", self.0),
        }
    }
}
