//! The two tasks: index a chunk, align a part of the reads to it.
use std::num::NonZero;

use bytes::Bytes;
use futures::future::try_join_all;
use object_io::{PutOutcome, Store};
use partition_fasta::Chunk;
use partition_fastq::{ReadRange, stream_part};
use plan::{Object, Partition, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Mapper, Preset, Stats, Stretch,
    index::{build, content_name, load},
    reads::{self, Reads},
    work::{Layout, Stopped, map_all},
};

/// Builds the aligner's index of one chunk of a reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexRequest {
    /// The chunk.
    pub chunk: Partition<Chunk>,
    /// The kind of reads; an index serves one kind.
    #[serde(default)]
    pub preset: Preset,
    /// Folder of indexes. The index is named by its content in it, so that later runs find it.
    pub out: Uri,
}

/// An index that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexResponse {
    /// The index.
    pub index: Object,
}

/// Builds the aligner's index of one chunk, unless it is there.
pub async fn index(store: Store, request: IndexRequest) -> Result<IndexResponse, Error> {
    let IndexRequest { chunk, preset, out } = request;
    let sequences = partition_fasta::fetch(&store, &chunk).await?;
    let (name, sequences) = blocking(&out, move || (content_name(&sequences, preset), sequences)).await?;
    let uri = out.join(&format!("{name}.mmi"));
    if let Some(index) = store.find(&uri).await? {
        return Ok(IndexResponse { index });
    }
    let built = blocking(&out, move || build(sequences, preset)).await?;
    let bytes = built.map_err(|fault| Error::Chunk {
        reference: chunk.object.uri.clone(),
        chunk: chunk.number,
        fault,
    })?;
    let index = match store.put_if_absent(&uri, bytes).await? {
        PutOutcome::Created(index) => index,
        PutOutcome::Existed => store.head(&uri).await?,
    };
    Ok(IndexResponse { index })
}

/// Aligns one part of the reads to one chunk of the reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The same part of one FASTQ file, or of R1 and R2 cut in step.
    pub reads: Vec<Partition<ReadRange>>,
    /// Whether the one file holds pairs, mates following each other.
    #[serde(default)]
    pub interleaved: bool,
    /// The chunk, of which only the coordinates are looked at.
    pub chunk: Chunk,
    /// The chunk's index, as [`index`] built it.
    pub index: Object,
    /// The kind of reads, as for the index.
    #[serde(default)]
    pub preset: Preset,
    /// Seeds that lie at more places of the chunk are left out. See the crate's documentation.
    #[serde(default = "most_places")]
    pub most_places: usize,
    /// Threads; none: one for each core. The result does not depend on it.
    #[serde(default)]
    pub threads: Option<NonZero<usize>>,
    /// Where the table of hits goes: `<out>.parquet`.
    pub out: Uri,
}

fn most_places() -> usize {
    Request::MOST_PLACES
}

impl Request {
    /// Default of [`Request::most_places`], minimap2's for short reads (`mid_occ`).
    pub const MOST_PLACES: usize = 1000;
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The hits that the chunk owns, in order of (read, mate).
    pub hits: Object,
    /// Figures.
    pub stats: Stats,
}

/// Aligns one part of the reads to one chunk of the reference.
pub async fn align(store: Store, request: Request) -> Result<Response, Error> {
    let layout = layout(&request)?;
    let out = request.out.with_suffix(".parquet");
    let bytes = store.read(&request.index, 0..request.index.size).await?;
    let (senders, parts): (Vec<_>, Vec<_>) = request.reads.iter().map(|_| reads::channel()).unzip();
    let mapping = blocking(&out, {
        let (request, out) = (request.clone(), out.clone());
        move || map(&request, bytes, parts, layout, &out)
    });
    let decoding = request.reads.iter().zip(senders);
    let decoding = try_join_all(decoding.map(|(part, sender)| stream_part(&store, part, sender)));
    let (mapped, decoded) = tokio::join!(mapping, decoding);
    let (table, stats) = match (mapped?, decoded) {
        // When mapping stops early the decoders find nobody listening; when a part is malformed mapping sees it end early.
        (Err(error @ Error::NotInStep { .. }), decoded) => {
            decoded?;
            return Err(error);
        }
        (Err(error), _) => return Err(error),
        (Ok(mapped), decoded) => {
            decoded?;
            mapped
        }
    };
    let hits = store.put(&out, table).await?;
    Ok(Response { hits, stats })
}

fn layout(request: &Request) -> Result<Layout, Error> {
    match (&request.reads[..], request.interleaved) {
        ([_], false) => Ok(Layout::Single),
        ([part], true) if part.scope.reads.start.is_multiple_of(2) => Ok(Layout::Interleaved),
        ([_], true) => Err(Error::Request(
            "a part of an interleaved file must start with the first read of a pair",
        )),
        ([one, two], false) if one.scope.reads == two.scope.reads => Ok(Layout::Pairs),
        ([_, _], false) => Err(Error::Request("the parts of R1 and R2 must hold the same read numbers")),
        _ => Err(Error::Request("reads come as one file, or as two files of pairs")),
    }
}

fn map(
    request: &Request,
    index: Bytes,
    mut parts: Vec<Reads>,
    layout: Layout,
    out: &Uri,
) -> Result<(Vec<u8>, Stats), Error> {
    let faulty = |fault| Error::Index {
        index: request.index.uri.clone(),
        fault,
    };
    let loaded = load(&index).map_err(faulty)?;
    drop(index);
    let stretches = request.chunk.pieces.iter().map(|piece| Stretch {
        contig: piece.contig,
        text: piece.text.clone(),
        owned: piece.owned.clone(),
    });
    let mapper = Mapper::new(loaded, stretches.collect(), request.preset, request.most_places)
        .ok_or_else(|| faulty("the index is of another chunk, or for another kind of reads"))?;
    let threads = request.threads.map_or(0, NonZero::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|source| Error::Threads { threads, source })?;
    let start = request.reads[0].scope.reads.start;
    let first = if layout == Layout::Interleaved {
        start / 2
    } else {
        start
    };
    let mapped = pool.install(|| map_all(&mapper, &mut parts, layout, first));
    mapped.map_err(|stopped| match stopped {
        Stopped::Table(source) => Error::Write {
            out: out.clone(),
            source,
        },
        Stopped::NotInStep(reads) => Error::NotInStep {
            first: request.reads[0].object.uri.clone(),
            second: request.reads[request.reads.len() - 1].object.uri.clone(),
            reads,
        },
    })
}

async fn blocking<T: Send + 'static>(out: &Uri, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|source| Error::Panic {
        out: out.clone(),
        source,
    })
}
