//! LZW as TIFF has it: most significant bit first, codes that grow one code early.
use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::codec;
use crate::BlockErrorKind;

/// Decodes into `out`, gives the number of bytes decoded.
pub(super) fn decode(stored: &[u8], out: &mut [u8]) -> Result<usize, BlockErrorKind> {
    // Streams of TIFF 5.0 start with a clear code whose least significant bit comes first.
    if let [0, second, ..] = stored
        && second & 1 == 1
    {
        return Err(codec(
            "LZW",
            "it is of the kind before TIFF 6.0, which is not supported",
        ));
    }
    let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut read, mut written) = (0, 0);
    while written < out.len() {
        let step = decoder.decode_bytes(&stored[read..], &mut out[written..]);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Ok(_) => break,
            Err(error) => return Err(codec("LZW", format!("{error} after {written} bytes"))),
        }
    }
    Ok(written)
}
