//! Blocks as they are stored.
use std::{cell::RefCell, io::Read};

use crate::{BlockError, Cell, deflate::zlib};

/// Bytes before a block (its size) and behind it (its last four bytes again), by which GDAL reads neighbours at once.
pub(crate) const LEADER: usize = 4;
pub(crate) const TRAILER: usize = 4;

thread_local! {
    /// Predicted bytes of a block: fresh memory for each block costs more than filling it.
    static PREDICTED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Appends a block with leader and trailer.
///
/// `rows` are those of the raster; the block is padded with `pad` to `side` rows and columns.
pub(crate) fn encode<'a, T: Cell>(rows: impl Iterator<Item = &'a [T]>, side: usize, pad: T, out: &mut Vec<u8>) {
    PREDICTED.with_borrow_mut(|predicted| {
        predicted.resize(side * side * T::BYTES, 0);
        predict(rows, side, pad, predicted);
        let start = out.len();
        out.extend_from_slice(&[0; LEADER]);
        zlib(predicted, out);
        let size = out.len() - start - LEADER;
        out[start..start + LEADER].copy_from_slice(&(size as u32).to_le_bytes());
        out.extend_from_within(out.len() - TRAILER..);
    });
}

/// All `side` rows of a block, predicted.
fn predict<'a, T: Cell>(rows: impl Iterator<Item = &'a [T]>, side: usize, pad: T, predicted: &mut [u8]) {
    let mut row = vec![pad; side];
    let mut lines = predicted.chunks_exact_mut(side * T::BYTES);
    for (pixels, line) in rows.zip(&mut lines) {
        if pixels.len() == side {
            T::predict(pixels, line);
        } else {
            row[..pixels.len()].copy_from_slice(pixels);
            row[pixels.len()..].fill(pad);
            T::predict(&row, line);
        }
    }
    row.fill(pad);
    for line in lines {
        T::predict(&row, line);
    }
}

/// Decodes a block stored by [`encode`], with its padding.
pub(crate) fn decode<T: Cell>(stored: &[u8], side: usize) -> Result<Vec<T>, BlockError> {
    let stream = stored
        .get(LEADER..stored.len().saturating_sub(TRAILER))
        .ok_or(BlockError::Short)?;
    let mut bytes = vec![0; side * side * T::BYTES];
    flate2::read::ZlibDecoder::new(stream)
        .read_exact(&mut bytes)
        .map_err(BlockError::Deflate)?;
    let mut pixels = vec![T::ZERO; side * side];
    for (line, row) in bytes
        .chunks_exact_mut(side * T::BYTES)
        .zip(pixels.chunks_exact_mut(side))
    {
        T::restore(line, row);
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_back_with_its_padding() {
        let rows: [&[f32]; 2] = [&[1.0, 2.5], &[-3.0, -9999.0]];
        let mut stored = Vec::new();
        encode(rows.into_iter(), 3, -9999.0, &mut stored);
        let size = u32::from_le_bytes(stored[..4].try_into().unwrap()) as usize;
        assert_eq!(size + LEADER + TRAILER, stored.len());
        assert_eq!(stored[stored.len() - 8..stored.len() - 4], stored[stored.len() - 4..]);
        let n = -9999.0;
        assert_eq!(decode::<f32>(&stored, 3).unwrap(), [1.0, 2.5, n, -3.0, n, n, n, n, n]);
        assert!(decode::<f32>(&stored[..stored.len() - 9], 3).is_err());
        assert!(decode::<f32>(&[0; 5], 3).is_err());
    }
}
