//! What is added to a molecule and taken from it: adducts, chemical modifications, neutral losses.
use std::{fmt, str::FromStr};

use crate::{
    formula::{Formula, FormulaError, Impossible},
    parse,
};

/// Signed formulas, applied from left to right: `+H`, `-H2O+Na`, `+2H`, or nothing (`[M]+`, `[M]-`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Modifier {
    text: String,
    steps: Vec<(Sign, Formula)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sign {
    Plus,
    Minus,
}

/// Why a text is no modifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModifierError {
    /// It does not begin with a sign, or a sign stands alone.
    #[error("{0:?} is no adduct, loss or modification: signed formulas such as +H, -H2O+Na are")]
    Sign(String),
    /// A part is no formula.
    #[error("{text:?} is no adduct, loss or modification")]
    Formula {
        /// The text.
        text: String,
        /// What is wrong with the part.
        source: FormulaError,
    },
}

impl Modifier {
    /// Several in this order, as one.
    pub fn join<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        parts.into_iter().fold(Self::default(), |mut joined, part| {
            joined.text += &part.text;
            joined.steps.extend_from_slice(&part.steps);
            joined
        })
    }

    /// As METASPACE writes it: empty for `[M]+`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The formula with everything added and taken away.
    ///
    /// # Errors
    /// As METASPACE does, a step that leaves fewer than no atoms of an element is an error even if a later one adds them.
    pub fn apply(&self, formula: &Formula) -> Result<Formula, Impossible> {
        let mut result = formula.clone();
        for (sign, part) in &self.steps {
            match sign {
                Sign::Plus => result.add_all(part, 1).map_err(Impossible::Count)?,
                Sign::Minus => result.subtract(part)?,
            }
        }
        if result.is_empty() {
            Err(Impossible::Nothing)
        } else {
            Ok(result)
        }
    }

    /// The charge that these adducts usually bring: +1 for each H, Na, K, Li, Rb, Cs, Ag or NH4 added, -1 for each H taken
    /// away or Cl, Br, I, formate or acetate added. 0 if there is none of them.
    pub fn usual_charge(&self) -> i32 {
        let charge = |(sign, part): &(Sign, Formula)| {
            let text = part.to_string();
            let single = match part.atoms() {
                [(element, count)] => Some((element.symbol(), *count as i32)),
                _ => None,
            };
            match (sign, single) {
                (Sign::Plus, Some(("H" | "Na" | "K" | "Li" | "Rb" | "Cs" | "Ag", count))) => count,
                (Sign::Minus, Some(("H", count))) | (Sign::Plus, Some(("Cl" | "Br" | "I", count))) => -count,
                (Sign::Plus, None) if text == "H4N" => 1,
                (Sign::Plus, None) if text == "CHO2" || text == "C2H3O2" => -1,
                _ => 0,
            }
        };
        self.steps.iter().map(charge).sum()
    }
}

impl FromStr for Modifier {
    type Err = ModifierError;

    fn from_str(text: &str) -> Result<Self, ModifierError> {
        let text = text.trim();
        if matches!(text, "" | "[M]+" | "[M]-") {
            return Ok(Self::default());
        }
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let sign = match rest.as_bytes()[0] {
                b'+' => Sign::Plus,
                b'-' => Sign::Minus,
                _ => return Err(ModifierError::Sign(text.to_owned())),
            };
            let end = rest[1..].find(['+', '-']).map_or(rest.len(), |end| end + 1);
            let part = &rest[1..end];
            if part.is_empty() {
                return Err(ModifierError::Sign(text.to_owned()));
            }
            let (formula, _) = parse::formula(part).map_err(|source| ModifierError::Formula {
                text: text.to_owned(),
                source,
            })?;
            steps.push((sign, formula));
            rest = &rest[end..];
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }
}

impl fmt::Display for Modifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Element;

    fn apply(formula: &str, modifier: &str) -> Result<String, Impossible> {
        let modifier: Modifier = modifier.parse().unwrap();
        modifier.apply(&formula.parse().unwrap()).map(|ion| ion.to_string())
    }

    #[test]
    fn steps_are_taken_from_left_to_right() {
        assert_eq!(apply("C6H12O6", "+H").unwrap(), "C6H13O6");
        assert_eq!(apply("C6H12O6", "-H2O+Na").unwrap(), "C6H10O5Na");
        assert_eq!(apply("C6H12O6", "+2H").unwrap(), "C6H14O6");
        assert_eq!(apply("C6H12O6", "").unwrap(), "C6H12O6");
        assert_eq!(apply("C6H12O6", "[M]+").unwrap(), "C6H12O6");
        assert_eq!(apply("H2O", "+H-O").unwrap(), "H3");
        let hydrogen = Element::from_symbol("H").unwrap();
        assert_eq!(apply("C", "-H+H"), Err(Impossible::Negative(hydrogen)));
        assert_eq!(apply("C", "+H-H").unwrap(), "C");
        assert_eq!(apply("H2O", "-H2O"), Err(Impossible::Nothing));
    }

    #[test]
    fn a_modifier_is_signed() {
        for text in ["H", "+", "+H-", "++H", "H+", "+(H", "+Q", "*H"] {
            assert!(text.parse::<Modifier>().is_err(), "{text}");
        }
    }

    #[test]
    fn charges_that_go_without_saying() {
        for (text, charge) in [
            ("+H", 1),
            ("+2H", 2),
            ("-H", -1),
            ("+Cl", -1),
            ("-H2O+K", 1),
            ("+NH4", 1),
            ("+Na-2H", -1),
            ("+Fe", 0),
        ] {
            assert_eq!(text.parse::<Modifier>().unwrap().usual_charge(), charge, "{text}");
        }
    }
}
