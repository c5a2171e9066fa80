use std::{error::Error as StdError, io, ops::Range};

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
    /// We may not read it.
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
    /// The disk is full or read-only, or we may not write there.
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
    /// Any other failure; trying again does not help.
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

/// Whether a call was to read or to write: the same system error means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Error {
    /// What a failed [`ReadAt`](crate::ReadAt) or [`SequentialReader`](crate::SequentialReader) call means.
    ///
    /// Those return [`io::Error`], which decoders pass on; this gives back the [`Error`] that is inside.
    pub fn from_read(uri: &Uri, source: io::Error) -> Self {
        Self::from_io(uri, source, Access::Read)
    }

    /// The store's error at the bottom of an error that came up through decoders, which wrap what they are given.
    pub fn inside<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            // The source of an `io::Error` is that of the error which it carries, not that error itself.
            let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = carried.map_or_else(|| error.source(), |carried| Some(carried));
        }
        None
    }

    pub(crate) fn from_io(uri: &Uri, source: io::Error, access: Access) -> Self {
        use io::ErrorKind as Kind;
        let source = match source.downcast::<Self>() {
            Ok(error) => return error,
            Err(source) => source,
        };
        let uri = uri.clone();
        match (source.kind(), access) {
            (Kind::Interrupted | Kind::TimedOut | Kind::WouldBlock | Kind::StaleNetworkFileHandle, _) => {
                Self::Unavailable { uri, source }
            }
            // Too many open files, in this process or on this machine: others will close theirs.
            _ if matches!(source.raw_os_error(), Some(23 | 24)) => Self::Unavailable { uri, source },
            (Kind::NotFound | Kind::NotADirectory, Access::Read) => Self::NotFound { uri },
            (Kind::PermissionDenied, Access::Read) => Self::Denied { uri, source },
            (_, Access::Read) => Self::Io { uri, source },
            (_, Access::Write) => Self::Write { uri, source },
        }
    }

    fn io_kind(&self) -> io::ErrorKind {
        match self {
            Self::NotFound { .. } => io::ErrorKind::NotFound,
            Self::Denied { .. } => io::ErrorKind::PermissionDenied,
            Self::Changed { .. } => io::ErrorKind::InvalidData,
            Self::Range { .. } => io::ErrorKind::UnexpectedEof,
            Self::Write { source, .. }
            | Self::Throttled { source, .. }
            | Self::Unavailable { source, .. }
            | Self::Io { source, .. } => source.kind(),
            Self::Scheme { .. } => io::ErrorKind::Unsupported,
        }
    }
}

/// For code between a reader and its user that speaks [`io::Error`]; [`Error::from_read`] is the way back.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::NotFound { .. } | Self::Denied { .. } => FaultKind::NotFound,
            Self::Io { source, .. } => Self::inside(source).map_or(FaultKind::NotFound, Fault::kind),
            Self::Changed { .. } => FaultKind::Changed,
            Self::Range { .. } => FaultKind::Malformed,
            Self::Write { .. } => FaultKind::Output,
            Self::Throttled { .. } => FaultKind::Throttled,
            Self::Unavailable { .. } => FaultKind::Unavailable,
            Self::Scheme { .. } => FaultKind::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: i32, access: Access) -> FaultKind {
        let uri = Uri::from_path("a/b");
        Error::from_io(&uri, io::Error::from_raw_os_error(code), access).kind()
    }

    #[test]
    fn system_errors_are_sorted_by_what_helps() {
        let [eio, emfile, eacces, enotdir, eisdir, enospc, erofs, eintr] = [5, 24, 13, 20, 21, 28, 30, 4];
        assert_eq!(fault(eintr, Access::Read), FaultKind::Unavailable);
        assert_eq!(fault(emfile, Access::Write), FaultKind::Unavailable);
        for code in [eio, eacces, enotdir, eisdir] {
            assert_eq!(fault(code, Access::Read), FaultKind::NotFound, "{code}");
        }
        for code in [eio, eacces, enotdir, eisdir, enospc, erofs] {
            assert_eq!(fault(code, Access::Write), FaultKind::Output, "{code}");
        }
    }

    #[test]
    fn an_error_survives_the_way_through_io_error() {
        let uri = Uri::from_path("a");
        let changed = Error::Changed {
            uri: uri.clone(),
            expected: "1".into(),
            found: "2".into(),
        };
        let back = Error::from_read(&Uri::from_path("other"), io::Error::from(changed));
        assert!(matches!(back, Error::Changed { uri: of, .. } if of == uri));
    }

    #[test]
    fn an_error_is_found_inside_what_decoders_make_of_it() {
        #[derive(Debug, thiserror::Error)]
        #[error("block 7")]
        struct Block(#[source] io::Error);

        let uri = Uri::from_path("a");
        let lost = Error::Unavailable {
            uri: uri.clone(),
            source: io::ErrorKind::TimedOut.into(),
        };
        let wrapped = io::Error::other(Block(io::Error::from(lost)));
        assert!(matches!(Error::inside(&wrapped), Some(Error::Unavailable { .. })));
        let error = Error::Io { uri, source: wrapped };
        assert_eq!(error.kind(), FaultKind::Unavailable);
        assert!(Error::inside(&io::Error::other("else")).is_none());
    }
}
