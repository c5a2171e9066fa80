//! Indexes of gztool, indexed_gzip and bgzip: written from ours, and used to index on all cores.
use std::{
    io::BufRead,
    ops::Range,
    sync::{Arc, mpsc},
    thread,
};

use bytes::Bytes;
use object_io::{ReadAt, SequentialReader, Store};
use partition_gzip::{
    Checkpoint, Decoder, Format, GzipError, GzipErrorKind, GzipIndex, Lines, Sink, Start, Window,
    bgzf::blocks,
    interchange::{ForeignIndexError, gzi, gztool, indexed_gzip},
};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Builder, Error, IndexRequest, Progress, RowStart, Storage,
    run::{
        Index,
        index::{Pass, Stopped, store_index},
    },
};

/// Index formats of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Foreign {
    /// gztool, with line numbers; rapidgzip reads it too.
    Gztool,
    /// indexed_gzip; rapidgzip reads it too.
    IndexedGzip,
    /// bgzip and samtools, for BGZF only.
    Gzi,
}

impl Foreign {
    /// Where the program itself would put the index of an object.
    pub fn default_place(self, object: &Uri) -> Uri {
        let text = object.as_str();
        match self {
            Self::Gztool => Uri::from_path(format!("{}.gzi", text.strip_suffix(".gz").unwrap_or(text))),
            Self::IndexedGzip => object.with_suffix("idx"),
            Self::Gzi => object.with_suffix(".gzi"),
        }
    }

    fn detect(index: &[u8]) -> Self {
        if index.starts_with(b"\0\0\0\0\0\0\0\0gzipind") {
            Self::Gztool
        } else if index.starts_with(b"GZIDX") {
            Self::IndexedGzip
        } else {
            Self::Gzi
        }
    }
}

/// Writes the index of another program from ours.
///
/// # Errors
/// [`Error::NotBgzf`] for a `.gzi` of anything else, [`Error::NotGzip`] for an index of plain text.
pub async fn export_index(store: &Store, index: &Index, format: Foreign, to: &Uri) -> Result<Object, Error> {
    let header = index.header();
    let object = header.index.source.clone();
    match (header.storage, format) {
        (Storage::Plain, _) => return Err(Error::NotGzip { object: object.uri }),
        (Storage::Gzip, Foreign::Gzi) => return Err(Error::NotBgzf { object: object.uri }),
        _ => {}
    }
    let rows = index.rows(store).await?;
    let wanted = rows.iter().filter_map(|row| match &row.start {
        RowStart::Clean => None,
        RowStart::Window(bytes) => Some(bytes.clone()),
    });
    let mut windows = index.windows(store, wanted.collect()).await?.into_iter();
    let lines = rows
        .iter()
        .map(|row| (row.first.read * 4).saturating_sub(u64::from(row.lines)));
    let gzip = GzipIndex {
        compressed_size: object.size,
        text_size: header.summary.text_bytes,
        lines: Some(Lines {
            before: lines.collect(),
            total: header.summary.lines,
        }),
        checkpoints: rows
            .iter()
            .map(|row| Checkpoint {
                bit: row.bit,
                text: row.text,
                start: match &row.start {
                    RowStart::Clean => Start::Member,
                    RowStart::Window(_) => windows
                        .next()
                        .map_or(Start::Member, |window| Start::Block(Window::from_bytes(window))),
                },
            })
            .collect(),
    };
    let source = store.read_at(&object).await?;
    let reader = store.sequential(&object, 0..object.size).await?;
    let uri = object.uri.clone();
    let written = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let failed = |source| Error::Gzip {
            object: uri.clone(),
            source,
        };
        let exported = match format {
            Foreign::Gztool => gztool::write(&gzip, &*source, &mut bytes),
            Foreign::IndexedGzip => indexed_gzip::write(&gzip, &*source, &mut bytes),
            Foreign::Gzi => {
                let blocks: Vec<_> = blocks(reader).collect::<Result<_, _>>().map_err(failed)?;
                gzi::write(&blocks, &mut bytes).map_err(Into::into)
            }
        };
        exported.map_err(|source| Error::Export { object: uri, source })?;
        Ok::<_, Error>(bytes)
    });
    let bytes = written.await.map_err(|source| Error::Panic {
        object: object.uri.clone(),
        source,
    })??;
    Ok(store.put(to, bytes).await?)
}

