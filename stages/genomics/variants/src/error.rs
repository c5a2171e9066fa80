use genomics_tables::TableError;
use object_io::Error as StoreError;
use plan::{Fault, FaultKind, Uri};

/// Why calling failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A pileup table is malformed.
    #[error("{uri}: pileup table")]
    Table {
        /// The table.
        uri: Uri,
        /// The cause.
        source: TableError,
    },
    /// Something that is not a part of ours.
    #[error("{uri}: no BGZF part of VCF records: {what}")]
    Part {
        /// The part.
        uri: Uri,
        /// What is wrong.
        what: String,
    },
    /// Counts of errors, or a model of them, that are none of ours.
    #[error("{uri}: counts or model of errors")]
    Json {
        /// The object.
        uri: Uri,
        /// The cause.
        source: serde_json::Error,
    },
    /// The work broke down: a fault of ours.
    #[error("{uri}: calling broke down")]
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
            Self::Part { .. } | Self::Json { .. } => FaultKind::Malformed,
            Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
