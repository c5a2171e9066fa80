//! The task that writes every chunk as a file of its own, for programs that cannot read ranges.
use std::fmt::Write;

use futures::stream::{self, StreamExt, TryStreamExt};
use object_io::Store;
use plan::{Partition, Plan, Uri};
use serde::{Deserialize, Serialize};

use super::{Reference, fetch};
use crate::{Chunk, ChunkSize, Error, write_record};

/// How to cut which reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The FASTA, plain or bgzipped.
    pub reference: Uri,
    /// How large chunks are.
    pub size: ChunkSize,
    /// Bases that neighbouring pieces of a contig share.
    pub overlap: u64,
    /// Folder for `chunk-00000.fa`, … and `names.tsv`.
    pub out: Uri,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The chunks, in order.
    pub chunks: Vec<Uri>,
    /// The table that gives short ids their contigs and coordinates back.
    pub names: Uri,
}

/// Chunks in memory at a time.
const CONCURRENCY: usize = 2;

/// Writes the chunks, their records named by short ids and wrapped as in the reference, then the name table.
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let reference = Reference::open(store, &request.reference).await?;
    let plan = reference.plan(request.size, request.overlap);
    let write = |partition| write_chunk(store, partition, &request.out);
    let chunks = stream::iter(&plan.partitions)
        .map(write)
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let names = request.out.join("names.tsv");
    store.put(&names, name_table(&plan)).await?;
    Ok(Response { chunks, names })
}

async fn write_chunk(store: &Store, partition: &Partition<Chunk>, folder: &Uri) -> Result<Uri, Error> {
    let mut text = Vec::new();
    for sequence in fetch(store, partition).await? {
        write_record(
            &mut text,
            &sequence.piece.short_id,
            &sequence.bases,
            sequence.piece.line_bases,
        );
    }
    let out = folder.join(&format!("chunk-{:05}.fa", partition.number));
    store.put(&out, text).await?;
    Ok(out)
}

/// The name table: one line per piece, coordinates 1-based inclusive, as in samtools regions.
pub fn name_table(plan: &Plan<Chunk>) -> String {
    let mut table = String::from(
        "# Pieces of contigs. Coordinates are bases of the contig, 1-based, both ends included.\n\
         # text: what the record of that short id holds. owned: the part of it that no other piece owns;\n\
         # an alignment belongs to the piece that owns its leftmost base. Contig position = text_start - 1 + position.\n\
         short_id\tcontig\ttext_start\ttext_end\towned_start\towned_end\n",
    );
    for piece in plan.partitions.iter().flat_map(|partition| &partition.scope.pieces) {
        let (text, owned) = (&piece.text, &piece.owned);
        let row = [text.start + 1, text.end, owned.start + 1, owned.end].map(|number| number.to_string());
        writeln!(table, "{}\t{}\t{}", piece.short_id, piece.name, row.join("\t")).expect("a String takes any text");
    }
    table
}
