use std::convert::Infallible;

use crate::{Checkpoint, GzipIndex, Lines, Summary};

/// Takes what an index pass finds, in the order of the text.
///
/// It is called on the thread that called [`crate::index`], while other threads inflate. A checkpoint is handed over exactly
/// between the text before it and the text after it, so whatever a sink knows at that moment (lines so far, the record it is
/// in) is the annotation of that checkpoint; what comes next (where the next record starts) it learns from the next text.
///
/// The first call is always `checkpoint` with [`Checkpoint::FIRST`]; every other checkpoint is followed by text. Nothing is kept by the pass itself: a sink that writes
/// checkpoints out as they come needs memory for none.
pub trait Sink {
    /// Why the sink refuses its text.
    type Error;

    /// The next piece of text, never empty, cut anywhere, at most 544 KiB.
    fn text(&mut self, text: &[u8]) -> Result<(), Self::Error>;

    /// A checkpoint at the present place in the text.
    fn checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), Self::Error>;
}

/// A sink that keeps all checkpoints, and counts newlines.
#[derive(Debug, Default)]
pub struct Collect {
    checkpoints: Vec<Checkpoint>,
    lines: Vec<u64>,
    newlines: u64,
}

impl Collect {
    /// The index of a finished pass.
    pub fn finish(self, summary: &Summary) -> GzipIndex {
        GzipIndex {
            compressed_size: summary.compressed_size,
            text_size: summary.text_size,
            lines: Some(Lines {
                before: self.lines,
                total: self.newlines,
            }),
            checkpoints: self.checkpoints,
        }
    }
}

impl Sink for Collect {
    type Error = Infallible;

    fn text(&mut self, text: &[u8]) -> Result<(), Infallible> {
        self.newlines += memchr::memchr_iter(b'\n', text).count() as u64;
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), Infallible> {
        self.checkpoints.push(checkpoint);
        self.lines.push(self.newlines);
        Ok(())
    }
}
