//! The two ends of a decode call: a slice to read, a buffer to write.
use std::ops::Range;

use super::Symbol;

/// How far back a match can reach.
pub(super) const WINDOW: usize = 32 * 1024;

/// Compressed bytes and how many of them were read.
#[derive(Debug)]
pub struct Input<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
}

impl<'a> Input<'a> {
    /// All of `bytes`, none read yet.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// How many bytes were read.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The bytes not read yet. After [`Status::End`](super::Status::End) they begin at the first whole byte past the stream.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.position..]
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.position).copied();
        self.position += usize::from(byte.is_some());
        byte
    }
}

/// A buffer to decode into: history, then new bytes, then free space.
///
/// It holds bytes, or 16-bit [symbols](Symbol) if the history is not known yet; "byte" stands for either here.
///
/// Only the last 32 KiB of history can be referred to. Bytes past [`filled`](Self::filled) are scratch space: a decode call
/// may leave anything there.
#[derive(Debug)]
pub struct Output<'a, S = u8> {
    pub(super) buffer: &'a mut [S],
    pub(super) start: usize,
    pub(super) filled: usize,
}

impl<'a, S: Symbol> Output<'a, S> {
    /// Decodes into `buffer` from `history.end` on; the bytes in `history` (a range cut to the buffer) precede them.
    ///
    /// The start of a member has an empty history, whatever the buffer holds: `Output::new(buffer, at..at)`.
    pub fn new(buffer: &'a mut [S], history: Range<usize>) -> Self {
        let filled = history.end.min(buffer.len());
        Self {
            start: history.start.min(filled),
            filled,
            buffer,
        }
    }

    /// Where the next byte goes.
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// The range of the buffer that holds known bytes, old and new.
    pub fn known(&self) -> Range<usize> {
        self.start..self.filled
    }

    /// The known bytes, old and new.
    pub fn history(&self) -> &[S] {
        &self.buffer[self.start..self.filled]
    }

    /// Bytes that still fit.
    pub fn space(&self) -> usize {
        self.buffer.len() - self.filled
    }

    /// Forgets the history: a new member begins here.
    pub fn forget(&mut self) {
        self.start = self.filled;
    }

    /// Moves the last 32 KiB to the front of the buffer, to make space. A buffer should hold several times that.
    pub fn slide(&mut self) {
        let kept = self.start.max(self.filled.saturating_sub(WINDOW))..self.filled;
        self.filled = kept.len();
        self.start = 0;
        self.buffer.copy_within(kept, 0);
    }

    /// How far back a match may reach.
    pub(super) fn reach(&self) -> usize {
        (self.filled - self.start).min(WINDOW)
    }

    /// Copies from `distance` back, at most `length` bytes and at most what fits. The caller has checked the distance.
    pub(super) fn copy(&mut self, distance: usize, length: usize) -> usize {
        let length = length.min(self.space());
        for at in self.filled..self.filled + length {
            self.buffer[at] = self.buffer[at - distance];
        }
        self.filled += length;
        length
    }

    pub(super) fn push(&mut self, byte: u8) -> bool {
        let Some(slot) = self.buffer.get_mut(self.filled) else {
            return false;
        };
        *slot = byte.into();
        self.filled += 1;
        true
    }
}
