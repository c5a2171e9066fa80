use plan::{Fault, FaultKind, StaleIndex, Uri};

use crate::{ArrayError, GridError, ImzmlError, NpyError};

/// Which array of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The m/z.
    Mz,
    /// The intensities.
    Intensity,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mz => "m/z",
            Self::Intensity => "intensity",
        })
    }
}

/// Why work on peaks failed. Each names the object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// Reading failed half way.
    #[error("{object}: cannot read")]
    Read {
        /// The object.
        object: Uri,
        /// The cause.
        source: std::io::Error,
    },
    /// The imzML is malformed.
    #[error("{object}: malformed imzML")]
    Imzml {
        /// The imzML.
        object: Uri,
        /// Where and why.
        source: ImzmlError,
    },
    /// No `.ibd` beside the imzML.
    #[error("{imzml}: no .ibd beside it; looked for {}", looked.join(", "))]
    NoIbd {
        /// The imzML.
        imzml: Uri,
        /// Names tried.
        looked: Vec<String>,
    },
    /// The `.ibd` belongs to another imzML.
    #[error("{ibd}: its UUID is {found}, but {imzml} says {stated}: they do not belong together")]
    Uuid {
        /// The `.ibd`.
        ibd: Uri,
        /// The imzML.
        imzml: Uri,
        /// In the imzML.
        stated: String,
        /// In the `.ibd`.
        found: String,
    },
    /// The `.ibd` is damaged, or was changed.
    #[error("{ibd}: its {algorithm} is {found}, but {imzml} says {stated}: it is damaged, or was changed")]
    Checksum {
        /// The `.ibd`.
        ibd: Uri,
        /// The imzML.
        imzml: Uri,
        /// MD5 or SHA-1.
        algorithm: &'static str,
        /// In the imzML.
        stated: String,
        /// Of the `.ibd`.
        found: String,
    },
    /// An array that the `.ibd` does not hold.
    #[error("{ibd}: spectrum {spectrum}: the {array} array is bytes {}..{}, but the file has {size}", bytes.start, bytes.end)]
    Outside {
        /// The `.ibd`.
        ibd: Uri,
        /// 0-based.
        spectrum: u64,
        /// Which of its arrays.
        array: Which,
        /// Where it should be.
        bytes: std::ops::Range<u64>,
        /// Bytes of the file.
        size: u64,
    },
    /// A compressed array that is broken.
    #[error("{ibd}: spectrum {spectrum}: the {array} array at byte {offset}")]
    Array {
        /// The `.ibd`.
        ibd: Uri,
        /// 0-based.
        spectrum: u64,
        /// Which of its arrays.
        array: Which,
        /// Where it starts.
        offset: u64,
        /// Why.
        source: ArrayError,
    },
    /// Coordinates too far apart.
    #[error("{object}: cannot number the pixels")]
    Grid {
        /// The imzML.
        object: Uri,
        /// Why.
        source: GridError,
    },
    /// The index is no index.
    #[error("{index}: {what}; index the imzML again")]
    Index {
        /// The index.
        index: Uri,
        /// What is wrong.
        what: String,
    },
    /// The index belongs to an imzML or `.ibd` that has changed.
    #[error("{index}: stale")]
    Stale {
        /// The index.
        index: Uri,
        /// Which object, and how it was.
        source: Box<StaleIndex>,
    },
    /// A `.npy` that is none of ours.
    #[error("{object}: cannot use the array")]
    Npy {
        /// The file.
        object: Uri,
        /// Why.
        source: NpyError,
    },
    /// Sorted segments, or parts on the way there, that are not what they say.
    #[error("{object}: {what}")]
    Segment {
        /// The object.
        object: Uri,
        /// What is wrong.
        what: String,
    },
    /// A request that cannot be meant.
    #[error("{0}")]
    Invalid(String),
    /// A picture that nobody could hold.
    #[error("{object}: a picture of {width} x {height} pixels is too large")]
    Picture {
        /// The imzML.
        object: Uri,
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
    },
    /// A bug here.
    #[error("{object}: a worker panicked")]
    Panic {
        /// What it worked on.
        object: Uri,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Read { .. } => FaultKind::Unavailable,
            Self::NoIbd { .. } => FaultKind::NotFound,
            Self::Stale { .. } => FaultKind::Changed,
            Self::Invalid(_) | Self::Picture { .. } => FaultKind::Invalid,
            Self::Panic { .. } => FaultKind::Internal,
            _ => FaultKind::Malformed,
        }
    }
}
