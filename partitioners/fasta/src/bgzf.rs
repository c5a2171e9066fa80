//! FASTA in BGZF: the `.gzi` beside the `.fai` says where blocks of text are, so that a range is fetched and inflated alone.
use std::{
    convert::Infallible,
    io::{self, Read},
    ops::Range,
    sync::Arc,
};

use object_io::{ReadAt, SequentialReader};
use partition_gzip::{Checkpoint, Decoder, Format, GzipError, GzipErrorKind, IndexError, Options, Sink, Start};

use crate::summary::Summary;

/// Where each block that has text starts: offset in the file, offset in the text. The first is always `(0, 0)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gzi(Vec<(u64, u64)>);

/// Why bytes are not a `.gzi`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GziError {
    /// The count it starts with does not fit its length.
    #[error("{bytes} bytes do not hold a count and that many pairs of offsets")]
    Length {
        /// Bytes it has.
        bytes: u64,
    },
    /// Offsets that do not grow.
    #[error("entry {entry} (0-based) does not come after the one before")]
    Order {
        /// The entry.
        entry: usize,
    },
}

impl Gzi {
    /// Reads the bytes of a `.gzi`: a count and pairs of offsets, 64-bit little-endian, the first block left out.
    pub fn parse(bytes: &[u8]) -> Result<Self, GziError> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|number| u64::from_le_bytes(*number));
        let count = numbers.next();
        if !rest.is_empty() || count.and_then(|count| count.checked_mul(2)) != Some(numbers.len() as u64) {
            return Err(GziError::Length {
                bytes: bytes.len() as u64,
            });
        }
        let mut blocks = vec![(0, 0)];
        while let (Some(file), Some(text)) = (numbers.next(), numbers.next()) {
            let last = blocks[blocks.len() - 1];
            if file <= last.0 || text < last.1 {
                return Err(GziError::Order {
                    entry: blocks.len() - 1,
                });
            }
            blocks.push((file, text));
        }
        Ok(Self(blocks))
    }

    /// The bytes of the `.gzi`, as `samtools faidx` writes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = self.0[1..].iter().flat_map(|&(file, text)| [file, text]);
        let count = self.0.len() as u64 - 1;
        std::iter::once(count)
            .chain(numbers)
            .flat_map(u64::to_le_bytes)
            .collect()
    }

    /// The bytes of a file of `size` bytes whose blocks hold the text `range`, and how much text comes before it in them.
    pub fn locate(&self, range: &Range<u64>, size: u64) -> (Range<u64>, u64) {
        let first = self.0.partition_point(|&(_, text)| text <= range.start) - 1;
        let after = self.0.partition_point(|&(_, text)| text < range.end);
        let end = self.0.get(after).map_or(size, |&(file, _)| file);
        let (start, text) = self.0[first];
        (start..end.max(start), range.start - text)
    }
}

/// Inflates `blocks`, drops `skip` bytes of text and gives the `length` bytes after them. Every block is verified.
///
/// `None` if there is less text.
pub(crate) fn inflate(blocks: &[u8], skip: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
    let mut decoder = Decoder::new(&Checkpoint::FIRST, blocks)?;
    if io::copy(&mut (&mut decoder).take(skip), &mut io::sink())? < skip {
        return Ok(None);
    }
    let mut text = Vec::new();
    (&mut decoder).take(length).read_to_end(&mut text)?;
    io::copy(&mut decoder, &mut io::sink())?;
    Ok((text.len() as u64 == length).then_some(text))
}

/// Summarises the text of a BGZF file, inflating on all cores.
///
/// # Errors
/// A gzip file that is not BGZF throughout, or is broken.
pub(crate) fn scan(source: &Arc<dyn ReadAt>) -> Result<(Summary, Text), GzipError> {
    let mut found = Scan {
        summary: Summary::start(),
        text: 0,
        blocks: Vec::new(),
    };
    // A checkpoint at each block that has text.
    let options = Options {
        member_spacing: 1,
        ..Options::default()
    };
    let end = partition_gzip::index(source, &options, &mut found).map_err(|error| match error {
        IndexError::Gzip(error) => error,
        IndexError::Sink(never) => match never {},
    })?;
    if end.format != Format::Bgzf {
        return Err(GzipError {
            offset: 0,
            text: 0,
            kind: GzipErrorKind::NotBgzf,
        });
    }
    let text = Text {
        source: source.clone(),
        gzi: Gzi(found.blocks),
        size: end.text_size,
    };
    Ok((found.summary, text))
}

struct Scan {
    summary: Summary,
    text: u64,
    blocks: Vec<(u64, u64)>,
}

impl Sink for Scan {
    type Error = Infallible;

    fn text(&mut self, text: &[u8]) -> Result<(), Infallible> {
        self.summary.append(Summary::of(text, self.text));
        self.text += text.len() as u64;
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), Infallible> {
        self.blocks.push((checkpoint.byte(), checkpoint.text));
        Ok(())
    }
}

/// The text of a BGZF file, read at random.
pub(crate) struct Text {
    source: Arc<dyn ReadAt>,
    pub(crate) gzi: Gzi,
    size: u64,
}

impl ReadAt for Text {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let text = offset..offset + buffer.len() as u64;
        let (bytes, skip) = self.gzi.locate(&text, self.source.size());
        let checkpoint = Checkpoint {
            bit: bytes.start * 8,
            text: offset - skip,
            start: Start::Member,
        };
        let mut decoder = Decoder::new(&checkpoint, SequentialReader::new(self.source.clone(), bytes))?;
        io::copy(&mut (&mut decoder).take(skip), &mut io::sink())?;
        decoder.read_exact(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gzi_is_read_and_written_back_equal() {
        let bytes: Vec<u8> = [2u64, 41, 10, 90, 30].into_iter().flat_map(u64::to_le_bytes).collect();
        let gzi = Gzi::parse(&bytes).unwrap();
        assert_eq!(gzi.to_bytes(), bytes);
        assert_eq!(gzi.locate(&(0..10), 120), (0..41, 0));
        assert_eq!(gzi.locate(&(9..11), 120), (0..90, 9));
        assert_eq!(gzi.locate(&(12..31), 120), (41..120, 2));
        assert_eq!(gzi.locate(&(10..10), 120).0, 41..41);
    }

    #[test]
    fn bad_gzis_are_refused() {
        let parse = |numbers: &[u64]| Gzi::parse(&numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>());
        assert_eq!(parse(&[u64::MAX, 1, 1]), Err(GziError::Length { bytes: 24 }));
        assert_eq!(parse(&[]), Err(GziError::Length { bytes: 0 }));
        assert_eq!(Gzi::parse(b"abc"), Err(GziError::Length { bytes: 3 }));
        assert_eq!(parse(&[2, 41, 10, 41, 20]), Err(GziError::Order { entry: 1 }));
    }
}
