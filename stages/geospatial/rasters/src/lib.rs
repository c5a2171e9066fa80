#![doc = include_str!("../README.md")]

mod block;
mod canvas;
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
mod quicklook;
mod ramp;
mod run;
mod spool;
mod statistics;
mod tiff;

pub use canvas::{Canvas, Letters};
pub use cell::Cell;
pub use error::{BlockError, Error, LayoutError, PatchError, PictureError};
pub use layout::Layout;
pub use patch::Patch;
pub use picture::Picture;
pub use quicklook::{Bar, Look, Overlay, canvas, draw};
pub use ramp::{Color, Ramp};
pub use run::{Assembled, assemble};
pub use statistics::Statistics;
