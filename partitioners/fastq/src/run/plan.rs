use std::ops::Range;

use object_io::Store;
use plan::{Partition, Plan};

use crate::{
    Cut, Error, IndexFault, Place, ReadRange,
    cut::{Stretch, stretch},
    run::{Index, pairs::check_pairs},
};

/// Cuts an indexed object; reads a few rows of its index and nothing of the object.
///
/// `step` is 2 where two reads of an interleaved file stay together, else 1.
pub async fn plan_reads(store: &Store, index: &Index, cut: Cut, step: u64) -> Result<Plan<ReadRange>, Error> {
    let header = index.header();
    let rows = if cut.needs_rows() {
        index.rows(store).await?
    } else {
        Vec::new()
    };
    let ranges = cut.reads(header, &rows, step.max(1));
    let partitions = place(store, index, &ranges).await?;
    Ok(Plan {
        object: header.index.source.clone(),
        partitions,
    })
}

/// Cuts R1 and R2 at the same read numbers, if their reads are mates in the same order.
pub async fn plan_pairs(store: &Store, files: [&Index; 2], cut: Cut) -> Result<[Plan<ReadRange>; 2], Error> {
    check_pairs(store, files[0], files[1]).await?;
    let first = plan_reads(store, files[0], cut, 1).await?;
    let reads: Vec<Range<u64>> = first.partitions.iter().map(|part| part.scope.reads.clone()).collect();
    let second = Plan {
        object: files[1].header().index.source.clone(),
        partitions: place(store, files[1], &reads).await?,
    };
    Ok([first, second])
}

/// The partitions that hold exactly these runs of reads, numbered from 0.
pub(crate) async fn place(
    store: &Store,
    index: &Index,
    ranges: &[Range<u64>],
) -> Result<Vec<Partition<ReadRange>>, Error> {
    let header = index.header();
    let borders = ranges.iter().flat_map(|range| [range.start, range.end]);
    let rows = index.rows_near(store, borders).await?;
    let part = |(number, reads): (usize, &Range<u64>)| {
        let stretch = stretch(header, &rows, reads).ok_or_else(|| Error::Index {
            index: header.index.source.uri.clone(),
            source: IndexFault::Damaged,
        })?;
        let window = index.window(stretch.window());
        let Stretch { row, bytes, limit } = stretch;
        Ok(Partition {
            object: header.index.source.clone(),
            number: number as u64,
            bytes: vec![bytes],
            scope: ReadRange {
                reads: reads.clone(),
                storage: header.storage,
                checkpoint: Place {
                    bit: row.bit,
                    text: row.text,
                    window,
                },
                first: row.first,
                limit,
                last: reads.end == header.summary.reads,
            },
        })
    };
    ranges.iter().enumerate().map(part).collect()
}
