//! Encodes image file directories: the part of writing a TIFF that is the same for every file.
//!
//! Always little-endian. A directory and the values that do not fit into its entries are one run of bytes, so that a file
//! can be put together from runs whose lengths are known beforehand.
//!
//! ```
//! use partition_cog::{Tag, ifd::write::{Directory, Format, Values}};
//! let mut directory = Directory::default();
//! directory.set(Tag::IMAGE_WIDTH, Values::Long(vec![64]));
//! directory.set(Tag::GDAL_NODATA, Values::Ascii("-9999".into()));
//! let mut file = Format::Classic.header(8);
//! file.extend(directory.encode(Format::Classic, 8, 0));
//! assert_eq!(file.len() as u64, 8 + directory.encoded_len(Format::Classic));
//! ```
use std::collections::BTreeMap;

use super::{Kind, Tag};

/// Which of the two TIFF formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Offsets of 32 bits: at most 4 GiB.
    Classic,
    /// Offsets of 64 bits.
    Big,
}

/// The values of a field.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is named as its TIFF type")]
pub enum Values {
    Byte(Vec<u8>),
    Undefined(Vec<u8>),
    /// The NUL at the end is added.
    Ascii(String),
    Short(Vec<u16>),
    Long(Vec<u32>),
    /// BigTIFF only.
    Long8(Vec<u64>),
    Double(Vec<f64>),
}

impl Values {
    fn kind(&self) -> Kind {
        match self {
            Self::Byte(_) => Kind::BYTE,
            Self::Undefined(_) => Kind::UNDEFINED,
            Self::Ascii(_) => Kind::ASCII,
            Self::Short(_) => Kind::SHORT,
            Self::Long(_) => Kind::LONG,
            Self::Long8(_) => Kind::LONG8,
            Self::Double(_) => Kind::DOUBLE,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Byte(values) | Self::Undefined(values) => values.clone(),
            Self::Ascii(text) => text.bytes().chain([0]).collect(),
            Self::Short(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Long(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Long8(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Double(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    fn byte_len(&self) -> usize {
        match self {
            Self::Byte(values) | Self::Undefined(values) => values.len(),
            Self::Ascii(text) => text.len() + 1,
            Self::Short(values) => values.len() * 2,
            Self::Long(values) => values.len() * 4,
            Self::Long8(values) => values.len() * 8,
            Self::Double(values) => values.len() * 8,
        }
    }

    /// As many values as `len` says, of offsets or byte counts, as the format has them.
    pub fn offsets(format: Format, offsets: &[u64]) -> Self {
        match format {
            Format::Classic => Self::Long(offsets.iter().map(|&offset| offset as u32).collect()),
            Format::Big => Self::Long8(offsets.to_vec()),
        }
    }
}

impl Format {
    /// The header of a file whose first directory is at `first`.
    pub fn header(self, first: u64) -> Vec<u8> {
        match self {
            Self::Classic => [&b"II*\0"[..], &(first as u32).to_le_bytes()].concat(),
            Self::Big => [&b"II+\0\x08\0\0\0"[..], &first.to_le_bytes()].concat(),
        }
    }

    /// Bytes of the header.
    pub fn header_len(self) -> u64 {
        match self {
            Self::Classic => 8,
            Self::Big => 16,
        }
    }

    /// Bytes of an offset, which are those that an entry has for its values.
    fn word(self) -> usize {
        match self {
            Self::Classic => 4,
            Self::Big => 8,
        }
    }

    fn push(self, out: &mut Vec<u8>, number: u64) {
        match self {
            Self::Classic => out.extend_from_slice(&(number as u32).to_le_bytes()),
            Self::Big => out.extend_from_slice(&number.to_le_bytes()),
        }
    }
}

/// A directory being made; its entries are kept in order of tag, as the format wants them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory(BTreeMap<Tag, Values>);

impl Directory {
    /// Sets a field.
    pub fn set(&mut self, tag: Tag, values: Values) {
        self.0.insert(tag, values);
    }

    /// Bytes of the directory and of its values.
    pub fn encoded_len(&self, format: Format) -> u64 {
        let outside = self.0.values().map(Values::byte_len).filter(|&len| len > format.word());
        let outside: usize = outside.map(|len| len.next_multiple_of(2)).sum();
        self.entries_len(format) + outside as u64
    }

    fn entries_len(&self, format: Format) -> u64 {
        let (count, entry) = match format {
            Format::Classic => (2, 12),
            Format::Big => (8, 20),
        };
        (count + entry * self.0.len() + format.word()) as u64
    }

    /// The directory as it stands at byte `at` (even) of the file, with `next` the offset of the next one or 0.
    pub fn encode(&self, format: Format, at: u64, next: u64) -> Vec<u8> {
        let mut entries = Vec::with_capacity(self.entries_len(format) as usize);
        let mut outside = Vec::new();
        let outside_at = at + self.entries_len(format);
        match format {
            Format::Classic => entries.extend_from_slice(&(self.0.len() as u16).to_le_bytes()),
            Format::Big => entries.extend_from_slice(&(self.0.len() as u64).to_le_bytes()),
        }
        for (tag, values) in &self.0 {
            let kind = values.kind();
            let bytes = values.bytes();
            entries.extend_from_slice(&tag.0.to_le_bytes());
            entries.extend_from_slice(&kind.0.to_le_bytes());
            let count = bytes.len() as u64 / kind.size().unwrap_or(1);
            format.push(&mut entries, count);
            if bytes.len() <= format.word() {
                entries.extend_from_slice(&bytes);
                entries.resize(entries.len() + format.word() - bytes.len(), 0);
            } else {
                format.push(&mut entries, outside_at + outside.len() as u64);
                outside.extend_from_slice(&bytes);
                outside.resize(outside.len().next_multiple_of(2), 0);
            }
        }
        format.push(&mut entries, next);
        entries.extend_from_slice(&outside);
        entries
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ifd::{ByteOrder, Step, Walk};

    #[test]
    fn what_is_written_is_read_back() {
        for format in [Format::Classic, Format::Big] {
            let mut directory = Directory::default();
            directory.set(Tag::STRIP_BYTE_COUNTS, Values::Short(vec![7]));
            directory.set(Tag::IMAGE_WIDTH, Values::Long(vec![70_000]));
            directory.set(Tag::MODEL_PIXEL_SCALE, Values::Double(vec![0.5, -1.0, 0.0]));
            directory.set(Tag::GDAL_NODATA, Values::Ascii("nan".into()));
            directory.set(Tag::EXTRA_SAMPLES, Values::Short(vec![2, 0, 0]));
            let at = format.header_len();
            let mut file = format.header(at);
            file.extend(directory.encode(format, at, 0));
            assert_eq!(file.len() as u64, at + directory.encoded_len(format));
            let head = Bytes::from(file);
            let mut walk = Walk::new(head.len() as u64, &head).unwrap();
            assert!(matches!(walk.step(), Ok(Step::Done)));
            let ifd = &walk.into_ifds()[0];
            let order = ByteOrder::Little;
            assert_eq!(ifd.fields[&Tag::IMAGE_WIDTH].unsigned(order).unwrap(), [70_000]);
            assert_eq!(ifd.fields[&Tag::EXTRA_SAMPLES].unsigned(order).unwrap(), [2, 0, 0]);
            assert_eq!(
                ifd.fields[&Tag::MODEL_PIXEL_SCALE].floats(order).unwrap(),
                [0.5, -1.0, 0.0]
            );
            assert_eq!(ifd.fields[&Tag::GDAL_NODATA].text().unwrap(), "nan");
        }
    }
}
