//! Gzip in one member, or BGZF.
use std::io::{self, Write};

use flate2::{Compress, Compression, Crc, FlushCompress, Status, write::GzEncoder};

/// Compresses what is written to it.
pub(crate) enum Gzip<W: Write> {
    /// One member.
    Member(GzEncoder<W>),
    /// Blocks.
    Blocks(Blocks<W>),
}

/// Level 6, what everybody uses.
fn level() -> Compression {
    Compression::new(6)
}

impl<W: Write> Gzip<W> {
    pub(crate) fn new(inner: W, bgzf: bool) -> Self {
        if bgzf {
            return Self::Blocks(Blocks {
                inner,
                text: Vec::with_capacity(BLOCK),
            });
        }
        Self::Member(GzEncoder::new(inner, level()))
    }

    /// Writes what is left and gives the writer back.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Member(encoder) => encoder.finish(),
            Self::Blocks(mut blocks) => {
                if !blocks.text.is_empty() {
                    blocks.flush_block()?;
                }
                // The empty block that marks the end.
                blocks.flush_block()?;
                Ok(blocks.inner)
            }
        }
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Member(encoder) => encoder.write(bytes),
            Self::Blocks(blocks) => blocks.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text of a block, as bgzip cuts it.
const BLOCK: usize = 0xff00;

/// BGZF: SAM specification, section 4.1.
pub(crate) struct Blocks<W> {
    inner: W,
    text: Vec<u8>,
}

impl<W: Write> Blocks<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.text.len());
        self.text.extend_from_slice(&bytes[..taken]);
        if self.text.len() == BLOCK {
            self.flush_block()?;
        }
        Ok(taken)
    }

    fn flush_block(&mut self) -> io::Result<()> {
        const HEADER: [u8; 16] = *b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0";
        let mut deflate = Compress::new(level(), false);
        // Text that does not compress is stored, five bytes more per stored block.
        let mut data = Vec::with_capacity(self.text.len() + 128);
        let status = deflate.compress_vec(&self.text, &mut data, FlushCompress::Finish)?;
        if status != Status::StreamEnd {
            return Err(io::Error::other("a BGZF block outgrew its text"));
        }
        let size = u16::try_from(HEADER.len() + 2 + data.len() + 8 - 1).map_err(io::Error::other)?;
        let mut check = Crc::new();
        check.update(&self.text);
        let trailer = [check.sum(), self.text.len() as u32].map(u32::to_le_bytes).concat();
        for part in [&HEADER[..], &size.to_le_bytes(), &data, &trailer] {
            self.inner.write_all(part)?;
        }
        self.text.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;

    use super::*;

    #[test]
    fn both_kinds_give_the_text_back() {
        let text: Vec<u8> = (0..300_000u32)
            .map(|i| b"ACGT\n"[(i.wrapping_mul(2_654_435_761) >> 29) as usize % 5])
            .collect();
        for bgzf in [false, true] {
            let mut gzip = Gzip::new(Vec::new(), bgzf);
            gzip.write_all(&text).unwrap();
            let packed = gzip.finish().unwrap();
            assert_eq!(packed.ends_with(b"BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0"), bgzf);
            let mut read = Vec::new();
            MultiGzDecoder::new(&packed[..]).read_to_end(&mut read).unwrap();
            assert!(read == text);
        }
    }
}
