use object_io::Error as StoreError;
use plan::{Fault, FaultKind, Uri};

use crate::{BadResolution, table_file::BadPatterns};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such instrument.
    #[error(transparent)]
    Resolution(#[from] BadResolution),
    /// More ions than one task takes.
    #[error("{bytes} bytes of ion formulas: one task takes at most {most}")]
    TooLarge {
        /// Bytes asked for.
        bytes: u64,
        /// Bytes that one task takes.
        most: u64,
    },
    /// The list of ions is not text of whole lines.
    #[error("{uri}, bytes {start}..{end}: no whole lines of text")]
    Lines {
        /// The list.
        uri: Uri,
        /// First byte.
        start: u64,
        /// Byte behind the last.
        end: u64,
    },
    /// Something that is not a table of patterns.
    #[error("{uri}: no isotope patterns")]
    Patterns {
        /// The object.
        uri: Uri,
        /// What is wrong.
        source: BadPatterns,
    },
    /// The work broke down: a fault of ours.
    #[error("computing isotope patterns broke down")]
    Panic(#[source] tokio::task::JoinError),
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Resolution(_) | Self::TooLarge { .. } | Self::Lines { .. } => FaultKind::Invalid,
            Self::Patterns { .. } => FaultKind::Malformed,
            Self::Panic(_) => FaultKind::Internal,
        }
    }
}
