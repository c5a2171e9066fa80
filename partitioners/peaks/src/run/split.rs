//! Step one over a whole source: units to slabs, on all cores.
use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;
use object_io::Store;
use plan::{Object, Uri};
use tokio::runtime::Handle;

use super::input::{Source, lock};
use crate::{
    Bounds, Dropped, Error,
    sort::bucket::{Bucket, Slab},
};

/// What became of a run of units.
pub(crate) struct Split {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) dropped: Dropped,
    /// Spectra that were not in order of m/z.
    pub(crate) unsorted: u64,
}

/// Splits `units` by `bounds`.
pub(crate) fn split(source: &Source, bounds: &Bounds, units: Range<u64>, block: usize) -> Result<Split, Error> {
    let mut slab = Slab::new(bounds.mz, bounds.keys(), block);
    let mut reader = source.reader();
    reader.read(units, &mut |pixel, run| slab.push(pixel, run))?;
    let room = reader.room;
    Ok(Split {
        buckets: slab.into_buckets(),
        dropped: room.dropped,
        unsorted: room.unsorted,
    })
}

/// Splits each of `parts` and hands it to `keep`, on so many threads; the answers are in order of the parts.
pub(crate) fn split_all<T: Send>(
    source: &Source,
    bounds: &Bounds,
    parts: &[Range<u64>],
    (threads, block): (usize, usize),
    keep: impl Fn(usize, Split) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let done: Vec<Mutex<Option<T>>> = parts.iter().map(|_| Mutex::new(None)).collect();
    each(threads, parts.len(), |number| {
        let kept = keep(number, split(source, bounds, parts[number].clone(), block)?)?;
        *lock(&done[number]) = Some(kept);
        Ok(())
    })?;
    Ok(done
        .into_iter()
        .filter_map(|place| place.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
        .collect())
}

/// Does `work` for every number below `count` on so many threads; stops at the first error and gives it.
pub(crate) fn each(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let (next, stop, failure) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
    thread::scope(|scope| {
        for _ in 0..threads.min(count).max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    if let Err(error) = work(number) {
                        stop.store(true, Ordering::Relaxed);
                        lock(&failure).get_or_insert(error);
                    }
                }
            });
        }
    });
    let failure = lock(&failure).take();
    failure.map_or(Ok(()), Err)
}

/// Writes buckets one behind the other; says where each begins, and where the last one ends.
pub(crate) fn store_buckets(
    store: &Store,
    handle: &Handle,
    out: &Uri,
    buckets: Vec<Bucket>,
) -> Result<(Object, Vec<u64>, Vec<u64>), Error> {
    handle.block_on(async {
        let mut writer = store.writer(out).await?;
        let (mut offsets, mut peaks) = (vec![0], Vec::with_capacity(buckets.len()));
        for bucket in buckets {
            offsets.push(offsets[offsets.len() - 1] + bucket.bytes());
            peaks.push(bucket.peaks);
            for block in bucket.blocks {
                writer.write(Bytes::from(block)).await?;
            }
        }
        Ok((writer.finish().await?, offsets, peaks))
    })
}
