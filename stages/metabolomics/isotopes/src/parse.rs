//! Reads sum formulas as databases write them.
//!
//! `C6H12O6`, `CH3CH2OH` (elements may repeat), `Ca(OH)2`, `Fe[CN]6`, `[13C]6H12O6`, `CuSO4.5H2O`, and a charge at the end:
//! `NH4+`, `SO4-2`, `Fe(3+)`, `[NH4]+`. As in METASPACE `=` is skipped; so is space at both ends.
use std::num::NonZero;

use crate::{
    element::Element,
    formula::{Formula, FormulaError, FormulaErrorKind as Kind, MOST_ATOMS},
};

/// Brackets inside one another.
pub(crate) const DEEPEST: usize = 16;

/// A formula and the charge written behind it, if one is.
pub(crate) fn formula(text: &str) -> Result<(Formula, Option<i32>), FormulaError> {
    let trimmed = text.trim();
    let mut parser = Parser { text: trimmed, at: 0 };
    parser.whole().map_err(|kind| FormulaError {
        text: text.to_owned(),
        at: parser.at + (text.len() - text.trim_start().len()),
        kind,
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self) -> Kind {
        self.text[self.at..]
            .chars()
            .next()
            .map_or(Kind::Empty, Kind::Unexpected)
    }

    fn whole(&mut self) -> Result<(Formula, Option<i32>), Kind> {
        let mut sum = Formula::default();
        let mut charge = None;
        loop {
            let times = self.number()?.unwrap_or(1);
            let part = self.part()?;
            sum.add_all(&part, times).map_err(|_| Kind::Count)?;
            match self.peek() {
                Some(b'.' | b'*') => self.at += 1,
                // The middle dot of hydrates.
                Some(_) if self.text[self.at..].starts_with('\u{b7}') => self.at += '\u{b7}'.len_utf8(),
                Some(_) => {
                    charge = Some(self.charge().ok_or_else(|| self.unexpected())?);
                    break;
                }
                None => break,
            }
        }
        if sum.is_empty() {
            Err(Kind::Empty)
        } else {
            Ok((sum, charge))
        }
    }

    /// Everything up to a dot, a charge or the end.
    fn part(&mut self) -> Result<Formula, Kind> {
        // One formula per open bracket, with the bracket that closes it.
        let mut open = vec![(Formula::default(), 0)];
        while let Some(byte) = self.peek() {
            let (unit, times) = match byte {
                b'(' if self.charge().is_some() => break,
                b'[' if self.label().is_some() => {
                    let element = self.take_label().ok_or(Kind::Bracket)?;
                    (unit(element), self.number()?.unwrap_or(1))
                }
                b'(' | b'[' => {
                    if open.len() > DEEPEST {
                        return Err(Kind::Nested);
                    }
                    open.push((Formula::default(), if byte == b'(' { b')' } else { b']' }));
                    self.at += 1;
                    continue;
                }
                b')' | b']' => {
                    if open.len() == 1 || open.last().is_none_or(|&(_, closes)| closes != byte) {
                        return Err(Kind::Bracket);
                    }
                    let inner = open.pop().map(|(inner, _)| inner).unwrap_or_default();
                    self.at += 1;
                    // `[NH4]2+` is a charge of 2, not two ammonium.
                    let times = if self.charge().is_some() {
                        1
                    } else {
                        self.number()?.unwrap_or(1)
                    };
                    (inner, times)
                }
                b'=' => {
                    self.at += 1;
                    continue;
                }
                b'A'..=b'Z' => (unit(self.element()?), self.number()?.unwrap_or(1)),
                _ => break,
            };
            if let Some((innermost, _)) = open.last_mut() {
                innermost.add_all(&unit, times).map_err(|_| Kind::Count)?;
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some((formula, _)), true) => Ok(formula),
            _ => Err(Kind::Bracket),
        }
    }

    fn element(&mut self) -> Result<Element, Kind> {
        let rest = &self.text[self.at..];
        let lower = rest[1..].bytes().take_while(u8::is_ascii_lowercase).count();
        let symbol = &rest[..=lower];
        let element = Element::from_symbol(symbol).ok_or_else(|| Kind::UnknownElement(symbol.to_owned()))?;
        self.at += symbol.len();
        Ok(element)
    }

    /// `[13C]` and its length.
    fn label(&self) -> Option<(Element, usize)> {
        let inner = self.text[self.at..].strip_prefix('[')?;
        let inner = &inner[..inner.find(']')?];
        let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
        let mass_number: NonZero<u16> = inner[..digits].parse().ok()?;
        Some((Element::label(mass_number, &inner[digits..])?, inner.len() + 2))
    }

    fn take_label(&mut self) -> Option<Element> {
        let (element, length) = self.label()?;
        self.at += length;
        Some(element)
    }

    fn number(&mut self) -> Result<Option<u32>, Kind> {
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Ok(None);
        }
        let number: Option<u32> = self.text[self.at..self.at + digits].parse().ok();
        let number = number.filter(|&number| number <= MOST_ATOMS).ok_or(Kind::Count)?;
        self.at += digits;
        Ok(Some(number))
    }

    /// What is left, if it is a charge: `+`, `--`, `2+`, `+2`, each also in round brackets.
    fn charge(&self) -> Option<i32> {
        charge(&self.text[self.at..])
    }
}

