//! What the laser sees: ground, water, woods, a town, roads. Metres from the south-west corner of the scene.
use crate::geospatial::field::{Field, step, unit};

/// Distance of streets in a town.
const BLOCK: f64 = 64.0;
/// Half the width of a street, and of the country road.
const STREET: f64 = 4.0;
/// Distance of trees in a wood.
const TREES: f64 = 6.5;
/// Radius of the widest crown.
const CROWN: f64 = 4.0;

/// A landscape in a square.
#[derive(Clone, Debug)]
pub(crate) struct Landscape {
    hills: Field,
    rock: Field,
    woods: Field,
    lots: Field,
    trees: Field,
    shore: Field,
    side: f64,
    lake: Circle,
    town: Circle,
    level: f64,
}

#[derive(Clone, Copy, Debug)]
struct Circle {
    x: f64,
    y: f64,
    radius: f64,
}

impl Circle {
    /// 1 in the middle, 0 at the rim, negative outside.
    fn inside(&self, x: f64, y: f64) -> f64 {
        let (dx, dy) = ((x - self.x) / self.radius, (y - self.y) / self.radius);
        1.0 - (dx * dx + dy * dy).sqrt()
    }
}

/// What covers the ground at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cover {
    Water,
    Road,
    /// With the elevation of the roof.
    Building(f64),
    Open,
}

/// A crown above a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Crown {
    /// Elevation of its upper surface there.
    pub(crate) top: f64,
    /// Elevation of its lower surface.
    pub(crate) base: f64,
}

impl Landscape {
    pub(crate) fn new(seed: u64, side: f64) -> Self {
        let place = Field::new(seed, 100);
        let at = |n: u64, from: f64, to: f64| side * (from + (to - from) * place.unit(0, 0, n));
        let mut landscape = Self {
            hills: Field::new(seed, 101),
            rock: Field::new(seed, 102),
            woods: Field::new(seed, 103),
            lots: Field::new(seed, 104),
            trees: Field::new(seed, 105),
            shore: Field::new(seed, 106),
            side,
            lake: Circle {
                x: at(0, 0.62, 0.78),
                y: at(1, 0.62, 0.78),
                radius: side * 0.13,
            },
            town: Circle {
                x: at(2, 0.3, 0.42),
                y: at(3, 0.25, 0.37),
                radius: side * 0.26,
            },
            level: 0.0,
        };
        landscape.level = landscape.dry(landscape.lake.x, landscape.lake.y) - 2.0;
        landscape
    }

    /// How deep in the lake, in parts of its radius; negative on land.
    fn depth(&self, x: f64, y: f64) -> f64 {
        let bays = self.lake.radius * 0.5;
        self.lake.inside(x, y) + 0.35 * self.shore.rugged(x / bays, y / bays, 3)
    }

    /// How much of a town a place is, 0 to 1.
    fn urban(&self, x: f64, y: f64) -> f64 {
        step(
            0.0,
            0.25,
            self.town.inside(x, y) + 0.3 * self.shore.smooth(x / 180.0, y / 180.0),
        )
    }

    /// The ground as if there were no lake.
    fn dry(&self, x: f64, y: f64) -> f64 {
        let hills = 55.0 * self.hills.rugged(x / 800.0, y / 800.0, 3);
        let rocky = step(0.05, 0.35, self.rock.smooth(x / 500.0, y / 500.0)) * (1.0 - self.urban(x, y));
        let rough = if rocky > 0.0 {
            rocky * 9.0 * self.rock.rugged(x / 45.0 + 31.0, y / 45.0, 4)
        } else {
            0.0
        };
        620.0 + 0.02 * x + hills + rough + 0.12 * self.hills.smooth(x / 5.0, y / 5.0)
    }

    /// Elevation of the ground, or of the water, in metres.
    pub(crate) fn ground(&self, x: f64, y: f64) -> f64 {
        let depth = self.depth(x, y);
        let dry = self.dry(x, y);
        let shore = step(-0.35, 0.0, depth);
        dry + (self.level - dry) * shore
    }

