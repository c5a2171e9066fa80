//! Losses of trees: clear-cuts and burns, as polygons.
use std::ops::Range;

use super::land::{Land, Surface};
use crate::{geospatial::field::Field, rng::Rng};

/// Size of the cells that may have one loss each, in pixels.
const CELL: i64 = 300;
/// No loss reaches further from its centre.
const REACH: f64 = 80.0;

/// What took the trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    ClearCut,
    Burn,
}

impl Cause {
    /// As the truth raster says it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::ClearCut => 1,
            Self::Burn => 2,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClearCut => "clear-cut",
            Self::Burn => "burn",
        }
    }
}

/// A loss: the woods within a polygon. Vertices are pixels from the north-west corner of the first tile.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) cause: Cause,
    pub(crate) vertices: Vec<(f64, f64)>,
}

impl Change {
    /// The loss of a cell, if it has one.
    fn of_cell(seed: u64, land: &Land, i: i64, j: i64) -> Option<Self> {
        let mut rng = Rng::new(seed, Field::new(seed, 301).word(i, j));
        let centre = (0..6).find_map(|_| {
            let at = |cell: i64, rng: &mut Rng| cell as f64 * CELL as f64 + CELL as f64 * rng.unit();
            let (x, y) = (at(i, &mut rng), at(j, &mut rng));
            land.is_wood(x, y).then_some((x, y))
        });
        let (x, y) = centre?;
        if rng.chance(0.35) {
            return Some(Self::burn(x, y, &mut rng));
        }
        rng.chance(0.8).then(|| Self::clear_cut(x, y, &mut rng))
    }

    /// Four corners, cut along straight lines.
    fn clear_cut(x: f64, y: f64, rng: &mut Rng) -> Self {
        let (cos, sin) = direction(rng.unit());
        let (long, wide) = (8.0 + 26.0 * rng.unit(), 5.0 + 14.0 * rng.unit());
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(a, b)| {
            let (u, v) = (a * long * (0.8 + 0.4 * rng.unit()), b * wide * (0.8 + 0.4 * rng.unit()));
            (x + cos * u - sin * v, y + sin * u + cos * v)
        });
        Self {
            cause: Cause::ClearCut,
            vertices: corners.to_vec(),
        }
    }

    /// A ragged outline around where it began.
    fn burn(x: f64, y: f64, rng: &mut Rng) -> Self {
        let radius = 16.0 + 40.0 * rng.unit();
        let vertices = (0..18).map(|step| {
            let (cos, sin) = direction(f64::from(step) / 18.0);
            let far = radius * (0.6 + 0.8 * rng.unit());
            (x + cos * far, y + sin * far)
        });
        Self {
            cause: Cause::Burn,
            vertices: vertices.collect(),
        }
    }

    /// All losses that reach into these columns and rows, in a fixed order.
    pub(crate) fn within(seed: u64, land: &Land, columns: &Range<i64>, rows: &Range<i64>) -> Vec<Self> {
        let cells = |pixels: &Range<i64>| {
            let reach = REACH as i64;
            (pixels.start - reach).div_euclid(CELL)..=(pixels.end + reach).div_euclid(CELL)
        };
        let found = cells(rows).flat_map(|j| cells(columns).map(move |i| (i, j)));
        found
            .filter_map(|(i, j)| Self::of_cell(seed, land, i, j))
            .filter(|change| change.touches(columns, rows))
            .collect()
    }

    /// Whether its bounding box reaches into a window.
    fn touches(&self, columns: &Range<i64>, rows: &Range<i64>) -> bool {
        let meets = |of: &dyn Fn(&(f64, f64)) -> f64, range: &Range<i64>| {
            let values = || self.vertices.iter().map(of);
            values().any(|value| value > range.start as f64) && values().any(|value| value < range.end as f64)
        };
        meets(&|vertex| vertex.0, columns) && meets(&|vertex| vertex.1, rows)
    }

    /// Columns whose centres lie in the polygon on a row: pairs of first and end, by the even-odd rule.
    pub(crate) fn spans(&self, row: i64) -> Vec<Range<i64>> {
        let y = row as f64 + 0.5;
        let mut crossings = Vec::new();
        for (at, &(x1, y1)) in self.vertices.iter().enumerate() {
            let (x2, y2) = self.vertices[(at + 1) % self.vertices.len()];
            if (y1 <= y) != (y2 <= y) {
                crossings.push(x1 + (y - y1) / (y2 - y1) * (x2 - x1));
            }
        }
        crossings.sort_by(f64::total_cmp);
        let column = |x: f64| (x - 0.5).ceil() as i64;
        crossings
            .chunks_exact(2)
            .map(|pair| column(pair[0])..column(pair[1]))
            .filter(|span| !span.is_empty())
            .collect()
    }

    /// What is left of a wood at the second date.
    pub(crate) fn apply(&self, surface: &mut Surface, severity: f64) {
        (surface.ndvi[1], surface.light[1]) = match self.cause {
            Cause::ClearCut => (0.22 + 0.04 * severity, 0.46),
            Cause::Burn => (0.16 + 0.1 * severity, 0.17 + 0.04 * severity),
        };
    }
}

