//! Summarises a whole text on all cores.
use std::{
    io, iter,
    num::NonZero,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use object_io::ReadAt;

use crate::summary::Summary;

/// Read buffer of a core: half its second-level cache, so that what was just read is scanned from there.
const BUFFER: u64 = 256 << 10;
/// Most bytes that one core takes at a time.
const STRETCH: u64 = 16 << 20;

/// The summary of the whole of `source`.
pub(crate) fn scan(source: &dyn ReadAt) -> io::Result<Summary> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    // A request to a distant store is worth more bytes than a read from a disk.
    let buffer = if source.preferred_read() as u64 > 4 * BUFFER {
        source.preferred_read() as u64
    } else {
        BUFFER
    };
    let stretch = (source.size() / (8 * cores)).clamp(buffer, STRETCH.max(buffer));
    let stretches = source.size().div_ceil(stretch);
    let next = AtomicU64::new(0);
    let work = || {
        let mut text = vec![0; buffer.min(source.size()) as usize];
        let mut done = Vec::new();
        for number in iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|&n| n < stretches) {
            let bytes = number * stretch..((number + 1) * stretch).min(source.size());
            match summarise(source, bytes, &mut text) {
                Ok(summary) => done.push((number, summary)),
                Err(error) => {
                    next.store(stretches, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(done)
    };
    let threads = cores.min(stretches);
    let mut summaries = if threads <= 1 {
        work()?
    } else {
        let results: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|_| Err(io::Error::other("a scan panicked")))
                })
                .collect()
        });
        results.into_iter().collect::<io::Result<Vec<_>>>()?.concat()
    };
    summaries.sort_unstable_by_key(|&(number, _)| number);
    let mut whole = Summary::start();
    for (_, summary) in summaries {
        whole.append(summary);
    }
    Ok(whole)
}

fn summarise(source: &dyn ReadAt, bytes: Range<u64>, buffer: &mut [u8]) -> io::Result<Summary> {
    let mut summary: Option<Summary> = None;
    let mut at = bytes.start;
    while at < bytes.end {
        let length = (bytes.end - at).min(buffer.len() as u64) as usize;
        let text = &mut buffer[..length];
        source.read_exact_at(at, text)?;
        let next = Summary::of(text, at);
        match &mut summary {
            None => summary = Some(next),
            Some(summary) => summary.append(next),
        }
        at += length as u64;
    }
    Ok(summary.unwrap_or_else(|| Summary::of(b"", bytes.start)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::records::records;

    #[test]
    fn many_stretches_give_what_one_gives() {
        let mut text = Vec::new();
        for contig in 0..40_000 {
            text.extend(format!(">contig_with_a_long_name_{contig} description {contig}\n").bytes());
            for _ in 0..contig % 7 {
                text.extend_from_slice(b"ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT\n");
            }
            text.extend_from_slice(b"ACGT\n");
        }
        let bytes = Bytes::from(text.clone());
        let source: &dyn ReadAt = &bytes;
        let found = records(scan(source).unwrap().into_items(), source).unwrap();
        let mut whole = Summary::start();
        whole.append(Summary::of(&text, 0));
        let expected = records(whole.into_items(), source).unwrap();
        assert_eq!(found.contigs, expected.contigs);
        assert_eq!(found.contigs.len(), 40_000);
        assert_eq!(found.contigs[39_999].name, "contig_with_a_long_name_39999");
    }
}
