//! How the pixels of one image lie in its blocks.
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{SampleType, Window, ifd::ByteOrder};

/// Compression of the blocks, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Compression(pub u16);

#[expect(missing_docs, reason = "the names of the codecs")]
impl Compression {
    pub const NONE: Self = Self(1);
    pub const LZW: Self = Self(5);
    pub const JPEG: Self = Self(7);
    pub const DEFLATE: Self = Self(8);
    pub const PACKBITS: Self = Self(32773);
    /// The number that deflate had before it was given one.
    pub const OLD_DEFLATE: Self = Self(32946);
    pub const ZSTD: Self = Self(50000);
    pub const WEBP: Self = Self(50001);
}

impl Compression {
    /// Whether blocks of this compression can be decoded here.
    pub fn is_supported(self) -> bool {
        use Compression as C;
        matches!(
            self,
            C::NONE | C::LZW | C::JPEG | C::DEFLATE | C::PACKBITS | C::OLD_DEFLATE | C::ZSTD | C::WEBP
        )
    }

    /// The codec's name.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "none",
            2 => "CCITT RLE",
            3 => "CCITT group 3",
            4 => "CCITT group 4",
            5 => "LZW",
            6 => "old-style JPEG",
            7 => "JPEG",
            8 | 32946 => "deflate",
            32773 => "PackBits",
            33003 | 33005 | 34712 => "JPEG 2000",
            34661 => "JBIG",
            34887 => "LERC",
            34925 => "LZMA",
            50000 => "zstd",
            50001 => "WebP",
            50002 | 52546 => "JPEG XL",
            _ => "unknown",
        }
    }

    /// No stream of `stored` bytes decodes to more than this many.
    ///
    /// A block whose directory claims more is refused before room is made for it. The expansion of deflate is 1032 at most
    /// (258 bytes in two bits), that of PackBits 64, of LZW 1340 (strings grow by one byte per code), of zstd 32 768 (a
    /// block of 128 KiB in 4 bytes). The image codecs have no such bound, but a size of their own, which is compared.
    pub(crate) fn most(self, stored: u64) -> u64 {
        /// Small enough to be no matter.
        const ALWAYS: u64 = 4 << 20;
        let expansion = match self {
            Self::NONE => 1,
            Self::PACKBITS => 64,
            Self::DEFLATE | Self::OLD_DEFLATE => 1032,
            Self::LZW => 1400,
            _ => 32_768,
        };
        stored.saturating_mul(expansion).max(ALWAYS)
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "unknown" => write!(f, "compression {}", self.0),
            name => f.write_str(name),
        }
    }
}

/// What was done to the samples of a row before they were compressed, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Predictor(pub u16);

#[expect(missing_docs, reason = "the names of the predictors")]
impl Predictor {
    pub const NONE: Self = Self(1);
    pub const HORIZONTAL: Self = Self(2);
    pub const FLOATING_POINT: Self = Self(3);
}

impl Predictor {
    /// The predictor's name.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "none",
            2 => "horizontal",
            3 => "floating point",
            _ => "unknown",
        }
    }
}

/// All that is needed to decode the blocks of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Columns of the image.
    pub width: u64,
    /// Rows of the image.
    pub height: u64,
    /// Bands.
    pub bands: u64,
    /// Bits of a stored sample.
    pub bits: u64,
    /// SampleFormat: 1 unsigned, 2 signed, 3 floating point, 5 and 6 complex.
    pub format: u64,
    /// Columns of a block.
    pub block_width: u64,
    /// Rows of a block.
    pub block_height: u64,
    /// Tiles, which are stored whole even where they leave the image; else strips, which end with it.
    pub tiled: bool,
    /// Each band has blocks of its own.
    pub separate: bool,
    /// Compression of the blocks.
    pub compression: Compression,
    /// What was done before.
    pub predictor: Predictor,
    /// Byte order of samples.
    pub order: ByteOrder,
    /// The bits of every stored byte come the other way round (FillOrder 2).
    pub reversed_bits: bool,
    /// Colours are stored as luminance and chrominance.
    pub ycbcr: bool,
    /// Tables that the JPEG streams of the blocks leave out.
    pub jpeg_tables: Vec<u8>,
}

