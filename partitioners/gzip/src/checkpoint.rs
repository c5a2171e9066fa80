use std::ops::Range;

use crate::Window;

/// A place in a gzip file where decoding can start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Where it is in the compressed file, in **bits** from its start; within a byte, bits count from the least significant.
    pub bit: u64,
    /// Offset in the text: how many bytes come before.
    pub text: u64,
    /// What lies there.
    pub start: Start,
}

/// What lies at a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The header of a gzip member, on a byte edge. Nothing else is needed, and the member's checksum is verified.
    Member,
    /// A DEFLATE block inside a member, with the text before it.
    Block(Window),
}

impl Checkpoint {
    /// The start of a file.
    pub const FIRST: Self = Self {
        bit: 0,
        text: 0,
        start: Start::Member,
    };

    /// The first compressed byte that a decoder needs.
    pub fn byte(&self) -> u64 {
        self.bit / 8
    }

    /// The compressed bytes that hold the text from here to `next` (0-based half-open).
    /// Neighbouring ranges share a byte when the checkpoint between them lies inside it.
    pub fn bytes_to(&self, next: &Self) -> Range<u64> {
        self.byte()..next.bit.div_ceil(8)
    }
}