    fn is_road(&self, x: f64, y: f64) -> bool {
        let middle = self.side * 0.55 + 45.0 * self.shore.smooth(x / 300.0, 7.5);
        if (y - middle).abs() < STREET {
            return true;
        }
        let street = |v: f64| {
            let v = v.rem_euclid(BLOCK);
            !(STREET..=BLOCK - STREET).contains(&v)
        };
        (street(x) || street(y)) && self.urban(x, y) > 0.3
    }

    /// What lies on the ground at a place.
    pub(crate) fn cover(&self, x: f64, y: f64) -> Cover {
        if self.is_water(x, y) {
            return Cover::Water;
        }
        if self.is_road(x, y) {
            return Cover::Road;
        }
        self.roof(x, y).map_or(Cover::Open, Cover::Building)
    }

    /// Whether a place lies in the lake.
    pub(crate) fn is_water(&self, x: f64, y: f64) -> bool {
        self.depth(x, y) > 0.0
    }

    /// Elevation of the roof over a place. A block has four lots of 28 m; a house stays within its own.
    fn roof(&self, x: f64, y: f64) -> Option<f64> {
        const LOT: f64 = (BLOCK - 2.0 * STREET) / 2.0;
        let lot = |v: f64| {
            let block = (v / BLOCK).floor();
            let within = v - block * BLOCK - STREET;
            let half = if within < LOT { 0.0 } else { 1.0 };
            (
                block as i64 * 2 + half as i64,
                block * BLOCK + STREET + (half + 0.5) * LOT,
            )
        };
        let ((i, middle_x), (j, middle_y)) = (lot(x), lot(y));
        let pick = |n: u64, from: f64, to: f64| from + (to - from) * self.lots.unit(i, j, n);
        let (half_x, half_y) = (pick(0, 4.5, 11.0), pick(1, 4.0, 9.0));
        let middle_x = middle_x + pick(2, -2.0, 2.0);
        let middle_y = middle_y + pick(3, -2.0, 2.0);
        let (dx, dy) = ((x - middle_x).abs(), (y - middle_y).abs());
        if dx > half_x || dy > half_y || pick(4, 0.0, 1.0) > 0.85 || self.urban(middle_x, middle_y) < 0.45 {
            return None;
        }
        let floor = self.ground(middle_x, middle_y);
        if pick(5, 0.0, 1.0) < 0.4 {
            return Some(floor + pick(6, 6.0, 24.0));
        }
        // The ridge runs along the longer side; the roof rises 0.45 to 0.8 m per metre.
        let (across, half) = if half_x > half_y { (dy, half_y) } else { (dx, half_x) };
        Some(floor + pick(6, 3.5, 8.0) + (half - across) * pick(7, 0.45, 0.8))
    }

    /// How densely trees stand at a place, 0 to 1.
    fn wooded(&self, x: f64, y: f64) -> f64 {
        let wood = self.woods.rugged(x / 230.0, y / 230.0, 3);
        0.03 + 0.85 * step(0.0, 0.12, wood) * (1.0 - self.urban(x, y))
    }

    /// The highest crown over a place.
    pub(crate) fn crown(&self, x: f64, y: f64) -> Option<Crown> {
        let (i, j) = ((x / TREES).floor() as i64, (y / TREES).floor() as i64);
        let mut highest: Option<Crown> = None;
        for (a, b) in (-1..=1).flat_map(|a| (-1..=1).map(move |b| (i + a, j + b))) {
            let word = self.trees.word(a, b);
            let part = |n: u32| ((word >> (n * 10)) & 1023) as f64 / 1024.0;
            let (tree_x, tree_y) = ((a as f64 + part(0)) * TREES, (b as f64 + part(1)) * TREES);
            let size = part(2);
            let radius = 1.6 + (CROWN - 1.6) * size;
            let (dx, dy) = (x - tree_x, y - tree_y);
            let off = (dx * dx + dy * dy) / (radius * radius);
            if off >= 1.0 || part(3) >= self.wooded(tree_x, tree_y) || self.cover(tree_x, tree_y) != Cover::Open {
                continue;
            }
            let foot = self.ground(tree_x, tree_y);
            let height = 4.0 + 14.0 * size + 5.0 * part(4);
            let base = foot + 0.35 * height;
            let top = base + 0.65 * height * (1.0 - off).sqrt();
            if highest.is_none_or(|crown| crown.top < top) {
                highest = Some(Crown { top, base });
            }
        }
        highest
    }

