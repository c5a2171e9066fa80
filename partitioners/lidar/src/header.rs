//! The header of a LAS file: read field by field, kept byte by byte, patched where a tile differs from its source.
use std::ops::Range;

use crate::{FormatError, FormatErrorKind, PointFormat, stats::TileStats};

/// Bytes of the longest header we know (LAS 1.4) and of the shortest (1.0 to 1.2).
pub(crate) const LONGEST: u64 = 375;
const SHORTEST: usize = 227;

/// The header of a LAS or LAZ file.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Its bytes, including what a writer put after the fields of the standard.
    bytes: Vec<u8>,
    /// The point format.
    pub format: PointFormat,
    /// Whether points are LAZ.
    pub compressed: bool,
    /// Bytes of a point record, extra bytes included.
    pub record_length: u16,
    /// Points.
    pub points: u64,
    /// Size of a unit of X, Y and Z.
    pub scale: [f64; 3],
    /// What is added to X, Y and Z.
    pub offset: [f64; 3],
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(number(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(number(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(number(bytes, at))
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_le_bytes(number(bytes, at))
}

/// Bytes of the header, as its own field says, once enough is known to read on.
///
/// # Errors
/// Not a LAS file, or of a version that is none of 1.0 to 1.4.
pub(crate) fn header_size(start: &[u8]) -> Result<u16, FormatError> {
    let fail = |offset, kind| Err(FormatError { offset, kind });
    if !start.starts_with(b"LASF") {
        return fail(0, FormatErrorKind::NotLas);
    }
    if start.len() < SHORTEST {
        return fail(start.len() as u64, FormatErrorKind::HeaderCut);
    }
    let (major, minor) = (start[24], start[25]);
    let least = match (major, minor) {
        (1, 0..=2) => SHORTEST,
        (1, 3) => 235,
        (1, 4) => LONGEST as usize,
        _ => return fail(24, FormatErrorKind::Version { major, minor }),
    };
    let size = u16_at(start, 94);
    if usize::from(size) < least {
        return fail(
            94,
            FormatErrorKind::HeaderSize {
                size,
                least: least as u16,
            },
        );
    }
    Ok(size)
}

impl Header {
    /// Reads the whole header.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, FormatError> {
        let fail = |offset, kind| FormatError { offset, kind };
        let size = header_size(&bytes)?;
        if bytes.len() < usize::from(size) {
            return Err(fail(bytes.len() as u64, FormatErrorKind::HeaderCut));
        }
        let kind = bytes[104];
        let format = PointFormat::new(kind & 0x3f)
            .filter(|_| kind & 0x40 == 0)
            .ok_or_else(|| fail(104, FormatErrorKind::PointFormat(kind & 0x7f)))?;
        let record_length = u16_at(&bytes, 105);
        if record_length < format.size() {
            let (found, least) = (record_length, format.size());
            return Err(fail(105, FormatErrorKind::RecordLength { found, least }));
        }
        let legacy = u64::from(u32_at(&bytes, 107));
        let points = match bytes[25] {
            4 => Some(u64_at(&bytes, 247)).filter(|&points| points > 0).unwrap_or(legacy),
            _ => legacy,
        };
        let three = |at: usize| [0, 1, 2].map(|axis| f64_at(&bytes, at + 8 * axis));
        let (scale, offset) = (three(131), three(155));
        for axis in 0..3 {
            if !(scale[axis].is_finite() && scale[axis] > 0.0) {
                return Err(fail(131 + 8 * axis as u64, FormatErrorKind::Scale(scale[axis])));
            }
            if !offset[axis].is_finite() {
                return Err(fail(155 + 8 * axis as u64, FormatErrorKind::Offset(offset[axis])));
            }
        }
        Ok(Self {
            format,
            compressed: kind & 0x80 != 0,
            record_length,
            points,
            scale,
            offset,
            bytes,
        })
    }

    /// Major and minor version.
    pub fn version(&self) -> (u8, u8) {
        (self.bytes[24], self.bytes[25])
    }

    /// Bytes of the header.
    pub fn size(&self) -> u16 {
        self.bytes.len() as u16
    }

    /// Where points start, or with LAZ the offset of the chunk table.
    pub fn points_start(&self) -> u64 {
        u64::from(u32_at(&self.bytes, 96))
    }

    /// Variable length records, as the header says.
    pub fn vlr_count(&self) -> u32 {
        u32_at(&self.bytes, 100)
    }

    /// Where extended variable length records start and how many there are.
    pub fn evlrs(&self) -> (u64, u32) {
        match self.version() {
            (1, 4) => (u64_at(&self.bytes, 235), u32_at(&self.bytes, 243)),
            _ => (0, 0),
        }
    }

    /// Whether the coordinate system is in WKT rather than GeoTIFF keys.
    pub fn is_wkt(&self) -> bool {
        u16_at(&self.bytes, 6) & 0x10 != 0
    }

    /// Smallest and largest x, y and z that the header says.
    pub fn bounds(&self) -> [Range<f64>; 3] {
        [0, 1, 2].map(|axis| f64_at(&self.bytes, 187 + 16 * axis)..f64_at(&self.bytes, 179 + 16 * axis))
    }

    /// System identifier and generating software.
    pub fn software(&self) -> [String; 2] {
        [26..58, 58..90].map(|field| text(&self.bytes[field]))
    }

    /// Year and day of the year on which the file was made.
    pub fn created(&self) -> (u16, u16) {
        (u16_at(&self.bytes, 92), u16_at(&self.bytes, 90))
    }

    /// The coordinate of a raw one.
    pub fn coordinate(&self, axis: usize, raw: i32) -> f64 {
        f64::from(raw) * self.scale[axis] + self.offset[axis]
    }

    /// The bytes of this header for a file with other points, at another place.
    pub(crate) fn patched(&self, patch: &Patch) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        let points = patch.stats.points;
        put(96, &patch.points_start.to_le_bytes());
        put(100, &patch.vlr_count.to_le_bytes());
        put(104, &[self.format.number() | if patch.compressed { 0x80 } else { 0 }]);
        // Old fields stay zero where they cannot say it.
        let legacy = u32::try_from(points).ok().filter(|_| !self.format.is_extended());
        put(107, &legacy.unwrap_or(0).to_le_bytes());
        for (number, &count) in patch.stats.returns[1..6].iter().enumerate() {
            let count = if legacy.is_some() { count as u32 } else { 0 };
            put(111 + 4 * number, &count.to_le_bytes());
        }
        for axis in 0..3 {
            let ends = match patch.stats.raw_bounds[axis] {
                _ if points == 0 => [0.0, 0.0],
                [least, most] => [most, least].map(|raw| self.coordinate(axis, raw)),
            };
            put(179 + 16 * axis, &ends[0].to_le_bytes());
            put(187 + 16 * axis, &ends[1].to_le_bytes());
        }
        if self.version() >= (1, 3) {
            // Wave packets are never carried over, so nothing may be said to be where they were.
            put(227, &0u64.to_le_bytes());
        }
        if self.version() >= (1, 4) {
            let (start, count) = patch.evlrs;
            put(235, &start.to_le_bytes());
            put(243, &count.to_le_bytes());
            put(247, &points.to_le_bytes());
            for (number, count) in patch.stats.returns[1..].iter().enumerate() {
                put(255 + 8 * number, &count.to_le_bytes());
            }
        }
        bytes
    }
}

/// What differs between the headers of a tile and of its source.
pub(crate) struct Patch<'a> {
    pub(crate) stats: &'a TileStats,
    pub(crate) compressed: bool,
    pub(crate) points_start: u32,
    pub(crate) vlr_count: u32,
    /// Start (0 if there are none) and count.
    pub(crate) evlrs: (u64, u32),
}

