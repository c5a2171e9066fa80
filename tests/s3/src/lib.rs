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

/// HTTP methods, for rules.
pub use hyper::Method;

pub use faults::{Fault, Rule};
pub use seen::Seen;
pub use serve::{ACCESS_KEY, SECRET_KEY, Server};
