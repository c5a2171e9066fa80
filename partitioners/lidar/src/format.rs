//! Point data record formats 0 to 10 of LAS, as far as cutting needs them.
use serde::{Deserialize, Serialize};

/// A point data record format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PointFormat(u8);

/// Bytes of a record of each format without extra bytes (LAS 1.4 R15, tables 6 to 19).
const SIZES: [u16; 11] = [20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67];

impl PointFormat {
    /// Format `number`, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        (usize::from(number) < SIZES.len()).then_some(Self(number))
    }

    /// 0 to 10.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Bytes of a record without extra bytes.
    pub fn size(self) -> u16 {
        SIZES[usize::from(self.0)]
    }

    /// Formats 6 to 10: LAS 1.4, 15 returns, LAZ in layers.
    pub fn is_extended(self) -> bool {
        self.0 >= 6
    }

    /// Formats 4, 5, 9 and 10: records point at wave packets elsewhere in the file or in another.
    pub fn has_waveform(self) -> bool {
        matches!(self.0, 4 | 5 | 9 | 10)
    }

    /// The bit of byte 15 that says withheld.
    pub fn withheld(self) -> u8 {
        if self.is_extended() { 0x04 } else { 0x80 }
    }

    /// Return number of a record: 0 to 7, or 0 to 15 of formats 6 to 10.
    pub fn return_number(self, record: &[u8]) -> usize {
        let mask = if self.is_extended() { 0x0f } else { 0x07 };
        usize::from(record[14] & mask)
    }

    /// Classification of a record: 0 to 31, or 0 to 255 of formats 6 to 10.
    pub fn class(self, record: &[u8]) -> u8 {
        if self.is_extended() {
            record[16]
        } else {
            record[15] & 0x1f
        }
    }

    /// Whether a record is withheld.
    pub fn is_withheld(self, record: &[u8]) -> bool {
        record[FLAGS] & self.withheld() != 0
    }
}

/// The byte of a record that holds the withheld flag; its first 12 bytes are X, Y, Z.
pub(crate) const FLAGS: usize = 15;

/// Raw X, Y and Z of a record.
pub(crate) fn xyz(record: &[u8]) -> [i32; 3] {
    let (coordinates, _) = record.as_chunks::<4>();
    [0, 1, 2].map(|axis| i32::from_le_bytes(coordinates[axis]))
}

/// Raw X and Y of a record.
pub(crate) fn xy(record: &[u8]) -> [i32; 2] {
    let (coordinates, _) = record.as_chunks::<4>();
    [0, 1].map(|axis| i32::from_le_bytes(coordinates[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_returns_lie_where_the_standard_says() {
        let mut record = [0u8; 30];
        record[14] = 0b0010_0011;
        record[15] = 0b1000_0010;
        record[16] = 17;
        let legacy = PointFormat::new(1).unwrap();
        assert_eq!((legacy.return_number(&record), legacy.class(&record)), (3, 2));
        assert!(legacy.is_withheld(&record));
        let extended = PointFormat::new(6).unwrap();
        assert_eq!((extended.return_number(&record), extended.class(&record)), (3, 17));
        assert!(!extended.is_withheld(&record));
        record[15] = 0b0000_0100;
        assert!(extended.is_withheld(&record) && !legacy.is_withheld(&record));
        assert!(PointFormat::new(11).is_none());
    }
}
