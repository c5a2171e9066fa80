use std::{io, sync::Arc};

use bytes::{Bytes, BytesMut};
use object_io::{ReadAt, SequentialReader, Store};
use partition_gzip::{Format, IndexError, Options};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{Builder, Check, Error, Header, Progress, Refused, Storage, default_index, run::Index};

/// What to index, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexRequest {
    /// The FASTQ object: gzip of any kind, or plain.
    pub object: Uri,
    /// Where the index goes; by default beside the object.
    #[serde(default)]
    pub out: Option<Uri>,
    /// What is checked.
    #[serde(default)]
    pub check: Check,
    /// Least text between two places where decoding can start, in bytes.
    #[serde(default = "default_spacing")]
    pub spacing: u64,
}

/// See [`IndexRequest::spacing`]. Each costs a window of about 8 KiB in the index.
fn default_spacing() -> u64 {
    Options::default().spacing
}

impl IndexRequest {
    /// With the defaults.
    pub fn new(object: Uri) -> Self {
        Self {
            object,
            out: None,
            check: Check::default(),
            spacing: default_spacing(),
        }
    }
}

/// Least text between two places in plain text: they cost a row only.
const PLAIN_SPACING: u64 = 256 << 10;

/// Pieces of the index under way to the store.
const PIECES: usize = 4;
const PIECE: usize = 1 << 20;

/// A blocking pass: reads the object, gives the bytes of its index.
pub(crate) type Pass = Box<
    dyn FnOnce(&Arc<dyn ReadAt>, Object, &mut dyn FnMut(Bytes) -> io::Result<()>) -> Result<Header, Stopped> + Send,
>;

/// Makes the index of an object in one pass and stores it; it appears whole or not at all.
pub async fn index(store: &Store, request: &IndexRequest, progress: Progress) -> Result<Index, Error> {
    let object = store.head(&request.object).await?;
    store_index(store, &object, request, scan_with(request, progress)).await
}

/// Makes the index of an object in one pass and keeps it in memory.
pub async fn index_in_memory(store: &Store, request: &IndexRequest, progress: Progress) -> Result<Index, Error> {
    let object = store.head(&request.object).await?;
    let (pieces, mut arriving) = mpsc::channel::<Bytes>(PIECES);
    let keep = async {
        let mut bytes = BytesMut::new();
        while let Some(piece) = arriving.recv().await {
            bytes.extend_from_slice(&piece);
        }
        bytes.freeze()
    };
    let (passed, bytes) = tokio::join!(run(store, &object, scan_with(request, progress), pieces), keep);
    passed?;
    Index::from_bytes(&object.uri, bytes)
}

/// Runs a pass and stores what it gives.
pub(crate) async fn store_index(
    store: &Store,
    object: &Object,
    request: &IndexRequest,
    pass: Pass,
) -> Result<Index, Error> {
    let out = request.out.clone().unwrap_or_else(|| default_index(&request.object));
    let mut writer = store.writer(&out).await?;
    let (pieces, mut arriving) = mpsc::channel::<Bytes>(PIECES);
    let write = async {
        while let Some(piece) = arriving.recv().await {
            if let Err(error) = writer.write(piece).await {
                // The pass ends when its next piece is not taken.
                drop(arriving);
                return Err(error);
            }
        }
        Ok(writer)
    };
    let (passed, written) = tokio::join!(run(store, object, pass, pieces), write);
    // A writer that failed is the cause, the pass that stopped for it only the consequence.
    let writer = written?;
    if let Err(error) = passed {
        writer.abort().await?;
        return Err(error);
    }
    writer.finish().await?;
    Index::open(store, &out).await
}

fn scan_with(request: &IndexRequest, progress: Progress) -> Pass {
    let (check, spacing) = (request.check, request.spacing.max(1));
    Box::new(move |source, object, out| scan(source, object, check, spacing, &progress, out))
}

