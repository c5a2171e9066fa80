use std::sync::Arc;

use object_io::ReadAt;

use crate::{Checkpoint, Collect, GzipError, IndexError, Options};

/// All checkpoints of a file in memory: for files whose index is small, and for interchange with other tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GzipIndex {
    /// Length of the compressed file in bytes.
    pub compressed_size: u64,
    /// Length of the text in bytes.
    pub text_size: u64,
    /// In order; the first is the start of the file.
    pub checkpoints: Vec<Checkpoint>,
    /// Line counts, if known.
    pub lines: Option<Lines>,
}

/// Where lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// For each checkpoint, how many newlines come before it.
    pub before: Vec<u64>,
    /// Newlines in the whole text.
    pub total: u64,
}

impl GzipIndex {
    /// Makes the index of `source` in one pass, with line counts.
    ///
    /// # Errors
    /// See [`GzipError`].
    pub fn build(source: &Arc<dyn ReadAt>, options: &Options) -> Result<Self, GzipError> {
        let mut collect = Collect::default();
        match crate::index(source, options, &mut collect) {
            Ok(summary) => Ok(collect.finish(&summary)),
            Err(IndexError::Gzip(error)) => Err(error),
            Err(IndexError::Sink(never)) => match never {},
        }
    }

    /// The last checkpoint at or before byte `text` of the text.
    pub fn checkpoint_before(&self, text: u64) -> Option<&Checkpoint> {
        let after = self.checkpoints.partition_point(|checkpoint| checkpoint.text <= text);
        self.checkpoints[..after].last()
    }
}
