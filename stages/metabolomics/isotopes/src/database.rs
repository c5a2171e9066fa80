//! Formula databases: CSV or TSV with the column names of METASPACE, HMDB, LIPID MAPS and the like.
use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, BufReader, Read},
};

use serde::{Deserialize, Serialize};

use crate::formula::Formula;

/// Names of the formula column, in any case; `-`, `_` and space are the same.
const FORMULA: [&str; 6] = [
    "formula",
    "sf",
    "sumformula",
    "chemicalformula",
    "molecularformula",
    "mf",
];
/// Names of the column that identifies molecules.
const ID: [&str; 8] = [
    "id",
    "molid",
    "accession",
    "hmdbid",
    "lmid",
    "databaseid",
    "chebiid",
    "compoundid",
];
/// Names of the column that names them.
const NAME: [&str; 6] = [
    "name",
    "molname",
    "commonname",
    "compoundname",
    "moleculename",
    "systematicname",
];

/// The header may be this long.
const LONGEST_HEADER: u64 = 1 << 20;

/// A molecule of a database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Molecule {
    /// What the database calls it by; empty if it does not say.
    pub id: String,
    /// Its name; empty if the database does not say.
    pub name: String,
}

/// A formula with the molecules that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// As METASPACE writes formulas.
    pub formula: String,
    /// Its molecules in the order of the file, none twice.
    pub molecules: Vec<Molecule>,
}

/// A row that gives no formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Line of the file, from 1.
    pub line: u64,
    /// What stands where the formula should be.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// A database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Formulas, each once, in the order in which they first appear.
    pub entries: Vec<Entry>,
    /// Rows that were left out.
    pub rejected: Vec<Rejected>,
    /// Rows that say nothing new: formula, id and name as in one before.
    pub duplicates: u64,
}

/// Why something is no database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// No column of formulas.
    #[error("no column named formula; the columns are: {}", columns.join(", "))]
    NoFormulaColumn {
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// No header.
    #[error("empty: there is no header")]
    NoHeader,
    /// No row with a formula.
    #[error("no formulas: {rows} rows, {}", first.as_ref().map_or("none".to_owned(), |r| format!("the first on line {}: {:?}, {}", r.line, r.text, r.why)))]
    NoFormulas {
        /// Rows below the header.
        rows: u64,
        /// The first row that was rejected.
        first: Option<Rejected>,
    },
    /// The header is longer than any.
    #[error("the first line is longer than {LONGEST_HEADER} bytes: this is no table")]
    LongHeader,
    /// The text could not be read.
    #[error("line {line}: cannot be read")]
    Read {
        /// Line, from 1.
        line: u64,
        /// The cause.
        source: csv::Error,
    },
    /// The text could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Reads a database row by row. Comma, semicolon or tab separate its columns, whichever is most frequent in the header.
///
/// # Errors
/// If there is no formula column, or not one formula. Rows without a formula are listed in [`Database::rejected`].
pub fn read_database(reader: impl Read) -> Result<Database, DatabaseError> {
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let mut header = Vec::new();
    reader.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut header)?;
    if header.len() as u64 == LONGEST_HEADER {
        return Err(DatabaseError::LongHeader);
    }
    let header_text = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&header);
    let columns = Columns::find(header_text)?;
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(columns.delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(reader);
    let mut reading = Reading::default();
    let mut row = csv::ByteRecord::new();
    loop {
        // The header is line 1.
        let line = rows.position().line() + 1;
        match rows.read_byte_record(&mut row) {
            Ok(true) => reading.row(&row, &columns, row.position().map_or(line, |at| at.line() + 1)),
            Ok(false) => break,
            Err(source) => return Err(DatabaseError::Read { line, source }),
        }
    }
    reading.finish()
}

/// Where things stand in a row.
struct Columns {
    delimiter: u8,
    formula: usize,
    id: Option<usize>,
    name: Option<usize>,
}

impl Columns {
    fn find(header: &[u8]) -> Result<Self, DatabaseError> {
        let count = |delimiter: u8| header.split(|&byte| byte == delimiter).count();
        let [comma, tab, semicolon] = [b',', b'\t', b';'].map(|delimiter| (count(delimiter), delimiter));
        // Of equal counts the first: a header of one column has none of them.
        let delimiter = [tab, semicolon]
            .into_iter()
            .fold(comma, |best, next| if next.0 > best.0 { next } else { best })
            .1;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .from_reader(header);
        let mut row = csv::ByteRecord::new();
        let read = reader.read_byte_record(&mut row);
        if !read.map_err(|source| DatabaseError::Read { line: 1, source })? {
            return Err(DatabaseError::NoHeader);
        }
        let columns: Vec<String> = row
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let plain = |name: &String| name.to_ascii_lowercase().replace(['_', '-', ' '], "");
        let plain: Vec<String> = columns.iter().map(plain).collect();
        // Names in order of preference.
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| plain.iter().position(|column| column == name))
        };
        Ok(Self {
            delimiter,
            formula: find(&FORMULA).ok_or(DatabaseError::NoFormulaColumn { columns })?,
            id: find(&ID),
            name: find(&NAME),
        })
    }
}

