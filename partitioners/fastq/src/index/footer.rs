use crate::index::{IndexFault, MAGIC, PAGE_BYTES, PAGE_ROWS, VERSION, row::ROW_BYTES};

/// Where things are in an index object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) rows_at: u64,
    pub(crate) rows: u64,
    pub(crate) header_at: u64,
    pub(crate) header_length: u32,
    pub(crate) header_crc: u32,
}

impl Footer {
    pub(crate) const BYTES: usize = 48;

    pub(crate) fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.rows_at.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.rows.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.header_at.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.header_length.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.header_crc.to_le_bytes());
        bytes[32..36].copy_from_slice(&VERSION.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..40].copy_from_slice(&crc.to_le_bytes());
        bytes[40..].copy_from_slice(&MAGIC);
        bytes
    }

    /// From the last bytes of an index of `size` bytes.
    pub(crate) fn decode(bytes: &[u8; Self::BYTES], size: u64) -> Result<Self, IndexFault> {
        let (words, _) = bytes.as_chunks::<4>();
        let half = |at: usize| u32::from_le_bytes(words[at]);
        let word = |at: usize| u64::from(half(at)) | u64::from(half(at + 1)) << 32;
        if bytes[40..] != MAGIC {
            return Err(IndexFault::Truncated);
        }
        if half(9) != crc32fast::hash(&bytes[..36]) {
            return Err(IndexFault::Damaged);
        }
        if half(8) != VERSION {
            return Err(IndexFault::Version { found: half(8) });
        }
        let footer = Self {
            rows_at: word(0),
            rows: word(2),
            header_at: word(4),
            header_length: half(6),
            header_crc: half(7),
        };
        let rows_end = footer.rows.checked_mul(ROW_BYTES as u64).and_then(|bytes| {
            let pages = footer.rows.div_ceil(PAGE_ROWS as u64) * 4;
            footer.rows_at.checked_add(bytes)?.checked_add(pages)
        });
        let header_end = footer.header_at.checked_add(u64::from(footer.header_length));
        let fits = rows_end == Some(footer.header_at) && header_end == Some(size - Self::BYTES as u64);
        if fits { Ok(footer) } else { Err(IndexFault::Damaged) }
    }

    pub(crate) fn pages(&self) -> u64 {
        self.rows.div_ceil(PAGE_ROWS as u64)
    }

    /// The bytes of page `page` in the index.
    pub(crate) fn page(&self, page: u64) -> std::ops::Range<u64> {
        let start = self.rows_at + page * PAGE_BYTES as u64;
        start..(start + PAGE_BYTES as u64).min(self.header_at)
    }
}
