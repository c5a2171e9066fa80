#![doc = include_str!("../README.md")]

mod error;
mod evaluate;
pub mod genomics;
mod gzip;
mod normalise;
mod rng;
mod run;
mod vcf;

pub use error::Error;
pub use evaluate::{Counts, Evaluation, Key, Recall};
pub use normalise::left_normalise;
pub use run::evaluation::{self, evaluate};
pub use run::simulation;
pub use vcf::VcfError;
