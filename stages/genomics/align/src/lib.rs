#![doc = include_str!("../README.md")]

mod chain;
mod error;
mod index;
mod mapper;
mod minimap;
mod penalty;
mod preset;
mod reads;
mod run;
mod work;

pub use error::Error;
pub use mapper::{Mapper, Scratch, Stretch};
pub use preset::{Preset, PresetError, flank};
pub use run::{IndexRequest, IndexResponse, Request, Response, align, index};
pub use work::Stats;
