//! The points of a piece of a flight strip: pulses, their returns, and what they hit.
use super::{
    flight::{Flight, Piece},
    landscape::{Cover, Landscape},
};
use crate::rng::Rng;

/// ASPRS class of a point.
pub(crate) mod class {
    pub(crate) const GROUND: u8 = 2;
    pub(crate) const MEDIUM_VEGETATION: u8 = 4;
    pub(crate) const HIGH_VEGETATION: u8 = 5;
    pub(crate) const BUILDING: u8 = 6;
    pub(crate) const LOW_NOISE: u8 = 7;
    pub(crate) const WATER: u8 = 9;
    pub(crate) const ROAD: u8 = 11;
    pub(crate) const HIGH_NOISE: u8 = 18;
}

/// Height of the flight above the hills, in metres: it decides scan angles.
const HEIGHT: f64 = 400.0;
/// Metres between scan lines.
const LINE: f64 = 0.6;
/// Metres flown in a second.
const SPEED: f64 = 60.0;
/// Seconds from one strip's start to the next one's: time to turn, beside the flying.
const TURN: f64 = 300.0;
/// Shares of points that are noise below and above the scene.
const NOISE: (f64, f64) = (0.0003, 0.0002);
/// Standard deviation of measured elevations, in metres.
const ERROR: f64 = 0.03;

/// One return of a pulse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Metres from the corner of the scene, and above the sea.
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: f64,
    pub(crate) class: u8,
    /// Which return, from 1, of how many.
    pub(crate) number: u8,
    pub(crate) returns: u8,
    /// Degrees from the vertical, negative to the left of the aircraft.
    pub(crate) angle: f64,
    /// Seconds since the flight began.
    pub(crate) time: f64,
    pub(crate) strip: u64,
    pub(crate) intensity: u16,
    /// Whether the mirror moves to the east.
    pub(crate) eastwards: bool,
    pub(crate) overlap: bool,
}

/// Most returns of a pulse.
const RETURNS: usize = 4;

/// A pulse, and what it met on its way down: elevations and classes.
struct Pulse {
    line: u64,
    x: f64,
    y: f64,
    hits: [(f64, u8); RETURNS],
    returns: usize,
}

/// All points of a piece, in the order of their times. Exactly as many as the piece should have.
pub(super) fn points(seed: u64, landscape: &Landscape, flight: &Flight, piece: &Piece) -> Vec<Point> {
    let mut rng = Rng::new(seed, 0x1000_0000_0000 + piece.index);
    let long = piece.north_end - piece.south;
    let lines = (long / LINE).ceil().max(1.0);
    let (from, step) = (piece.flown(flight.side), long / lines);
    let mut pulses = pulses(landscape, piece, &mut rng);
    for pulse in &mut pulses {
        let flown = if piece.north {
            pulse.y - piece.south
        } else {
            piece.north_end - pulse.y
        };
        pulse.line = ((flown / step) as u64).min(lines as u64 - 1);
    }
    // The mirror goes to and fro.
    let across = |pulse: &Pulse| {
        if pulse.line.is_multiple_of(2) {
            pulse.x
        } else {
            -pulse.x
        }
    };
    pulses.sort_by(|a, b| a.line.cmp(&b.line).then(across(a).total_cmp(&across(b))));

    let (centre, width) = (f64::midpoint(piece.west, piece.east), piece.east - piece.west);
    let begin = piece.strip as f64 * (flight.side / SPEED + TURN);
    let mut points = Vec::with_capacity(piece.points as usize);
    for pulse in &pulses {
        let eastwards = pulse.line.is_multiple_of(2);
        let within = (pulse.x - piece.west) / width;
        let within = if eastwards { within } else { 1.0 - within };
        let offset = if piece.north {
            pulse.x - centre
        } else {
            centre - pulse.x
        };
        for (at, &(z, class)) in pulse.hits[..pulse.returns].iter().enumerate() {
            points.push(Point {
                x: pulse.x,
                y: pulse.y,
                z: z + ERROR * rng.normal(),
                class,
                number: at as u8 + 1,
                returns: pulse.returns as u8,
                angle: degrees(offset / HEIGHT),
                time: begin + (from + (pulse.line as f64 + within * 0.98) * step) / SPEED,
                strip: piece.strip,
                intensity: intensity(class, pulse.returns, &mut rng),
                eastwards,
                overlap: flight.is_overlap(piece.strip, pulse.x),
            });
        }
    }
    points
}

