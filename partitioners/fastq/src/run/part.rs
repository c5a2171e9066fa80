use std::{
    io::{self, BufRead, Read},
    ops::Range,
    sync::Arc,
};

use bytes::{Buf, Bytes, BytesMut};
use object_io::{ReadAt, SequentialReader, Store};
use plan::Partition;

use crate::{
    DecodeError, Error, ReadRange, Summary, TextSink, WindowPlace, decode,
    run::{Index, plan::place},
};

/// The text of a part, from the partition alone: its stored bytes and its own window are fetched, then decoded.
pub async fn read_part(store: &Store, partition: &Partition<ReadRange>) -> Result<Bytes, Error> {
    let planned = planned(partition);
    let (bytes, window) = tokio::try_join!(
        async { Ok(store.read(&partition.object, planned.clone()).await?) },
        window(store, partition)
    )?;
    let rest = (
        store.read_at(&partition.object).await?,
        planned.end..partition.scope.limit,
    );
    let own = partition.clone();
    blocking(partition, move || {
        let mut text = BytesMut::new();
        let stored = Stretching::new(bytes.reader(), rest);
        decode(&own.scope, window, stored, &mut |piece| {
            text.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(text.freeze())
    })
    .await
}

/// Gives the text of a part to `out` as it is decoded; memory is bounded whatever the part.
pub async fn stream_part(
    store: &Store,
    partition: &Partition<ReadRange>,
    mut out: impl TextSink,
) -> Result<Summary, Error> {
    let planned = planned(partition);
    let window = window(store, partition).await?;
    let source = store.read_at(&partition.object).await?;
    let own = partition.clone();
    blocking(partition, move || {
        let rest = (source.clone(), planned.end..own.scope.limit);
        let stored = Stretching::new(SequentialReader::new(source, planned), rest);
        let summary = decode(&own.scope, window, stored, &mut |piece| out.text(piece))?;
        out.end().map_err(DecodeError::Write)?;
        Ok(summary)
    })
    .await
}

/// Gives the text of any run of reads to `out`.
pub async fn stream_reads(
    store: &Store,
    index: &Index,
    reads: Range<u64>,
    out: impl TextSink,
) -> Result<Summary, Error> {
    let total = index.header().summary.reads;
    if reads.start > reads.end || reads.end > total {
        return Err(Error::NoReads {
            object: index.header().index.source.uri.clone(),
            start: reads.start,
            end: reads.end,
            reads: total,
        });
    }
    // No place holds no reads: before the first one there is none.
    if reads.is_empty() {
        return Ok(Summary::default());
    }
    let parts = place(store, index, std::slice::from_ref(&reads)).await?;
    match parts.first() {
        Some(part) => stream_part(store, part, out).await,
        None => Ok(Summary::default()),
    }
}

fn planned(partition: &Partition<ReadRange>) -> Range<u64> {
    partition.bytes.first().cloned().unwrap_or_default()
}

async fn window(store: &Store, partition: &Partition<ReadRange>) -> Result<Option<Bytes>, Error> {
    Ok(match &partition.scope.checkpoint.window {
        WindowPlace::None => None,
        WindowPlace::Inline(window) => Some(window.clone()),
        WindowPlace::Stored { index, bytes } => Some(store.read(index, bytes.clone()).await?),
    })
}

async fn blocking<T: Send + 'static>(
    partition: &Partition<ReadRange>,
    work: impl FnOnce() -> Result<T, DecodeError> + Send + 'static,
) -> Result<T, Error> {
    let object = &partition.object.uri;
    let done = tokio::task::spawn_blocking(work).await.map_err(|source| Error::Panic {
        object: object.clone(),
        source,
    })?;
    done.map_err(|source| Error::Part {
        object: object.clone(),
        part: partition.number,
        source,
    })
}

/// The planned bytes, and those after them if a decoder asks for more.
struct Stretching<R> {
    planned: Option<R>,
    rest: Option<(Arc<dyn ReadAt>, Range<u64>)>,
    more: Option<SequentialReader>,
}

/// What is fetched at a time past the plan.
const STEP: u64 = 256 << 10;

impl<R: BufRead> Stretching<R> {
    fn new(planned: R, rest: (Arc<dyn ReadAt>, Range<u64>)) -> Self {
        Self {
            planned: Some(planned),
            rest: Some(rest),
            more: None,
        }
    }
}

impl<R: BufRead> BufRead for Stretching<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if let Some(planned) = &mut self.planned
            && planned.fill_buf()?.is_empty()
        {
            self.planned = None;
        }
        if self.planned.is_none() {
            let ended = match &mut self.more {
                Some(more) => more.fill()?.is_empty(),
                None => true,
            };
            if ended && let Some((source, rest)) = &mut self.rest {
                let next = rest.start..rest.end.min(rest.start.saturating_add(STEP)).max(rest.start);
                rest.start = next.end;
                self.more = Some(SequentialReader::new(source.clone(), next));
            }
        }
        match (&mut self.planned, &mut self.more) {
            (Some(planned), _) => planned.fill_buf(),
            (None, Some(more)) => more.fill(),
            (None, None) => Ok(&[]),
        }
    }

    fn consume(&mut self, bytes: usize) {
        match (&mut self.planned, &mut self.more) {
            (Some(planned), _) => planned.consume(bytes),
            (None, Some(more)) => more.consume(bytes),
            (None, None) => {}
        }
    }
}

impl<R: BufRead> Read for Stretching<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}
