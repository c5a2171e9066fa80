//! All ions that an annotation looks for: targets × adducts, with their decoys.
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    decoys::{CANDIDATES, Decoys},
    formula::Formula,
    modifier::{Modifier, ModifierError},
};

/// METASPACE's analysis versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Analysis {
    /// Decoys are drawn for each formula and target modifier.
    V1,
    /// Decoys are drawn once for each formula.
    V3,
}

/// What is added to each molecule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adducts {
    /// Target adducts, such as `+H`, `-H`, `[M]+`.
    pub adducts: Vec<String>,
    /// Neutral losses, such as `-H2O`; each also without.
    #[serde(default)]
    pub neutral_losses: Vec<String>,
    /// Chemical modifications, such as `+C2H2O`; each also without.
    #[serde(default)]
    pub chem_mods: Vec<String>,
    /// How decoys are drawn.
    pub analysis: Analysis,
    /// Decoys of each target; METASPACE takes 20.
    #[serde(default = "twenty")]
    pub decoys: usize,
}

fn twenty() -> usize {
    20
}

impl Adducts {
    /// METASPACE's adducts of a polarity (positive: +H, +Na, +K; negative: -H, +Cl).
    pub fn usual(positive: bool, analysis: Analysis) -> Self {
        let adducts: &[&str] = if positive { &["+H", "+Na", "+K"] } else { &["-H", "+Cl"] };
        Self {
            adducts: adducts.iter().map(|&adduct| adduct.to_owned()).collect(),
            neutral_losses: Vec::new(),
            chem_mods: Vec::new(),
            analysis,
            decoys: twenty(),
        }
    }

    /// Each modification, loss and adduct in METASPACE's order, none twice: the whole modifier, and what of it decoys share.
    fn modifiers(&self) -> Result<Vec<(Modifier, Modifier)>, ModifierError> {
        let read = |texts: &[String]| {
            texts
                .iter()
                .map(|text| text.parse())
                .collect::<Result<Vec<Modifier>, _>>()
        };
        let or_none = |mut modifiers: Vec<Modifier>| {
            modifiers.insert(0, Modifier::default());
            modifiers
        };
        let (mods, losses) = (or_none(read(&self.chem_mods)?), or_none(read(&self.neutral_losses)?));
        let adducts = read(&self.adducts)?;
        let mut all: Vec<(Modifier, Modifier)> = Vec::new();
        for chem_mod in &mods {
            for loss in &losses {
                for adduct in &adducts {
                    let whole = Modifier::join([chem_mod, loss, adduct]);
                    if all.iter().all(|(known, _)| known.text() != whole.text()) {
                        all.push((whole, Modifier::join([chem_mod, loss])));
                    }
                }
            }
        }
        Ok(all)
    }
}

/// No ion: the combination is impossible.
pub const NO_ION: u32 = u32::MAX;

/// One target: a molecule with a modifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Place of the molecule's formula in the list that was given.
    pub formula: u32,
    /// Place of the modifier in [`IonTable::modifiers`].
    pub modifier: u16,
    /// Place in [`IonTable::ions`], or [`NO_ION`].
    pub ion: u32,
    /// Places of its decoys there, in the order of drawing; [`NO_ION`] for those that are impossible.
    pub decoys: Vec<u32>,
}

/// A target that is no ion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The molecule.
    pub formula: String,
    /// The modifier; empty if the molecule itself is no formula.
    pub modifier: String,
    /// Why.
    pub why: String,
}

/// All ions of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IonTable {
    /// Target modifiers; empty text for `[M]+`.
    pub modifiers: Vec<String>,
    /// Formulas of the ions, each once, sorted by bytes, as in METASPACE.
    pub ions: Vec<String>,
    /// Which of them are targets.
    pub is_target: Vec<bool>,
    /// By formula, then modifier.
    pub targets: Vec<Target>,
    /// What is no ion.
    pub failed: Vec<Failed>,
}

impl IonTable {
    /// Combines molecules with modifiers and decoys. The order of the molecules decides which decoys they get.
    ///
    /// A text that is no formula is listed among the failed and takes its draw of decoys, as it does in METASPACE.
    pub fn new<S: AsRef<str>>(formulas: &[S], adducts: &Adducts) -> Result<Self, ModifierError> {
        let modifiers = adducts.modifiers()?;
        let excluded = adducts
            .adducts
            .iter()
            .chain(&adducts.chem_mods)
            .chain(&adducts.neutral_losses);
        let mut decoys = Decoys::new(excluded.map(String::as_str), adducts.decoys);
        let mut table = Builder::default();
        let with_decoys: Vec<HashMap<&str, Modifier>> = modifiers
            .iter()
            .map(|(_, prefix)| {
                let whole = |adduct: &'static str| Ok((adduct, Modifier::join([prefix, &adduct.parse()?])));
                CANDIDATES.into_iter().map(whole).collect()
            })
            .collect::<Result<_, ModifierError>>()?;
        for (place, text) in formulas.iter().enumerate() {
            let text = text.as_ref();
            let formula: Option<Formula> = match text.parse() {
                Ok(formula) => Some(formula),
                Err(error) => {
                    table.fail(text, "", &error);
                    None
                }
            };
            let shared = (adducts.analysis == Analysis::V3).then(|| decoys.draw());
            for (number, (whole, _)) in modifiers.iter().enumerate() {
                let own = if shared.is_none() { decoys.draw() } else { Vec::new() };
                let Some(formula) = &formula else { continue };
                let ion = match whole.apply(formula) {
                    Ok(ion) => table.ion(&ion, true),
                    Err(error) => {
                        table.fail(text, whole.text(), &error);
                        NO_ION
                    }
                };
                let decoy = |adduct: &&str| with_decoys[number].get(adduct)?.apply(formula).ok();
                let drawn = shared.as_ref().unwrap_or(&own);
                let decoys = drawn
                    .iter()
                    .map(|adduct| decoy(adduct).map_or(NO_ION, |ion| table.ion(&ion, false)));
                let decoys = decoys.collect();
                table.targets.push(Target {
                    formula: place as u32,
                    modifier: number as u16,
                    ion,
                    decoys,
                });
            }
        }
        let modifiers = modifiers
            .into_iter()
            .map(|(whole, _)| whole.text().to_owned())
            .collect();
        Ok(table.finish(modifiers))
    }
}

