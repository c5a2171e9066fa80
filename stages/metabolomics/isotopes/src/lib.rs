//! isotopes
mod element;
mod formula;
mod parse;
mod table;
pub use element::*;
pub use formula::*;
