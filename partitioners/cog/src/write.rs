//! Writes one window as a small GeoTIFF of its own.
use std::io::Write as _;

use flate2::{Compression as Level, write::ZlibEncoder};

use crate::{
    GeoReference, Look, Pixels, Samples, Tag,
    ifd::write::{Directory, Format, Values},
    sample::with_samples,
};

/// Rows and columns of a tile, unless the window is smaller. A multiple of 16, as the format wants it.
const TILE: usize = 512;

/// A GeoTIFF of these pixels: tiled, deflate with the predictor that fits the samples, bands side by side in each pixel, the
/// mask as internal mask. Little-endian; a BigTIFF only where 4 GiB could be passed.
///
/// `geo` is that of the window, `nodata` is kept, and `look` says what the bands show.
///
/// Oracle: GDAL reads the same pixels, mask, nodata, transform and CRS.
///
/// # Panics
/// If there are fewer samples than `bands * height * width`, or fewer values in the mask than pixels.
pub fn write_window(pixels: &Pixels, geo: &GeoReference, nodata: Option<f64>, look: &Look) -> Vec<u8> {
    let sample = pixels.samples.sample_type();
    let mut image = base(pixels, sample.size() as u16 * 8, pixels.bands as u16);
    image.set(
        Tag::SAMPLE_FORMAT,
        Values::Short(vec![sample.tiff_format(); pixels.bands]),
    );
    image.set(
        Tag::PREDICTOR,
        Values::Short(vec![if sample.tiff_format() == 3 { 3 } else { 2 }]),
    );
    shown(&mut image, pixels, look);
    geo.write(&mut image);
    if let Some(nodata) = nodata {
        image.set(Tag::GDAL_NODATA, Values::Ascii(nodata_text(nodata)));
    }
    let mut parts = vec![(image, tiles(pixels, |out, tile| image_tile(pixels, out, tile)))];
    if let Some(mask) = &pixels.mask {
        let mut directory = base(pixels, 1, 1);
        directory.set(Tag::NEW_SUBFILE_TYPE, Values::Long(vec![4]));
        directory.set(Tag::PHOTOMETRIC, Values::Short(vec![4]));
        parts.push((directory, tiles(pixels, |out, tile| mask_tile(pixels, mask, out, tile))));
    }
    file(parts)
}

/// Text that GDAL reads back as the same number.
fn nodata_text(nodata: f64) -> String {
    if nodata.is_nan() {
        "nan".into()
    } else {
        nodata.to_string()
    }
}

/// Directories first, then the tiles of each.
fn file(parts: Vec<(Directory, Vec<Vec<u8>>)>) -> Vec<u8> {
    /// More than directories ever take.
    const DIRECTORIES: u64 = 256 << 20;
    let data: u64 = parts
        .iter()
        .flat_map(|(_, tiles)| tiles)
        .map(|tile| tile.len() as u64)
        .sum();
    let format = if data + DIRECTORIES > u64::from(u32::MAX) {
        Format::Big
    } else {
        Format::Classic
    };
    let mut parts: Vec<_> = parts
        .into_iter()
        .map(|(mut directory, tiles)| {
            // Their lengths must be known before their values.
            directory.set(Tag::TILE_OFFSETS, Values::offsets(format, &vec![0; tiles.len()]));
            let counts: Vec<u64> = tiles.iter().map(|tile| tile.len() as u64).collect();
            directory.set(Tag::TILE_BYTE_COUNTS, Values::offsets(format, &counts));
            (directory, tiles)
        })
        .collect();
    let directories: u64 = parts.iter().map(|(directory, _)| directory.encoded_len(format)).sum();
    let mut at = format.header_len() + directories;
    for (directory, tiles) in &mut parts {
        let offsets: Vec<u64> = tiles
            .iter()
            .map(|tile| {
                let offset = at;
                at += tile.len() as u64;
                offset
            })
            .collect();
        directory.set(Tag::TILE_OFFSETS, Values::offsets(format, &offsets));
    }
    let mut out = format.header(format.header_len());
    out.reserve_exact((at as usize).saturating_sub(out.len()));
    let last = parts.len() - 1;
    for (number, (directory, _)) in parts.iter().enumerate() {
        let here = out.len() as u64;
        let next = if number == last {
            0
        } else {
            here + directory.encoded_len(format)
        };
        out.extend(directory.encode(format, here, next));
    }
    parts
        .iter()
        .flat_map(|(_, tiles)| tiles)
        .for_each(|tile| out.extend_from_slice(tile));
    out
}

fn base(pixels: &Pixels, bits: u16, bands: u16) -> Directory {
    let (height, width) = tile_size(pixels);
    let mut directory = Directory::default();
    directory.set(Tag::IMAGE_WIDTH, Values::Long(vec![pixels.width as u32]));
    directory.set(Tag::IMAGE_LENGTH, Values::Long(vec![pixels.height as u32]));
    directory.set(Tag::BITS_PER_SAMPLE, Values::Short(vec![bits; bands as usize]));
    directory.set(Tag::COMPRESSION, Values::Short(vec![8]));
    directory.set(Tag::SAMPLES_PER_PIXEL, Values::Short(vec![bands]));
    directory.set(Tag::PLANAR_CONFIGURATION, Values::Short(vec![1]));
    directory.set(Tag::TILE_WIDTH, Values::Long(vec![width as u32]));
    directory.set(Tag::TILE_LENGTH, Values::Long(vec![height as u32]));
    directory
}

