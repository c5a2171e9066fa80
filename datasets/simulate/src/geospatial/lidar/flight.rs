//! Flight strips, cut into pieces in the order of flying, each with its number of points.
use super::{landscape::Landscape, params::Lidar};

/// Sub-cells of a piece, across and along the flight: density is sampled at their centres.
pub(super) const ACROSS: usize = 48;
pub(super) const ALONG: usize = 12;
/// Points of an average piece.
const PIECE: f64 = 20_000.0;
/// Metres between the middles of strips, about.
const STRIP: f64 = 220.0;
/// How far a strip reaches into its neighbour, in parts of a strip.
const OVERLAP: f64 = 0.12;

/// Mean number of returns of a pulse that meets a crown.
const CROWN_RETURNS: f64 = 1.95;

/// Strips over a square scene, flown up and down by turns.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    /// Metres.
    pub(super) side: f64,
    /// Strips.
    pub(super) strips: u64,
    /// Pieces of a strip.
    segments: u64,
    /// Points before each piece, and at the end all.
    starts: Vec<u64>,
}

/// A piece of a strip: x is across, y along the flight. Metres from the corner of the scene.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) index: u64,
    pub(super) strip: u64,
    /// Whether the aircraft flies north.
    pub(super) north: bool,
    pub(super) west: f64,
    pub(super) east: f64,
    pub(super) south: f64,
    pub(super) north_end: f64,
    pub(super) points: u64,
}

impl Flight {
    /// Shares the points out by density, so that they are exactly as many as asked for.
    pub(crate) fn plan(params: &Lidar, landscape: &Landscape) -> Self {
        let side = params.side();
        let strips = ((side / STRIP).round() as u64).max(2);
        let segments = (params.points as f64 / PIECE / strips as f64).ceil().max(1.0) as u64;
        let mut flight = Self {
            side,
            strips,
            segments,
            starts: Vec::new(),
        };
        let mut weight = 0.0;
        let mut weights = Vec::with_capacity(flight.pieces() as usize + 1);
        weights.push(0.0);
        for index in 0..flight.pieces() {
            weight += flight.place(index).weight(landscape);
            weights.push(weight);
        }
        // The last share is 1, so the last start is the number of points.
        flight.starts = weights
            .iter()
            .map(|sum| (params.points as f64 * (sum / weight)) as u64)
            .collect();
        flight
    }

    /// Number of pieces.
    pub(crate) fn pieces(&self) -> u64 {
        self.strips * self.segments
    }

    /// A piece, by its place in the order of flying.
    pub(super) fn piece(&self, index: u64) -> Piece {
        let at = index as usize;
        Piece {
            points: self.starts[at + 1] - self.starts[at],
            ..self.place(index)
        }
    }

    fn place(&self, index: u64) -> Piece {
        let (strip, segment) = (index / self.segments, index % self.segments);
        let north = strip.is_multiple_of(2);
        let row = if north { segment } else { self.segments - 1 - segment };
        let width = self.side / self.strips as f64;
        let long = self.side / self.segments as f64;
        let reach = width * OVERLAP;
        Piece {
            index,
            strip,
            north,
            west: (strip as f64 * width - reach).max(0.0),
            east: ((strip + 1) as f64 * width + reach).min(self.side),
            south: row as f64 * long,
            north_end: (row + 1) as f64 * long,
            points: 0,
        }
    }

    /// Whether a place is another strip's, so that its point is one of an overlap.
    pub(super) fn is_overlap(&self, strip: u64, x: f64) -> bool {
        let own = (x / self.side * self.strips as f64) as u64;
        own.min(self.strips - 1) != strip
    }
}

impl Piece {
    /// Metres flown along the strip before this piece.
    pub(super) fn flown(&self, side: f64) -> f64 {
        if self.north { self.south } else { side - self.north_end }
    }

    /// Bounds of a sub-cell: west, south, width, height.
    pub(super) fn cell(&self, cell: usize) -> (f64, f64, f64, f64) {
        let (width, height) = (
            (self.east - self.west) / ACROSS as f64,
            (self.north_end - self.south) / ALONG as f64,
        );
        let (i, j) = ((cell % ACROSS) as f64, (cell / ACROSS) as f64);
        (self.west + i * width, self.south + j * height, width, height)
    }

    /// Points that the piece should have, beside others: pulses, and the returns of each.
    fn weight(&self, landscape: &Landscape) -> f64 {
        let densities = self.densities(landscape);
        let sum: f64 = (densities.iter().enumerate())
            .map(|(cell, density)| {
                let (west, south, width, height) = self.cell(cell);
                let crown = landscape.crown(west + width / 2.0, south + height / 2.0);
                density * if crown.is_some() { CROWN_RETURNS } else { 1.0 }
            })
            .sum();
        sum * (self.east - self.west)
    }

    /// Density at the centre of each sub-cell.
    pub(super) fn densities(&self, landscape: &Landscape) -> Vec<f64> {
        // Aircraft do not fly equally fast.
        let speed = 0.8 + 0.45 * landscape.of_strip(self.strip);
        let centre = |cell| {
            let (west, south, width, height) = self.cell(cell);
            landscape.density(west + width / 2.0, south + height / 2.0) * speed
        };
        (0..ACROSS * ALONG).map(centre).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_share_all_points_whatever_their_number() {
        for points in [1, 7, 19_999, 20_001, 345_678] {
            let params = Lidar {
                points,
                ..Lidar::default()
            };
            let landscape = Landscape::new(1, params.side());
            let flight = Flight::plan(&params, &landscape);
            let sum: u64 = (0..flight.pieces()).map(|index| flight.piece(index).points).sum();
            assert_eq!(sum, points);
        }
    }
}
