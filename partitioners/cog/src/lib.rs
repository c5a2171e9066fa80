#![doc = include_str!("../README.md")]

mod geo;
mod sample;
mod window;

pub use geo::GeoReference;
pub use sample::{Pixels, SampleType, Samples};
pub use window::Window;
