//! The density cut in memory: 12 bytes per point, halved along the wider axis until every tile has its share.
use rayon::prelude::*;

use crate::{
    Tile,
    tiling::{NOWHERE, RawBox, Router, Side, Split, joined, widened},
};

/// A point as far as the cut needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) xy: [i32; 2],
    pub(crate) number: u32,
}

/// Points below which a second thread costs more than it saves.
const PARALLEL: usize = 1 << 15;

enum Node {
    Tile(Tile),
    Split {
        axis: u8,
        value: i32,
        point: u64,
        sides: Box<[Node; 2]>,
    },
}

fn bounds(keys: &[Key]) -> RawBox {
    let widen = |bounds, key: &Key| widened(bounds, key.xy);
    if keys.len() < PARALLEL {
        return keys.iter().fold(NOWHERE, widen);
    }
    let chunks = keys.par_chunks(PARALLEL);
    chunks
        .map(|keys| keys.iter().fold(NOWHERE, widen))
        .reduce(|| NOWHERE, joined)
}

/// The axis along which a box is wider, in the units of the coordinate system; Y if neither is.
pub(crate) fn wider_axis(bounds: &RawBox, scale: [f64; 2]) -> usize {
    let width = |axis: usize| (i64::from(bounds[axis][1]) - i64::from(bounds[axis][0])) as f64 * scale[axis];
    usize::from(width(0) <= width(1))
}

/// Cuts `keys` at `cuts` (positions in order, first and last included), each time in the middle of the list of cuts.
fn divide(keys: &mut [Key], cuts: &[u64], scale: [f64; 2]) -> Node {
    let bounds = bounds(keys);
    if cuts.len() <= 2 {
        let points = keys.len() as u64;
        return Node::Tile(Tile { points, bounds });
    }
    let axis = wider_axis(&bounds, scale);
    let middle = (cuts.len() - 1) / 2;
    let rank = (cuts[middle] - cuts[0]) as usize;
    let by = |key: &Key| (key.xy[axis], key.number);
    let first = *keys.select_nth_unstable_by_key(rank, by).1;
    let (before, after) = keys.split_at_mut(rank);
    let (one, other) = (&cuts[..=middle], &cuts[middle..]);
    let sides = if before.len() + after.len() < PARALLEL {
        [divide(before, one, scale), divide(after, other, scale)]
    } else {
        rayon::join(|| divide(before, one, scale), || divide(after, other, scale)).into()
    };
    Node::Split {
        axis: axis as u8,
        value: first.xy[axis],
        point: u64::from(first.number),
        sides: Box::new(sides),
    }
}

/// Cuts points into tiles at `cuts`; `scale` is the size of a unit of X and of Y. Deterministic for any number of threads.
pub(crate) fn density(keys: &mut [Key], cuts: &[u64], scale: [f64; 2]) -> (Vec<Tile>, Router) {
    let (mut tiles, mut splits) = (Vec::new(), Vec::new());
    if !keys.is_empty() {
        flatten(divide(keys, cuts, scale), &mut tiles, &mut splits);
    }
    (tiles, Router::Tree(splits))
}

fn flatten(node: Node, tiles: &mut Vec<Tile>, splits: &mut Vec<Split>) -> Side {
    match node {
        Node::Tile(tile) => {
            tiles.push(tile);
            Side::Tile(tiles.len() as u32 - 1)
        }
        Node::Split {
            axis,
            value,
            point,
            sides,
        } => {
            let at = splits.len();
            let unknown = Side::Tile(0);
            splits.push(Split {
                axis,
                value,
                point,
                sides: [unknown; 2],
            });
            let sides = sides.map(|side| flatten(side, tiles, splits));
            splits[at].sides = sides;
            Side::Split(at as u32)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tiling::cut_positions;

    /// Points of few different coordinates, so that most cuts fall among equals.
    pub(crate) fn points() -> impl Strategy<Value = Vec<[i32; 2]>> {
        let spread = prop_oneof![Just(1i32), 2..6i32, Just(1000), Just(i32::MAX)];
        spread.prop_flat_map(|spread| {
            let one = prop_oneof![9 => -spread..=spread, 1 => Just(i32::MIN), 1 => Just(i32::MAX)];
            prop::collection::vec([one.clone(), one], 0..300)
        })
    }

    pub(crate) fn keys(points: &[[i32; 2]]) -> Vec<Key> {
        let key = |(number, &xy)| Key {
            xy,
            number: number as u32,
        };
        points.iter().enumerate().map(key).collect()
    }

    /// The published recursion, on sorted lists.
    fn plainly(mut ids: Vec<usize>, points: &[[i32; 2]], cuts: &[u64], tiles: &mut Vec<Vec<usize>>) {
        if cuts.len() == 2 {
            ids.sort_unstable();
            tiles.push(ids);
            return;
        }
        let range = |axis: usize| {
            let all = || ids.iter().map(|&id| i64::from(points[id][axis]));
            all().max().unwrap() - all().min().unwrap()
        };
        let axis = usize::from(range(0) <= range(1));
        ids.sort_by_key(|&id| (points[id][axis], id));
        let middle = (cuts.len() - 1) / 2;
        let after = ids.split_off((cuts[middle] - cuts[0]) as usize);
        plainly(ids, points, &cuts[..=middle], tiles);
        plainly(after, points, &cuts[middle..], tiles);
    }

    proptest! {
        #[test]
        fn tiles_are_those_of_the_plain_recursion(points in points(), parts in 1u64..40) {
            let cuts = cut_positions(points.len() as u64, parts);
            let (tiles, router) = density(&mut keys(&points), &cuts, [0.01; 2]);
            let mut expected = Vec::new();
            if !points.is_empty() {
                plainly((0..points.len()).collect(), &points, &cuts, &mut expected);
            }
            prop_assert!(router.is_sound(tiles.len().max(1)));
            prop_assert_eq!(tiles.len(), expected.len());
            for (number, ids) in expected.iter().enumerate() {
                prop_assert_eq!(tiles[number].points, ids.len() as u64);
                let around = ids.iter().fold(NOWHERE, |bounds, &id| widened(bounds, points[id]));
                prop_assert_eq!(tiles[number].bounds, around);
                for &id in ids {
                    prop_assert_eq!(router.tile(points[id], id as u64), number as u32);
                }
            }
        }
    }

    #[test]
    fn the_wider_axis_is_told_in_units_of_the_ground() {
        let bounds = [[0, 10], [0, 50]];
        assert_eq!(wider_axis(&bounds, [0.01, 0.01]), 1);
        assert_eq!(wider_axis(&bounds, [0.1, 0.01]), 0);
        assert_eq!(wider_axis(&[[0, 5], [3, 8]], [1.0, 1.0]), 1, "ties go to Y");
        assert_eq!(wider_axis(&[[i32::MIN, i32::MAX], [0, i32::MAX]], [1.0, 1.0]), 0);
    }
}
