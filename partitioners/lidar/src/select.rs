//! The density cut in passes: when even 12 bytes per point are too many. Equal to [`crate::split`] in every point.
//!
//! The splits of one depth are found together: a pass counts the points of every open node by coordinate, and the count
//! says where the cut is. Where all coordinates of a node do not fit into the memory given, bins are wider and the bin of
//! the cut is counted again, finer. Among points of one coordinate the number decides; which number that is shows in the
//! next pass, which meets them in order.
use crate::{
    Tile,
    split::wider_axis,
    tiling::{NOWHERE, RawBox, Router, Side, Split, widened},
};

/// Gives every point's X and Y in order, as often as asked.
pub(crate) trait Points {
    type Error;

    /// Calls `each` with number and coordinates of every point, in order.
    fn pass(&mut self, each: &mut dyn FnMut(u64, [i32; 2])) -> Result<(), Self::Error>;
}

/// A node of the tree of splits.
struct Node {
    /// Its first and last cut in the list of cuts.
    cuts: [usize; 2],
    /// The box of its points; before they have been seen, one around it.
    bounds: RawBox,
    points: u64,
    split: Option<NodeSplit>,
}

struct NodeSplit {
    axis: usize,
    value: i32,
    /// Points of that coordinate that go to the first side, and how many have been seen.
    first: u64,
    seen: u64,
    /// The first point that goes to the second side.
    point: Option<u64>,
    sides: [usize; 2],
}

/// Counts by coordinate over a range of one axis.
struct Bins {
    least: i64,
    shift: u32,
    counts: Vec<u64>,
}

impl Bins {
    /// Bins over `range` of 2^`shift` units each.
    fn new(range: [i64; 2], shift: u32) -> Self {
        let bins = ((range[1] - range[0]) >> shift) + 1;
        Self {
            least: range[0],
            shift,
            counts: vec![0; bins as usize],
        }
    }

    fn count(range: [i64; 2], shift: u32) -> u64 {
        ((range[1] - range[0]) >> shift) as u64 + 1
    }

    fn add(&mut self, value: i32) {
        let at = (i64::from(value) - self.least) >> self.shift;
        if let Some(count) = usize::try_from(at).ok().and_then(|at| self.counts.get_mut(at)) {
            *count += 1;
        }
    }

    /// The bin of the `rank`-th value, as a range, and its rank in there.
    fn find(&self, mut rank: u64) -> ([i64; 2], u64) {
        for (at, &count) in self.counts.iter().enumerate() {
            if rank < count {
                let least = self.least + ((at as i64) << self.shift);
                return ([least, least + (1 << self.shift) - 1], rank);
            }
            rank -= count;
        }
        let end = self.least + ((self.counts.len() as i64) << self.shift);
        ([end, end], rank)
    }
}

/// The least shift with which the bins of all `ranges` are at most `most`.
fn shift_for(ranges: &[[i64; 2]], most: u64) -> u32 {
    let fits = |shift: &u32| ranges.iter().map(|&range| Bins::count(range, *shift)).sum::<u64>() <= most;
    (0..32).find(fits).unwrap_or(32)
}

/// Cuts points at `cuts` with about `memory` bytes of counts. `bounds` is the box of all points.
pub(crate) fn density<P: Points>(
    points: &mut P,
    cuts: &[u64],
    bounds: RawBox,
    scale: [f64; 2],
    memory: u64,
) -> Result<(Vec<Tile>, Router), P::Error> {
    let total = cuts[cuts.len() - 1];
    if total == 0 {
        return Ok((Vec::new(), Router::Tree(Vec::new())));
    }
    let root = Node {
        cuts: [0, cuts.len() - 1],
        bounds,
        points: total,
        split: None,
    };
    let mut tree = Tree {
        nodes: vec![root],
        most: (memory / 8).max(1 << 10),
        scale,
    };
    let mut open = 0..1;
    while !open.is_empty() {
        tree.deepen(points, cuts, open.clone())?;
        open = open.end..tree.nodes.len();
    }
    Ok(tree.finish())
}

