#![doc = include_str!("../README.md")]

mod alignment;
mod alignment_cigar;
mod alignment_table;
mod error;

pub use alignment::{Alignment, AlignmentKind, Mate, MatePlace};
pub use alignment_cigar::{Cigar, CigarError, CigarKind};
pub use alignment_table::{AlignmentReader, AlignmentWriter};
pub use error::TableError;
