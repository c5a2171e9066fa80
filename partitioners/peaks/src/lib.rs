#![doc = include_str!("../README.md")]

#[cfg(not(target_endian = "little"))]
compile_error!("columns are kept and cast as little-endian bytes");

mod error;
mod imzml;
mod index;
mod npy;
mod picture;
mod run;
mod sort;

pub use error::{Error, Which};
pub use imzml::{
    Array, ArrayError, ArrayType, Checksum, Description, Grid, GridError, Imzml, ImzmlError, ImzmlErrorKind, Mode,
    Polarity, ScanSettings, Spectrum, parse,
};
pub use npy::NpyError;
pub use run::{
    Dataset, Input, Manifest, Peak, Segment, SegmentEntry, Sorted, default_index, fetch, index as index_task, info,
    map, plan as plan_task, reduce, sort as sort_task,
};
pub use sort::{
    arrays::{SortedArrays, sort_arrays},
    bounds::Bounds,
    page::PAGE,
    run::{Dropped, MzType},
};
