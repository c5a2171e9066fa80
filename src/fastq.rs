//! `tessera fastq`: index, plan, read, cut, info.
use std::{num::NonZero, ops::Range, sync::Arc};

use anyhow::Context;
use clap::{Args, Subcommand};
use object_io::Store;
use partition_fastq::{Check, Cut, CutRequest, Foreign, Index, IndexRequest, Progress};
use plan::Uri;

use crate::show;

pub(crate) mod parse;
mod read;
mod report;

/// The verbs.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Read the object once, check every read, and write its index
    #[command(after_help = INDEX_EXAMPLES)]
    Index(IndexArguments),
    /// Show into which parts an object would be cut, reading its index only
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(PlanArguments),
    /// Write some reads, or one part, to standard output
    #[command(after_help = READ_EXAMPLES)]
    Read(ReadArguments),
    /// Write every part as a file; R1 and R2 are cut in step
    #[command(after_help = CUT_EXAMPLES)]
    Cut(CutArguments),
    /// Show what the index says of the reads
    Info(InfoArguments),
}

const INDEX_EXAMPLES: &str = "\
Examples:
  tessera fastq index reads.fastq.gz                     writes reads.fastq.gz.tessera
  tessera fastq index s3://lab/reads.fastq.gz --out reads.index
  tessera fastq index reads.fastq --strict               refuses CR LF, blank lines, odd letters too
  tessera fastq index reads.fastq.gz --import reads.fastq.gzi --export indexed_gzip";
const PLAN_EXAMPLES: &str = "\
Examples:
  tessera fastq plan reads.fastq.gz --parts 10
  tessera fastq plan r1.fastq.gz r2.fastq.gz --target-size 256MiB --json
  tessera fastq plan reads.fastq --parts 10 --by-bytes   no index: borders are moved to read starts by the workers";
const READ_EXAMPLES: &str = "\
Examples:
  tessera fastq read reads.fastq.gz --parts 10 --part 3 > part.fastq
  tessera fastq read reads.fastq.gz --reads 1000..2000";
const CUT_EXAMPLES: &str = "\
Examples:
  tessera fastq cut r1.fastq.gz r2.fastq.gz --parts 16 --out parts
  tessera fastq cut reads.fastq.gz --reads-per-part 1000000 --gzip --out s3://lab/parts";

#[derive(Args)]
pub(crate) struct IndexArguments {
    /// FASTQ: .gz of any kind (one member, several, BGZF) or plain
    reads: Uri,
    /// Where the index goes [default: READS.tessera]
    #[arg(long, value_name = "INDEX")]
    out: Option<Uri>,
    #[command(flatten)]
    check: CheckArguments,
    /// Least text between two places where decoding can start
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = "4MiB")]
    spacing: NonZero<u64>,
    /// Use this index of gztool, indexed_gzip or bgzip (.gzi): all cores decode, from its checkpoints
    #[arg(long, value_name = "INDEX", conflicts_with = "spacing")]
    import: Option<Uri>,
    /// Also write an index that another program reads, where that program looks for it
    #[arg(long, value_enum, value_name = "FORMAT")]
    export: Option<ExportFormat>,
    /// Where the exported index goes [default: as that program names it]
    #[arg(long, value_name = "INDEX", requires = "export")]
    export_to: Option<Uri>,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// Index formats of other programs.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    /// gztool with line numbers (rapidgzip reads it too): READS.fastq.gzi
    Gztool,
    /// indexed_gzip (rapidgzip reads it too): READS.fastq.gzidx
    #[value(name = "indexed_gzip", alias = "indexed-gzip")]
    IndexedGzip,
    /// bgzip and samtools, for BGZF only: READS.fastq.gz.gzi
    Gzi,
}

impl From<ExportFormat> for Foreign {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Gztool => Self::Gztool,
            ExportFormat::IndexedGzip => Self::IndexedGzip,
            ExportFormat::Gzi => Self::Gzi,
        }
    }
}

#[derive(Args)]
pub(crate) struct CheckArguments {
    /// Refuse every irregularity; `off` checks the framing only. Nothing is dropped or changed at any level
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on", value_parser = parse::switch)]
    strict: Option<bool>,
}

impl CheckArguments {
    fn level(&self) -> Check {
        match self.strict {
            Some(true) => Check::Strict,
            Some(false) => Check::Framing,
            None => Check::Records,
        }
    }
}

