//! The m/z grid on which cpyMSpec looks for centroids, without walking it.
//!
//! 25 points lie on the width of a peak at half its height. Where the grid lies decides where a centroid is found, by up to 0.3
//! ppm at a resolving power of 140 000, so agreement needs the same grid: it begins six standard deviations below the
//! first isotopologue, and its step follows the width of the isotopologue last passed by six standard deviations.
use crate::{
    fine::FineStructure,
    instrument::{FWHM_PER_SIGMA, Resolution},
};

/// Grid points per full width at half maximum.
pub(crate) const POINTS_PER_FWHM: f64 = 25.0;

/// Beyond this many standard deviations a peak is taken to be nothing.
pub(crate) const REACH: f64 = 6.0;

/// What cpyMSpec 0.3.5, METASPACE's analysis version 1, took instead to lay its grid.
const REACH_V1: f64 = 12.0;

/// Points that cpyMSpec has evaluated before its first step.
const FIRST_POINTS: f64 = 15.0;

/// A place on the grid: what cpyMSpec knows there.
pub(crate) struct Grid<'a> {
    /// Isotopologues by m/z.
    peaks: &'a [(f64, f64)],
    resolution: Resolution,
    /// m/z of the most abundant isotopologue.
    main: f64,
    /// Standard deviations from an isotopologue to where it begins and ends to count.
    reach: f64,
    /// The isotopologue whose width counts.
    at: usize,
    /// m/z of the last point.
    pub(crate) mz: f64,
    /// Standard deviation of peaks here.
    pub(crate) sigma: f64,
    /// Distance of points here.
    pub(crate) step: f64,
    /// `at` moves on at the first point beyond this.
    event: f64,
}

impl<'a> Grid<'a> {
    /// The beginning. There must be an isotopologue.
    pub(crate) fn new(fine: &'a FineStructure, resolution: Resolution, main: f64) -> Self {
        let mut grid = Self {
            peaks: &fine.peaks,
            resolution,
            main,
            reach: match resolution {
                Resolution::Power { .. } => REACH,
                Resolution::WidthAtIon { .. } => REACH_V1,
            },
            at: 0,
            mz: 0.0,
            sigma: 0.0,
            step: 0.0,
            event: 0.0,
        };
        grid.look();
        let first = fine.peaks[0].0 - grid.reach * grid.sigma;
        grid.mz = first + (FIRST_POINTS - 1.0 - (FIRST_POINTS / 2.0).floor()) * grid.step;
        grid
    }

    /// Takes the width of the isotopologue `at`.
    fn look(&mut self) {
        let mz = self.peaks[self.at].0;
        self.sigma = self.resolution.sigma(mz, self.main);
        self.step = self.sigma * FWHM_PER_SIGMA / POINTS_PER_FWHM;
        let next = self.peaks.get(self.at + 1);
        self.event = next.map_or(f64::INFINITY, |next| {
            (mz + self.reach * self.sigma).max(next.0 - self.reach * self.sigma)
        });
    }

    /// Goes to the last point that is not beyond `target`.
    pub(crate) fn skip_to(&mut self, target: f64) {
        loop {
            let until = target.min(self.event);
            let steps = ((until - self.mz) / self.step).floor();
            if steps > 0.0 {
                self.stride(steps);
            }
            // The next point is beyond `until`.
            if self.mz + self.step > target {
                return;
            }
            self.one();
        }
    }

    /// Goes `points` on.
    pub(crate) fn advance(&mut self, points: usize) {
        let mut left = points as f64;
        while left > 0.0 {
            let steps = ((self.event - self.mz) / self.step).floor().min(left);
            if steps > 0.0 {
                self.stride(steps);
                left -= steps;
            } else {
                self.one();
                left -= 1.0;
            }
        }
    }

    /// Steps without an event. Sums are rounded as if each step had been added by itself.
    fn stride(&mut self, steps: f64) {
        let step = (self.mz + self.step) - self.mz;
        self.mz += steps * step;
    }

    fn one(&mut self) {
        self.mz += self.step;
        if self.mz > self.event {
            self.at += 1;
            self.look();
        }
    }
}
