//! Index files of gztool (<https://github.com/circulosmeos/gztool>), which rapidgzip reads and writes too.
//!
//! All numbers are big-endian: 8 zero bytes, `gzipindx` (version 0) or `gzipindX` (version 1, followed by a u32 that tells
//! how lines end, 0 for `\n`), u64 number of points, twice; per point u64 text offset, u64 byte, u32 bits, u32 length of the
//! window, the window as a zlib stream, and in version 1 u64 number of the line there, from 1; at the end u64 length of the
//! text, and in version 1 u64 number of newlines.
use std::io::{Read, Write};

use object_io::ReadAt;

use super::{ExportError, Fields, ForeignIndexError, Point, Sizes};
use crate::{Checkpoint, GzipIndex, Lines, Start, Window};

const PLAIN: &[u8; 16] = b"\0\0\0\0\0\0\0\0gzipindx";
const WITH_LINES: &[u8; 16] = b"\0\0\0\0\0\0\0\0gzipindX";

/// Reads an index, of version 0 or 1, for a gzip file of `compressed_size` bytes.
pub fn read(index: impl Read, compressed_size: u64) -> Result<GzipIndex, ForeignIndexError> {
    let mut fields = Fields(index);
    let with_lines = match &fields.array()? {
        PLAIN => false,
        WITH_LINES => true,
        _ => return Err(ForeignIndexError::Format { format: "gztool" }),
    };
    let number = |fields: &mut Fields<_>| fields.array().map(u64::from_be_bytes);
    if with_lines {
        let _line_ends = fields.array::<4>()?;
    }
    let points = number(&mut fields)?;
    let _room = number(&mut fields)?;
    let mut read = Vec::new();
    for _ in 0..points {
        let text = number(&mut fields)?;
        let byte = number(&mut fields)?;
        let bits = u32::from_be_bytes(fields.array()?);
        let length = u32::from_be_bytes(fields.array()?);
        let window = fields.bytes(u64::from(length))?;
        let line = if with_lines { number(&mut fields)? } else { 1 };
        read.push((Point { byte, bits, text }, window, line));
    }
    let sizes = Sizes {
        compressed: compressed_size,
        text: number(&mut fields)?,
    };
    let newlines = if with_lines { number(&mut fields)? } else { 0 };
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    let mut before = Vec::new();
    for (entry, (point, window, line)) in (0..).zip(read) {
        let window = (!window.is_empty()).then(|| Window::from_bytes(window));
        let newlines_before = line.checked_sub(1).ok_or(ForeignIndexError::Entry { entry })?;
        if let Some(checkpoint) = point.checkpoint(entry, window, checkpoints.last(), &sizes)? {
            checkpoints.push(checkpoint);
            before.push(newlines_before);
        }
    }
    Ok(GzipIndex {
        compressed_size,
        text_size: sizes.text,
        checkpoints,
        lines: with_lines.then_some(Lines {
            before,
            total: newlines,
        }),
    })
}

/// Writes `index`, in version 1 if it has line counts, else in version 0. `source` is the gzip file.
pub fn write(index: &GzipIndex, source: &dyn ReadAt, mut to: impl Write) -> Result<(), ExportError> {
    let points = index.checkpoints.len() as u64;
    to.write_all(if index.lines.is_some() { WITH_LINES } else { PLAIN })?;
    if index.lines.is_some() {
        to.write_all(&0u32.to_be_bytes())?;
    }
    to.write_all(&points.to_be_bytes())?;
    to.write_all(&points.to_be_bytes())?;
    for (number, checkpoint) in index.checkpoints.iter().enumerate() {
        let point = Point::of(checkpoint, source)?;
        let window: &[u8] = match &checkpoint.start {
            Start::Block(window) => window.as_bytes(),
            Start::Member => &[],
        };
        to.write_all(&point.text.to_be_bytes())?;
        to.write_all(&point.byte.to_be_bytes())?;
        to.write_all(&point.bits.to_be_bytes())?;
        to.write_all(&(window.len() as u32).to_be_bytes())?;
        to.write_all(window)?;
        if let Some(lines) = &index.lines {
            let before = lines.before.get(number).unwrap_or(&lines.total);
            to.write_all(&(before + 1).to_be_bytes())?;
        }
    }
    to.write_all(&index.text_size.to_be_bytes())?;
    if let Some(lines) = &index.lines {
        to.write_all(&lines.total.to_be_bytes())?;
    }
    Ok(to.flush()?)
}
