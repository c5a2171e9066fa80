//! From stored bytes to the text of exactly the reads asked for. Blocking; knows no store.
use std::io::{self, BufRead};

use bytes::Bytes;
use memchr::memchr_iter;
use partition_gzip::{Decoder, GzipError};

use crate::{Check, ReadRange, ReadStart, RecordError, Scanner, Summary, index::Storage};

/// Why the reads of a part cannot be had from its bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The compressed data.
    #[error("the compressed data is bad")]
    Gzip(#[source] GzipError),
    /// The text.
    #[error("malformed FASTQ")]
    Record(#[source] RecordError),
    /// The bytes ended before the last read.
    #[error("the bytes given end inside read {read}, the part goes to read {end}")]
    Short {
        /// The read that is not whole.
        read: u64,
        /// The part's end.
        end: u64,
    },
    /// No read starts where the index says.
    #[error("no read starts at byte {} of the text, where the index has read {}; index the object again", .0.text, .0.read)]
    Misplaced(ReadStart),
    /// A partition that no plan gives.
    #[error("the partition contradicts itself: reads {start}..{end} from read {first}")]
    Impossible {
        /// First read.
        start: u64,
        /// The read after the last.
        end: u64,
        /// First read after the checkpoint.
        first: u64,
    },
    /// The bytes cannot be read.
    #[error("cannot read")]
    Read(#[source] io::Error),
    /// The text cannot be written.
    #[error("cannot write")]
    Write(#[source] io::Error),
}

/// Decodes a part from `stored`, which starts at byte `range.checkpoint.bit / 8` of the object, and gives its text to `out`.
///
/// `window` is the window of the checkpoint, if it has one. The text is that of `range.reads` to the byte; framing is checked
/// again as it goes by. Memory is a few hundred KiB.
pub fn decode(
    range: &ReadRange,
    window: Option<Bytes>,
    stored: impl BufRead,
    out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Summary, DecodeError> {
    match range.storage {
        Storage::Plain => take_reads(range, stored, out),
        Storage::Gzip | Storage::Bgzf => {
            let checkpoint = range.checkpoint.checkpoint(window);
            let decoder = Decoder::new(&checkpoint, stored).map_err(DecodeError::Gzip)?;
            take_reads(range, decoder, out)
        }
    }
}

fn read_error(error: io::Error) -> DecodeError {
    match error.downcast::<GzipError>() {
        Ok(error) => DecodeError::Gzip(error),
        Err(error) => DecodeError::Read(error),
    }
}

fn fill(text: &mut impl BufRead) -> Result<&[u8], DecodeError> {
    loop {
        match text.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(read_error(error)),
        }
    }
    text.fill_buf().map_err(read_error)
}

/// `text` starts at the part's checkpoint.
fn take_reads(
    range: &ReadRange,
    mut text: impl BufRead,
    out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Summary, DecodeError> {
    let (start, end) = (range.reads.start, range.reads.end);
    let short = |read: u64| DecodeError::Short { read, end };
    let before = range.first.text.checked_sub(range.checkpoint.text);
    let Some(mut before) = before.filter(|_| range.first.read <= start && start <= end) else {
        let first = range.first.read;
        return Err(DecodeError::Impossible { start, end, first });
    };
    while before > 0 {
        let ready = fill(&mut text)?.len();
        if ready == 0 {
            return Err(short(range.first.read));
        }
        let passed = before.min(ready as u64);
        text.consume(passed as usize);
        before -= passed;
    }
    let passed_over = Lines::new(start - range.first.read).each(&mut text, &mut |_| Ok(()))?;
    if passed_over.missing > 0 {
        return Err(short(start.saturating_sub(passed_over.missing.div_ceil(4))));
    }
    let first = ReadStart {
        read: start,
        text: range.first.text + passed_over.bytes,
    };
    if start < end && fill(&mut text)?.first().is_some_and(|&byte| byte != b'@') {
        return Err(DecodeError::Misplaced(first));
    }
    let mut scanner = Scanner::at(Check::Framing, first);
    let mut take = |piece: &[u8]| {
        scanner.push(piece).map_err(DecodeError::Record)?;
        out(piece).map_err(DecodeError::Write)
    };
    if range.last {
        loop {
            let piece = fill(&mut text)?;
            if piece.is_empty() {
                break;
            }
            take(piece)?;
            let length = piece.len();
            text.consume(length);
        }
    } else {
        let taken = Lines::new(end - start).each(&mut text, &mut take)?;
        if taken.missing > 0 {
            return Err(short(end.saturating_sub(taken.missing.div_ceil(4))));
        }
    }
    let summary = scanner.finish().map_err(DecodeError::Record)?;
    if summary.reads == end {
        Ok(summary)
    } else {
        Err(short(summary.reads))
    }
}

/// Passes on the lines of a number of reads.
struct Lines {
    missing: u64,
    bytes: u64,
}

impl Lines {
    fn new(reads: u64) -> Self {
        Self {
            missing: reads.saturating_mul(4),
            bytes: 0,
        }
    }

    /// Until all lines went by or the text ends.
    fn each(
        mut self,
        text: &mut impl BufRead,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<Self, DecodeError> {
        while self.missing > 0 {
            let ready = fill(text)?;
            if ready.is_empty() {
                break;
            }
            let lines = memchr_iter(b'\n', ready).count() as u64;
            let piece = if lines < self.missing {
                ready
            } else {
                let last = memchr_iter(b'\n', ready).nth(self.missing as usize - 1);
                &ready[..last.map_or(ready.len(), |newline| newline + 1)]
            };
            take(piece)?;
            self.missing -= lines.min(self.missing);
            self.bytes += piece.len() as u64;
            let length = piece.len();
            text.consume(length);
        }
        Ok(self)
    }
}
