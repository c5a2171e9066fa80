//! Overviews from the second on, made strip by strip.
use partition_cog::Window;
use rayon::prelude::*;

use crate::{Cell, Layout, grid::Grid, layout::intersection, patch::encode_block};

/// One row of blocks of one level.
pub(crate) struct BlockRow {
    pub(crate) level: usize,
    pub(crate) row: u64,
    /// Stored blocks, from west to east.
    pub(crate) blocks: Vec<Vec<u8>>,
}

/// Makes the levels above one that is given in strips as high as a block, from north to south.
///
/// Holds one strip of each level.
pub(crate) struct Pyramid<T> {
    layout: Layout,
    /// The strip of each level that is being filled.
    strips: Vec<Option<Grid<T>>>,
}

impl<T: Cell> Pyramid<T> {
    pub(crate) fn new(layout: Layout) -> Self {
        let strips = vec![None; layout.levels()];
        Self { layout, strips }
    }

    /// The pixels of a level that strip `row` holds.
    pub(crate) fn strip(layout: &Layout, level: usize, row: u64) -> Window {
        let [height, width] = layout.size(level);
        let rows = row * layout.block..((row + 1) * layout.block).min(height);
        Window {
            rows,
            columns: 0..width,
        }
    }

    /// Takes the next strip of `level`; gives the rows of blocks that are complete by it, of this level and those above.
    pub(crate) fn push(&mut self, level: usize, strip: &Grid<T>, done: &mut Vec<BlockRow>) {
        let layout = &self.layout;
        let row = strip.window.rows.start / layout.block;
        let columns = layout.blocks(level)[1];
        let blocks = (0..columns)
            .into_par_iter()
            .map(|column| encode_block(layout, strip.view(), &layout.block(level, row, column)))
            .collect();
        done.push(BlockRow { level, row, blocks });
        if level + 1 == layout.levels() {
            return;
        }
        let half = strip.view().halved(layout.nodata());
        let above = Self::strip(layout, level + 1, row / 2);
        let mut open = self.strips[level + 1]
            .take()
            .unwrap_or_else(|| Grid::filled(above.clone(), T::ZERO));
        open.paste(half.view());
        if half.window.rows.end == above.rows.end {
            self.push(level + 1, &open, done);
        } else {
            self.strips[level + 1] = Some(open);
        }
    }
}

/// Fills a rectangle from the plain pixels of parts of it.
pub(crate) fn join<T: Cell>(window: Window, parts: &[(Window, bytes::Bytes)]) -> Grid<T> {
    let mut grid = Grid::filled(window, T::ZERO);
    for (part, bytes) in parts {
        let mut pixels = Grid::filled(part.clone(), T::ZERO);
        T::get(bytes, &mut pixels.pixels);
        debug_assert_eq!(intersection(part, &grid.window).as_ref(), Some(part));
        grid.paste(pixels.view());
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{block::decode, layout::layout};

    #[test]
    fn levels_are_halves_of_each_other() {
        let layout = layout::<i16>(130, 75, 16, Some(-1.0));
        let whole = Window {
            rows: 0..130,
            columns: 0..75,
        };
        let pixels = (0..130 * 75)
            .map(|i| if i % 11 < 3 { -1 } else { (i * i % 999) as i16 })
            .collect();
        let full = Grid { window: whole, pixels };
        let mut pyramid = Pyramid::new(layout.clone());
        let mut done = Vec::new();
        for row in 0..layout.blocks(0)[0] {
            let strip = Pyramid::<i16>::strip(&layout, 0, row);
            let pixels = full.view().rows(&strip).flatten().copied().collect();
            pyramid.push(0, &Grid { window: strip, pixels }, &mut done);
        }
        let mut wanted = full;
        for level in 0..layout.levels() {
            let mut blocks = done.iter().filter(|row| row.level == level);
            for row in 0..layout.blocks(level)[0] {
                let made = blocks.next().unwrap();
                assert_eq!(made.row, row);
                for (column, stored) in made.blocks.iter().enumerate() {
                    let cell = layout.block(level, row, column as u64);
                    let pixels = decode::<i16>(stored, 16).unwrap();
                    for (line, row) in wanted.view().rows(&cell).zip(pixels.chunks(16)) {
                        assert_eq!(line, &row[..line.len()]);
                    }
                }
            }
            assert!(blocks.next().is_none());
            wanted = wanted.view().halved(Some(-1));
        }
    }
}
