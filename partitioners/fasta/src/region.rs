//! Regions as samtools writes them: `name`, `name:start`, `name:start-end`, 1-based inclusive.
use std::ops::Range;

use crate::{Contig, Fai};

/// A stretch of one contig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// 0-based place of the contig.
    pub contig: usize,
    /// Bases, 0-based half-open, inside the contig.
    pub range: Range<u64>,
}

/// Why a text is no region of this reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// No contig has that name.
    #[error("{region}: the reference has no sequence of that name")]
    Unknown {
        /// As typed.
        region: String,
    },
    /// Both readings of the text name a contig.
    #[error("{region}: is this a name or a range? Write {{name}} or {{name}}:start-end with braces")]
    Ambiguous {
        /// As typed.
        region: String,
    },
    /// The range is no range.
    #[error("{region}: not NAME:START-END with 1-based START <= END")]
    Range {
        /// As typed.
        region: String,
    },
}

impl Region {
    /// Reads `text` as samtools does: a range that ends past the contig is cut off, thousands may have commas, and
    /// `{name}:…` keeps apart names with colons.
    pub fn parse(text: &str, fai: &Fai) -> Result<Self, RegionError> {
        let region = || text.to_owned();
        if let Some(rest) = text.strip_prefix('{') {
            let (name, range) = rest
                .split_once('}')
                .ok_or_else(|| RegionError::Range { region: region() })?;
            let (contig, found) = fai
                .find(name)
                .ok_or_else(|| RegionError::Unknown { region: region() })?;
            let range = match range.strip_prefix(':') {
                Some(range) => parse_range(range, found),
                None if range.is_empty() => Some(0..found.bases),
                None => None,
            };
            return range
                .map(|range| Self { contig, range })
                .ok_or_else(|| RegionError::Range { region: region() });
        }
        let ranged = text
            .rsplit_once(':')
            .and_then(|(name, range)| Some((fai.find(name)?, range)));
        match (fai.find(text), ranged) {
            (Some((contig, found)), None) => Ok(Self {
                contig,
                range: 0..found.bases,
            }),
            (None, Some(((contig, found), range))) => parse_range(range, found)
                .map(|range| Self { contig, range })
                .ok_or_else(|| RegionError::Range { region: region() }),
            (Some((contig, whole)), Some(((_, found), range))) => match parse_range(range, found) {
                None => Ok(Self {
                    contig,
                    range: 0..whole.bases,
                }),
                Some(_) => Err(RegionError::Ambiguous { region: region() }),
            },
            (None, None) => Err(RegionError::Unknown { region: region() }),
        }
    }
}

fn parse_range(text: &str, contig: &Contig) -> Option<Range<u64>> {
    let number = |text: &str| text.replace(',', "").parse::<u64>().ok();
    let (start, end) = match text.split_once('-') {
        None => (number(text)?, contig.bases),
        Some((start, "")) => (number(start)?, contig.bases),
        Some(("", end)) => (1, number(end)?),
        Some((start, end)) => (number(start)?, number(end)?),
    };
    if start > end && text.contains('-') && !text.ends_with('-') {
        return None;
    }
    let end = end.min(contig.bases);
    Some(start.saturating_sub(1).min(end)..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_read_as_samtools_reads_them() {
        let fai = Fai::parse(b"a\t1000\t3\t60\t61\nHLA:1-5\t10\t3000\t60\t61\n").unwrap();
        let range = |text: &str| Region::parse(text, &fai).map(|region| (region.contig, region.range));
        assert_eq!(range("a"), Ok((0, 0..1000)));
        assert_eq!(range("a:11-20"), Ok((0, 10..20)));
        assert_eq!(range("a:1,0-2,000"), Ok((0, 9..1000)));
        assert_eq!(range("a:990"), Ok((0, 989..1000)));
        assert_eq!(range("a:-5"), Ok((0, 0..5)));
        assert_eq!(range("HLA:1-5"), Ok((1, 0..10)));
        assert_eq!(range("{HLA:1-5}:2-3"), Ok((1, 1..3)));
        assert!(matches!(range("a:5-2"), Err(RegionError::Range { .. })));
        assert!(matches!(range("b:5-20"), Err(RegionError::Unknown { .. })));
    }
}
