use std::io::{self, BufRead, Read};

use crc32fast::Hasher;

use crate::{
    Checkpoint, GzipError, Start,
    buffer::TextBuffer,
    engine,
    stream::{Event, Source, Stream},
};

/// Gives the text from a checkpoint on, over the ends of members, to the end of the file.
///
/// Every member that it enters by its header is verified (checksum, length). A fault is reported when the text before it has
/// been read, so the compressed bytes may end where the text that is wanted ends: at the next checkpoint
/// ([`Checkpoint::bytes_to`]). Memory is about 300 KiB, whatever the file.
///
/// ```
/// use partition_gzip::{Checkpoint, Decoder};
/// use std::io::Read;
///
/// let file = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\xe6\x02\0\x4e\x81\x88\x47\x04\0\0\0";
/// let mut text = String::new();
/// Decoder::new(&Checkpoint::FIRST, &file[..])?.read_to_string(&mut text)?;
/// assert_eq!(text, "abc\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Decoder<R> {
    stream: Stream<R, engine::Default>,
    buffer: TextBuffer,
    /// How far the buffer was read.
    at: usize,
    /// Checksum and length of the member's text, if it was entered by its header.
    check: Option<(Hasher, u64)>,
    end: End,
}

enum End {
    No,
    Reached,
    /// The fault, until it was reported.
    Failed(Option<GzipError>),
}

impl<R: BufRead> Decoder<R> {
    /// Starts at `checkpoint`. `compressed` gives the bytes of the file from [`Checkpoint::byte`] on.
    ///
    /// # Errors
    /// If the checkpoint's window is corrupt.
    pub fn new(checkpoint: &Checkpoint, compressed: R) -> Result<Self, GzipError> {
        let source = Source::new(compressed, checkpoint.byte());
        let mut buffer = TextBuffer::new();
        let stream = match &checkpoint.start {
            Start::Member => Stream::at_member(source, checkpoint.text),
            Start::Block(window) => {
                let window = window.expand();
                let window = window.map_err(|kind| GzipError::new(checkpoint.byte(), checkpoint.text, kind))?;
                buffer.restart(&window);
                Stream::at_block(source, checkpoint.text, (checkpoint.bit % 8) as u8, &window)
            }
        };
        Ok(Self {
            stream,
            at: buffer.end,
            buffer,
            check: None,
            end: End::No,
        })
    }

    /// Offset in the text of the next byte to be read.
    pub fn text_offset(&self) -> u64 {
        self.stream.text - (self.buffer.end - self.at) as u64
    }

    /// Decodes until there is text to read, or the end.
    fn advance(&mut self) -> Result<(), GzipError> {
        self.buffer.roll();
        self.at = self.buffer.start;
        loop {
            let before = self.buffer.end;
            let event = self.stream.next(&mut self.buffer, u64::MAX);
            if let Some((crc, length)) = &mut self.check {
                crc.update(&self.buffer.bytes[before..self.buffer.end]);
                *length += (self.buffer.end - before) as u64;
            }
            match event? {
                Event::Full => return Ok(()),
                Event::Member(_) => self.check = Some((Hasher::new(), 0)),
                Event::Trailer(trailer, offset) => {
                    if let Some((crc, length)) = self.check.take() {
                        let checked = trailer.check(crc.finalize(), length);
                        checked.map_err(|kind| GzipError::new(offset, self.stream.text, kind))?;
                    }
                }
                Event::Edge(_) => {}
                Event::End => {
                    self.end = End::Reached;
                    return Ok(());
                }
            }
        }
    }
}

impl<R: BufRead> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.end
            && matches!(self.end, End::No)
            && let Err(error) = self.advance()
        {
            self.end = End::Failed(Some(error));
        }
        if self.at == self.buffer.end
            && let End::Failed(error) = &mut self.end
        {
            return Err(error
                .take()
                .map_or_else(|| io::ErrorKind::InvalidData.into(), io::Error::from));
        }
        Ok(&self.buffer.bytes[self.at..self.buffer.end])
    }

    fn consume(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.buffer.end);
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(target.len());
        target[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}
