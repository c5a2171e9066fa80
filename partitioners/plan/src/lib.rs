#![doc = include_str!("../README.md")]

mod fault;
mod header;
mod object;
mod partition;
mod uri;

pub use fault::{Fault, FaultKind};
pub use header::{IndexHeader, StaleIndex};
pub use object::Object;
pub use partition::{Partition, Plan, split_evenly};
pub use uri::{Uri, UriError};
