use std::io;

use partition_gzip::{
    GzipError,
    interchange::{ExportError, ForeignIndexError},
};
use plan::{Fault, FaultKind, StaleIndex, Uri};

use crate::{DecodeError, IndexFault, PairError, RecordError};

/// Why a FASTQ task failed. Each names the object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// The text is no FASTQ.
    #[error("{object}: malformed FASTQ")]
    Record {
        /// The object.
        object: Uri,
        /// What is wrong, and where.
        source: RecordError,
    },
    /// The gzip file is bad.
    #[error("{object}: malformed gzip")]
    Gzip {
        /// The object.
        object: Uri,
        /// What is wrong, and where.
        source: GzipError,
    },
    /// An object of no bytes.
    #[error("{object}: the file is empty (0 bytes)")]
    Empty {
        /// The object.
        object: Uri,
    },
    /// A name that says gzip, and bytes that are not.
    #[error("{object}: named as gzip but it starts with bytes {}, not 1f 8b; rename it or compress it", hex(.found))]
    Misnamed {
        /// The object.
        object: Uri,
        /// Its first bytes, two at most.
        found: Vec<u8>,
    },
    /// The index cannot be written.
    #[error("{object}: cannot write the index")]
    WriteIndex {
        /// The object.
        object: Uri,
        /// The cause.
        source: io::Error,
    },
    /// The index cannot be read.
    #[error("{index}: not a usable index")]
    Index {
        /// The index.
        index: Uri,
        /// What is wrong.
        source: IndexFault,
    },
    /// The index was made from other bytes.
    #[error("{index}: stale index")]
    Stale {
        /// The index.
        index: Uri,
        /// Both versions.
        source: Box<StaleIndex>,
    },
    /// There is no such part.
    #[error("{object}: there is no part {part}; {reads} reads give {parts} parts, numbered from 0")]
    NoPart {
        /// The object.
        object: Uri,
        /// What was asked.
        part: u64,
        /// What there is.
        parts: u64,
        /// Reads of the object.
        reads: u64,
    },
    /// There are no such reads.
    #[error("{object}: there are no reads {start}..{end}; it has {reads} reads, numbered from 0")]
    NoReads {
        /// The object.
        object: Uri,
        /// First read asked for.
        start: u64,
        /// The read after the last.
        end: u64,
        /// Reads of the object.
        reads: u64,
    },
    /// A part cannot be decoded.
    #[error("{object}: cannot read part {part}")]
    Part {
        /// The object.
        object: Uri,
        /// 0-based number of the part.
        part: u64,
        /// The cause.
        source: DecodeError,
    },
    /// Mates do not belong together.
    #[error(transparent)]
    Pair(Box<PairError>),
    /// No record starts within the look-ahead.
    #[error("{object}: no read starts within {looked} bytes after byte {border}; is it FASTQ of four lines per read?")]
    Unhealed {
        /// The object.
        object: Uri,
        /// Where was looked from.
        border: u64,
        /// How far.
        looked: u64,
    },
    /// The index of another program cannot be used.
    #[error("{index}: not a usable index of gztool, indexed_gzip or bgzip")]
    Foreign {
        /// That index.
        index: Uri,
        /// What is wrong.
        source: ForeignIndexError,
    },
    /// An index cannot be written in another program's format.
    #[error("{object}: cannot export its index")]
    Export {
        /// The object.
        object: Uri,
        /// The cause.
        source: ExportError,
    },
    /// Only gzip has such an index.
    #[error("{object}: not a gzip file; an uncompressed one has no index of another program")]
    NotGzip {
        /// The object.
        object: Uri,
    },
    /// Only BGZF has a `.gzi`.
    #[error("{object}: not BGZF; a .gzi index lists BGZF blocks. Export gztool or indexed_gzip instead")]
    NotBgzf {
        /// The object.
        object: Uri,
    },
    /// A gzip object cannot be cut by bytes.
    #[error("{object}: a compressed object cannot be cut by bytes; index it")]
    Compressed {
        /// The object.
        object: Uri,
    },
    /// A thread of ours panicked.
    #[error("{object}: a worker thread failed")]
    Panic {
        /// The object.
        object: Uri,
        /// What it said.
        source: tokio::task::JoinError,
    },
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

impl From<PairError> for Error {
    fn from(error: PairError) -> Self {
        Self::Pair(Box::new(error))
    }
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Gzip { source, .. } => source.kind(),
            Self::Empty { .. }
            | Self::Misnamed { .. }
            | Self::Record { .. }
            | Self::Index { .. }
            | Self::Unhealed { .. }
            | Self::Pair(_) => FaultKind::Malformed,
            Self::Stale { .. } => FaultKind::Changed,
            Self::Foreign { source, .. } => source.kind(),
            Self::Export { source, .. } => source.kind(),
            Self::NoPart { .. }
            | Self::NoReads { .. }
            | Self::Compressed { .. }
            | Self::NotGzip { .. }
            | Self::NotBgzf { .. } => FaultKind::Invalid,
            Self::WriteIndex { .. } => FaultKind::Output,
            Self::Part { source, .. } => match source {
                DecodeError::Write(_) => FaultKind::Output,
                DecodeError::Read(_) => FaultKind::Unavailable,
                DecodeError::Gzip(error) => error.kind(),
                _ => FaultKind::Malformed,
            },
            Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