struct Tree {
    nodes: Vec<Node>,
    /// Counts that fit into the memory given.
    most: u64,
    scale: [f64; 2],
}

impl Tree {
    /// The node among the deepest that a point belongs to. Points must come in order.
    fn walk(&mut self, number: u64, xy: [i32; 2]) -> usize {
        let mut at = 0;
        while let Some(split) = &mut self.nodes[at].split {
            let value = xy[split.axis];
            let before = match split.point {
                Some(point) => (value, number) < (split.value, point),
                None if value == split.value => {
                    split.seen += 1;
                    let before = split.seen <= split.first;
                    if !before {
                        split.point = Some(number);
                    }
                    before
                }
                None => value < split.value,
            };
            at = split.sides[usize::from(!before)];
        }
        at
    }

    /// Learns the boxes of the nodes `open`, and splits those of more than one tile.
    fn deepen<P: Points>(
        &mut self,
        points: &mut P,
        cuts: &[u64],
        open: std::ops::Range<usize>,
    ) -> Result<(), P::Error> {
        let first = open.start;
        let splitting = |node: &Node| node.cuts[1] - node.cuts[0] > 1;
        let wide = |node: &Node| node.bounds.map(|axis| axis.map(i64::from));
        let ranges: Vec<[i64; 2]> = self.nodes[open.clone()]
            .iter()
            .filter(|node| splitting(node))
            .flat_map(wide)
            .collect();
        let shift = shift_for(&ranges, self.most);
        let bins = |node: &Node| splitting(node).then(|| wide(node).map(|range| Bins::new(range, shift)));
        let mut counts: Vec<Option<[Bins; 2]>> = self.nodes[open.clone()].iter().map(bins).collect();
        let mut boxes = vec![NOWHERE; open.len()];
        points.pass(&mut |number, xy| {
            // Tiles that were finished at a smaller depth are known.
            let Some(at) = self.walk(number, xy).checked_sub(first) else {
                return;
            };
            boxes[at] = widened(boxes[at], xy);
            if let Some(bins) = &mut counts[at] {
                bins[0].add(xy[0]);
                bins[1].add(xy[1]);
            }
        })?;
        // Where the cut of each node lies, ever finer.
        let mut wanted: Vec<Option<Cut>> = Vec::new();
        for (at, bins) in counts.iter().enumerate() {
            let node = &mut self.nodes[first + at];
            node.bounds = boxes[at];
            wanted.push(bins.as_ref().map(|bins| {
                let axis = wider_axis(&node.bounds, self.scale);
                let middle = usize::midpoint(node.cuts[0], node.cuts[1]);
                let (range, rank) = bins[axis].find(cuts[middle] - cuts[node.cuts[0]]);
                Cut {
                    axis,
                    middle,
                    range,
                    rank,
                }
            }));
        }
        drop(counts);
        while wanted.iter().flatten().any(|cut| cut.range[0] < cut.range[1]) {
            self.refine(points, first, &mut wanted)?;
        }
        for (at, cut) in wanted.into_iter().enumerate() {
            if let Some(cut) = cut {
                self.split(first + at, &cut, cuts);
            }
        }
        Ok(())
    }

    /// Counts the bin of each cut again, finer.
    fn refine<P: Points>(&mut self, points: &mut P, first: usize, wanted: &mut [Option<Cut>]) -> Result<(), P::Error> {
        let ranges: Vec<[i64; 2]> = wanted.iter().flatten().map(|cut| cut.range).collect();
        let shift = shift_for(&ranges, self.most);
        let bins = |cut: &Option<Cut>| cut.as_ref().map(|cut| Bins::new(cut.range, shift));
        let mut counts: Vec<Option<Bins>> = wanted.iter().map(bins).collect();
        points.pass(&mut |number, xy| {
            let Some(at) = self.walk(number, xy).checked_sub(first) else {
                return;
            };
            if let (Some(cut), Some(bins)) = (&wanted[at], &mut counts[at]) {
                bins.add(xy[cut.axis]);
            }
        })?;
        for (cut, bins) in wanted.iter_mut().zip(&counts) {
            if let (Some(cut), Some(bins)) = (cut, bins) {
                (cut.range, cut.rank) = bins.find(cut.rank);
            }
        }
        Ok(())
    }

