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

/// Reads a range in order, fetching ahead on a thread of its own. The thread ends with the reader.
pub struct SequentialReader {
    blocks: mpsc::Receiver<io::Result<Vec<u8>>>,
    spare: mpsc::Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

/// Blocks under way: one being filled, one waiting, one being read.
const AHEAD: usize = 2;

impl SequentialReader {
    /// Starts reading `range` of `source`.
    pub fn new(source: Arc<dyn ReadAt>, range: Range<u64>) -> Self {
        let (full, blocks) = mpsc::sync_channel::<io::Result<Vec<u8>>>(AHEAD);
        let (spare, empty) = mpsc::channel::<Vec<u8>>();
        thread::spawn(move || {
            let mut offset = range.start;
            while offset < range.end {
                let length = (range.end - offset).min(source.preferred_read() as u64) as usize;
                let mut block = empty.try_recv().unwrap_or_default();
                block.resize(length, 0);
                let read = source.read_exact_at(offset, &mut block).map(|()| block);
                let failed = read.is_err();
                if full.send(read).is_err() || failed {
                    return;
                }
                offset += length as u64;
            }
        });
        Self {
            blocks,
            spare,
            block: Vec::new(),
            at: 0,
        }
    }

    /// The bytes read but not consumed; empty only at the end of the range.
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        if self.at == self.block.len() {
            if let Ok(next) = self.blocks.recv() {
                let old = std::mem::replace(&mut self.block, next?);
                self.at = 0;
                let _ = self.spare.send(old);
            } else {
                self.block.clear();
                self.at = 0;
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

    #[test]
    fn an_object_that_ends_early_is_an_error() {
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from_static(b"abc"));
        let read = SequentialReader::new(source, 0..5).read_to_end(&mut Vec::new());
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
