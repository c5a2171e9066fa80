//! One ion as a person writes it.
use serde::{Deserialize, Serialize};

use crate::{
    formula::{Formula, FormulaError, Impossible},
    instrument::BadResolution,
    modifier::{Modifier, ModifierError},
    parse,
    pattern::{Engine, Model, PatternError, Peak},
};

/// A molecule with its adducts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ion {
    /// The molecule.
    pub molecule: Formula,
    /// What is added to it and taken from it.
    pub modifier: Modifier,
    /// The charge that was written, if one was.
    pub charge: Option<i32>,
}

/// Why a text is no ion, or an ion has no pattern.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IonError {
    /// The molecule is no formula.
    #[error(transparent)]
    Formula(#[from] FormulaError),
    /// What follows it is no adduct.
    #[error(transparent)]
    Modifier(#[from] ModifierError),
    /// The adduct cannot be applied.
    #[error("{ion}: no such ion: {source}")]
    Impossible {
        /// The ion.
        ion: String,
        /// Why.
        source: Impossible,
    },
    /// The ion has no pattern.
    #[error("{ion}: {source}")]
    Pattern {
        /// The ion.
        ion: String,
        /// Why.
        source: PatternError,
    },
    /// No such instrument.
    #[error(transparent)]
    Resolution(#[from] BadResolution),
}

impl std::str::FromStr for Ion {
    type Err = IonError;

    /// `C6H12O6+H`, `C6H12O6-H2O+Na`, `[C6H12O6+2H]2+`, `C5H14NO+`.
    fn from_str(text: &str) -> Result<Self, IonError> {
        let text = text.trim();
        if let Some((inner, charge)) = bracketed(text) {
            let ion: Self = inner.parse()?;
            return Ok(Self {
                charge: Some(charge),
                ..ion
            });
        }
        let first_sign = outer_sign(text).unwrap_or(text.len());
        let (molecule, rest) = text.split_at(first_sign);
        if let Some(charge) = parse::charge(rest) {
            return Ok(Self {
                molecule: molecule.parse()?,
                modifier: Modifier::default(),
                charge: Some(charge),
            });
        }
        let unsigned = rest.trim_end_matches(['+', '-']);
        let charge = parse::charge(&rest[unsigned.len()..]);
        Ok(Self {
            molecule: molecule.parse()?,
            modifier: unsigned.parse()?,
            charge,
        })
    }
}

/// What is in the square brackets around everything, and the charge behind them.
fn bracketed(text: &str) -> Option<(&str, i32)> {
    let inner = text.strip_prefix('[')?;
    let mut depth = 1;
    let end = inner.find(|letter| {
        depth += match letter {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        depth == 0
    })?;
    let charge = parse::charge(&inner[end + 1..])?;
    Some((&inner[..end], charge))
}

/// The first sign that no bracket holds.
fn outer_sign(text: &str) -> Option<usize> {
    let mut depth = 0_i64;
    text.find(|letter| {
        depth += match letter {
            '[' | '(' => 1,
            ']' | ')' => -1,
            _ => 0,
        };
        depth == 0 && (letter == '+' || letter == '-')
    })
}

/// Everything about one ion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// As it was written.
    pub ion: String,
    /// Formula with all adducts.
    pub formula: String,
    /// Number of elementary charges, with sign.
    pub charge: i32,
    /// Whether the charge was neither written nor given, but follows from the adducts (+1 where they say nothing).
    pub charge_assumed: bool,
    /// How peaks are broadened.
    pub model: Model,
    /// m/z of the isotopologue of the most abundant isotope of each element.
    pub monoisotopic_mz: f64,
    /// Isotopologues that were summed.
    pub isotopologues: usize,
    /// Their share of all molecules, 0 to 1.
    pub coverage: f64,
    /// The peaks by m/z, the highest at 100.
    pub peaks: Vec<Peak>,
}

/// Computes the pattern of one ion. A `charge` given counts more than one written.
pub fn describe(ion: &str, charge: Option<i32>, model: Model) -> Result<Description, IonError> {
    let parsed: Ion = ion.parse()?;
    let formula = parsed
        .modifier
        .apply(&parsed.molecule)
        .map_err(|source| IonError::Impossible {
            ion: ion.to_owned(),
            source,
        })?;
    let stated = charge.or(parsed.charge);
    let charge = stated.unwrap_or_else(|| match parsed.modifier.usual_charge() {
        0 => 1,
        usual => usual,
    });
    let failed = |source| IonError::Pattern {
        ion: ion.to_owned(),
        source,
    };
    let mut engine = Engine::new(model)?;
    let fine = engine.isotopologues(&formula, charge).map_err(failed)?;
    let (isotopologues, coverage) = (fine.peaks.len(), fine.coverage);
    Ok(Description {
        ion: ion.to_owned(),
        formula: formula.to_string(),
        charge,
        charge_assumed: stated.is_none(),
        model,
        monoisotopic_mz: crate::pattern::mz(formula.monoisotopic_mass(), charge),
        isotopologues,
        coverage,
        peaks: engine.pattern(&formula, charge).map_err(failed)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Instrument, Resolution};

    fn model() -> Model {
        Model {
            resolution: Resolution::at_200(Instrument::Orbitrap, 140_000.0),
            peaks: 4,
        }
    }

    #[test]
    fn ions_as_people_write_them() {
        for (text, formula, charge, assumed) in [
            ("C6H12O6+H", "C6H13O6", 1, true),
            ("C6H12O6-H", "C6H11O6", -1, true),
            ("C6H12O6+H+", "C6H13O6", 1, false),
            ("[C6H12O6+2H]2+", "C6H14O6", 2, false),
            ("[C6H12O6-H]-", "C6H11O6", -1, false),
            ("C6H12O6-H2O+Na", "C6H10O5Na", 1, true),
            ("C5H14NO+", "C5H14NO", 1, false),
            ("Ca+2", "Ca", 2, false),
            ("C6H12O6+Fe", "C6H12O6Fe", 1, true),
            ("Fe[CN]6-3", "C6N6Fe", -3, false),
            ("[13C]6H12O6+H", "H13O6Cx6", 1, true),
        ] {
            let found = describe(text, None, model()).unwrap();
            assert_eq!(
                (found.formula.as_str(), found.charge, found.charge_assumed),
                (formula, charge, assumed),
                "{text}"
            );
        }
        assert_eq!(describe("C6H12O6+H", Some(0), model()).unwrap().charge, 0);
        for bad in ["", "+H", "C6H12O6+", "C6H12O6+Q", "H2O-C", "[C6", "C6H12O6++Na", "H+2"] {
            let found = describe(bad, None, model());
            assert_eq!(found.is_err(), bad != "C6H12O6+", "{bad}: {found:?}");
        }
    }

    #[test]
    fn a_charge_of_two_halves_distances() {
        let single = describe("C60H100N10O10", Some(1), model()).unwrap().peaks;
        let double = describe("C60H100N10O10", Some(2), model()).unwrap().peaks;
        let (one, two) = (single[1].mz - single[0].mz, double[1].mz - double[0].mz);
        assert!((one - 2.0 * two).abs() < 2e-3, "{one} {two}");
    }

    /// Proton mass (CODATA): 1.007276466621 u.
    #[test]
    fn the_electron_counts() {
        let proton = describe("H+", None, model()).unwrap();
        assert!((proton.monoisotopic_mz - 1.007_276_467).abs() < 2e-8, "{proton:?}");
    }
}
