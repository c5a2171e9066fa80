//! A text of which only so much is read at a time: the parser holds a whole tag.
use std::io::{self, BufRead, Read};

use super::ImzmlErrorKind;

pub(super) struct Limited<R> {
    inner: R,
    limit: u64,
    left: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("too long")]
struct TooLong;

impl<R> Limited<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self {
            inner,
            limit,
            left: limit,
        }
    }

    /// As much again may be read.
    pub(super) fn refill(&mut self) {
        self.left = self.limit;
    }

    /// What an error that came through the parser means.
    pub(super) fn kind(error: &std::sync::Arc<io::Error>) -> ImzmlErrorKind {
        if let Some(inner) = error.get_ref()
            && inner.is::<TooLong>()
        {
            return ImzmlErrorKind::Long;
        }
        ImzmlErrorKind::Read(io::Error::new(error.kind(), error.clone()))
    }
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other(TooLong));
        }
        let ready = self.inner.fill_buf()?;
        let length = ready.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&ready[..length])
    }

    fn consume(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes as u64);
        self.inner.consume(bytes);
    }
}
