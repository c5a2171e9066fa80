#![doc = include_str!("../README.md")]

mod codec;
mod cog;
mod cuts;
mod decode;
mod describe;
mod error;
mod geo;
pub mod ifd;
mod image;
mod layout;
mod nodata;
mod row;
mod run;
mod sample;
mod scope;
mod window;
mod write;

pub use cog::{Cog, Level};
pub use cuts::{Area, Cut, WindowGrid, WindowSize};
pub use decode::{Fetched, Threads, decode};
pub use describe::{Description, LevelDescription};
pub use error::{BlockError, BlockErrorKind, CutError, Error, FormatError};
pub use geo::{Bounds, GeoReference};
pub use ifd::{ByteOrder, Tag};
pub use image::Image;
pub use layout::{Compression, Layout, Predictor};
pub use run::{cut, fetch, read};
pub use sample::{Pixels, SampleType, Samples};
pub use scope::{Block, Look, StoredWindow, WindowScope};
pub use window::Window;
pub use write::write_window;
