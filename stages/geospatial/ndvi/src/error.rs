use geospatial_rasters::LayoutError;
use object_io::Error as StoreError;
use partition_cog::{SampleType, Window};
use plan::{Fault, FaultKind, Uri};

use crate::Difference;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A raster could not be read.
    #[error(transparent)]
    Cog(#[from] partition_cog::Error),
    /// A raster could not be written.
    #[error(transparent)]
    Raster(#[from] geospatial_rasters::Error),
    /// Two rasters of a scene do not lie on the same pixels.
    #[error("scene {scene}: {first} and {other} differ in {}", list(.differences))]
    Disagree {
        /// Name of the scene.
        scene: String,
        /// The red band of the first date.
        first: Uri,
        /// The raster that differs.
        other: Uri,
        /// How.
        differences: Vec<Difference>,
    },
    /// A band that the raster does not have, or several of which none was chosen.
    #[error("{raster} has {bands} bands: {}", .asked.map_or_else(|| "say which one".to_owned(), |asked| format!("there is no band {asked}")))]
    Band {
        /// The raster.
        raster: Uri,
        /// How many it has.
        bands: u64,
        /// Which one was asked for, 1-based.
        asked: Option<u64>,
    },
    /// A nodata value that no pixel can have is a mistake.
    #[error("{raster}: nodata {nodata} is no value of its {} pixels", .sample.name())]
    Nodata {
        /// The raster.
        raster: Uri,
        /// The value.
        nodata: f64,
        /// The type of its pixels.
        sample: SampleType,
    },
    /// A window without one or two dates, or whose bands have other pixels.
    #[error("{out}: {window} has {problem}")]
    Window {
        /// Where the result was to go.
        out: Uri,
        /// The window.
        window: Window,
        /// What is wrong.
        problem: String,
    },
    /// A number in a request that cannot be.
    #[error("{what} {value} is not a finite number from 0 on")]
    Number {
        /// What it is.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// Pixels that do not fit the raster.
    #[error("{out}: cannot be encoded")]
    Layout {
        /// Where the result was to go.
        out: Uri,
        /// The cause.
        source: LayoutError,
    },
    /// Not a plan of ours.
    #[error("{uri}: malformed plan")]
    Plan {
        /// The object.
        uri: Uri,
        /// The cause.
        source: serde_json::Error,
    },
    /// The table could not be made.
    #[error("{uri}: summary table")]
    Table {
        /// The table.
        uri: Uri,
        /// The cause.
        source: parquet::errors::ParquetError,
    },
    /// The quick look could not be made.
    #[error("{uri}: quick look")]
    Look {
        /// The picture.
        uri: Uri,
        /// The cause.
        source: geospatial_rasters::PictureError,
    },
    /// The work broke down: a fault of ours.
    #[error("{out}: the work broke down")]
    Panic {
        /// Where the result was to go.
        out: Uri,
        /// The cause.
        source: tokio::task::JoinError,
    },
}

fn list(differences: &[Difference]) -> String {
    let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
    all.join("; ")
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Cog(source) => source.kind(),
            Self::Raster(source) => source.kind(),
            Self::Disagree { .. }
            | Self::Band { .. }
            | Self::Nodata { .. }
            | Self::Window { .. }
            | Self::Number { .. }
            | Self::Layout { .. } => FaultKind::Invalid,
            Self::Plan { .. } => FaultKind::Malformed,
            Self::Table { .. } | Self::Look { .. } | Self::Panic { .. } => FaultKind::Internal,
        }
    }
}
