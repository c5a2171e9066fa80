//! The task that writes a simulated data set.
use object_io::Store;
use partition_fasta::write_record;
use plan::Uri;
use serde::{Deserialize, Serialize};

use super::{blocking, output::Output};
use crate::{
    Error,
    genomics::{Contig, Mode, Params, Variant, genome, reads, truth_vcf, variants},
};

/// What to make, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The data set.
    pub params: Params,
    /// Folder for `ref.fa`, the reads, `truth.vcf` and `README.md`.
    pub out: Uri,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The reference genome.
    pub reference: Uri,
    /// One file of long reads, or two of mates.
    pub reads: Vec<Uri>,
    /// The true variants.
    pub truth: Uri,
    /// Pairs, or long reads.
    pub read_count: u64,
    /// True SNPs.
    pub snps: u64,
    /// True insertions and deletions.
    pub indels: u64,
}

/// Bases on a line of the reference.
const WIDTH: u64 = 60;

/// Makes a data set. Equal parameters give equal bytes; memory is the genome.
///
/// # Errors
/// [`Error::Params`] for parameters that contradict each other.
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let Request { params, out } = request;
    if let Some(reason) = params.fault() {
        return Err(Error::Params { reason });
    }
    let made = params.clone();
    let (genome, found) = blocking(move || {
        let genome = genome(&made);
        let found = variants(&made, &genome);
        (genome, found)
    })
    .await;

    let reference = out.join("ref.fa");
    write_reference(store, &reference, &genome).await?;
    let truth = out.join("truth.vcf");
    store.put(&truth, truth_vcf(&params, &genome, &found)).await?;
    let snps = found.iter().filter(|variant| variant.is_snp()).count() as u64;
    let indels = found.len() as u64 - snps;

    let names: &[&str] = if params.long.is_some() {
        &["reads"]
    } else {
        &["reads_1", "reads_2"]
    };
    let uris: Vec<Uri> = names.iter().map(|name| out.join(&format!("{name}.fastq.gz"))).collect();
    let read_count = write_reads(store, &uris, &params, genome, found).await?;
    let response = Response {
        reference,
        reads: uris,
        truth,
        read_count,
        snps,
        indels,
    };
    store.put(&out.join("README.md"), readme(&params, &response)).await?;
    Ok(response)
}

async fn write_reference(store: &Store, uri: &Uri, genome: &[Contig]) -> Result<(), Error> {
    let mut writer = store.writer(uri).await?;
    for contig in genome {
        let mut text = Vec::new();
        write_record(&mut text, &contig.name, &contig.bases, WIDTH);
        writer.write(text).await?;
    }
    writer.finish().await?;
    Ok(())
}

async fn write_reads(
    store: &Store,
    uris: &[Uri],
    params: &Params,
    genome: Vec<Contig>,
    found: Vec<Variant>,
) -> Result<u64, Error> {
    let started = uris.iter().map(|uri| Output::start(store, uri, params.bgzf));
    let (mut outputs, tasks): (Vec<Output>, Vec<_>) = started.unzip();
    let params = params.clone();
    let count = blocking(move || {
        let mut all = true;
        let count = reads(&params, &genome, &found, |mate, record| {
            all = outputs[mate].write(record);
            all
        });
        // Otherwise the outputs are dropped unfinished, and nothing becomes visible.
        if all {
            outputs.into_iter().for_each(Output::finish);
        }
        count
    })
    .await;
    for task in tasks {
        task.await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    }
    Ok(count)
}

fn readme(params: &Params, made: &Response) -> String {
    let Params {
        seed,
        genome,
        contigs,
        coverage,
        read_length,
        insert: (insert, deviation),
        ..
    } = params;
    let Response {
        read_count,
        snps,
        indels,
        ..
    } = made;
    let sample = match params.mode {
        Mode::Diploid => "one diploid individual; genotypes in truth.vcf are phased".to_owned(),
        Mode::Pool => format!(
            "a pool; each molecule carries each variant with its frequency, one of {:?}",
            params.frequencies
        ),
    };
    let (what, files) = match params.long {
        Some(length) => (
            format!("{read_count} long reads of {length} bases on average"),
            "`reads.fastq.gz`",
        ),
        None => (
            format!("{read_count} pairs of {read_length} bases, fragments {insert} ± {deviation} bases"),
            "`reads_1.fastq.gz`, `reads_2.fastq.gz`",
        ),
    };
    let bias = params.strand_bias.map_or("none".to_owned(), |bias| {
        format!(
            "{} places per base show another base in {} of the reads of one strand",
            bias.density, bias.rate
        )
    });
    let pcr = params.pcr.map_or("none".to_owned(), |pcr| {
        format!(
            "{} of the fragments in {} copies, which share {} errors per base",
            pcr.duplicated, pcr.copies, pcr.errors
        )
    });
    format!(
        "# Simulated genomics data\n\n\
         Made by `tessera data simulate genomics` from seed {seed}; equal parameters give equal bytes. Nothing here is real.\n\n\
         | file | what |\n|---|---|\n\
         | `ref.fa` | {genome} random bases in {contigs} contigs, {} repeat families per Mb |\n\
         | {files} | {what}: {coverage} reads over each base |\n\
         | `truth.vcf` | {snps} SNPs and {indels} insertions or deletions, left-normalised, with AF |\n\n\
         Sample: {sample}.\n\
         Sequencing errors: substitutions, exactly as often as the qualities say.\n\
         Errors on one strand that the qualities hide: {bias}.\n\
         PCR copies: {pcr}.\n\
         Read names: `sim<number>.<contig>.<1-based position of the fragment's first base>`.\n",
        params.repeat_families,
    )
}
