#![doc = include_str!("../README.md")]

mod chain;
mod mapper;
mod minimap;
mod penalty;
mod preset;

pub use mapper::{Mapper, Scratch, Stretch};
pub use preset::{Preset, PresetError, flank};
