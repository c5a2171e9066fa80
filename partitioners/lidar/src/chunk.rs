//! Where the points of a file are: chunks of LAZ, or runs of plain records.
use std::{
    io::{Cursor, Read},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;
use laz::laszip::ChunkTable;
use object_io::ReadAt;
use serde::{Deserialize, Serialize};

use crate::{
    FormatError, FormatErrorKind,
    codec::{CHUNK, Codec},
};

/// Points that can be decoded without others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// 0-based number of the first point.
    pub first: u64,
    /// Points.
    pub points: u64,
    /// Stored bytes, 0-based half-open.
    pub bytes: Range<u64>,
}

/// How points are stored.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// Records one after the other.
    Plain,
    /// LAZ.
    Laz(Box<Codec>),
    /// LAZ of formats 0 to 5 whose chunk table is lost: chunks of this many points, one after the other.
    Tableless(Box<Codec>, u64),
}

fn fail<T>(offset: u64, kind: FormatErrorKind) -> Result<T, FormatError> {
    Err(FormatError { offset, kind })
}

/// Chunks of plain records in `bytes`.
pub(crate) fn plain(points: u64, record: u16, bytes: &Range<u64>) -> Result<Vec<Chunk>, FormatError> {
    let room = bytes.end - bytes.start;
    if points > room / u64::from(record) {
        let kind = FormatErrorKind::Points {
            points,
            record,
            bytes: room,
        };
        return fail(bytes.start, kind);
    }
    let chunk = |first: u64| {
        let count = CHUNK.min(points - first);
        let at = |point: u64| bytes.start + point * u64::from(record);
        Chunk {
            first,
            points: count,
            bytes: at(first)..at(first + count),
        }
    };
    Ok((0..points.div_ceil(CHUNK))
        .map(|number| chunk(number * CHUNK))
        .collect())
}

/// How the points of a LAZ file are stored, and its chunks. `bytes` reach from the start of the points to the end of the
/// file or to the extended records.
pub(crate) fn laz(
    source: &Arc<dyn ReadAt>,
    codec: Codec,
    points: u64,
    bytes: &Range<u64>,
) -> Result<(Storage, Vec<Chunk>), LayoutError> {
    let whole = |start: u64| Chunk {
        first: 0,
        points,
        bytes: start..bytes.end,
    };
    let codec = Box::new(codec);
    if points == 0 {
        return Ok((Storage::Laz(codec), Vec::new()));
    }
    if codec.is_single_chunk() {
        return Ok((Storage::Laz(codec), vec![whole(bytes.start)]));
    }
    if bytes.end - bytes.start < 8 {
        return Ok(fail(
            bytes.start,
            FormatErrorKind::ChunkTable("no room for its offset".into()),
        )?);
    }
    let start = bytes.start + 8;
    match find_table(source, bytes)? {
        Some(table) => {
            let chunks = read_table(source, &codec, points, start..table, bytes.end)?;
            Ok((Storage::Laz(codec), chunks))
        }
        None if codec.is_layered() => {
            let chunks = walk_layers(source, &codec, points, start..bytes.end)?;
            Ok((Storage::Laz(codec), chunks))
        }
        None if codec.vlr.uses_variable_size_chunks() => {
            let why = "there is none, and chunks are of different sizes".into();
            Ok(fail(bytes.start, FormatErrorKind::ChunkTable(why))?)
        }
        None => {
            let size = u64::from(codec.vlr.chunk_size());
            Ok((Storage::Tableless(codec, size), vec![whole(start)]))
        }
    }
}

/// Why the chunks could not be found: the store, or the file.
#[derive(Debug)]
pub(crate) enum LayoutError {
    Read(std::io::Error),
    Format(FormatError),
}

