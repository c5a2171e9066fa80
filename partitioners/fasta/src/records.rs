//! From the lines of a file to its sequences, by the rules of `samtools faidx`, and stricter where those let an index pass
//! that would give wrong bases.
use std::io;

use object_io::ReadAt;

use crate::{
    Contig, Fai, FormatError, FormatErrorKind,
    summary::{Item, Shape, first_word},
};

/// Reads lines in file order into records.
#[derive(Default)]
pub(crate) struct Records {
    /// Records with at least one line of sequence.
    pub(crate) fai: Fai,
    /// Names of records that are a header only; `samtools faidx` leaves them out, so does the index.
    pub(crate) empty: Vec<String>,
    /// The line of the header of each contig.
    headers: Vec<u64>,
    open: Option<Open>,
    /// Lines so far.
    lines: u64,
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

impl Records {
    /// Takes the next lines. `text` is asked for the few bytes that summaries do not keep.
    pub(crate) fn push(&mut self, item: Item, text: &dyn ReadAt) -> Result<(), RecordsError> {
        let line = self.lines + 1;
        let fault = |line, offset, kind| RecordsError::Format(FormatError { line, offset, kind });
        match item {
            Item::Header { start, width, name } => {
                self.close()?;
                let name = name.map_or_else(|| name_at(text, start, width), Ok)?;
                let name = String::from_utf8(name).map_err(|_| fault(line, start, FormatErrorKind::Name))?;
                let offset = start + width;
                self.open = Some(Open {
                    name,
                    line,
                    start,
                    offset,
                    first: None,
                    bases: 0,
                    ended: None,
                });
                self.lines += 1;
            }
            Item::Blank { count, width, .. } => {
                if let Some(open) = &mut self.open {
                    open.blank(line, width);
                }
                self.lines += count;
            }
            Item::Lines { start, count, shape } => {
                let Some(open) = &mut self.open else {
                    let kind = match byte_at(text, start)? {
                        b'@' => FormatErrorKind::Fastq,
                        first => FormatErrorKind::NoHeader(first),
                    };
                    return Err(fault(line, start, kind));
                };
                let taken = open.lines(line, count, shape);
                taken.map_err(|(bad, kind)| fault(bad, start + (bad - line) * shape.width, kind))?;
                self.lines += count;
            }
        }
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<Self, RecordsError> {
        let fault = |line, offset, kind| Err(RecordsError::Format(FormatError { line, offset, kind }));
        match self.open.take() {
            None => fault(1, 0, FormatErrorKind::Empty),
            Some(Open {
                first: None,
                name,
                line,
                start,
                ..
            }) => fault(line, start, FormatErrorKind::NoSequence { name }),
            last => {
                self.open = last;
                self.close()?;
                Ok(self)
            }
        }
    }

    /// Ends the record under way, if there is one.
    fn close(&mut self) -> Result<(), FormatError> {
        let Some(Open {
            name,
            line,
            start,
            offset,
            first,
            bases,
            ..
        }) = self.open.take()
        else {
            return Ok(());
        };
        let Some(shape) = first else {
            self.empty.push(name);
            return Ok(());
        };
        let contig = Contig {
            name,
            bases,
            offset,
            line_bases: shape.bases,
            line_width: shape.width,
        };
        self.headers.push(line);
        self.fai.push(contig).map_err(|(contig, first)| {
            let kind = FormatErrorKind::Duplicate {
                name: contig.name,
                first: self.headers[first],
            };
            FormatError {
                line,
                offset: start,
                kind,
            }
        })
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
        let source = Bytes::copy_from_slice(text);
        let mut records = Records::default();
        let pushed = whole
            .into_items()
            .into_iter()
            .try_for_each(|item| records.push(item, &source));
        pushed.and_then(|()| records.finish()).map_err(|error| match error {
            RecordsError::Format(error) => error,
            RecordsError::Read(error) => panic!("{error}"),
        })
    }

    fn rows(text: &[u8]) -> Vec<(String, u64, u64, u64, u64)> {
        let row = |c: Contig| (c.name, c.bases, c.offset, c.line_bases, c.line_width);
        read(text).unwrap().fai.contigs().iter().cloned().map(row).collect()
    }

    fn refused(text: &[u8]) -> String {
        read(text).err().unwrap().to_string()
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
            (records.fai.contigs().len(), records.empty),
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
