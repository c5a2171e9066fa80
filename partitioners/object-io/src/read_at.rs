//! Blocking reads, for decoders.
use std::{
    io::{self, Read},
    ops::Range,
    sync::{Arc, mpsc},
    thread,
};

use bytes::Bytes;

/// Positioned blocking reads of one version of one object, from any thread.
pub trait ReadAt: Send + Sync {
    /// Length of the object in bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`; an object that ends before is [`io::ErrorKind::UnexpectedEof`].
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// How many bytes one call should ask for: a request costs a round trip on S3 and next to nothing on a disk.
    fn preferred_read(&self) -> usize {
        1 << 20
    }

    /// How many such calls should run side by side when a long range is read: one connection to S3 gives a fraction of
    /// what a machine can take.
    fn reads_at_once(&self) -> usize {
        1
    }
}

/// Bytes in memory are an object too.
impl ReadAt for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset
            .checked_add(buffer.len() as u64)
            .filter(|&end| end <= self.len() as u64);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(&self[offset as usize..end as usize]);
        Ok(())
    }
}

/// Reads a range in order, fetching ahead on threads of its own. They end with the reader.
///
/// Holds at most `preferred_read` × (`reads_at_once` + 2) bytes of the source: 3 MiB for a file, 48 MiB for S3.
pub struct SequentialReader {
    /// Block `i` of the range comes from lane `i` modulo their number.
    lanes: Vec<Lane>,
    turn: usize,
    block: Vec<u8>,
    at: usize,
}

/// One thread that fetches every n-th block.
struct Lane {
    blocks: mpsc::Receiver<io::Result<Vec<u8>>>,
    spare: mpsc::Sender<Vec<u8>>,
}

impl Lane {
    fn start(source: Arc<dyn ReadAt>, range: Range<u64>, block: u64, stride: u64, waiting: usize) -> io::Result<Self> {
        let (full, blocks) = mpsc::sync_channel::<io::Result<Vec<u8>>>(waiting);
        let (spare, empty) = mpsc::channel::<Vec<u8>>();
        let fetch = move || {
            let mut offset = range.start;
            while offset < range.end {
                let length = (range.end - offset).min(block) as usize;
                let mut bytes = empty.try_recv().unwrap_or_default();
                bytes.resize(length, 0);
                let read = source.read_exact_at(offset, &mut bytes).map(|()| bytes);
                let failed = read.is_err();
                if full.send(read).is_err() || failed {
                    return;
                }
                offset = offset.saturating_add(stride);
            }
        };
        thread::Builder::new().name("read-ahead".into()).spawn(fetch)?;
        Ok(Self { blocks, spare })
    }

    /// A lane whose first block is this error.
    fn failed(error: io::Error) -> Self {
        let (full, blocks) = mpsc::sync_channel(1);
        let _ = full.send(Err(error));
        let (spare, _) = mpsc::channel();
        Self { blocks, spare }
    }
}

impl SequentialReader {
    /// Starts reading `range` of `source`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "each thread gets a clone; callers have one to give away"
    )]
    pub fn new(source: Arc<dyn ReadAt>, range: Range<u64>) -> Self {
        let block = source.preferred_read().max(1) as u64;
        let count = range.end.saturating_sub(range.start).div_ceil(block);
        let lanes = count.min(source.reads_at_once().max(1) as u64);
        // With one lane a block waits while the next is fetched; with several they wait for each other.
        let waiting = usize::from(lanes == 1);
        let start = |lane: u64| {
            let own = range.start + lane * block..range.end;
            Lane::start(source.clone(), own, block, lanes * block, waiting).unwrap_or_else(Lane::failed)
        };
        Self {
            lanes: (0..lanes).map(start).collect(),
            turn: 0,
            block: Vec::new(),
            at: 0,
        }
    }

    /// The bytes read but not consumed; empty only at the end of the range.
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        if self.at == self.block.len() {
            self.at = 0;
            let old = std::mem::take(&mut self.block);
            if let Some(lane) = self.lanes.get(self.turn) {
                // Before its next block is taken: the lane then fills this one instead of a new one.
                let _ = lane.spare.send(old);
                if let Ok(next) = lane.blocks.recv() {
                    self.block = next?;
                    self.turn = (self.turn + 1) % self.lanes.len();
                }
            }
        }
        Ok(&self.block[self.at..])
    }

    /// Marks `bytes` of [`SequentialReader::fill`] as read.
    pub fn consume(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.block.len());
    }
}

impl Read for SequentialReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill()?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl io::BufRead for SequentialReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill()
    }

    fn consume(&mut self, bytes: usize) {
        SequentialReader::consume(self, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequential_reader_gives_the_range_and_stops() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from((0..=255u8).cycle().take(3 << 20).collect::<Vec<_>>()));
        let mut text = Vec::new();
        SequentialReader::new(source, 7..(2 << 20) + 9)
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text.len(), (2 << 20) + 2);
        assert_eq!((text[0], text[1 << 20]), (7, 7));
    }

    /// Bytes in small blocks, read by several lanes.
    struct Blocks(Bytes, usize, usize);

    impl ReadAt for Blocks {
        fn size(&self) -> u64 {
            self.0.size()
        }

        fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            self.0.read_exact_at(offset, buffer)
        }

        fn preferred_read(&self) -> usize {
            self.1
        }

        fn reads_at_once(&self) -> usize {
            self.2
        }
    }

    #[test]
    fn lanes_give_blocks_in_order() {
        let text: Bytes = (0..=255).cycle().take(1000).collect::<Vec<u8>>().into();
        for (block, lanes) in [(1, 1), (7, 3), (100, 4), (999, 2), (1000, 5), (5000, 2)] {
            for range in [0..1000u64, 3..1000, 5..5, 0..1, 13..713] {
                let source = Arc::new(Blocks(text.clone(), block, lanes));
                let mut read = Vec::new();
                SequentialReader::new(source, range.clone())
                    .read_to_end(&mut read)
                    .unwrap();
                assert_eq!(read, &text[range.start as usize..range.end as usize], "{block} {lanes}");
            }
        }
    }

    #[test]
    fn an_error_comes_after_the_bytes_before_it() {
        let source = Arc::new(Blocks(Bytes::from_static(b"abcdefgh"), 3, 2));
        let mut read = Vec::new();
        let error = SequentialReader::new(source, 0..11).read_to_end(&mut read).unwrap_err();
        assert_eq!(
            (read.as_slice(), error.kind()),
            (&b"abcdef"[..], io::ErrorKind::UnexpectedEof)
        );
    }

    #[test]
    fn an_object_that_ends_early_is_an_error() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from_static(b"abc"));
        let read = SequentialReader::new(source, 0..5).read_to_end(&mut Vec::new());
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
