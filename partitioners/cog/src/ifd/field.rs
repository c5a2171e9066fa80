//! One entry of an image file directory: its type and its values.
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByteOrder {
    /// `II`: the least significant byte.
    Little,
    /// `MM`: the most significant byte.
    Big,
}

impl ByteOrder {
    /// The unsigned number in at most eight bytes.
    pub(crate) fn unsigned(self, bytes: &[u8]) -> u64 {
        let push = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        match self {
            Self::Big => bytes.iter().fold(0, push),
            Self::Little => bytes.iter().rev().fold(0, push),
        }
    }
}

/// Type of the values of a field, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kind(pub(crate) u16);

impl Kind {
    pub(crate) const BYTE: Self = Self(1);
    pub(crate) const ASCII: Self = Self(2);
    pub(crate) const SHORT: Self = Self(3);
    pub(crate) const LONG: Self = Self(4);
    pub(crate) const UNDEFINED: Self = Self(7);
    pub(crate) const FLOAT: Self = Self(11);
    pub(crate) const DOUBLE: Self = Self(12);
    pub(crate) const IFD: Self = Self(13);
    pub(crate) const LONG8: Self = Self(16);
    pub(crate) const IFD8: Self = Self(18);

    /// Bytes of one value; `None` for a type that the format does not have.
    pub(crate) fn size(self) -> Option<u64> {
        match self.0 {
            1 | 2 | 6 | 7 => Some(1),
            3 | 8 => Some(2),
            4 | 9 | 11 | 13 => Some(4),
            5 | 10 | 12 | 16..=18 => Some(8),
            _ => None,
        }
    }

    pub(crate) fn is_unsigned(self) -> bool {
        [Self::BYTE, Self::SHORT, Self::LONG, Self::IFD, Self::LONG8, Self::IFD8].contains(&self)
    }
}

/// A field whose values are inside the object; those of a table stay there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) kind: Kind,
    pub(crate) count: u64,
    pub(crate) value: Value,
}

/// Where the values are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Here.
    Bytes(Bytes),
    /// From this byte of the object on.
    At(u64),
}

impl Field {
    fn bytes(&self) -> &[u8] {
        match &self.value {
            Value::Bytes(bytes) => bytes,
            Value::At(_) => &[],
        }
    }

    /// The values as unsigned integers; `None` if they are of another type.
    pub(crate) fn unsigned(&self, order: ByteOrder) -> Option<Vec<u64>> {
        let size = self.kind.size().filter(|_| self.kind.is_unsigned())? as usize;
        let values = self.bytes().chunks_exact(size);
        Some(values.map(|bytes| order.unsigned(bytes)).collect())
    }

    /// The values as floating-point numbers; `None` if they are of another type.
    pub(crate) fn floats(&self, order: ByteOrder) -> Option<Vec<f64>> {
        let bytes = self.bytes();
        let float = |bytes: &[u8]| f64::from(f32::from_bits(order.unsigned(bytes) as u32));
        match self.kind {
            Kind::DOUBLE => {
                let values = bytes.chunks_exact(8);
                Some(values.map(|bytes| f64::from_bits(order.unsigned(bytes))).collect())
            }
            Kind::FLOAT => Some(bytes.chunks_exact(4).map(float).collect()),
            _ => None,
        }
    }

    /// The text before the first NUL; `None` if this is no text.
    pub(crate) fn text(&self) -> Option<String> {
        let text = self.bytes().split(|&byte| byte == 0).next().unwrap_or_default();
        let is_text = [Kind::ASCII, Kind::BYTE, Kind::UNDEFINED].contains(&self.kind);
        is_text.then(|| String::from_utf8_lossy(text).into_owned())
    }

    /// The bytes as they are; `None` if the values are not single bytes.
    pub(crate) fn raw(&self) -> Option<Vec<u8>> {
        (self.kind.size() == Some(1)).then(|| self.bytes().to_vec())
    }
}
