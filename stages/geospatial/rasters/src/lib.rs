#![doc = include_str!("../README.md")]

mod block;
mod cell;
mod deflate;
mod error;
mod grid;
mod huffman;
mod layout;
mod metadata;
mod patch;
mod picture;
mod pyramid;
mod run;
mod spool;
mod statistics;
mod tiff;

pub use cell::Cell;
pub use error::{BlockError, Error, LayoutError, PatchError};
pub use layout::Layout;
pub use patch::Patch;
pub use picture::Picture;
pub use run::{Assembled, assemble};
pub use statistics::Statistics;
