//! From parts and chunks to the best place of each read.
use std::num::NonZero;

use partition_fasta::Chunk;
use partition_fastq::ReadRange;
use plan::{Object, Partition};

use super::{
    Spec,
    prepare::{chunks, read_parts},
};
use crate::{Context, Failure, Item, unnamed};

pub(super) async fn plan_index_chunks(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let item = |chunk: Partition<Chunk>| {
        let label = format!("chunk {}", chunk.number);
        Item::new(
            label,
            &stage_align::IndexRequest {
                chunk,
                preset: spec.preset,
                out: unnamed(),
            },
        )
    };
    chunks(&context).await?.into_iter().map(item).collect()
}

/// What a person calls a part of the reads.
fn label(part: &[Partition<ReadRange>]) -> String {
    let reads = part.first().map_or(0..0, |part| part.scope.reads.clone());
    format!("reads {}..{}", reads.start, reads.end)
}

/// Every part of the reads with every chunk: the chunks of the first part, then those of the second.
pub(super) async fn plan_align(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let indexes: Vec<stage_align::IndexResponse> = context.responses("index-chunks")?;
    let (parts, chunks) = (read_parts(&context).await?, chunks(&context).await?);
    let mut items = Vec::with_capacity(parts.len() * chunks.len());
    for part in &parts {
        for (chunk, indexed) in chunks.iter().zip(&indexes) {
            let request = stage_align::Request {
                reads: part.clone(),
                interleaved: false,
                chunk: chunk.scope.clone(),
                index: indexed.index.clone(),
                preset: spec.preset,
                most_places: stage_align::Request::MOST_PLACES,
                // Items are what runs side by side.
                threads: Some(NonZero::<usize>::MIN),
                out: unnamed(),
            };
            items.push(Item::new(
                format!("{} × chunk {}", label(part), chunk.number),
                &request,
            )?);
        }
    }
    Ok(items)
}

pub(super) async fn plan_best_hit(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let aligned: Vec<stage_align::Response> = context.responses("align")?;
    let (parts, chunks) = (read_parts(&context).await?, chunks(&context).await?.len());
    let item = |(part, aligned): (&Vec<_>, &[stage_align::Response])| {
        let params = stage_best_hit::Params {
            insert: 0..=spec.longest_insert,
            ..stage_best_hit::Params::default()
        };
        let hits = aligned.iter().map(|aligned| aligned.hits.uri.clone()).collect();
        Item::new(
            label(part),
            &stage_best_hit::Request {
                hits,
                params,
                out: unnamed(),
            },
        )
    };
    parts.iter().zip(aligned.chunks(chunks.max(1))).map(item).collect()
}

/// A part of the reads, the chunk it is piled up on, and the alignments that the chunk won.
pub(super) struct Pile {
    pub(super) label: String,
    pub(super) reads: Vec<Partition<ReadRange>>,
    pub(super) chunk: Partition<Chunk>,
    pub(super) alignments: Object,
}

/// What is to be piled up, in the order of `plan_align`.
pub(super) async fn piles(context: &Context) -> Result<Vec<Pile>, Failure> {
    let best: Vec<stage_best_hit::Response> = context.responses("best-hit")?;
    let (parts, chunks) = (read_parts(context).await?, chunks(context).await?);
    let piles = parts.iter().zip(best).flat_map(|(part, best)| {
        chunks.iter().zip(best.alignments).map(|(chunk, alignments)| Pile {
            label: format!("{} × chunk {}", label(part), chunk.number),
            reads: part.clone(),
            chunk: chunk.clone(),
            alignments,
        })
    });
    Ok(piles.collect())
}
