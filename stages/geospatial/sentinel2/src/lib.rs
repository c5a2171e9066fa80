#![doc = include_str!("../README.md")]

mod band;
#[cfg(feature = "gdal")]
mod cog;
mod command;
mod error;
mod files;
#[cfg(feature = "gdal")]
mod messages;
mod metadata;
mod name;
mod request;
mod run;
mod scene;

pub use band::{Band, BandError, Resampling};
pub use command::{Command, CommandError};
pub use error::Error;
pub use files::{FilesError, TileFiles, choose, metadata_file};
pub use metadata::{MOST_BYTES, Metadata, MetadataError, MetadataErrorKind};
pub use name::{Baseline, Level, NameError, ProductName, Sensed, Tile};
pub use request::{
    ConvertRequest, ConvertResponse, FindRequest, FindResponse, FoundBand, FoundTile, L2aRequest, L2aResponse, Nodata,
    ScenesRequest, ScenesResponse,
};
pub use run::{check_block, convert, find, inputs, l2a, level_of, scenes};
pub use scene::{DatedTile, SceneRow, pair, table};

/// Whether this build can convert: whether it has GDAL.
pub const HAS_GDAL: bool = cfg!(feature = "gdal");
