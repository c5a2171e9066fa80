//! What a worker makes of one window: blocks that assembly copies, and what overviews need.
//!
//! `tesspatc`, version (u32), length of the directory (u32), directory (JSON); then, each row-major and without gaps: the
//! blocks of the window as the file will hold them; those blocks of the first overview that lie wholly in the window,
//! likewise; the window's share of the others, as plain little-endian pixels; and the window in the second overview, as
//! plain pixels. Numbers are little-endian.
use std::ops::Range;

use partition_cog::{SampleType, Window};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Cell, Layout, LayoutError, PatchError, Statistics, block,
    grid::{Grid, View},
    layout::intersection,
};

pub(crate) const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"tesspatc";
/// Bytes before the directory.
pub(crate) const PREFIX: usize = 16;

/// A window of a raster, encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// The object to store.
    pub bytes: Vec<u8>,
    /// Of the window's pixels.
    pub statistics: Statistics,
}

/// What stands in front of a patch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Directory {
    height: u64,
    width: u64,
    block: u64,
    sample: SampleType,
    nodata: Option<f64>,
    pub(crate) window: Window,
    /// Stored sizes of the window's blocks, with leader and trailer.
    pub(crate) blocks: Vec<u32>,
    /// Their statistics.
    pub(crate) statistics: Vec<Statistics>,
    /// Of the blocks of the first overview that the window touches: the stored size, or none if only a part lies in it.
    pub(crate) overview: Vec<Option<u32>>,
}

impl Patch {
    /// Encodes the pixels of `window`, row by row, in parallel.
    ///
    /// The window is cut at multiples of the block size. Nothing in the result but the statistics' order of blocks depends
    /// on the number of threads: equal pixels give equal bytes.
    pub fn encode<T: Cell>(layout: &Layout, window: &Window, pixels: &[T]) -> Result<Self, LayoutError> {
        layout.check::<T>()?;
        layout.check_window(window)?;
        let expected = window.height() * window.width();
        if pixels.len() as u64 != expected {
            let found = pixels.len() as u64;
            return Err(LayoutError::Pixels { expected, found });
        }
        let full = View { window, pixels };
        let first = (layout.levels() > 1).then(|| full.halved(layout.nodata()));
        let second = first.as_ref().filter(|_| layout.levels() > 2);
        let second = second.map(|first| first.view().halved(layout.nodata()));
        let nodata = layout.nodata::<T>();
        let blocks: Vec<(Vec<u8>, Statistics)> = touched(layout, 0, window)
            .into_par_iter()
            .map(|cell| {
                (
                    encode_block(layout, full, &cell),
                    Statistics::of_rows(full.rows(&cell), nodata),
                )
            })
            .collect();
        let mut shares = Vec::new();
        if let Some(first) = &first {
            shares = touched(layout, 1, &first.window)
                .into_par_iter()
                .map(|cell| Share::of(layout, first, &cell))
                .collect();
        }
        let statistics: Vec<Statistics> = blocks.iter().map(|block| block.1).collect();
        let directory = Directory {
            height: layout.height,
            width: layout.width,
            block: layout.block,
            sample: layout.sample,
            nodata: layout.nodata,
            window: window.clone(),
            blocks: blocks.iter().map(|block| block.0.len() as u32).collect(),
            overview: shares.iter().map(Share::size).collect(),
            statistics,
        };
        let text = serde_json::to_vec(&directory).expect("numbers and texts are JSON");
        let body: usize = blocks.iter().map(|block| block.0.len()).sum();
        let mut bytes = Vec::with_capacity(PREFIX + text.len() + body * 3 / 2);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&text);
        for (block, _) in &blocks {
            bytes.extend_from_slice(block);
        }
        let whole = shares
            .iter()
            .filter_map(|share| if let Share::Whole(b) = share { Some(b) } else { None });
        for block in whole {
            bytes.extend_from_slice(block);
        }
        for share in &shares {
            if let Share::Part(pixels) = share {
                T::put(pixels, &mut bytes);
            }
        }
        if let Some(second) = &second {
            T::put(&second.pixels, &mut bytes);
        }
        let statistics = Statistics::of_blocks(&directory.statistics);
        Ok(Self { bytes, statistics })
    }
}

/// The blocks of a level that a window of that level touches, each cut to the raster, row-major.
fn touched(layout: &Layout, level: usize, window: &Window) -> Vec<Window> {
    let [rows, columns] = layout.blocks_of(window);
    let row = |row| columns.clone().map(move |column| layout.block(level, row, column));
    rows.flat_map(row).collect()
}

/// Encodes a block of which all pixels are in `from`.
pub(crate) fn encode_block<T: Cell>(layout: &Layout, from: View<T>, cell: &Window) -> Vec<u8> {
    let pad = layout.nodata().unwrap_or(T::ZERO);
    let mut out = Vec::new();
    block::encode(from.rows(cell), layout.block as usize, pad, &mut out);
    out
}

/// What a window has of a block of the first overview.
enum Share<T> {
    Whole(Vec<u8>),
    Part(Vec<T>),
}

