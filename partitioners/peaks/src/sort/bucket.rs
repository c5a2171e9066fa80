//! Step one: runs cut at the bounds and copied to their buckets, as bytes.
//!
//! A bucket is a list of pieces, each `pixel u32, count u32, m/z …, intensity …`, little-endian: 12 bytes a peak and 8 a
//! piece, so that a slab is hardly larger than what it was read from.
use super::run::{MzType, Run};

/// Bytes in front of a piece.
const HEAD: usize = 8;

/// The peaks of consecutive spectra, by bucket; inside a bucket in the order they came.
pub(crate) struct Slab {
    mz: MzType,
    cuts: Vec<u64>,
    block: usize,
    buckets: Vec<Bucket>,
}

/// Blocks of whole pieces.
#[derive(Default)]
pub(crate) struct Bucket {
    pub(crate) blocks: Vec<Vec<u8>>,
    pub(crate) peaks: u64,
}

impl Bucket {
    pub(crate) fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.len() as u64).sum()
    }

    fn push(&mut self, pixel: u32, run: Run<'_>, width: usize, size: usize) {
        let (mut mz, mut intensity) = (run.mz, run.intensity);
        self.peaks += (intensity.len() / 4) as u64;
        while !intensity.is_empty() {
            let free = self.blocks.last().map_or(0, |block| size - block.len());
            let fit = free.saturating_sub(HEAD) / (width + 4);
            if fit == 0 {
                self.blocks.push(Vec::with_capacity(size));
                continue;
            }
            let count = fit.min(intensity.len() / 4);
            let (mz_now, mz_rest) = mz.split_at(count * width);
            let (intensity_now, intensity_rest) = intensity.split_at(count * 4);
            if let Some(block) = self.blocks.last_mut() {
                block.extend_from_slice(&(u64::from(pixel) | (count as u64) << 32).to_le_bytes());
                block.extend_from_slice(mz_now);
                block.extend_from_slice(intensity_now);
            }
            (mz, intensity) = (mz_rest, intensity_rest);
        }
    }
}

impl Slab {
    /// An empty slab with blocks of `block` bytes.
    pub(crate) fn new(mz: MzType, cuts: Vec<u64>, block: usize) -> Self {
        let buckets = (0..=cuts.len()).map(|_| Bucket::default()).collect();
        Self {
            mz,
            cuts,
            block: block.max(HEAD + mz.width() + 4),
            buckets,
        }
    }

    /// Cuts a run and hands out the pieces.
    pub(crate) fn push(&mut self, pixel: u32, run: Run<'_>) {
        match self.mz {
            MzType::F32 => self.push_as::<4>(pixel, run),
            MzType::F64 => self.push_as::<8>(pixel, run),
        }
    }

    fn push_as<const N: usize>(&mut self, pixel: u32, run: Run<'_>) {
        let (keys, _) = run.mz.as_chunks::<N>();
        let key = |at: usize| key(&keys[at]);
        let mut at = 0;
        while at < keys.len() {
            let first = key(at);
            let bucket = self.cuts.partition_point(|&cut| cut <= first);
            let end = match self.cuts.get(bucket) {
                None => keys.len(),
                Some(&cut) => {
                    // Runs are short where buckets are many: doubling steps, then halving.
                    let (mut low, mut step) = (at, 4);
                    while low + step < keys.len() && key(low + step) < cut {
                        low += step;
                        step *= 2;
                    }
                    let high = (low + step).min(keys.len());
                    low + keys[low..high].partition_point(|bytes| self::key(bytes) < cut)
                }
            };
            let piece = Run {
                mz: keys[at..end].as_flattened(),
                intensity: &run.intensity[at * 4..end * 4],
            };
            self.buckets[bucket].push(pixel, piece, N, self.block);
            at = end;
        }
    }

    pub(crate) fn into_buckets(self) -> Vec<Bucket> {
        self.buckets
    }
}

fn key<const N: usize>(bytes: &[u8; N]) -> u64 {
    let mut wide = [0; 8];
    wide[..N].copy_from_slice(bytes);
    u64::from_le_bytes(wide)
}

/// The peaks of one bucket as columns, in the order they came.
#[derive(Default)]
pub(crate) struct Columns {
    /// m/z as bits.
    pub(crate) keys: Vec<u64>,
    /// Bits of the intensity, and above them the pixel: fetched together when peaks are put in order.
    pub(crate) rest: Vec<u64>,
}

/// A block that is not whole pieces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BrokenBlock;

impl Columns {
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.rest.clear();
    }

    /// Appends the pieces of a block.
    ///
    /// # Errors
    /// Pieces that are longer than the block, or have no m/z.
    pub(crate) fn add(&mut self, mz: MzType, block: &[u8]) -> Result<(), BrokenBlock> {
        match mz {
            MzType::F32 => self.add_as::<4>(block),
            MzType::F64 => self.add_as::<8>(block),
        }
    }

    fn add_as<const N: usize>(&mut self, mut block: &[u8]) -> Result<(), BrokenBlock> {
        while let Some((&head, rest)) = block.split_first_chunk::<HEAD>() {
            let head = u64::from_le_bytes(head);
            let (pixel, count) = (head << 32, (head >> 32) as usize);
            let mz = rest.get(..count * N).ok_or(BrokenBlock)?;
            let intensity = rest.get(count * N..count * (N + 4)).ok_or(BrokenBlock)?;
            self.keys.extend(mz.as_chunks::<N>().0.iter().map(key));
            let intensities = intensity
                .as_chunks()
                .0
                .iter()
                .map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
            self.rest.extend(intensities.map(|intensity| pixel | intensity));
            block = &rest[count * (N + 4)..];
        }
        if block.is_empty() { Ok(()) } else { Err(BrokenBlock) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_at_the_bounds_and_come_back() {
        let mz = [1.0, 2.0, 2.0, 3.0, 9.0f64];
        let intensity = [1.0, 2.0, 3.0, 4.0, 5.0f32].map(f32::to_le_bytes).concat();
        for block in [1, 20, 21, 40, 1000] {
            let mut slab = Slab::new(MzType::F64, vec![2f64.to_bits(), 3f64.to_bits(), 4f64.to_bits()], block);
            for pixel in [7, 8] {
                slab.push(
                    pixel,
                    Run {
                        mz: &mz.map(f64::to_le_bytes).concat(),
                        intensity: &intensity,
                    },
                );
            }
            let mut counts = Vec::new();
            let mut all = Vec::new();
            for bucket in slab.into_buckets() {
                let mut columns = Columns::default();
                for block in &bucket.blocks {
                    columns.add(MzType::F64, block).unwrap();
                }
                counts.push(bucket.peaks);
                all.extend(
                    columns
                        .keys
                        .iter()
                        .zip(&columns.rest)
                        .map(|(&key, &rest)| (f64::from_bits(key), rest >> 32)),
                );
            }
            assert_eq!(counts, [2, 4, 2, 2]);
            assert_eq!(all[..6], [(1.0, 7), (1.0, 8), (2.0, 7), (2.0, 7), (2.0, 8), (2.0, 8)]);
        }
    }

    #[test]
    fn a_block_that_promises_more_than_it_has_is_refused() {
        let mut columns = Columns::default();
        assert_eq!(columns.add(MzType::F64, &[1, 2, 3]), Err(BrokenBlock));
        assert_eq!(
            columns.add(MzType::F64, &[0, 0, 0, 0, 255, 255, 255, 255, 1]),
            Err(BrokenBlock)
        );
        assert_eq!(columns.add(MzType::F32, &[]), Ok(()));
    }
}
