#![doc = include_str!("../README.md")]

mod builder;
mod error;
mod layout;
mod mates;
mod read;
mod slot;

pub use builder::Builder;
pub use error::{Error, ReadError};
pub use read::Read;
