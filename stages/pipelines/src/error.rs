use plan::{Fault, FaultKind, Uri};

use crate::Failure;

/// Why a run could not be made, found, run or reported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pipeline's definition cannot run.
    #[error("pipeline {pipeline}: {what}")]
    Definition {
        /// Its name.
        pipeline: String,
        /// What is wrong.
        what: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// A file of the run folder does not say what it should.
    #[error("{uri}: not {what} of a run")]
    Folder {
        /// The file.
        uri: Uri,
        /// What it should be.
        what: &'static str,
        /// The cause.
        source: serde_json::Error,
    },
    /// A planner failed.
    #[error("cannot plan step {step}")]
    Plan {
        /// The step.
        step: String,
        /// The cause.
        source: Failure,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Definition { .. } => FaultKind::Internal,
            Self::Store(error) => error.kind(),
            Self::Folder { .. } => FaultKind::Malformed,
            Self::Plan { source, .. } => source.kind,
        }
    }
}
