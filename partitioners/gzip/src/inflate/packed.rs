//! The table of the fast loop: as many symbols as the bits of one look-up hold.
use super::{
    huffman::{LITERAL_BITS, LiteralTable},
    symbols::{Entry, is_exception, is_length, literals, used},
};

/// Slots of the table.
pub(super) const SLOTS: usize = 1 << LITERAL_BITS;

/// By the next bits: up to three literals, or a length with at most one literal before it, or an exception.
#[derive(Clone)]
pub(super) struct PackedTable {
    pub(super) entries: [Entry; SLOTS],
}

impl PackedTable {
    pub(super) fn new() -> Self {
        Self { entries: [0; SLOTS] }
    }

    /// Packs what the single table has.
    pub(super) fn build(&mut self, single: &LiteralTable) {
        let single: &[Entry; SLOTS] = single.entries.first_chunk().expect("the table has its main part");
        for (slot, packed) in self.entries.iter_mut().enumerate() {
            let first = single[slot];
            *packed = first;
            if is_length(first) || is_exception(first) {
                continue;
            }
            let before = used(first);
            let second = single[slot >> before];
            if is_exception(second) {
                continue;
            }
            if is_length(second) {
                if before + (second >> 8 & 0x3f) <= LITERAL_BITS {
                    *packed = (second + before * 0x101) | 1 << 23 | (first & 0xff00) << 16;
                }
                continue;
            }
            if before + used(second) > LITERAL_BITS {
                continue;
            }
            // Two literals, then perhaps a third: counts and bits add up.
            let two = first + (second & 0xff) + ((second & 0xff00) << 8);
            let third = single[slot >> used(two)];
            let three = two.wrapping_add(third & 0xff) | (third & 0xff00) << 16;
            let fits = literals(third) == 1 && !is_exception(third) && used(two) + used(third) <= LITERAL_BITS;
            *packed = if fits { three } else { two };
        }
    }
}
