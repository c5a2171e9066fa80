//! What an imzML says: about the measurement as a whole, and where each spectrum lies in the `.ibd`.
mod array;
mod grid;
mod parse;
mod settings;
mod term;

pub use array::{Array, ArrayError, ArrayType};
pub use grid::{Grid, GridError};
pub use parse::{ImzmlError, ImzmlErrorKind, parse};
pub use settings::{Checksum, Description, Mode, Polarity, ScanSettings};

/// One spectrum: where it was measured, and where its arrays are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spectrum {
    /// Column, as the file counts.
    pub x: i32,
    /// Row, as the file counts.
    pub y: i32,
    /// Slice, as the file counts; 1 where the file has none.
    pub z: i32,
    /// Mass-to-charge ratios.
    pub mz: Array,
    /// Intensities, as many.
    pub intensity: Array,
}

/// A whole imzML.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imzml {
    /// What it says about the measurement.
    pub description: Description,
    /// Its spectra, in the order of the file.
    pub spectra: Vec<Spectrum>,
}
