//! An object as decoders want it: read and sought in, blocking.
use std::{
    io::{self, BufReader, Read, Seek, SeekFrom},
    sync::Arc,
};

use object_io::{ReadAt, Store};
use plan::Uri;

use crate::Error;

/// Opens an object for a decoder that seeks.
pub(super) async fn open(store: &Store, uri: &Uri) -> Result<BufReader<Positions>, Error> {
    let object = store.head(uri).await?;
    let source = store.read_at(&object).await?;
    let capacity = source.preferred_read();
    Ok(BufReader::with_capacity(capacity, Positions { source, at: 0 }))
}

/// A place in an object.
pub(super) struct Positions {
    source: Arc<dyn ReadAt>,
    at: u64,
}

impl Read for Positions {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.size().saturating_sub(self.at);
        let length = (buffer.len() as u64).min(left) as usize;
        self.source.read_exact_at(self.at, &mut buffer[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Positions {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
