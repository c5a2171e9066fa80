//! Variable length records, plain (before the points) and extended (after them).
use bytes::Bytes;

use crate::{FormatError, FormatErrorKind, header::text};

/// A variable length record with its header, as its bytes were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlr {
    bytes: Bytes,
    header: usize,
}

/// Bytes before the payload of a plain and of an extended record.
pub(crate) const PLAIN: usize = 54;
pub(crate) const EXTENDED: usize = 60;

impl Vlr {
    /// Makes a plain record. The payload is at most 65 535 bytes.
    pub(crate) fn new(user: &str, record: u16, description: &str, payload: &[u8]) -> Self {
        let mut bytes = vec![0; PLAIN];
        bytes[2..2 + user.len()].copy_from_slice(user.as_bytes());
        bytes[18..20].copy_from_slice(&record.to_le_bytes());
        bytes[20..22].copy_from_slice(&(payload.len() as u16).to_le_bytes());
        bytes[22..22 + description.len()].copy_from_slice(description.as_bytes());
        bytes.extend_from_slice(payload);
        Self {
            bytes: bytes.into(),
            header: PLAIN,
        }
    }

    /// Who defined it.
    pub fn user(&self) -> String {
        text(&self.bytes[2..18])
    }

    /// Which of that user's records it is.
    pub fn record(&self) -> u16 {
        u16::from_le_bytes([self.bytes[18], self.bytes[19]])
    }

    /// What it holds.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.header..]
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is this record.
    pub(crate) fn is(&self, user: &str, record: u16) -> bool {
        self.record() == record && self.user() == user
    }

    /// How points of the *source* are compressed or found, or how it was cut: not true of a tile.
    pub(crate) fn is_stale(&self) -> bool {
        let user = self.user();
        match user.as_str() {
            "laszip encoded" | crate::tile_record::USER => true,
            "copc" => matches!(self.record(), 1 | 1000),
            // The spatial index of lasindex, appended to the file it indexes.
            "LAStools" => self.record() == 30,
            _ => false,
        }
    }
}

/// Splits the bytes from the end of the header to the first point into at most `count` records and what is left.
///
/// A count that is too high is not believed: records end where the points begin.
///
/// # Errors
/// A record whose payload reaches into the points. `start` is where `bytes` lie in the file.
pub(crate) fn split_plain(bytes: &Bytes, count: u32, start: u64) -> Result<(Vec<Vlr>, Bytes), FormatError> {
    let mut vlrs = Vec::new();
    let mut at = 0;
    while (vlrs.len() as u64) < u64::from(count) && bytes.len() - at >= PLAIN {
        let length = usize::from(u16::from_le_bytes([bytes[at + 20], bytes[at + 21]]));
        let end = at + PLAIN + length;
        if end > bytes.len() {
            return Err(FormatError {
                offset: start + at as u64,
                kind: FormatErrorKind::Vlr {
                    number: vlrs.len() as u64,
                    length: length as u64,
                    limit: start + bytes.len() as u64,
                },
            });
        }
        vlrs.push(Vlr {
            bytes: bytes.slice(at..end),
            header: PLAIN,
        });
        at = end;
    }
    Ok((vlrs, bytes.slice(at..)))
}

/// Splits the bytes after the points into `count` extended records.
///
/// # Errors
/// A record that the file does not hold to its end.
pub(crate) fn split_extended(bytes: &Bytes, count: u32, start: u64) -> Result<Vec<Vlr>, FormatError> {
    let mut vlrs = Vec::new();
    let mut at = 0;
    for number in 0..u64::from(count) {
        let cut = |length| FormatError {
            offset: start + at as u64,
            kind: FormatErrorKind::Vlr {
                number,
                length,
                limit: start + bytes.len() as u64,
            },
        };
        let header = bytes.get(at..at + EXTENDED).ok_or_else(|| cut(0))?;
        let mut length = [0; 8];
        length.copy_from_slice(&header[20..28]);
        let length = u64::from_le_bytes(length);
        let rest = (bytes.len() - at - EXTENDED) as u64;
        if length > rest {
            return Err(cut(length));
        }
        let end = at + EXTENDED + length as usize;
        vlrs.push(Vlr {
            bytes: bytes.slice(at..end),
            header: EXTENDED,
        });
        at = end;
    }
    Ok(vlrs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Bytes {
        let first = Vlr::new("LASF_Projection", 2112, "wkt", b"GEOGCS");
        let second = Vlr::new("copc", 1, "", &[0; 160]);
        [first.bytes(), second.bytes(), &[0xdd, 0xcc]].concat().into()
    }

    #[test]
    fn records_are_found_with_what_follows_them() {
        let (vlrs, rest) = split_plain(&pair(), 2, 227).unwrap();
        assert_eq!((vlrs[0].user().as_str(), vlrs[0].record()), ("LASF_Projection", 2112));
        assert_eq!(vlrs[0].payload(), b"GEOGCS");
        assert!(vlrs[1].is_stale() && !vlrs[0].is_stale());
        assert_eq!(&rest[..], [0xdd, 0xcc]);
    }

    #[test]
    fn a_count_too_high_is_not_believed_and_a_cut_record_is_refused() {
        assert_eq!(split_plain(&pair(), u32::MAX, 227).unwrap().0.len(), 2);
        let cut = pair().slice(..60 + 54 + 100);
        let error = split_plain(&cut, 2, 227).unwrap_err();
        assert_eq!(error.offset, 227 + 60);
        let mut huge = vec![0; 60];
        huge[20..28].fill(0xff);
        assert!(split_extended(&huge.into(), 1, 500).is_err());
    }
}
