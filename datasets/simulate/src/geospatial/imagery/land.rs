//! What the satellite sees: woods, fields, towns, water, at two dates. Coordinates are pixels from the north-west corner of the
//! first tile, rows downwards.
use crate::geospatial::field::{Field, step, unit};

/// Distance of towns.
const TOWNS: f64 = 700.0;
/// Size of districts, in each of which fields lie in one direction.
const DISTRICT: f64 = 260.0;
/// Directions of fields and streets: cosine and sine.
const TURNS: [(f64, f64); 5] = [(1.0, 0.0), (0.96, 0.28), (0.8, 0.6), (0.6, 0.8), (0.28, 0.96)];

/// A landscape without end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Land {
    relief: Field,
    woods: Field,
    river: Field,
    towns: Field,
    districts: Field,
    parcels: Field,
    grain: Field,
}

/// How a pixel reflects at both dates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Surface {
    /// Whether trees can be lost here.
    pub(crate) wood: bool,
    /// NDVI at each date.
    pub(crate) ndvi: [f64; 2],
    /// Red and near-infrared reflectance together, at each date.
    pub(crate) light: [f64; 2],
}

impl Surface {
    /// Red and near-infrared reflectance at a date.
    pub(crate) fn bands(&self, date: usize) -> [f64; 2] {
        let (ndvi, light) = (self.ndvi[date], self.light[date]);
        [light * (1.0 - ndvi) / 2.0, light * (1.0 + ndvi) / 2.0]
    }
}

