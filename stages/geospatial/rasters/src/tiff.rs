//! The head of a COG: everything before its blocks.
//!
//! TIFF 6.0, BigTIFF, OGC GeoTIFF 1.1, and the COG layout of GDAL,
//! <https://gdal.org/drivers/raster/cog.html>: image file directories first, from the raster to the smallest overview; then
//! blocks, from the smallest overview to the raster.
use partition_cog::GeoReference;

use crate::{
    Cell, Layout, Statistics,
    block::{LEADER, TRAILER},
    metadata::gdal_metadata,
};

/// How blocks lie in the file, for readers that know.
const LAYOUT: &str = "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n\
    BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n ";
/// Beyond this, 32-bit offsets do not reach.
const CLASSIC: u64 = u32::MAX as u64;

/// Makes the bytes before the blocks. `sizes` are the stored sizes of the blocks of each level, row-major.
pub(crate) fn head<T: Cell>(layout: &Layout, statistics: &Statistics, sizes: &[Vec<u32>]) -> Vec<u8> {
    let data: u64 = sizes.iter().flatten().map(|&size| u64::from(size)).sum();
    // The length of the head does not depend on the offsets in it.
    let draft = |big| write::<T>(layout, statistics, sizes, big, 0).len() as u64;
    let (classic, big) = (draft(false), draft(true));
    if classic + data <= CLASSIC {
        write::<T>(layout, statistics, sizes, false, classic)
    } else {
        write::<T>(layout, statistics, sizes, true, big)
    }
}

