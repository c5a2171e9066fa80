//! Index files of indexed_gzip (<https://github.com/pauldmccarthy/indexed_gzip>), which rapidgzip reads and writes too.
//!
//! All numbers are little-endian: `GZIDX`, u8 version, u8 flags, u64 length of the file, u64 length of the text, u32 spacing,
//! u32 window length, u32 number of points; per point u64 byte, u64 text offset, u8 bits, and in version 1 u8 whether it has
//! a window (in version 0 all but the first have); then the windows, as they are.
use std::io::{Read, Write};

use object_io::ReadAt;

use super::{ExportError, Fields, ForeignIndexError, Point, Sizes, expand};
use crate::{Checkpoint, GzipIndex, Start, WINDOW, Window};

const MAGIC: &[u8; 5] = b"GZIDX";

/// Reads an index, of version 0 or 1, for a gzip file of `compressed_size` bytes.
pub fn read(index: impl Read, compressed_size: u64) -> Result<GzipIndex, ForeignIndexError> {
    let mut fields = Fields(index);
    let [magic @ .., version, _flags] = fields.array::<7>()?;
    if magic != *MAGIC || version > 1 {
        return Err(ForeignIndexError::Format { format: "indexed_gzip" });
    }
    let sizes = Sizes {
        compressed: u64::from_le_bytes(fields.array()?),
        text: u64::from_le_bytes(fields.array()?),
    };
    if sizes.compressed != compressed_size {
        return Err(ForeignIndexError::OtherFile {
            indexed: sizes.compressed,
            found: compressed_size,
        });
    }
    let _spacing = fields.array::<4>()?;
    let window_length = u32::from_le_bytes(fields.array()?);
    let points = u32::from_le_bytes(fields.array()?);
    if window_length as usize != WINDOW {
        return Err(ForeignIndexError::Format { format: "indexed_gzip" });
    }
    let mut read = Vec::new();
    for entry in 0..points {
        let byte = u64::from_le_bytes(fields.array()?);
        let text = u64::from_le_bytes(fields.array()?);
        let [bits] = fields.array()?;
        let has_window = if version == 0 {
            entry > 0
        } else {
            fields.array()? != [0]
        };
        let bits = u32::from(bits);
        read.push((Point { byte, bits, text }, has_window));
    }
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for (entry, (point, has_window)) in (0..).zip(read) {
        let window = has_window.then(|| fields.bytes(WINDOW as u64)).transpose()?;
        let window = window.map(|text| Window::compress(&text));
        checkpoints.extend(point.checkpoint(entry, window, checkpoints.last(), &sizes)?);
    }
    Ok(GzipIndex {
        compressed_size,
        text_size: sizes.text,
        checkpoints,
        lines: None,
    })
}

/// Writes `index` in version 1, without line counts, which this format lacks. `source` is the gzip file.
///
/// Windows shorter than 32 KiB (less than that after a member's start) are filled up with zeros in front.
pub fn write(index: &GzipIndex, source: &dyn ReadAt, mut to: impl Write) -> Result<(), ExportError> {
    let texts = index.checkpoints.iter().map(|checkpoint| checkpoint.text);
    let spacing = texts.clone().zip(texts.skip(1)).map(|(a, b)| b - a).max();
    let spacing = spacing.unwrap_or(0).max(WINDOW as u64).min(u64::from(u32::MAX));
    to.write_all(MAGIC)?;
    to.write_all(&[1, 0])?;
    to.write_all(&index.compressed_size.to_le_bytes())?;
    to.write_all(&index.text_size.to_le_bytes())?;
    to.write_all(&(spacing as u32).to_le_bytes())?;
    to.write_all(&(WINDOW as u32).to_le_bytes())?;
    to.write_all(&(index.checkpoints.len() as u32).to_le_bytes())?;
    for checkpoint in &index.checkpoints {
        let point = Point::of(checkpoint, source)?;
        let has_window = has_window(checkpoint);
        to.write_all(&point.byte.to_le_bytes())?;
        to.write_all(&point.text.to_le_bytes())?;
        to.write_all(&[point.bits as u8, u8::from(has_window)])?;
    }
    for checkpoint in index.checkpoints.iter().filter(|checkpoint| has_window(checkpoint)) {
        let Start::Block(window) = &checkpoint.start else {
            continue;
        };
        let text = expand(checkpoint, window)?;
        to.write_all(&vec![0; WINDOW - text.len()])?;
        to.write_all(&text)?;
    }
    Ok(to.flush()?)
}

/// Whether there is text that copies may refer to. The stored form of an empty window is a member's start elsewhere.
fn has_window(checkpoint: &Checkpoint) -> bool {
    match &checkpoint.start {
        Start::Block(window) => *window != Window::compress(&[]),
        Start::Member => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interchange::ForeignIndexError as Error;

    fn header(version: u8, points: u32) -> Vec<u8> {
        let mut index = b"GZIDX".to_vec();
        index.extend([version, 0]);
        index.extend(1000u64.to_le_bytes());
        index.extend(90_000u64.to_le_bytes());
        index.extend(40_000u32.to_le_bytes());
        index.extend((WINDOW as u32).to_le_bytes());
        index.extend(points.to_le_bytes());
        index
    }

    #[test]
    fn in_version_0_all_points_but_the_first_have_a_window() {
        let mut index = header(0, 2);
        for (byte, text, bits) in [(10u64, 0u64, 0u8), (500, 45_000, 3)] {
            index.extend(byte.to_le_bytes());
            index.extend(text.to_le_bytes());
            index.push(bits);
        }
        index.extend(vec![7; WINDOW]);
        let read = read(&index[..], 1000).unwrap();
        let expected = Checkpoint {
            bit: 500 * 8 - 3,
            text: 45_000,
            start: Start::Block(Window::compress(&vec![7; WINDOW])),
        };
        assert_eq!(read.checkpoints, [Checkpoint::FIRST, expected]);
        assert!(matches!(
            super::read(&index[..index.len() - 1], 1000),
            Err(Error::Truncated)
        ));
        assert!(matches!(
            super::read(&index[..], 999),
            Err(Error::OtherFile {
                indexed: 1000,
                found: 999
            })
        ));
    }

    #[test]
    fn points_out_of_order_or_outside_are_refused() {
        for (byte, text, bits) in [
            (5u64, 45_000u64, 9u8),
            (2000, 45_000, 0),
            (500, 95_000, 0),
            (0, 45_000, 0),
        ] {
            let mut index = header(1, 2);
            index.extend([10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            index.extend(byte.to_le_bytes());
            index.extend(text.to_le_bytes());
            index.extend([bits, 0]);
            assert!(
                matches!(read(&index[..], 1000), Err(Error::Entry { entry: 1 })),
                "{byte} {text} {bits}"
            );
        }
    }
}
