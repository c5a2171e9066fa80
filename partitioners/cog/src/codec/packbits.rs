//! PackBits (TIFF 6.0, section 9).
use super::codec;
use crate::BlockErrorKind;

/// Decodes into `out`, gives the number of bytes decoded. What goes on past the end of the block is left.
pub(super) fn decode(mut stored: &[u8], out: &mut [u8]) -> Result<usize, BlockErrorKind> {
    let mut written = 0;
    while let [control, rest @ ..] = stored {
        let free = &mut out[written..];
        if free.is_empty() {
            break;
        }
        let cut = || codec("PackBits", "it ends in the middle of a run");
        stored = match *control {
            128 => rest,
            literal @ 0..128 => {
                let length = literal as usize + 1;
                let (run, after) = rest.split_at_checked(length).ok_or_else(cut)?;
                let length = length.min(free.len());
                free[..length].copy_from_slice(&run[..length]);
                written += length;
                after
            }
            repeat => {
                let (&byte, after) = rest.split_first().ok_or_else(cut)?;
                let length = (257 - repeat as usize).min(free.len());
                free[..length].fill(byte);
                written += length;
                after
            }
        };
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let packed = [
            0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa,
        ];
        let text = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        let mut out = [0; 24];
        assert_eq!(decode(&packed, &mut out).unwrap(), 24);
        assert_eq!(out, text);
        assert_eq!(decode(&packed, &mut [0; 5]).unwrap(), 5);
        assert!(decode(&packed[..4], &mut out).is_err());
    }
}
