use object_io::Error as StoreError;
use plan::{Fault, FaultKind, Uri};

/// A read that does not fit its alignment. Knows no file names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reads must come in order of position.
    #[error("alignment at {position} comes after one at {last}")]
    Order {
        /// 0-based position.
        position: u64,
        /// Position of the read before.
        last: u64,
    },
    /// The alignment leaves the reference text.
    #[error("alignment at {}..{} lies outside the reference {}..{}", .alignment.start, .alignment.end, .reference.start, .reference.end)]
    Outside {
        /// 0-based half-open.
        alignment: std::ops::Range<u64>,
        /// 0-based half-open.
        reference: std::ops::Range<u64>,
    },
    /// CIGAR, bases and qualities differ in length.
    #[error("alignment at {position}: CIGAR uses {cigar} bases, the read has {bases} and {qualities} qualities")]
    Length {
        /// 0-based position.
        position: u64,
        /// Bases that the CIGAR uses.
        cigar: u64,
        /// Bases of the read.
        bases: usize,
        /// Qualities of the read.
        qualities: usize,
    },
}

/// Why the pileup task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table is malformed, or cannot be written.
    #[error("{uri}: table")]
    Table {
        /// The table.
        uri: Uri,
        /// The cause.
        source: genomics_tables::TableError,
    },
    /// An alignment does not fit its read.
    #[error("{uri}: alignment of read {read}")]
    Read {
        /// The table of alignments.
        uri: Uri,
        /// 0-based number of the read.
        read: u64,
        /// What is wrong.
        source: ReadError,
    },
    /// A table names a read that its part does not hold.
    #[error("{uri}: read {read} is not in its part of the reads")]
    Absent {
        /// The table of alignments.
        uri: Uri,
        /// 0-based number of the read.
        read: u64,
    },
    /// A table names a contig that its chunk does not hold.
    #[error("{uri}: contig number {contig} is not in the chunk")]
    Contig {
        /// The table of alignments.
        uri: Uri,
        /// 0-based number of the contig.
        contig: u32,
    },
    /// The part of the reads could not be read.
    #[error(transparent)]
    Reads(#[from] partition_fastq::Error),
    /// The chunk of the reference could not be read.
    #[error(transparent)]
    Reference(#[from] partition_fasta::Error),
    /// The work broke down: a fault of ours.
    #[error("{uri}: piling up broke down")]
    Panic {
        /// The output.
        uri: Uri,
        /// The cause.
        source: tokio::task::JoinError,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Table { source, .. } => source.kind(),
            Self::Read { .. } | Self::Absent { .. } | Self::Contig { .. } => FaultKind::Malformed,
            Self::Reads(source) => source.kind(),
            Self::Reference(source) => source.kind(),
            Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
