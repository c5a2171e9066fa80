use plan::{Fault, FaultKind, Uri};

use crate::{Tag, Window};

/// Why an object is not a TIFF that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It does not start as a TIFF does.
    #[error("starts with bytes {found:02x?}, not as a TIFF does")]
    NotTiff {
        /// The first bytes, at most four.
        found: Vec<u8>,
    },
    /// There is no directory.
    #[error("no image: the header names no directory")]
    NoImage,
    /// Something is said to be where the object has no bytes.
    #[error("{what} should be {length} bytes at byte {start}, in an object of {size} bytes")]
    Outside {
        /// What.
        what: String,
        /// Where it should begin.
        start: u64,
        /// Its bytes.
        length: u64,
        /// Bytes of the object.
        size: u64,
    },
    /// The chain of directories comes back to one of them.
    #[error("the chain of directories returns to byte {offset}")]
    Loop {
        /// Where it returns to.
        offset: u64,
    },
    /// A chain that is too long for any raster.
    #[error("more than {most} directories")]
    TooManyIfds {
        /// How many are read.
        most: usize,
    },
    /// A directory that has more entries than there are tags.
    #[error("the directory at byte {ifd} claims {count} entries")]
    Entries {
        /// Byte of the directory.
        ifd: u64,
        /// What it claims.
        count: u64,
    },
    /// The values of a tag cannot be.
    #[error("{tag} of the directory at byte {ifd}: {problem}")]
    Tag {
        /// Byte of the directory.
        ifd: u64,
        /// The tag.
        tag: Tag,
        /// What is wrong.
        problem: String,
    },
    /// A tag that every image has is missing.
    #[error("the directory at byte {ifd} has no {tag}")]
    Missing {
        /// Byte of the directory.
        ifd: u64,
        /// The tag.
        tag: Tag,
    },
    /// A valid TIFF of a kind that is not read here.
    #[error("{feature} is not supported (directory at byte {ifd})")]
    Unsupported {
        /// Byte of the directory.
        ifd: u64,
        /// What is missing here.
        feature: String,
    },
}

/// Why a stored block does not give the pixels that it stands for.
#[derive(Debug, thiserror::Error)]
#[error("block {block} (row {row}, column {column}{}), stored in {length} bytes at byte {offset}: {kind}", of_plane(*.plane))]
pub struct BlockError {
    /// 0-based number of the tile or strip in its table.
    pub block: u64,
    /// Row of blocks, from the north.
    pub row: u64,
    /// Column of blocks, from the west.
    pub column: u64,
    /// Band, of a raster that stores each band on its own.
    pub plane: Option<u64>,
    /// Byte of the object at which it starts.
    pub offset: u64,
    /// Its stored bytes.
    pub length: u64,
    /// What is wrong.
    pub kind: BlockErrorKind,
}

fn of_plane(plane: Option<u64>) -> String {
    plane.map_or_else(String::new, |plane| format!(", band {}", plane + 1))
}

/// What can be wrong with a block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockErrorKind {
    /// The compressed stream is broken.
    #[error("broken {codec} stream: {reason}")]
    Codec {
        /// The compression.
        codec: &'static str,
        /// Why.
        reason: String,
    },
    /// The checksum of the stream is another.
    #[error("the zlib checksum is {stored:08x}, that of the pixels {found:08x}")]
    Checksum {
        /// In the stream.
        stored: u32,
        /// Of what was decoded.
        found: u32,
    },
    /// The stream ends before the block is full.
    #[error("gives {found} of {expected} bytes")]
    Short {
        /// Bytes decoded.
        found: usize,
        /// Bytes of the block.
        expected: usize,
    },
    /// No stream of this length can hold a block of this size.
    #[error("cannot hold a block of {expected} bytes")]
    Impossible {
        /// Bytes of the block.
        expected: u64,
    },
    /// It holds an image of another size or of other bands.
    #[error("holds an image of {found}, not {expected}")]
    Shape {
        /// In the stream.
        found: String,
        /// In the directory.
        expected: String,
    },
    /// It leaves the object.
    #[error("lies outside of the object, which has {size} bytes")]
    Outside {
        /// Bytes of the object.
        size: u64,
    },
    /// The plan says that it lies outside of the bytes that were fetched.
    #[error("lies outside of the bytes that the partition fetches")]
    NotFetched,
}

/// Why a raster cannot be cut as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// There is no such overview.
    #[error("no level {level}: the raster has {levels}, counted from 0, the full resolution")]
    Level {
        /// What was asked for.
        level: usize,
        /// How many there are.
        levels: usize,
    },
    /// A window that is empty or leaves the raster.
    #[error("window {window} is not in a raster of {height} rows and {width} columns")]
    Window {
        /// The window.
        window: Window,
        /// Rows of the raster.
        height: u64,
        /// Columns of the raster.
        width: u64,
    },
    /// A box that touches no pixel.
    #[error("the box {area:?} touches no pixel; the raster covers {covers:?} (min x, min y, max x, max y)")]
    Area {
        /// The box.
        area: [f64; 4],
        /// The bounds of the raster.
        covers: [f64; 4],
    },
    /// A box in coordinates, but the raster has none.
    #[error("the raster has no georeference, so that a box in coordinates means nothing")]
    NoTransform,
    /// A box whose sides are not numbers in order.
    #[error("{0:?} is no box: min x, min y, max x, max y, each minimum below its maximum")]
    NoBox([f64; 4]),
    /// A window that holds more than its stored bytes can.
    #[error(
        "window {window} is {bytes} bytes of pixels, stored in {stored}: more than a worker should hold; use smaller windows"
    )]
    TooLarge {
        /// The window.
        window: Window,
        /// Its decoded bytes.
        bytes: u64,
        /// Its stored bytes.
        stored: u64,
    },
}

/// Why work on a raster failed. Each names the object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// The object is no TIFF that can be read.
    #[error("{object}: cannot read the TIFF")]
    Format {
        /// The raster.
        object: Uri,
        /// Why.
        source: FormatError,
    },
    /// A block is broken.
    #[error("{object}: broken block")]
    Block {
        /// The raster.
        object: Uri,
        /// Which and why.
        source: Box<BlockError>,
    },
    /// The raster cannot be cut as asked.
    #[error("{object}: cannot cut")]
    Cut {
        /// The raster.
        object: Uri,
        /// Why.
        source: CutError,
    },
    /// A partition that nobody planned.
    #[error("{object}: the partition is not one of a plan: {problem}")]
    Partition {
        /// The raster.
        object: Uri,
        /// What does not fit.
        problem: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Format { .. } | Self::Block { .. } => FaultKind::Malformed,
            Self::Cut { .. } | Self::Partition { .. } => FaultKind::Invalid,
        }
    }
}
