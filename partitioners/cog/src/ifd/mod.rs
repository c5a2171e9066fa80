//! Image file directories: how a TIFF says what is in it.
mod field;
mod known;
mod tag;
mod walk;
pub mod write;

pub use field::ByteOrder;
pub(crate) use field::{Field, Kind, Value};
pub use tag::Tag;
pub(crate) use walk::{RawIfd, Step, Walk};
