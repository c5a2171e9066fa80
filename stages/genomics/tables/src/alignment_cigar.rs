//! How the bases of a read lie on the reference.
use std::{fmt, str::FromStr};

use arrow_array::builder::StringBuilder;

/// One kind of CIGAR operation, numbered as in BAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CigarKind {
    /// `M`: read and reference side by side, equal or not.
    Match = 0,
    /// `I`: bases of the read that the reference lacks.
    Insertion = 1,
    /// `D`: bases of the reference that the read lacks.
    Deletion = 2,
    /// `N`: reference skipped, as an intron.
    Skip = 3,
    /// `S`: bases of the read outside the alignment.
    SoftClip = 4,
    /// `H`: like `S`, but the bases were removed. Never written by our stages.
    HardClip = 5,
    /// `P`: silent.
    Pad = 6,
    /// `=`: side by side and equal.
    Equal = 7,
    /// `X`: side by side and different.
    Different = 8,
}

const KINDS: [CigarKind; 9] = [
    CigarKind::Match,
    CigarKind::Insertion,
    CigarKind::Deletion,
    CigarKind::Skip,
    CigarKind::SoftClip,
    CigarKind::HardClip,
    CigarKind::Pad,
    CigarKind::Equal,
    CigarKind::Different,
];

const LETTERS: &[u8; 9] = b"MIDNSHP=X";

/// Longest operation that the packed form holds.
const LONGEST: u32 = (1 << 28) - 1;

impl CigarKind {
    /// Whether the operation uses bases of the read.
    pub fn uses_read(self) -> bool {
        matches!(
            self,
            Self::Match | Self::Insertion | Self::SoftClip | Self::Equal | Self::Different
        )
    }

    /// Whether the operation uses bases of the reference.
    pub fn uses_reference(self) -> bool {
        matches!(
            self,
            Self::Match | Self::Deletion | Self::Skip | Self::Equal | Self::Different
        )
    }
}

/// A CIGAR in reference direction, packed as in BAM: `length << 4 | kind`.
///
/// It spans the whole read: what is not aligned is soft-clipped.
///
/// ```
/// use genomics_tables::Cigar;
/// let cigar: Cigar = "5S90M2D55M".parse().unwrap();
/// assert_eq!((cigar.read_length(), cigar.reference_length()), (150, 147));
/// assert_eq!((cigar.leading_clip(), cigar.trailing_clip()), (5, 0));
/// assert_eq!(cigar.to_string(), "5S90M2D55M");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cigar(Vec<u32>);

/// A text that is no CIGAR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a CIGAR: {text:?}")]
pub struct CigarError {
    /// The text, or its beginning.
    pub text: String,
}

impl Cigar {
    /// A CIGAR without operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an operation; one of the same kind as the last, or of length 0, makes no new operation.
    pub fn push(&mut self, kind: CigarKind, length: u32) {
        if length == 0 {
            return;
        }
        if let Some(last) = self.0.last_mut()
            && *last & 15 == kind as u32
            && (*last >> 4) + length <= LONGEST
        {
            *last += length << 4;
            return;
        }
        self.0.push(length.min(LONGEST) << 4 | kind as u32);
    }

    /// The operations in reference direction.
    pub fn operations(&self) -> impl DoubleEndedIterator<Item = (CigarKind, u32)> + ExactSizeIterator + '_ {
        self.0.iter().map(|&op| (kind(op), op >> 4))
    }

    /// The packed operations, as in BAM.
    pub fn packed(&self) -> &[u32] {
        &self.0
    }

    /// Appends its text as a value of a column.
    pub(crate) fn append_to(&self, column: &mut StringBuilder) {
        use fmt::Write;
        // Writing to memory does not fail.
        let _ = write!(column, "{self}");
        column.append_value("");
    }

    /// Bases of the read that the CIGAR uses, clipped ones included.
    pub fn read_length(&self) -> u64 {
        let of_read = self.operations().filter(|(kind, _)| kind.uses_read());
        of_read.map(|(_, length)| u64::from(length)).sum()
    }

    /// Bases of the reference from the first aligned one to the last.
    pub fn reference_length(&self) -> u64 {
        let of_reference = self.operations().filter(|(kind, _)| kind.uses_reference());
        of_reference.map(|(_, length)| u64::from(length)).sum()
    }

    /// Bases clipped before the alignment, in reference direction.
    pub fn leading_clip(&self) -> u32 {
        clip(self.operations().next())
    }

    /// Bases clipped behind the alignment, in reference direction.
    pub fn trailing_clip(&self) -> u32 {
        clip(self.operations().next_back())
    }
}

fn clip(end: Option<(CigarKind, u32)>) -> u32 {
    end.map_or(0, |(kind, length)| if kind == CigarKind::SoftClip { length } else { 0 })
}

fn kind(packed: u32) -> CigarKind {
    KINDS.get((packed & 15) as usize).copied().unwrap_or(CigarKind::Pad)
}

impl fmt::Display for Cigar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, length) in self.operations() {
            write!(f, "{length}{}", LETTERS[kind as usize] as char)?;
        }
        Ok(())
    }
}

impl FromStr for Cigar {
    type Err = CigarError;

    fn from_str(text: &str) -> Result<Self, CigarError> {
        let error = || CigarError {
            text: text.chars().take(40).collect(),
        };
        let mut packed = Vec::with_capacity(text.len().div_ceil(4));
        let mut length: Option<u32> = None;
        for letter in text.bytes() {
            if letter.is_ascii_digit() {
                let digit = u32::from(letter - b'0');
                let grown = length.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(digit));
                length = Some(grown.filter(|&n| n <= LONGEST).ok_or_else(error)?);
            } else {
                let kind = LETTERS.iter().position(|&known| known == letter).ok_or_else(error)?;
                packed.push(length.take().ok_or_else(error)? << 4 | kind as u32);
            }
        }
        if length.is_some() {
            return Err(error());
        }
        Ok(Self(packed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbours_become_one_operation() {
        let mut cigar = Cigar::new();
        cigar.push(CigarKind::SoftClip, 0);
        cigar.push(CigarKind::Match, 5);
        cigar.push(CigarKind::Match, 6);
        cigar.push(CigarKind::Insertion, 1);
        assert_eq!(cigar.to_string(), "11M1I");
        assert_eq!(cigar.packed(), [11 << 4, 1 << 4 | 1]);
    }

    #[test]
    fn broken_texts_are_refused() {
        for text in ["M", "5", "5M3", "5Q", "99999999999M", "-5M", "5M M"] {
            assert!(text.parse::<Cigar>().is_err(), "{text}");
        }
        assert_eq!("".parse::<Cigar>(), Ok(Cigar::new()));
    }
}
