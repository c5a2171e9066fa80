use genomics_tables::TableError;
use plan::{Fault, FaultKind, Uri};

/// Why best hits cannot be chosen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// A table of hits is malformed.
    #[error("{table}: not a usable table of hits")]
    Hits {
        /// The table.
        table: Uri,
        /// The cause.
        source: TableError,
    },
    /// A table of hits is not in order of reads.
    #[error("{table}: read {read} comes after read {before}; tables of hits are in order of reads")]
    Order {
        /// The table.
        table: Uri,
        /// The read out of order.
        read: u64,
        /// The read before it.
        before: u64,
    },
    /// Alignments cannot be written as a table.
    #[error("{out}: cannot write the table")]
    Write {
        /// The table.
        out: Uri,
        /// The cause.
        source: TableError,
    },
    /// The request is not possible.
    #[error("insert sizes {0} to {1}: the first must not be larger")]
    Insert(u64, u64),
    /// A bug of ours.
    #[error("{out}: choosing best hits panicked")]
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
            Self::Hits { .. } | Self::Order { .. } => FaultKind::Malformed,
            Self::Insert(..) => FaultKind::Invalid,
            Self::Write { .. } | Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
