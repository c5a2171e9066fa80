//! A cloud is opened by many small reads at its start and its end; over a network they are two.
use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;
use object_io::ReadAt;

use crate::chunk;

/// Bytes that are read at once from either end.
const END: u64 = 64 << 10;

/// An object whose first and last bytes are in memory.
pub(crate) struct Ends {
    inner: Arc<dyn ReadAt>,
    kept: [(Range<u64>, Bytes); 2],
}

impl Ends {
    pub(crate) fn new(inner: Arc<dyn ReadAt>) -> io::Result<Self> {
        let size = inner.size();
        let head = 0..size.min(END);
        let tail = size.saturating_sub(END).max(head.end)..size;
        let [head, tail] = [head, tail].map(|range| chunk::fetch(&inner, &range).map(|bytes| (range, bytes)));
        Ok(Self {
            kept: [head?, tail?],
            inner,
        })
    }
}

impl ReadAt for Ends {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        for (range, bytes) in &self.kept {
            if range.start <= offset && end <= range.end {
                let from = (offset - range.start) as usize;
                buffer.copy_from_slice(&bytes[from..from + buffer.len()]);
                return Ok(());
            }
        }
        self.inner.read_exact_at(offset, buffer)
    }

    fn preferred_read(&self) -> usize {
        self.inner.preferred_read()
    }

    fn reads_at_once(&self) -> usize {
        self.inner.reads_at_once()
    }
}