fn write<T: Cell>(layout: &Layout, statistics: &Statistics, sizes: &[Vec<u32>], big: bool, data: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if big {
        out.extend_from_slice(&[b'I', b'I', 43, 0, 8, 0, 0, 0]);
    } else {
        out.extend_from_slice(&[b'I', b'I', 42, 0]);
    }
    let link = out.len();
    out.resize(if big { 16 } else { 8 }, 0);
    out.extend_from_slice(format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{LAYOUT}", LAYOUT.len()).as_bytes());
    let mut next = Link { at: link, big };
    let mut starts = vec![0; sizes.len()];
    let mut at = data;
    for level in (0..sizes.len()).rev() {
        starts[level] = at;
        at += sizes[level].iter().map(|&size| u64::from(size)).sum::<u64>();
    }
    for (level, sizes) in sizes.iter().enumerate() {
        let fields = fields::<T>(layout, statistics, level, sizes, starts[level], big);
        next = directory(fields, next, &mut out);
    }
    out
}

/// Where the offset of the next directory is to be written.
#[derive(Clone, Copy)]
struct Link {
    at: usize,
    big: bool,
}

impl Link {
    fn set(&self, offset: usize, out: &mut [u8]) {
        let width = if self.big { 8 } else { 4 };
        out[self.at..self.at + width].copy_from_slice(&(offset as u64).to_le_bytes()[..width]);
    }
}

/// A field of a directory, with its values as they are stored.
struct Field {
    tag: u16,
    kind: u16,
    count: u64,
    values: Vec<u8>,
}

impl Field {
    fn short(tag: u16, values: &[u16]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(tag, 3, values.len(), bytes)
    }

    fn long(tag: u16, values: impl ExactSizeIterator<Item = u32>) -> Self {
        let count = values.len();
        Self::new(tag, 4, count, values.flat_map(u32::to_le_bytes).collect())
    }

    fn double(tag: u16, values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self::new(tag, 12, values.len(), bytes)
    }

    fn text(tag: u16, text: &str) -> Self {
        let bytes: Vec<u8> = text.bytes().chain([0]).collect();
        Self::new(tag, 2, bytes.len(), bytes)
    }

    fn new(tag: u16, kind: u16, count: usize, values: Vec<u8>) -> Self {
        let count = count as u64;
        Self {
            tag,
            kind,
            count,
            values,
        }
    }
}

/// The fields of a level whose blocks begin at `start`, in order of tag.
fn fields<T: Cell>(
    layout: &Layout,
    statistics: &Statistics,
    level: usize,
    sizes: &[u32],
    start: u64,
    big: bool,
) -> Vec<Field> {
    let [height, width] = layout.size(level);
    let mut at = start;
    let offsets: Vec<u64> = sizes
        .iter()
        .map(|&size| {
            at += u64::from(size);
            at - u64::from(size) + LEADER as u64
        })
        .collect();
    let sizes: Vec<u32> = sizes.iter().map(|size| size - (LEADER + TRAILER) as u32).collect();
    let format = match T::PREDICTOR {
        3 => 3,
        _ if T::exactly(-1.0).is_some() => 2,
        _ => 1,
    };
    let mut fields = Vec::new();
    if level > 0 {
        fields.push(Field::long(254, [1].into_iter()));
    }
    fields.extend([
        Field::long(256, [width as u32].into_iter()),
        Field::long(257, [height as u32].into_iter()),
        Field::short(258, &[8 * T::BYTES as u16]),
        Field::short(259, &[8]),
        Field::short(262, &[1]),
        Field::short(277, &[1]),
        Field::short(284, &[1]),
        Field::short(317, &[T::PREDICTOR]),
        Field::short(322, &[layout.block as u16]),
        Field::short(323, &[layout.block as u16]),
    ]);
    if big {
        let bytes = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        fields.push(Field::new(324, 16, offsets.len(), bytes));
    } else {
        fields.push(Field::long(324, offsets.iter().map(|&offset| offset as u32)));
    }
    fields.push(Field::long(325, sizes.into_iter()));
    fields.push(Field::short(339, &[format]));
    if level == 0 {
        georeference(&layout.georeference, &mut fields);
        let metadata = gdal_metadata(layout, statistics);
        if !metadata.is_empty() {
            fields.push(Field::text(42112, &metadata));
        }
    }
    if let Some(nodata) = layout.nodata {
        fields.push(Field::text(42113, &nodata.to_string()));
    }
    fields
}

/// GTRasterTypeGeoKey with the value RasterPixelIsPoint.
fn is_point(keys: &[u16]) -> bool {
    keys.as_chunks::<4>()
        .0
        .iter()
        .skip(1)
        .any(|&[key, _, _, value]| key == 1025 && value == 2)
}

fn georeference(geo: &GeoReference, fields: &mut Vec<Field>) {
    if let Some([x, dx, row_x, y, column_y, dy]) = geo.transform {
        // Where pixels are points, tags speak of the middle of the first pixel.
        let half = if is_point(&geo.keys) { 0.5 } else { 0.0 };
        let x = x + half * (dx + row_x);
        let y = y + half * (column_y + dy);
        if row_x == 0.0 && column_y == 0.0 && dx > 0.0 && dy < 0.0 {
            fields.push(Field::double(33550, &[dx, -dy, 0.0]));
            fields.push(Field::double(33922, &[0.0, 0.0, 0.0, x, y, 0.0]));
        } else {
            let matrix = [
                dx, row_x, 0.0, x, column_y, dy, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
            ];
            fields.push(Field::double(34264, &matrix));
        }
    }
    if !geo.keys.is_empty() {
        fields.push(Field::short(34735, &geo.keys));
        if !geo.doubles.is_empty() {
            fields.push(Field::double(34736, &geo.doubles));
        }
        if !geo.ascii.is_empty() {
            fields.push(Field::text(34737, geo.ascii.trim_end_matches('\0')));
        }
    }
}

/// Appends a directory and the values that do not fit into it; gives the place of the next one's offset.
fn directory(fields: Vec<Field>, link: Link, out: &mut Vec<u8>) -> Link {
    let big = link.big;
    out.resize(out.len().next_multiple_of(8), 0);
    link.set(out.len(), out);
    let (width, entry) = if big { (8, 20) } else { (4, 12) };
    if big {
        out.extend_from_slice(&(fields.len() as u64).to_le_bytes());
    } else {
        out.extend_from_slice(&(fields.len() as u16).to_le_bytes());
    }
    let next = out.len() + fields.len() * entry;
    let mut beyond = (next + width).next_multiple_of(8);
    let mut values = Vec::new();
    for field in fields {
        out.extend_from_slice(&field.tag.to_le_bytes());
        out.extend_from_slice(&field.kind.to_le_bytes());
        out.extend_from_slice(&field.count.to_le_bytes()[..width]);
        let mut value = field.values;
        if value.len() > width {
            let length = value.len().next_multiple_of(8);
            value.resize(length, 0);
            values.extend_from_slice(&value);
            value = (beyond as u64).to_le_bytes().to_vec();
            beyond += length;
        }
        value.resize(width, 0);
        out.extend_from_slice(&value);
    }
    out.resize((next + width).next_multiple_of(8), 0);
    out.extend_from_slice(&values);
    Link { at: next, big }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::layout;

    #[test]
    fn the_layout_is_as_long_as_gdals() {
        assert_eq!(LAYOUT.len(), 140);
    }

    #[test]
    fn the_head_says_where_blocks_are_whatever_the_size_of_offsets() {
        let layout = layout::<f32>(100, 100, 64, Some(-9999.0));
        let head_of = |size: u32| head::<f32>(&layout, &Statistics::default(), &[vec![size; 4], vec![9]]);
        let (small, large) = (head_of(100), head_of(u32::MAX));
        assert_eq!((small[2], large[2]), (42, 43));
        let short = u32::from_le_bytes;
        // The overview's only block lies first, right behind the head and its leader.
        let wanted = (small.len() as u32 + 4).to_le_bytes();
        assert!(
            small
                .windows(12)
                .any(|f| f[..8] == [68, 1, 4, 0, 1, 0, 0, 0] && f[8..] == wanted)
        );
        assert_eq!(short(small[4..8].try_into().unwrap()) % 8, 0);
        let wanted = (large.len() as u64 + 4).to_le_bytes();
        assert!(large.windows(20).any(|f| f[..4] == [68, 1, 16, 0] && f[12..] == wanted));
    }

    #[test]
    fn points_are_written_in_the_middle_of_pixels() {
        let mut fields = Vec::new();
        let geo = GeoReference {
            transform: Some([100.0, 10.0, 0.0, 200.0, 0.0, -10.0]),
            keys: vec![1, 1, 0, 1, 1025, 0, 1, 2],
            ..GeoReference::default()
        };
        georeference(&geo, &mut fields);
        let tie: Vec<f64> = fields[1]
            .values
            .as_chunks()
            .0
            .iter()
            .map(|&b| f64::from_le_bytes(b))
            .collect();
        assert_eq!(tie, [0.0, 0.0, 0.0, 105.0, 195.0, 0.0]);
    }
}
