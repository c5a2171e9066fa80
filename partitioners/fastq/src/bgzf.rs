//! Writes BGZF: gzip members of at most 64 KiB that say how long they are (SAM specification, section 4.1).
use std::io::Write;

use crc32fast::Hasher;
use flate2::{Compression, write::DeflateEncoder};

/// Text of one block, as `bgzip` has it: incompressible text still fits a block of 64 KiB.
const BLOCK_TEXT: usize = 0xff00;

/// The empty block that ends a file.
const END: [u8; 28] = [
    0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Compresses text given piece by piece.
#[derive(Debug)]
pub(crate) struct BgzfEncoder {
    pending: Vec<u8>,
    level: Compression,
}

impl BgzfEncoder {
    pub(crate) fn new(level: u32) -> Self {
        Self {
            pending: Vec::with_capacity(BLOCK_TEXT),
            level: Compression::new(level),
        }
    }

    /// Appends the blocks that became whole to `to`.
    pub(crate) fn push(&mut self, mut text: &[u8], to: &mut Vec<u8>) {
        while !text.is_empty() {
            let (piece, rest) = text.split_at(text.len().min(BLOCK_TEXT - self.pending.len()));
            self.pending.extend_from_slice(piece);
            text = rest;
            if self.pending.len() == BLOCK_TEXT {
                self.block(to);
            }
        }
    }

    /// Appends the last block and the end mark.
    pub(crate) fn finish(mut self, to: &mut Vec<u8>) {
        if !self.pending.is_empty() {
            self.block(to);
        }
        to.extend_from_slice(&END);
    }

    fn block(&mut self, to: &mut Vec<u8>) {
        let mut level = self.level;
        let deflated = loop {
            let mut encoder = DeflateEncoder::new(Vec::with_capacity(BLOCK_TEXT / 2), level);
            let deflated = encoder.write_all(&self.pending).and_then(|()| encoder.finish());
            let deflated = deflated.expect("a Vec takes all bytes");
            // Text that does not compress is stored, which adds a few bytes only.
            if deflated.len() + 26 <= 1 << 16 || level == Compression::none() {
                break deflated;
            }
            level = Compression::none();
        };
        let mut crc = Hasher::new();
        crc.update(&self.pending);
        to.extend_from_slice(&END[..16]);
        to.extend_from_slice(&((deflated.len() + 25) as u16).to_le_bytes());
        to.extend_from_slice(&deflated);
        to.extend_from_slice(&crc.finalize().to_le_bytes());
        to.extend_from_slice(&(self.pending.len() as u32).to_le_bytes());
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn blocks_of_any_text_come_back() {
        let mut state = 1u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        });
        let text: Vec<u8> = noise.take(200_000).chain(*b"@a\nAC\n").collect();
        let (mut encoder, mut stored) = (BgzfEncoder::new(6), Vec::new());
        text.chunks(70_001).for_each(|piece| encoder.push(piece, &mut stored));
        encoder.finish(&mut stored);
        assert_eq!(partition_gzip::Format::detect(&stored), partition_gzip::Format::Bgzf);
        let mut back = Vec::new();
        flate2::read::MultiGzDecoder::new(&stored[..])
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == text);
    }
}
