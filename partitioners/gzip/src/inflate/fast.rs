//! The loop that does nearly all the work, where input and output have room to spare.
//!
//! It has no error path: what is not plain literals and matches it leaves to the careful loop, which sees the same bits.
//! Slices are checked at every access all the same: raw pointers made it 7 % faster, which does not pay for their proof.
#![expect(
    clippy::inline_always,
    reason = "all of it must be compiled with the features of the caller"
)]
use super::{
    Input, Output,
    bits::Bits,
    huffman::{DISTANCE_BITS, LITERAL_BITS},
    inflater::Tables,
    packed::SLOTS,
    symbols::{Entry, SUBTABLE, distance, is_exception, is_exceptional_distance, is_length, length, literals, used},
};

/// Input bytes that one round may look at: three words, each at most 7 bytes after the one before.
const INPUT_ROOM: usize = 24;
/// Output bytes that one round may touch: a literal, a match, and what a word copy writes too much.
const OUTPUT_ROOM: usize = 1 + 258 + 32;

/// Decodes symbols while there is room. Afterwards the careful loop can go on at the next symbol.
pub(super) fn run(tables: &Tables, bits: &mut Bits, input: &mut Input<'_>, output: &mut Output<'_>) {
    if input.rest().len() < INPUT_ROOM || output.space() < OUTPUT_ROOM {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2") {
        #[expect(
            unsafe_code,
            reason = "the only way to call what is compiled for more than the build's processor"
        )]
        // SAFETY: this processor has both features.
        unsafe {
            rounds_bmi2(tables, bits, input, output);
        };
        return;
    }
    rounds(tables, bits, input, output);
}

/// [`rounds`] with shifts that need no flags and no fixed register: 3 % faster.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
fn rounds_bmi2(tables: &Tables, bits: &mut Bits, input: &mut Input<'_>, output: &mut Output<'_>) {
    rounds(tables, bits, input, output);
}

#[inline(always)]
fn rounds(tables: &Tables, bits: &mut Bits, input: &mut Input<'_>, output: &mut Output<'_>) {
    let known = output.start;
    let mut write = output.filled;
    let out = &mut *output.buffer;
    let last_read = input.bytes.len() - INPUT_ROOM;
    let last_write = out.len() - OUTPUT_ROOM;
    let mut source = Source {
        bytes: input.bytes,
        read: input.position,
        buffer: bits.buffer,
        count: bits.count,
    };
    source.refill();
    let mut entry = source.look_up(&tables.packed.entries);
    // Every round begins with at least 56 bits and the entry of the first of them.
    while source.read <= last_read && write <= last_write {
        if is_length(entry) {
            let before = source;
            source.take(entry);
            let length = length(entry, before.buffer);
            let mut back = tables.distances.entries[source.buffer as usize & ((1 << DISTANCE_BITS) - 1)];
            if is_exceptional_distance(back) {
                back = if back & SUBTABLE == SUBTABLE {
                    source.take(DISTANCE_BITS);
                    source.refill(); // two long codes would leave too little for the next look-up
                    tables.distances.sub_entry(back, source.buffer)
                } else {
                    back
                };
                if is_exceptional_distance(back) {
                    source = before;
                    break;
                }
            }
            let distance = distance(back, source.buffer);
            // The literal before the match, if there is one.
            out[write] = (entry >> 24) as u8;
            let to = write + (entry >> 23 & 1) as usize;
            if distance > to - known {
                source = before;
                break;
            }
            source.take(back);
            // At most 44 of the 56 bits are gone: look up first and refill meanwhile.
            entry = source.look_up(&tables.packed.entries);
            source.refill();
            copy(out, to, distance, length);
            write = to + length;
        } else if !is_exception(entry) {
            out[write..][..4].copy_from_slice(&(entry >> 8).to_le_bytes());
            write += literals(entry) as usize;
            source.take(entry);
            entry = source.look_up(&tables.packed.entries);
            source.refill();
        } else if entry & SUBTABLE == SUBTABLE {
            entry = tables.literals.sub_entry(entry, source.buffer >> LITERAL_BITS);
            if is_exception(entry) {
                break;
            }
            entry += LITERAL_BITS * if is_length(entry) { 0x101 } else { 1 };
        } else {
            break;
        }
    }
    // Whole bytes not used go back, but for those of an earlier input.
    let count = source.count & 63;
    let unused = (count as usize >> 3).min(source.read - input.position);
    input.position = source.read - unused;
    output.filled = write;
    bits.count = count - 8 * unused as u32;
    bits.buffer = source.buffer & ((1 << bits.count) - 1);
}

/// The input and the next bits of it.
#[derive(Clone, Copy)]
struct Source<'a> {
    bytes: &'a [u8],
    read: usize,
    buffer: u64,
    /// Bits in the buffer; only the low six bits of this number count.
    count: u32,
}

impl Source<'_> {
    /// Fills up to at least 56 bits.
    #[inline(always)]
    fn refill(&mut self) {
        let word = *self.bytes[self.read..]
            .first_chunk()
            .expect("a round is begun with INPUT_ROOM bytes ahead");
        self.buffer |= u64::from_le_bytes(word) << (self.count & 63);
        self.read += 7 - (self.count as usize >> 3 & 7);
        self.count |= 0b11_1000;
    }

    /// Drops the bits that an entry uses.
    #[inline(always)]
    fn take(&mut self, entry: Entry) {
        self.buffer >>= used(entry);
        self.count = self.count.wrapping_sub(entry);
    }

    #[inline(always)]
    fn look_up(&self, entries: &[Entry; SLOTS]) -> Entry {
        entries[self.buffer as usize & (SLOTS - 1)]
    }
}

/// Copies a match, and up to 32 bytes more.
#[inline(always)]
fn copy(out: &mut [u8], to: usize, distance: usize, length: usize) {
    let from = to - distance;
    if distance >= 16 {
        let near = &mut out[from..to + 32];
        near.copy_within(0..16, distance);
        near.copy_within(16..32, distance + 16);
        let mut done = 32;
        while done < length {
            out.copy_within(from + done..from + done + 16, to + done);
            done += 16;
        }
    } else if distance == 1 {
        let byte = out[from];
        out[to..to + length].fill(byte);
    } else {
        for at in to..to + length {
            out[at] = out[at - distance];
        }
    }
}
