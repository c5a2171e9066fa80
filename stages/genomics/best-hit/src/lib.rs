#![doc = include_str!("../README.md")]

mod choose;
mod error;
mod merge;
mod pairing;
mod params;
mod place;
mod run;
mod stats;
mod tie;

pub use choose::choose;
pub use error::Error;
pub use params::Params;
pub use place::Place;
pub use run::{Request, Response, run};
pub use stats::Stats;
