//! Cuts an area of a raster into windows, in row-major order.
use std::{num::NonZero, ops::Range};

use plan::split_evenly;
use serde::{Deserialize, Serialize};

use crate::{Bounds, Window};

/// Rows and columns of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WindowGrid {
    /// Rows.
    pub rows: NonZero<u64>,
    /// Columns.
    pub columns: NonZero<u64>,
}

/// How to cut a raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// 0 the full resolution, 1 the first overview, and so on.
    #[serde(default)]
    pub level: usize,
    /// The part of the raster to cut; all of it if none is given. Windows end where it ends.
    #[serde(default)]
    pub area: Option<Area>,
    /// How many windows, or how large.
    pub size: WindowSize,
    /// Cuts are also to lie on multiples of so many rows and columns of pixels, counted from the raster's corner: for
    /// outputs with blocks of their own. Where the raster is smaller than the least common multiple of this and its blocks,
    /// that side is not cut.
    #[serde(default)]
    pub unit: Option<WindowGrid>,
}

/// A part of a raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// These pixels of the level.
    Pixels(Window),
    /// The pixels that a box in the CRS of the raster touches.
    Bounds(Bounds),
}

/// How large windows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowSize {
    /// A grid of so many windows, as even in blocks as can be; fewer where there are fewer blocks.
    Grid(WindowGrid),
    /// At most so many blocks in a window: parts of a row of blocks, or whole rows. What such a window needs lies together in
    /// a file whose blocks are in order: one ranged read.
    Blocks(NonZero<u64>),
    /// At most so many stored bytes in a window, a single block excepted; shaped as for `Blocks`.
    Bytes(NonZero<u64>),
}

impl Cut {
    /// The whole raster at full resolution in a grid of windows.
    pub fn grid(rows: NonZero<u64>, columns: NonZero<u64>) -> Self {
        Self::of(WindowSize::Grid(WindowGrid { rows, columns }))
    }

    /// The whole raster at full resolution.
    pub fn of(size: WindowSize) -> Self {
        Self {
            level: 0,
            area: None,
            size,
            unit: None,
        }
    }
}

/// The lines on which cuts of one axis may lie: every `step` pixels, none past the area.
pub(crate) struct Axis {
    /// Pixels of the area.
    pub(crate) area: Range<u64>,
    /// Pixels from line to line.
    step: u64,
}

impl Axis {
    /// The lines of an axis of `size` pixels in blocks of `block`.
    pub(crate) fn new(area: Range<u64>, size: u64, block: u64, unit: u64) -> Self {
        let common = block.checked_mul(unit / gcd(block, unit));
        let step = common.unwrap_or(size).min(size.max(1));
        Self { area, step }
    }

    fn cells(&self) -> Range<u64> {
        self.area.start / self.step..self.area.end.div_ceil(self.step)
    }

    /// Number of cells between lines.
    pub(crate) fn count(&self) -> u64 {
        let cells = self.cells();
        cells.end - cells.start
    }

    /// The pixels of a run of cells, cut to the area.
    pub(crate) fn pixels(&self, run: &Range<u64>) -> Range<u64> {
        let first = self.cells().start;
        let line = |cell: u64| (first + cell).saturating_mul(self.step);
        line(run.start).max(self.area.start)..line(run.end).min(self.area.end)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A grid of windows over the cells of two axes.
pub(crate) fn grid(rows: &Axis, columns: &Axis, grid: WindowGrid) -> Vec<Window> {
    let down = split_evenly(rows.count(), grid.rows.get());
    let windows = down.flat_map(|run| {
        let across = split_evenly(columns.count(), grid.columns.get());
        let rows = rows.pixels(&run);
        across.map(move |run| Window::new(rows.clone(), columns.pixels(&run)))
    });
    windows.collect()
}

/// Windows of at most `most` weight: whole rows of cells as long as they fit, else parts of one row.
///
/// `weight(row, columns)` is that of a run of cells in a row of cells. A cell that is heavier has a window of its own.
pub(crate) fn runs(rows: &Axis, columns: &Axis, most: u64, weight: impl Fn(u64, Range<u64>) -> u64) -> Vec<Window> {
    let all = 0..columns.count();
    let mut windows = Vec::new();
    let mut row = 0;
    while row < rows.count() {
        let mut end = row;
        let mut sum = 0u64;
        while end < rows.count() {
            sum = sum.saturating_add(weight(end, all.clone()));
            if sum > most {
                break;
            }
            end += 1;
        }
        if end > row {
            windows.push(Window::new(rows.pixels(&(row..end)), columns.area.clone()));
            row = end;
            continue;
        }
        let mut column = 0;
        while column < all.end {
            let mut end = column + 1;
            let mut sum = weight(row, column..end);
            while end < all.end {
                sum = sum.saturating_add(weight(row, end..end + 1));
                if sum > most {
                    break;
                }
                end += 1;
            }
            windows.push(Window::new(
                rows.pixels(&(row..row + 1)),
                columns.pixels(&(column..end)),
            ));
            column = end;
        }
        row += 1;
    }
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether windows are in row-major order, disjoint, and cover the area.
    fn covers(windows: &[Window], area: &Window) -> bool {
        let mut seen = vec![0u8; (area.height() * area.width()) as usize];
        for window in windows {
            for row in window.rows.clone() {
                for column in window.columns.clone() {
                    seen[((row - area.rows.start) * area.width() + column - area.columns.start) as usize] += 1;
                }
            }
        }
        let order = windows.iter().map(|window| (window.rows.start, window.columns.start));
        seen.iter().all(|&times| times == 1) && order.is_sorted()
    }

    proptest! {
        #[test]
        fn windows_are_disjoint_cover_the_area_and_lie_on_blocks(
            height in 1u64..60, width in 1u64..60, block in 1u64..20, unit in 1u64..9, size in 0u64..3, n in 1u64..9, m in 1u64..9,
            corners in prop::array::uniform4(any::<prop::sample::Index>()),
        ) {
            let between = |a: &prop::sample::Index, b: &prop::sample::Index, end: u64| {
                let (a, b) = (a.index(end as usize) as u64, b.index(end as usize) as u64);
                a.min(b)..a.max(b) + 1
            };
            let area = Window::new(between(&corners[0], &corners[1], height), between(&corners[2], &corners[3], width));
            let rows = Axis::new(area.rows.clone(), height, block, unit);
            let columns = Axis::new(area.columns.clone(), width, block, 1);
            let (n, m) = (NonZero::new(n).unwrap(), NonZero::new(m).unwrap());
            let windows = match size {
                0 => grid(&rows, &columns, WindowGrid { rows: n, columns: m }),
                1 => runs(&rows, &columns, n.get(), |_, run| run.end - run.start),
                _ => runs(&rows, &columns, n.get() * 9, |row, run| run.map(|column| row * 7 + column * 5 % 11).sum()),
            };
            prop_assert!(covers(&windows, &area));
            let on_lines = |at: u64, area: &Range<u64>, step: u64| at == area.start || at.is_multiple_of(step);
            for window in &windows {
                prop_assert!(on_lines(window.rows.start, &area.rows, block) && on_lines(window.rows.start, &area.rows, unit));
                prop_assert!(on_lines(window.columns.start, &area.columns, block));
            }
        }
    }

    #[test]
    fn runs_fill_rows_first() {
        let axis = |size| Axis::new(0..size, size, 1, 1);
        let (rows, columns) = (axis(3), axis(4));
        let by = |most| runs(&rows, &columns, most, |_, run| run.end - run.start).len();
        assert_eq!([by(1), by(3), by(4), by(8), by(12)], [12, 6, 3, 2, 1]);
    }
}