    fn split(&mut self, at: usize, cut: &Cut, cuts: &[u64]) {
        let value = cut.range[0] as i32;
        let (bounds, ends) = (self.nodes[at].bounds, self.nodes[at].cuts);
        let sides = [self.nodes.len(), self.nodes.len() + 1];
        for (side, ends) in [[ends[0], cut.middle], [cut.middle, ends[1]]].into_iter().enumerate() {
            let mut around = bounds;
            around[cut.axis][1 - side] = value;
            self.nodes.push(Node {
                cuts: ends,
                bounds: around,
                points: cuts[ends[1]] - cuts[ends[0]],
                split: None,
            });
        }
        self.nodes[at].split = Some(NodeSplit {
            axis: cut.axis,
            value,
            first: cut.rank,
            seen: 0,
            point: None,
            sides,
        });
    }

    fn finish(&self) -> (Vec<Tile>, Router) {
        let (mut tiles, mut splits) = (Vec::new(), Vec::new());
        self.flatten(0, &mut tiles, &mut splits);
        (tiles, Router::Tree(splits))
    }

    fn flatten(&self, at: usize, tiles: &mut Vec<Tile>, splits: &mut Vec<Split>) -> Side {
        let node = &self.nodes[at];
        let Some(split) = &node.split else {
            tiles.push(Tile {
                points: node.points,
                bounds: node.bounds,
            });
            return Side::Tile(tiles.len() as u32 - 1);
        };
        let place = splits.len();
        splits.push(Split {
            axis: split.axis as u8,
            value: split.value,
            point: split.point.unwrap_or(0),
            sides: [Side::Tile(0); 2],
        });
        let sides = split.sides.map(|side| self.flatten(side, tiles, splits));
        splits[place].sides = sides;
        Side::Split(place as u32)
    }
}

/// Where a cut lies: in this range of coordinates, so many of its points before it.
struct Cut {
    axis: usize,
    middle: usize,
    range: [i64; 2],
    rank: u64,
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        split::{
            self,
            tests::{keys, points},
        },
        tiling::cut_positions,
    };

    struct Listed(Vec<[i32; 2]>, usize);

    impl Points for Listed {
        type Error = Infallible;

        fn pass(&mut self, each: &mut dyn FnMut(u64, [i32; 2])) -> Result<(), Infallible> {
            self.1 += 1;
            for (number, &xy) in self.0.iter().enumerate() {
                each(number as u64, xy);
            }
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn passes_give_what_memory_gives(points in points(), parts in 1u64..40, memory in prop_oneof![Just(0u64), Just(1 << 20)]) {
            let cuts = cut_positions(points.len() as u64, parts);
            let scale = [0.01, 0.02];
            let expected = split::density(&mut keys(&points), &cuts, scale);
            let around = points.iter().fold(NOWHERE, |bounds, &xy| widened(bounds, xy));
            let found = density(&mut Listed(points, 0), &cuts, around, scale, memory).unwrap();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn one_pass_per_depth_when_coordinates_fit() {
        let points: Vec<[i32; 2]> = (0..1000).map(|i| [i * 37 % 1000, i * 91 % 1000]).collect();
        let mut listed = Listed(points, 0);
        let cuts = cut_positions(1000, 8);
        density(&mut listed, &cuts, [[0, 999]; 2], [1.0; 2], 1 << 20).unwrap();
        assert_eq!(
            listed.1, 4,
            "three depths of splits, and one for the boxes of the tiles"
        );
    }
}
