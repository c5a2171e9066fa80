//! Reads FASTQ text in blocks of any size and checks it as it goes by; nothing is copied but names at block borders.
use std::ops::Range;

use memchr::memchr_iter;
use serde::{Deserialize, Serialize};

use crate::{
    Check, Irregularity, Line, NamesDigest, RecordError, RecordFault, Summary,
    line::{byte_range, find_bad_base, find_bad_quality, is_sequence, without_cr, wrapped_quality},
};

/// Longest name line that is believed; bounds what a scanner keeps of a record.
const NAME_LIMIT: usize = 64 << 10;

/// Where a read starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadStart {
    /// 0-based number of the read; the number of reads if there is none.
    pub read: u64,
    /// Offset of its `@` in the text.
    pub text: u64,
}

/// Checks a FASTQ text given block by block, in order, and counts what it holds.
///
/// A record has four lines: `@name`, bases, `+`, qualities. Lines end with LF or CR LF, the last one may lack its end, and
/// blank lines may follow the last read. Memory is bounded whatever the text is.
///
/// ```
/// use partition_fastq::{Check, Scanner};
/// let mut scanner = Scanner::new(Check::Records);
/// scanner.push(b"@a\nAC\n+\nII\n@b 1\nG\n")?;
/// scanner.push(b"+\nI")?;
/// let summary = scanner.finish()?;
/// assert_eq!((summary.reads, summary.bases, summary.last_name.as_deref()), (2, 3, Some("b 1")));
/// # Ok::<(), partition_fastq::RecordError>(())
/// ```
#[derive(Debug)]
pub struct Scanner {
    check: Check,
    /// Bytes seen.
    seen: u64,
    /// The record in progress.
    record: ReadStart,
    line: Line,
    line_start: u64,
    /// Bytes of the line in progress, without the CR held back.
    line_length: u64,
    /// The last byte was a CR: part of the line, or of its end.
    held_cr: bool,
    /// Of the record in progress, without `@` and `+`; used only when a block ends inside it.
    name: Vec<u8>,
    second_name: Vec<u8>,
    bases: u64,
    first_blank: Option<u64>,
    blank_lines: u64,
    /// 1 if the last read has no bases and its empty last line is not there.
    missing_line: u64,
    ended_by_newline: bool,
    totals: Totals,
    waiting: usize,
    starts: Vec<ReadStart>,
}

#[derive(Debug)]
struct Totals {
    bases: u64,
    shortest: u64,
    longest: u64,
    lowest: u8,
    highest: u8,
    first_name: Option<Vec<u8>>,
    last_name: Vec<u8>,
    /// All names, those of even and those of odd reads.
    names: NamesDigest,
    halves: [NamesDigest; 2],
}

impl Scanner {
    /// A scanner at the start of a text.
    pub fn new(check: Check) -> Self {
        Self::at(check, ReadStart { read: 0, text: 0 })
    }

    /// A scanner at the start of a read within a text; errors count from there.
    pub fn at(check: Check, start: ReadStart) -> Self {
        Self {
            check,
            seen: start.text,
            record: start,
            line: Line::Name,
            line_start: start.text,
            line_length: 0,
            held_cr: false,
            name: Vec::new(),
            second_name: Vec::new(),
            bases: 0,
            first_blank: None,
            blank_lines: 0,
            missing_line: 0,
            ended_by_newline: true,
            totals: Totals {
                bases: 0,
                shortest: u64::MAX,
                longest: 0,
                lowest: u8::MAX,
                highest: 0,
                first_name: None,
                last_name: Vec::new(),
                names: NamesDigest::default(),
                halves: [NamesDigest::default(); 2],
            },
            waiting: 0,
            starts: Vec::new(),
        }
    }

    /// Reads that are complete, and where the last of them ended.
    pub fn complete(&self) -> ReadStart {
        self.record
    }

    /// Lines that are complete, up to the end of the last read.
    pub(crate) fn line_number(&self) -> u64 {
        self.record.read * 4 + self.line as u64
    }

    /// What is checked.
    pub fn check(&self) -> Check {
        self.check
    }

    /// Bytes of text seen.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Asks for the first read that starts at or after the bytes seen so far; the answer comes by [`Scanner::take_starts`].
    pub fn watch(&mut self) {
        if self.line == Line::Name && self.seen == self.line_start {
            self.starts.push(ReadStart {
                read: self.record.read,
                text: self.seen,
            });
        } else {
            self.waiting += 1;
        }
    }