#[derive(Default)]
struct Builder {
    /// Ions in the order in which they come up.
    numbers: HashMap<String, u32>,
    is_target: Vec<bool>,
    targets: Vec<Target>,
    failed: Vec<Failed>,
}

impl Builder {
    fn ion(&mut self, ion: &Formula, target: bool) -> u32 {
        let next = self.is_target.len() as u32;
        let number = *self.numbers.entry(ion.to_string()).or_insert(next);
        if number == next {
            self.is_target.push(false);
        }
        self.is_target[number as usize] |= target;
        number
    }

    fn fail(&mut self, formula: &str, modifier: &str, why: &impl ToString) {
        self.failed.push(Failed {
            formula: formula.to_owned(),
            modifier: modifier.to_owned(),
            why: why.to_string(),
        });
    }

    fn finish(self, modifiers: Vec<String>) -> IonTable {
        let mut sorted: Vec<(String, u32)> = self.numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut places = vec![NO_ION; sorted.len()];
        for (place, &(_, number)) in sorted.iter().enumerate() {
            places[number as usize] = place as u32;
        }
        let place = |number: u32| places.get(number as usize).copied().unwrap_or(NO_ION);
        let mut targets = self.targets;
        for target in &mut targets {
            target.ion = place(target.ion);
            for decoy in &mut target.decoys {
                *decoy = place(*decoy);
            }
        }
        IonTable {
            modifiers,
            is_target: sorted
                .iter()
                .map(|&(_, number)| self.is_target[number as usize])
                .collect(),
            ions: sorted.into_iter().map(|(ion, _)| ion).collect(),
            targets,
            failed: self.failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adducts(analysis: Analysis) -> Adducts {
        Adducts {
            neutral_losses: vec!["-H2O".into()],
            ..Adducts::usual(true, analysis)
        }
    }

    #[test]
    fn every_target_stands_in_the_table_with_its_decoys() {
        let table = IonTable::new(&["C6H12O6", "CH4", "C6R"], &adducts(Analysis::V3)).unwrap();
        assert_eq!(table.modifiers, ["+H", "+Na", "+K", "-H2O+H", "-H2O+Na", "-H2O+K"]);
        assert_eq!(table.targets.len(), 12);
        assert!(table.ions.is_sorted_by(|a, b| a < b));
        let ion = |target: &Target| table.ions.get(target.ion as usize).map(String::as_str);
        assert_eq!(ion(&table.targets[0]), Some("C6H13O6"));
        assert_eq!(ion(&table.targets[4]), Some("C6H10O5Na"));
        assert_eq!(ion(&table.targets[9]), None);
        // Three ways to take water from methane, and a text that is no formula.
        let failed: Vec<_> = table
            .failed
            .iter()
            .map(|failed| (failed.formula.as_str(), failed.modifier.as_str()))
            .collect();
        assert_eq!(
            failed,
            [("CH4", "-H2O+H"), ("CH4", "-H2O+Na"), ("CH4", "-H2O+K"), ("C6R", "")]
        );
        let decoy = |target: usize, at: usize| table.ions[table.targets[target].decoys[at] as usize].as_str();
        // The first decoy of METASPACE is candidate 30, Se; adducts of a formula share it, losses precede it.
        assert_eq!(
            [decoy(0, 0), decoy(1, 0), decoy(3, 0)],
            ["C6H12O6Se", "C6H12O6Se", "C6H10O5Se"]
        );
        assert!(table.targets.iter().all(|target| target.decoys.len() == 20));
        let targets = table.is_target.iter().filter(|&&target| target).count();
        assert_eq!(targets, 9);
    }

    #[test]
    fn version_1_draws_anew_for_each_modifier_and_texts_that_are_no_formula_take_their_draws() {
        let decoys = |formulas: &[&str], analysis| -> Vec<Vec<String>> {
            let table = IonTable::new(formulas, &Adducts::usual(true, analysis)).unwrap();
            let name = |&decoy: &u32| table.ions[decoy as usize].clone();
            table
                .targets
                .iter()
                .map(|target| target.decoys.iter().map(name).collect())
                .collect()
        };
        let (one, three) = (decoys(&["C"], Analysis::V1), decoys(&["C"], Analysis::V3));
        assert_eq!(one[0], three[0]);
        assert_ne!(one[0], one[1]);
        assert_eq!(three[0], three[1]);
        let (with, without) = (decoys(&["R", "C"], Analysis::V3), decoys(&["N", "C"], Analysis::V3));
        assert_eq!(with[0], without[3]);
    }

    #[test]
    fn an_adduct_that_is_none_is_named() {
        let mut bad = adducts(Analysis::V3);
        bad.adducts.push("H".into());
        assert!(IonTable::new(&["C"], &bad).unwrap_err().to_string().contains("\"H\""));
    }
}
