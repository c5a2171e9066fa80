#![doc = include_str!("../README.md")]

mod error;
mod evaluate;
pub mod genomics;
pub mod geospatial;
mod gzip;
mod normalise;
mod rng;
mod run;
mod vcf;

pub use error::Error;
pub use evaluate::{Counts, Evaluation, Key, Recall};
pub use geospatial::{cut::CutEvaluation, loss::LossEvaluation};
pub use normalise::left_normalise;
pub use run::evaluation::{self, evaluate};
pub use run::{cut_evaluation, loss_evaluation, scenes, simulation};
pub use vcf::VcfError;
