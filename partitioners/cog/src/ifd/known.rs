//! The bytes of an object that have been fetched so far.
use std::ops::Range;

use bytes::Bytes;

/// Pieces of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Vec<(u64, Bytes)>);

impl Known {
    pub(crate) fn add(&mut self, start: u64, bytes: Bytes) {
        self.0.push((start, bytes));
    }

    /// The bytes `range`, if one piece holds them all.
    pub(crate) fn get(&self, range: &Range<u64>) -> Option<Bytes> {
        // What was fetched last is what was asked for.
        self.0.iter().rev().find_map(|(start, bytes)| {
            let from = range.start.checked_sub(*start)?;
            let to = from + (range.end - range.start);
            (to <= bytes.len() as u64).then(|| bytes.slice(from as usize..to as usize))
        })
    }
}
