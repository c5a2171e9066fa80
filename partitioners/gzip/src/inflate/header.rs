//! The head of a dynamic block: the lengths of its codes, themselves coded. It can pause at any bit.
use super::{
    Input,
    bits::Bits,
    error::{Alphabet, CodeDefect, InflateErrorKind},
};

/// The order in which the lengths of the code-length code are sent.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The code lengths of a dynamic block as they come in.
#[derive(Clone, Debug)]
pub(super) struct Header {
    literals: usize,
    distances: usize,
    /// Number of code-length codes.
    codes: usize,
    /// Their lengths.
    code: [u8; 19],
    /// By the next 7 bits: symbol << 3 | bits.
    table: [u8; 128],
    lengths: [u8; 320],
    /// How many of the lengths (first of the code-length code, then of the two others) are known.
    known: usize,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Counts,
    CodeLengths,
    Lengths,
}

impl Header {
    pub(super) fn new() -> Self {
        Self {
            literals: 0,
            distances: 0,
            codes: 0,
            code: [0; 19],
            table: [0; 128],
            lengths: [0; 320],
            known: 0,
            step: Step::Counts,
        }
    }

    /// Begins a new header.
    pub(super) fn restart(&mut self) {
        self.step = Step::Counts;
    }

    /// Reads on; true when all lengths are known, false when the input ended before.
    pub(super) fn read(&mut self, bits: &mut Bits, input: &mut Input<'_>) -> Result<bool, InflateErrorKind> {
        loop {
            match self.step {
                Step::Counts => {
                    if !bits.need(14, input) {
                        return Ok(false);
                    }
                    let counts = bits.peek(14);
                    self.literals = usize::from(counts & 31) + 257;
                    self.distances = usize::from(counts >> 5 & 31) + 1;
                    self.codes = usize::from(counts >> 10) + 4;
                    if self.literals > 286 || self.distances > 30 {
                        let (literals, distances) = (self.literals as u16, self.distances as u16);
                        return Err(InflateErrorKind::TooManyCodes { literals, distances });
                    }
                    bits.drop(14);
                    self.known = 0;
                    self.code = [0; 19];
                    self.step = Step::CodeLengths;
                }
                Step::CodeLengths => {
                    while self.known < self.codes {
                        let Some(length) = bits.take(3, input) else {
                            return Ok(false);
                        };
                        self.code[usize::from(ORDER[self.known])] = length as u8;
                        self.known += 1;
                    }
                    self.table = code_length_table(&self.code).map_err(|defect| InflateErrorKind::Code {
                        alphabet: Alphabet::CodeLengths,
                        defect,
                    })?;
                    self.known = 0;
                    self.step = Step::Lengths;
                }
                Step::Lengths => {
                    while self.known < self.literals + self.distances {
                        if !self.read_length(bits, input)? {
                            return Ok(false);
                        }
                    }
                    if self.lengths[256] == 0 {
                        return Err(InflateErrorKind::NoEndOfBlock);
                    }
                    return Ok(true);
                }
            }
        }
    }

    /// The lengths of the literal/length code.
    pub(super) fn literals(&self) -> &[u8] {
        &self.lengths[..self.literals]
    }

    /// The lengths of the distance code.
    pub(super) fn distances(&self) -> &[u8] {
        &self.lengths[self.literals..self.literals + self.distances]
    }

    /// Reads one code-length symbol with its repeat count.
    fn read_length(&mut self, bits: &mut Bits, input: &mut Input<'_>) -> Result<bool, InflateErrorKind> {
        let (symbol, used) = loop {
            let entry = self.table[bits.buffer as usize & 127];
            let used = u32::from(entry & 7);
            if used <= bits.count {
                break (entry >> 3, used);
            }
            if !bits.pull(input) {
                return Ok(false);
            }
        };
        let (extra, least) = match symbol {
            16 => (2, 3),
            17 => (3, 3),
            18 => (7, 11),
            _ => (0, 1),
        };
        if !bits.need(used + extra, input) {
            return Ok(false);
        }
        let repeat = least + usize::from(bits.peek(used + extra) >> used);
        let end = self.known + repeat;
        if end > self.literals + self.distances || symbol == 16 && self.known == 0 {
            return Err(InflateErrorKind::Repeat);
        }
        let length = match symbol {
            16 => self.lengths[self.known - 1],
            17 | 18 => 0,
            length => length,
        };
        bits.drop(used + extra);
        self.lengths[self.known..end].fill(length);
        self.known = end;
        Ok(true)
    }
}

/// The table of the code-length code, which must be complete. As zlib does, takes one without symbols for zeros of one bit:
/// the block then fails for want of an end.
fn code_length_table(lengths: &[u8; 19]) -> Result<[u8; 128], CodeDefect> {
    let used: u32 = lengths
        .iter()
        .filter(|&&length| length != 0)
        .map(|&length| 128 >> length)
        .sum();
    match used {
        0 => return Ok([1; 128]),
        128 => {}
        1..128 => return Err(CodeDefect::Incomplete),
        _ => return Err(CodeDefect::Oversubscribed),
    }
    let mut table = [0; 128];
    let mut code = 0usize; // left-aligned in 7 bits
    for bits in 1..=7u8 {
        for (symbol, _) in lengths.iter().enumerate().filter(|&(_, &length)| length == bits) {
            let first = (code as u8).reverse_bits() as usize >> 1;
            for slot in table[first..].iter_mut().step_by(1 << bits) {
                *slot = (symbol as u8) << 3 | bits;
            }
            code += 128 >> bits;
        }
    }
    Ok(table)
}
