//! WebP blocks: RGB or RGBA, lossy or not.
use std::io::Cursor;

use image_webp::WebPDecoder;

use super::codec;
use crate::{BlockErrorKind, Layout};

/// Decodes into `out`, gives the number of bytes decoded.
pub(super) fn decode(layout: &Layout, rows: u64, stored: &[u8], out: &mut [u8]) -> Result<usize, BlockErrorKind> {
    let broken = |error: image_webp::DecodingError| codec("WebP", error.to_string());
    let mut decoder = WebPDecoder::new(Cursor::new(stored)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let found = (u64::from(width), u64::from(height));
    let bands = layout.block_bands();
    let stored_bands = if decoder.has_alpha() { 4 } else { 3 };
    // An encoder leaves out an alpha channel that is opaque everywhere.
    let fits = stored_bands == bands || (stored_bands, bands) == (3, 4);
    if found != (layout.block_width, rows) || !fits {
        return Err(BlockErrorKind::Shape {
            found: format!("{width} x {height} pixels of {stored_bands} bands"),
            expected: format!("{} x {rows} of {bands}", layout.block_width),
        });
    }
    if stored_bands == bands {
        decoder.read_image(out).map_err(broken)?;
        return Ok(out.len());
    }
    let mut opaque = vec![0; out.len() / 4 * 3];
    decoder.read_image(&mut opaque).map_err(broken)?;
    for (rgba, rgb) in out.chunks_exact_mut(4).zip(opaque.chunks_exact(3)) {
        rgba[..3].copy_from_slice(rgb);
        rgba[3] = 255;
    }
    Ok(out.len())
}
