//! Sum formulas: how many atoms of which element.
use std::{fmt, str::FromStr};

use crate::{element::Element, parse};

/// The largest number of atoms of one element in a formula.
pub const MOST_ATOMS: u32 = 10_000;

/// Atoms by element; none has count 0.
///
/// Written as METASPACE writes ion formulas: C, H, N, O, P, S, then the others by symbol, a count of 1 left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Formula {
    atoms: Vec<(Element, u32)>,
}

/// Why a text is no formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("formula {text:?}, byte {at}: {kind}")]
pub struct FormulaError {
    /// The text.
    pub text: String,
    /// 0-based byte of the text.
    pub at: usize,
    /// What is wrong there.
    pub kind: FormulaErrorKind,
}

/// What is wrong in a formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormulaErrorKind {
    /// No element, or one without a natural isotopic composition.
    #[error("{0:?} is no element of known isotopes")]
    UnknownElement(String),
    /// A character that means nothing there.
    #[error("{0:?} is not expected here")]
    Unexpected(char),
    /// A bracket without its partner.
    #[error("a bracket without its partner")]
    Bracket,
    /// Brackets inside brackets inside brackets…
    #[error("more than {} nested brackets", parse::DEEPEST)]
    Nested,
    /// A count beyond [`MOST_ATOMS`].
    #[error("more than {MOST_ATOMS} atoms of one element")]
    Count,
    /// Nothing, or nothing but counts of 0.
    #[error("no atoms")]
    Empty,
}

/// A formula that a modification cannot be taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Impossible {
    /// An element would have a negative count.
    #[error("fewer than no atoms of {0}")]
    Negative(Element),
    /// No atom would be left.
    #[error("no atoms are left")]
    Nothing,
    /// An element would have more than [`MOST_ATOMS`] atoms.
    #[error("more than {MOST_ATOMS} atoms of {0}")]
    Count(Element),
}

impl Formula {
    /// Elements and counts, in order.
    pub fn atoms(&self) -> &[(Element, u32)] {
        &self.atoms
    }

    /// Atoms of one element.
    pub fn count(&self, element: Element) -> u32 {
        self.find(element).map_or(0, |at| self.atoms[at].1)
    }

    /// Whether there is no atom.
    pub fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }

    /// Mass of the molecule of the most abundant isotopes, in u.
    pub fn monoisotopic_mass(&self) -> f64 {
        let mass = |&(element, count): &(Element, u32)| {
            let isotopes = element.isotopes().iter();
            let most = isotopes.max_by(|a, b| a.abundance.total_cmp(&b.abundance).then(b.mass.total_cmp(&a.mass)));
            most.map_or(0.0, |isotope| isotope.mass * f64::from(count))
        };
        self.atoms.iter().map(mass).sum()
    }

    fn find(&self, element: Element) -> Result<usize, usize> {
        self.atoms.binary_search_by_key(&element, |&(known, _)| known)
    }

    /// Adds atoms; `false` if they become too many, and then nothing is changed.
    pub(crate) fn add(&mut self, element: Element, count: u32) -> bool {
        if count == 0 {
            return true;
        }
        let sum = self.count(element).saturating_add(count);
        if sum > MOST_ATOMS {
            return false;
        }
        match self.find(element) {
            Ok(at) => self.atoms[at].1 = sum,
            Err(at) => self.atoms.insert(at, (element, sum)),
        }
        true
    }

    /// Adds `times` times another formula.
    pub(crate) fn add_all(&mut self, other: &Self, times: u32) -> Result<(), Element> {
        for &(element, count) in &other.atoms {
            if !self.add(element, count.saturating_mul(times)) {
                return Err(element);
            }
        }
        Ok(())
    }

    /// Takes another formula away.
    pub(crate) fn subtract(&mut self, other: &Self) -> Result<(), Impossible> {
        for &(element, count) in &other.atoms {
            let left = self
                .count(element)
                .checked_sub(count)
                .ok_or(Impossible::Negative(element))?;
            if let Ok(at) = self.find(element) {
                if left == 0 {
                    self.atoms.remove(at);
                } else {
                    self.atoms[at].1 = left;
                }
            }
        }
        Ok(())
    }
}

impl FromStr for Formula {
    type Err = FormulaError;

    fn from_str(text: &str) -> Result<Self, FormulaError> {
        parse::formula(text).map(|(formula, _)| formula)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &(element, count) in &self.atoms {
            f.write_str(element.symbol())?;
            if count != 1 {
                write!(f, "{count}")?;
            }
        }
        Ok(())
    }
}
