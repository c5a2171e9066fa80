//! Variant calling: reads and a reference to a VCF.
//!
//! Steps: index the reads and the reference; cut the reads into parts and the reference into chunks; align each part to
//! each chunk; choose each read's best place over all chunks; pile up each part on each chunk; add the piles and call, by
//! ranges of positions; join the ranges. Whatever the numbers of parts, chunks and ranges, the calls are the same.
mod call;
mod map;
mod outlook;
mod prepare;
mod section;
mod spec;

pub use call::Summary;
pub use prepare::{IndexReads, IndexReference, IndexedReads, IndexedReference};
pub use spec::{Spec, sample_of};
pub use stage_align::Preset;
pub use stage_variants::Mode;

use crate::{Failure, Finished, Pipeline, Step, Tasks, task};

/// Its name.
pub const NAME: &str = "variant-calling";

/// Figures of a finished run.
pub async fn summary(finished: &Finished) -> Result<Summary, Failure> {
    call::summary(&finished.context).await
}

/// The pipeline.
pub fn pipeline() -> Pipeline {
    Pipeline::new(NAME, "Calls the variants of reads against a reference genome.", tasks())
        .step(
            Step::map("index-reads", "index-reads", prepare::plan_index_reads)
                .memory(64 << 20)
                .cpu(2)
                .about("index each FASTQ in one pass, unless a fresh index lies beside it"),
        )
        .step(
            Step::reduce("index-reference", "index-reference", prepare::plan_index_reference)
                .memory(64 << 20)
                .about("find where the sequences of the FASTA lie"),
        )
        .step(
            Step::map("index-chunks", "index-chunk", map::plan_index_chunks)
                .memory_of(|request: &stage_align::IndexRequest| 64 * MIB + 16 * request.chunk.scope.bases())
                .about("build the aligner's index of each chunk of the reference"),
        )
        .step(
            Step::map("align", "align", map::plan_align)
                .memory_of(|request: &stage_align::Request| 128 * MIB + 2 * request.index.size)
                .about("find every place of each read in one chunk"),
        )
        .step(
            Step::map("best-hit", "best-hit", map::plan_best_hit)
                .memory(512 * MIB)
                .about("choose each read's place over all chunks, and its mapping quality"),
        )
        .step(
            Step::map("pileup", "pileup", call::plan_pileup)
                .memory_of(pileup_memory)
                .about("count what the reads show at each position of one chunk"),
        )
        .step(
            Step::map("measure-errors", "measure-errors", call::plan_measure)
                .memory(512 * MIB)
                .about("count mismatches by base quality and indels by repeat, where no variant is likely"),
        )
        .step(
            Step::reduce("learn-errors", "learn-errors", call::plan_learn)
                .memory(64 * MIB)
                .about("sum up how often the run's reads err"),
        )
        .step(
            Step::map("call", "call", call::plan_call)
                .memory(512 * MIB)
                .about("add the counts of all parts and call one range of positions"),
        )
        .step(
            Step::reduce("finish", "finish-vcf", call::plan_finish)
                .memory(256 * MIB)
                .about("join the ranges into one VCF and index it"),
        )
        .outlook(outlook::outlook)
        .sections(section::sections)
        .publish(call::publish)
}

const MIB: u64 = 1 << 20;

/// The text of the part's reads (about five times what is stored), the chunk, and the rows in reach.
fn pileup_memory(request: &stage_pileup::Request) -> u64 {
    let stored: u64 = request
        .reads
        .iter()
        .flat_map(|part| &part.bytes)
        .map(|bytes| bytes.end - bytes.start)
        .sum();
    128 * MIB + 5 * stored + 2 * request.chunk.scope.bases()
}

fn tasks() -> Tasks {
    Tasks::new()
        .with(task("index-reads", 1, prepare::index_reads))
        .with(task("index-reference", 1, prepare::index_reference))
        .with(task("index-chunk", 1, stage_align::index))
        .with(task("align", 1, stage_align::align))
        .with(task("best-hit", 1, stage_best_hit::run))
        .with(task("pileup", 1, stage_pileup::run))
        .with(task("measure-errors", 1, stage_variants::measure))
        .with(task("learn-errors", 1, stage_variants::learn))
        .with(task("call", 2, stage_variants::run))
        .with(task("finish-vcf", 1, stage_variants::finish))
}
