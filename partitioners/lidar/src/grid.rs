//! The naive cut: cells of equal area over the box of all points.
use serde::{Deserialize, Serialize};

use crate::{
    Tile,
    tiling::{NOWHERE, RawBox, widened},
};

/// Cells of equal area, half-open but for the last of each axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grid {
    bounds: RawBox,
    /// Cells along X and along Y.
    shape: [u64; 2],
    /// The tile that each cell became, Y running fastest; empty cells are none.
    tiles: Vec<Option<u32>>,
}

/// Cells along X and Y for about `parts` cells: `round(sqrt(parts))` columns.
pub(crate) fn shape(parts: u64) -> [u64; 2] {
    let columns = ((parts as f64).sqrt().round() as u64).max(1);
    let rows = ((parts as f64 / columns as f64).round() as u64).max(1);
    [columns, rows]
}

impl Grid {
    /// Which cell a point lies in.
    pub(crate) fn cell(&self, xy: [i32; 2]) -> usize {
        let [column, row] = [0, 1].map(|axis| {
            let [least, most] = self.bounds[axis].map(i64::from);
            let along = (i64::from(xy[axis]) - least).max(0) as u128;
            let width = (most - least).max(1) as u128;
            let cell = along * u128::from(self.shape[axis]) / width;
            (cell as u64).min(self.shape[axis].saturating_sub(1))
        });
        column.wrapping_mul(self.shape[1]).wrapping_add(row) as usize
    }

    pub(crate) fn tile(&self, xy: [i32; 2]) -> u32 {
        self.tiles.get(self.cell(xy)).copied().flatten().unwrap_or(0)
    }

    /// The cell that became `tile`.
    pub(crate) fn cell_of_tile(&self, tile: u32) -> Option<u64> {
        let cell = self.tiles.iter().position(|of| *of == Some(tile));
        cell.map(|cell| cell as u64)
    }

    /// The cells alone.
    pub(crate) fn without_tiles(&self) -> Self {
        Self {
            tiles: Vec::new(),
            ..self.clone()
        }
    }

    pub(crate) fn is_sound(&self, tiles: usize) -> bool {
        let cells = self.shape[0].checked_mul(self.shape[1]);
        let inside = |tile: &Option<u32>| tile.is_none_or(|tile| (tile as usize) < tiles);
        self.shape.iter().all(|&cells| cells > 0)
            && cells == Some(self.tiles.len() as u64)
            && self.tiles.iter().all(inside)
    }
}

/// Counts points into cells.
pub(crate) struct Counter {
    grid: Grid,
    cells: Vec<Tile>,
}

impl Counter {
    /// Starts with no points; `bounds` is the box of all of them.
    pub(crate) fn new(bounds: RawBox, parts: u64) -> Self {
        let shape = shape(parts);
        let empty = Tile {
            points: 0,
            bounds: NOWHERE,
        };
        Self {
            grid: Grid {
                bounds,
                shape,
                tiles: Vec::new(),
            },
            cells: vec![empty; (shape[0] * shape[1]) as usize],
        }
    }

    pub(crate) fn add(&mut self, xy: [i32; 2]) {
        let cell = &mut self.cells[self.grid.cell(xy)];
        cell.points += 1;
        cell.bounds = widened(cell.bounds, xy);
    }

    /// The tiles that are not empty, and the grid that finds them.
    pub(crate) fn finish(self) -> (Vec<Tile>, Grid) {
        let Self { mut grid, cells } = self;
        let mut next = 0;
        grid.tiles = cells
            .iter()
            .map(|cell| {
                (cell.points > 0).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        (cells.into_iter().filter(|cell| cell.points > 0).collect(), grid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_half_open_but_the_last() {
        assert_eq!(
            (shape(10), shape(12), shape(1), shape(2)),
            ([3, 3], [3, 4], [1, 1], [1, 2])
        );
        let mut counter = Counter::new([[0, 10], [0, 10]], 4);
        for xy in [[0, 0], [4, 4], [5, 5], [10, 10], [4, 10]] {
            counter.add(xy);
        }
        let (tiles, grid) = counter.finish();
        let points: Vec<u64> = tiles.iter().map(|tile| tile.points).collect();
        assert_eq!(points, [2, 1, 2], "the cell at large x and small y is empty");
        assert_eq!(tiles[2].bounds, [[5, 10], [5, 10]]);
        assert_eq!([grid.tile([0, 4]), grid.tile([4, 5]), grid.tile([5, 10])], [0, 1, 2]);
        assert!(grid.is_sound(3) && !grid.is_sound(2));
    }

    #[test]
    fn all_points_in_one_place_are_one_tile() {
        let mut counter = Counter::new([[7, 7], [i32::MIN, i32::MAX]], 9);
        counter.add([7, i32::MIN]);
        counter.add([7, i32::MAX]);
        assert_eq!(counter.finish().0.len(), 2);
    }
}
