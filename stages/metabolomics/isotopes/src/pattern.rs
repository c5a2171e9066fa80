//! Isotope patterns of ions.
use crate::{
    centroid::{self, Scratch},
    element::ELECTRON_MASS,
    fine::{FineStructure, FineStructures, TooMany},
    formula::Formula,
    instrument::{BadResolution, Resolution},
};

/// How patterns are computed.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Model {
    /// Width of peaks.
    pub resolution: Resolution,
    /// Peaks of a pattern at most; METASPACE takes 4.
    #[serde(default = "four")]
    pub peaks: usize,
}

fn four() -> usize {
    4
}

/// Peaks of a pattern at most, whatever a model asks for.
pub const MOST_PEAKS: usize = 255;

/// Isotopologues less probable than this, relative to the most probable one, are left out, as METASPACE does.
pub const THRESHOLD: f64 = 1e-4;

/// A peak of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Peak {
    /// Mass over charge; mass in u if the charge is 0.
    pub mz: f64,
    /// Height relative to the highest peak, which is 100.
    pub intensity: f64,
}

/// Why an ion has no pattern.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// No atoms.
    #[error("no atoms")]
    Empty,
    /// More electrons are taken away than there are protons.
    #[error("charge {0} is more than the nuclei have")]
    Charge(i32),
    /// Too many isotopologues.
    #[error(transparent)]
    TooMany(#[from] TooMany),
}

/// Computes patterns. Keep it: it remembers what it learnt about each element.
///
/// ```
/// use stage_isotopes::{Engine, Instrument, Model, Resolution};
/// let resolution = Resolution::at_200(Instrument::Orbitrap, 140_000.0);
/// let mut engine = Engine::new(Model { resolution, peaks: 4 })?;
/// let peaks = engine.pattern(&"C6H13O6".parse()?, 1)?;
/// assert_eq!(peaks.len(), 4);
/// assert!((peaks[0].mz - 181.0707).abs() < 1e-4 && peaks[0].intensity == 100.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Engine {
    model: Model,
    structures: FineStructures,
    fine: FineStructure,
    scratch: Scratch,
    found: Vec<(f64, f64)>,
}

impl Engine {
    /// An engine for one instrument.
    pub fn new(model: Model) -> Result<Self, BadResolution> {
        model.resolution.check()?;
        let model = Model {
            peaks: model.peaks.clamp(1, MOST_PEAKS),
            ..model
        };
        Ok(Self {
            model,
            structures: FineStructures::new(THRESHOLD),
            fine: FineStructure::default(),
            scratch: Scratch::default(),
            found: Vec::new(),
        })
    }

    /// The peaks of an ion, by m/z: the highest ones that the model asks for, none below 0.01 % of the highest.
    ///
    /// `formula` is that of the ion, all adducts included; `charge` its number of elementary charges, 0 for the neutral molecule.
    pub fn pattern(&mut self, formula: &Formula, charge: i32) -> Result<Vec<Peak>, PatternError> {
        self.isotopologues(formula, charge)?;
        centroid::centroids(
            &self.fine,
            self.model.resolution,
            self.model.peaks,
            &mut self.scratch,
            &mut self.found,
        );
        let mut peaks: Vec<Peak> = self
            .found
            .iter()
            .map(|&(mz, height)| Peak {
                mz,
                intensity: 100.0 * height,
            })
            .collect();
        peaks.sort_unstable_by(|a, b| a.mz.total_cmp(&b.mz));
        Ok(peaks)
    }

    /// The isotopologues of an ion before any instrument has seen them: m/z and share relative to the most probable one.
    pub fn isotopologues(&mut self, formula: &Formula, charge: i32) -> Result<&FineStructure, PatternError> {
        if formula.is_empty() {
            return Err(PatternError::Empty);
        }
        self.structures.compute(formula, &mut self.fine)?;
        if charge != 0 {
            for peak in &mut self.fine.peaks {
                peak.0 = mz(peak.0, charge);
            }
            // A hydrogen atom weighs 1.008 u and has one electron to lose; no nucleus has less mass per proton.
            if self.fine.peaks[0].0 < 0.9 {
                return Err(PatternError::Charge(charge));
            }
        }
        Ok(&self.fine)
    }
}

/// m/z of an ion whose atoms weigh `mass` u; the mass itself if the charge is 0.
pub(crate) fn mz(mass: f64, charge: i32) -> f64 {
    (mass - f64::from(charge) * ELECTRON_MASS) / f64::from(charge.unsigned_abs().max(1))
}
