//! The hits of all chunks, read by read.
use genomics_tables::{Hit, HitReader, TableError};

use crate::place::Place;

/// Walks tables of hits in step; each is in order of read.
pub(crate) struct Merge {
    tables: Vec<HitReader>,
    next: Vec<Option<Hit>>,
}

/// A read's number and its places.
pub(crate) type ReadPlaces = (u64, Vec<Place>);

/// A table is not in order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("read {read} comes after read {before}")]
    Order { read: u64, before: u64 },
}

impl Merge {
    /// # Errors
    /// With the number of the table at fault, as all errors here.
    pub(crate) fn new(mut tables: Vec<HitReader>) -> Result<Self, (usize, MergeError)> {
        let mut next = Vec::with_capacity(tables.len());
        for (number, table) in tables.iter_mut().enumerate() {
            next.push(table.next().transpose().map_err(|error| (number, error.into()))?);
        }
        Ok(Self { tables, next })
    }

    /// The next read with hits, and all of them.
    pub(crate) fn next_read(&mut self) -> Result<Option<ReadPlaces>, (usize, MergeError)> {
        let Some(read) = self.next.iter().flatten().map(|hit| hit.read).min() else {
            return Ok(None);
        };
        let mut places = Vec::new();
        for (chunk, (table, next)) in self.tables.iter_mut().zip(&mut self.next).enumerate() {
            while let Some(hit) = next.take_if(|hit| hit.read == read) {
                places.push(Place { hit, chunk });
                *next = table.next().transpose().map_err(|error| (chunk, error.into()))?;
                if let Some(hit) = next
                    && hit.read < read
                {
                    let order = MergeError::Order {
                        read: hit.read,
                        before: read,
                    };
                    return Err((chunk, order));
                }
            }
        }
        Ok(Some((read, places)))
    }
}

#[cfg(test)]
mod tests {
    use genomics_tables::HitWriter;

    use super::*;

    fn table(reads: &[u64]) -> HitReader {
        let mut writer = HitWriter::new(Vec::new()).unwrap();
        for &read in reads {
            writer.push(&Hit { read, ..Hit::default() }).unwrap();
        }
        HitReader::new(writer.finish().unwrap().into()).unwrap()
    }

    #[test]
    fn reads_come_in_order_with_the_hits_of_all_chunks() {
        let mut merge = Merge::new(vec![table(&[1, 1, 4]), table(&[]), table(&[0, 1, 9])]).unwrap();
        let mut seen = Vec::new();
        while let Some((read, places)) = merge.next_read().unwrap() {
            seen.push((read, places.iter().map(|place| place.chunk).collect::<Vec<_>>()));
        }
        assert_eq!(seen, [(0, vec![2]), (1, vec![0, 0, 2]), (4, vec![0]), (9, vec![2])]);
    }

    #[test]
    fn a_table_out_of_order_is_an_error() {
        let mut merge = Merge::new(vec![table(&[0]), table(&[3, 2])]).unwrap();
        merge.next_read().unwrap();
        let error = merge.next_read().unwrap_err();
        assert!(matches!(error, (1, MergeError::Order { read: 2, before: 3 })));
    }
}
