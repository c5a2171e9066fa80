//! From the lines of a file to its sequences, by the rules of `samtools faidx`, and stricter where those let an index pass
//! that would give wrong bases.
use std::{collections::HashMap, io};

use object_io::ReadAt;

use crate::{
    Contig, FormatError, FormatErrorKind,
    summary::{Item, Shape, first_word},
};

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Records with at least one line of sequence.
    pub(crate) contigs: Vec<Contig>,
    /// Names of records that are a header only; `samtools faidx` leaves them out, so does the index.
    pub(crate) empty: Vec<String>,
}

/// Why lines are no records.
#[derive(Debug)]
pub(crate) enum RecordsError {
    Format(FormatError),
    Read(io::Error),
}

impl From<io::Error> for RecordsError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<FormatError> for RecordsError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

/// The record under way.
struct Open {
    name: String,
    /// Where its header stands.
    line: u64,
    start: u64,
    /// Byte after its header.
    offset: u64,
    first: Option<Shape>,
    bases: u64,
    /// The line after which no sequence may follow.
    ended: Option<u64>,
}

/// Reads items in file order into records. `text` is asked for the few bytes that summaries do not keep.
pub(crate) fn records(items: Vec<Item>, text: &dyn ReadAt) -> Result<Records, RecordsError> {
    let mut found = Records::default();
    let mut named: HashMap<String, u64> = HashMap::new();
    let mut open: Option<Open> = None;
    let mut line = 1;
    for item in items {
        match item {
            Item::Header { start, width, name } => {
                if let Some(last) = open.take() {
                    last.close(&mut found, &mut named)?;
                }
                let name = name.map_or_else(|| name_at(text, start, width), Ok)?;
                let at = |kind| FormatError {
                    line,
                    offset: start,
                    kind,
                };
                let name = String::from_utf8(name).map_err(|_| at(FormatErrorKind::Name))?;
                open = Some(Open {
                    name,
                    line,
                    start,
                    offset: start + width,
                    first: None,
                    bases: 0,
                    ended: None,
                });
                line += 1;
            }
            Item::Blank { count, width, .. } => {
                if let Some(open) = &mut open {
                    open.blank(line, width);
                }
                line += count;
            }
            Item::Lines { start, count, shape } => {
                let Some(open) = &mut open else {
                    let kind = match byte_at(text, start)? {
                        b'@' => FormatErrorKind::Fastq,
                        first => FormatErrorKind::NoHeader(first),
                    };
                    return Err(FormatError {
                        line,
                        offset: start,
                        kind,
                    }
                    .into());
                };
                let (bad, kind) = match open.lines(line, count, shape) {
                    Ok(()) => {
                        line += count;
                        continue;
                    }
                    Err(error) => error,
                };
                return Err(FormatError {
                    line: bad,
                    offset: start + (bad - line) * shape.width,
                    kind,
                }
                .into());
            }
        }
    }
    match open {
        None => Err(FormatError {
            line: 1,
            offset: 0,
            kind: FormatErrorKind::Empty,
        }
        .into()),
        Some(Open {
            first: None,
            name,
            line,
            start,
            ..
        }) => Err(FormatError {
            line,
            offset: start,
            kind: FormatErrorKind::NoSequence { name },
        }
        .into()),
        Some(last) => {
            last.close(&mut found, &mut named)?;
            Ok(found)
        }
    }
}

/// The first word after `>` of the header at `start`, which is `width` bytes long.
fn name_at(text: &dyn ReadAt, start: u64, width: u64) -> io::Result<Vec<u8>> {
    let most = (start + width).min(text.size()) - start - 1;
    let mut header = Vec::new();
    let mut take = 256;
    loop {
        let length = most.min(take);
        header.resize(length as usize, 0);
        text.read_exact_at(start + 1, &mut header)?;
        let name = first_word(&header);
        if length == most || (!name.is_empty() && !header.ends_with(name)) {
            return Ok(name.to_vec());
        }
        take *= 4;
    }
}

fn byte_at(text: &dyn ReadAt, offset: u64) -> io::Result<u8> {
    let mut byte = [0];
    text.read_exact_at(offset, &mut byte)?;
    Ok(byte[0])
}

impl Open {
    fn close(self, found: &mut Records, named: &mut HashMap<String, u64>) -> Result<(), FormatError> {
        let Self {
            name,
            line,
            start,
            offset,
            first,
            bases,
            ..
        } = self;
        let Some(shape) = first else {
            found.empty.push(name);
            return Ok(());
        };
        if let Some(&first) = named.get(&name) {
            let kind = FormatErrorKind::Duplicate { name, first };
            return Err(FormatError {
                line,
                offset: start,
                kind,
            });
        }
        named.insert(name.clone(), line);
        found.contigs.push(Contig {
            name,
            bases,
            offset,
            line_bases: shape.bases,
            line_width: shape.width,
        });
        Ok(())
    }

