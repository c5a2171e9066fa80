//! A fast zlib encoder for predicted pixels (RFC 1950, RFC 1951).
//!
//! Behind a TIFF predictor pixels are noise around zero and runs of one byte where nothing changes: searching for other
//! repeats finds nearly nothing and takes most of an encoder's time. This one codes bytes by their frequency, and runs as
//! matches at distance 1.
use crate::huffman::{code_lengths, codes};

/// Input bytes that share one code.
const CHUNK: usize = 1 << 16;
/// Longest code: four bytes and what is left of the last flush then fit 64 bits.
const LONGEST: usize = 12;
const END: usize = 256;
/// Order in which the lengths of the code-length code are sent.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Compresses `bytes` into a zlib stream. Equal bytes give equal streams.
pub(crate) fn zlib(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x78, 0x01]);
    let mut writer = BitWriter { out, bits: 0, count: 0 };
    let mut chunks = bytes.chunks(CHUNK).peekable();
    if chunks.peek().is_none() {
        writer.stored(&[], true);
    }
    while let Some(chunk) = chunks.next() {
        encode(chunk, chunks.peek().is_none(), &mut writer);
    }
    writer.align();
    out.extend_from_slice(&simd_adler32::adler32(&bytes).to_be_bytes());
}

/// Bytes `start..end` of a chunk are all equal. Longer than 8.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
}

/// Runs of one byte, found in steps of eight: all of at least 15 bytes and some shorter ones.
fn find_runs(chunk: &[u8]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (number, word) in chunk.chunks_exact(8).enumerate() {
        let all = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        if all != u64::from(word[0]) * 0x0101_0101_0101_0101 {
            continue;
        }
        let start = number * 8;
        match runs.last_mut() {
            Some(last) if last.end == start && chunk[start - 1] == word[0] => last.end += 8,
            _ => runs.push(Run { start, end: start + 8 }),
        }
    }
    runs
}

/// Lengths of the matches that give `length` bytes, each from 3 to 258; `length` is at least 3.
fn matches(mut length: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let take = match length {
            0 => return None,
            // What is left must be long enough for a match itself.
            259 | 260 => 255,
            _ => length.min(258),
        };
        length -= take;
        Some(take)
    })
}

/// Symbol of a match length, and how many of its lowest bits follow.
fn length_symbol(length: usize) -> (usize, u32, u64) {
    if length == 258 {
        return (285, 0, 0);
    }
    let from = length - 3;
    if from < 8 {
        return (257 + from, 0, 0);
    }
    let extra = from.ilog2() - 2;
    let symbol = 257 + 4 * extra as usize + (from >> extra);
    (symbol, extra, (from & ((1 << extra) - 1)) as u64)
}

fn count(literals: &[u8], counts: &mut [[u32; 256]; 4]) {
    let mut fours = literals.chunks_exact(4);
    for four in &mut fours {
        // Four tables: equal neighbours then do not wait for each other.
        for (table, &byte) in counts.iter_mut().zip(four) {
            table[usize::from(byte)] += 1;
        }
    }
    for &byte in fours.remainder() {
        counts[0][usize::from(byte)] += 1;
    }
}

/// Splits a chunk into literals and what a run copies from the byte before.
fn segments<'a>(chunk: &'a [u8], runs: &'a [Run]) -> impl Iterator<Item = (&'a [u8], usize)> {
    let mut at = 0;
    let copies = runs.iter().map(move |run| {
        // The first byte of a run is sent, the others repeat it.
        let literals = &chunk[at..=run.start];
        at = run.end;
        (literals, run.end - run.start - 1)
    });
    let behind = runs.last().map_or(0, |run| run.end);
    copies.chain(std::iter::once((&chunk[behind..], 0)))
}