/// Cosine and sine of a share of a full turn, by the rational parametrisation of a half turn: no function of the platform's
/// mathematics library, so the same everywhere.
fn direction(turn: f64) -> (f64, f64) {
    let half = (turn * 2.0).fract();
    let sign = if turn < 0.5 { 1.0 } else { -1.0 };
    // From -1 to 1 over the half turn; directions are as even as 0.9 to 1.3 times the mean.
    let t = half * 2.0 - 1.0;
    let t = t * (1.0 - 0.1 * (1.0 - t * t));
    let (cos, sin) = (-2.0 * t / (1.0 + t * t), (1.0 - t * t) / (1.0 + t * t));
    (sign * cos, sign * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_the_pixels_whose_centres_are_inside() {
        let square = Change {
            cause: Cause::Burn,
            vertices: vec![(2.0, 1.0), (6.4, 1.0), (6.4, 3.6), (2.0, 3.6)],
        };
        assert!(square.spans(0).is_empty());
        assert_eq!(square.spans(1), vec![2..6]);
        assert_eq!(square.spans(3), vec![2..6]);
        assert!(square.spans(4).is_empty());
    }

    #[test]
    fn directions_go_once_around() {
        for step in 0..100 {
            let (cos, sin) = direction(f64::from(step) / 100.0);
            assert!((cos * cos + sin * sin - 1.0).abs() < 1e-12);
            let (next_cos, next_sin) = direction(f64::from(step + 1) / 100.0 % 1.0);
            let turned = cos * next_sin - sin * next_cos;
            assert!((0.04..0.09).contains(&turned), "{step}: {turned}");
        }
    }

    #[test]
    fn windows_find_all_losses_that_reach_into_them() {
        let land = Land::new(1);
        let all = Change::within(1, &land, &(0..1500), &(0..1500));
        assert!(all.len() > 6, "{}", all.len());
        for change in &all {
            let (x, y) = change.vertices[0];
            assert!(change.vertices.iter().all(|(a, b)| (a - x).hypot(b - y) < 2.0 * REACH));
        }
        let pixels = |changes: &[Change], row: i64| -> Vec<i64> {
            let spans = changes.iter().flat_map(|change| change.spans(row)).flatten();
            let mut columns: Vec<i64> = spans.filter(|column| (0..1500).contains(column)).collect();
            columns.sort_unstable();
            columns
        };
        for row in (0..1500).step_by(50) {
            let some = Change::within(1, &land, &(0..1500), &(row..row + 1));
            assert_eq!(pixels(&all, row), pixels(&some, row));
        }
    }
}
