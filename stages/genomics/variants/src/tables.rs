//! The stored pileup tables of a range, added up.
use std::{io, ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use genomics_tables::{Pileup, read_pileup};
use object_io::{ReadAt, Store};
use parquet::{
    errors::{ParquetError, Result as ParquetResult},
    file::reader::{ChunkReader, Length},
};
use plan::Uri;

use crate::Error;

/// Tables that were found in the store.
pub(crate) struct Tables(Vec<(Uri, Arc<dyn ReadAt>)>);

impl Tables {
    pub(crate) async fn open(store: &Store, uris: &[Uri]) -> Result<Self, Error> {
        let mut tables = Vec::with_capacity(uris.len());
        for uri in uris {
            let object = store.head(uri).await?;
            tables.push((uri.clone(), store.read_at(&object).await?));
        }
        Ok(Self(tables))
    }

    /// The sum of their rows of some positions. Blocks.
    pub(crate) fn sum(&self, contig: u32, positions: Range<u64>) -> Result<Pileup, Error> {
        let mut parts = Vec::with_capacity(self.0.len());
        for (uri, table) in &self.0 {
            let rows = read_pileup(Table(table.clone()), contig, positions.clone());
            parts.push(rows.map_err(|source| Error::Table {
                uri: uri.clone(),
                source,
            })?);
        }
        Ok(Pileup::sum(&parts))
    }
}

/// A stored table, read where Parquet asks.
struct Table(Arc<dyn ReadAt>);

impl Length for Table {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Table {
    type T = io::BufReader<From>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let source = self.0.clone();
        Ok(io::BufReader::with_capacity(1 << 16, From { source, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let end = start.checked_add(length as u64).filter(|&end| end <= self.0.size());
        if end.is_none() {
            return Err(ParquetError::EOF(format!(
                "bytes {start}+{length} of {}",
                self.0.size()
            )));
        }
        let mut bytes = BytesMut::zeroed(length);
        self.0.read_exact_at(start, &mut bytes)?;
        Ok(bytes.freeze())
    }
}

/// A table from one place on.
struct From {
    source: Arc<dyn ReadAt>,
    at: u64,
}

impl io::Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.source.size().saturating_sub(self.at);
        let length = (buffer.len() as u64).min(rest) as usize;
        self.source.read_exact_at(self.at, &mut buffer[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}