/// How to cut.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct CutBy {
    /// Even parts: their read counts differ by at most one
    #[arg(long, value_name = "N")]
    parts: Option<NonZero<u64>>,
    /// Parts of this many reads
    #[arg(long, value_name = "READS")]
    reads_per_part: Option<NonZero<u64>>,
    /// Parts of about this much text, such as 256MiB
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    target_size: Option<NonZero<u64>>,
    /// Parts of about this many stored (compressed) bytes
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    stored_size: Option<NonZero<u64>>,
}

impl CutBy {
    fn cut(&self) -> Option<Cut> {
        let parts = self.parts.map(Cut::Parts);
        let reads = self.reads_per_part.map(Cut::ReadsPerPart);
        let text = self.target_size.map(Cut::TextBytes);
        parts.or(reads).or(text).or(self.stored_size.map(Cut::StoredBytes))
    }
}

#[derive(Args)]
pub(crate) struct PlanArguments {
    /// The FASTQ object, or R1
    reads: Uri,
    /// R2: checked to have the same reads, and cut in step
    mates: Option<Uri>,
    #[command(flatten)]
    by: CutBy,
    /// The index [default: READS.tessera]
    #[arg(long, value_name = "INDEX", conflicts_with = "mates")]
    index: Option<Uri>,
    /// Mates follow each other in the file; keep them together
    #[arg(long, conflicts_with = "mates")]
    interleaved: bool,
    /// Even byte ranges of an uncompressed object, without index
    #[arg(long, requires = "parts", conflicts_with_all = ["mates", "index", "interleaved"])]
    by_bytes: bool,
    /// The whole plan as one JSON document: one partition for each worker
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct ReadArguments {
    /// The FASTQ object
    reads_of: Uri,
    /// Reads A to B - 1, numbered from 0
    #[arg(long, value_name = "A..B", value_parser = parse::range, required_unless_present = "part")]
    reads: Option<Range<u64>>,
    /// The part, numbered from 0
    #[arg(long, value_name = "I", requires = "by", conflicts_with = "reads")]
    part: Option<u64>,
    #[command(flatten)]
    by: PartBy,
    /// The index [default: READS.tessera]
    #[arg(long, value_name = "INDEX")]
    index: Option<Uri>,
    /// Mates follow each other in the file; keep them together
    #[arg(long)]
    interleaved: bool,
    /// Even byte ranges of an uncompressed object, without index
    #[arg(long, requires = "parts", conflicts_with_all = ["index", "interleaved", "reads"])]
    by_bytes: bool,
}

/// How to cut, where a part is asked for.
#[derive(Args)]
#[group(id = "by", multiple = false, requires = "part")]
pub(crate) struct PartBy {
    /// Of this many even parts
    #[arg(long, value_name = "N")]
    parts: Option<NonZero<u64>>,
    /// Of parts of this many reads
    #[arg(long, value_name = "READS")]
    reads_per_part: Option<NonZero<u64>>,
    /// Of parts of about this much text
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    target_size: Option<NonZero<u64>>,
    /// Of parts of about this many stored bytes
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    stored_size: Option<NonZero<u64>>,
}

#[derive(Args)]
pub(crate) struct CutArguments {
    /// The FASTQ object, or R1
    reads: Uri,
    /// R2: checked to have the same reads, and cut in step
    mates: Option<Uri>,
    #[command(flatten)]
    by: CutBy,
    /// The folder that the parts go to: NAME.part-00003.fastq
    #[arg(long, value_name = "DIR")]
    out: Uri,
    /// Write BGZF (.fastq.gz)
    #[arg(long)]
    gzip: bool,
    /// Mates follow each other in the file; keep them together
    #[arg(long, conflicts_with = "mates")]
    interleaved: bool,
    /// Keep an index that had to be made, beside its object
    #[arg(long)]
    keep_index: bool,
    #[command(flatten)]
    check: CheckArguments,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct InfoArguments {
    /// The FASTQ object
    reads: Uri,
    /// The index [default: READS.tessera]
    #[arg(long, value_name = "INDEX")]
    index: Option<Uri>,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::Index(arguments) => index(arguments, store).await,
        Command::Plan(arguments) => plan_parts(arguments, store).await,
        Command::Read(arguments) => read::run(arguments, store).await,
        Command::Cut(arguments) => cut(arguments, store).await,
        Command::Info(arguments) => info(arguments, store).await,
    }
}

/// A bar over the stored bytes of an object.
async fn bar(store: &Store, object: &Uri, what: &str) -> anyhow::Result<(indicatif::ProgressBar, Progress)> {
    let size = store.head(object).await?.size;
    let bar = show::progress(size, what);
    let own = bar.clone();
    Ok((bar, Arc::new(move |bytes| own.set_position(bytes))))
}

async fn index(arguments: IndexArguments, store: &Store) -> anyhow::Result<()> {
    let request = IndexRequest {
        out: arguments.out,
        check: arguments.check.level(),
        spacing: arguments.spacing.get(),
        ..IndexRequest::new(arguments.reads)
    };
    let (bar, progress) = bar(store, &request.object, "indexing").await?;
    let index = match &arguments.import {
        None => partition_fastq::index(store, &request, progress).await?,
        Some(foreign) => partition_fastq::index_from(store, &request, foreign, progress).await?,
    };
    bar.finish_and_clear();
    if let Some(format) = arguments.export.map(Foreign::from) {
        let to = arguments
            .export_to
            .unwrap_or_else(|| format.default_place(&request.object));
        partition_fastq::export_index(store, &index, format, &to).await?;
    }
    report::index(&index, arguments.json)
}

/// The index of an object: the one named, the one beside it, or one made now and kept in memory.
async fn open(store: &Store, object: &Uri, index: Option<&Uri>) -> anyhow::Result<Index> {
    let at = index.cloned().unwrap_or_else(|| partition_fastq::default_index(object));
    let found = store.head(object).await?;
    if index.is_some() || store.find(&at).await?.is_some() {
        return Ok(Index::of(store, &found, &at).await?);
    }
    eprintln!("note: {object} has no index; reading it whole once. `tessera fastq index {object}` keeps the index.");
    let (bar, progress) = bar(store, object, "indexing").await?;
    let index = partition_fastq::index_in_memory(store, &IndexRequest::new(object.clone()), progress).await?;
    bar.finish_and_clear();
    Ok(index)
}

fn usage(text: &str) -> anyhow::Error {
    anyhow::Error::new(show::Usage(text.to_owned()))
}

async fn plan_parts(arguments: PlanArguments, store: &Store) -> anyhow::Result<()> {
    if let (true, Some(parts)) = (arguments.by_bytes, arguments.by.parts) {
        let kind = parse::record_kind(&arguments.reads);
        let plan = partition_fastq::plan_bytes(store, &arguments.reads, kind, parts).await?;
        return report::byte_plan(&plan, arguments.json);
    }
    let cut = arguments
        .by
        .cut()
        .ok_or_else(|| usage("say how to cut, for example --parts 10"))?;
    let index = open(store, &arguments.reads, arguments.index.as_ref()).await?;
    if arguments.interleaved {
        partition_fastq::check_interleaved(store, &index).await?;
    }
    let step = if arguments.interleaved { 2 } else { 1 };
    let plan = partition_fastq::plan_reads(store, &index, cut, step).await?;
    let Some(mates) = &arguments.mates else {
        return report::plan(&index, &plan, arguments.json);
    };
    let second = open(store, mates, None).await?;
    let plans = partition_fastq::plan_pairs(store, [&index, &second], cut).await?;
    report::pair_plan(&plans, arguments.json)
}

async fn cut(arguments: CutArguments, store: &Store) -> anyhow::Result<()> {
    let cut = arguments
        .by
        .cut()
        .ok_or_else(|| usage("say how to cut, for example --parts 10"))?;
    let request = CutRequest {
        first: arguments.reads,
        second: arguments.mates,
        cut,
        out: arguments.out,
        gzip: arguments.gzip,
        interleaved: arguments.interleaved,
        keep_index: arguments.keep_index,
        check: arguments.check.level(),
    };
    let (bar, progress) = bar(store, &request.first, "cutting").await?;
    let started = std::time::Instant::now();
    let done = partition_fastq::cut(store, &request, progress).await;
    bar.finish_and_clear();
    report::cut(&done?, &request.out, started.elapsed(), arguments.json)
}

/// What the index beside `reads` says.
pub(crate) async fn info_of(reads: Uri, json: bool, store: &Store) -> anyhow::Result<()> {
    let arguments = InfoArguments {
        reads,
        index: None,
        json,
    };
    info(arguments, store).await
}

async fn info(arguments: InfoArguments, store: &Store) -> anyhow::Result<()> {
    let index = open(store, &arguments.reads, arguments.index.as_ref()).await;
    let index = index.with_context(|| format!("{}: cannot say what it holds", arguments.reads))?;
    report::index(&index, arguments.json)
}
