#![doc = include_str!("../README.md")]

mod call;
mod diploid;
mod indels;
mod pool;
mod sinple;
mod site;
mod strand;
mod vcf;
mod weights;
mod window;

pub use call::{Call, FLANK, Mode, Params, Sample, call_range};
pub use diploid::Diploid;
pub use pool::Pool;
pub use sinple::{Qualities, Sinple};
pub use vcf::{header, write_record};
