//! What one directory says, checked.
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{
    Compression, FormatError, Layout, Predictor,
    ifd::{ByteOrder, Field, Kind, RawIfd, Tag, Value},
};

/// One image of a TIFF: the raster, an overview, or the mask of one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Byte at which its directory starts.
    pub ifd: u64,
    /// How its pixels are stored.
    pub layout: Layout,
    /// PhotometricInterpretation: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 4 mask, 5 CMYK, 6 YCbCr.
    pub photometric: u16,
    /// What the bands beyond the colours are: 1 and 2 are opacity.
    pub extra_samples: Vec<u16>,
    /// Colours of a palette: all reds, then all greens, then all blues, 16 bits each.
    pub color_map: Vec<u16>,
    pub(crate) offsets: Table,
    /// Missing in files of old writers; then blocks are as long as their pixels.
    pub(crate) counts: Option<Table>,
    pub(crate) role: u64,
}

/// Where the numbers of all blocks of an image are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    kind: Kind,
    pub(crate) count: u64,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Place {
    Here(Vec<u64>),
    At(u64),
}

impl Table {
    /// Bytes of the object that hold these numbers; `None` if the table is in the directory itself.
    pub(crate) fn bytes(&self, numbers: &Range<u64>) -> Option<Range<u64>> {
        let Place::At(start) = self.place else { return None };
        let size = self.kind.size()?;
        Some(start + numbers.start * size..start + numbers.end * size)
    }

    /// The numbers from those bytes.
    pub(crate) fn numbers(&self, numbers: &Range<u64>, bytes: &[u8], order: ByteOrder) -> Vec<u64> {
        match &self.place {
            Place::Here(all) => all[numbers.start as usize..numbers.end as usize].to_vec(),
            Place::At(_) => {
                let size = self.kind.size().unwrap_or(1) as usize;
                bytes.chunks_exact(size).map(|bytes| order.unsigned(bytes)).collect()
            }
        }
    }
}

const REDUCED: u64 = 1;
const MASK: u64 = 4;

impl Image {
    /// Whether this is an overview, or the mask of one.
    pub(crate) fn is_reduced(&self) -> bool {
        self.role & REDUCED != 0
    }

    /// Whether this is a mask.
    pub(crate) fn is_mask(&self) -> bool {
        self.role & MASK != 0
    }

    pub(crate) fn from_ifd(raw: &RawIfd) -> Result<Self, FormatError> {
        let ifd = raw.offset;
        let tag = |tag, problem: String| FormatError::Tag { ifd, tag, problem };
        let required = |name| move |value: Option<u64>| value.ok_or(FormatError::Missing { ifd, tag: name });
        let positive = |name: Tag| {
            let value = required(name)(raw.number(name)?)?;
            if value == 0 || value > u64::from(u32::MAX) {
                return Err(tag(name, format!("{value} pixels")));
            }
            Ok(value)
        };
        let (width, height) = (positive(Tag::IMAGE_WIDTH)?, positive(Tag::IMAGE_LENGTH)?);
        let bands = raw.number(Tag::SAMPLES_PER_PIXEL)?.unwrap_or(1);
        if bands == 0 {
            return Err(tag(Tag::SAMPLES_PER_PIXEL, "no bands".into()));
        }
        let tiled = raw.fields.contains_key(&Tag::TILE_OFFSETS) || raw.fields.contains_key(&Tag::TILE_WIDTH);
        let (block_width, block_height) = if tiled {
            (positive(Tag::TILE_WIDTH)?, positive(Tag::TILE_LENGTH)?)
        } else {
            let rows = raw.number(Tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX).min(height);
            if rows == 0 {
                return Err(tag(Tag::ROWS_PER_STRIP, "no rows".into()));
            }
            (width, rows)
        };
        let separate = match raw.number(Tag::PLANAR_CONFIGURATION)?.unwrap_or(1) {
            1 => false,
            2 => bands > 1,
            other => return Err(tag(Tag::PLANAR_CONFIGURATION, format!("{other} is neither 1 nor 2"))),
        };
        let compression = Compression(raw.number(Tag::COMPRESSION)?.unwrap_or(1) as u16);
        let photometric = raw.number(Tag::PHOTOMETRIC)?.unwrap_or(1) as u16;
        let layout = Layout {
            width,
            height,
            bands,
            bits: raw.same_for_all_bands(Tag::BITS_PER_SAMPLE)?,
            // 4 is "undefined": GDAL takes such samples for unsigned.
            format: match raw.same_for_all_bands(Tag::SAMPLE_FORMAT)? {
                4 => 1,
                format => format,
            },
            block_width,
            block_height,
            tiled,
            separate,
            compression,
            predictor: match raw.number(Tag::PREDICTOR)?.unwrap_or(1) {
                // Only these codecs have predictors; libtiff passes over the tag elsewhere.
                number if has_predictor(compression) => Predictor(number as u16),
                _ => Predictor::NONE,
            },
            order: raw.order,
            reversed_bits: raw.number(Tag::FILL_ORDER)?.unwrap_or(1) == 2,
            ycbcr: photometric == 6,
            jpeg_tables: raw
                .fields
                .get(&Tag::JPEG_TABLES)
                .and_then(Field::raw)
                .unwrap_or_default(),
        };
        if layout.bits == 0 || layout.bits > 64 {
            return Err(tag(Tag::BITS_PER_SAMPLE, format!("{} bits", layout.bits)));
        }
        let blocks = layout
            .blocks_across()
            .saturating_mul(layout.blocks_down())
            .saturating_mul(layout.planes());
        let table = |name: Tag| raw.table(name, blocks);
        let (offsets, counts) = if tiled {
            (Tag::TILE_OFFSETS, Tag::TILE_BYTE_COUNTS)
        } else {
            (Tag::STRIP_OFFSETS, Tag::STRIP_BYTE_COUNTS)
        };
        let offsets = table(offsets)?.ok_or(FormatError::Missing { ifd, tag: offsets })?;
        let counts_table = table(counts)?;
        if counts_table.is_none() && compression != Compression::NONE {
            return Err(FormatError::Missing { ifd, tag: counts });
        }
        Ok(Self {
            ifd,
            layout,
            photometric,
            extra_samples: raw.shorts(Tag::EXTRA_SAMPLES)?,
            color_map: raw.shorts(Tag::COLOR_MAP)?,
            offsets,
            counts: counts_table,
            role: raw.role()?,
        })
    }
}