    /// The answers known by now to [`Scanner::watch`], in the order asked.
    pub fn take_starts(&mut self) -> Vec<ReadStart> {
        std::mem::take(&mut self.starts)
    }

    /// Checks the next block of the text.
    ///
    /// # Errors
    /// The first fault of the text. A scanner that failed must not be used again.
    pub fn push(&mut self, block: &[u8]) -> Result<(), RecordError> {
        let base = self.seen;
        let mut at = 0;
        // The record that the last block ended in.
        while at < block.len() && (self.line != Line::Name || base + at as u64 != self.line_start) {
            at = self.slow_line(block, at, base)?;
        }
        at = self.whole_records(block, at, base);
        while at < block.len() {
            at = self.slow_line(block, at, base)?;
        }
        self.seen = base + block.len() as u64;
        if let Some(&last) = block.last() {
            self.ended_by_newline = last == b'\n';
        }
        Ok(())
    }

    /// Ends the text, and answers every [`Scanner::watch`]. Call it once, last.
    ///
    /// # Errors
    /// [`RecordFault::Truncated`] if it ends inside a read.
    pub fn finish(&mut self) -> Result<Summary, RecordError> {
        if !self.ended_by_newline {
            if self.check == Check::Strict {
                return Err(self.error(RecordFault::Irregular(Irregularity::NoFinalNewline), self.seen));
            }
            let missing = self.line == Line::Quality && self.line_length < self.bases;
            if missing || self.line != Line::Quality && self.line_length > 0 {
                return Err(self.error(RecordFault::Truncated { line: self.line }, self.seen));
            }
            self.end_line(self.held_cr, &[])?;
        }
        match self.line {
            Line::Name => {}
            // A read without bases whose last, empty line is missing altogether.
            Line::Quality if self.bases == 0 => {
                self.missing_line = 1;
                self.end_line(false, &[])?;
            }
            line => return Err(self.error(RecordFault::Truncated { line }, self.seen)),
        }
        if self.first_blank.is_none() {
            self.record.text = self.seen;
        }
        for _ in 0..std::mem::take(&mut self.waiting) {
            self.starts.push(ReadStart {
                text: self.seen,
                ..self.record
            });
        }
        Ok(self.summary())
    }

    fn summary(&self) -> Summary {
        let totals = &self.totals;
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let any = totals.first_name.is_some();
        let any_base = totals.lowest <= totals.highest;
        Summary {
            reads: self.record.read,
            text_bytes: self.seen,
            lines: self.record.read * 4 + self.blank_lines - self.missing_line,
            bases: totals.bases,
            shortest: any.then_some(totals.shortest),
            longest: any.then_some(totals.longest),
            lowest_quality: any_base.then_some(totals.lowest),
            highest_quality: any_base.then_some(totals.highest),
            first_name: totals.first_name.as_deref().map(text),
            last_name: any.then(|| text(&totals.last_name)),
            names: totals.names,
            even_names: totals.halves[0],
            odd_names: totals.halves[1],
        }
    }

    /// Takes all records that lie whole in `block[at..]`; gives where it stopped.
    fn whole_records(&mut self, block: &[u8], at: usize, base: u64) -> usize {
        let mut start = at;
        let mut last_name = 0..0;
        let mut ends = memchr_iter(b'\n', &block[at..]).map(|end| at + end);
        while let (Some(a), Some(b), Some(c), Some(d)) = (ends.next(), ends.next(), ends.next(), ends.next()) {
            let lines = [start..a, a + 1..b, b + 1..c, c + 1..d];
            if !self.whole_record(block, &lines) {
                break;
            }
            last_name = lines[0].clone();
            start = d + 1;
            self.record.read += 1;
            self.record.text = base + start as u64;
            self.line_start = self.record.text;
            if self.waiting > 0 {
                self.answer();
            }
        }
        if start > at {
            let (name, _) = without_cr(&block[last_name.start + 1..last_name.end]);
            self.totals.last_name.clear();
            self.totals.last_name.extend_from_slice(name);
        }
        start
    }

