//! Aligns FASTQ files to a FASTA file in one part and one chunk and says how long each step took.
//!
//! `cargo run --profile profiling -p stage-align --example align_files -- OUT PRESET THREADS REF.fa R1.fastq [R2.fastq]`
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{num::NonZero, sync::Arc, time::Instant};

use object_io::Store;
use partition_fasta::{ChunkSize, Reference};
use partition_fastq::{Cut, plan_pairs, plan_reads};
use plan::Uri;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out, preset, threads, reference, files @ ..] = &arguments[..] else {
        return Err("OUT PRESET THREADS REF.fa R1 [R2]".into());
    };
    let (out, reference): (Uri, Uri) = (out.parse()?, reference.parse()?);
    let preset = preset.parse()?;
    let store = Store::new();
    let one = NonZero::<u64>::MIN;
    let mut indexes = Vec::new();
    for file in files {
        let request = partition_fastq::IndexRequest::new(file.parse()?);
        indexes.push(partition_fastq::index_in_memory(&store, &request, Arc::new(|_| ())).await?);
    }
    let reads = match &indexes[..] {
        [one_file] => plan_reads(&store, one_file, Cut::Parts(one), 1).await?.partitions,
        [first, second] => plan_pairs(&store, [first, second], Cut::Parts(one))
            .await?
            .map(|plan| plan.partitions)
            .concat(),
        _ => return Err("one file or two".into()),
    };
    let reference = Reference::open(&store, &reference).await?;
    let chunk = reference.plan(ChunkSize::Parts(one), 0).partitions.remove(0);
    let start = Instant::now();
    let request = stage_align::IndexRequest {
        chunk: chunk.clone(),
        preset,
        out: out.clone(),
    };
    let index = stage_align::index(store.clone(), request).await?.index;
    println!("index {:.2} s, {} bytes", start.elapsed().as_secs_f64(), index.size);
    let start = Instant::now();
    let request = stage_align::Request {
        reads,
        interleaved: false,
        chunk: chunk.scope,
        index,
        preset,
        most_places: stage_align::Request::MOST_PLACES,
        threads: threads.parse().ok(),
        out: out.join("hits"),
    };
    let response = stage_align::align(store, request).await?;
    println!(
        "align {:.2} s, {:?}, {} bytes",
        start.elapsed().as_secs_f64(),
        response.stats,
        response.hits.size
    );
    Ok(())
}