    fn blank(&mut self, line: u64, width: u64) {
        // htslib takes a blank line ended by \r\n right after the header for a first line without bases.
        if self.first.is_none() && self.ended.is_none() && width == 2 {
            self.first = Some(Shape {
                width,
                bases: 0,
                clean: true,
            });
        }
        self.ended = self.ended.or(Some(line));
    }

    /// Takes `count` lines of one shape, the first of which is number `line`; on error the line that is wrong.
    fn lines(&mut self, line: u64, count: u64, shape: Shape) -> Result<(), (u64, FormatErrorKind)> {
        if let Some(short) = self.ended {
            return Err((line, FormatErrorKind::AfterShortLine { short }));
        }
        if !shape.clean {
            return Err((line, FormatErrorKind::NotText));
        }
        let first = *self.first.get_or_insert(shape);
        if shape.width > first.width {
            return Err((
                line,
                FormatErrorKind::LongLine {
                    found: shape.width,
                    expected: first.width,
                },
            ));
        }
        let same_width = shape.width == first.width;
        if shape.bases > first.bases || (same_width && shape.bases < first.bases) {
            return Err((
                line,
                FormatErrorKind::LineEnd {
                    found: shape.bases,
                    expected: first.bases,
                },
            ));
        }
        if !same_width {
            self.ended = Some(line);
            if count > 1 {
                return Err((line + 1, FormatErrorKind::AfterShortLine { short: line }));
            }
        }
        self.bases += count * shape.bases;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    use crate::summary::Summary;

    fn read(text: &[u8]) -> Result<Records, FormatError> {
        let mut whole = Summary::start();
        whole.append(Summary::of(text, 0));
        records(whole.into_items(), &Bytes::copy_from_slice(text)).map_err(|error| match error {
            RecordsError::Format(error) => error,
            RecordsError::Read(error) => panic!("{error}"),
        })
    }

    fn rows(text: &[u8]) -> Vec<(String, u64, u64, u64, u64)> {
        let row = |c: Contig| (c.name, c.bases, c.offset, c.line_bases, c.line_width);
        read(text).unwrap().contigs.into_iter().map(row).collect()
    }

    fn refused(text: &[u8]) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn awkward_but_valid() {
        assert_eq!(rows(b">a b\r\nACGT\r\nAC"), [("a".into(), 6, 6, 4, 6)]);
        assert_eq!(
            rows(b"\n>a\nA>C\n\r\n>\nA\n"),
            [("a".into(), 3, 4, 3, 4), (String::new(), 1, 12, 1, 2)]
        );
        assert_eq!(
            rows(b">a\r\n\r\n>b\r\nA\r\n"),
            [("a".into(), 0, 4, 0, 2), ("b".into(), 1, 10, 1, 3)]
        );
    }

    #[test]
    fn empty_records_are_told_apart() {
        let records = read(b">a\n>b\n\n>c\nA\n").unwrap();
        assert_eq!(
            (records.contigs.len(), records.empty),
            (1, vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn names_longer_than_the_first_look() {
        for length in [254, 255, 256, 257, 2000] {
            let name = "n".repeat(length);
            let text = Bytes::from(format!(">  {name} rest\nA\n"));
            assert_eq!(name_at(&text, 0, text.len() as u64 - 2).unwrap(), name.as_bytes());
        }
    }

    #[test]
    fn each_fault_names_its_line() {
        assert_eq!(refused(b""), "line 1 at byte 0: no sequence: the file is empty");
        assert_eq!(
            refused(b"ACGT\n"),
            "line 1 at byte 0: found 'A' where a header starting with '>' should be"
        );
        assert!(refused(b"@r\nAC\n+\nII\n").contains("FASTQ"));
        assert_eq!(
            refused(b">a\nACGT\nA\nC\n"),
            "line 4 at byte 10: sequence goes on after line 3, which is shorter than the first of its sequence or blank"
        );
        assert!(refused(b">a\nACGT\n\nA\n").starts_with("line 4 at byte 9: sequence goes on after line 3"));
        assert!(refused(b">a\nACGT\nACGTT\n").starts_with("line 3 at byte 8: a line of 6 bytes"));
        assert!(refused(b">a\nACGT\nACGT\nAC T\n").starts_with("line 4 at byte 13: a blank, control"));
        assert!(refused(b">a\nACGT\r\nACGTA\n").starts_with("line 3 at byte 9: 5 bases on a line"));
        assert_eq!(
            refused(b">a\nA\n>b"),
            "line 3 at byte 5: the last record, \"b\", has no sequence"
        );
        assert_eq!(
            refused(b">a\nA\n>a x\nC\n"),
            "line 3 at byte 5: a second sequence named \"a\"; the first is on line 1"
        );
    }
}
