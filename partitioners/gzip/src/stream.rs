//! Members, one after another: headers, compressed data, trailers, padding.
use std::io::{self, BufRead};

use crate::{
    GzipError, GzipErrorKind as Kind,
    buffer::TextBuffer,
    engine::{Engine, NO_EDGES, Stop},
    header::{self, MAGIC, Trailer},
};

/// Compressed bytes with the offset of the next one.
pub(crate) struct Source<R> {
    reader: R,
    pub(crate) offset: u64,
}

impl<R: BufRead> Source<R> {
    /// `reader` starts at byte `offset` of the file.
    pub(crate) fn new(reader: R, offset: u64) -> Self {
        Self { reader, offset }
    }

    /// The next bytes; empty only at the end.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        while let Err(error) = self.reader.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.reader.fill_buf()
    }

    pub(crate) fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.offset += bytes as u64;
    }

    pub(crate) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.fill()?.first().copied())
    }

    pub(crate) fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        self.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    /// Appends the next `bytes` bytes to `to`; false if there are fewer.
    pub(crate) fn append(&mut self, bytes: usize, to: &mut Vec<u8>) -> io::Result<bool> {
        self.each(bytes, |piece| to.extend_from_slice(piece))
    }

    /// Passes over the next `bytes` bytes; false if there are fewer.
    pub(crate) fn skip(&mut self, bytes: usize) -> io::Result<bool> {
        self.each(bytes, |_| ())
    }

    fn each(&mut self, mut bytes: usize, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        while bytes > 0 {
            let ready = self.fill()?;
            let piece = &ready[..ready.len().min(bytes)];
            if piece.is_empty() {
                return Ok(false);
            }
            take(piece);
            let length = piece.len();
            self.consume(length);
            bytes -= length;
        }
        Ok(true)
    }
}

/// What [`Stream::next`] met at the present place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The buffer is full.
    Full,
    /// A deflate block that is not the first of its member starts at this bit of the file.
    Edge(u64),
    /// A member starts at this byte of the file.
    Member(u64),
    /// A member ended; its trailer, and where in the file that starts.
    Trailer(Trailer, u64),
    /// The file ended.
    End,
}

enum State {
    /// Before the header of a member that is there.
    Header,
    /// Inside compressed data.
    Body,
    /// Before a trailer.
    Trailer,
    /// Where a member may start: another member, padding, or the end.
    Between,
    End,
}

/// Decodes members and tells where they and their blocks start. Checksums are left to the caller, who may have another thread.
pub(crate) struct Stream<R, E> {
    pub(crate) source: Source<R>,
    engine: E,
    state: State,
    /// Text decoded so far, counted from the start of the file.
    pub(crate) text: u64,
    /// The last byte given to the engine, part of which may belong to the next block.
    last: u8,
}

impl<R: BufRead, E: Engine> Stream<R, E> {
    /// At a member header.
    pub(crate) fn at_member(source: Source<R>, text: u64) -> Self {
        Self {
            source,
            engine: E::new(),
            state: State::Between,
            text,
            last: 0,
        }
    }

    /// At a deflate block, `bit` bits into the first byte of `source`, with `window` before it.
    pub(crate) fn at_block(source: Source<R>, text: u64, bit: u8, window: &[u8]) -> Self {
        let mut engine = E::new();
        engine.start(bit, window);
        Self {
            source,
            engine,
            state: State::Body,
            text,
            last: 0,
        }
    }

    /// Up to `most` bytes of the file from the byte that holds bit `bit` on, if `bit` is that of the last [`Event::Edge`]
    /// and they can be had without waiting for more than one read; else fewer.
    pub(crate) fn ahead(&mut self, bit: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut ahead = Vec::new();
        ahead.extend((!bit.is_multiple_of(8)).then_some(self.last));
        let ready = self.source.fill()?;
        ahead.extend_from_slice(&ready[..ready.len().min(most - ahead.len())]);
        Ok(ahead)
    }

    fn error(&self, kind: Kind) -> GzipError {
        GzipError::new(self.source.offset, self.text, kind)
    }

