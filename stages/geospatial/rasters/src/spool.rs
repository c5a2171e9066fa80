//! Bytes kept until they are needed: in memory while they are few, else in an object beside the result.
use std::ops::Range;

use bytes::Bytes;
use object_io::{Store, Writer};
use plan::{Object, Uri};

use crate::Error;

/// What stays in memory. Half of what the overviews that assembly makes of a Sentinel-2 tile take.
pub(crate) const MEMORY: usize = 16 << 20;
/// How much is written at once.
const CHUNK: usize = 8 << 20;

/// Being filled.
pub(crate) struct Spool {
    store: Store,
    uri: Uri,
    limit: usize,
    pending: Vec<u8>,
    writer: Option<Writer>,
    length: u64,
}

/// Filled.
pub(crate) enum Spooled {
    Memory(Bytes),
    Stored(Store, Object),
}

impl Spool {
    pub(crate) fn new(store: &Store, uri: Uri, limit: usize) -> Self {
        Self {
            store: store.clone(),
            uri,
            limit,
            pending: Vec::new(),
            writer: None,
            length: 0,
        }
    }

    /// Appends; says where the bytes will be.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> Result<Range<u64>, Error> {
        let start = self.length;
        self.length += bytes.len() as u64;
        self.pending.extend_from_slice(bytes);
        if self.writer.is_none() && self.pending.len() > self.limit {
            self.writer = Some(self.store.writer(&self.uri).await?);
        }
        if let Some(writer) = &mut self.writer
            && self.pending.len() >= CHUNK
        {
            writer.write(std::mem::take(&mut self.pending)).await?;
        }
        Ok(start..self.length)
    }

    pub(crate) async fn finish(mut self) -> Result<Spooled, Error> {
        let Some(mut writer) = self.writer.take() else {
            return Ok(Spooled::Memory(self.pending.into()));
        };
        writer.write(self.pending).await?;
        Ok(Spooled::Stored(self.store, writer.finish().await?))
    }
}

impl Spooled {
    pub(crate) async fn read(&self, range: Range<u64>) -> Result<Bytes, Error> {
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(range.start as usize..range.end as usize)),
            Self::Stored(store, object) => Ok(store.read(object, range).await?),
        }
    }

    /// Removes what was stored.
    pub(crate) async fn remove(self) -> Result<(), Error> {
        if let Self::Stored(store, object) = self {
            store.delete(&object.uri).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_come_back_from_memory_and_from_the_store() {
        for limit in [0, 10, 1000] {
            let store = Store::new();
            let folder: Uri = "mem://lab".parse().unwrap();
            let mut spool = Spool::new(&store, folder.join("spool"), limit);
            let mut places = Vec::new();
            for number in 0..30_u8 {
                places.push(spool.push(&vec![number; usize::from(number)]).await.unwrap());
            }
            let spooled = spool.finish().await.unwrap();
            for (number, place) in places.into_iter().enumerate() {
                assert_eq!(spooled.read(place).await.unwrap(), vec![number as u8; number]);
            }
            assert_eq!(store.list(&folder).await.unwrap().len(), usize::from(limit < 1000));
            spooled.remove().await.unwrap();
            assert!(store.list(&folder).await.unwrap().is_empty());
        }
    }
}
