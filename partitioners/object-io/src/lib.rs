#![doc = include_str!("../README.md")]

mod backend;
mod error;
mod folder;
mod memory;
mod ranges;
mod read_at;
#[cfg(feature = "aws")]
mod s3;
mod store;
mod writer;

pub use error::{Error, Result};
pub use ranges::coalesce;
pub use read_at::{ReadAt, SequentialReader};
#[cfg(feature = "aws")]
pub use s3::S3Endpoint;
pub use store::{PutOutcome, Store};
pub use writer::Writer;
