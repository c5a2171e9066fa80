//! Variant calling on simulated reads.
use std::num::NonZero;

use object_io::Store;
use partition_fastq::{Cut, Index, IndexRequest, default_index, plan_reads};
use pipelines::{
    Options,
    variant_calling::{Mode, Preset, Spec},
};
use plan::Uri;
use simulate::{Evaluation, evaluate, genomics::Params, simulation};

use super::title;
use crate::{data, run, show};

/// What was found, and where it is told.
pub(super) struct Called {
    pub(super) found: Evaluation,
    pub(super) report: Uri,
}

/// Simulates a sample, cuts its reads, calls its variants, compares.
pub(super) async fn run(
    store: &Store,
    out: &Uri,
    params: Params,
    mode: Mode,
    parts: [u64; 2],
) -> anyhow::Result<Called> {
    let name = if mode == Mode::Pool { "pool" } else { "diploid" };
    title(&format!("Variant calling, {name}: simulate"))?;
    let made = simulation::run(
        store,
        simulation::Request {
            params,
            out: out.join("data"),
        },
    )
    .await?;
    show::print(format!(
        "{} pairs of reads, {} true SNPs, {} true indels in {}",
        show::count(made.read_count),
        show::count(made.snps),
        show::count(made.indels),
        out.join("data")
    ))?;

    title(&format!("Variant calling, {name}: cut the reads in place"))?;
    partitions(store, &made.reads[0], parts[0]).await?;

    title(&format!("Variant calling, {name}: run"))?;
    let [fastq_parts, fasta_parts] = parts;
    let spec = Spec {
        reads: made.reads.iter().map(pipelines::absolute).collect(),
        reference: pipelines::absolute(&made.reference),
        mode,
        preset: Preset::ShortReads,
        sample: name.into(),
        fastq_parts: NonZero::new(fastq_parts).unwrap_or(NonZero::<u64>::MIN),
        fasta_parts: NonZero::new(fasta_parts),
        call_parts: NonZero::new(2),
        longest_insert: Spec::LONGEST_INSERT,
    };
    let folders = run::Folders {
        place: out.clone(),
        out: out.clone(),
    };
    let done = run::variant_calling::call_variants(store, &spec, &folders, Options::default(), true).await?;
    show::print(done.text())?;

    title(&format!("Variant calling, {name}: truth against calls"))?;
    let found = evaluate(store, &made.truth, &done.variants, &made.reference).await?;
    show::print(data::evaluate::variant_tables(&found))?;
    Ok(Called {
        found,
        report: done.report,
    })
}

/// Indexes a FASTQ and shows what each part would fetch.
async fn partitions(store: &Store, reads: &Uri, parts: u64) -> anyhow::Result<()> {
    let request = IndexRequest::new(reads.clone());
    partition_fastq::index(store, &request, std::sync::Arc::new(|_| {})).await?;
    let index = Index::open(store, &default_index(reads)).await?;
    let parts = NonZero::new(parts).unwrap_or(NonZero::<u64>::MIN);
    let plan = plan_reads(store, &index, Cut::Parts(parts), 1).await?;
    let rows = plan.partitions.iter().map(|part| {
        let fetched: u64 = part.bytes.iter().map(|bytes| bytes.end - bytes.start).sum();
        let of = fetched as f64 / part.object.size.max(1) as f64;
        [
            part.number.to_string(),
            format!("{}..{}", part.scope.reads.start, part.scope.reads.end),
            show::bytes(fetched),
            format!("{:.1} %", 100.0 * of),
        ]
    });
    Ok(show::print(show::table(
        ["part", "reads", "to fetch", "of the object"],
        rows,
    ))?)
}
