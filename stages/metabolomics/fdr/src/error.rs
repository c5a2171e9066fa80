use object_io::Error as StoreError;
use plan::{Fault, FaultKind, Uri};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table of scores is malformed.
    #[error("{uri}: table of scores")]
    Row {
        /// The table.
        uri: Uri,
        /// What is wrong.
        source: RowError,
    },
    /// The request asks for what cannot be.
    #[error("decoys: each target has at least one and at most 1000, not {0}")]
    Decoys(u32),
    /// The work broke down: a fault of ours.
    #[error("estimating false discovery rates broke down")]
    Panic(#[source] tokio::task::JoinError),
}

/// A row that is no score.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct RowError {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub kind: RowErrorKind,
}

/// What is wrong in a row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowErrorKind {
    /// Not the columns of a table of scores.
    #[error("the columns are {found}, not formula,modifier,decoy,msm")]
    Header {
        /// What they are.
        found: String,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] csv::Error),
    /// A score that is none.
    #[error("{0:?} is no score from 0 to 1")]
    Score(String),
    /// A draw that is none.
    #[error("{0:?} is no number of a decoy below {1}")]
    Decoy(String, u32),
    /// The same ion twice.
    #[error("{formula} {modifier}: a second score of the same ion")]
    Twice {
        /// The molecule.
        formula: String,
        /// The modifier.
        modifier: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Row { .. } => FaultKind::Malformed,
            Self::Decoys(_) => FaultKind::Invalid,
            Self::Panic(_) => FaultKind::Internal,
        }
    }
}
