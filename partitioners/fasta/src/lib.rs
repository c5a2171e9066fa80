#![doc = include_str!("../README.md")]

mod bgzf;
mod chunk;
mod contig;
mod error;
mod fai;
mod names;
mod piece;
mod records;
mod region;
mod run;
mod scan;
mod sequence;
mod summary;
mod write;

pub use bgzf::{Gzi, GziError};
pub use chunk::{Chunk, ChunkSize, plan_chunks};
pub use contig::Contig;
pub use error::{Error, FormatError, FormatErrorKind};
pub use fai::{Fai, FaiError};
pub use piece::Piece;
pub use region::{Region, RegionError};
pub use run::{Reference, cut, decode, fetch, index, read_region};
pub use sequence::{Sequence, unwrap_lines};
pub use write::write_record;
