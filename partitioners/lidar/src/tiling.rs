//! Which point belongs to which tile: what a cut decides, as plain data.
use serde::{Deserialize, Serialize};

use crate::grid::Grid;

/// How tiles are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Tiles of equal numbers of points, by halving along the wider axis.
    #[default]
    Density,
    /// Tiles of equal area: the baseline, whose tiles have as many points as happen to lie there.
    Grid,
}

/// A closed box in raw X and Y: least and most of each.
pub type RawBox = [[i32; 2]; 2];

/// A box that nothing is in.
pub(crate) const NOWHERE: RawBox = [[i32::MAX, i32::MIN]; 2];

/// The smallest box around `bounds` and a point.
pub(crate) fn widened(bounds: RawBox, xy: [i32; 2]) -> RawBox {
    [0, 1].map(|axis| [bounds[axis][0].min(xy[axis]), bounds[axis][1].max(xy[axis])])
}

/// The smallest box around two.
pub(crate) fn joined(one: RawBox, other: RawBox) -> RawBox {
    [0, 1].map(|axis| [one[axis][0].min(other[axis][0]), one[axis][1].max(other[axis][1])])
}

/// A tile's own points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// How many.
    pub points: u64,
    /// The box around them.
    pub bounds: RawBox,
}

/// Where a split leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Split(u32),
    Tile(u32),
}

/// Points before `(value, point)` by coordinate and number go to the first side, the others to the second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Split {
    /// 0 for X, 1 for Y.
    pub(crate) axis: u8,
    pub(crate) value: i32,
    pub(crate) point: u64,
    pub(crate) sides: [Side; 2],
}

/// Finds the tile that owns a point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Router {
    /// The first split is the root; without splits there is one tile.
    Tree(Vec<Split>),
    Grid(Grid),
}

impl Router {
    /// The tile that owns the point `number` at `xy`.
    pub(crate) fn tile(&self, xy: [i32; 2], number: u64) -> u32 {
        let splits = match self {
            Self::Tree(splits) => splits,
            Self::Grid(grid) => return grid.tile(xy),
        };
        let mut at = 0;
        while let Some(split) = splits.get(at) {
            let before = (xy[usize::from(split.axis & 1)], number) < (split.value, split.point);
            match split.sides[usize::from(!before)] {
                Side::Split(next) => at = next as usize,
                Side::Tile(tile) => return tile,
            }
        }
        0
    }

    /// Whether every way through the splits ends at one of `tiles` tiles.
    pub(crate) fn is_sound(&self, tiles: usize) -> bool {
        match self {
            Self::Grid(grid) => grid.is_sound(tiles),
            Self::Tree(splits) => splits.iter().enumerate().all(|(at, split)| {
                split.sides.iter().all(|side| match *side {
                    // Splits lead forward, so that no walk goes in circles.
                    Side::Split(next) => next as usize > at && (next as usize) < splits.len(),
                    Side::Tile(tile) => (tile as usize) < tiles,
                })
            }),
        }
    }
}

/// A cut of a cloud: its tiles in order and who owns what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiling {
    /// How it was laid out.
    pub method: Method,
    /// Parts that were asked for; a grid may have another number of tiles, and empty ones are left out.
    pub parts: u64,
    /// The tiles, none empty.
    pub tiles: Vec<Tile>,
    pub(crate) router: Router,
}

/// Where to cut `points` points into at most `parts` tiles: the first point of each, and the end.
///
/// Sizes differ by at most one. With fewer points than parts there are as many tiles as points.
pub(crate) fn cut_positions(points: u64, parts: u64) -> Vec<u64> {
    let parts = parts.min(points);
    if parts == 0 {
        return vec![0];
    }
    let share = points as f64 / parts as f64;
    (0..=parts).map(|i| (share * i as f64 + 0.5).floor() as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_even_and_never_empty() {
        assert_eq!(cut_positions(10, 4), [0, 3, 5, 8, 10]);
        assert_eq!(cut_positions(3, 10), [0, 1, 2, 3]);
        assert_eq!(cut_positions(0, 10), [0]);
        for (points, parts) in [
            (343_306, 12),
            (16_000_000, 10),
            (999_999, 7),
            (u64::from(u32::MAX) * 3, 977),
        ] {
            let cuts = cut_positions(points, parts);
            let sizes: Vec<u64> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert_eq!((sizes.len() as u64, sizes.iter().sum()), (parts, points));
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }
    }

    #[test]
    fn a_router_that_goes_in_circles_is_unsound() {
        let split = |sides| Split {
            axis: 0,
            value: 0,
            point: 0,
            sides,
        };
        let tiles = [Side::Tile(0), Side::Tile(1)];
        assert!(Router::Tree(vec![split(tiles)]).is_sound(2));
        assert!(!Router::Tree(vec![split(tiles)]).is_sound(1));
        assert!(!Router::Tree(vec![split([Side::Split(0), Side::Tile(0)])]).is_sound(2));
        assert!(Router::Tree(Vec::new()).is_sound(1));
    }
}
