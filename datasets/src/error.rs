use std::path::PathBuf;

use plan::{Fault, FaultKind, Uri};

use crate::ManifestError;

/// Why a data set could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No manifest of that name.
    #[error("{name}: no such data set; `tessera data list` shows them all")]
    Unknown {
        /// As typed.
        name: String,
    },
    /// A manifest of the user's that is none.
    #[error("{manifest}: not a manifest of a data set")]
    Manifest {
        /// Where it is.
        manifest: Uri,
        /// Why.
        source: ManifestError,
    },
    /// Downloads go to a folder, where they can be resumed.
    #[error("{out}: data sets are fetched to a local folder, so that an interrupted download goes on where it stopped")]
    NotLocal {
        /// As typed.
        out: Uri,
    },
    /// The server cannot be reached.
    #[error("{url}: cannot reach the server; is this machine offline?")]
    Offline {
        /// The source.
        url: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server stopped answering.
    #[error("{url}: the connection broke after {received} bytes; run the same command again to go on from there")]
    Broken {
        /// The source.
        url: String,
        /// Bytes kept for the next attempt.
        received: u64,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered something else than the file.
    #[error("{url}: the server answers {status}")]
    Status {
        /// The source.
        url: String,
        /// Status code.
        status: u16,
    },
    /// An answer that HTTP does not allow, or an address that is none.
    #[error("{url}: {reason}")]
    Protocol {
        /// The source.
        url: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The bytes are not those that the publisher vouches for.
    #[error("{url}: {what} should be {expected} but is {found}; the download was dropped")]
    Mismatch {
        /// The source.
        url: String,
        /// Length, MD5 or SHA-256.
        what: &'static str,
        /// As published.
        expected: String,
        /// As received.
        found: String,
    },
    /// A file of that name with other contents is there.
    #[error("{}: is there already, but {what} should be {expected} and is {found}; move it away", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
        /// Length, MD5 or SHA-256.
        what: &'static str,
        /// As published.
        expected: String,
        /// As found.
        found: String,
    },
    /// Somebody else is fetching the same file.
    #[error("{}: another process is fetching it", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The disk refuses.
    #[error("{}: cannot write", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Unknown { .. } | Self::Manifest { .. } | Self::NotLocal { .. } => FaultKind::Invalid,
            Self::Status { status: 429 | 503, .. } => FaultKind::Throttled,
            Self::Offline { .. } | Self::Broken { .. } | Self::Status { status: 500.., .. } => FaultKind::Unavailable,
            Self::Status { .. } => FaultKind::NotFound,
            Self::Protocol { .. } | Self::Mismatch { .. } => FaultKind::Malformed,
            Self::Occupied { .. } | Self::Busy { .. } | Self::Disk { .. } => FaultKind::Output,
            Self::Store(source) => source.kind(),
        }
    }
}
