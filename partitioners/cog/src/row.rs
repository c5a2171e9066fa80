//! Rows of stored bytes as samples: byte order and predictors undone in one pass.
use crate::{Layout, Predictor, Samples, ifd::ByteOrder};

/// A type of samples.
pub(crate) trait Sample: Copy + Send + Sync + 'static {
    const ZERO: Self;

    /// Samples from stored bytes.
    fn unpack(order: ByteOrder, bytes: &[u8], out: &mut [Self]);

    /// Samples from stored differences to the sample `stride` before, as integers that wrap.
    fn undo_differences(order: ByteOrder, stride: usize, bytes: &[u8], out: &mut [Self]);

    /// A sample from its bytes, the most significant of all samples first, then the next of all, and so on.
    fn join_planes(planes: &[u8], out: &mut [Self]);

    /// The nearest sample to a number: what GDAL fills with where nothing is stored.
    fn nearest(number: f64) -> Self;

    fn collect(values: Vec<Self>) -> Samples;
}

macro_rules! samples {
    ($($type:ident as $bits:ident: $variant:ident, $from:expr, $zero:literal;)*) => {$(
        impl Sample for $type {
            const ZERO: Self = $zero;

            fn unpack(order: ByteOrder, bytes: &[u8], out: &mut [Self]) {
                let (chunks, _) = bytes.as_chunks();
                match order {
                    ByteOrder::Little => {
                        for (out, bytes) in out.iter_mut().zip(chunks) {
                            *out = $from($bits::from_le_bytes(*bytes));
                        }
                    }
                    ByteOrder::Big => {
                        for (out, bytes) in out.iter_mut().zip(chunks) {
                            *out = $from($bits::from_be_bytes(*bytes));
                        }
                    }
                }
            }

            fn undo_differences(order: ByteOrder, stride: usize, bytes: &[u8], out: &mut [Self]) {
                let (chunks, _) = bytes.as_chunks();
                match order {
                    ByteOrder::Little => sum(stride, chunks.iter().map(|&bytes| $bits::from_le_bytes(bytes)), out, $bits::wrapping_add, $from),
                    ByteOrder::Big => sum(stride, chunks.iter().map(|&bytes| $bits::from_be_bytes(bytes)), out, $bits::wrapping_add, $from),
                }
            }

            fn join_planes(planes: &[u8], out: &mut [Self]) {
                let count = out.len();
                for (at, out) in out.iter_mut().enumerate() {
                    let bytes = std::array::from_fn(|plane| planes[plane * count + at]);
                    *out = $from($bits::from_be_bytes(bytes));
                }
            }

            #[expect(clippy::allow_attributes, reason = "f64 to f64 is a cast too")]
            #[allow(clippy::unnecessary_cast, reason = "one macro for all types")]
            fn nearest(number: f64) -> Self {
                number as Self
            }

            fn collect(values: Vec<Self>) -> Samples {
                Samples::$variant(values)
            }
        }
    )*};
}

samples! {
    u8 as u8: U8, std::convert::identity, 0;
    i8 as u8: I8, u8::cast_signed, 0;
    u16 as u16: U16, std::convert::identity, 0;
    i16 as u16: I16, u16::cast_signed, 0;
    u32 as u32: U32, std::convert::identity, 0;
    i32 as u32: I32, u32::cast_signed, 0;
    f32 as u32: F32, f32::from_bits, 0.0;
    f64 as u64: F64, f64::from_bits, 0.0;
}

/// Running sums of the differences of every `stride`-th sample.
fn sum<B: Copy + Default, T>(
    stride: usize,
    differences: impl Iterator<Item = B>,
    out: &mut [T],
    add: impl Fn(B, B) -> B,
    from: impl Fn(B) -> T,
) {
    /// Bands that are summed side by side without memory; more are summed through a small buffer.
    fn fixed<const N: usize, B: Copy + Default, T>(
        mut differences: impl Iterator<Item = B>,
        out: &mut [T],
        add: impl Fn(B, B) -> B,
        from: impl Fn(B) -> T,
    ) {
        let mut sums = [B::default(); N];
        let (pixels, _) = out.as_chunks_mut::<N>();
        for pixel in pixels {
            for (sum, out) in sums.iter_mut().zip(pixel) {
                let Some(difference) = differences.next() else { return };
                *sum = add(*sum, difference);
                *out = from(*sum);
            }
        }
    }
    match stride {
        1 => fixed::<1, _, _>(differences, out, add, from),
        2 => fixed::<2, _, _>(differences, out, add, from),
        3 => fixed::<3, _, _>(differences, out, add, from),
        4 => fixed::<4, _, _>(differences, out, add, from),
        _ => {
            let mut sums = vec![B::default(); stride];
            let places = (0..stride).cycle();
            for ((difference, out), place) in differences.zip(out).zip(places) {
                sums[place] = add(sums[place], difference);
                *out = from(sums[place]);
            }
        }
    }
}

