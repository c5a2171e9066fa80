use std::ops::Range;

use crate::{ReadStart, index::IndexFault};

/// A place where decoding can start, and the first read from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Place in the stored object, in bits.
    pub bit: u64,
    /// Offset in the text.
    pub text: u64,
    /// The first read that starts at or after it; the number of reads if none does.
    pub first: ReadStart,
    /// Line ends between `text` and `first`.
    pub lines: u8,
    /// What a decoder needs.
    pub start: RowStart,
}

/// What a decoder needs at a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowStart {
    /// Nothing: plain text, or a gzip member's header.
    Clean,
    /// The window at these bytes of the index.
    Window(Range<u64>),
}

pub(crate) const ROW_BYTES: usize = 48;
pub(crate) const PAGE_ROWS: usize = 128;
pub(crate) const PAGE_BYTES: usize = PAGE_ROWS * ROW_BYTES + 4;

impl Row {
    /// The first stored byte.
    pub fn byte(&self) -> u64 {
        self.bit / 8
    }

    /// The end of the stored bytes that hold the text before this row.
    pub fn byte_end(&self) -> u64 {
        self.bit.div_ceil(8)
    }

    fn encode(&self, to: &mut Vec<u8>) {
        let (kind, window) = match &self.start {
            RowStart::Clean => (0u8, 0..0),
            RowStart::Window(window) => (1, window.clone()),
        };
        for number in [self.bit, self.text, self.first.read, self.first.text, window.start] {
            to.extend_from_slice(&number.to_le_bytes());
        }
        to.extend_from_slice(&((window.end - window.start) as u32).to_le_bytes());
        to.extend_from_slice(&[kind, self.lines, 0, 0]);
    }

    fn decode(bytes: &[u8; ROW_BYTES]) -> Result<Self, IndexFault> {
        let (words, _) = bytes.as_chunks::<8>();
        let [bit, text, read, read_text, window] =
            [words[0], words[1], words[2], words[3], words[4]].map(u64::from_le_bytes);
        let [a, b, c, d, kind, lines, ..] = words[5];
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        let start = match kind {
            0 => RowStart::Clean,
            1 => RowStart::Window(window..window.checked_add(length).ok_or(IndexFault::Damaged)?),
            _ => return Err(IndexFault::Damaged),
        };
        let first = ReadStart { read, text: read_text };
        Ok(Self {
            bit,
            text,
            first,
            lines,
            start,
        })
    }
}

/// All pages of a directory.
pub(crate) fn encode_pages(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * ROW_BYTES + rows.len() / PAGE_ROWS * 4 + 4);
    for page in rows.chunks(PAGE_ROWS) {
        let start = bytes.len();
        for row in page {
            row.encode(&mut bytes);
        }
        let crc = crc32fast::hash(&bytes[start..]);
        bytes.extend_from_slice(&crc.to_le_bytes());
    }
    bytes
}

/// The rows of one page.
pub(crate) fn decode_page(page: &[u8]) -> Result<Vec<Row>, IndexFault> {
    let (rows, crc) = page.split_last_chunk::<4>().ok_or(IndexFault::Damaged)?;
    if crc32fast::hash(rows) != u32::from_le_bytes(*crc) {
        return Err(IndexFault::Damaged);
    }
    let (rows, rest) = rows.as_chunks::<ROW_BYTES>();
    if !rest.is_empty() {
        return Err(IndexFault::Damaged);
    }
    rows.iter().map(Row::decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_and_a_flipped_bit_is_seen() {
        let row = |i: u64| Row {
            bit: i * 8 + 3,
            text: i * 10,
            first: ReadStart {
                read: i,
                text: i * 10 + 2,
            },
            lines: 4,
            start: if i == 0 {
                RowStart::Clean
            } else {
                RowStart::Window(i..i + 7)
            },
        };
        let rows: Vec<Row> = (0..200).map(row).collect();
        let mut bytes = encode_pages(&rows);
        let pages: Vec<Row> = bytes
            .chunks(PAGE_BYTES)
            .flat_map(|page| decode_page(page).unwrap())
            .collect();
        assert_eq!(pages, rows);
        bytes[100] ^= 1;
        assert_eq!(decode_page(&bytes[..PAGE_BYTES]), Err(IndexFault::Damaged));
        assert_eq!(decode_page(b"abc"), Err(IndexFault::Damaged));
    }
}
