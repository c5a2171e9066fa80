//! A laser-scanned scene whose classes and ground are known.
mod flight;
mod landscape;
mod params;
mod points;
mod record;

use std::ops::Range;

use rayon::prelude::*;

pub use params::{Lidar, PointFormat};
pub(crate) use record::{EPSG, ORIGIN, header};

use flight::Flight;
use landscape::Landscape;

/// A scene: any part of it can be made at any time.
pub(crate) struct Scene {
    params: Lidar,
    landscape: Landscape,
    flight: Flight,
}

/// Number of points per ASPRS class, from 0.
pub(crate) type Classes = [u64; 32];

impl Scene {
    pub(crate) fn new(params: &Lidar) -> Self {
        let landscape = Landscape::new(params.seed, params.side());
        let flight = Flight::plan(params, &landscape);
        Self {
            params: params.clone(),
            landscape,
            flight,
        }
    }

    /// Pieces of flight strips.
    pub(crate) fn pieces(&self) -> u64 {
        self.flight.pieces()
    }

    /// The point records of some pieces, in the order of flying, and how many there are of each class.
    pub(crate) fn records(&self, pieces: Range<u64>) -> (Vec<u8>, Classes) {
        let format = self.params.format;
        let class_at = if format == PointFormat::Six { 16 } else { 15 };
        let made: Vec<Vec<u8>> = pieces
            .into_par_iter()
            .map(|index| {
                let piece = self.flight.piece(index);
                let mut bytes = Vec::with_capacity(piece.points as usize * format.record_bytes());
                for point in points::points(self.params.seed, &self.landscape, &self.flight, &piece) {
                    record::write(&point, format, &mut bytes);
                }
                bytes
            })
            .collect();
        let bytes = made.concat();
        let mut classes = Classes::default();
        for record in bytes.chunks_exact(format.record_bytes()) {
            classes[usize::from(record[class_at] & 31)] += 1;
        }
        (bytes, classes)
    }

    /// Pixels of a side of the true elevation.
    pub(crate) fn pixels(&self) -> u32 {
        (self.params.side() / self.params.pixel).ceil() as u32
    }

    /// True elevation at the centres of some rows of pixels, in metres, rows from north to south.
    pub(crate) fn elevation(&self, rows: Range<u32>) -> Vec<f32> {
        let (pixels, pixel) = (self.pixels(), self.params.pixel);
        let row = |row: u32| {
            let y = (f64::from(pixels - row) - 0.5) * pixel;
            (0..pixels).map(move |column| self.landscape.ground((f64::from(column) + 0.5) * pixel, y) as f32)
        };
        rows.into_par_iter().flat_map_iter(row).collect()
    }
}
