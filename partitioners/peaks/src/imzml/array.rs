//! Where the arrays of spectra lie in the `.ibd`, and what their bytes mean.
use std::{io::Read, ops::Range};

use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};

/// The type of the numbers of an array, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArrayType {
    /// 8-bit signed integer.
    I8,
    /// 16-bit signed integer.
    I16,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

impl ArrayType {
    pub(crate) const ALL: [Self; 6] = [Self::I8, Self::I16, Self::I32, Self::I64, Self::F32, Self::F64];

    /// Bytes of one number.
    pub fn width(self) -> u64 {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// As the vocabulary says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::I8 => "8-bit integer",
            Self::I16 => "16-bit integer",
            Self::I32 => "32-bit integer",
            Self::I64 => "64-bit integer",
            Self::F32 => "32-bit float",
            Self::F64 => "64-bit float",
        }
    }

    /// Calls `each` with every number of `bytes`. Integers of 64 bits above 2^53 lose their last digits.
    pub(crate) fn for_each(self, bytes: &[u8], mut each: impl FnMut(f64)) {
        fn numbers<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
            bytes.as_chunks::<N>().0.iter().copied()
        }
        match self {
            Self::I8 => numbers(bytes).for_each(|n| each(f64::from(i8::from_le_bytes(n)))),
            Self::I16 => numbers(bytes).for_each(|n| each(f64::from(i16::from_le_bytes(n)))),
            Self::I32 => numbers(bytes).for_each(|n| each(f64::from(i32::from_le_bytes(n)))),
            Self::I64 => numbers(bytes).for_each(|n| each(i64::from_le_bytes(n) as f64)),
            Self::F32 => numbers(bytes).for_each(|n| each(f64::from(f32::from_le_bytes(n)))),
            Self::F64 => numbers(bytes).for_each(|n| each(f64::from_le_bytes(n))),
        }
    }
}

/// One array of one spectrum in the `.ibd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// First byte.
    pub offset: u64,
    /// Bytes as they are stored, compressed or not.
    pub stored: u64,
    /// Numbers in it.
    pub length: u32,
    /// Their type.
    pub kind: ArrayType,
    /// Whether the bytes are a zlib stream.
    pub zlib: bool,
}

/// Why the stored bytes of an array are not the array.
#[derive(Debug, thiserror::Error)]
pub enum ArrayError {
    /// The zlib stream is broken.
    #[error("broken zlib stream")]
    Zlib(#[source] std::io::Error),
    /// The zlib stream holds more or fewer bytes.
    #[error("its zlib stream holds {}{found} bytes, not the {expected} of its length", if *more { "more than " } else { "" })]
    Length {
        /// Bytes that the length says.
        expected: u64,
        /// Bytes that came out.
        found: u64,
        /// Whether there are more.
        more: bool,
    },
}

impl Array {
    /// The stored bytes, 0-based half-open.
    pub fn bytes(&self) -> Range<u64> {
        self.offset..self.offset + self.stored
    }

    /// The numbers as little-endian bytes: `stored` itself, or what it inflates to, in `room`.
    ///
    /// # Errors
    /// A zlib stream that is broken or of another length. No more is inflated than the stream really holds.
    pub fn decode<'a>(&self, stored: &'a [u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], ArrayError> {
        if !self.zlib {
            return Ok(stored);
        }
        room.clear();
        let expected = u64::from(self.length) * self.kind.width();
        let mut inflate = ZlibDecoder::new(stored).take(expected + 1);
        inflate.read_to_end(room).map_err(ArrayError::Zlib)?;
        let found = room.len() as u64;
        if found == expected {
            return Ok(room);
        }
        let more = found > expected;
        Err(ArrayError::Length {
            expected,
            found: found.min(expected),
            more,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(kind: ArrayType, bytes: &[u8]) -> Vec<f64> {
        let mut numbers = Vec::new();
        kind.for_each(bytes, |number| numbers.push(number));
        numbers
    }

    #[test]
    fn each_type_is_read_little_endian() {
        assert_eq!(all(ArrayType::I8, &[1, 255]), [1.0, -1.0]);
        assert_eq!(all(ArrayType::I16, &[0, 1, 255, 255]), [256.0, -1.0]);
        assert_eq!(all(ArrayType::I32, &(-7i32).to_le_bytes()), [-7.0]);
        assert_eq!(all(ArrayType::I64, &(1i64 << 40).to_le_bytes()), [2f64.powi(40)]);
        assert_eq!(all(ArrayType::F32, &1.5f32.to_le_bytes()), [1.5]);
        assert_eq!(all(ArrayType::F64, &0.1f64.to_le_bytes()), [0.1]);
    }

    #[test]
    fn a_zlib_stream_of_another_length_is_refused() {
        let zlib = |bytes: &[u8]| {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut out, bytes).unwrap();
            out.finish().unwrap()
        };
        let array = |stored: u64| Array {
            offset: 0,
            stored,
            length: 2,
            kind: ArrayType::F32,
            zlib: true,
        };
        let good = zlib(&[1; 8]);
        assert_eq!(array(good.len() as u64).decode(&good, &mut Vec::new()).unwrap(), [1; 8]);
        for (bytes, text) in [(7, "holds 7 bytes, not the 8"), (9, "holds more than 8 bytes")] {
            let stream = zlib(&vec![1; bytes]);
            let error = array(stream.len() as u64).decode(&stream, &mut Vec::new()).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
        assert!(matches!(
            array(3).decode(&good[..3], &mut Vec::new()),
            Err(ArrayError::Zlib(_))
        ));
    }
}
