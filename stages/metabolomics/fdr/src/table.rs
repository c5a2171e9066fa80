//! Tables of scores: CSV with the columns `formula,modifier,decoy,msm`.
use std::{
    collections::{BTreeMap, HashSet},
    io::Read,
};

use serde::{Deserialize, Serialize};

use crate::error::{RowError, RowErrorKind as Kind};

/// One row: the score of a target, or of one of its decoys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The molecule.
    pub formula: String,
    /// The target's modifier, also in the rows of its decoys; empty for `[M]+`.
    pub modifier: String,
    /// Which of the target's decoys, from 0 in the order of drawing; empty for the target itself.
    pub decoy: Option<u32>,
    /// Score, 0 to 1. Rows with 0 may be left out.
    pub msm: f64,
}

const COLUMNS: [&str; 4] = ["formula", "modifier", "decoy", "msm"];

/// Writes a table of scores.
pub fn write_rows<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in rows {
        writer.serialize(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Scores of one target modifier.
#[derive(Default)]
pub(crate) struct Group {
    /// Molecule and score of each target above 0.
    pub(crate) targets: Vec<(String, f64)>,
    /// Scores above 0 by draw.
    pub(crate) decoys: Vec<Vec<f64>>,
}

/// Scores by target modifier.
pub(crate) struct Scores {
    draws: u32,
    pub(crate) groups: BTreeMap<String, Group>,
    seen: HashSet<(String, String, Option<u32>)>,
    /// Targets that scored 0.
    pub(crate) zero: u64,
}

impl Scores {
    pub(crate) fn new(draws: u32) -> Self {
        Self {
            draws,
            groups: BTreeMap::new(),
            seen: HashSet::new(),
            zero: 0,
        }
    }

    /// Adds a table, row by row.
    pub(crate) fn read(&mut self, table: impl Read) -> Result<(), RowError> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table);
        let mut record = csv::StringRecord::new();
        let mut line = 1;
        let fail = |line, kind| RowError { line, kind };
        let mut header = true;
        loop {
            let more = reader.read_record(&mut record);
            if !more.map_err(|error| fail(line, error.into()))? {
                if header {
                    return Err(fail(1, Kind::Header { found: "none".into() }));
                }
                return Ok(());
            }
            line = record.position().map_or(line, csv::Position::line);
            if header {
                if record.iter().ne(COLUMNS) {
                    let found = record.iter().collect::<Vec<_>>().join(",");
                    return Err(fail(line, Kind::Header { found }));
                }
                header = false;
            } else {
                self.add(&record).map_err(|kind| fail(line, kind))?;
            }
        }
    }

    fn add(&mut self, record: &csv::StringRecord) -> Result<(), Kind> {
        // The reader refuses records of other lengths than the header's.
        let [formula, modifier, decoy, msm] = [0, 1, 2, 3].map(|column| record.get(column).unwrap_or_default());
        let score = msm.parse().ok().filter(|score: &f64| (0.0..=1.0).contains(score));
        let score = score.ok_or_else(|| Kind::Score(msm.to_owned()))?;
        let decoy = if decoy.is_empty() {
            None
        } else {
            let number = decoy.parse().ok().filter(|&number| number < self.draws);
            Some(number.ok_or_else(|| Kind::Decoy(decoy.to_owned(), self.draws))?)
        };
        if !self.seen.insert((formula.to_owned(), modifier.to_owned(), decoy)) {
            return Err(Kind::Twice {
                formula: formula.to_owned(),
                modifier: modifier.to_owned(),
            });
        }
        let group = self.groups.entry(modifier.to_owned()).or_default();
        group.decoys.resize(self.draws as usize, Vec::new());
        match decoy {
            None if score > 0.0 => group.targets.push((formula.to_owned(), score)),
            None => self.zero += 1,
            Some(draw) if score > 0.0 => group.decoys[draw as usize].push(score),
            Some(_) => {}
        }
        Ok(())
    }
}