    /// Checks one record; false if it is not of the plain kind and has to be looked at line by line.
    #[inline]
    fn whole_record(&mut self, block: &[u8], lines: &[Range<usize>; 4]) -> bool {
        let [name, sequence, plus, quality] = lines.clone().map(|line| &block[line]);
        if name.first() != Some(&b'@') || plus.first() != Some(&b'+') || name.len() > NAME_LIMIT {
            return false;
        }
        let ((sequence, cr), (plus, cr_plus), (quality, cr_quality)) =
            (without_cr(sequence), without_cr(plus), without_cr(quality));
        let (lowest, highest) = byte_range(quality);
        let plain = sequence.len() == quality.len()
            && plus.len() == 1
            && (quality.is_empty() || (lowest >= b'!' && highest <= b'~'))
            && self.check != Check::Strict;
        if !plain && !self.passes(name, sequence, plus, quality, cr || cr_plus || cr_quality) {
            return false;
        }
        if self.totals.first_name.is_none() {
            self.totals.first_name = Some(without_cr(&name[1..]).0.to_vec());
        }
        let (name, _) = without_cr(&name[1..]);
        self.count(name, sequence.len() as u64, lowest, highest);
        true
    }

    /// Whether a record that is not plain is good all the same. What is not is refused by the slow path, which says why.
    fn passes(&self, name: &[u8], sequence: &[u8], plus: &[u8], quality: &[u8], cr: bool) -> bool {
        let name = without_cr(&name[1..]);
        let framed = sequence.len() == quality.len();
        let valid = (plus.len() == 1 || &plus[1..] == name.0) && find_bad_quality(quality).is_none();
        let regular = !cr && !name.1 && !name.0.is_empty() && find_bad_base(sequence).is_none();
        match self.check {
            Check::Framing => framed,
            Check::Records => framed && valid,
            Check::Strict => framed && valid && regular,
        }
    }

    #[inline]
    fn count(&mut self, name: &[u8], bases: u64, lowest: u8, highest: u8) {
        let hash = NamesDigest::hash(name);
        let totals = &mut self.totals;
        totals.names.append(hash);
        totals.halves[(self.record.read % 2) as usize].append(hash);
        totals.bases += bases;
        totals.shortest = totals.shortest.min(bases);
        totals.longest = totals.longest.max(bases);
        totals.lowest = totals.lowest.min(lowest);
        totals.highest = totals.highest.max(highest);
    }

    #[cold]
    fn answer(&mut self) {
        for _ in 0..std::mem::take(&mut self.waiting) {
            self.starts.push(self.record);
        }
    }

    /// Takes the rest of the line in progress, as far as the block has it; gives where it stopped.
    fn slow_line(&mut self, block: &[u8], at: usize, base: u64) -> Result<usize, RecordError> {
        let end = memchr::memchr(b'\n', &block[at..]).map(|end| at + end);
        let mut part = &block[at..end.unwrap_or(block.len())];
        if self.held_cr && !part.is_empty() {
            self.held_cr = false;
            self.content(b"\r", &[])?;
        }
        let cr = if let [before @ .., b'\r'] = part {
            part = before;
            true
        } else {
            self.held_cr
        };
        let rest = end.map_or(&[][..], |end| &block[end + 1..]);
        self.content(part, rest)?;
        match end {
            None => {
                self.held_cr = cr;
                Ok(block.len())
            }
            Some(end) => {
                self.held_cr = false;
                self.end_line(cr, rest)?;
                self.line_start = base + end as u64 + 1;
                if self.line == Line::Name && self.line_length == 0 && self.first_blank.is_none() {
                    self.record.text = self.line_start;
                    if self.waiting > 0 {
                        self.answer();
                    }
                }
                Ok(end + 1)
            }
        }
    }