impl<T: Cell> Share<T> {
    fn of(layout: &Layout, first: &Grid<T>, cell: &Window) -> Self {
        match intersection(&first.window, cell) {
            Some(part) if part != *cell => Self::Part(first.view().rows(&part).flatten().copied().collect()),
            _ => Self::Whole(encode_block(layout, first.view(), cell)),
        }
    }

    fn size(&self) -> Option<u32> {
        match self {
            Self::Whole(block) => Some(block.len() as u32),
            Self::Part(_) => None,
        }
    }
}

/// Where in a patch its pieces lie.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub(crate) directory: Directory,
    /// Stored blocks of the window.
    blocks: Vec<Range<u64>>,
    /// Blocks of the first overview that the window touches: stored, or the plain pixels of the window's share.
    overview: Vec<Stored>,
    /// The window in the second overview.
    second: u64,
}

/// Bytes of a patch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stored {
    /// A whole stored block.
    Whole(Range<u64>),
    /// Plain pixels of a part.
    Part(Range<u64>),
}

/// Length of the directory, from the first bytes of a patch.
pub(crate) fn directory_length(prefix: &[u8]) -> Result<usize, PatchError> {
    let version = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).ok();
    match (
        prefix.get(..8),
        prefix.get(8..12).and_then(version),
        prefix.get(12..16).and_then(version),
    ) {
        (Some(magic), Some(VERSION), Some(length)) if magic == MAGIC => Ok(length as usize),
        _ => Err(PatchError::Magic),
    }
}

impl Contents {
    /// Reads a directory, and checks it against the raster and the `size` of the patch.
    pub(crate) fn parse<T: Cell>(text: &[u8], layout: &Layout, size: u64) -> Result<Self, PatchError> {
        let directory: Directory = serde_json::from_slice(text)?;
        directory.check(layout)?;
        let mut at = (PREFIX + text.len()) as u64;
        let mut take = |length: u64| {
            at = at.saturating_add(length);
            at - length..at
        };
        let blocks = directory.blocks.iter().map(|&size| take(u64::from(size))).collect();
        let whole: Vec<_> = directory
            .overview
            .iter()
            .map(|size| size.map(|size| take(u64::from(size))))
            .collect();
        let mut overview = Vec::with_capacity(whole.len());
        if layout.levels() > 1 {
            let window = layout.reduce(&directory.window, 1);
            for (stored, cell) in whole.into_iter().zip(touched(layout, 1, &window)) {
                let part = intersection(&cell, &window).map_or(0, |part| part.height() * part.width());
                let share = || Stored::Part(take(part.saturating_mul(T::BYTES as u64)));
                overview.push(stored.map_or_else(share, Stored::Whole));
            }
        }
        let mut second = 0;
        if layout.levels() > 2 {
            let window = layout.reduce(&directory.window, 2);
            second = take((window.height() * window.width()).saturating_mul(T::BYTES as u64)).start;
        }
        if at != size {
            let says = format!("{at} bytes");
            return Err(PatchError::Sizes { says });
        }
        Ok(Self {
            directory,
            blocks,
            overview,
            second,
        })
    }

    /// A stored block of the window.
    pub(crate) fn block(&self, layout: &Layout, row: u64, column: u64) -> Range<u64> {
        let [rows, columns] = layout.blocks_of(&self.directory.window);
        let at = (row - rows.start) * (columns.end - columns.start) + column - columns.start;
        self.blocks[at as usize].clone()
    }

    /// Statistics of a block of the window.
    pub(crate) fn statistics(&self, layout: &Layout, row: u64, column: u64) -> &Statistics {
        let [rows, columns] = layout.blocks_of(&self.directory.window);
        let at = (row - rows.start) * (columns.end - columns.start) + column - columns.start;
        &self.directory.statistics[at as usize]
    }

    /// What the window has of a block of the first overview that it touches.
    pub(crate) fn overview(&self, layout: &Layout, row: u64, column: u64) -> &Stored {
        let [rows, columns] = layout.blocks_of(&layout.reduce(&self.directory.window, 1));
        let at = (row - rows.start) * (columns.end - columns.start) + column - columns.start;
        &self.overview[at as usize]
    }

    /// The bytes of rows of the window in the second overview, and where those pixels lie.
    pub(crate) fn second<T: Cell>(&self, layout: &Layout, rows: &Range<u64>) -> Option<(Range<u64>, Window)> {
        let window = layout.reduce(&self.directory.window, 2);
        let rows = window.rows.start.max(rows.start)..window.rows.end.min(rows.end);
        if rows.is_empty() {
            return None;
        }
        let line = window.width() * T::BYTES as u64;
        let from = self.second + (rows.start - window.rows.start) * line;
        let bytes = from..from + (rows.end - rows.start) * line;
        Some((bytes, Window { rows, ..window }))
    }
}

