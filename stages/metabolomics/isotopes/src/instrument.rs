//! How wide a peak is.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Full width at half maximum over standard deviation of a Gaussian, 2 sqrt(2 ln 2), as METASPACE writes it.
pub const FWHM_PER_SIGMA: f64 = 2.354_820_045_030_949_3;

/// How the resolving power of an analyser depends on m/z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instrument {
    /// Time of flight: the same everywhere.
    Tof,
    /// Falls with the square root of m/z.
    Orbitrap,
    /// Ion cyclotron resonance: falls with m/z.
    Fticr,
}

/// No analyser of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no instrument: tof, orbitrap or fticr")]
pub struct UnknownInstrument(pub String);

impl FromStr for Instrument {
    type Err = UnknownInstrument;

    fn from_str(name: &str) -> Result<Self, UnknownInstrument> {
        match name.to_ascii_lowercase().as_str() {
            "tof" => Ok(Self::Tof),
            "orbitrap" => Ok(Self::Orbitrap),
            "fticr" | "ft-icr" => Ok(Self::Fticr),
            _ => Err(UnknownInstrument(name.to_owned())),
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tof => "tof",
            Self::Orbitrap => "orbitrap",
            Self::Fticr => "fticr",
        })
    }
}

/// Peak width as a function of m/z: Gaussian peaks, resolving power = (m/z) / FWHM.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// A resolving power stated at one m/z.
    Power {
        /// The analyser.
        instrument: Instrument,
        /// (m/z) / FWHM at `at_mz`.
        power: f64,
        /// Where it is stated; 200 in METASPACE.
        at_mz: f64,
    },
    /// METASPACE's analysis version 1: this standard deviation (m/z) at the ion's most abundant isotopologue, whatever its
    /// m/z, and in proportion to m/z from there.
    WidthAtIon {
        /// Standard deviation, in m/z.
        sigma: f64,
    },
}

/// A resolution that no instrument has.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0:?}: resolving power must be 100 to 10 000 000, and widths and m/z positive")]
pub struct BadResolution(pub Resolution);

impl Resolution {
    /// The m/z at which METASPACE states resolving powers.
    pub const BASE_MZ: f64 = 200.0;

    /// Standard deviations at m/z 200 that METASPACE chooses from, and the resolving power at 200 below which each is taken.
    const METASPACE: [(f64, f64); 8] = [
        (85_000.0, 0.002_476),
        (120_000.0, 0.001_733),
        (195_000.0, 0.001_238),
        (265_000.0, 0.000_693),
        (390_000.0, 0.000_619),
        (625_000.0, 0.000_347),
        (875_000.0, 0.000_231),
        (f64::INFINITY, 0.000_173),
    ];

    /// `power` at m/z 200.
    pub fn at_200(instrument: Instrument, power: f64) -> Self {
        Self::Power {
            instrument,
            power,
            at_mz: Self::BASE_MZ,
        }
    }

    /// From METASPACE's `isocalc_sigma`, analysis versions 2 and 3.
    pub fn from_sigma_at_200(instrument: Instrument, sigma: f64) -> Self {
        Self::at_200(instrument, Self::BASE_MZ / (sigma * FWHM_PER_SIGMA))
    }

    /// `isocalc_sigma`, the standard deviation at m/z 200 that METASPACE takes for this resolving power: one of eight.
    pub fn metaspace_sigma(instrument: Instrument, power: f64, at_mz: f64) -> f64 {
        let at_200 = match instrument {
            Instrument::Tof => power,
            Instrument::Orbitrap => power * (at_mz / Self::BASE_MZ).sqrt(),
            Instrument::Fticr => power * at_mz / Self::BASE_MZ,
        };
        let chosen = Self::METASPACE.iter().find(|&&(below, _)| at_200 < below);
        chosen.map_or(Self::METASPACE[7].1, |&(_, sigma)| sigma)
    }

    /// Refuses what is no resolution.
    pub fn check(self) -> Result<Self, BadResolution> {
        let good = match self {
            Self::Power { power, at_mz, .. } => (100.0..=1e7).contains(&power) && at_mz > 0.0 && at_mz.is_finite(),
            Self::WidthAtIon { sigma } => (1e-7..=1.0).contains(&sigma),
        };
        if good { Ok(self) } else { Err(BadResolution(self)) }
    }

    /// Standard deviation of a peak at `mz`, of an ion whose most abundant isotopologue is at `main`.
    #[inline]
    pub(crate) fn sigma(self, mz: f64, main: f64) -> f64 {
        let power = match self {
            Self::Power {
                instrument,
                power,
                at_mz,
            } => match instrument {
                Instrument::Tof => power,
                Instrument::Orbitrap => power * (at_mz / mz).sqrt(),
                Instrument::Fticr => power * at_mz / mz,
            },
            Self::WidthAtIon { sigma } => main / (sigma * FWHM_PER_SIGMA),
        };
        mz / power / FWHM_PER_SIGMA
    }
}
