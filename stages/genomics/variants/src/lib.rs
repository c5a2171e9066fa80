#![doc = include_str!("../README.md")]

mod bgzf;
mod call;
mod counts;
mod diploid;
mod error;
mod error_counts;
mod error_model;
mod evidence;
mod indels;
mod learn;
mod pool;
mod run;
mod sinple;
mod site;
mod strand;
mod tabix;
mod tables;
mod tract;
mod vcf;
mod weights;
mod window;

pub use call::{Call, FLANK, Mode, Params, Sample, call_range};
pub use counts::Counts;
pub use diploid::Diploid;
pub use error::Error;
pub use error_counts::ErrorCounts;
pub use error_model::ErrorModel;
pub use learn::{LearnRequest, LearnResponse, MeasureRequest, MeasureResponse, learn, measure};
pub use pool::Pool;
pub use run::{FinishRequest, FinishResponse, Request, Response, finish, run};
pub use sinple::{Qualities, Sinple};
pub use vcf::{header, write_record};
