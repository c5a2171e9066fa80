//! Which points a single tile owns, said so briefly that every partition can carry it.
use serde::{Deserialize, Serialize};

use crate::{
    grid::Grid,
    tiling::{Router, Side},
};

/// A side of one split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Half {
    /// 0 for X, 1 for Y.
    axis: u8,
    /// Raw coordinate of the first point after the split.
    value: i32,
    /// Number of that point.
    point: u64,
    /// Whether the tile lies after the split.
    after: bool,
}

/// The points that a tile owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Own {
    /// Those on these sides of all splits.
    Halves(Vec<Half>),
    /// Those of one cell of a grid.
    Cell(Cell),
}

/// A cell of a grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    grid: Grid,
    cell: u64,
}

impl Own {
    /// What `tile` owns.
    pub(crate) fn of(router: &Router, tile: u32) -> Self {
        match router {
            Router::Grid(grid) => Self::Cell(Cell {
                cell: grid.cell_of_tile(tile).unwrap_or(u64::MAX),
                grid: grid.without_tiles(),
            }),
            Router::Tree(splits) => {
                // From the tile up: who leads to it, and who leads there.
                let mut halves = Vec::new();
                let mut wanted = Side::Tile(tile);
                for (at, split) in splits.iter().enumerate().rev() {
                    if let Some(side) = split.sides.iter().position(|side| *side == wanted) {
                        halves.push(Half {
                            axis: split.axis,
                            value: split.value,
                            point: split.point,
                            after: side == 1,
                        });
                        wanted = Side::Split(at as u32);
                    }
                }
                halves.reverse();
                Self::Halves(halves)
            }
        }
    }

    /// Whether the point `number` at `xy` is among them.
    pub(crate) fn holds(&self, xy: [i32; 2], number: u64) -> bool {
        match self {
            Self::Halves(halves) => halves.iter().all(|half| {
                let before = (xy[usize::from(half.axis & 1)], number) < (half.value, half.point);
                before != half.after
            }),
            Self::Cell(Cell { grid, cell }) => grid.cell(xy) as u64 == *cell,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        split::{
            self,
            tests::{keys, points},
        },
        tiling::cut_positions,
    };

    proptest! {
        #[test]
        fn a_tile_owns_what_the_router_says(points in points(), parts in 1u64..20) {
            let cuts = cut_positions(points.len() as u64, parts);
            let (tiles, router) = split::density(&mut keys(&points), &cuts, [0.01; 2]);
            for tile in 0..tiles.len() as u32 {
                let own = Own::of(&router, tile);
                for (number, &xy) in points.iter().enumerate() {
                    prop_assert_eq!(own.holds(xy, number as u64), router.tile(xy, number as u64) == tile);
                }
            }
        }
    }
}
