use std::{io, ops::Range};

use plan::{Fault, FaultKind, Uri};

/// The result of a store call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a store call failed. Each names the object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is there.
    #[error("{uri}: no such object")]
    NotFound {
        /// The object.
        uri: Uri,
    },
    /// We may not read or write it.
    #[error("{uri}: permission denied")]
    Denied {
        /// The object.
        uri: Uri,
        /// The cause.
        source: io::Error,
    },
    /// The bytes are not those that were planned for.
    #[error("{uri}: changed while it was read: planned for ETag {expected}, now {found}")]
    Changed {
        /// The object.
        uri: Uri,
        /// The ETag asked for.
        expected: String,
        /// The ETag found, or the store's word that it differs.
        found: String,
    },
    /// A range that the object does not have.
    #[error("{uri}: bytes {}..{} are not in an object of {size} bytes", .range.start, .range.end)]
    Range {
        /// The object.
        uri: Uri,
        /// What was asked.
        range: Range<u64>,
        /// What it has.
        size: u64,
    },
    /// The disk is full or read-only.
    #[error("{uri}: cannot write")]
    Write {
        /// The object.
        uri: Uri,
        /// The cause.
        source: io::Error,
    },
    /// The store asked to slow down.
    #[error("{uri}: the store asks to slow down")]
    Throttled {
        /// The object.
        uri: Uri,
        /// The cause.
        source: io::Error,
    },
    /// The store or the network failed; trying again can help.
    #[error("{uri}: the store did not answer")]
    Unavailable {
        /// The object.
        uri: Uri,
        /// The cause.
        source: io::Error,
    },
    /// Any other failure.
    #[error("{uri}: cannot read")]
    Io {
        /// The object.
        uri: Uri,
        /// The cause.
        source: io::Error,
    },
    /// No backend is compiled in, or configured, for this scheme.
    #[error("{uri}: {scheme}:// needs {needs}")]
    Scheme {
        /// The object.
        uri: Uri,
        /// Its scheme.
        scheme: String,
        /// What is missing.
        needs: &'static str,
    },
}

impl Error {
    pub(crate) fn from_io(uri: &Uri, source: io::Error, writing: bool) -> Self {
        let uri = uri.clone();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { uri },
            io::ErrorKind::PermissionDenied => Self::Denied { uri, source },
            io::ErrorKind::Interrupted | io::ErrorKind::TimedOut => Self::Unavailable { uri, source },
            _ if writing => Self::Write { uri, source },
            _ => Self::Io { uri, source },
        }
    }
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::NotFound { .. } | Self::Denied { .. } => FaultKind::NotFound,
            Self::Changed { .. } => FaultKind::Changed,
            Self::Range { .. } => FaultKind::Malformed,
            Self::Write { .. } => FaultKind::Output,
            Self::Throttled { .. } => FaultKind::Throttled,
            Self::Unavailable { .. } | Self::Io { .. } => FaultKind::Unavailable,
            Self::Scheme { .. } => FaultKind::Invalid,
        }
    }
}
