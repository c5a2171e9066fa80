//! `tessera run variant-calling`.
use std::{num::NonZero, time::Duration};

use object_io::Store;
use pipelines::{
    Budget, Options,
    variant_calling::{self, Mode, Spec, Summary},
};
use plan::Uri;

use super::{Folders, How, Launched, launch};
use crate::show;

pub(super) const EXAMPLES: &str = "\
Examples:
  tessera run variant-calling --reads r1.fq.gz r2.fq.gz --reference genome.fa --out calls
  tessera run variant-calling --reads pool.fq.gz --reference virus.fa --mode pool --out calls
  tessera run variant-calling --reads s3://lab/r1.fq.gz s3://lab/r2.fq.gz --reference s3://lab/genome.fa \\
      --store s3://lab/work --out s3://lab/calls --fastq-parts 200 --fasta-parts 18

Writes OUT/variants.vcf.gz, OUT/variants.vcf.gz.tbi and OUT/report.html; the records of the run are in OUT/runs/ID/
(or STORE/runs/ID/). The same command after a stop or a crash goes on where the run was.";

/// What is asked of variant calling; also what `tessera plan variant-calling` takes.
#[derive(clap::Args)]
pub(crate) struct Asked {
    /// One FASTQ, or R1 and R2 with the pairs in the same order; .gz of any kind or plain.
    #[arg(long, num_args = 1..=2, required = true, value_names = ["R1", "R2"])]
    reads: Vec<Uri>,
    /// The reference: FASTA, plain or bgzipped.
    #[arg(long)]
    reference: Uri,
    /// What is called: genotypes of one individual, or alleles of any frequency in a pool or a virus population.
    #[arg(long, value_enum, default_value_t = CalledMode::Diploid)]
    mode: CalledMode,
    /// The kind of reads, by minimap2's names: sr (short), map-ont, map-hifi, lr:hq.
    #[arg(long, default_value = "sr")]
    preset: String,
    /// Name of the sample in the VCF [default: from the name of the reads].
    #[arg(long)]
    sample: Option<String>,
    /// Cut the reads into this many parts [default: by size and cores]. Calls do not depend on it.
    #[arg(long)]
    fastq_parts: Option<NonZero<u64>>,
    /// Cut the reference into this many chunks [default: one for each 100 Mb]. Calls do not depend on it.
    #[arg(long)]
    fasta_parts: Option<NonZero<u64>>,
    /// Call in this many ranges [default: by size]. Calls do not depend on it.
    #[arg(long)]
    call_parts: Option<NonZero<u64>>,
    /// Longest insert of a proper pair, in bases.
    #[arg(long, default_value_t = Spec::LONGEST_INSERT)]
    longest_insert: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CalledMode {
    Diploid,
    Pool,
}

#[derive(clap::Args)]
pub(crate) struct VariantCalling {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    how: How,
}

impl Asked {
    /// The spec, with defaults from the sizes of the inputs.
    pub(crate) async fn spec(self, store: &Store) -> anyhow::Result<Spec> {
        let preset = self
            .preset
            .parse()
            .map_err(|error| show::Usage(format!("--preset: {error}")))?;
        let mut stored = 0;
        for reads in &self.reads {
            stored += store.head(reads).await?.size;
        }
        store.head(&self.reference).await?;
        let workers = u64::from(Budget::of_this_machine().cores);
        Ok(Spec {
            sample: self
                .sample
                .unwrap_or_else(|| variant_calling::sample_of(&self.reads[0])),
            fastq_parts: self
                .fastq_parts
                .unwrap_or_else(|| Spec::default_fastq_parts(stored, workers)),
            reads: self.reads.iter().map(pipelines::absolute).collect(),
            reference: pipelines::absolute(&self.reference),
            mode: match self.mode {
                CalledMode::Diploid => Mode::Diploid,
                CalledMode::Pool => Mode::Pool,
            },
            preset,
            fasta_parts: self.fasta_parts,
            call_parts: self.call_parts,
            longest_insert: self.longest_insert,
        })
    }
}

/// Runs what the command line asks.
pub(super) async fn run(VariantCalling { asked, how }: VariantCalling, store: &Store) -> anyhow::Result<()> {
    let spec = asked.spec(store).await?;
    let options = how.machine.options(store).await?;
    let done = call_variants(store, &spec, &how.folders(), options, how.new).await?;
    how.show(&done, Done::text)
}

/// What a finished run gave.
#[derive(serde::Serialize)]
pub(crate) struct Done {
    run: String,
    folder: Uri,
    pub(crate) variants: Uri,
    pub(crate) report: Uri,
    pub(crate) seconds: f64,
    /// US dollars that its items would have cost on AWS, with the Lambda memory of the best cost-performance.
    cost: Option<f64>,
    #[serde(flatten)]
    pub(crate) summary: Summary,
}

impl Done {
    fn new(out: &Uri, Launched { finished, cost }: Launched, summary: Summary) -> Self {
        Self {
            run: finished.run.about.id,
            folder: finished.run.folder,
            variants: out.join("variants.vcf.gz"),
            report: out.join("report.html"),
            seconds: finished.seconds,
            cost,
            summary,
        }
    }

    pub(crate) fn text(&self) -> String {
        let counts = self.summary.counts;
        let took = show::duration(Duration::from_secs_f64(self.seconds));
        let calls = format!(
            "{} records: {} SNPs, {} indels",
            show::count(counts.records),
            show::count(counts.substitutions),
            show::count(counts.indels)
        );
        let rows = [
            ["variants".into(), self.variants.to_string(), calls],
            ["report".into(), self.report.to_string(), "open it in a browser".into()],
            ["run".into(), self.folder.to_string(), took],
        ];
        show::table(["", "", ""], rows)
    }
}

/// Makes the run, or goes on with an equal one that is unfinished.
pub(crate) async fn call_variants(
    store: &Store,
    spec: &Spec,
    folders: &Folders,
    options: Options,
    new: bool,
) -> anyhow::Result<Done> {
    let mut inputs = Vec::new();
    for uri in spec.reads.iter().chain([&spec.reference]) {
        inputs.push(store.head(uri).await?);
    }
    let launched = launch(store, variant_calling::NAME, spec, inputs, folders, options, new).await?;
    let summary = variant_calling::summary(&launched.finished).await?;
    Ok(Done::new(&folders.out, launched, summary))
}