    /// How densely a place was scanned, beside the overlap of flight strips: 0 where there are no data.
    pub(crate) fn density(&self, x: f64, y: f64) -> f64 {
        let side = self.side;
        // A corner that no strip reached.
        if (side - x) + 0.6 * y < 0.1 * side {
            return 0.0;
        }
        // Water swallows most pulses.
        if self.is_water(x, y) {
            return 0.04;
        }
        let patch = |at_x: f64, at_y: f64, radius: f64, more: f64| {
            let (dx, dy) = ((x - at_x * side) / (radius * side), (y - at_y * side) / (radius * side));
            let near = 1.0 + dx * dx + dy * dy;
            more / (near * near)
        };
        // Town and two other places were flown several times.
        let town = patch(self.town.x / side, self.town.y / side, 0.1, 3.0);
        1.0 + town + patch(0.15, 0.8, 0.06, 5.0) + patch(0.85, 0.4, 0.04, 7.0)
    }

    /// A number in 0 to 1 that is the flight strip's own.
    pub(crate) fn of_strip(&self, strip: u64) -> f64 {
        unit(self.shore.word(strip as i64, -1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(side: f64) -> impl Iterator<Item = (f64, f64)> {
        let at = move |n: u32| side * (f64::from(n) + 0.5) / 150.0;
        (0..150).flat_map(move |j| (0..150).map(move |i| (at(i), at(j))))
    }

    #[test]
    fn everything_that_a_landscape_has_is_there() {
        for seed in 0..6 {
            let landscape = Landscape::new(seed, 1000.0);
            let share = |is: &dyn Fn(f64, f64) -> bool| {
                places(1000.0).filter(|&(x, y)| is(x, y)).count() as f64 / (150.0 * 150.0)
            };
            let water = share(&|x, y| landscape.is_water(x, y));
            let roofs = share(&|x, y| matches!(landscape.cover(x, y), Cover::Building(_)));
            let roads = share(&|x, y| landscape.cover(x, y) == Cover::Road);
            let crowns = share(&|x, y| landscape.crown(x, y).is_some());
            let blind = share(&|x, y| landscape.density(x, y) == 0.0);
            assert!((0.02..0.15).contains(&water), "seed {seed}: water {water}");
            assert!((0.02..0.2).contains(&roofs), "seed {seed}: roofs {roofs}");
            assert!((0.01..0.2).contains(&roads), "seed {seed}: roads {roads}");
            assert!((0.05..0.6).contains(&crowns), "seed {seed}: crowns {crowns}");
            assert!((0.004..0.02).contains(&blind), "seed {seed}: blind {blind}");
        }
    }

    #[test]
    fn roofs_and_crowns_stand_above_the_ground_and_the_ground_is_continuous() {
        let landscape = Landscape::new(1, 700.0);
        for (x, y) in places(700.0) {
            let ground = landscape.ground(x, y);
            assert!((ground - landscape.ground(x + 0.01, y)).abs() < 0.1, "{x} {y}");
            if let Cover::Building(roof) = landscape.cover(x, y) {
                assert!(roof > ground + 1.0, "{x} {y}: {roof} over {ground}");
            }
            if let Some(crown) = landscape.crown(x, y) {
                assert!(crown.top > crown.base && crown.top > ground, "{x} {y}");
            }
        }
    }
}
