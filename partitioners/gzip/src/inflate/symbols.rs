//! What the symbols of a block mean, packed into table entries.
//!
//! The low six bits of an [`Entry`] are all the bits it uses up, code and extra bits together. Bits 6 and 7 tell its kind:
//!
//! | bits | length (kind 0) | literals (kind 1 to 3: their number) | exception (kind 1, bit 31 set) |
//! |---|---|---|---|
//! | 8-13 | bits before the extra bits | first literal (8-15) | index bits of the sub-table |
//! | 14-22 | least length | second literal (16-23) | 16-28: start of the sub-table |
//! | 23 | a literal goes before | | |
//! | 24-31 | that literal | third literal | kind: [`SUBTABLE`], [`END`] or neither: invalid |
//!
//! Distances look like lengths, with 15 bits for the least distance; bit 31 marks their exceptions.

/// One table entry.
pub(super) type Entry = u32;

/// An entry that is neither literals nor a length, or no distance.
pub(super) const EXCEPTION: Entry = 1 << 31 | 1 << 6;
/// An exception that points to a sub-table.
pub(super) const SUBTABLE: Entry = EXCEPTION | 1 << 30;
/// The exception that ends the block.
pub(super) const END: Entry = EXCEPTION | 1 << 29;

/// An entry before its code is known: what it stands for, and what one bit of code adds.
#[derive(Clone, Copy)]
pub(super) struct Meaning {
    pub(super) entry: Entry,
    pub(super) per_bit: Entry,
}

const INVALID: Meaning = Meaning {
    entry: EXCEPTION,
    per_bit: 1,
};

const fn literal(byte: u32) -> Meaning {
    Meaning {
        entry: byte << 8 | 1 << 6,
        per_bit: 1,
    }
}

const fn base(least: u32, extra: u32) -> Meaning {
    Meaning {
        entry: least << 14 | extra,
        per_bit: 0x101,
    }
}

/// Literals, end of block and lengths: RFC 1951, 3.2.5. Symbols 286 and 287 have codes in fixed blocks, and no meaning.
pub(super) const LITERALS: [Meaning; 288] = {
    let mut meanings = [INVALID; 288];
    let mut symbol = 0;
    while symbol < 256 {
        meanings[symbol] = literal(symbol as u32);
        symbol += 1;
    }
    meanings[256] = Meaning { entry: END, per_bit: 1 };
    let mut length = 3;
    while symbol < 284 {
        symbol += 1;
        let extra = ((symbol as u32 - 257) / 4).saturating_sub(1);
        meanings[symbol] = base(length, extra);
        length += 1 << extra;
    }
    meanings[285] = base(258, 0);
    meanings
};

/// Distances. Symbols 30 and 31 have codes in fixed blocks, and no meaning.
pub(super) const DISTANCES: [Meaning; 32] = {
    let mut meanings = [INVALID; 32];
    let mut distance = 1;
    let mut symbol = 0;
    while symbol < 30 {
        let extra = (symbol as u32 / 2).saturating_sub(1);
        meanings[symbol] = base(distance, extra);
        distance += 1 << extra;
        symbol += 1;
    }
    meanings
};

/// All bits an entry uses up.
#[inline]
pub(super) const fn used(entry: Entry) -> u32 {
    entry & 0x3f
}

/// How many literals an entry without length holds; 1 for exceptions.
#[inline]
pub(super) const fn literals(entry: Entry) -> u32 {
    entry >> 6 & 3
}

/// Whether an entry is a length, perhaps with a literal before it.
#[inline]
pub(super) const fn is_length(entry: Entry) -> bool {
    entry & 0xc0 == 0
}

/// Whether an entry is neither literals nor a length.
#[inline]
pub(super) const fn is_exception(entry: Entry) -> bool {
    entry & (1 << 31 | 0xc0) == EXCEPTION
}

/// Whether a distance entry is no distance.
#[inline]
pub(super) const fn is_exceptional_distance(entry: Entry) -> bool {
    entry >> 31 != 0
}

/// The length that an entry and the bits it was looked up with stand for.
#[inline]
pub(super) const fn length(entry: Entry, bits: u64) -> usize {
    (entry >> 14 & 0x1ff) as usize + extra(entry, bits)
}

/// The distance that an entry and the bits it was looked up with stand for.
#[inline]
pub(super) const fn distance(entry: Entry, bits: u64) -> usize {
    (entry >> 14) as usize + extra(entry, bits)
}

#[inline]
const fn extra(entry: Entry, bits: u64) -> usize {
    ((bits & ((1 << used(entry)) - 1)) >> (entry >> 8 & 0x3f)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_are_those_of_the_rfc() {
        let base_of = |m: Meaning| (m.entry >> 14, m.entry & 0x3f);
        assert_eq!(base_of(LITERALS[257]), (3, 0));
        assert_eq!(base_of(LITERALS[264]), (10, 0));
        assert_eq!(base_of(LITERALS[265]), (11, 1));
        assert_eq!(base_of(LITERALS[284]), (227, 5));
        assert_eq!(base_of(LITERALS[285]), (258, 0));
        assert_eq!(base_of(DISTANCES[0]), (1, 0));
        assert_eq!(base_of(DISTANCES[4]), (5, 1));
        assert_eq!(base_of(DISTANCES[29]), (24_577, 13));
        assert!(LITERALS[286].entry == EXCEPTION && DISTANCES[30].entry == EXCEPTION);
    }
}
