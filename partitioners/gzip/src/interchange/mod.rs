//! Indexes of other tools, read and written.
//!
//! | module | tool | windows | lines |
//! |---|---|---|---|
//! | [`gztool`] | gztool, rapidgzip | compressed | in version 1 |
//! | [`indexed_gzip`] | indexed_gzip, rapidgzip | plain | no |
//! | [`gzi`] | bgzip, samtools, htslib | none: BGZF needs none | no |
//!
//! gztool and indexed_gzip point behind a member's header, we before it ([`Start::Member`]), so that its checksum can be
//! verified. Writing therefore looks at the headers in the file; reading gives a block with an empty window for every member
//! but the first, which decodes to the same text.
pub mod gzi;
pub mod gztool;
pub mod indexed_gzip;

use std::io::{self, BufReader, Read};

use bytes::Bytes;
use object_io::ReadAt;

use crate::{Checkpoint, GzipError, GzipErrorKind, Start, Window, header, stream::Source};

/// Why an index of another tool cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignIndexError {
    /// Another kind of file.
    #[error("not an index of {format}")]
    Format {
        /// The tool whose index was expected.
        format: &'static str,
    },
    /// It ends too early.
    #[error("the index is truncated")]
    Truncated,
    /// An entry that cannot be: out of order, or outside the file.
    #[error("entry {entry} of the index is impossible")]
    Entry {
        /// 0-based.
        entry: u64,
    },
    /// It was made for a file of another length.
    #[error("the index is of a file of {indexed} bytes, this one has {found}")]
    OtherFile {
        /// Compressed bytes that the index speaks of.
        indexed: u64,
        /// Compressed bytes of the file.
        found: u64,
    },
    /// The bytes could not be read.
    #[error("cannot read the index")]
    Read(#[source] io::Error),
}

impl plan::Fault for ForeignIndexError {
    fn kind(&self) -> plan::FaultKind {
        match self {
            Self::Read(_) => plan::FaultKind::Unavailable,
            Self::OtherFile { .. } => plan::FaultKind::Changed,
            _ => plan::FaultKind::Malformed,
        }
    }
}

impl From<io::Error> for ForeignIndexError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Read(error),
        }
    }
}

/// An entry as zlib's example `zran` has it and the others copied it: the first whole byte, and how many bits of the byte
/// before it belong to the block.
#[derive(Clone, Copy, Debug)]
struct Point {
    byte: u64,
    bits: u32,
    text: u64,
}

impl Point {
    /// Where decoding with the other tool starts for `checkpoint`.
    fn of(checkpoint: &Checkpoint, source: &dyn ReadAt) -> Result<Self, GzipError> {
        let (byte, bits) = match checkpoint.start {
            Start::Block(_) => (checkpoint.bit.div_ceil(8), checkpoint.bit.wrapping_neg() & 7),
            Start::Member => (behind_header(source, checkpoint)?, 0),
        };
        Ok(Self {
            byte,
            bits: bits as u32,
            text: checkpoint.text,
        })
    }

    /// The checkpoint of entry number `entry`, which comes after `before`. None for one behind all text.
    fn checkpoint(
        self,
        entry: u64,
        window: Option<Window>,
        before: Option<&Checkpoint>,
        sizes: &Sizes,
    ) -> Result<Option<Checkpoint>, ForeignIndexError> {
        let bit = self
            .byte
            .checked_mul(8)
            .and_then(|bit| bit.checked_sub(u64::from(self.bits)));
        let bit = bit
            .filter(|_| self.bits < 8)
            .ok_or(ForeignIndexError::Entry { entry })?;
        let inside = bit / 8 <= sizes.compressed && self.text <= sizes.text;
        let ordered = before.map_or(self.text == 0, |before| before.bit < bit && before.text <= self.text);
        if !inside || !ordered {
            return Err(ForeignIndexError::Entry { entry });
        }
        if entry == 0 && window.is_none() {
            return Ok(Some(Checkpoint::FIRST));
        }
        let start = Start::Block(window.unwrap_or_else(|| Window::compress(&[])));
        let text = self.text;
        let useful = text < sizes.text && bit / 8 < sizes.compressed;
        Ok(useful.then_some(Checkpoint { bit, text, start }))
    }
}

/// Lengths that entries must respect.
struct Sizes {
    compressed: u64,
    text: u64,
}

/// Where the compressed data of the member at `checkpoint` starts.
fn behind_header(source: &dyn ReadAt, checkpoint: &Checkpoint) -> Result<u64, GzipError> {
    let reader = BufReader::with_capacity(512, At(source, checkpoint.byte()));
    let mut source = Source::new(reader, checkpoint.byte());
    match header::skip(&mut source) {
        Ok(()) => Ok(source.offset),
        Err(kind) => Err(GzipError::new(source.offset, checkpoint.text, kind)),
    }
}

/// Small reads from an offset on.
struct At<'a>(&'a dyn ReadAt, u64);

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.0.size().saturating_sub(self.1).min(buffer.len() as u64) as usize;
        self.0.read_exact_at(self.1, &mut buffer[..left])?;
        self.1 += left as u64;
        Ok(left)
    }
}

/// Reads numbers and byte strings of a foreign index.
struct Fields<R>(R);

impl<R: Read> Fields<R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ForeignIndexError> {
        let mut array = [0; N];
        self.0.read_exact(&mut array)?;
        Ok(array)
    }

    /// Exactly `length` bytes; memory grows with what is there, not with what is promised.
    fn bytes(&mut self, length: u64) -> Result<Bytes, ForeignIndexError> {
        let mut bytes = Vec::new();
        let read = (&mut self.0).take(length).read_to_end(&mut bytes)?;
        if (read as u64) < length {
            return Err(ForeignIndexError::Truncated);
        }
        Ok(bytes.into())
    }
}

/// Why an index cannot be written in another tool's format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The gzip file does not have a member where the index says, or a window is corrupt.
    #[error("the index does not fit its file")]
    Source(#[from] GzipError),
    /// The bytes could not be written.
    #[error("cannot write the index")]
    Write(#[from] io::Error),
}

impl plan::Fault for ExportError {
    fn kind(&self) -> plan::FaultKind {
        match self {
            Self::Source(error) => error.kind(),
            Self::Write(_) => plan::FaultKind::Output,
        }
    }
}

/// The window of a checkpoint with `kind` errors placed.
fn expand(checkpoint: &Checkpoint, window: &Window) -> Result<Vec<u8>, GzipError> {
    let text = window.expand();
    text.map_err(|kind: GzipErrorKind| GzipError::new(checkpoint.byte(), checkpoint.text, kind))
}
