#![doc = include_str!("../README.md")]

mod imzml;

pub use imzml::{
    Array, ArrayError, ArrayType, Checksum, Description, Grid, GridError, Imzml, ImzmlError, ImzmlErrorKind, Mode,
    Polarity, ScanSettings, Spectrum, parse,
};