    /// More bytes of the line in progress, without its end.
    fn content(&mut self, part: &[u8], rest: &[u8]) -> Result<(), RecordError> {
        let Some(&first) = part.first() else { return Ok(()) };
        let at_start = self.line_length == 0;
        match self.line {
            Line::Name => {
                if let Some(blank) = self.first_blank {
                    return Err(self.error(RecordFault::BlankLine, blank));
                }
                if at_start && first != b'@' {
                    return Err(self.error(RecordFault::NoAt { found: first }, self.line_start));
                }
                self.keep_name(&part[usize::from(at_start)..], false)?;
            }
            Line::Sequence if self.check == Check::Strict => {
                if let Some(bad) = find_bad_base(part) {
                    let position = self.line_length + bad as u64;
                    let found = part[bad];
                    let fault = RecordFault::Irregular(Irregularity::Base { position, found });
                    return Err(self.error(fault, self.line_start + position));
                }
            }
            Line::Sequence => {}
            Line::Separator => {
                if at_start && first != b'+' {
                    let fault = if self.bases > 0 && is_sequence(part) && !rest.is_empty() {
                        RecordFault::Wrapped { line: Line::Sequence }
                    } else {
                        RecordFault::NoPlus { found: Some(first) }
                    };
                    return Err(self.error(fault, self.line_start));
                }
                self.keep_name(&part[usize::from(at_start)..], true)?;
            }
            Line::Quality => {
                let (lowest, highest) = byte_range(part);
                self.totals.lowest = self.totals.lowest.min(lowest);
                self.totals.highest = self.totals.highest.max(highest);
                if self.check != Check::Framing
                    && let Some(bad) = find_bad_quality(part)
                {
                    let position = self.line_length + bad as u64;
                    let found = part[bad];
                    return Err(self.error(RecordFault::Quality { position, found }, self.line_start + position));
                }
            }
        }
        self.line_length += part.len() as u64;
        Ok(())
    }

    fn keep_name(&mut self, part: &[u8], second: bool) -> Result<(), RecordError> {
        let name = if second { &mut self.second_name } else { &mut self.name };
        if name.len() + part.len() > NAME_LIMIT {
            return Err(self.error(RecordFault::LongName { limit: NAME_LIMIT }, self.line_start));
        }
        name.extend_from_slice(part);
        Ok(())
    }

    /// The line in progress is complete; `rest` is what the block has after it.
    fn end_line(&mut self, cr: bool, rest: &[u8]) -> Result<(), RecordError> {
        if cr && self.check == Check::Strict {
            return Err(self.irregular(Irregularity::CarriageReturn));
        }
        let length = std::mem::take(&mut self.line_length);
        match self.line {
            Line::Name if length == 0 => {
                self.first_blank.get_or_insert(self.line_start);
                self.blank_lines += 1;
                if self.check == Check::Strict {
                    return Err(self.irregular(Irregularity::BlankEnd));
                }
            }
            Line::Name => {
                if length == 1 && self.check == Check::Strict {
                    return Err(self.irregular(Irregularity::NoName));
                }
                self.line = Line::Sequence;
            }
            Line::Sequence => {
                self.bases = length;
                self.line = Line::Separator;
            }
            Line::Separator => {
                if length == 0 {
                    return Err(self.error(RecordFault::NoPlus { found: None }, self.line_start));
                }
                if self.check != Check::Framing && length > 1 && self.second_name != self.name {
                    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
                    let (name, second) = (text(&self.name), text(&self.second_name));
                    return Err(self.error(RecordFault::SecondName { name, second }, self.line_start));
                }
                self.line = Line::Quality;
            }
            Line::Quality => {
                if length != self.bases {
                    return Err(self.error(self.unequal(length, rest), self.line_start));
                }
                self.end_record();
            }
        }
        Ok(())
    }

    fn unequal(&self, length: u64, rest: &[u8]) -> RecordFault {
        let missing = self.bases.saturating_sub(length);
        if length > 0 && missing > 0 && wrapped_quality(rest, missing) {
            return RecordFault::Wrapped { line: Line::Quality };
        }
        RecordFault::UnequalLengths {
            bases: self.bases,
            qualities: length,
        }
    }

    fn end_record(&mut self) {
        let name = std::mem::take(&mut self.name);
        self.count(&name, self.bases, u8::MAX, 0);
        self.totals.first_name.get_or_insert_with(|| name.clone());
        self.name = std::mem::replace(&mut self.totals.last_name, name);
        self.name.clear();
        self.second_name.clear();
        self.record.read += 1;
        self.bases = 0;
        self.line = Line::Name;
    }

    fn irregular(&self, irregularity: Irregularity) -> RecordError {
        self.error(RecordFault::Irregular(irregularity), self.line_start)
    }

    fn error(&self, fault: RecordFault, offset: u64) -> RecordError {
        RecordError {
            read: self.record.read,
            line: self.record.read * 4 + self.line as u64 + 1,
            offset,
            fault,
        }
    }
}
