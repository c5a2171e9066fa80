//! Blocked gzip: members of at most 64 KiB of text that say their own length, so that blocks are found without inflating
//! and inflated on all cores. Format: SAM specification, section 4.1.
mod block;
mod parallel;

pub use block::{Block, blocks};
pub(crate) use parallel::index;