fn encode(chunk: &[u8], last: bool, writer: &mut BitWriter) {
    let runs = find_runs(chunk);
    let mut tables = [[0_u32; 256]; 4];
    let mut counts = [0_u32; 286];
    for (literals, copied) in segments(chunk, &runs) {
        count(literals, &mut tables);
        for length in matches(copied) {
            counts[length_symbol(length).0] += 1;
        }
    }
    for table in &tables {
        for (sum, count) in counts.iter_mut().zip(table) {
            *sum += count;
        }
    }
    counts[END] = 1;
    let lengths = code_lengths(&counts, LONGEST);
    let header = Header::new(&lengths);
    let coded: u64 = counts
        .iter()
        .zip(&lengths)
        .map(|(&n, &bits)| u64::from(n) * u64::from(bits))
        .sum();
    // Copies take a bit for the distance and up to five more for the length.
    let extra: u64 = counts[257..].iter().map(|&n| u64::from(n) * 6).sum();
    if header.bits + coded + extra >= 8 * chunk.len() as u64 {
        writer.stored(chunk, last);
        return;
    }
    let table = Table::new(&lengths);
    writer.reserve(chunk.len() + header.bits as usize / 8);
    writer.put(u64::from(last) | 2 << 1, 3);
    header.write(writer);
    for (literals, copied) in segments(chunk, &runs) {
        writer.literals(literals, &table);
        for length in matches(copied) {
            let (symbol, extra, value) = length_symbol(length);
            table.put(symbol, writer);
            // The one distance code, 0, is one bit long.
            writer.put(value, extra + 1);
        }
    }
    table.put(END, writer);
}

/// Codes of the symbols: `code << 8 | length`.
struct Table([u32; 286]);

impl Table {
    fn new(lengths: &[u8]) -> Self {
        let mut table = [0; 286];
        for ((entry, code), &length) in table.iter_mut().zip(codes(lengths)).zip(lengths) {
            *entry = u32::from(code) << 8 | u32::from(length);
        }
        Self(table)
    }

    fn put(&self, symbol: usize, writer: &mut BitWriter) {
        let entry = self.0[symbol];
        writer.put(u64::from(entry >> 8), entry & 0xff);
    }
}

/// The codes of a chunk, as they are sent before it.
struct Header {
    code_lengths: Vec<u8>,
    /// Symbol, extra bits and their number.
    symbols: Vec<(usize, u64, u32)>,
    literals: usize,
    bits: u64,
}

impl Header {
    fn new(lengths: &[u8]) -> Self {
        let literals = lengths
            .iter()
            .rposition(|&length| length > 0)
            .map_or(257, |at| at + 1)
            .max(257);
        let mut all = lengths[..literals].to_vec();
        // One distance code of one bit, used or not.
        all.push(1);
        let symbols = run_lengths(&all);
        let mut counts = [0; 19];
        for &(symbol, _, _) in &symbols {
            counts[symbol] += 1;
        }
        let code_lengths = code_lengths(&counts, 7);
        let coded: u64 = symbols
            .iter()
            .map(|&(s, _, extra)| u64::from(code_lengths[s]) + u64::from(extra))
            .sum();
        Self {
            bits: 3 + 14 + 3 * 19 + coded,
            code_lengths,
            symbols,
            literals,
        }
    }

    fn write(&self, writer: &mut BitWriter) {
        let sent = ORDER
            .iter()
            .rposition(|&symbol| self.code_lengths[symbol] > 0)
            .map_or(4, |at| at + 1)
            .max(4);
        writer.put((self.literals - 257) as u64, 5);
        writer.put(0, 5);
        writer.put(sent as u64 - 4, 4);
        for &symbol in &ORDER[..sent] {
            writer.put(u64::from(self.code_lengths[symbol]), 3);
        }
        let codes = codes(&self.code_lengths);
        for &(symbol, value, extra) in &self.symbols {
            writer.put(u64::from(codes[symbol]), u32::from(self.code_lengths[symbol]));
            writer.put(value, extra);
        }
    }
}

/// Code lengths as symbols 0 to 15, 16 (repeat), 17 and 18 (zeros).
fn run_lengths(lengths: &[u8]) -> Vec<(usize, u64, u32)> {
    let mut symbols = Vec::new();
    let mut at = 0;
    while at < lengths.len() {
        let value = lengths[at];
        let mut run = lengths[at..].iter().take_while(|&&length| length == value).count();
        at += run;
        if value != 0 {
            symbols.push((usize::from(value), 0, 0));
            run -= 1;
        }
        while run > 0 {
            let (symbol, least, most, extra) = match (value, run) {
                (0, 11..) => (18, 11, 138, 7),
                (0, 3..) => (17, 3, 10, 3),
                (1.., 3..) => (16, 3, 6, 2),
                _ => {
                    symbols.push((usize::from(value), 0, 0));
                    run -= 1;
                    continue;
                }
            };
            let taken = run.min(most);
            symbols.push((symbol, (taken - least) as u64, extra));
            run -= taken;
        }
    }
    symbols
}

