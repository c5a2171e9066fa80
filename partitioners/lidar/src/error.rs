use object_io::Error as StoreError;
use plan::{Fault, FaultKind, StaleIndex, Uri};

use crate::codec::ChunkFault;

/// Why bytes are not a LAS or LAZ file that can be cut.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("at byte {offset}: {kind}")]
pub struct FormatError {
    /// Byte of the file.
    pub offset: u64,
    /// What is wrong there.
    pub kind: FormatErrorKind,
}

/// What can be wrong with a LAS or LAZ file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// Another kind of file.
    #[error("no LAS file: it does not start with LASF")]
    NotLas,
    /// The file ends inside its header.
    #[error("the file ends inside its header")]
    HeaderCut,
    /// A version that we do not read.
    #[error("LAS {major}.{minor} is not supported: 1.0 to 1.4 are")]
    Version {
        /// Its major number.
        major: u8,
        /// Its minor number.
        minor: u8,
    },
    /// A header shorter than its version has.
    #[error("the header says it has {size} bytes; this version has {least}")]
    HeaderSize {
        /// What it says.
        size: u16,
        /// What the version needs.
        least: u16,
    },
    /// A point format that does not exist.
    #[error("point format {0} does not exist: 0 to 10 do")]
    PointFormat(u8),
    /// Records that cannot hold the fields of their format.
    #[error("point records of {found} bytes; the format has {least}")]
    RecordLength {
        /// What the header says.
        found: u16,
        /// What the format needs.
        least: u16,
    },
    /// A scale that is zero, negative or no number.
    #[error("a scale of {0}")]
    Scale(f64),
    /// An offset that is no number.
    #[error("an offset of {0}")]
    Offset(f64),
    /// Points inside the header or behind the end.
    #[error("points start at byte {start}, outside {least}..={most}")]
    PointsStart {
        /// What the header says.
        start: u64,
        /// Where the header ends.
        least: u64,
        /// Where the file ends.
        most: u64,
    },
    /// A variable length record that is cut off.
    #[error("variable length record {number} (0-based) of {length} bytes reaches beyond byte {limit}")]
    Vlr {
        /// Which.
        number: u64,
        /// Bytes it says it has.
        length: u64,
        /// Where the points start, or the file ends.
        limit: u64,
    },
    /// Extended records that lie among the points or behind the end.
    #[error(
        "{count} extended variable length records at byte {start}, but points reach from {least} and the file ends at {most}"
    )]
    Evlrs {
        /// Where they start.
        start: u64,
        /// How many there are.
        count: u32,
        /// Where points start.
        least: u64,
        /// Where the file ends.
        most: u64,
    },
    /// Fewer bytes than the points need.
    #[error(
        "{points} points of {record} bytes do not fit into {bytes} bytes: the file is cut short, or its count is wrong"
    )]
    Points {
        /// What the header says.
        points: u64,
        /// Bytes of a record.
        record: u16,
        /// Bytes there are.
        bytes: u64,
    },
    /// Compressed, but without the record that says how.
    #[error("points are said to be LAZ, but no variable length record \"laszip encoded\" says how")]
    NoLazVlr,
    /// A LAZ of a kind that the codec does not know.
    #[error("LAZ that cannot be decoded: {0}")]
    Laz(String),
    /// The table of chunks does not fit the file.
    #[error("the chunk table does not fit: {0}")]
    ChunkTable(String),
}

/// Why work on a point cloud failed. Each names the object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading failed half way.
    #[error("{object}: cannot read")]
    Read {
        /// The cloud.
        object: Uri,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is malformed.
    #[error("{object}: malformed point cloud")]
    Format {
        /// The cloud.
        object: Uri,
        /// Where and why.
        source: FormatError,
    },
    /// Points are malformed.
    #[error("{object}: cannot decode points from {point} on, in the chunk at byte {offset}")]
    Points {
        /// The cloud.
        object: Uri,
        /// 0-based first point of the block.
        point: u64,
        /// Where the chunk starts.
        offset: u64,
        /// Why.
        source: ChunkFault,
    },
    /// Records that point at wave packets.
    #[error(
        "{object}: point format {format} has wave packets, which lie in one block for all points (in the file or beside \
         it); tiles would have to share it, so such clouds are not cut"
    )]
    Waveform {
        /// The cloud.
        object: Uri,
        /// Its point format.
        format: u8,
    },
    /// A buffer that is negative or no number.
    #[error("a buffer of {0} is no distance")]
    Buffer(f64),
    /// A tile that its version of LAS cannot count.
    #[error("{object}: a tile of {points} points; LAS 1.{minor} counts to 4 294 967 295: cut into more parts")]
    TooManyPoints {
        /// The tile.
        object: Uri,
        /// Its points.
        points: u64,
        /// Its version of LAS.
        minor: u8,
    },
    /// Records of a tile that its file has no room for: before points there are 4 GiB.
    #[error("{object}: the records before the points take {bytes} bytes; LAS has room for 4 294 967 295")]
    TooManyRecords {
        /// The tile.
        object: Uri,
        /// Bytes.
        bytes: u64,
    },
    /// Two clouds whose tiles would have the same names.
    #[error("{first} and {second} would be cut into files of the same names; cut them into different folders")]
    SameNames {
        /// One.
        first: Uri,
        /// The other.
        second: Uri,
    },
    /// The index is of another version of the cloud.
    #[error(transparent)]
    Stale(Box<StaleIndex>),
    /// The index is no index of ours, or damaged.
    #[error("{object}: not an index of a point cloud: {reason}")]
    Index {
        /// The index.
        object: Uri,
        /// Why.
        reason: String,
    },
    /// A part that the plan does not have.
    #[error("{object}: there is no part {part}; the plan has {parts}, numbered from 0")]
    NoPart {
        /// The cloud.
        object: Uri,
        /// What was asked for.
        part: u64,
        /// How many there are.
        parts: u64,
    },
    /// A partition that nobody planned.
    #[error("{object}: the partition does not fit: {reason}")]
    Partition {
        /// The cloud.
        object: Uri,
        /// Why.
        reason: String,
    },
    /// A picture could not be made.
    #[error("{object}: cannot draw")]
    Picture {
        /// The picture.
        object: Uri,
        /// Why.
        source: png::EncodingError,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Read { source, .. } => StoreError::inside(source).map_or(FaultKind::Unavailable, Fault::kind),
            Self::Points { source, .. } => match source {
                ChunkFault::Record { source, .. } => {
                    StoreError::inside(source).map_or(FaultKind::Malformed, Fault::kind)
                }
                _ => FaultKind::Malformed,
            },
            Self::Format { .. } | Self::Index { .. } => FaultKind::Malformed,
            Self::Waveform { .. }
            | Self::Buffer(_)
            | Self::TooManyPoints { .. }
            | Self::TooManyRecords { .. }
            | Self::SameNames { .. }
            | Self::NoPart { .. }
            | Self::Partition { .. } => FaultKind::Invalid,
            Self::Stale(_) => FaultKind::Changed,
            Self::Picture { .. } => FaultKind::Output,
        }
    }
}
