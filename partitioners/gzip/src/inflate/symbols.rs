//! What the symbols of a block mean, packed into table entries.
//!
//! An [`Entry`] is made so that the low six bits are all the bits it uses up, code and extra bits together:
//!
//! | bits | literals | length or distance | exception |
//! |---|---|---|---|
//! | 0-5 | bits used | bits used, extra bits included | bits used |
//! | 6-7 | number of literals, 1 to 3 | 0 | 0 |
//! | 8-11 | first literal (8-15) | bits of the code alone | index bits of the sub-table |
//! | 12-15 | | 0 | kind: [`SUBTABLE`], [`END`] or neither: invalid |
//! | 16-30 | second (16-23) and third literal (24-31) | base value | start of the sub-table |
//! | 31 | | 0 | 1 |

/// One table entry.
pub(super) type Entry = u32;

/// Bit 31 of an entry without literals: neither length nor distance.
pub(super) const EXCEPTION: Entry = 1 << 31;
/// An exception that points to a sub-table.
pub(super) const SUBTABLE: Entry = EXCEPTION | 1 << 15;
/// The exception that ends the block.
pub(super) const END: Entry = EXCEPTION | 1 << 14;

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

const fn base(value: u32, extra: u32) -> Meaning {
    Meaning {
        entry: value << 16 | extra,
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
        let group = (symbol as u32 - 257) / 4;
        let extra = group.saturating_sub(1);
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
pub(super) const fn used(entry: Entry) -> u32 {
    entry & 0x3f
}

/// How many literals an entry holds.
pub(super) const fn literals(entry: Entry) -> u32 {
    entry >> 6 & 3
}

/// Bits of the code alone, for lengths and distances; index bits of a sub-table.
pub(super) const fn code_bits(entry: Entry) -> u32 {
    entry >> 8 & 0xf
}

/// The length or distance that an entry and the bits it was looked up with stand for.
pub(super) const fn value(entry: Entry, bits: u64) -> u32 {
    (entry >> 16) + ((bits & ((1 << used(entry)) - 1)) >> code_bits(entry)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_distances_are_those_of_the_rfc() {
        let base_of = |m: Meaning| (m.entry >> 16, m.entry & 0x3f);
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