/// Pulses that give the piece's number of points, the last one cut short if need be.
fn pulses(landscape: &Landscape, piece: &Piece, rng: &mut Rng) -> Vec<Pulse> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (piece.densities(landscape).iter())
        .map(|density| {
            sum += density;
            sum
        })
        .collect();
    let mut left = piece.points as usize;
    let mut pulses = Vec::with_capacity(left);
    while left > 0 {
        let draw = rng.unit() * sum;
        let cell = sums.partition_point(|&upto| upto <= draw).min(sums.len() - 1);
        let (west, south, width, height) = piece.cell(cell);
        // Where a shore crosses the cell, the centre is known to have data.
        let drawn = (0..8).find_map(|_| {
            let (x, y) = (west + width * rng.unit(), south + height * rng.unit());
            (landscape.density(x, y) > 0.0).then_some((x, y))
        });
        let (x, y) = drawn.unwrap_or((west + width / 2.0, south + height / 2.0));
        let (hits, returns) = hits(landscape, x, y, rng);
        let returns = returns.min(left);
        left -= returns;
        pulses.push(Pulse {
            line: 0,
            x,
            y,
            hits,
            returns,
        });
    }
    pulses
}

/// What a pulse meets, from above, and how much of it.
fn hits(landscape: &Landscape, x: f64, y: f64, rng: &mut Rng) -> ([(f64, u8); RETURNS], usize) {
    let mut hits = [(0.0, 0); RETURNS];
    let mut returns = 0;
    let mut hit = |z: f64, class: u8| {
        hits[returns] = (z, class);
        returns += 1;
    };
    let ground = landscape.ground(x, y);
    let noise = rng.unit();
    if noise < NOISE.0 {
        hit(ground - 4.0 - 30.0 * rng.unit(), class::LOW_NOISE);
        return (hits, returns);
    }
    if noise < NOISE.0 + NOISE.1 {
        hit(ground + 60.0 + 200.0 * rng.unit(), class::HIGH_NOISE);
        return (hits, returns);
    }
    let (floor, class) = match landscape.cover(x, y) {
        Cover::Water => (ground, class::WATER),
        Cover::Road => (ground, class::ROAD),
        Cover::Building(roof) => (roof, class::BUILDING),
        Cover::Open => (ground, class::GROUND),
    };
    let crown = landscape.crown(x, y).filter(|crown| crown.top > floor + 1.5);
    let Some(crown) = crown.filter(|_| rng.chance(0.93)) else {
        hit(floor, class);
        return (hits, returns);
    };
    let base = crown.base.max(floor + 1.0);
    let mut z = crown.top - 0.5 * rng.unit() * rng.unit();
    hit(z, class::HIGH_VEGETATION);
    if rng.chance(0.4) && z > base + 1.0 {
        z -= (z - base) * (0.2 + 0.7 * rng.unit());
        hit(z, class::HIGH_VEGETATION);
    }
    if class == class::GROUND && rng.chance(0.12) && z > floor + 2.5 {
        hit(floor + 0.5 + 1.5 * rng.unit(), class::MEDIUM_VEGETATION);
    }
    if rng.chance(0.6) {
        hit(floor, class);
    }
    (hits, returns)
}

/// The angle of that tangent, in degrees; to 1e-3 degrees for tangents up to 0.4.
fn degrees(tangent: f64) -> f64 {
    let square = tangent * tangent;
    (tangent * (1.0 - square * (1.0 / 3.0 - square * (0.2 - square * (1.0 / 7.0 - square / 9.0))))).to_degrees()
}