impl Land {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            relief: Field::new(seed, 201),
            woods: Field::new(seed, 202),
            river: Field::new(seed, 203),
            towns: Field::new(seed, 204),
            districts: Field::new(seed, 205),
            parcels: Field::new(seed, 206),
            grain: Field::new(seed, 207),
        }
    }

    /// Whether a wood stands at a place.
    pub(crate) fn is_wood(&self, x: f64, y: f64) -> bool {
        let relief = self.relief(x, y);
        !self.is_water(x, y, relief) && self.urban(x, y) <= 0.0 && self.wooded(x, y, relief)
    }

    fn relief(&self, x: f64, y: f64) -> f64 {
        self.relief.rugged(x / 420.0, y / 420.0, 4)
    }

    fn is_water(&self, x: f64, y: f64, relief: f64) -> bool {
        let river = self.river.rugged(x / 520.0, y / 520.0, 3);
        relief < -0.62 || river.abs() < 0.008
    }

    fn wooded(&self, x: f64, y: f64, relief: f64) -> bool {
        relief + 0.4 * self.woods.rugged(x / 70.0, y / 70.0, 4) > 0.08
    }

    /// How far inside a town a place is; 0 and less outside.
    fn urban(&self, x: f64, y: f64) -> f64 {
        let (i, j) = ((x / TOWNS).floor() as i64, (y / TOWNS).floor() as i64);
        let pick = |n: u64| self.towns.unit(i, j, n);
        if pick(0) > 0.65 {
            return -1.0;
        }
        // A town stays in its cell, so that no neighbour has to be asked.
        let (middle_x, middle_y) = (
            (i as f64 + 0.35 + 0.3 * pick(1)) * TOWNS,
            (j as f64 + 0.35 + 0.3 * pick(2)) * TOWNS,
        );
        let radius = 35.0 + 110.0 * pick(3) * pick(3);
        let (dx, dy) = (x - middle_x, y - middle_y);
        let inside = 1.0 - (dx * dx + dy * dy).sqrt() / radius;
        if inside < -0.7 {
            inside
        } else {
            inside + 0.5 * self.towns.rugged(x / 45.0, y / 45.0, 2)
        }
    }

    /// The pixel at a column and a row.
    pub(crate) fn surface(&self, column: i64, row: i64) -> Surface {
        let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
        let word = self.grain.word(column, row);
        let grain = unit(word) - 0.5;
        let relief = self.relief(x, y);
        if self.is_water(x, y, relief) {
            let ndvi = -0.35 + 0.1 * self.grain.smooth(x / 40.0, y / 40.0);
            return Surface {
                wood: false,
                ndvi: [ndvi, ndvi + 0.02],
                light: [0.075 + 0.01 * grain, 0.07 + 0.01 * grain],
            };
        }
        let urban = self.urban(x, y);
        if urban > 0.0 {
            return self.town(x, y, urban, grain);
        }
        if self.wooded(x, y, relief) {
            // Crowns, stands of other species, and shaded slopes.
            let stand = self.woods.smooth(x / 25.0 + 50.0, y / 25.0);
            let slope = self.relief.smooth(x / 16.0, y / 16.0 - 90.0);
            let ndvi = 0.78 + 0.05 * stand + 0.05 * grain;
            let light = 0.31 * (1.0 + 0.12 * stand + 0.18 * slope + 0.2 * grain);
            return Surface {
                wood: true,
                ndvi: [ndvi, ndvi - 0.03 - 0.02 * stand],
                light: [light, light * 0.97],
            };
        }
        self.field(x, y, grain)
    }

    fn town(&self, x: f64, y: f64, urban: f64, grain: f64) -> Surface {
        let (i, j) = ((x / TOWNS).floor() as i64, (y / TOWNS).floor() as i64);
        let (cos, sin) = TURNS[(self.towns.word(i, j) >> 32) as usize % TURNS.len()];
        let (u, v) = (cos * x + sin * y, cos * y - sin * x);
        let (block_u, block_v) = ((u / 9.0).floor(), (v / 7.0).floor());
        let pick = self.parcels.unit(block_u as i64, block_v as i64, 9);
        let street = u - 9.0 * block_u < 1.5 || v - 7.0 * block_v < 1.5;
        let green = 1.0 - step(0.0, 0.5, urban);
        let (ndvi, light) = if street {
            (0.06 + 0.08 * green, 0.26)
        } else if pick < 0.1 {
            (0.62, 0.38)
        } else {
            // Roofs are brighter in the middle of towns, gardens greener at their edges.
            (0.08 + 0.3 * green + 0.08 * pick, 0.3 + 0.3 * pick)
        };
        let ndvi = ndvi + 0.05 * grain;
        Surface {
            wood: false,
            ndvi: [ndvi, ndvi - 0.01],
            light: [light * (1.0 + 0.3 * grain); 2],
        }
    }

    /// Fields: no crop loses more than 0.2 from date to date, so that what falls by more is a loss of trees.
    fn field(&self, x: f64, y: f64, grain: f64) -> Surface {
        let (i, j) = self.district(x, y);
        let word = self.districts.word(i, j);
        let (cos, sin) = TURNS[(word & 0xff) as usize % TURNS.len()];
        let part = |n: u32| ((word >> n) & 0xff) as f64 / 256.0;
        let (long, wide) = (18.0 + 30.0 * part(8), 8.0 + 16.0 * part(16));
        let (u, v) = (cos * x + sin * y, cos * y - sin * x);
        let rank = (v / wide).floor();
        let shift = unit(self.parcels.word(rank as i64, i ^ (j << 20))) * long;
        let file = ((u + shift) / long).floor();
        let parcel = self.parcels.word(file as i64 ^ (i << 24), rank as i64 ^ (j << 24));
        let pick = |n: u32| ((parcel >> n) & 0xfff) as f64 / 4096.0;
        let within = 0.03 * self.parcels.smooth(x / 12.0, y / 12.0) + 0.04 * grain;
        // Tracks between ranks of fields.
        if v - rank * wide < 1.0 {
            return Surface {
                wood: false,
                ndvi: [0.3 + within; 2],
                light: [0.36; 2],
            };
        }
        let (before, after) = match (pick(0) * 6.0) as u32 {
            // Stubble, early and late.
            0 => (0.34, 0.18),
            1 => (0.2, 0.22),
            // Sown and grown.
            2 => (0.25, 0.72),
            // Meadow.
            3 => (0.6, 0.52),
            // Standing crop, ripening.
            4 => (0.7, 0.54),
            // Vines and fruit trees.
            _ => (0.42, 0.4),
        };
        let vigour = 0.05 * (pick(12) - 0.5);
        let light = 0.4 + 0.14 * pick(24) + 0.02 * grain;
        Surface {
            wood: false,
            ndvi: [before + vigour + within, after + vigour + within],
            light: [light, light * (1.0 + 0.06 * (before - after))],
        }
    }

    /// The district that a place belongs to: that of the nearest centre.
    fn district(&self, x: f64, y: f64) -> (i64, i64) {
        let (i, j) = ((x / DISTRICT).floor() as i64, (y / DISTRICT).floor() as i64);
        let near = (-1..=1).flat_map(|a| (-1..=1).map(move |b| (i + a, j + b)));
        let distance = |&(a, b): &(i64, i64)| {
            let word = self.districts.word(a, b);
            let part = |n: u32| ((word >> n) & 0xffff) as f64 / 65536.0;
            let (dx, dy) = (
                x - (a as f64 + part(32)) * DISTRICT,
                y - (b as f64 + part(48)) * DISTRICT,
            );
            dx * dx + dy * dy
        };
        near.min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .unwrap_or((i, j))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_landscape_has_is_there_and_nothing_falls_by_itself() {
        for seed in 1..4 {
            let land = Land::new(seed);
            let pixels = (0..300).flat_map(|row| (0..300).map(move |column| (column * 7, row * 7)));
            let surfaces: Vec<Surface> = pixels.map(|(column, row)| land.surface(column, row)).collect();
            let share = |is: &dyn Fn(&Surface) -> bool| {
                surfaces.iter().filter(|surface| is(surface)).count() as f64 / surfaces.len() as f64
            };
            let (wood, water) = (share(&|s| s.wood), share(&|s| s.ndvi[0] < -0.2));
            assert!((0.2..0.7).contains(&wood), "seed {seed}: wood {wood}");
            assert!((0.01..0.2).contains(&water), "seed {seed}: water {water}");
            assert!(
                share(&|s| s.ndvi[1] - s.ndvi[0] > 0.3) > 0.02,
                "seed {seed}: crops grow"
            );
            for surface in &surfaces {
                assert!(surface.ndvi[1] - surface.ndvi[0] > -0.2, "{surface:?}");
                for date in 0..2 {
                    let [red, nir] = surface.bands(date);
                    assert!(red > 0.0 && nir > 0.0 && red + nir < 1.2, "{surface:?}");
                    let ndvi = (nir - red) / (nir + red);
                    assert!((ndvi - surface.ndvi[date]).abs() < 1e-12);
                }
            }
        }
    }
}
