//! BGZF: gzip members of at most 64 KiB that say their own size, so that files can be joined and entered anywhere.
//!
//! Format: SAM specification, section 4.1.
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Text of a block; what htslib puts in one, so that even incompressible text fits 64 KiB.
const BLOCK: usize = 0xff00;
const HEADER: [u8; 16] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0];

/// The empty block that ends a BGZF file.
pub(crate) const EOF: [u8; 28] = [
    0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// Compresses a text into blocks, without the one that ends a file. Equal texts give equal bytes.
pub(crate) fn compress(text: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(text.len() / 3 + 64);
    for piece in text.chunks(BLOCK) {
        push_block(piece, &mut blocks);
    }
    blocks
}

fn push_block(piece: &[u8], blocks: &mut Vec<u8>) {
    let mut deflate = Compress::new(Compression::new(6), false);
    let mut body = Vec::with_capacity(BLOCK + 512);
    let whole = matches!(
        deflate.compress_vec(piece, &mut body, FlushCompress::Finish),
        Ok(Status::StreamEnd)
    );
    let start = blocks.len();
    blocks.extend_from_slice(&HEADER);
    blocks.extend_from_slice(&[0, 0]);
    if whole && body.len() + 26 <= 1 << 16 {
        blocks.extend_from_slice(&body);
    } else {
        // One stored block: five bytes of header.
        let length = piece.len() as u16;
        blocks.push(1);
        blocks.extend_from_slice(&length.to_le_bytes());
        blocks.extend_from_slice(&(!length).to_le_bytes());
        blocks.extend_from_slice(piece);
    }
    blocks.extend_from_slice(&crc32fast::hash(piece).to_le_bytes());
    blocks.extend_from_slice(&(piece.len() as u32).to_le_bytes());
    let size = (blocks.len() - start - 1) as u16;
    blocks[start + 16..start + 18].copy_from_slice(&size.to_le_bytes());
}

/// A block of a file and its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Compressed bytes.
    pub(crate) size: usize,
    /// Its text.
    pub(crate) text: Vec<u8>,
}

/// Takes apart the block that `bytes` begin with.
pub(crate) fn first_block(bytes: &[u8]) -> Result<Block, &'static str> {
    if bytes.len() < 26 || bytes[..16] != HEADER {
        return Err("a block begins with other bytes than ours");
    }
    let size = usize::from(u16::from_le_bytes([bytes[16], bytes[17]])) + 1;
    let block = bytes
        .get(..size)
        .filter(|block| block.len() >= 26)
        .ok_or("the last block is cut off")?;
    let (body, tail) = block[18..].split_at(size - 26);
    let (crc, length) = tail.split_at(4);
    let mut text = Vec::with_capacity(1 << 16);
    let inflated = Decompress::new(false).decompress_vec(body, &mut text, FlushDecompress::Finish);
    let fits = crc == crc32fast::hash(&text).to_le_bytes() && length == (text.len() as u32).to_le_bytes();
    match inflated {
        Ok(Status::StreamEnd) if fits => Ok(Block { size, text }),
        _ => Err("a block is damaged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(mut bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        while !bytes.is_empty() {
            let block = first_block(bytes).unwrap();
            text.extend_from_slice(&block.text);
            bytes = &bytes[block.size..];
        }
        text
    }

    #[test]
    fn texts_come_back() {
        let noise: Vec<u8> = (0..200_000_u64)
            .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8)
            .collect();
        let letters = b"ACGT".repeat(50_000);
        for text in [&b""[..], b"x", &noise, &letters] {
            assert!(text_of(&compress(text)) == text);
        }
        assert!(text_of(&EOF).is_empty());
    }

    #[test]
    fn damage_is_found() {
        let mut bytes = compress(b"some text of a block");
        assert!(first_block(&bytes[..bytes.len() - 1]).is_err());
        assert!(first_block(b"plain text, no block of ours").is_err());
        let last = bytes.len() - 7;
        bytes[last] ^= 1;
        assert!(first_block(&bytes).is_err());
    }
}
