use std::{io, ops::Range};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_io::{Store, Writer};
use plan::{Object, Partition, Uri};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{
    Check, Cut, Error, Progress, ReadRange, TextSink,
    bgzf::BgzfEncoder,
    run::{
        Index, IndexRequest,
        index::{index, index_in_memory},
        open::default_index,
        pairs::check_interleaved,
        part::stream_part,
        plan::{plan_pairs, plan_reads},
    },
};

/// Files to be cut into files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutRequest {
    /// The FASTQ object, or R1.
    pub first: Uri,
    /// R2.
    #[serde(default)]
    pub second: Option<Uri>,
    /// How to cut.
    pub cut: Cut,
    /// The folder that the parts go to.
    pub out: Uri,
    /// Write BGZF instead of plain text.
    #[serde(default)]
    pub gzip: bool,
    /// Mates follow each other in the first file.
    #[serde(default)]
    pub interleaved: bool,
    /// Keep an index that had to be made, beside its object.
    #[serde(default)]
    pub keep_index: bool,
    /// What is checked if there is no index yet.
    #[serde(default)]
    pub check: Check,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutReport {
    /// The parts, in order.
    pub parts: Vec<PartFile>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFile {
    /// 0-based number.
    pub number: u64,
    /// Its reads in each file.
    pub reads: Range<u64>,
    /// The part of each input file.
    pub files: Vec<Object>,
}

/// Compression of parts written as BGZF: zlib's default.
const LEVEL: u32 = 6;

/// Pieces of a part under way to the store.
const PIECES: usize = 2;
const PIECE: usize = 512 << 10;

/// Parts that wait for their disk, or for the store to put them together, while others are decoded.
const FINISHING: usize = 32;

/// Cuts files into files, in step if there are two.
pub async fn cut(store: &Store, request: &CutRequest, progress: Progress) -> Result<CutReport, Error> {
    let first = open_or_index(store, &request.first, request, &progress);
    let plans = match &request.second {
        None => {
            let index = first.await?;
            if request.interleaved {
                check_interleaved(store, &index).await?;
            }
            let step = if request.interleaved { 2 } else { 1 };
            vec![plan_reads(store, &index, request.cut, step).await?]
        }
        Some(second) => {
            let second = open_or_index(store, second, request, &progress);
            let (first, second) = tokio::try_join!(first, second)?;
            plan_pairs(store, [&first, &second], request.cut).await?.into()
        }
    };
    let part = |partition: &Partition<ReadRange>| PartFile {
        number: partition.number,
        reads: partition.scope.reads.clone(),
        files: Vec::new(),
    };
    let mut parts: Vec<PartFile> = plans[0].partitions.iter().map(part).collect();
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let mut jobs = Vec::new();
    let mut writing = Vec::new();
    for partition in plans.iter().flat_map(|plan| plan.partitions.iter()) {
        jobs.push(partition);
        // Boxed: a stream over closures of borrowed parts is not `Send` for every lifetime, as a task must be.
        writing.push(write_part(store, partition, request).boxed());
    }
    let mut written = stream::iter(writing).buffered(cores).map(finish).buffered(FINISHING);
    let mut failed = None;
    for partition in jobs {
        match written.try_next().await {
            Ok(file) => parts[partition.number as usize].files.extend(file),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
        progress(partition.bytes.first().map_or(0, |bytes| bytes.end));
    }
    drop(written);
    match failed {
        None => Ok(CutReport { parts }),
        Some(error) => {
            // Some of the parts are no use to anybody. What cannot be removed either, the first error explains.
            for file in parts.iter().flat_map(|part| &part.files) {
                let _ = store.delete(&file.uri).await;
            }
            Err(error)
        }
    }
}

/// The index beside an object if there is one that fits it, else one made now.
async fn open_or_index(store: &Store, object: &Uri, cut: &CutRequest, progress: &Progress) -> Result<Index, Error> {
    let at = default_index(object);
    if store.find(&at).await?.is_some() {
        return Index::of(store, &store.head(object).await?, &at).await;
    }
    let request = IndexRequest {
        check: cut.check,
        ..IndexRequest::new(object.clone())
    };
    if cut.keep_index {
        return index(store, &request, progress.clone()).await;
    }
    index_in_memory(store, &request, progress.clone()).await
}

/// `reads_1.fastq.gz`, part 3: `reads_1.part-00003.fastq`.
pub(crate) fn part_name(object: &Uri, number: u64, gzip: bool) -> String {
    let name = object.name();
    let without = |name: &str, ends: &[&str]| {
        let end = ends.iter().find(|end| name.len() > end.len() && name.ends_with(*end));
        name[..name.len() - end.map_or(0, |end| end.len())].to_owned()
    };
    let stem = without(&without(name, &[".gz", ".bgz", ".bgzf"]), &[".fastq", ".fq"]);
    format!("{stem}.part-{number:05}.fastq{}", if gzip { ".gz" } else { "" })
}

async fn finish(writer: Result<Writer, Error>) -> Result<Object, Error> {
    Ok(writer?.finish().await?)
}

/// Writes a part, not yet to be seen.
async fn write_part(store: &Store, partition: &Partition<ReadRange>, request: &CutRequest) -> Result<Writer, Error> {
    let name = part_name(&partition.object.uri, partition.number, request.gzip);
    let mut writer = store.writer(&request.out.join(&name)).await?;
    let (pieces, mut arriving) = mpsc::channel::<Bytes>(PIECES);
    let out = Pieces {
        encoder: request.gzip.then(|| BgzfEncoder::new(LEVEL)),
        collected: Vec::with_capacity(PIECE),
        to_writer: pieces,
    };
    let write = async {
        while let Some(piece) = arriving.recv().await {
            if let Err(error) = writer.write(piece).await {
                // The decoder ends when its next piece is not taken.
                drop(arriving);
                return Err(error);
            }
        }
        Ok(writer)
    };
    let (decoded, written) = tokio::join!(stream_part(store, partition, out), write);
    let writer = written?;
    if let Err(error) = decoded {
        writer.abort().await?;
        return Err(error);
    }
    Ok(writer)
}

/// Hands a part's text, or its blocks, to the task that writes them.
struct Pieces {
    encoder: Option<BgzfEncoder>,
    collected: Vec<u8>,
    to_writer: mpsc::Sender<Bytes>,
}

impl Pieces {
    fn send(&mut self, next: usize) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.collected, Vec::with_capacity(next));
        let sent = self.to_writer.blocking_send(piece.into());
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl TextSink for Pieces {
    fn text(&mut self, text: &[u8]) -> io::Result<()> {
        match &mut self.encoder {
            Some(encoder) => encoder.push(text, &mut self.collected),
            None => self.collected.extend_from_slice(text),
        }
        if self.collected.len() >= PIECE - (64 << 10) {
            self.send(PIECE)
        } else {
            Ok(())
        }
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(encoder) = self.encoder.take() {
            encoder.finish(&mut self.collected);
        }
        self.send(0)
    }
}
