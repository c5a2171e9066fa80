//! What one observation of one read at one position keeps, packed so that equal ones can be counted together.

/// Lowest mapping quality of each bin. A bin stands for this value.
pub const MAPQ_BINS: [u8; 8] = [0, 1, 5, 10, 20, 30, 45, 60];

/// Highest base quality kept; higher ones count as this one.
pub const QUALITY_MAX: u8 = 63;

/// Number of different [`MatchKey`]s.
pub const MATCH_KEYS: usize = 1 << 11;

/// The bin of a mapping quality: an index of [`MAPQ_BINS`].
pub fn mapq_bin(mapq: u8) -> u8 {
    (MAPQ_BINS.iter().take_while(|&&lowest| lowest <= mapq).count() as u8).saturating_sub(1)
}

/// Which strand of the molecule an observation was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Strand {
    /// The read lies on the forward strand.
    Forward = 0,
    /// The read lies on the reverse strand.
    Reverse = 1,
    /// Both mates of a pair cover the position and agree.
    Both = 2,
}

impl Strand {
    /// The strand of a read.
    pub fn of(reverse: bool) -> Self {
        if reverse { Self::Reverse } else { Self::Forward }
    }

    fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Forward,
            1 => Self::Reverse,
            _ => Self::Both,
        }
    }
}

/// A base equal to the reference: mapping-quality bin, strand, base quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchKey {
    /// Index of [`MAPQ_BINS`].
    pub mapq_bin: u8,
    /// Strand.
    pub strand: Strand,
    /// Phred, at most [`QUALITY_MAX`].
    pub quality: u8,
}

impl MatchKey {
    /// As a number below [`MATCH_KEYS`].
    pub fn pack(self) -> u16 {
        u16::from(self.mapq_bin & 7) << 8 | (self.strand as u16) << 6 | u16::from(self.quality.min(QUALITY_MAX))
    }

    /// Back from a number.
    pub fn unpack(bits: u32) -> Self {
        Self {
            mapq_bin: (bits >> 8 & 7) as u8,
            strand: Strand::from_bits(bits >> 6),
            quality: (bits & 63) as u8,
        }
    }
}

/// What else than the reference base a read shows at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Letter {
    /// A.
    A = 0,
    /// C.
    C = 1,
    /// G.
    G = 2,
    /// T.
    T = 3,
    /// An uncalled or ambiguous base.
    N = 4,
    /// The read has a deletion here.
    Deleted = 5,
}

impl Letter {
    /// The letter of a base code (0 to 3 for A, C, G, T), N for any other.
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Self::A,
            1 => Self::C,
            2 => Self::G,
            3 => Self::T,
            5 => Self::Deleted,
            _ => Self::N,
        }
    }
}

/// A base unlike the reference, with what tells a variant from an artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherKey {
    /// What the read shows.
    pub letter: Letter,
    /// Index of [`MAPQ_BINS`].
    pub mapq_bin: u8,
    /// Strand.
    pub strand: Strand,
    /// Phred, at most [`QUALITY_MAX`]; 0 for a deletion.
    pub quality: u8,
    /// Aligned bases between this one and the nearer end of the alignment, at most 15.
    pub end: u8,
    /// Other mismatches, indels and clips of the same read nearby, at most 3.
    pub company: u8,
    /// Twelve bits of a hash of the fragment's two ends: equal for PCR duplicates.
    pub fragment: u16,
}

impl OtherKey {
    /// As a number.
    pub fn pack(self) -> u32 {
        (self.letter as u32) << 29
            | u32::from(self.mapq_bin & 7) << 26
            | (self.strand as u32) << 24
            | u32::from(self.quality.min(QUALITY_MAX)) << 18
            | u32::from(self.end.min(15)) << 14
            | u32::from(self.company.min(3)) << 12
            | u32::from(self.fragment & 0xfff)
    }

    /// Back from a number.
    pub fn unpack(bits: u32) -> Self {
        Self {
            letter: Letter::from_code((bits >> 29) as u8),
            mapq_bin: (bits >> 26 & 7) as u8,
            strand: Strand::from_bits(bits >> 24),
            quality: (bits >> 18 & 63) as u8,
            end: (bits >> 14 & 15) as u8,
            company: (bits >> 12 & 3) as u8,
            fragment: (bits & 0xfff) as u16,
        }
    }
}