/// How much light comes back: a surface's own share, less of it when the pulse was split.
fn intensity(class: u8, returns: usize, rng: &mut Rng) -> u16 {
    let mean = match class {
        class::GROUND => 14_000.0,
        class::MEDIUM_VEGETATION | class::HIGH_VEGETATION => 11_000.0,
        class::BUILDING => 17_000.0,
        class::WATER => 2_500.0,
        class::ROAD => 6_000.0,
        _ => 800.0,
    };
    let value = mean / returns as f64 * (1.0 + 0.12 * rng.normal());
    value.clamp(1.0, 65_535.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geospatial::lidar::params::Lidar;

    fn all(params: &Lidar) -> Vec<Point> {
        let landscape = Landscape::new(params.seed, params.side());
        let flight = Flight::plan(params, &landscape);
        let pieces = (0..flight.pieces()).map(|index| flight.piece(index));
        pieces
            .flat_map(|piece| points(params.seed, &landscape, &flight, &piece))
            .collect()
    }

    #[test]
    fn points_come_in_the_order_of_time_and_are_as_many_as_asked_for() {
        for count in [1, 2, 60_001] {
            let params = Lidar {
                points: count,
                ..Lidar::default()
            };
            let points = all(&params);
            assert_eq!(points.len() as u64, count);
            assert!(points.is_sorted_by(|a, b| (a.time, a.number) < (b.time, b.number)));
            let inside = |v: f64| (0.0..=params.side()).contains(&v);
            assert!(points.iter().all(|point| inside(point.x) && inside(point.y)));
        }
    }

    #[test]
    fn returns_are_numbered_and_fall() {
        let points = all(&Lidar {
            points: 50_000,
            ..Lidar::default()
        });
        assert!(points.iter().any(|point| point.returns >= 3));
        for pair in points.windows(2) {
            if pair[1].number > 1 {
                assert_eq!(pair[0].number + 1, pair[1].number);
                assert_eq!(
                    (pair[0].returns, pair[0].x, pair[0].y),
                    (pair[1].returns, pair[1].x, pair[1].y)
                );
                assert!(pair[0].z > pair[1].z - 0.5, "{pair:?}");
            } else {
                assert_eq!(pair[0].number, pair[0].returns, "a pulse ends before the next");
            }
        }
    }

    #[test]
    fn pulses_are_as_dense_as_they_should_be_in_every_piece() {
        let params = Lidar {
            points: 400_000,
            ..Lidar::default()
        };
        let landscape = Landscape::new(params.seed, params.side());
        let flight = Flight::plan(&params, &landscape);
        let shares: Vec<f64> = (0..flight.pieces())
            .map(|index| {
                let piece = flight.piece(index);
                let sum: f64 = piece.densities(&landscape).iter().sum();
                let points = points(params.seed, &landscape, &flight, &piece);
                let pulses = points.iter().filter(|point| point.number == 1).count();
                pulses as f64 / (sum * (piece.east - piece.west))
            })
            .collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        for share in &shares {
            assert!((share / mean - 1.0).abs() < 0.08, "{share} beside {mean}: {shares:?}");
        }
        let points = all(&params);
        let woods = points
            .iter()
            .filter(|point| point.number == 1 && point.class == class::HIGH_VEGETATION);
        let (mut returns, mut pulses) = (0.0, 0.0);
        for pulse in woods {
            returns += f64::from(pulse.returns);
            pulses += 1.0;
        }
        assert!((1.8..2.2).contains(&(returns / pulses)), "{}", returns / pulses);
    }

    #[test]
    fn angles_are_arc_tangents() {
        for tangent in [-0.4, -0.2, 0.0, 0.13] {
            assert!((degrees(tangent) - f64::atan(tangent).to_degrees()).abs() < 1e-3);
        }
    }
}