impl Directory {
    fn check(&self, layout: &Layout) -> Result<(), PatchError> {
        let other = |field, patch: String, raster: String| {
            if patch == raster {
                return Ok(());
            }
            Err(PatchError::Other { field, patch, raster })
        };
        other("height", self.height.to_string(), layout.height.to_string())?;
        other("width", self.width.to_string(), layout.width.to_string())?;
        other("block size", self.block.to_string(), layout.block.to_string())?;
        other(
            "sample type",
            format!("{:?}", self.sample),
            format!("{:?}", layout.sample),
        )?;
        other("nodata", format!("{:?}", self.nodata), format!("{:?}", layout.nodata))?;
        layout.check_window(&self.window)?;
        let count = |window: &Window| {
            let [rows, columns] = layout.blocks_of(window);
            (rows.end - rows.start).saturating_mul(columns.end - columns.start)
        };
        let blocks = count(&self.window);
        let overview = if layout.levels() > 1 {
            count(&layout.reduce(&self.window, 1))
        } else {
            0
        };
        let says = |what: &str, found: usize, wanted: u64| {
            if found as u64 == wanted {
                return Ok(());
            }
            let says = format!("{found} {what}");
            Err(PatchError::Sizes { says })
        };
        says("blocks", self.blocks.len(), blocks)?;
        says("statistics", self.statistics.len(), blocks)?;
        says("blocks of the first overview", self.overview.len(), overview)?;
        // Whether a block is whole follows from the window: a patch cannot claim it.
        if overview > 0 {
            let window = layout.reduce(&self.window, 1);
            for (stored, cell) in self.overview.iter().zip(touched(layout, 1, &window)) {
                let whole = intersection(&cell, &window).as_ref() == Some(&cell);
                if whole != stored.is_some() {
                    let says = "a part of an overview block is whole".to_owned();
                    return Err(PatchError::Sizes { says });
                }
            }
        }
        let least = (block::LEADER + block::TRAILER) as u32;
        if self
            .blocks
            .iter()
            .chain(self.overview.iter().flatten())
            .any(|&size| size <= least)
        {
            let says = "an empty block".to_owned();
            return Err(PatchError::Sizes { says });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::layout;

    #[test]
    fn a_patch_says_where_its_pieces_lie() {
        let layout = layout::<i16>(100, 70, 16, Some(-1.0));
        let window = Window {
            rows: 16..48,
            columns: 32..70,
        };
        let pixels: Vec<i16> = (0..32 * 38).collect();
        let patch = Patch::encode(&layout, &window, &pixels).unwrap();
        let length = directory_length(&patch.bytes).unwrap();
        let text = &patch.bytes[PREFIX..PREFIX + length];
        let contents = Contents::parse::<i16>(text, &layout, patch.bytes.len() as u64).unwrap();
        let bytes = |range: Range<u64>| &patch.bytes[range.start as usize..range.end as usize];
        let last = block::decode::<i16>(bytes(contents.block(&layout, 2, 4)), 16).unwrap();
        assert_eq!(
            last[..7],
            [
                16 * 38 + 32,
                16 * 38 + 33,
                16 * 38 + 34,
                16 * 38 + 35,
                16 * 38 + 36,
                16 * 38 + 37,
                -1
            ]
        );
        // Columns 16..32 of level 1 are blocks of it, its rows 8..24 are not.
        assert!(
            matches!(contents.overview(&layout, 0, 1), Stored::Part(range) if range.end - range.start == 8 * 16 * 2)
        );
        let (range, rows) = contents.second::<i16>(&layout, &(0..7)).unwrap();
        assert_eq!(
            rows,
            Window {
                rows: 4..7,
                columns: 8..18
            }
        );
        assert_eq!(range.end - range.start, 3 * 10 * 2);
        assert_eq!(patch.statistics.valid, 32 * 38);
    }

    #[test]
    fn directories_that_lie_are_refused() {
        let layout = layout::<i16>(100, 70, 16, Some(-1.0));
        let window = Window {
            rows: 16..48,
            columns: 32..70,
        };
        let patch = Patch::encode(&layout, &window, &[3_i16; 32 * 38]).unwrap();
        let length = directory_length(&patch.bytes).unwrap();
        let size = patch.bytes.len() as u64;
        let good: Directory = serde_json::from_slice(&patch.bytes[PREFIX..PREFIX + length]).unwrap();
        let refused = |change: &dyn Fn(&mut Directory)| {
            let mut bad = good.clone();
            change(&mut bad);
            let text = serde_json::to_vec(&bad).unwrap();
            let size = size + text.len() as u64 - length as u64;
            Contents::parse::<i16>(&text, &layout, size).unwrap_err().to_string()
        };
        assert!(refused(&|d| d.width = 71).contains("width: 71 there, 70 here"));
        assert!(refused(&|d| d.nodata = None).contains("nodata"));
        assert!(refused(&|d| d.window.rows = 16..49).contains("not made of blocks"));
        assert!(refused(&|d| d.window.rows = 16..64).contains("6 blocks"));
        assert!(refused(&|d| d.blocks[0] = u32::MAX).contains("bytes"));
        assert!(refused(&|d| d.blocks[0] = 8).contains("empty block"));
        assert!(refused(&|d| d.overview[0] = Some(90)).contains("whole"));
        assert!(directory_length(b"tesspatc\x02\0\0\0\0\0\0\0").is_err());
        assert!(directory_length(b"tess").is_err());
    }
}
