//! Maps batches of reads on some threads. The rows come in order of (read, mate), whatever the threads.
use genomics_tables::{Hit, HitWriter, Mate, TableError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Mapper, Scratch,
    reads::{Batch, Reads},
};

/// Pairs, or single reads, that are decoded before they are mapped.
const BATCH: usize = 8192;
/// Pairs, or single reads, that a thread takes at a time.
const SHARE: usize = 64;

/// Figures of one FASTQ part and one chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Reads of the part; the two of a pair count as two.
    pub reads: u64,
    /// Of these, reads with a hit that the chunk owns.
    pub with_hits: u64,
    /// Hits that the chunk owns.
    pub hits: u64,
    /// Reads of which a seed was left out because it lies at too many places of the chunk.
    pub repetitive: u64,
}

/// How reads are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One file, each read on its own.
    Single,
    /// Two files, whose i-th reads are mates.
    Pairs,
    /// One file, in which mates follow each other.
    Interleaved,
}

/// Why mapping stopped.
pub(crate) enum Stopped {
    Table(TableError),
    NotInStep(u64),
}

impl From<TableError> for Stopped {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

/// Maps all reads of `parts` (one, or two with `Pairs`); the first has number `first`.
pub(crate) fn map_all(
    mapper: &Mapper,
    parts: &mut [Reads],
    layout: Layout,
    first: u64,
) -> Result<(Vec<u8>, Stats), Stopped> {
    let mut writer = HitWriter::new(Vec::new())?;
    let mut stats = Stats::default();
    let mut number = first;
    let per_batch = if layout == Layout::Interleaved {
        2 * BATCH
    } else {
        BATCH
    };
    loop {
        let batches: Vec<Batch> = parts.iter_mut().map(|part| part.batch(per_batch)).collect();
        let lengths: Vec<usize> = batches.iter().map(Batch::len).collect();
        let templates = match (layout, &lengths[..]) {
            (Layout::Single, [reads]) => *reads,
            (Layout::Interleaved, [reads]) if reads.is_multiple_of(2) => reads / 2,
            (Layout::Pairs, [one, two]) if one == two => *one,
            (Layout::Pairs, [one, two]) => return Err(Stopped::NotInStep(one.abs_diff(*two) as u64)),
            _ => return Err(Stopped::NotInStep(1)),
        };
        if templates == 0 {
            break;
        }
        let shares: Vec<(Vec<Hit>, Stats)> = (0..templates.div_ceil(SHARE))
            .into_par_iter()
            .map_init(Scratch::default, |scratch, share| {
                let range = share * SHARE..templates.min((share + 1) * SHARE);
                map_share(mapper, scratch, &batches, layout, range, number)
            })
            .collect();
        for (hits, of_share) in shares {
            for hit in &hits {
                writer.push(hit)?;
            }
            stats.reads += of_share.reads;
            stats.with_hits += of_share.with_hits;
            stats.hits += of_share.hits;
            stats.repetitive += of_share.repetitive;
        }
        number += templates as u64;
    }
    Ok((writer.finish()?, stats))
}

fn map_share(
    mapper: &Mapper,
    scratch: &mut Scratch,
    batches: &[Batch],
    layout: Layout,
    templates: std::ops::Range<usize>,
    first: u64,
) -> (Vec<Hit>, Stats) {
    let mut hits = Vec::new();
    let mut stats = Stats::default();
    let repetitive = scratch.repetitive;
    for at in templates {
        let reads: &[(usize, usize, Mate)] = match layout {
            Layout::Single => &[(0, at, Mate::Single)],
            Layout::Pairs => &[(0, at, Mate::First), (1, at, Mate::Second)],
            Layout::Interleaved => &[(0, 2 * at, Mate::First), (0, 2 * at + 1, Mate::Second)],
        };
        for &(part, at_read, mate) in reads {
            let (bases, quality) = batches[part].read(at_read);
            let mut found = mapper.hits(scratch, bases, quality);
            for hit in &mut found {
                (hit.read, hit.mate) = (first + at as u64, mate);
            }
            stats.reads += 1;
            stats.with_hits += u64::from(!found.is_empty());
            stats.hits += found.len() as u64;
            hits.append(&mut found);
        }
    }
    stats.repetitive = scratch.repetitive - repetitive;
    (hits, stats)
}
