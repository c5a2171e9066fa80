//! Patterns of a chunk of ions as an object.
//!
//! Little endian: `TESSISO1`, length of the header (u32), the header (JSON: [`Header`]), peaks of each ion (u8 each), m/z of all
//! peaks (f64), their intensities (f32), CRC-32 of everything before (u32). The same ions give the same bytes.
use serde::{Deserialize, Serialize};

use crate::pattern::Model;

const MAGIC: &[u8; 8] = b"TESSISO1";

/// What a table says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// How peaks are broadened.
    pub model: Model,
    /// Charge of all ions.
    pub charge: i32,
    /// Number of ions.
    pub ions: u32,
    /// Ions without a pattern, with the reason.
    pub failed: Vec<(u32, String)>,
}

/// Patterns of a chunk of ions.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns {
    /// What they are.
    pub header: Header,
    /// Where the peaks of each ion end.
    ends: Vec<u32>,
    mzs: Vec<f64>,
    intensities: Vec<f32>,
}

/// Why bytes are no table of patterns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadPatterns {
    /// Other bytes at the beginning.
    #[error("it does not begin with TESSISO1")]
    Magic,
    /// It ends too early or too late.
    #[error("{found} bytes where {expected} were expected")]
    Length {
        /// Bytes that there should be.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// Bytes have changed.
    #[error("the CRC-32 is not that of the contents")]
    Checksum,
    /// The header is no header.
    #[error("the header is malformed")]
    Header(#[from] serde_json::Error),
}

impl Patterns {
    pub(crate) fn new(model: Model, charge: i32) -> Self {
        Self {
            header: Header {
                model,
                charge,
                ions: 0,
                failed: Vec::new(),
            },
            ends: Vec::new(),
            mzs: Vec::new(),
            intensities: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, pattern: Result<&[crate::Peak], String>) {
        match pattern {
            Ok(peaks) => {
                self.mzs.extend(peaks.iter().map(|peak| peak.mz));
                self.intensities.extend(peaks.iter().map(|peak| peak.intensity as f32));
            }
            Err(why) => self.header.failed.push((self.header.ions, why)),
        }
        self.ends.push(self.mzs.len() as u32);
        self.header.ions += 1;
    }

    /// Appends the ions of another table of the same model and charge.
    pub(crate) fn append(&mut self, mut other: Self) {
        let (ions, peaks) = (self.header.ions, self.mzs.len() as u32);
        self.header.ions += other.header.ions;
        let failed = other.header.failed.into_iter();
        self.header.failed.extend(failed.map(|(ion, why)| (ions + ion, why)));
        self.ends.extend(other.ends.iter().map(|end| end + peaks));
        self.mzs.append(&mut other.mzs);
        self.intensities.append(&mut other.intensities);
    }

    /// Number of ions.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no ions.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// m/z and intensities (the highest 100) of the peaks of one ion by m/z; none if it has no pattern.
    pub fn get(&self, ion: usize) -> (&[f64], &[f32]) {
        let start = if ion == 0 { 0 } else { self.ends[ion - 1] as usize };
        let peaks = start..self.ends[ion] as usize;
        (&self.mzs[peaks.clone()], &self.intensities[peaks])
    }

    /// As an object.
    pub fn encode(&self) -> Vec<u8> {
        // Numbers and strings alone: writing them cannot fail.
        let header = serde_json::to_vec(&self.header).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&header);
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        bytes.extend(self.ends.iter().zip(starts).map(|(end, start)| (end - start) as u8));
        bytes.extend(self.mzs.iter().flat_map(|mz| mz.to_le_bytes()));
        bytes.extend(self.intensities.iter().flat_map(|intensity| intensity.to_le_bytes()));
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Reads an object back; nothing is allocated that the bytes do not fill.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadPatterns> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(BadPatterns::Magic)?;
        let short = |expected: usize| BadPatterns::Length {
            expected: expected as u64,
            found: bytes.len() as u64,
        };
        let take = |rest: &mut &[u8], count: usize| -> Result<Vec<u8>, BadPatterns> {
            let (taken, left) = rest
                .split_at_checked(count)
                .ok_or_else(|| short(bytes.len() - rest.len() + count))?;
            *rest = left;
            Ok(taken.to_vec())
        };
        let word = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).unwrap_or_default();
        let mut rest = rest;
        let length = word(&take(&mut rest, 4)?);
        let header = take(&mut rest, length as usize)?;
        let stored = bytes.len().checked_sub(4).map(|at| word(&bytes[at..]));
        if stored != Some(crc32fast::hash(&bytes[..bytes.len() - 4])) {
            return Err(BadPatterns::Checksum);
        }
        let header: Header = serde_json::from_slice(&header)?;
        let counts = take(&mut rest, header.ions as usize)?;
        let ends: Vec<u32> = counts
            .iter()
            .scan(0, |end, &count| {
                *end = u32::saturating_add(*end, u32::from(count));
                Some(*end)
            })
            .collect();
        let peaks = ends.last().map_or(0, |&end| end as usize);
        let mzs = take(&mut rest, peaks * 8)?;
        let intensities = take(&mut rest, peaks * 4)?;
        if rest.len() != 4 {
            return Err(short(bytes.len() - rest.len() + 4));
        }
        let mzs = mzs.as_chunks().0.iter().map(|&mz| f64::from_le_bytes(mz));
        let intensities = intensities
            .as_chunks()
            .0
            .iter()
            .map(|&intensity| f32::from_le_bytes(intensity));
        Ok(Self {
            header,
            ends,
            mzs: mzs.collect(),
            intensities: intensities.collect(),
        })
    }
}
