use genomics_tables::TableError;
use plan::{Fault, FaultKind, Uri};

/// Why reads cannot be aligned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// The reference.
    #[error(transparent)]
    Reference(#[from] partition_fasta::Error),
    /// The reads.
    #[error(transparent)]
    Reads(#[from] partition_fastq::Error),
    /// A chunk that minimap2 cannot index.
    #[error("{reference}: chunk {chunk} cannot be indexed: {fault}")]
    Chunk {
        /// The reference.
        reference: Uri,
        /// Number of the chunk.
        chunk: u64,
        /// What is wrong.
        fault: &'static str,
    },
    /// Bytes that are no index of ours.
    #[error("{index}: {fault}; build the index again")]
    Index {
        /// The index.
        index: Uri,
        /// What is wrong.
        fault: &'static str,
    },
    /// Parts that do not fit together.
    #[error("{0}")]
    Request(&'static str),
    /// The two files of pairs do not hold as many reads.
    #[error("{first} and {second} are not in step: {reads} reads of one part have no mate")]
    NotInStep {
        /// The first file.
        first: Uri,
        /// The second file.
        second: Uri,
        /// Reads without mate.
        reads: u64,
    },
    /// Hits cannot be written as a table.
    #[error("{out}: cannot write the table")]
    Write {
        /// The table.
        out: Uri,
        /// The cause.
        source: TableError,
    },
    /// No threads can be had.
    #[error("cannot start {threads} threads")]
    Threads {
        /// How many.
        threads: usize,
        /// The cause.
        source: rayon::ThreadPoolBuildError,
    },
    /// A bug of ours.
    #[error("{out}: aligning panicked")]
    Panic {
        /// What was to be written.
        out: Uri,
        /// The panic.
        source: tokio::task::JoinError,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Reference(error) => error.kind(),
            Self::Reads(error) => error.kind(),
            Self::Chunk { .. } | Self::Request(_) => FaultKind::Invalid,
            Self::Index { .. } | Self::NotInStep { .. } => FaultKind::Malformed,
            Self::Threads { .. } => FaultKind::Unavailable,
            Self::Write { .. } | Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
