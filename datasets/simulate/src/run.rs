//! Everything that touches the store.
pub mod evaluation;
mod output;
pub mod simulation;