async fn run(store: &Store, object: &Object, pass: Pass, pieces: mpsc::Sender<Bytes>) -> Result<Header, Error> {
    let source = store.read_at(object).await?;
    refuse_misnamed(store, object).await?;
    let own = object.clone();
    let passed = tokio::task::spawn_blocking(move || {
        let mut collected = BytesMut::with_capacity(PIECE);
        let mut out = |bytes: Bytes| {
            collected.extend_from_slice(&bytes);
            if collected.len() < PIECE {
                return Ok(());
            }
            send(&pieces, &mut collected)
        };
        let header = pass(&source, own, &mut out)?;
        send(&pieces, &mut collected).map_err(|error| Stopped::Sink(Refused::Write(error)))?;
        Ok(header)
    });
    let passed = passed.await.map_err(|source| Error::Panic {
        object: object.uri.clone(),
        source,
    })?;
    passed.map_err(|stopped| {
        let object = object.uri.clone();
        match stopped {
            Stopped::Gzip(source) => Error::Gzip { object, source },
            Stopped::Sink(Refused::Record(source)) => Error::Record { object, source },
            Stopped::Sink(Refused::Write(source)) => Error::WriteIndex { object, source },
            Stopped::Read(source) => Error::Store(object_io::Error::Io { uri: object, source }),
        }
    })
}

/// What an object is, its bytes tell; that they contradict its name is most likely a mistake.
async fn refuse_misnamed(store: &Store, object: &Object) -> Result<(), Error> {
    if object.size == 0 {
        return Err(Error::Empty {
            object: object.uri.clone(),
        });
    }
    let found = store.read(object, 0..object.size.min(2)).await?;
    let name = object.uri.name().to_ascii_lowercase();
    let says_gzip = [".gz", ".bgz", ".bgzf"].iter().any(|end| name.ends_with(end));
    if says_gzip && !b"\x1f\x8b".starts_with(&found[..]) {
        return Err(Error::Misnamed {
            object: object.uri.clone(),
            found: found.to_vec(),
        });
    }
    Ok(())
}

fn send(pieces: &mpsc::Sender<Bytes>, collected: &mut BytesMut) -> io::Result<()> {
    let sent = pieces.blocking_send(collected.split().freeze());
    sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
}

/// Why a pass stopped.
pub(crate) enum Stopped {
    Gzip(partition_gzip::GzipError),
    Sink(Refused),
    Read(io::Error),
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Sink(refused)
    }
}

/// The blocking pass.
fn scan(
    source: &Arc<dyn ReadAt>,
    object: Object,
    check: Check,
    spacing: u64,
    progress: &Progress,
    out: &mut dyn FnMut(Bytes) -> io::Result<()>,
) -> Result<Header, Stopped> {
    let mut prefix = vec![0; source.size().min(Format::PREFIX as u64) as usize];
    source.read_exact_at(0, &mut prefix).map_err(Stopped::Read)?;
    let mut builder = Builder::new(check, out);
    if Format::detect(&prefix) == Format::Plain {
        plain(source, &mut builder, progress)?;
        return Ok(builder.finish(object, Storage::Plain, None)?);
    }
    let options = Options {
        spacing,
        member_spacing: Options::default().member_spacing.min(spacing),
    };
    builder.report(progress.clone());
    let passed = partition_gzip::index(source, &options, &mut builder);
    let summary = passed.map_err(|error| match error {
        IndexError::Gzip(error) => Stopped::Gzip(error),
        IndexError::Sink(refused) => Stopped::Sink(refused),
    })?;
    let storage = match summary.format {
        Format::Bgzf => Storage::Bgzf,
        Format::Gzip | Format::Plain => Storage::Gzip,
    };
    Ok(builder.finish(object, storage, Some(summary.members))?)
}

fn plain<O: FnMut(Bytes) -> io::Result<()>>(
    source: &Arc<dyn ReadAt>,
    builder: &mut Builder<O>,
    progress: &Progress,
) -> Result<(), Stopped> {
    let size = source.size();
    let mut reader = SequentialReader::new(source.clone(), 0..size);
    let mut at = 0;
    while at < size {
        let block = reader.fill().map_err(Stopped::Read)?;
        for piece in block.chunks(PLAIN_SPACING as usize) {
            builder.place(at * 8, None)?;
            builder.text(piece)?;
            at += piece.len() as u64;
        }
        let length = block.len();
        reader.consume(length);
        progress(at);
    }
    Ok(())
}