    /// Decodes into `buffer` up to the next event. Block edges are events only after `edges` bytes of text.
    ///
    /// # Errors
    /// The text before the fault is in the buffer. After an error, do not call again.
    pub(crate) fn next(&mut self, buffer: &mut TextBuffer, edges: u64) -> Result<Event, GzipError> {
        loop {
            match self.state {
                State::Between => {
                    let more = self.begin()?;
                    self.state = if more { State::Header } else { State::End };
                }
                State::Header => {
                    let start = self.source.offset;
                    let read = header::skip(&mut self.source);
                    read.map_err(|kind| self.error(kind))?;
                    self.engine.start(0, &[]);
                    buffer.floor = buffer.end;
                    self.state = State::Body;
                    return Ok(Event::Member(start));
                }
                State::Body => {
                    if let Some(event) = self.inflate(buffer, edges)? {
                        return Ok(event);
                    }
                }
                State::Trailer => {
                    let start = self.source.offset;
                    let trailer = self.trailer()?;
                    self.state = State::Between;
                    return Ok(Event::Trailer(trailer, start));
                }
                State::End => return Ok(Event::End),
            }
        }
    }

    fn inflate(&mut self, buffer: &mut TextBuffer, edges: u64) -> Result<Option<Event>, GzipError> {
        let before = buffer.end;
        let from = match edges {
            u64::MAX => NO_EDGES,
            edges => buffer.end + edges.saturating_sub(self.text) as usize,
        };
        let input = match self.source.fill() {
            Ok(input) => input,
            Err(error) => return Err(self.error(Kind::Read(error))),
        };
        let ended = input.is_empty();
        let step = self.engine.inflate(input, buffer, from);
        self.text += (buffer.end - before) as u64;
        let (consumed, done) = match step {
            Ok(step) => (step.consumed, Ok(step.stop)),
            Err((consumed, fault)) => (consumed, Err(fault)),
        };
        if let Some(&last) = input[..consumed].last() {
            self.last = last;
        }
        self.source.consume(consumed);
        let stop = done.map_err(|fault| self.error(Kind::Deflate(fault)))?;
        Ok(match stop {
            Stop::Input if ended => return Err(self.error(Kind::TruncatedBlock)),
            Stop::Input => None,
            Stop::Text => Some(Event::Full),
            Stop::Edge(bits) => Some(Event::Edge(self.source.offset * 8 - u64::from(bits))),
            Stop::End => {
                self.state = State::Trailer;
                None
            }
        })
    }

    fn trailer(&mut self) -> Result<Trailer, GzipError> {
        let mut bytes = [0; Trailer::BYTES];
        for byte in &mut bytes {
            let next = self.source.byte().map_err(|error| self.error(Kind::Read(error)))?;
            *byte = next.ok_or_else(|| self.error(Kind::TruncatedTrailer))?;
        }
        Ok(Trailer::parse(bytes))
    }

    /// Whether a member follows. Zero bytes up to the end of the file are padding, as `gzip` has it.
    fn begin(&mut self) -> Result<bool, GzipError> {
        let first = self.source.offset == 0;
        let next = self.source.peek().map_err(|error| self.error(Kind::Read(error)))?;
        match next {
            Some(byte) if byte == MAGIC[0] => Ok(true),
            None if first => Err(self.error(Kind::Empty)),
            None => Ok(false),
            Some(found) if first => {
                let bytes = self.source.fill().map_err(Kind::Read);
                let second = bytes.map(|bytes| bytes.get(1).copied().unwrap_or_default());
                let found = second.map(|second| Kind::NotGzip { found: [found, second] });
                Err(self.error(found.unwrap_or_else(|kind| kind)))
            }
            Some(_) => self.padding().map(|()| false),
        }
    }

    fn padding(&mut self) -> Result<(), GzipError> {
        while let Some(byte) = self.source.peek().map_err(|error| self.error(Kind::Read(error)))? {
            if byte != 0 {
                return Err(self.error(Kind::TrailingGarbage));
            }
            self.source.consume(1);
        }
        Ok(())
    }
}
