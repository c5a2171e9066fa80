//! zlib streams, by the inflate of `partition-gzip`.
//!
//! Measured on tiles of 1024 × 1024 16-bit samples with predictor 2 (level 6), one thread of a busy machine, three rounds:
//! this 393–423 MB/s of pixels, libdeflate 1.26 by `libdeflater` 370–405 (with checksum), zlib-rs by `flate2` 277–307,
//! `zune-inflate` 272–300.
use partition_gzip::inflate::{Inflater, Input, Output, Status, Stop};

use super::codec;
use crate::BlockErrorKind;

/// Decodes into `out`, which has room past `expected` bytes; gives the number of bytes decoded.
///
/// A stream that goes on past the block is cut, as libtiff does; one whose checksum is missing is believed; one whose
/// checksum is wrong is not.
pub(super) fn decode(
    inflater: &mut Inflater,
    stored: &[u8],
    out: &mut [u8],
    expected: usize,
) -> Result<usize, BlockErrorKind> {
    let broken = |reason: String| codec("deflate", reason);
    let [method, flags, deflated @ ..] = stored else {
        return Err(BlockErrorKind::Short { found: 0, expected });
    };
    let header = u16::from_be_bytes([*method, *flags]);
    if method & 15 != 8 || !header.is_multiple_of(31) {
        return Err(broken(format!("{header:04x} is not the header of a zlib stream")));
    }
    if flags & 0x20 != 0 {
        return Err(broken("it needs a preset dictionary".into()));
    }
    inflater.reset(0);
    let mut input = Input::new(deflated);
    let mut output = Output::new(out, 0..0);
    let status = inflater.decode(&mut input, &mut output, Stop::Never);
    let status = status.map_err(|error| broken(error.to_string()))?;
    let found = inflater.position().output as usize;
    match status {
        Status::End => {
            let stored = input.rest().first_chunk().copied().map(u32::from_be_bytes);
            let adler = simd_adler32::adler32(&&out[..found]);
            match stored {
                Some(stored) if stored != adler => Err(BlockErrorKind::Checksum { stored, found: adler }),
                _ => Ok(found),
            }
        }
        _ => Ok(found),
    }
}