/// Makes our index with the checkpoints of another program's, which lets all cores decode.
///
/// Where blocks are is believed; a member's checksum is verified only if decoding enters it by its header and leaves it by
/// its end within one stretch between two checkpoints (so for BGZF, but not for one large member).
pub async fn index_from(
    store: &Store,
    request: &IndexRequest,
    foreign: &Uri,
    progress: Progress,
) -> Result<Index, Error> {
    let object = store.head(&request.object).await?;
    let bytes = store.get(foreign).await?;
    let fault = |source| Error::Foreign {
        index: foreign.clone(),
        source,
    };
    let checkpoints = checkpoints(&bytes, object.size).map_err(fault)?;
    let checked = request.check;
    let pass: Pass = Box::new(move |source, object, out| {
        let mut prefix = vec![0; source.size().min(Format::PREFIX as u64) as usize];
        source.read_exact_at(0, &mut prefix).map_err(Stopped::Read)?;
        let storage = match Format::detect(&prefix) {
            Format::Bgzf => Storage::Bgzf,
            _ => Storage::Gzip,
        };
        let mut builder = Builder::new(checked, out);
        builder.report(progress);
        decode_all(source, &checkpoints, &mut builder)?;
        Ok(builder.finish(object, storage, None)?)
    });
    store_index(store, &object, request, pass).await
}

/// Least text between two blocks of a `.gzi` that we keep.
const BLOCK_SPACING: u64 = 256 << 10;

fn checkpoints(index: &Bytes, compressed_size: u64) -> Result<Vec<Checkpoint>, ForeignIndexError> {
    match Foreign::detect(index) {
        Foreign::Gztool => Ok(gztool::read(&index[..], compressed_size)?.checkpoints),
        Foreign::IndexedGzip => Ok(indexed_gzip::read(&index[..], compressed_size)?.checkpoints),
        Foreign::Gzi => {
            let mut kept: Vec<Checkpoint> = Vec::new();
            for (entry, (offset, text)) in gzi::read(&index[..])?.into_iter().enumerate() {
                if offset >= compressed_size {
                    return Err(ForeignIndexError::Entry { entry: entry as u64 });
                }
                if kept.last().is_none_or(|last| text >= last.text + BLOCK_SPACING) {
                    kept.push(Checkpoint {
                        bit: offset * 8,
                        text,
                        start: Start::Member,
                    });
                }
            }
            Ok(kept)
        }
    }
}

/// What a decoding thread says.
enum Said {
    Text(Vec<u8>),
    End(Result<(), GzipError>),
}

/// Text that waits for its turn, at most this many pieces of 256 KiB for each thread.
const WAITING: usize = 32;

/// Decodes the stretches between checkpoints on all cores, and gives text and checkpoints to the sink in order.
fn decode_all<S: Sink>(source: &Arc<dyn ReadAt>, checkpoints: &[Checkpoint], sink: &mut S) -> Result<(), Stopped>
where
    Stopped: From<S::Error>,
{
    let cores = thread::available_parallelism()
        .map_or(2, std::num::NonZero::get)
        .min(checkpoints.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores)
            .map(|worker| {
                let (say, said) = mpsc::sync_channel(WAITING);
                let (give_back, spare) = mpsc::channel();
                scope.spawn(move || {
                    for stretch in (worker..checkpoints.len()).step_by(cores) {
                        let done = decode_stretch(source, &checkpoints[stretch..], &say, &spare);
                        let failed = done.is_err();
                        if say.send(Said::End(done)).is_err() || failed {
                            return;
                        }
                    }
                });
                (said, give_back)
            })
            .collect();
        for (stretch, checkpoint) in checkpoints.iter().enumerate() {
            sink.checkpoint(checkpoint.clone())?;
            let (said, give_back) = &workers[stretch % cores];
            loop {
                match said.recv() {
                    Ok(Said::Text(text)) => {
                        sink.text(&text)?;
                        // A worker that has ended needs no buffer.
                        let _ = give_back.send(text);
                    }
                    Ok(Said::End(done)) => break done.map_err(Stopped::Gzip)?,
                    Err(_) => return Err(Stopped::Read(std::io::Error::other("a decoding thread failed"))),
                }
            }
        }
        Ok(())
    })
}

/// Decodes from the first of `checkpoints` to the second, or to the end of the file.
fn decode_stretch(
    source: &Arc<dyn ReadAt>,
    checkpoints: &[Checkpoint],
    say: &mpsc::SyncSender<Said>,
    spare: &mpsc::Receiver<Vec<u8>>,
) -> Result<(), GzipError> {
    let from = &checkpoints[0];
    let next = checkpoints.get(1);
    let bytes: Range<u64> = next.map_or(from.byte()..source.size(), |next| from.bytes_to(next));
    let mut missing = next.map(|next| next.text - from.text);
    let mut decoder = Decoder::new(from, SequentialReader::new(source.clone(), bytes))?;
    while missing != Some(0) {
        let fault = |error: std::io::Error| {
            error.downcast::<GzipError>().unwrap_or_else(|error| GzipError {
                offset: from.byte(),
                text: from.text,
                kind: GzipErrorKind::Read(error),
            })
        };
        let text = decoder.fill_buf().map_err(fault)?;
        if text.is_empty() {
            break;
        }
        let length = missing.map_or(text.len(), |missing| text.len().min(missing as usize));
        let mut piece: Vec<u8> = spare.try_recv().unwrap_or_default();
        piece.clear();
        piece.extend_from_slice(&text[..length]);
        decoder.consume(length);
        missing = missing.map(|missing| missing - length as u64);
        if say.send(Said::Text(piece)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
