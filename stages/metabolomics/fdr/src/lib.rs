#![doc = include_str!("../README.md")]

mod error;
mod estimate;
mod ranking;
mod run;
mod table;

pub use error::{Error, RowError, RowErrorKind};
pub use estimate::{Estimate, LEVELS, Version, estimate};
pub use run::{Request, Response, run};
pub use table::{Row, write_rows};
