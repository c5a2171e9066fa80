//! JPEG blocks, whose tables may be in the directory (TIFF technical note 2).
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::codec;
use crate::{BlockErrorKind, Layout};

/// Decodes into `out`, gives the number of bytes decoded.
pub(super) fn decode(layout: &Layout, rows: u64, stored: &[u8], out: &mut [u8]) -> Result<usize, BlockErrorKind> {
    let broken = |error: &dyn std::fmt::Debug| codec("JPEG", format!("{error:?}"));
    let stream = with_tables(&layout.jpeg_tables, stored);
    let bands = layout.block_bands();
    let (width, height) = (layout.block_width as usize, rows as usize);
    let options = DecoderOptions::default().set_max_width(width).set_max_height(height);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&stream[..]), options);
    decoder.decode_headers().map_err(|error| broken(&error))?;
    let (found_width, found_height) = decoder.dimensions().unwrap_or_default();
    let components = decoder.info().map_or(0, |info| u64::from(info.components));
    if (found_width, found_height, components) != (width, height, bands) {
        return Err(BlockErrorKind::Shape {
            found: format!("{found_width} x {found_height} pixels of {components} components"),
            expected: format!("{width} x {height} of {bands}"),
        });
    }
    // Without a marker that says so, only the directory knows whether three components are luminance and chrominance. Others
    // are taken as they are: asking for what the decoder takes them for converts nothing.
    let colours = match (bands, layout.ycbcr, decoder.input_colorspace()) {
        (1, ..) => ColorSpace::Luma,
        (3, true, _) => ColorSpace::RGB,
        (3 | 4, false, Some(stored)) => stored,
        _ => return Err(codec("JPEG", format!("{bands} bands in one stream are not supported"))),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    decoder.decode_into(out).map_err(|error| broken(&error))?;
    Ok(out.len())
}

/// The stream with the tables, which are a stream of their own, put behind its first marker.
fn with_tables(tables: &[u8], stored: &[u8]) -> Vec<u8> {
    const START: [u8; 2] = [0xff, 0xd8];
    const END: [u8; 2] = [0xff, 0xd9];
    let inner = tables.strip_prefix(&START).unwrap_or_default();
    let inner = inner.strip_suffix(&END).unwrap_or(inner);
    match stored.strip_prefix(&START) {
        Some(rest) => [&START, inner, rest].concat(),
        None => stored.to_vec(),
    }
}
