#![doc = include_str!("../README.md")]

mod conditions;
mod cut;
mod faults;
mod listing;
mod objects;
mod seen;
mod serve;
mod service;
mod sums;

pub use faults::{Fault, Rule};
pub use seen::Seen;
pub use serve::{ACCESS_KEY, SECRET_KEY, Server};
