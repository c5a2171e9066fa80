//! Everything that touches the store.
mod fetch;
pub mod index;
mod open;

pub use fetch::{fetch, read_region};
pub use open::Reference;