/// A read that shows an indel behind a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndelKey {
    /// Index of [`MAPQ_BINS`].
    pub mapq_bin: u8,
    /// Strand.
    pub strand: Strand,
    /// Aligned bases left of the indel, at most 15.
    pub left: u8,
    /// Aligned bases right of the indel, at most 63.
    pub right: u8,
    /// As in [`OtherKey`].
    pub fragment: u16,
}

impl IndelKey {
    /// As a number.
    pub fn pack(self) -> u32 {
        u32::from(self.mapq_bin & 7) << 24
            | (self.strand as u32) << 22
            | u32::from(self.left.min(15)) << 18
            | u32::from(self.right.min(63)) << 12
            | u32::from(self.fragment & 0xfff)
    }

    /// Back from a number.
    pub fn unpack(bits: u32) -> Self {
        Self {
            mapq_bin: (bits >> 24 & 7) as u8,
            strand: Strand::from_bits(bits >> 22),
            left: (bits >> 18 & 15) as u8,
            right: (bits >> 12 & 63) as u8,
            fragment: (bits & 0xfff) as u16,
        }
    }
}

/// A read, or two overlapping mates counted as one, that begins at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartKey {
    /// Index of [`MAPQ_BINS`].
    pub mapq_bin: u8,
    /// Reference bases covered from here on, at most 2047.
    pub span: u16,
    /// As in [`OtherKey`].
    pub fragment: u16,
}

impl StartKey {
    /// As a number.
    pub fn pack(self) -> u32 {
        u32::from(self.mapq_bin & 7) << 23 | u32::from(self.span.min(2047)) << 12 | u32::from(self.fragment & 0xfff)
    }

    /// Back from a number.
    pub fn unpack(bits: u32) -> Self {
        Self {
            mapq_bin: (bits >> 23 & 7) as u8,
            span: (bits >> 12 & 2047) as u16,
            fragment: (bits & 0xfff) as u16,
        }
    }
}

/// Twelve bits that tell fragments of one position apart: a hash of the reference places of their two ends.
pub fn fragment_print(start: i64, end: i64) -> u16 {
    // Multiplication by odd constants (SplitMix64's) spreads neighbouring places over all bits.
    let mixed = (start as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (end as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ mixed >> 29).wrapping_mul(0x94d0_49bb_1331_11eb) >> 52) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapping_qualities_fall_into_the_bin_they_reach() {
        let bins: Vec<u8> = [0, 1, 4, 5, 19, 20, 59, 60, 255].map(mapq_bin).to_vec();
        assert_eq!(bins, [0, 1, 1, 2, 3, 4, 6, 7, 7]);
    }

    #[test]
    fn keys_come_back_from_their_numbers() {
        let other = OtherKey {
            letter: Letter::Deleted,
            mapq_bin: 6,
            strand: Strand::Both,
            quality: 63,
            end: 15,
            company: 2,
            fragment: 0xabc,
        };
        assert_eq!(OtherKey::unpack(other.pack()), other);
        let indel = IndelKey {
            mapq_bin: 7,
            strand: Strand::Reverse,
            left: 9,
            right: 44,
            fragment: 1,
        };
        assert_eq!(IndelKey::unpack(indel.pack()), indel);
        let start = StartKey {
            mapq_bin: 3,
            span: 2047,
            fragment: 0xfff,
        };
        assert_eq!(StartKey::unpack(start.pack()), start);
        for bits in (0..MATCH_KEYS as u32).filter(|bits| bits >> 6 & 3 < 3) {
            assert_eq!(u32::from(MatchKey::unpack(bits).pack()), bits);
        }
    }

    #[test]
    fn fragments_rarely_share_a_print() {
        let prints: std::collections::HashSet<u16> =
            (0..64).map(|i| fragment_print(1000 + i, 1350 + i * 7 % 40)).collect();
        assert!(prints.len() >= 60, "{}", prints.len());
    }
}
