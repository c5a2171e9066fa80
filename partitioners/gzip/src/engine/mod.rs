//! What the rest asks of a DEFLATE decoder.
mod zlib;

use crate::{buffer::TextBuffer, inflate::InflateErrorKind};

pub(crate) use zlib::Zlib as Default;

/// Decodes raw DEFLATE streams (RFC 1951), one after another.
pub(crate) trait Engine: Send {
    /// A decoder with its memory; [`Engine::start`] comes before any input.
    fn new() -> Self;

    /// The next input begins with a block, `bit` bits (0 to 7) into its first byte; `window` is the text before it.
    fn start(&mut self, bit: u8, window: &[u8]);

    /// Decodes `input` into the free space of `text`. Copies may reach back to byte `text.floor` of the buffer.
    ///
    /// With `edges` it stops at the next edge between two blocks.
    ///
    /// # Errors
    /// The first fault, with everything before it in `text`, and how much of the input was consumed.
    fn inflate(&mut self, input: &[u8], text: &mut TextBuffer, edges: bool) -> Result<Step, (usize, InflateErrorKind)>;
}

/// How far a call of [`Engine::inflate`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Bytes of the input that were taken, with the last one perhaps only in part.
    pub(crate) consumed: usize,
    pub(crate) stop: Stop,
}

/// Why a call of [`Engine::inflate`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// All input was taken.
    Input,
    /// The buffer is full.
    Text,
    /// A block that is not the first starts this many bits (0 to 7) before the end of the bytes consumed.
    Edge(u8),
    /// The last block ended; the next byte is the first of the trailer.
    End,
}
