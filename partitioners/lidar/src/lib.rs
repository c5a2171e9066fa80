#![doc = include_str!("../README.md")]

mod buffer;
mod canvas;
mod chunk;
mod cloud;
mod codec;
mod crs;
mod density;
mod error;
mod figure;
mod format;
mod grid;
mod header;
mod index;
mod own;
mod pass;
mod run;
mod scatter;
mod select;
mod split;
mod stats;
mod tile;
mod tile_record;
mod tiling;
mod vlr;

pub use buffer::RawBuffer;
pub use chunk::Chunk;
pub use cloud::Cloud;
pub use codec::ChunkFault;
pub use crs::Crs;
pub use density::{Density, DensityClass};
pub use error::{Error, FormatError, FormatErrorKind};
pub use format::PointFormat;
pub use header::Header;
pub use index::{Index, IndexedChunk, default_index, is_index};
pub use own::{Cell, Half, Own};
pub use run::{
    CloudTiles, CutBy, CutReport, CutRequest, DEFAULT_MEMORY, IndexRequest, Info, Layout, Progress, TileFile,
    TileScope, cut, figure, index, info, open, plan, read,
};
pub use tile::OutFormat;
pub use tile_record::TileRecord;
pub use tiling::{Method, RawBox, Tile, Tiling};
pub use vlr::Vlr;
