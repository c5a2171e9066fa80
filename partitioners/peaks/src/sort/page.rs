//! Sorted peaks as pages: so many m/z, then as many f32 intensities, then as many u32 pixels, little-endian.
use std::ops::Range;

use super::{bucket::Columns, run::MzType};

/// Peaks of a page; the last one of a segment has fewer.
pub const PAGE: usize = 4096;

/// What the index of a segment says about a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Its first m/z.
    pub(crate) first: f64,
    /// CRC-32 of its bytes.
    pub(crate) crc: u32,
}

/// Bytes of an entry.
pub(crate) const ENTRY: u64 = 12;

/// Makes pages of sorted peaks.
pub(crate) struct Pages {
    mz: MzType,
    /// Peaks still to come.
    left: u64,
    /// Whole pages, and then one that is being filled.
    bytes: Vec<u8>,
    /// Peaks that the page being filled will have, and has.
    page: usize,
    filled: usize,
    index: Vec<Entry>,
    first: Option<u64>,
    last: Option<u64>,
}

impl Pages {
    /// For a segment of `peaks` peaks.
    pub(crate) fn new(mz: MzType, peaks: u64) -> Self {
        Self {
            mz,
            left: peaks,
            bytes: Vec::new(),
            page: 0,
            filled: 0,
            index: Vec::new(),
            first: None,
            last: None,
        }
    }

    /// Appends peaks in `order`.
    pub(crate) fn push(&mut self, columns: &Columns, order: &[u64]) {
        match self.mz {
            MzType::F32 => self.push_as::<4>(columns, order),
            MzType::F64 => self.push_as::<8>(columns, order),
        }
    }

    fn push_as<const N: usize>(&mut self, columns: &Columns, mut order: &[u64]) {
        while !order.is_empty() {
            if self.filled == self.page {
                self.page = self.left.min(PAGE as u64) as usize;
                self.filled = 0;
                self.left -= self.page as u64;
                self.bytes.resize(self.bytes.len() + self.page * (N + 8), 0);
            }
            let count = order.len().min(self.page - self.filled);
            let (now, later) = order.split_at(count);
            order = later;
            let start = self.bytes.len() - self.page * (N + 8);
            let page = &mut self.bytes[start..];
            let (mz, rest) = page.split_at_mut(self.page * N);
            let (intensity, pixel) = rest.split_at_mut(self.page * 4);
            let fill = self.filled..self.filled + count;
            let mz = &mut mz.as_chunks_mut::<N>().0[fill.clone()];
            let intensity = &mut intensity.as_chunks_mut::<4>().0[fill.clone()];
            let pixel = &mut pixel.as_chunks_mut::<4>().0[fill];
            for (((mz, intensity), pixel), &pair) in mz.iter_mut().zip(intensity).zip(pixel).zip(now) {
                let place = pair as u32 as usize;
                let (key, rest) = (columns.keys[place], columns.rest[place]);
                mz.copy_from_slice(&key.to_le_bytes()[..N]);
                *intensity = (rest as u32).to_le_bytes();
                *pixel = ((rest >> 32) as u32).to_le_bytes();
            }
            let key = |at: usize| columns.keys[now[at] as u32 as usize];
            if self.filled == 0 {
                self.index.push(Entry {
                    first: self.mz.mz(key(0)),
                    crc: 0,
                });
            }
            self.first.get_or_insert(key(0));
            self.last = Some(key(count - 1));
            self.filled += count;
            if self.filled == self.page
                && let Some(entry) = self.index.last_mut()
            {
                entry.crc = crc32fast::hash(&self.bytes[start..]);
            }
        }
    }

    /// Takes the whole pages, once they are `least` bytes.
    pub(crate) fn take(&mut self, least: usize) -> Option<Vec<u8>> {
        let whole = self.whole();
        if whole < least.max(1) {
            return None;
        }
        let rest = self.bytes.split_off(whole);
        let mut room = Vec::with_capacity(whole + PAGE * 16);
        room.extend_from_slice(&rest);
        Some(std::mem::replace(&mut self.bytes, room))
    }

    fn whole(&self) -> usize {
        let open = if self.filled < self.page {
            self.page * self.mz.peak()
        } else {
            0
        };
        self.bytes.len() - open
    }

    /// Smallest and largest m/z.
    pub(crate) fn span(&self) -> Option<(f64, f64)> {
        Some((self.mz.mz(self.first?), self.mz.mz(self.last?)))
    }

    /// The index of the pages, and the end by which a segment is known.
    pub(crate) fn index(&self, peaks: u64) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.index.iter().flat_map(|entry| entry.first.to_le_bytes()).collect();
        bytes.extend(self.index.iter().flat_map(|entry| entry.crc.to_le_bytes()));
        bytes.extend_from_slice(&end(self.mz, peaks));
        bytes
    }
}

/// Bytes of the end.
pub(crate) const END: u64 = 24;

/// The last bytes of a segment: peaks, bytes of an m/z, peaks of a page, a name.
pub(crate) fn end(mz: MzType, peaks: u64) -> [u8; END as usize] {
    let mut bytes = [0; END as usize];
    bytes[..8].copy_from_slice(&peaks.to_le_bytes());
    bytes[8..12].copy_from_slice(&(mz.width() as u32).to_le_bytes());
    bytes[12..16].copy_from_slice(&(PAGE as u32).to_le_bytes());
    bytes[16..].copy_from_slice(b"TSRPEAK1");
    bytes
}

/// Bytes of a whole segment of `peaks` peaks.
pub(crate) fn segment_bytes(mz: MzType, peaks: u64) -> u64 {
    peaks * mz.peak() as u64 + peaks.div_ceil(PAGE as u64) * ENTRY + END
}

/// Where the index lies, end included.
pub(crate) fn index_range(mz: MzType, peaks: u64) -> Range<u64> {
    peaks * mz.peak() as u64..segment_bytes(mz, peaks)
}

/// Reads an index back; nothing if it is not that of a segment of so many peaks.
pub(crate) fn parse_index(mz: MzType, peaks: u64, bytes: &[u8]) -> Option<Vec<Entry>> {
    let pages = peaks.div_ceil(PAGE as u64) as usize;
    let (table, tail) = bytes.split_at_checked(pages * ENTRY as usize)?;
    if *tail != end(mz, peaks) {
        return None;
    }
    let (firsts, crcs) = table.split_at(pages * 8);
    let firsts = firsts.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
    let crcs = crcs.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    Some(firsts.zip(crcs).map(|(first, crc)| Entry { first, crc }).collect())
}