impl From<std::io::Error> for LayoutError {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<FormatError> for LayoutError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

/// The offset of the chunk table: before the points, or after everything if the writer could not go back.
fn find_table(source: &Arc<dyn ReadAt>, bytes: &Range<u64>) -> std::io::Result<Option<u64>> {
    let mut offset = [0; 8];
    for at in [bytes.start, source.size() - 8] {
        source.read_exact_at(at, &mut offset)?;
        let table = u64::from_le_bytes(offset);
        if table >= bytes.start + 8 && table <= bytes.end.saturating_sub(8) {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

fn read_table(
    source: &Arc<dyn ReadAt>,
    codec: &Codec,
    points: u64,
    data: Range<u64>,
    end: u64,
) -> Result<Vec<Chunk>, LayoutError> {
    let broken = |why: String| {
        LayoutError::Format(FormatError {
            offset: data.end,
            kind: FormatErrorKind::ChunkTable(why),
        })
    };
    let mut head = [0; 8];
    source.read_exact_at(data.end, &mut head)?;
    let count = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    // Each chunk starts with a whole record; the table's reader reserves what the count says.
    let most = (data.end - data.start) / codec.vlr.items_size().max(1);
    if count > most {
        return Err(broken(format!(
            "{count} chunks, but the points have room for {most} at most"
        )));
    }
    // Entries are differences of 32 bits, compressed; a table is never longer than they are.
    let length = (16 + count * 16).min(end - data.end);
    let mut table = vec![0; length as usize];
    source.read_exact_at(data.end, &mut table)?;
    let variable = codec.vlr.uses_variable_size_chunks();
    let entries =
        std::panic::catch_unwind(|| ChunkTable::read(&mut NoSeek(Cursor::new(&table).chain(&[0; 16][..])), variable));
    let entries = match entries {
        Ok(Ok(entries)) => entries,
        Ok(Err(error)) => return Err(broken(error.to_string())),
        Err(_) => return Err(broken("no LAZ encoder writes these bytes".into())),
    };
    let mut chunks = Vec::with_capacity(entries.len());
    let (mut first, mut at) = (0, data.start);
    for (number, entry) in entries.as_ref().iter().enumerate() {
        let counted = if variable {
            entry.point_count
        } else {
            u64::from(codec.vlr.chunk_size()).min(points - first)
        };
        let stop = at.checked_add(entry.byte_count).filter(|&stop| stop <= data.end);
        let stop = stop.ok_or_else(|| broken(format!("chunk {number} ends behind the points")))?;
        if counted > points - first {
            return Err(broken(format!("more points than the {points} of the header")));
        }
        if counted > 0 {
            chunks.push(Chunk {
                first,
                points: counted,
                bytes: at..stop,
            });
        }
        (first, at) = (first + counted, stop);
    }
    if first < points {
        return Err(broken(format!("chunks for {first} of {points} points")));
    }
    Ok(chunks)
}

/// Finds layered chunks without a table: each says how long its layers are.
fn walk_layers(
    source: &Arc<dyn ReadAt>,
    codec: &Codec,
    points: u64,
    data: Range<u64>,
) -> Result<Vec<Chunk>, LayoutError> {
    let head = codec.vlr.items_size() as usize + 4 + 4 * 64 + 4 * usize::from(u16::MAX);
    let (mut chunks, mut first, mut at) = (Vec::new(), 0, data.start);
    while first < points {
        let mut bytes = vec![0; head.min((data.end - at) as usize)];
        source.read_exact_at(at, &mut bytes)?;
        let found = codec.layered_chunk(&bytes).ok();
        let found =
            found.filter(|&(length, counted)| at + length <= data.end && counted > 0 && counted <= points - first);
        let Some((length, counted)) = found else {
            let why = format!("there is none, and the file ends after {first} of {points} points");
            return Ok(fail(at, FormatErrorKind::ChunkTable(why))?);
        };
        chunks.push(Chunk {
            first,
            points: counted,
            bytes: at..at + length,
        });
        (first, at) = (first + counted, at + length);
    }
    Ok(chunks)
}

/// A reader that goes forward only, for what asks for `Seek` and never seeks.
pub(crate) struct NoSeek<R>(pub(crate) R);

impl<R: Read> Read for NoSeek<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R> std::io::Seek for NoSeek<R> {
    fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

/// Bytes of the chunks, joined where they touch.
pub(crate) fn runs<'a>(chunks: impl IntoIterator<Item = &'a Chunk>) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for chunk in chunks {
        match runs.last_mut() {
            Some(last) if last.end == chunk.bytes.start => last.end = chunk.bytes.end,
            _ => runs.push(chunk.bytes.clone()),
        }
    }
    runs
}

/// Reads the bytes of one chunk.
pub(crate) fn fetch(source: &Arc<dyn ReadAt>, bytes: &Range<u64>) -> std::io::Result<Bytes> {
    let mut read = vec![0; (bytes.end - bytes.start) as usize];
    source.read_exact_at(bytes.start, &mut read)?;
    Ok(read.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_records_are_cut_into_blocks_and_must_fit() {
        let chunks = plain(120_000, 20, &(227..227 + 120_000 * 20)).unwrap();
        let counts: Vec<u64> = chunks.iter().map(|chunk| chunk.points).collect();
        assert_eq!(counts, [50_000, 50_000, 20_000]);
        assert!(runs(&chunks).into_iter().eq(std::iter::once(227..227 + 120_000 * 20)));
        assert!(plain(u64::MAX, 20, &(227..1000)).is_err());
        assert!(plain(0, 20, &(227..227)).unwrap().is_empty());
    }
}