/// A field of text, which ends at the first NUL.
pub(crate) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).trim_end().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A header of version 1.`minor` for `points` points of `format`.
    pub(crate) fn header(minor: u8, format: u8, extra: u16, points: u64) -> Vec<u8> {
        let size: u16 = [227, 227, 227, 235, 375][usize::from(minor)];
        let mut bytes = vec![0; usize::from(size)];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, b"LASF");
        put(24, &[1, minor]);
        put(94, &size.to_le_bytes());
        put(96, &u32::from(size).to_le_bytes());
        put(104, &[format]);
        put(105, &(PointFormat::new(format).unwrap().size() + extra).to_le_bytes());
        if minor == 4 {
            put(247, &points.to_le_bytes());
        }
        if format < 6 {
            put(107, &(points as u32).to_le_bytes());
        }
        for axis in 0..3 {
            put(131 + 8 * axis, &0.01f64.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn what_is_no_header_is_named() {
        let kind = |bytes: Vec<u8>| Header::parse(bytes).unwrap_err().kind;
        assert_eq!(kind(b"PDAL".to_vec()), FormatErrorKind::NotLas);
        assert_eq!(kind(header(2, 3, 0, 1)[..200].to_vec()), FormatErrorKind::HeaderCut);
        let mut later = header(4, 6, 0, 1);
        later[25] = 5;
        assert_eq!(kind(later), FormatErrorKind::Version { major: 1, minor: 5 });
        let mut format = header(2, 3, 0, 1);
        format[104] = 11;
        assert_eq!(kind(format), FormatErrorKind::PointFormat(11));
        let mut short = header(2, 3, 0, 1);
        short[105..107].copy_from_slice(&33u16.to_le_bytes());
        assert_eq!(kind(short), FormatErrorKind::RecordLength { found: 33, least: 34 });
        let mut flat = header(2, 3, 0, 1);
        flat[139..147].fill(0);
        assert_eq!(kind(flat), FormatErrorKind::Scale(0.0));
    }

    #[test]
    fn a_patch_changes_what_it_must_and_nothing_else() {
        let mut bytes = header(4, 6, 3, 1000);
        bytes[8..24].copy_from_slice(&[7; 16]);
        bytes[6] = 0x11;
        bytes.extend_from_slice(b"user bytes");
        let size = bytes.len() as u16;
        bytes[94..96].copy_from_slice(&size.to_le_bytes());
        let header = Header::parse(bytes.clone()).unwrap();
        let mut stats = TileStats::default();
        let mut record = [0; 33];
        record[0..4].copy_from_slice(&(-5i32).to_le_bytes());
        record[14] = 2;
        stats.add(header.format, &record);
        let patch = Patch {
            stats: &stats,
            compressed: true,
            points_start: 500,
            vlr_count: 2,
            evlrs: (900, 1),
        };
        let patched = header.patched(&patch);
        let again = Header::parse(patched.clone()).unwrap();
        assert_eq!((again.points, again.compressed, again.points_start()), (1, true, 500));
        assert_eq!((again.vlr_count(), again.evlrs()), (2, (900, 1)));
        assert_eq!(again.bounds()[0], -0.05..-0.05);
        let kept = [0..96, 105..107, 131..179, 375..size as usize];
        assert!(kept.into_iter().all(|range| patched[range.clone()] == bytes[range]));
    }
}
