use std::ops::Range;

use partition_gzip::GzipError;
use plan::{Fault, FaultKind, Uri};

use crate::{FaiError, GziError, RegionError};

/// Why a text is not a FASTA that can be read at random.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} at byte {offset}: {kind}")]
pub struct FormatError {
    /// 1-based line.
    pub line: u64,
    /// Byte of the text at which the line starts.
    pub offset: u64,
    /// What is wrong with it.
    pub kind: FormatErrorKind,
}

/// What can be wrong with a FASTA.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// Nothing but blank lines.
    #[error("no sequence: the file is empty")]
    Empty,
    /// It starts as a FASTQ does.
    #[error("starts with '@': this is a FASTQ; use `tessera fastq index`")]
    Fastq,
    /// It starts as a gzip member does, but is not BGZF.
    #[error("gzip, but not BGZF: it cannot be read at random; compress it with bgzip")]
    Gzip,
    /// Something stands before the first header.
    #[error("found {} where a header starting with '>' should be", show(*.0))]
    NoHeader(u8),
    /// A sequence line that is longer than the first of its sequence.
    #[error("a line of {found} bytes in a sequence whose first line has {expected}: lines must be of one width")]
    LongLine {
        /// Bytes of the line, line end included.
        found: u64,
        /// Bytes of the first line of the sequence.
        expected: u64,
    },
    /// A line after one that was shorter than the others or blank.
    #[error("sequence goes on after line {short}, which is shorter than the first of its sequence or blank")]
    AfterShortLine {
        /// The line that had to be the last.
        short: u64,
    },
    /// A line of the right width whose bases are more or fewer: its line end differs.
    #[error("{found} bases on a line of a sequence that has {expected} on lines of that width: mixed line ends")]
    LineEnd {
        /// Bases of the line.
        found: u64,
        /// Bases of the first line of the sequence.
        expected: u64,
    },
    /// Blanks, control characters, NUL or bytes above 126 among the bases.
    #[error("a blank, control or non-ASCII character among the bases")]
    NotText,
    /// The header of the last record is all there is of it.
    #[error("the last record, {name:?}, has no sequence")]
    NoSequence {
        /// First word of its header.
        name: String,
    },
    /// Two records of one name; a region of it would mean two things.
    #[error("a second sequence named {name:?}; the first is on line {first}")]
    Duplicate {
        /// The name.
        name: String,
        /// 1-based line of the first header.
        first: u64,
    },
    /// A name that is not UTF-8.
    #[error("the name of the sequence is not UTF-8")]
    Name,
}

fn show(byte: u8) -> String {
    match byte {
        0x20..0x7f => format!("{:?}", byte as char),
        _ => format!("byte 0x{byte:02x}"),
    }
}

/// Why work on a FASTA failed. Each names the object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// Reading failed half way.
    #[error("{object}: cannot read")]
    Read {
        /// The FASTA.
        object: Uri,
        /// The cause.
        source: std::io::Error,
    },
    /// The FASTA is malformed.
    #[error("{object}: not a FASTA that can be read at random")]
    Format {
        /// The FASTA.
        object: Uri,
        /// Where and why.
        source: FormatError,
    },
    /// The file is gzip, and broken.
    #[error("{object}: broken gzip")]
    Gzip {
        /// The FASTA.
        object: Uri,
        /// Where and why.
        source: GzipError,
    },
    /// BGZF blocks that were fetched do not inflate.
    #[error("{object}: broken BGZF block in bytes {}..{}", bytes.start, bytes.end)]
    Blocks {
        /// The FASTA.
        object: Uri,
        /// What was fetched.
        bytes: Range<u64>,
        /// The cause.
        source: std::io::Error,
    },
    /// The `.gzi` is malformed.
    #[error("{object}: not a .gzi")]
    Gzi {
        /// The index.
        object: Uri,
        /// Why.
        source: GziError,
    },
    /// The `.fai` is malformed.
    #[error("{object}: not a .fai")]
    Fai {
        /// The index.
        object: Uri,
        /// Where and why.
        source: FaiError,
    },
    /// The FASTA has not the lines that the index says.
    #[error("{object}: sequence {name:?} is not where {index} says; index the reference again")]
    OtherText {
        /// The FASTA.
        object: Uri,
        /// The contig.
        name: String,
        /// The index, or the plan.
        index: String,
    },
    /// A partition that nobody planned.
    #[error("{object}: the partition has {pieces} pieces but {ranges} byte ranges")]
    Partition {
        /// The FASTA.
        object: Uri,
        /// Pieces in its scope.
        pieces: usize,
        /// Ranges to fetch.
        ranges: usize,
    },
    /// A region that the reference does not have.
    #[error("{object}: no such region")]
    Region {
        /// The FASTA.
        object: Uri,
        /// Why.
        source: RegionError,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Read { .. } => FaultKind::Unavailable,
            Self::Gzip { source, .. } => Fault::kind(source),
            Self::Format { .. } | Self::Blocks { .. } | Self::Gzi { .. } | Self::Fai { .. } => FaultKind::Malformed,
            Self::OtherText { .. } => FaultKind::Changed,
            Self::Region { .. } | Self::Partition { .. } => FaultKind::Invalid,
        }
    }
}