/// `+`, `--`, `2+`, `+2`, each also in round brackets.
pub(crate) fn charge(text: &str) -> Option<i32> {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let text = inner.unwrap_or(text);
    let signed = |sign: &str, number: &str| -> Option<i32> {
        let size: i32 = if number.is_empty() {
            sign.len() as i32
        } else {
            number.parse().ok()?
        };
        let valid = (number.is_empty() || sign.len() == 1) && (1..=99).contains(&size);
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let positive = sign.bytes().all(|byte| byte == b'+');
        let negative = sign.bytes().all(|byte| byte == b'-');
        (valid && digits && !sign.is_empty() && (positive || negative)).then_some(if positive { size } else { -size })
    };
    let is_sign = |letter: char| letter == '+' || letter == '-';
    let front = text.len() - text.trim_start_matches(is_sign).len();
    if front > 0 {
        return signed(&text[..front], &text[front..]);
    }
    let back = text.trim_end_matches(is_sign).len();
    signed(&text[back..], &text[..back])
}

fn unit(element: Element) -> Formula {
    let mut formula = Formula::default();
    formula.add(element, 1);
    formula
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<i32>) {
        let (formula, charge) = formula(text).unwrap();
        (formula.to_string(), charge)
    }

    #[test]
    fn the_ways_databases_write_formulas() {
        for (text, expected) in [
            ("C6H12O6", "C6H12O6"),
            ("CH3CH2OH", "C2H6O"),
            ("O2H4C", "CH4O2"),
            ("NaClBrAg", "AgBrClNa"),
            ("Ca(OH)2", "H2O2Ca"),
            ("C(CH3(CH2)2)4", "C13H28"),
            ("Fe[CN]6", "C6N6Fe"),
            ("[13C]6H12O6", "H12O6Cx6"),
            ("Cx6H12O6", "H12O6Cx6"),
            ("CuSO4.5H2O", "H10O9SCu"),
            ("CuSO4\u{b7}5H2O", "H10O9SCu"),
            ("2H2O", "H4O2"),
            (" H2O ", "H2O"),
            ("CH2=CH2", "C2H4"),
            ("C0H2", "H2"),
            ("D2O", "OD2"),
        ] {
            assert_eq!(read(text), (expected.into(), None), "{text}");
        }
        for (text, expected, charge) in [
            ("NH4+", "H4N", 1),
            ("[NH4]+", "H4N", 1),
            ("[Ca]2+", "Ca", 2),
            ("Fe(3+)", "Fe", 3),
            ("SO4-2", "O4S", -2),
            ("SO4--", "O4S", -2),
            ("C5H14NO+", "C5H14NO", 1),
        ] {
            assert_eq!(read(text), (expected.into(), Some(charge)), "{text}");
        }
    }

    #[test]
    fn what_is_no_formula_is_named_with_its_place() {
        for (text, at, kind) in [
            ("", 0, Kind::Empty),
            ("12", 2, Kind::Empty),
            ("C0", 2, Kind::Empty),
            ("C6H12R2", 5, Kind::UnknownElement("R".into())),
            ("C6Xyz", 2, Kind::UnknownElement("Xyz".into())),
            ("c6", 0, Kind::Unexpected('c')),
            ("C6,H", 2, Kind::Unexpected(',')),
            ("C6 H12", 2, Kind::Unexpected(' ')),
            ("Cé", 1, Kind::Unexpected('é')),
            ("(CH2", 4, Kind::Bracket),
            ("CH2)", 3, Kind::Bracket),
            ("(CH2]", 4, Kind::Bracket),
            ("C99999999999", 1, Kind::Count),
            ("(C5000)3", 8, Kind::Count),
            ("H+1x", 1, Kind::Unexpected('+')),
            ("C6H12-H", 5, Kind::Unexpected('-')),
        ] {
            let error = formula(text).unwrap_err();
            assert_eq!((error.at, &error.kind), (at, &kind), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert_eq!(formula(&deep).unwrap_err().kind, Kind::Nested);
    }
}
