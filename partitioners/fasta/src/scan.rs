//! Summarises a whole text on all cores.
use std::{
    collections::BTreeMap,
    io, iter,
    num::NonZero,
    ops::Range,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use object_io::ReadAt;

use crate::summary::{Item, Summary};

/// Read buffer of a core: half its second-level cache, so that what was just read is scanned from there.
const BUFFER: u64 = 256 << 10;
/// Most bytes that one core takes at a time.
const STRETCH: u64 = 16 << 20;

/// Gives the lines of `source`, in order and run-length encoded, to `give`, which runs on the caller's thread; stops at its
/// first error.
pub(crate) fn scan<E: From<io::Error>>(
    source: &dyn ReadAt,
    mut give: impl FnMut(Item) -> Result<(), E>,
) -> Result<(), E> {
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
    let mut whole = Summary::start();
    thread::scope(|scope| {
        // Bounded, so that summaries do not pile up where the caller is the slower one.
        let (send, done) = mpsc::sync_channel::<(u64, io::Result<Summary>)>(2 * cores as usize);
        for _ in 0..cores.min(stretches) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                let mut text = vec![0; buffer.min(source.size()) as usize];
                for number in iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|&n| n < stretches)
                {
                    let bytes = number * stretch..((number + 1) * stretch).min(source.size());
                    if send.send((number, summarise(source, bytes, &mut text))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut early = BTreeMap::new();
        for number in 0..stretches {
            let summary = loop {
                if let Some(summary) = early.remove(&number) {
                    break summary;
                }
                let (number, summary) = done.recv().map_err(|_| io::Error::other("a scan panicked"))?;
                early.insert(number, summary?);
            };
            whole.append(summary);
            whole.take_items().try_for_each(&mut give)?;
        }
        Ok::<(), E>(())
    })?;
    whole.into_items().into_iter().try_for_each(give)
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
    use crate::records::{Records, RecordsError};

    fn read(give: impl FnOnce(&mut Records) -> Result<(), RecordsError>) -> Records {
        let mut records = Records::default();
        give(&mut records).unwrap();
        records.finish().unwrap()
    }

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
        let found = read(|records| scan(source, |item| records.push(item, source)));
        let mut whole = Summary::start();
        whole.append(Summary::of(&text, 0));
        let expected = read(|records| {
            whole
                .into_items()
                .into_iter()
                .try_for_each(|item| records.push(item, source))
        });
        assert_eq!(found.fai, expected.fai);
        let contigs = found.fai.contigs();
        assert_eq!(contigs.len(), 40_000);
        assert_eq!(contigs[39_999].name, "contig_with_a_long_name_39999");
    }

    #[test]
    fn a_source_that_fails_or_a_taker_that_refuses_ends_it() {
        struct Broken;
        impl ReadAt for Broken {
            fn size(&self) -> u64 {
                1 << 23
            }
            fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
                buffer.fill(b'\n');
                if offset > 1 << 22 {
                    Err(io::ErrorKind::TimedOut.into())
                } else {
                    Ok(())
                }
            }
        }
        let failed = scan(&Broken, |_| Ok::<(), io::Error>(())).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
        let refused = scan(&Broken, |_| Err(io::Error::other("enough"))).unwrap_err();
        assert_eq!(refused.to_string(), "enough");
    }
}