fn has_predictor(compression: Compression) -> bool {
    use Compression as C;
    matches!(compression, C::LZW | C::DEFLATE | C::OLD_DEFLATE | C::ZSTD)
}

impl RawIfd {
    fn wrong(&self, tag: Tag, problem: impl Into<String>) -> FormatError {
        FormatError::Tag {
            ifd: self.offset,
            tag,
            problem: problem.into(),
        }
    }

    fn numbers(&self, tag: Tag) -> Result<Option<Vec<u64>>, FormatError> {
        let Some(field) = self.fields.get(&tag) else {
            return Ok(None);
        };
        let numbers = field.unsigned(self.order);
        let numbers = numbers.ok_or_else(|| self.wrong(tag, "not unsigned integers"))?;
        Ok(Some(numbers))
    }

    fn number(&self, tag: Tag) -> Result<Option<u64>, FormatError> {
        let Some(numbers) = self.numbers(tag)? else {
            return Ok(None);
        };
        let first = numbers.first().copied();
        first.map(Some).ok_or_else(|| self.wrong(tag, "no value"))
    }

    fn shorts(&self, tag: Tag) -> Result<Vec<u16>, FormatError> {
        let numbers = self.numbers(tag)?.unwrap_or_default();
        Ok(numbers.into_iter().map(|number| number as u16).collect())
    }

    /// Floating-point values, none if there is no such tag.
    pub(crate) fn floats(&self, tag: Tag) -> Result<Vec<f64>, FormatError> {
        let Some(field) = self.fields.get(&tag) else {
            return Ok(Vec::new());
        };
        field
            .floats(self.order)
            .ok_or_else(|| self.wrong(tag, "not floating-point numbers"))
    }

    pub(crate) fn geo_keys(&self) -> Result<Vec<u16>, FormatError> {
        self.shorts(Tag::GEO_KEY_DIRECTORY)
    }

    pub(crate) fn text(&self, tag: Tag) -> Option<String> {
        self.fields.get(&tag)?.text()
    }

    /// A number per band, which must be the same for all; 1 if there is no such tag.
    fn same_for_all_bands(&self, tag: Tag) -> Result<u64, FormatError> {
        let numbers = self.numbers(tag)?.unwrap_or_else(|| vec![1]);
        match numbers.as_slice() {
            [] => Err(self.wrong(tag, "no value")),
            [first, rest @ ..] if rest.iter().all(|number| number == first) => Ok(*first),
            _ => Err(FormatError::Unsupported {
                ifd: self.offset,
                feature: format!("a raster whose bands differ in {tag}"),
            }),
        }
    }

    /// NewSubfileType, or what SubfileType means in its terms.
    pub(crate) fn role(&self) -> Result<u64, FormatError> {
        if let Some(role) = self.number(Tag::NEW_SUBFILE_TYPE)? {
            return Ok(role);
        }
        let old = self.number(Tag::SUBFILE_TYPE)?;
        Ok(if old == Some(2) { REDUCED } else { 0 })
    }

    /// A table that must have a number for each of `blocks` blocks.
    fn table(&self, tag: Tag, blocks: u64) -> Result<Option<Table>, FormatError> {
        let Some(field) = self.fields.get(&tag) else {
            return Ok(None);
        };
        if !field.kind.is_unsigned() {
            return Err(self.wrong(tag, "not unsigned integers"));
        }
        if field.count < blocks {
            return Err(self.wrong(tag, format!("{} values for {blocks} blocks", field.count)));
        }
        let place = match field.value {
            Value::At(start) => Place::At(start),
            Value::Bytes(_) => Place::Here(field.unsigned(self.order).unwrap_or_default()),
        };
        Ok(Some(Table {
            kind: field.kind,
            count: field.count,
            place,
        }))
    }
}
