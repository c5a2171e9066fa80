//! Elements and their isotopes.
use std::{fmt, num::NonZero};

use crate::table::ELEMENTS;

/// Mass of the electron, in u (CODATA 2014, the value METASPACE's engine uses to its eleventh digit).
pub const ELECTRON_MASS: f64 = 0.000_548_579_909_24;

/// One isotope of an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Isotope {
    /// Protons and neutrons.
    pub mass_number: u16,
    /// Mass of the neutral atom, in u.
    pub mass: f64,
    /// Share of the element's atoms in nature, 0 to 1.
    pub abundance: f64,
}

/// An element, or a pure isotope used as a label (`D`, `Cx`, `Hx`, `Nx`, `Ox`, `Sx`).
///
/// In the order in which METASPACE writes formulas: C, H, N, O, P, S, then the others by symbol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element(u8);

impl Element {
    /// The element of this symbol.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        let (first, rest) = ELEMENTS.split_at(6);
        let at = first.iter().position(|&(known, _)| known == symbol).or_else(|| {
            let at = rest.binary_search_by_key(&symbol, |&(known, _)| known).ok()?;
            Some(first.len() + at)
        })?;
        Some(Self(at as u8))
    }

    /// The pure isotope that stands for `[13C]` and the like in formulas.
    pub(crate) fn label(mass_number: NonZero<u16>, symbol: &str) -> Option<Self> {
        Self::from_symbol(match (mass_number.get(), symbol) {
            (13, "C") => "Cx",
            (2, "H") => "Hx",
            (15, "N") => "Nx",
            (18, "O") => "Ox",
            (34, "S") => "Sx",
            _ => return None,
        })
    }

    /// All, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..ELEMENTS.len()).map(|at| Self(at as u8))
    }

    /// Its symbol.
    pub fn symbol(self) -> &'static str {
        ELEMENTS[usize::from(self.0)].0
    }

    /// Its isotopes by mass.
    pub fn isotopes(self) -> &'static [Isotope] {
        ELEMENTS[usize::from(self.0)].1
    }

    /// Position in the order, from 0.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_found_and_names_itself() {
        for element in Element::all() {
            assert_eq!(Element::from_symbol(element.symbol()), Some(element));
        }
        for unknown in ["", "c", "X", "R", "Tc", "Pm", "Cxx", "Ee"] {
            assert_eq!(Element::from_symbol(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn compositions_are_whole_and_masses_lie_at_mass_numbers() {
        for element in Element::all() {
            let sum: f64 = element.isotopes().iter().map(|isotope| isotope.abundance).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{element}: {sum}");
            for isotope in element.isotopes() {
                assert!(
                    (isotope.mass - f64::from(isotope.mass_number)).abs() < 0.11,
                    "{element} {isotope:?}"
                );
            }
            assert!(
                element.isotopes().is_sorted_by(|a, b| a.mass_number < b.mass_number),
                "{element}"
            );
        }
    }

    /// Standard atomic weights (IUPAC 2013 abridged) of elements with one, two and many isotopes.
    #[test]
    fn mean_masses_are_the_atomic_weights() {
        for (symbol, weight) in [
            ("H", 1.008),
            ("C", 12.011),
            ("Cl", 35.45),
            ("Sn", 118.710),
            ("Pb", 207.2),
            ("U", 238.029),
        ] {
            let isotopes = Element::from_symbol(symbol).unwrap().isotopes();
            let mean: f64 = isotopes.iter().map(|isotope| isotope.mass * isotope.abundance).sum();
            assert!((mean - weight).abs() < 0.02, "{symbol}: {mean}");
        }
    }
}