/// What the bands show, as far as their number and type allow it.
fn shown(image: &mut Directory, pixels: &Pixels, look: &Look) {
    let integers = matches!(pixels.samples, Samples::U8(_) | Samples::U16(_));
    let palette = look.photometric == 3 && integers && pixels.bands == 1;
    let (photometric, colours) = match look.photometric {
        2 if pixels.bands >= 3 => (2, 3),
        3 if palette => (3, 1),
        0 => (0, 1),
        _ => (1, 1),
    };
    image.set(Tag::PHOTOMETRIC, Values::Short(vec![photometric]));
    if palette {
        image.set(Tag::COLOR_MAP, Values::Short(look.color_map.clone()));
    }
    if pixels.bands > colours {
        let mut extra = look.extra_samples.clone();
        extra.resize(pixels.bands - colours, 0);
        image.set(Tag::EXTRA_SAMPLES, Values::Short(extra));
    }
}

fn tile_size(pixels: &Pixels) -> (usize, usize) {
    let side = |size: usize| size.next_multiple_of(16).clamp(16, TILE);
    (side(pixels.height), side(pixels.width))
}

/// Rows and columns at which a tile starts.
type Corner = (usize, usize);

/// The compressed tiles, row by row; `fill` appends the bytes of one.
fn tiles(pixels: &Pixels, fill: impl Fn(&mut Vec<u8>, Corner)) -> Vec<Vec<u8>> {
    let (height, width) = tile_size(pixels);
    let corners = (0..pixels.height)
        .step_by(height)
        .flat_map(|row| (0..pixels.width).step_by(width).map(move |column| (row, column)));
    let mut bytes = Vec::new();
    let compressed = corners.map(|corner| {
        bytes.clear();
        fill(&mut bytes, corner);
        let mut encoder = ZlibEncoder::new(Vec::new(), Level::new(6));
        encoder.write_all(&bytes).expect("a Vec takes any bytes");
        encoder.finish().expect("a Vec takes any bytes")
    });
    compressed.collect()
}

/// What one type of samples needs to be written.
trait Encode: Copy {
    /// Appends the samples of a row, differences to the sample `stride` before.
    fn row(row: &[Self], stride: usize, out: &mut Vec<u8>);
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Encode for $type {
            fn row(row: &[Self], stride: usize, out: &mut Vec<u8>) {
                for (at, sample) in row.iter().enumerate() {
                    let before = if at < stride { 0 } else { row[at - stride] };
                    out.extend_from_slice(&sample.wrapping_sub(before).to_le_bytes());
                }
            }
        }
    )*};
}

macro_rules! floats {
    ($($type:ty)*) => {$(
        impl Encode for $type {
            fn row(row: &[Self], stride: usize, out: &mut Vec<u8>) {
                let start = out.len();
                for plane in 0..size_of::<$type>() {
                    out.extend(row.iter().map(|sample| sample.to_be_bytes()[plane]));
                }
                for at in (start + stride..out.len()).rev() {
                    out[at] = out[at].wrapping_sub(out[at - stride]);
                }
            }
        }
    )*};
}

integers! { u8 i8 u16 i16 u32 i32 }
floats! { f32 f64 }

fn image_tile(pixels: &Pixels, out: &mut Vec<u8>, corner: Corner) {
    with_samples!(&pixels.samples, samples => rows(pixels, samples, out, corner));
}

fn rows<T: Encode>(pixels: &Pixels, samples: &[T], out: &mut Vec<u8>, (top, left): Corner) {
    let Pixels {
        height, width, bands, ..
    } = *pixels;
    let (tile_height, tile_width) = tile_size(pixels);
    let mut row = Vec::with_capacity(tile_width * bands);
    for y in top..top + tile_height {
        row.clear();
        // Outside of the window the last row and column go on: they cost the fewest bytes.
        let y = y.min(height - 1);
        for x in left..left + tile_width {
            let at = y * width + x.min(width - 1);
            row.extend((0..bands).map(|band| samples[band * height * width + at]));
        }
        T::row(&row, bands, out);
    }
}

fn mask_tile(pixels: &Pixels, mask: &[u8], out: &mut Vec<u8>, (top, left): Corner) {
    let (tile_height, tile_width) = tile_size(pixels);
    for y in top..top + tile_height {
        for eight in (left..left + tile_width).step_by(8) {
            let bit = |x: usize| y < pixels.height && x < pixels.width && mask[y * pixels.width + x] != 0;
            out.push((eight..eight + 8).fold(0, |byte, x| byte << 1 | u8::from(bit(x))));
        }
    }
}
