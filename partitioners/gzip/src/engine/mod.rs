//! What the rest asks of a DEFLATE decoder.
mod own;
#[cfg(test)]
mod zlib;

use crate::{buffer::TextBuffer, inflate::InflateErrorKind};

pub(crate) use own::Own as Default;

/// No stops at edges.
pub(crate) const NO_EDGES: usize = usize::MAX;

/// Decodes raw DEFLATE streams (RFC 1951), one after another.
pub(crate) trait Engine: Send {
    /// A decoder with its memory; [`Engine::start`] comes before any input.
    fn new() -> Self;

    /// The next input begins with a block, `bit` bits (0 to 7) into its first byte; `window` is the text before it.
    fn start(&mut self, bit: u8, window: &[u8]);

    /// Decodes `input` into the free space of `text`. Copies may reach back to byte `text.floor` of the buffer.
    ///
    /// It stops at the first edge between two blocks that lies at byte `edges` of the buffer or behind it.
    ///
    /// # Errors
    /// The first fault, with everything before it in `text`, and how much of the input was consumed.
    fn inflate(&mut self, input: &[u8], text: &mut TextBuffer, edges: usize)
    -> Result<Step, (usize, InflateErrorKind)>;
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

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use bytes::Bytes;
    use flate2::{Compression, write::GzEncoder};
    use object_io::ReadAt;
    use proptest::prelude::*;

    use super::{own::Own, zlib::Zlib, *};
    use crate::{Collect, GzipIndex, Options, pass};

    fn index<E: Engine>(file: &[u8], spacing: u64) -> GzipIndex {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::copy_from_slice(file));
        let options = Options {
            spacing,
            member_spacing: spacing,
        };
        let mut collect = Collect::default();
        let summary = pass::members::<_, E>(&source, &options, &mut collect, &pass::From::default()).unwrap();
        collect.finish(&summary)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// The same blocks at the same bits, and the same windows.
        #[test]
        fn both_engines_make_the_same_index(
            words in proptest::collection::vec((any::<u16>(), 1usize..300), 1..3000),
            level in 0u32..10,
            spacing in 1u64..100_000,
        ) {
            let mut file = Vec::new();
            for words in words.chunks(1000) {
                let mut encoder = GzEncoder::new(file, Compression::new(level));
                for (word, times) in words {
                    for i in 0..*times {
                        encoder.write_all(&word.wrapping_mul(i as u16 % 7).to_le_bytes()).unwrap();
                    }
                }
                file = encoder.finish().unwrap();
            }
            prop_assert_eq!(index::<Own>(&file, spacing), index::<Zlib>(&file, spacing));
        }
    }
}
