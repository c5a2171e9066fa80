//! Runs align and best-hit over any number of parts and chunks, in memory.
#![allow(dead_code, reason = "each test uses its share")]

pub(crate) mod simulate;

use std::{num::NonZero, path::PathBuf};

use genomics_tables::{Alignment, AlignmentReader};
use object_io::Store;
use partition_fasta::{ChunkSize, Reference};
use partition_fastq::{Cut, plan_pairs, plan_reads};
use plan::{Partition, Uri};
use stage_align::{IndexRequest, Preset, flank};
use stage_best_hit::{Params, Request};

/// Shared data, if it is there.
pub(crate) fn test_data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data");
    let folder = std::env::var_os("TESSERA_TEST_DATA").map_or_else(|| default.into(), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no test data at {}", folder.display());
    None
}

/// What is mapped, and how it is cut.
pub(crate) struct Run<'a> {
    pub(crate) store: &'a Store,
    pub(crate) reads: Vec<Uri>,
    pub(crate) reference: Uri,
    pub(crate) preset: Preset,
    pub(crate) longest_read: u64,
    pub(crate) parts: u64,
    pub(crate) chunks: u64,
}

fn name(text: &str) -> Uri {
    text.parse().expect("a URI")
}

/// All alignments, sorted.
pub(crate) async fn alignments(run: &Run<'_>) -> Vec<Alignment> {
    let store = run.store;
    let reference = Reference::open(store, &run.reference).await.unwrap();
    let overlap = 2 * flank(run.longest_read, run.preset);
    let chunks = reference.plan(ChunkSize::Parts(NonZero::new(run.chunks).unwrap()), overlap);
    let mut indexes = Vec::new();
    for chunk in &chunks.partitions {
        let request = IndexRequest {
            chunk: chunk.clone(),
            preset: run.preset,
            out: name("mem://t/indexes"),
        };
        indexes.push(stage_align::index(store.clone(), request).await.unwrap().index);
    }
    let mut rows = Vec::new();
    for (number, reads) in parts(run).await.into_iter().enumerate() {
        let out = format!("mem://t/work/{}-{}-{number}", run.parts, run.chunks);
        let mut hits = Vec::new();
        for (chunk, index) in chunks.partitions.iter().zip(&indexes) {
            let request = stage_align::Request {
                reads: reads.clone(),
                interleaved: false,
                chunk: chunk.scope.clone(),
                index: index.clone(),
                preset: run.preset,
                most_places: stage_align::Request::MOST_PLACES,
                threads: None,
                out: name(&format!("{out}.{}", chunk.number)),
            };
            hits.push(stage_align::align(store.clone(), request).await.unwrap().hits.uri);
        }
        let request = Request {
            hits,
            params: Params::default(),
            out: name(&format!("{out}.best")),
        };
        let response = stage_best_hit::run(store.clone(), request).await.unwrap();
        for (table, chunk) in response.alignments.iter().zip(&chunks.partitions) {
            for row in AlignmentReader::new(store.get(&table.uri).await.unwrap()).unwrap() {
                let row = row.unwrap();
                assert!(chunk.scope.owner(row.contig, row.position).is_some());
                rows.push(row);
            }
        }
    }
    rows.sort();
    rows
}

async fn parts(run: &Run<'_>) -> Vec<Vec<Partition<partition_fastq::ReadRange>>> {
    let mut indexes = Vec::new();
    for reads in &run.reads {
        let request = partition_fastq::IndexRequest::new(reads.clone());
        indexes.push(
            partition_fastq::index_in_memory(run.store, &request, std::sync::Arc::new(|_| ()))
                .await
                .unwrap(),
        );
    }
    let cut = Cut::Parts(NonZero::new(run.parts).unwrap());
    match &indexes[..] {
        [one] => {
            let plan = plan_reads(run.store, one, cut, 1).await.unwrap();
            plan.partitions.into_iter().map(|part| vec![part]).collect()
        }
        [one, two] => {
            let [one, two] = plan_pairs(run.store, [one, two], cut).await.unwrap();
            one.partitions
                .into_iter()
                .zip(two.partitions)
                .map(|(one, two)| vec![one, two])
                .collect()
        }
        _ => unreachable!("one file or two"),
    }
}
