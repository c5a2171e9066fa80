//! What decides among places, besides the reads themselves.
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// Parameters of the choice. They are given, never estimated from a part, since then the result would depend on the parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Bases from the start of the forward read to the end of the reverse read, in a proper pair.
    pub insert: RangeInclusive<u64>,
    /// Phred-scaled chance that the reads of a pair do not lie as a proper pair.
    ///
    /// The default is the penalty of BWA-MEM (17 matches) and minimap2 (33 points of score), which is 10 log10 4 for each match.
    pub unpaired: u32,
    /// How many secondary alignments of each read to keep.
    pub secondary: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            insert: 0..=1000,
            unpaired: 100,
            secondary: 0,
        }
    }
}
