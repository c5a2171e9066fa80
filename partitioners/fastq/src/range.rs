use std::ops::Range;

use bytes::Bytes;
use partition_gzip::{Checkpoint, Start, Window};
use plan::Object;
use serde::{Deserialize, Serialize};

use crate::{ReadStart, index::Storage};

/// The scope of a part of a FASTQ object: which reads, and where and how decoding starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRange {
    /// The reads, 0-based half-open.
    pub reads: Range<u64>,
    /// How the object is stored.
    pub storage: Storage,
    /// Where decoding starts.
    pub checkpoint: Place,
    /// The first whole read from there; the reads from it to `reads.start` are passed over.
    pub first: ReadStart,
    /// Stored byte by which the last read has ended for certain. The bytes planned end before it, where the read should
    /// end if reads between two checkpoints are alike; a worker that finds it does not fetches on, at most to here.
    pub limit: u64,
    /// Whether these are the last reads of the text; whatever follows them belongs to them.
    pub last: bool,
}

/// A place where decoding can start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// In the stored object, in bits.
    pub bit: u64,
    /// In the text, in bytes.
    pub text: u64,
    /// The text before it, where a decoder needs that.
    pub window: WindowPlace,
}

/// Where a worker gets the window of its checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowPlace {
    /// It needs none.
    None,
    /// In the index object: one ranged read.
    Stored {
        /// The index.
        index: Object,
        /// The window's bytes in it.
        bytes: Range<u64>,
    },
    /// Here, as a zlib stream in hexadecimal digits.
    Inline(#[serde(with = "hex")] Bytes),
}

impl Place {
    /// What the gzip decoder starts from.
    pub(crate) fn checkpoint(&self, window: Option<Bytes>) -> Checkpoint {
        Checkpoint {
            bit: self.bit,
            text: self.text,
            start: window.map_or(Start::Member, |window| Start::Block(Window::from_bytes(window))),
        }
    }
}

mod hex {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        let digits = b"0123456789abcdef";
        let digit = |half: u8| char::from(digits[half as usize]);
        let text: String = bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect();
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        let half = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let byte = |&[high, low]: &[u8; 2]| Some(half(high)? << 4 | half(low)?);
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        match bytes {
            Some(bytes) if rest.is_empty() => Ok(bytes.into()),
            _ => Err(D::Error::custom("a window is an even number of hexadecimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_window_is_plain_data() {
        let place = WindowPlace::Inline(Bytes::from_static(&[0x78, 0x9c, 0, 255]));
        let json = serde_json::to_string(&place).unwrap();
        assert_eq!(json, r#"{"inline":"789c00ff"}"#);
        assert_eq!(serde_json::from_str::<WindowPlace>(&json).unwrap(), place);
        assert!(serde_json::from_str::<WindowPlace>(r#"{"inline":"7"}"#).is_err());
    }
}
