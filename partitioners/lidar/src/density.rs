//! How densely points lie: counts over a grid of square cells.
use serde::{Deserialize, Serialize};

use crate::tiling::RawBox;

/// Counts of points in square cells over the box of a cloud. Row 0 is the southernmost (least y), column 0 the westernmost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Density {
    /// Side of a cell in units of the coordinate system.
    pub cell: f64,
    /// Cells from west to east.
    pub columns: usize,
    /// Cells from south to north.
    pub rows: usize,
    /// Points in each cell, row by row.
    pub counts: Vec<u32>,
    bounds: RawBox,
    /// Size of a raw unit of X and Y.
    scale: [f64; 2],
}

/// One row of a histogram of densities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DensityClass {
    /// Least density, in points per square unit; the next row's least, exclusive, is the most.
    pub least: f64,
    /// Cells this dense.
    pub cells: u64,
    /// Points in them.
    pub points: u64,
}

impl Density {
    /// An empty grid over `bounds` with at most `most` cells along its longer side.
    pub(crate) fn new(bounds: RawBox, scale: [f64; 2], most: usize) -> Self {
        let width =
            [0, 1].map(|axis| (i64::from(bounds[axis][1]) - i64::from(bounds[axis][0])).max(0) as f64 * scale[axis]);
        let longer = width[0].max(width[1]);
        let cell = if longer > 0.0 { longer / most as f64 } else { scale[0] };
        // The last cell of each axis is closed.
        let [columns, rows] = width.map(|width| ((width / cell).ceil() as usize).clamp(1, most));
        Self {
            cell,
            columns,
            rows,
            counts: vec![0; columns * rows],
            bounds,
            scale,
        }
    }

    /// The cell of a point, if it is inside.
    pub(crate) fn cell_of(&self, xy: [i32; 2]) -> Option<u32> {
        let along = |axis: usize, cells: usize| {
            let from = i64::from(xy[axis]) - i64::from(self.bounds[axis][0]);
            let at = from as f64 * self.scale[axis] / self.cell;
            (from >= 0 && xy[axis] <= self.bounds[axis][1]).then(|| (at as usize).min(cells - 1))
        };
        let (column, row) = (along(0, self.columns)?, along(1, self.rows)?);
        Some((row * self.columns + column) as u32)
    }

    pub(crate) fn add(&mut self, cell: u32) {
        let count = &mut self.counts[cell as usize];
        *count = count.saturating_add(1);
    }

    /// Cells by density, each row twice as dense as the one before; empty cells are the first row, from 0.
    pub fn histogram(&self) -> Vec<DensityClass> {
        let area = self.cell * self.cell;
        let class = |count: u32| count.checked_ilog2().map_or(0, |power| power as usize + 1);
        let Some(most) = self.counts.iter().map(|&count| class(count)).max() else {
            return Vec::new();
        };
        let least = |class: usize| {
            if class == 0 {
                0.0
            } else {
                f64::from(1u32 << (class - 1)) / area
            }
        };
        let mut rows: Vec<DensityClass> = (0..=most)
            .map(|class| DensityClass {
                least: least(class),
                cells: 0,
                points: 0,
            })
            .collect();
        for &count in &self.counts {
            let row = &mut rows[class(count)];
            row.cells += 1;
            row.points += u64::from(count);
        }
        rows
    }
}

/// Cells along the longer side with which most of `points` evenly spread points would give `each` per cell.
pub(crate) fn cells_for(points: u64, each: f64, range: std::ops::RangeInclusive<usize>) -> usize {
    let side = (points as f64 / each).sqrt() as usize;
    side.clamp(*range.start(), *range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_counted_where_they_lie() {
        let mut density = Density::new([[0, 100], [0, 50]], [0.1, 0.1], 10);
        assert_eq!((density.columns, density.rows, density.cell), (10, 5, 1.0));
        for xy in [[0, 0], [9, 9], [10, 0], [100, 50], [100, 50]] {
            let cell = density.cell_of(xy).unwrap();
            density.add(cell);
        }
        assert_eq!((density.counts[0], density.counts[1], density.counts[49]), (2, 1, 2));
        assert_eq!(density.cell_of([-1, 0]), None);
        assert_eq!(density.cell_of([0, 51]), None);
        let rows = density.histogram();
        let told: Vec<(f64, u64, u64)> = rows.iter().map(|row| (row.least, row.cells, row.points)).collect();
        assert_eq!(told, [(0.0, 47, 0), (1.0, 1, 1), (2.0, 2, 4)]);
    }

    #[test]
    fn one_place_is_one_cell() {
        let density = Density::new([[7, 7], [i32::MAX, i32::MAX]], [0.01; 2], 100);
        assert_eq!((density.columns, density.rows), (1, 1));
        assert_eq!(density.cell_of([7, i32::MAX]), Some(0));
    }
}