/// Bits from the lowest on.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitWriter<'_> {
    fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes + 16);
    }

    /// Appends the lowest `count` bits, at most 48, of a value that has no others.
    fn put(&mut self, value: u64, count: u32) {
        self.bits |= value << self.count;
        self.count += count;
        let whole = (self.count / 8) as usize;
        self.out.extend_from_slice(&self.bits.to_le_bytes()[..whole]);
        self.bits >>= 8 * whole as u32;
        self.count %= 8;
    }

    /// Appends the codes of `bytes`.
    fn literals(&mut self, bytes: &[u8], table: &Table) {
        let (mut bits, mut count) = (self.bits, self.count);
        let start = self.out.len();
        // Codes have at most 12 bits, and each store writes eight bytes.
        self.out.resize(start + bytes.len() * 3 / 2 + 16, 0);
        let room = &mut self.out[start..];
        let mut at = 0;
        let mut store = |bits: &mut u64, count: &mut u32| {
            room[at..at + 8].copy_from_slice(&bits.to_le_bytes());
            at += (*count / 8) as usize;
            *bits >>= *count & !7;
            *count &= 7;
        };
        let add = |byte: u8, bits: &mut u64, count: &mut u32| {
            let entry = table.0[usize::from(byte)];
            *bits |= u64::from(entry >> 8) << *count;
            *count += entry & 0xff;
        };
        let mut fours = bytes.chunks_exact(4);
        for four in &mut fours {
            for &byte in four {
                add(byte, &mut bits, &mut count);
            }
            store(&mut bits, &mut count);
        }
        for &byte in fours.remainder() {
            add(byte, &mut bits, &mut count);
        }
        store(&mut bits, &mut count);
        self.out.truncate(start + at);
        (self.bits, self.count) = (bits, count);
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    /// A block that is not compressed; at most 65 535 bytes go into one.
    fn stored(&mut self, bytes: &[u8], last: bool) {
        let (first, rest) = bytes.split_at(bytes.len().min(0xffff));
        self.put(u64::from(last && rest.is_empty()), 3);
        self.align();
        let length = first.len() as u16;
        self.out.extend_from_slice(&length.to_le_bytes());
        self.out.extend_from_slice(&(!length).to_le_bytes());
        self.out.extend_from_slice(first);
        if !rest.is_empty() {
            self.stored(rest, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn there_and_back(bytes: &[u8]) -> usize {
        let mut stream = Vec::new();
        zlib(bytes, &mut stream);
        let mut back = Vec::new();
        flate2::read::ZlibDecoder::new(&stream[..])
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == bytes);
        stream.len()
    }

    #[test]
    fn every_run_length_comes_back() {
        for length in 0..1100 {
            let mut bytes = vec![3, 1, 4];
            bytes.extend(std::iter::repeat_n(7, length));
            bytes.extend([9, 9]);
            there_and_back(&bytes);
        }
    }

    #[test]
    fn match_lengths_have_the_symbols_of_the_standard() {
        for (length, symbol) in [
            (3, 257),
            (10, 264),
            (11, 265),
            (12, 265),
            (13, 266),
            (18, 268),
            (19, 269),
            (257, 284),
            (258, 285),
        ] {
            assert_eq!(length_symbol(length).0, symbol, "{length}");
        }
        for total in 3..2000 {
            assert_eq!(matches(total).sum::<usize>(), total);
            assert!(matches(total).all(|length| (3..=258).contains(&length)));
        }
    }

    #[test]
    fn noise_grows_by_next_to_nothing_and_zeros_vanish() {
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(200_000)
        .collect();
        assert!(there_and_back(&noise) < 200_100);
        assert!(there_and_back(&vec![0; 1 << 20]) < 1500);
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(parts in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                prop::collection::vec(0..4_u8, 0..300),
                (any::<u8>(), 0..70_000_usize).prop_map(|(byte, length)| vec![byte; length]),
                (any::<u8>(), 0..5000_usize).prop_map(|(step, length)| {
                    (0..length).map(|i| (i as u8).wrapping_mul(step) & 0x3f).collect()
                }),
            ],
            0..12,
        )) {
            there_and_back(&parts.concat());
        }
    }
}
