//! One-dimensional numpy arrays (`.npy` format 1.0 to 3.0, little-endian).
use crate::ArrayType;

/// Why a file is no array that can be used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The first bytes are others.
    #[error("not a .npy file")]
    Magic,
    /// The header is not the dictionary that numpy writes.
    #[error("its header is malformed: {0}")]
    Header(String),
    /// A type of numbers that peaks do not have.
    #[error("its numbers are {0:?}; use <f8, <f4, <i8, <i4, <u8 or <u4")]
    Type(String),
    /// A matrix.
    #[error("its shape is {0}; a column has one dimension")]
    Shape(String),
    /// The file is shorter or longer than its shape.
    #[error("its shape needs {expected} bytes behind the header, it has {found}")]
    Size {
        /// Bytes by the shape.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
    /// The columns are not of one length.
    #[error("it has {found} numbers, the m/z column has {expected}")]
    Rows {
        /// Of the m/z.
        expected: u64,
        /// Of this one.
        found: u64,
    },
    /// A pixel number that is none.
    #[error("row {row}: pixel {value} is not a number of 32 bits")]
    Pixel {
        /// 0-based.
        row: u64,
        /// What stands there.
        value: String,
    },
}

/// What the header of an array says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Number,
    pub(crate) rows: u64,
    /// First byte of the numbers.
    pub(crate) offset: u64,
}

/// Types of numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Signed(ArrayType),
    U32,
    U64,
}

impl Number {
    pub(crate) fn width(self) -> u64 {
        match self {
            Self::Signed(kind) => kind.width(),
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

/// The header of a column of `rows` numbers of type `descr`, padded as numpy does.
pub(crate) fn header(descr: &str, rows: u64) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},), }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Bytes that hold any header numpy writes for a column.
pub(crate) const HEAD: u64 = 4 << 10;

impl Header {
    /// Reads the header from the first [`HEAD`] bytes of a file of `size` bytes.
    pub(crate) fn parse(head: &[u8], size: u64) -> Result<Self, NpyError> {
        let rest = head.strip_prefix(b"\x93NUMPY").ok_or(NpyError::Magic)?;
        let (length, skip) = match *rest {
            [1, _, a, b, ..] => (u64::from(u16::from_le_bytes([a, b])), 10),
            [2 | 3, _, a, b, c, d, ..] => (u64::from(u32::from_le_bytes([a, b, c, d])), 12),
            _ => return Err(NpyError::Magic),
        };
        let text = head.get(skip..skip + length as usize);
        let text = text.and_then(|text| std::str::from_utf8(text).ok());
        let text = text.ok_or_else(|| NpyError::Header("it is cut short, or no text".into()))?;
        let descr = field(text, "descr")?;
        let descr = descr.trim_matches(['\'', '"']);
        let kind = match descr {
            "<f8" => Number::Signed(ArrayType::F64),
            "<f4" => Number::Signed(ArrayType::F32),
            "<i8" => Number::Signed(ArrayType::I64),
            "<i4" => Number::Signed(ArrayType::I32),
            "<u4" => Number::U32,
            "<u8" => Number::U64,
            other => return Err(NpyError::Type(other.to_owned())),
        };
        let shape = field(text, "shape")?;
        let inner = shape.trim_start_matches('(').trim_end_matches(')');
        let mut sides = inner.split(',').map(str::trim).filter(|side| !side.is_empty());
        let (Some(rows), None) = (sides.next(), sides.next()) else {
            return Err(NpyError::Shape(shape.to_owned()));
        };
        let rows: u64 = rows.parse().map_err(|_| NpyError::Shape(shape.to_owned()))?;
        let offset = skip as u64 + length;
        let found = size.saturating_sub(offset);
        match rows.checked_mul(kind.width()) {
            Some(expected) if expected == found => Ok(Self { kind, rows, offset }),
            expected => Err(NpyError::Size {
                expected: expected.unwrap_or(u64::MAX),
                found,
            }),
        }
    }
}

/// The value of `key` in the text of a Python dictionary of a text, a truth value and a tuple.
fn field<'a>(text: &'a str, key: &str) -> Result<&'a str, NpyError> {
    let missing = || NpyError::Header(format!("no {key:?} in {text:?}"));
    let at = [format!("'{key}'"), format!("\"{key}\"")]
        .iter()
        .find_map(|quoted| Some(text.find(quoted)? + quoted.len()));
    let rest = text[at.ok_or_else(missing)?..]
        .trim_start()
        .strip_prefix(':')
        .ok_or_else(missing)?
        .trim_start();
    let end = if rest.starts_with('(') {
        rest.find(')').map(|end| end + 1)
    } else {
        rest.find([',', '}'])
    };
    Ok(rest[..end.ok_or_else(missing)?].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_header_is_numpys_and_is_read_back() {
        let bytes = header("<f8", 50_000_000);
        assert_eq!(bytes.len() % 64, 0);
        assert!(bytes.ends_with(b" \n"));
        let read = Header::parse(&bytes, bytes.len() as u64 + 400_000_000).unwrap();
        assert_eq!(
            read,
            Header {
                kind: Number::Signed(ArrayType::F64),
                rows: 50_000_000,
                offset: bytes.len() as u64
            }
        );
    }

    #[test]
    fn other_arrays_are_refused_by_name() {
        let parse = |descr: &str, shape: &str| {
            let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
            let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
            bytes.extend((text.len() as u16).to_le_bytes());
            bytes.extend(text.bytes());
            Header::parse(&bytes, bytes.len() as u64 + 8)
        };
        assert!(parse("<f4", "(2,)").is_ok());
        assert_eq!(parse(">f4", "(2,)"), Err(NpyError::Type(">f4".into())));
        assert_eq!(parse("<f4", "(1, 2)"), Err(NpyError::Shape("(1, 2)".into())));
        assert_eq!(parse("<f4", "(3,)"), Err(NpyError::Size { expected: 12, found: 8 }));
        assert_eq!(
            parse("<f8", "(18446744073709551615,)"),
            Err(NpyError::Size {
                expected: u64::MAX,
                found: 8
            })
        );
        assert_eq!(Header::parse(b"PK\x03\x04", 9), Err(NpyError::Magic));
        assert_eq!(
            Header::parse(b"\x93NUMPY\x01\x00\xff\xff", 9),
            Err(NpyError::Header("it is cut short, or no text".into()))
        );
    }
}
