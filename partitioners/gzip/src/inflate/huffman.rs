//! Look-up tables for canonical Huffman codes, with sub-tables for the long ones.
use super::{
    error::CodeDefect,
    symbols::{EXCEPTION, Entry, Meaning, SUBTABLE, used},
};

/// No DEFLATE code is longer.
const MAX_BITS: usize = 15;

/// A table indexed by the next `BITS` bits, of `SIZE` entries with its sub-tables; `SIZE` is a power of two.
#[derive(Clone)]
pub(super) struct Table<const BITS: u32, const SIZE: usize> {
    pub(super) entries: [Entry; SIZE],
}

/// Literals and lengths. All sub-tables together end below 2342 entries (zlib's `enough 288 11 15`).
pub(super) type LiteralTable = Table<LITERAL_BITS, 4096>;
/// Bits of a literal/length look-up.
pub(super) const LITERAL_BITS: u32 = 11;
/// Distances. All sub-tables together end below 402 entries (zlib's `enough 32 8 15`).
pub(super) type DistanceTable = Table<DISTANCE_BITS, 512>;
/// Bits of a distance look-up.
pub(super) const DISTANCE_BITS: u32 = 8;

impl<const BITS: u32, const SIZE: usize> Table<BITS, SIZE> {
    pub(super) fn new() -> Self {
        const { assert!(SIZE.is_power_of_two() && SIZE > 1 << BITS) };
        Self {
            entries: [EXCEPTION; SIZE],
        }
    }

    /// Makes the table of the code in which symbol `i` has `lengths[i]` bits (0: none, at most 15).
    ///
    /// As zlib does, takes an incomplete code only if it has no symbol at all, or one of one bit; the bits that then stand
    /// for nothing give an invalid entry.
    pub(super) fn build(&mut self, lengths: &[u8], meanings: &[Meaning]) -> Result<(), CodeDefect> {
        let mut counts = [0u16; MAX_BITS + 1];
        for &length in lengths {
            counts[usize::from(length & 15)] += 1;
        }
        counts[0] = 0;
        // Symbols by length, then by value: the order of their codes.
        let mut starts = [0u16; MAX_BITS + 2];
        let mut left = 1i32;
        for bits in 1..=MAX_BITS {
            starts[bits + 1] = starts[bits] + counts[bits];
            left = (left << 1) - i32::from(counts[bits]);
            if left < 0 {
                return Err(CodeDefect::Oversubscribed);
            }
        }
        if left > 0 {
            return match lengths.iter().position(|&length| length != 0) {
                None => {
                    self.entries[..1 << BITS].fill(EXCEPTION + 1);
                    Ok(())
                }
                Some(symbol) if counts[1] == 1 && starts[MAX_BITS + 1] == 1 => {
                    let entry = meanings[symbol].entry + meanings[symbol].per_bit;
                    for pair in self.entries[..1 << BITS].chunks_exact_mut(2) {
                        pair.copy_from_slice(&[entry, EXCEPTION + 1]);
                    }
                    Ok(())
                }
                Some(_) => Err(CodeDefect::Incomplete),
            };
        }
        let total = usize::from(starts[MAX_BITS + 1]);
        let mut sorted = [0u16; 320];
        for (symbol, &length) in lengths.iter().enumerate() {
            if length != 0 {
                let at = &mut starts[usize::from(length & 15)];
                sorted[usize::from(*at)] = symbol as u16;
                *at += 1;
            }
        }
        self.fill(&counts, &sorted[..total], meanings);
        Ok(())
    }

    /// Writes the entries of a complete code. `code` runs through the codes with their bits reversed.
    fn fill(&mut self, counts: &[u16; MAX_BITS + 1], sorted: &[u16], meanings: &[Meaning]) {
        let mut sorted = sorted.iter().map(|&symbol| meanings[usize::from(symbol)]);
        let mut code = 0usize;
        // Codes of up to BITS bits: the table grows by copying itself whenever the length does.
        let mut size = 1usize;
        for bits in 1..=BITS {
            self.entries.copy_within(0..size, size);
            size <<= 1;
            for _ in 0..counts[bits as usize] {
                let Some(meaning) = sorted.next() else { return };
                self.entries[code] = meaning.entry + bits * meaning.per_bit;
                code = successor(code, bits);
            }
        }
        // Longer codes: one sub-table for each prefix of BITS bits, as wide as the codes below it need.
        let mut prefix = usize::MAX;
        let (mut start, mut end) = (0, 1 << BITS);
        for bits in BITS + 1..=MAX_BITS as u32 {
            for done in 0..counts[bits as usize] {
                let Some(meaning) = sorted.next() else { return };
                if code & ((1 << BITS) - 1) != prefix {
                    prefix = code & ((1 << BITS) - 1);
                    let mut index = bits - BITS;
                    let mut room = i32::from(counts[bits as usize] - done);
                    while room < 1 << index && BITS + index < MAX_BITS as u32 {
                        index += 1;
                        room = (room << 1) + i32::from(counts[(BITS + index) as usize]);
                    }
                    start = end;
                    end += 1 << index;
                    self.entries[prefix] = SUBTABLE | (start as Entry) << 16 | index << 8 | BITS;
                }
                let entry = meaning.entry + (bits - BITS) * meaning.per_bit;
                let first = start + (code >> BITS);
                for slot in self.entries[first..end].iter_mut().step_by(1 << (bits - BITS)) {
                    *slot = entry;
                }
                code = successor(code, bits);
            }
        }
    }

    /// The entry for the next bits, sub-table included, and how many bits came before those it counts as used.
    pub(super) fn look_up(&self, bits: u64) -> (Entry, u32) {
        let entry = self.entries[bits as usize & ((1 << BITS) - 1)];
        if entry & SUBTABLE == SUBTABLE {
            return (self.sub_entry(entry, bits >> BITS), used(entry));
        }
        (entry, 0)
    }

    /// The entry of a sub-table, by the bits after those of the main table.
    #[inline]
    pub(super) fn sub_entry(&self, pointer: Entry, bits: u64) -> Entry {
        let index = bits as usize & ((1 << (pointer >> 8 & 15)) - 1);
        self.entries[((pointer >> 16 & 0x1fff) as usize + index) & (SIZE - 1)]
    }
}

/// The next canonical code of `bits` bits, both reversed: adds one from the top bit down.
fn successor(code: usize, bits: u32) -> usize {
    let ones = (1usize << bits) - 1;
    let free = code ^ ones;
    if free == 0 {
        return code;
    }
    let bit = 1 << free.ilog2();
    code & (bit - 1) | bit
}
