//! Size, blocks and overviews of a raster that is written.
use std::ops::Range;

use partition_cog::{GeoReference, SampleType, Window};
use serde::{Deserialize, Serialize};

use crate::{Cell, LayoutError};

/// Everything about a raster of one band but its pixels. Workers and assembly are given the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Rows.
    pub height: u64,
    /// Columns.
    pub width: u64,
    /// Rows and columns of a stored block, in pixels: a multiple of 16. Windows are cut at multiples of it.
    #[serde(default = "default_block")]
    pub block: u64,
    /// Type of a pixel: one that implements [`Cell`].
    pub sample: SampleType,
    /// The value that says "nothing known here".
    #[serde(default)]
    pub nodata: Option<f64>,
    /// What the stored number is to be multiplied by; 1 if not given.
    #[serde(default)]
    pub scale: Option<f64>,
    /// What the band shows, for people.
    #[serde(default)]
    pub description: String,
    /// Where it lies.
    #[serde(default)]
    pub georeference: GeoReference,
}

fn default_block() -> u64 {
    Layout::BLOCK
}

impl Layout {
    /// Rows and columns of a block unless another number is asked for.
    pub const BLOCK: u64 = 512;

    /// Checks that the raster can be written with pixels of type `T`.
    pub fn check<T: Cell>(&self) -> Result<(), LayoutError> {
        let most = 1 << 31;
        if self.width == 0 || self.height == 0 || self.width > most || self.height > most {
            let (height, width) = (self.height, self.width);
            return Err(LayoutError::Size { height, width });
        }
        if self.block == 0 || !self.block.is_multiple_of(16) || self.block > 4096 {
            return Err(LayoutError::Block { block: self.block });
        }
        if self.sample != T::SAMPLE {
            let (layout, pixels) = (self.sample, T::SAMPLE);
            return Err(LayoutError::Sample { layout, pixels });
        }
        match self.nodata {
            Some(nodata) if T::exactly(nodata).is_none() => Err(LayoutError::Nodata {
                nodata,
                sample: self.sample,
            }),
            _ => Ok(()),
        }
    }

    /// Nodata as a pixel.
    pub(crate) fn nodata<T: Cell>(&self) -> Option<T> {
        self.nodata.and_then(T::exactly)
    }

    /// The whole raster as a window.
    pub fn whole(&self) -> Window {
        Window {
            rows: 0..self.height,
            columns: 0..self.width,
        }
    }

    /// Level 0 is the raster, each further one has half the rows and columns of the one before, rounded up. The last level
    /// is the first that fits one block.
    pub fn levels(&self) -> usize {
        let longest = self.height.max(self.width);
        let fits = |&level: &usize| longest.div_ceil(1 << level) <= self.block;
        (0..64).find(fits).unwrap_or(0) + 1
    }

    /// Rows and columns of a level.
    pub fn size(&self, level: usize) -> [u64; 2] {
        [self.height.div_ceil(1 << level), self.width.div_ceil(1 << level)]
    }

    /// Rows and columns of blocks of a level.
    pub fn blocks(&self, level: usize) -> [u64; 2] {
        self.size(level).map(|length| length.div_ceil(self.block))
    }

    /// What a window of the raster is in a level. Its corners lie on multiples of `2^level`, or at the raster's edge.
    pub(crate) fn reduce(&self, window: &Window, level: usize) -> Window {
        let [height, width] = self.size(level);
        let reduce = |range: &Range<u64>, end: u64| range.start >> level..range.end.div_ceil(1 << level).min(end);
        Window {
            rows: reduce(&window.rows, height),
            columns: reduce(&window.columns, width),
        }
    }

    /// The pixels of a block, without what pads it.
    pub(crate) fn block(&self, level: usize, row: u64, column: u64) -> Window {
        let [height, width] = self.size(level);
        let cut = |at: u64, end: u64| at * self.block..((at + 1) * self.block).min(end);
        Window {
            rows: cut(row, height),
            columns: cut(column, width),
        }
    }

    /// Rows and columns of the blocks of a level that a window of that level touches.
    pub(crate) fn blocks_of(&self, window: &Window) -> [Range<u64>; 2] {
        [&window.rows, &window.columns].map(|range| range.start / self.block..range.end.div_ceil(self.block))
    }

    /// Checks that a window is not empty, inside, and cut at blocks.
    pub(crate) fn check_window(&self, window: &Window) -> Result<(), LayoutError> {
        let fits = |range: &Range<u64>, end: u64| {
            let cut = |at: u64| at.is_multiple_of(self.block) || at == end;
            range.start < range.end && range.end <= end && range.start.is_multiple_of(self.block) && cut(range.end)
        };
        if fits(&window.rows, self.height) && fits(&window.columns, self.width) {
            return Ok(());
        }
        Err(LayoutError::Window {
            window: window.clone(),
            block: self.block,
            height: self.height,
            width: self.width,
        })
    }
}

/// What two windows share.
pub(crate) fn intersection(a: &Window, b: &Window) -> Option<Window> {
    let both = |a: &Range<u64>, b: &Range<u64>| a.start.max(b.start)..a.end.min(b.end);
    let window = Window {
        rows: both(&a.rows, &b.rows),
        columns: both(&a.columns, &b.columns),
    };
    (!window.rows.is_empty() && !window.columns.is_empty()).then_some(window)
}

#[cfg(test)]
pub(crate) fn layout<T: Cell>(height: u64, width: u64, block: u64, nodata: Option<f64>) -> Layout {
    Layout {
        height,
        width,
        block,
        sample: T::SAMPLE,
        nodata,
        scale: None,
        description: String::new(),
        georeference: GeoReference::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_end_at_one_block() {
        assert_eq!(layout::<f32>(1, 1, 512, None).levels(), 1);
        assert_eq!(layout::<f32>(512, 512, 512, None).levels(), 1);
        assert_eq!(layout::<f32>(512, 513, 512, None).levels(), 2);
        let tile = layout::<f32>(10_980, 10_980, 512, None);
        assert_eq!(tile.levels(), 6);
        assert_eq!([0, 1, 2, 5].map(|level| tile.size(level)[0]), [10_980, 5490, 2745, 344]);
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        assert!(layout::<f32>(0, 1, 512, None).check::<f32>().is_err());
        assert!(layout::<f32>(1, 1, 500, None).check::<f32>().is_err());
        assert!(layout::<f32>(1, 1, 512, None).check::<i16>().is_err());
        assert!(layout::<i16>(1, 1, 512, Some(0.5)).check::<i16>().is_err());
        assert!(layout::<i16>(1, 1, 512, Some(-32768.0)).check::<i16>().is_ok());
    }

    #[test]
    fn windows_are_cut_at_blocks() {
        let layout = layout::<f32>(100, 50, 32, None);
        let check = |rows, columns| layout.check_window(&Window { rows, columns }).is_ok();
        assert!(check(0..100, 0..50) && check(32..64, 32..50));
        assert!(!check(0..33, 0..50) && !check(1..32, 0..50) && !check(0..128, 0..50) && !check(32..32, 0..50));
    }
}