#[derive(Default)]
struct Reading {
    database: Database,
    places: HashMap<Formula, usize>,
    seen: HashSet<(usize, Molecule)>,
    rows: u64,
}

impl Reading {
    fn row(&mut self, row: &csv::ByteRecord, columns: &Columns, line: u64) {
        self.rows += 1;
        let text = |column: Option<usize>| {
            let field = column.and_then(|column| row.get(column)).unwrap_or_default();
            String::from_utf8_lossy(field).trim().to_owned()
        };
        let formula = text(Some(columns.formula));
        let parsed = match formula.parse::<Formula>() {
            Ok(parsed) => parsed,
            Err(error) => {
                let why = if row.len() <= columns.formula {
                    format!(
                        "the row has {} columns, the formula would be in column {}",
                        row.len(),
                        columns.formula + 1
                    )
                } else {
                    format!("byte {}: {}", error.at, error.kind)
                };
                self.database.rejected.push(Rejected {
                    line,
                    text: formula,
                    why,
                });
                return;
            }
        };
        let molecule = Molecule {
            id: text(columns.id),
            name: text(columns.name),
        };
        let entries = &mut self.database.entries;
        let canonical = parsed.to_string();
        let place = *self.places.entry(parsed).or_insert(entries.len());
        if place == entries.len() {
            entries.push(Entry {
                formula: canonical,
                molecules: Vec::new(),
            });
        }
        if self.seen.insert((place, molecule.clone())) {
            entries[place].molecules.push(molecule);
        } else {
            self.database.duplicates += 1;
        }
    }

    fn finish(self) -> Result<Database, DatabaseError> {
        if self.database.entries.is_empty() {
            return Err(DatabaseError::NoFormulas {
                rows: self.rows,
                first: self.database.rejected.into_iter().next(),
            });
        }
        Ok(self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Database {
        read_database(text.as_bytes()).unwrap()
    }

    fn formulas(database: &Database) -> Vec<&str> {
        database.entries.iter().map(|entry| entry.formula.as_str()).collect()
    }

    #[test]
    fn separators_quotes_line_ends_and_marks_of_all_kinds() {
        let expected = read("id,name,formula\n1,a,CH4\n2,\"b, c\",H2O\n");
        assert_eq!(formulas(&expected), ["CH4", "H2O"]);
        assert_eq!(expected.entries[1].molecules[0].name, "b, c");
        for other in [
            "\u{feff}id,name,formula\r\n1,a,CH4\r\n2,\"b, c\",H2O\r\n",
            "id\tname\tformula\n1\ta\tCH4\n2\tb, c\tH2O",
            "formula;id;name\nCH4;1;a\nOH2;2;b, c\n\n",
            "accession,name,chemical_formula\n1,a,CH4\n2,\"b, c\",H2O\n",
            "mol_id\tFormula\tMOL-NAME\n1\tCH4\ta\n2\tH2O\tb, c\n",
        ] {
            assert_eq!(read(other), expected, "{other}");
        }
        assert_eq!(formulas(&read("sf\nCH4\n")), ["CH4"]);
        assert_eq!(formulas(&read(",sf\n0,CH4\n")), ["CH4"]);
    }

    #[test]
    fn molecules_of_one_formula_stand_together() {
        let database = read("id,name,formula\n1,a,C2H6O\n2,b,CH4\n3,c,CH3CH2OH\n1,a,C2H6O\n");
        assert_eq!(formulas(&database), ["C2H6O", "CH4"]);
        let ids: Vec<_> = database.entries[0]
            .molecules
            .iter()
            .map(|molecule| molecule.id.as_str())
            .collect();
        assert_eq!((ids, database.duplicates), (vec!["1", "3"], 1));
    }

    #[test]
    fn rows_without_a_formula_are_listed() {
        let database = read("id,formula\n1,CH4\n2,\n3,C6R\n4\n\"5\n6\",H2O\n7,X\n");
        assert_eq!(formulas(&database), ["CH4", "H2O"]);
        let rejected: Vec<_> = database
            .rejected
            .iter()
            .map(|row| (row.line, row.text.as_str()))
            .collect();
        assert_eq!(rejected, [(3, ""), (4, "C6R"), (5, ""), (8, "X")]);
        assert!(database.rejected[1].why.contains("\"R\""), "{:?}", database.rejected[1]);
        assert!(
            database.rejected[2].why.contains("1 columns"),
            "{:?}",
            database.rejected[2]
        );
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let fail = |text: &str| read_database(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            fail("id,name,mass\n1,a,2\n"),
            "no column named formula; the columns are: id, name, mass"
        );
        assert!(fail("").contains("empty"));
        assert!(fail("id,formula\n").contains("no formulas: 0 rows"));
        assert!(fail("id,formula\n1,C6R\n").contains("line 2: \"C6R\""));
        let long = "x".repeat(2 << 20);
        assert!(fail(&long).contains("longer"));
        assert!(matches!(
            read_database(&b"\xff\xfe\x00\n"[..]),
            Err(DatabaseError::NoFormulaColumn { .. })
        ));
    }
}
