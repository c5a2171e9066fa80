//! Index files of bgzip (`bgzip -r`, `bgzip -i`), which samtools uses for bgzipped FASTA: where BGZF blocks start.
//!
//! All numbers are u64, little-endian: number of entries; per entry the offset of a block in the file and of its text. The
//! first block, at 0 and 0, is not listed.
use std::io::{Read, Write};

use super::{Fields, ForeignIndexError};
use crate::bgzf::Block;

/// Reads the starts of blocks: (offset in the file, offset in the text), in order, the first being (0, 0).
pub fn read(index: impl Read) -> Result<Vec<(u64, u64)>, ForeignIndexError> {
    let mut fields = Fields(index);
    let entries = u64::from_le_bytes(fields.array()?);
    let mut starts = vec![(0, 0)];
    for entry in 0..entries {
        let start = (u64::from_le_bytes(fields.array()?), u64::from_le_bytes(fields.array()?));
        let before = starts[starts.len() - 1];
        if start.0 <= before.0 || start.1 < before.1 {
            return Err(ForeignIndexError::Entry { entry });
        }
        starts.push(start);
    }
    Ok(starts)
}

/// Writes the starts of the blocks that hold text, as `bgzip -r` does.
pub fn write(blocks: &[Block], mut to: impl Write) -> std::io::Result<()> {
    let listed = || blocks.iter().skip(1).filter(|block| block.text_size > 0);
    to.write_all(&(listed().count() as u64).to_le_bytes())?;
    for block in listed() {
        to.write_all(&block.offset.to_le_bytes())?;
        to.write_all(&block.text.to_le_bytes())?;
    }
    to.flush()
}
