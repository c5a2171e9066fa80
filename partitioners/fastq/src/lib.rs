#![doc = include_str!("../README.md")]

mod check;
mod heal;
mod line;
mod names;
mod record_error;
mod scan;
mod summary;

pub use check::Check;
pub use heal::{Healed, RecordKind};
pub use names::{NamesDigest, mate_number, pair_name};
pub use record_error::{Irregularity, Line, RecordError, RecordFault};
pub use scan::{ReadStart, Scanner};
pub use summary::Summary;
