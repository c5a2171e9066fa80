//! The decoder: a state machine that can pause at any bit of input and any byte of output.
use super::{
    Input, Output, Symbol,
    bits::Bits,
    error::{Alphabet, InflateError, InflateErrorKind},
    fast,
    header::Header,
    huffman::{DistanceTable, LiteralTable},
    packed::PackedTable,
    symbols::{DISTANCES, END, LITERALS, distance, is_exception, is_exceptional_distance, is_length, length, used},
};

/// Decodes one raw DEFLATE stream.
#[derive(Clone)]
pub struct Inflater {
    state: State,
    bits: Bits,
    /// Bytes taken from all inputs so far.
    taken: u64,
    /// Bytes written to all outputs so far.
    written: u64,
    /// The block being decoded is the last.
    last: bool,
    header: Box<Header>,
    tables: Box<Tables>,
}

/// The codes of the current block.
#[derive(Clone)]
pub(super) struct Tables {
    /// They are those of fixed blocks.
    fixed: bool,
    pub(super) literals: LiteralTable,
    pub(super) packed: PackedTable,
    pub(super) distances: DistanceTable,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Bits to skip before the first block.
    Skip(u8),
    /// Before the header of a block; true if this edge is still to be told.
    Edge(bool),
    StoredLength,
    Stored(u16),
    Dynamic,
    Symbols,
    /// A match of which this much is still to be copied.
    Match {
        length: usize,
        distance: usize,
    },
    End,
    Failed(InflateError),
}

/// What the next bits are.
enum Next {
    Literal(u8),
    Match { length: usize, distance: usize },
    End,
}

/// Where a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Bits from the first byte that the inflater was given to the header of the block.
    pub bit: u64,
    /// Bytes decoded before the block.
    pub output: u64,
}

/// When [`Inflater::decode`] is to return although it could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Only when input or space run out.
    Never,
    /// At the next block edge.
    AtEdge,
    /// At the first block edge with at least this many bytes decoded since the inflater was made.
    AtEdgeFrom(u64),
}

/// Why [`Inflater::decode`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All input was read; the stream needs more.
    NeedInput,
    /// The buffer is full; the stream has more.
    OutputFull,
    /// A block that is not the first begins here, and [`Stop`] asked to know.
    BlockEdge(Edge),
    /// The last block ended. [`Input::rest`] begins at the first whole byte after it.
    End,
}

impl Inflater {
    /// Begins at a block edge: `bit` (0 to 7) bits into the first byte that it will be given.
    pub fn new(bit: u8) -> Self {
        Self {
            state: State::Skip(bit & 7),
            bits: Bits::default(),
            taken: 0,
            written: 0,
            last: false,
            header: Box::new(Header::new()),
            tables: Box::new(Tables::new()),
        }
    }

    /// Begins another stream, `bit` bits into its first byte, and counts from zero again. Keeps the memory.
    pub fn reset(&mut self, bit: u8) {
        self.state = State::Skip(bit & 7);
        self.bits = Bits::default();
        (self.taken, self.written, self.last) = (0, 0, false);
    }

    /// Bits decoded, and bytes written, since the start. Inside a block the bit is where the next symbol begins.
    pub fn position(&self) -> Edge {
        Edge {
            bit: 8 * self.taken - u64::from(self.bits.count),
            output: self.written,
        }
    }

    /// Whether the block being decoded, or just ended, is the last of the stream.
    pub fn is_last_block(&self) -> bool {
        self.last
    }

    /// The error to report when [`Status::NeedInput`] meets the end of the object.
    pub fn truncated(&self) -> InflateError {
        InflateError {
            bit: self.position().bit,
            kind: InflateErrorKind::Truncated,
        }
    }

    /// Decodes until input or space run out, the stream ends, or `stop` says so.
    ///
    /// On return the input is read to its end with [`Status::NeedInput`], and otherwise only as far as the decoded symbols
    /// reach. After an error everything before it is in the output, and every further call gives the same error.
    ///
    /// # Errors
    /// The first fault of the stream, with the bit where it lies.
    pub fn decode<S: Symbol>(
        &mut self,
        input: &mut Input<'_>,
        output: &mut Output<'_, S>,
        stop: Stop,
    ) -> Result<Status, InflateError> {
        let (read, filled) = (input.position, output.filled);
        let (taken, written) = (self.taken, self.written);
        let result = loop {
            let step = self.step(input, output);
            self.taken = taken + (input.position - read) as u64;
            self.written = written + (output.filled - filled) as u64;
            match step {
                Ok(None) => {}
                Ok(Some(status)) => break Ok(status),
                Err(kind) => {
                    break Err(InflateError {
                        bit: self.position().bit,
                        kind,
                    });
                }
            }
            if let State::Edge(untold @ true) = &mut self.state {
                *untold = false;
                let from = match stop {
                    Stop::Never => u64::MAX,
                    Stop::AtEdge => 0,
                    Stop::AtEdgeFrom(from) => from,
                };
                if self.written >= from {
                    break Ok(Status::BlockEdge(self.position()));
                }
            }
        };
        if let State::Failed(error) = self.state {
            return Err(error);
        }
        if let Err(error) = result {
            self.state = State::Failed(error);
        }
        result
    }

