#![doc = include_str!("../README.md")]

pub mod bgzf;
mod buffer;
mod checkpoint;
mod decode;
mod engine;
mod error;
mod format;
mod header;
mod index;
pub mod inflate;
pub mod interchange;
mod pass;
mod sink;
mod sparse;
mod stream;
mod window;

pub use checkpoint::{Checkpoint, Start};
pub use decode::Decoder;
pub use error::{GzipError, GzipErrorKind, IndexError};
pub use format::Format;
pub use index::{GzipIndex, Lines};
pub use pass::{Options, Summary, index};
pub use sink::{Collect, Sink};
pub use window::{WINDOW, Window};
