//! The `.fai` format: one line of five tab-separated columns per sequence.
use std::fmt::Write as _;

use crate::{Contig, names::Names};

/// The sequences of a FASTA file, in file order; names are unique.
#[derive(Clone, Debug, Default)]
pub struct Fai {
    contigs: Vec<Contig>,
    names: Names,
}

impl PartialEq for Fai {
    fn eq(&self, other: &Self) -> bool {
        self.contigs == other.contigs
    }
}

impl Eq for Fai {}

/// Why a text is not a `.fai`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct FaiError {
    /// 1-based.
    pub line: u64,
    /// What is wrong.
    pub reason: &'static str,
}

impl Fai {
    /// Appends a contig. If one of that name is there, it is given back with the place of that one.
    pub(crate) fn push(&mut self, contig: Contig) -> Result<(), (Contig, usize)> {
        if let Some(first) = self.names.insert(&contig.name, &self.contigs) {
            return Err((contig, first));
        }
        self.contigs.push(contig);
        Ok(())
    }

    /// The contigs, in file order.
    pub fn contigs(&self) -> &[Contig] {
        &self.contigs
    }

    /// The contig of that name and its 0-based place.
    pub fn find(&self, name: &str) -> Option<(usize, &Contig)> {
        let number = self.names.find(name, &self.contigs)?;
        Some((number, &self.contigs[number]))
    }

    /// Bases of all contigs together.
    pub fn bases(&self) -> u64 {
        self.contigs.iter().map(|contig| contig.bases).sum()
    }

    /// Reads the text of a `.fai`.
    ///
    /// # Errors
    /// A line that has not five columns (six: the index of a FASTQ), impossible numbers, or a name for the second time.
    pub fn parse(text: &[u8]) -> Result<Self, FaiError> {
        let mut fai = Self::default();
        let mut bases = 0u64;
        let lines = text.split(|&byte| byte == b'\n');
        for (line, row) in (1..).zip(lines).filter(|(_, row)| !row.is_empty()) {
            let fault = |reason| FaiError { line, reason };
            let contig = parse_row(row).map_err(fault)?;
            bases = bases.checked_add(contig.bases).ok_or(fault("impossible lengths"))?;
            fai.push(contig)
                .map_err(|_| fault("the name stands on an earlier line too"))?;
        }
        Ok(fai)
    }

    /// The text of the `.fai`, as `samtools faidx` writes it.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.contigs.len() * 40);
        for contig in &self.contigs {
            let Contig {
                name,
                bases,
                offset,
                line_bases,
                line_width,
            } = contig;
            writeln!(text, "{name}\t{bases}\t{offset}\t{line_bases}\t{line_width}").expect("a String takes any text");
        }
        text
    }
}

fn parse_row(row: &[u8]) -> Result<Contig, &'static str> {
    let row = std::str::from_utf8(row).map_err(|_| "not UTF-8")?;
    let columns: Vec<&str> = row.trim_end_matches('\r').split('\t').collect();
    let [name, numbers @ ..] = columns.as_slice() else {
        return Err("no columns");
    };
    let numbers = match *numbers {
        [bases, offset, line_bases, line_width] => [bases, offset, line_bases, line_width],
        [_, _, _, _, _] => return Err("six columns: the index of a FASTQ, not of a FASTA"),
        _ => return Err("not five tab-separated columns"),
    };
    let mut values = [0u64; 4];
    for (value, text) in values.iter_mut().zip(numbers) {
        *value = text.parse().map_err(|_| "a column that should be a number is none")?;
    }
    let [bases, offset, line_bases, line_width] = values;
    let lines = bases.checked_div(line_bases).unwrap_or(0);
    let fits = lines
        .checked_mul(line_width)
        .and_then(|bytes| bytes.checked_add(offset)?.checked_add(line_width));
    if (bases > 0 && line_bases == 0) || line_width < line_bases || fits.is_none() {
        return Err("impossible lengths");
    }
    Ok(Contig {
        name: (*name).to_owned(),
        bases,
        offset,
        line_bases,
        line_width,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "chrM\t16571\t6\t60\t61\nchr20\t1000000\t16861\t60\t61\n";

    #[test]
    fn text_is_read_and_written_back_equal() {
        let fai = Fai::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(fai.to_text(), TEXT);
        assert_eq!(fai.bases(), 1_016_571);
        assert_eq!(fai.find("chr20").unwrap().0, 1);
    }

    #[test]
    fn bad_lines_are_named() {
        let line = |text: &str| Fai::parse(text.as_bytes()).unwrap_err().line;
        assert_eq!(line("a\t1\t3\t1\t2\na\t1\t9\t1\t2\n"), 2);
        assert_eq!(line("a\t1\t3\t1\n"), 1);
        assert_eq!(line("a\t1\t3\t1\t2\t9\n"), 1);
        assert_eq!(line("a\t1\t3\t0\t2\n"), 1);
        assert_eq!(line("a\t18446744073709551615\t3\t1\t2\n"), 1);
        let row = |name| format!("{name}\t{0}\t3\t{0}\t{0}\n", u64::MAX / 3 + 1);
        assert_eq!(line(&[row("a"), row("b"), row("c")].concat()), 3);
    }
}
