//! Everything that touches the store.
pub mod cut;
mod fetch;
pub mod index;
mod open;

pub use fetch::{decode, fetch, read_region};
pub use open::Reference;