/// Undoes what was done to one row of a block: `bytes` as stored, `out` a sample for each of its columns and bands.
/// `scratch` keeps memory from row to row.
pub(crate) fn unpack<T: Sample>(layout: &Layout, bytes: &[u8], out: &mut [T], scratch: &mut Vec<u8>) {
    let stride = layout.block_bands() as usize;
    match layout.predictor {
        _ if layout.is_packed() => {
            scratch.clear();
            for number in packed(bytes, layout.bits as u32).take(out.len()) {
                scratch.extend_from_slice(&number.to_le_bytes()[..size_of::<T>()]);
            }
            T::unpack(ByteOrder::Little, scratch, out);
        }
        Predictor::HORIZONTAL => T::undo_differences(layout.order, stride, bytes, out),
        Predictor::FLOATING_POINT => {
            // Bytes of one significance lie together, and each is a difference to the byte `stride` before.
            scratch.resize(bytes.len(), 0);
            <u8 as Sample>::undo_differences(ByteOrder::Little, stride, bytes, scratch);
            T::join_planes(scratch, out);
        }
        _ => T::unpack(layout.order, bytes, out),
    }
}

/// Numbers of `bits` bits (at most 32), one behind the other, each from its most significant bit.
fn packed(bytes: &[u8], bits: u32) -> impl Iterator<Item = u32> {
    let (mut bytes, mut held, mut count) = (bytes.iter(), 0u64, 0);
    std::iter::from_fn(move || {
        while count < bits {
            held = held << 8 | u64::from(*bytes.next()?);
            count += 8;
        }
        count -= bits;
        Some((held >> count & ((1 << bits) - 1)) as u32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_wrap_around() {
        let mut out = [0u16; 3];
        u16::undo_differences(ByteOrder::Little, 1, &[0xff, 0xff, 2, 0, 0xff, 0xff], &mut out);
        assert_eq!(out, [65535, 1, 0]);
        let mut out = [0i8; 4];
        i8::undo_differences(ByteOrder::Big, 2, &[1, 10, 0xff, 1], &mut out);
        assert_eq!(out, [1, 10, 0, 11]);
    }

    #[test]
    fn any_number_of_bands_is_summed_alike() {
        for stride in 1..9 {
            let bytes: Vec<u8> = (0..72 * stride as u32).map(|i| (i * 37 % 251) as u8).collect();
            let mut fast = vec![0u8; bytes.len()];
            u8::undo_differences(ByteOrder::Little, stride, &bytes, &mut fast);
            let mut slow = bytes.clone();
            for at in stride..slow.len() {
                slow[at] = slow[at].wrapping_add(slow[at - stride]);
            }
            assert_eq!(fast, slow);
        }
    }

    #[test]
    fn packed_numbers_begin_with_their_highest_bit() {
        assert!(packed(&[0xab, 0xcd, 0xef], 12).eq([0xabc, 0xdef]));
        assert!(packed(&[0b1010_0000], 1).eq([1, 0, 1, 0, 0, 0, 0, 0]));
        assert!(packed(&[0xff, 0xfe, 0, 0], 15).eq([0x7fff, 0]));
    }

    #[test]
    fn planes_of_bytes_join_to_floats() {
        let mut out = [0f32; 2];
        // 1.0 is 3f800000, -2.0 is c0000000.
        f32::join_planes(&[0x3f, 0xc0, 0x80, 0, 0, 0, 0, 0], &mut out);
        assert_eq!(out.map(f32::to_bits), [0x3f80_0000, 0xc000_0000]);
    }
}