impl Layout {
    /// The type that samples are decoded to; `None` if there is none here.
    pub fn sample(&self) -> Option<SampleType> {
        Some(match (self.format, self.bits) {
            // Fewer bits than a type has are packed, as GDAL writes them with NBITS.
            (1, 1..=8) => SampleType::U8,
            (2, 8) => SampleType::I8,
            (1, 9..=16) => SampleType::U16,
            (2, 16) => SampleType::I16,
            (1, 17..=23 | 25..=32) => SampleType::U32,
            (2, 32) => SampleType::I32,
            (3, 32) => SampleType::F32,
            (3, 64) => SampleType::F64,
            _ => return None,
        })
    }

    /// What of this cannot be decoded here; `None` if all can.
    pub fn unsupported(&self) -> Option<String> {
        let Self {
            bits,
            compression,
            predictor,
            ..
        } = self;
        if !compression.is_supported() {
            return Some(format!("compression {compression}"));
        }
        if self.sample().is_none() {
            let format = match self.format {
                1 => "unsigned integer",
                2 => "signed integer",
                3 => "floating-point",
                5 => "complex integer",
                6 => "complex floating-point",
                _ => "unknown",
            };
            return Some(format!("a sample of {bits} bits, {format},"));
        }
        let image_codec = [Compression::JPEG, Compression::WEBP].contains(compression);
        if image_codec && *bits != 8 {
            return Some(format!("{compression} of {bits}-bit samples"));
        }
        if image_codec && *predictor != Predictor::NONE {
            return Some(format!("a predictor before {compression}"));
        }
        if self.ycbcr && *compression != Compression::JPEG {
            return Some("YCbCr that is not JPEG".into());
        }
        match (*predictor, self.format, self.is_packed()) {
            (Predictor::NONE, ..) | (Predictor::HORIZONTAL, _, false) | (Predictor::FLOATING_POINT, 3, _) => None,
            _ => Some(format!(
                "predictor {} on samples of {bits} bits, format {},",
                predictor.0, self.format
            )),
        }
    }

    /// Blocks from west to east.
    pub fn blocks_across(&self) -> u64 {
        self.width.div_ceil(self.block_width.max(1))
    }

    /// Blocks from north to south.
    pub fn blocks_down(&self) -> u64 {
        self.height.div_ceil(self.block_height.max(1))
    }

    /// How often the image is covered by blocks: once per band if each has its own.
    pub fn planes(&self) -> u64 {
        if self.separate { self.bands } else { 1 }
    }

    /// Samples of one pixel in one block.
    pub fn block_bands(&self) -> u64 {
        if self.separate { 1 } else { self.bands }
    }

    /// Stored bytes of a row of a block before compression, or more than any machine has.
    pub(crate) fn row_bytes(&self) -> u64 {
        let samples = self.block_width.saturating_mul(self.block_bands());
        samples.saturating_mul(self.bits).div_ceil(8)
    }

    /// Rows that the blocks in this row of blocks have.
    pub(crate) fn block_rows(&self, row: u64) -> u64 {
        if self.tiled {
            return self.block_height;
        }
        let start = row.saturating_mul(self.block_height);
        self.block_height.min(self.height.saturating_sub(start))
    }

    /// Bytes of a block in this row of blocks before compression.
    pub(crate) fn block_bytes(&self, row: u64) -> u64 {
        self.row_bytes().saturating_mul(self.block_rows(row))
    }

    /// The pixels of the image in a block.
    pub(crate) fn block_window(&self, row: u64, column: u64) -> Window {
        let (top, left) = (row * self.block_height, column * self.block_width);
        Window {
            rows: top..(top + self.block_height).min(self.height),
            columns: left..(left + self.block_width).min(self.width),
        }
    }

    /// The blocks that a window touches, as a window of blocks.
    pub(crate) fn blocks_of(&self, window: &Window) -> Window {
        let (height, width) = (self.block_height.max(1), self.block_width.max(1));
        Window {
            rows: window.rows.start / height..window.rows.end.div_ceil(height),
            columns: window.columns.start / width..window.columns.end.div_ceil(width),
        }
    }

    /// Whether samples have fewer bits than their type, and lie bit by bit one behind the other.
    pub(crate) fn is_packed(&self) -> bool {
        ![8, 16, 32, 64].contains(&self.bits)
    }

    /// Bytes of one decoded pixel, all bands.
    pub(crate) fn pixel_bytes(&self) -> u64 {
        self.bands
            .saturating_mul(self.sample().map_or(8, |sample| sample.size() as u64))
    }
}
