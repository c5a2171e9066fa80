#![doc = include_str!("../README.md")]

mod catalog;
mod digest;
mod ena;
mod error;
mod http;
mod manifest;
mod partial;
mod run;
mod source;

pub use catalog::{catalog, find};
pub use error::Error;
pub use manifest::{File, Kind, Manifest, ManifestError};
/// The task that fetches a data set.
pub mod fetch {
    pub use crate::run::{Fetched, Progress, Request, Response, run};
}
