//! Everything that touches the store.
pub mod cut;
mod open;
mod plan;
mod read;

pub use read::{fetch, read};