    /// Goes on to the next state, or says why that is not possible.
    fn step<S: Symbol>(
        &mut self,
        input: &mut Input<'_>,
        output: &mut Output<'_, S>,
    ) -> Result<Option<Status>, InflateErrorKind> {
        match self.state {
            State::Skip(count) => {
                if self.bits.take(u32::from(count), input).is_none() {
                    return Ok(Some(Status::NeedInput));
                }
                self.state = State::Edge(false);
            }
            State::Edge(_) => {
                if !self.bits.need(3, input) {
                    return Ok(Some(Status::NeedInput));
                }
                let header = self.bits.peek(3);
                let state = match header >> 1 {
                    0 => State::StoredLength,
                    1 => {
                        self.tables.fixed();
                        State::Symbols
                    }
                    2 => {
                        self.header.restart();
                        State::Dynamic
                    }
                    _ => return Err(InflateErrorKind::BlockType),
                };
                self.last = header & 1 == 1;
                self.bits.drop(3);
                self.state = state;
                if let State::StoredLength = state {
                    // Fewer than 8 bits can be left here: the padding up to the next byte.
                    self.bits.drop(self.bits.count & 7);
                }
            }
            State::StoredLength => {
                if !self.bits.need(32, input) {
                    return Ok(Some(Status::NeedInput));
                }
                let (length, complement) = (self.bits.buffer as u16, (self.bits.buffer >> 16) as u16);
                if length != !complement {
                    return Err(InflateErrorKind::StoredLength { length, complement });
                }
                self.bits.drop(32);
                self.state = State::Stored(length);
            }
            State::Stored(0) => self.end_block(),
            State::Stored(left) => {
                let count = usize::from(left).min(output.space()).min(input.rest().len());
                if count == 0 {
                    let full = output.space() == 0;
                    return Ok(Some(if full { Status::OutputFull } else { Status::NeedInput }));
                }
                for (to, &byte) in output.buffer[output.filled..].iter_mut().zip(&input.rest()[..count]) {
                    *to = byte.into();
                }
                output.filled += count;
                input.position += count;
                self.state = State::Stored(left - count as u16);
            }
            State::Dynamic => {
                if !self.header.read(&mut self.bits, input)? {
                    return Ok(Some(Status::NeedInput));
                }
                self.tables.dynamic(&self.header)?;
                self.state = State::Symbols;
            }
            State::Symbols => return self.symbols(input, output),
            State::Match { length, distance } => {
                let left = length - output.copy(distance, length);
                if left > 0 {
                    self.state = State::Match { length: left, distance };
                    return Ok(Some(Status::OutputFull));
                }
                self.state = State::Symbols;
            }
            State::End => return Ok(Some(Status::End)),
            State::Failed(error) => return Err(error.kind),
        }
        Ok(None)
    }

    /// Decodes symbols: many while there is room, then one by one.
    fn symbols<S: Symbol>(
        &mut self,
        input: &mut Input<'_>,
        output: &mut Output<'_, S>,
    ) -> Result<Option<Status>, InflateErrorKind> {
        loop {
            fast::run(&self.tables, &mut self.bits, input, output);
            let (symbol, used) = loop {
                match self.tables.symbol(self.bits)? {
                    Some(symbol) => break symbol,
                    None if self.bits.pull(input) => {}
                    None => return Ok(Some(Status::NeedInput)),
                }
            };
            match symbol {
                Next::Literal(byte) => {
                    if !output.push(byte) {
                        return Ok(Some(Status::OutputFull));
                    }
                    self.bits.drop(used);
                }
                Next::Match { length, distance } => {
                    let reach = output.reach();
                    if distance > reach {
                        let (distance, history) = (distance as u16, reach as u16);
                        return Err(InflateErrorKind::TooFarBack { distance, history });
                    }
                    self.bits.drop(used);
                    self.state = State::Match { length, distance };
                    return Ok(None);
                }
                Next::End => {
                    self.bits.drop(used);
                    self.end_block();
                    return Ok(None);
                }
            }
        }
    }

    fn end_block(&mut self) {
        self.state = if self.last { State::End } else { State::Edge(true) };
    }
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            fixed: false,
            literals: LiteralTable::new(),
            packed: PackedTable::new(),
            distances: DistanceTable::new(),
        }
    }

    /// The codes of a fixed block.
    pub(super) fn fixed(&mut self) {
        if self.fixed {
            return;
        }
        self.fixed = true;
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.literals
            .build(&lengths, &LITERALS)
            .expect("the fixed literal code is complete");
        self.packed.build(&self.literals);
        self.distances
            .build(&[5; 32], &DISTANCES)
            .expect("the fixed distance code is complete");
    }

    /// The codes of a dynamic block.
    fn dynamic(&mut self, header: &Header) -> Result<(), InflateErrorKind> {
        self.fixed = false;
        let of = |alphabet| move |defect| InflateErrorKind::Code { alphabet, defect };
        self.literals
            .build(header.literals(), &LITERALS)
            .map_err(of(Alphabet::Literals))?;
        self.packed.build(&self.literals);
        self.distances
            .build(header.distances(), &DISTANCES)
            .map_err(of(Alphabet::Distances))
    }

    /// The next symbol and its bits; none if there are too few bits to tell.
    fn symbol(&self, bits: Bits) -> Result<Option<(Next, u32)>, InflateErrorKind> {
        let (entry, before) = self.literals.look_up(bits.buffer);
        let mut total = before + used(entry);
        if total > bits.count {
            return Ok(None);
        }
        if is_exception(entry) {
            return if entry & END == END {
                Ok(Some((Next::End, total)))
            } else {
                Err(InflateErrorKind::LiteralCode)
            };
        }
        if !is_length(entry) {
            return Ok(Some((Next::Literal((entry >> 8) as u8), total)));
        }
        let length = length(entry, bits.buffer >> before);
        let bits_left = bits.buffer >> total;
        let (entry, before) = self.distances.look_up(bits_left);
        total += before + used(entry);
        if total > bits.count {
            return Ok(None);
        }
        if is_exceptional_distance(entry) {
            return Err(InflateErrorKind::DistanceCode);
        }
        let distance = distance(entry, bits_left >> before);
        Ok(Some((Next::Match { length, distance }, total)))
    }
}
