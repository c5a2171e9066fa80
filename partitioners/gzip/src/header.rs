//! The frame of a gzip member (RFC 1952): header before and trailer after the compressed data.
use std::io::BufRead;

use crc32fast::Hasher;

use crate::{GzipErrorKind, stream::Source};

pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];
const DEFLATE: u8 = 8;

const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// What follows a member's compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    /// CRC-32 of the member's text.
    pub(crate) crc: u32,
    /// Length of the member's text mod 2^32.
    pub(crate) length: u32,
}

impl Trailer {
    pub(crate) const BYTES: usize = 8;

    pub(crate) fn parse(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h] = bytes;
        Self {
            crc: u32::from_le_bytes([a, b, c, d]),
            length: u32::from_le_bytes([e, f, g, h]),
        }
    }

    /// Compares with the text that was decoded.
    pub(crate) fn check(self, crc: u32, length: u64) -> Result<(), GzipErrorKind> {
        if self.crc != crc {
            return Err(GzipErrorKind::Crc {
                stored: self.crc,
                computed: crc,
            });
        }
        if self.length != length as u32 {
            return Err(GzipErrorKind::Length {
                stored: self.length,
                computed: length as u32,
            });
        }
        Ok(())
    }
}

/// Reads a member header whose first byte, already looked at, is the first of [`MAGIC`]. Holds none of it in memory.
pub(crate) fn skip<R: BufRead>(source: &mut Source<R>) -> Result<(), GzipErrorKind> {
    let mut header = HeaderBytes {
        source,
        crc: Hasher::new(),
    };
    let [magic0, magic1, method, flags] = header.array()?;
    if [magic0, magic1] != MAGIC {
        return Err(GzipErrorKind::NotGzip {
            found: [magic0, magic1],
        });
    }
    if method != DEFLATE {
        return Err(GzipErrorKind::Method(method));
    }
    if flags & RESERVED != 0 {
        return Err(GzipErrorKind::Flags(flags));
    }
    let [_mtime @ .., _extra_flags, _system] = header.array::<6>()?;
    if flags & FEXTRA != 0 {
        for _ in 0..u16::from_le_bytes(header.array()?) {
            header.byte()?;
        }
    }
    for text in [FNAME, FCOMMENT] {
        while flags & text != 0 && header.byte()? != 0 {}
    }
    if flags & FHCRC != 0 {
        let computed = header.crc.clone().finalize() as u16;
        let stored = u16::from_le_bytes(header.array()?);
        if stored != computed {
            return Err(GzipErrorKind::HeaderCrc { stored, computed });
        }
    }
    Ok(())
}

struct HeaderBytes<'a, R> {
    source: &'a mut Source<R>,
    crc: Hasher,
}

impl<R: BufRead> HeaderBytes<'_, R> {
    fn byte(&mut self) -> Result<u8, GzipErrorKind> {
        let byte = self.source.byte().map_err(GzipErrorKind::Read)?;
        let byte = byte.ok_or(GzipErrorKind::TruncatedHeader)?;
        self.crc.update(&[byte]);
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GzipErrorKind> {
        let mut array = [0; N];
        for byte in &mut array {
            *byte = self.byte()?;
        }
        Ok(array)
    }
}

/// The whole length in bytes of the BGZF block that starts with `header`, if it says one: subfield BC of the extra field.
///
/// `header` must hold the whole extra field.
pub(crate) fn bgzf_block_size(header: &[u8]) -> Option<u32> {
    let fixed = header.get(..12)?;
    if fixed[..2] != MAGIC || fixed[2] != DEFLATE || fixed[3] & FEXTRA == 0 || fixed[3] & RESERVED != 0 {
        return None;
    }
    let length = usize::from(u16::from_le_bytes([fixed[10], fixed[11]]));
    let mut extra = header.get(12..12 + length)?;
    while let [id0, id1, length0, length1, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*length0, *length1]));
        let value = rest.get(..length)?;
        if (*id0, *id1) == (b'B', b'C') && length == 2 {
            return Some(u32::from(u16::from_le_bytes([value[0], value[1]])) + 1);
        }
        extra = &rest[length..];
    }
    None
}

/// How many bytes of a BGZF block come before its compressed data.
pub(crate) fn bgzf_header_length(header: &[u8]) -> Option<usize> {
    let plain = *header.get(3)? == FEXTRA;
    let length = u16::from_le_bytes([*header.get(10)?, *header.get(11)?]);
    plain.then_some(12 + usize::from(length))
}
