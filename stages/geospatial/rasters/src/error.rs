use object_io::Error as StoreError;
use partition_cog::{SampleType, Window};
use plan::{Fault, FaultKind, Uri};

/// A raster cannot be written as it was described.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No pixels, or more than a TIFF holds.
    #[error("{height} rows and {width} columns: a raster has 1 to 2147483648 of each")]
    Size {
        /// Rows.
        height: u64,
        /// Columns.
        width: u64,
    },
    /// Not a block size of TIFF.
    #[error("blocks of {block} pixels: TIFF wants multiples of 16, and we up to 4096")]
    Block {
        /// What was asked for.
        block: u64,
    },
    /// Pixels of another type than announced.
    #[error("the raster has {layout:?} pixels, these are {pixels:?}")]
    Sample {
        /// Of the raster.
        layout: SampleType,
        /// What came.
        pixels: SampleType,
    },
    /// A type that is not written.
    #[error("rasters of {sample:?} pixels are not written; f32, i16, u16 and u8 are")]
    Unwritten {
        /// The type.
        sample: SampleType,
    },
    /// Nodata is no value of the type.
    #[error("nodata {nodata} is no value of type {sample:?}")]
    Nodata {
        /// The value.
        nodata: f64,
        /// The type.
        sample: SampleType,
    },
    /// A window that is not made of whole blocks of the raster.
    #[error(
        "rows {}..{}, columns {}..{} are not made of blocks of {block} pixels of {height} rows and {width} columns",
        .window.rows.start, .window.rows.end, .window.columns.start, .window.columns.end
    )]
    Window {
        /// The window.
        window: Window,
        /// Rows and columns of a block.
        block: u64,
        /// Rows of the raster.
        height: u64,
        /// Columns of the raster.
        width: u64,
    },
    /// Not as many pixels as the window has.
    #[error("{found} pixels for a window of {expected}")]
    Pixels {
        /// Of the window.
        expected: u64,
        /// What came.
        found: u64,
    },
}

/// A stored block cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// Too few bytes for a block.
    #[error("too short for a block")]
    Short,
    /// Broken compression.
    #[error("malformed deflate stream")]
    Deflate(#[source] std::io::Error),
}

/// Why an object is no patch of a raster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// Some other object.
    #[error(
        "no patch of a raster: it does not begin with `tesspatc` and version {}",
        crate::patch::VERSION
    )]
    Magic,
    /// The directory cannot be read.
    #[error("malformed directory")]
    Directory(#[from] serde_json::Error),
    /// The directory and the raster do not agree.
    #[error("does not fit the raster: {0}")]
    Layout(#[from] LayoutError),
    /// It was made for another raster.
    #[error("was made for a raster that has another {field}: {patch} there, {raster} here")]
    Other {
        /// What differs.
        field: &'static str,
        /// In the patch.
        patch: String,
        /// In the raster.
        raster: String,
    },
    /// Lists or sizes in the directory that cannot be.
    #[error("the directory says {says}, which does not fit its window")]
    Sizes {
        /// What it says.
        says: String,
    },
}

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// No pixels, or not as many as rows times columns.
    #[error("{height} rows and {width} columns are no picture")]
    Size {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// A colour bar without length.
    #[error("a colour bar cannot go from {start} to {end}")]
    Range {
        /// Value at its lower end.
        start: f64,
        /// Value at its upper end.
        end: f64,
    },
    /// PNG.
    #[error("PNG")]
    Png(#[from] png::EncodingError),
}

/// Why a raster could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The raster cannot be described so.
    #[error("{uri}: cannot be written")]
    Layout {
        /// The raster.
        uri: Uri,
        /// The cause.
        source: LayoutError,
    },
    /// A patch cannot be used.
    #[error("{uri}: not a usable part of the raster")]
    Patch {
        /// The patch.
        uri: Uri,
        /// The cause.
        source: PatchError,
    },
    /// A block of a patch cannot be decoded.
    #[error("{uri}: level {level}, block row {row}, block column {column}")]
    Block {
        /// The object.
        uri: Uri,
        /// 0 for the raster, 1 for the first overview and so on.
        level: usize,
        /// 0-based row of blocks.
        row: u64,
        /// 0-based column of blocks.
        column: u64,
        /// The cause.
        source: BlockError,
    },
    /// Pixels that no patch has.
    #[error("{uri}: the patches cover {covered} of {blocks} blocks")]
    Missing {
        /// The raster.
        uri: Uri,
        /// Blocks in the patches.
        covered: u64,
        /// Blocks of the raster.
        blocks: u64,
    },
    /// Pixels that two patches have.
    #[error("{uri}: block row {row}, block column {column} is in {first} and in {second}")]
    Twice {
        /// The raster.
        uri: Uri,
        /// 0-based row of blocks.
        row: u64,
        /// 0-based column of blocks.
        column: u64,
        /// One patch.
        first: Uri,
        /// The other.
        second: Uri,
    },
    /// The work broke down: a fault of ours.
    #[error("{uri}: the work broke down")]
    Panic {
        /// The raster.
        uri: Uri,
        /// The cause.
        source: tokio::task::JoinError,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Layout { .. } | Self::Missing { .. } | Self::Twice { .. } => FaultKind::Invalid,
            Self::Patch { .. } | Self::Block { .. } => FaultKind::Malformed,
            Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
