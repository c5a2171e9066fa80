#![doc = include_str!("../README.md")]

mod builder;
mod error;
mod layout;
mod mates;
mod part;
mod read;
mod run;
mod slot;
mod span;

pub use builder::Builder;
pub use error::{Error, ReadError};
pub use read::Read;
pub use run::{Request, Response, run};
pub use span::{CallRange, Span, call_ranges};
