use std::io::BufRead;

use crate::{
    GzipError, GzipErrorKind as Kind,
    header::{self, Trailer},
    stream::Source,
};

/// Most text a block may hold, in bytes.
pub(crate) const LARGEST_TEXT: u32 = 64 << 10;

/// One BGZF block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where its header starts in the file.
    pub offset: u64,
    /// Its whole length in the file, in bytes.
    pub size: u32,
    /// Offset of its first byte of text.
    pub text: u64,
    /// Length of its text in bytes, 0 to 65,536. The block that marks the end of a file has 0.
    pub text_size: u32,
}

impl Block {
    /// The virtual offset of byte `within` of this block's text: where samtools and tabix say it is.
    pub fn virtual_offset(&self, within: u16) -> u64 {
        self.offset << 16 | u64::from(within)
    }
}

/// Finds all blocks by their headers and trailers, without inflating, and without verifying their text.
///
/// # Errors
/// [`GzipErrorKind::NotBgzf`](Kind::NotBgzf) at the first member that is no BGZF block, and truncation.
pub fn blocks<R: BufRead>(reader: R) -> impl Iterator<Item = Result<Block, GzipError>> {
    let mut source = Source::new(reader, 0);
    let mut text = 0;
    let mut failed = false;
    let mut header = Vec::new();
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        let offset = source.offset;
        let found = next(&mut source, &mut header, Source::skip);
        failed = found.is_err();
        match found {
            Ok(None) if offset > 0 => None,
            Ok(None) => {
                failed = true;
                Some(Err(GzipError::new(0, 0, Kind::Empty)))
            }
            Ok(Some((size, trailer))) => {
                let block = Block {
                    offset,
                    size,
                    text,
                    text_size: trailer.length,
                };
                text += u64::from(trailer.length);
                Some(Ok(block))
            }
            Err(kind) => Some(Err(GzipError::new(source.offset, text, kind))),
        }
    })
}

/// Reads one block: its header into `header`, its compressed data by `body` (which is told how many bytes), its trailer.
/// None at the end of the file.
pub(super) fn next<R: BufRead>(
    source: &mut Source<R>,
    header: &mut Vec<u8>,
    mut body: impl FnMut(&mut Source<R>, usize) -> std::io::Result<bool>,
) -> Result<Option<(u32, Trailer)>, Kind> {
    const FIXED: usize = 12;
    header.clear();
    if source.peek().map_err(Kind::Read)?.is_none() {
        return Ok(None);
    }
    let whole = |read: std::io::Result<bool>, kind| match read {
        Ok(true) => Ok(()),
        Ok(false) => Err(kind),
        Err(error) => Err(Kind::Read(error)),
    };
    whole(source.append(FIXED, header), Kind::TruncatedHeader)?;
    let length = header::bgzf_header_length(header).ok_or(Kind::NotBgzf)?;
    whole(source.append(length - FIXED, header), Kind::TruncatedHeader)?;
    let size = header::bgzf_block_size(header).ok_or(Kind::NotBgzf)?;
    let data = (size as usize).checked_sub(length + Trailer::BYTES);
    whole(body(source, data.ok_or(Kind::BlockSize(size))?), Kind::TruncatedBlock)?;
    let mut trailer = [0; Trailer::BYTES];
    for byte in &mut trailer {
        *byte = source.byte().map_err(Kind::Read)?.ok_or(Kind::TruncatedTrailer)?;
    }
    let trailer = Trailer::parse(trailer);
    if trailer.length > LARGEST_TEXT {
        return Err(Kind::BlockSize(size));
    }
    Ok(Some((size, trailer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The empty block that ends every BGZF file.
    const END: &[u8] = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";

    #[test]
    fn blocks_are_found_by_their_headers() {
        let file = [END, END].concat();
        let found: Vec<_> = blocks(&file[..]).map(Result::unwrap).collect();
        assert_eq!(found.iter().map(|block| block.offset).collect::<Vec<_>>(), [0, 28]);
        assert_eq!(found[1].virtual_offset(3), 28 << 16 | 3);
    }

    #[test]
    fn what_is_no_block_ends_the_walk_with_an_error() {
        let plain = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
        let mixed = [END, plain].concat();
        for (file, at) in [(&mixed[..], 40), (&END[..20], 20), (&END[..5], 5), (b"", 0)] {
            let last = blocks(file).last().unwrap();
            assert_eq!(last.unwrap_err().offset, at);
        }
    }
}
