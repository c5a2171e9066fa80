//! `tessera fasta`: reference sequences.
use std::{io::Write, num::NonZero};

use object_io::Store;
use partition_fasta::{Chunk, ChunkSize, Error, Reference, Region, cut, fetch, index, read_region, write_record};
use plan::{Plan, Uri};
use serde_json::json;

use crate::show;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Write REF.fai, byte-identical to `samtools faidx` (and REF.gzi for a bgzipped REF).
    Index {
        /// The FASTA, plain or bgzipped.
        reference: Uri,
        /// Write OUT.fai instead of REF.fai.
        #[arg(long)]
        out: Option<Uri>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Show how REF would be cut into chunks of equal numbers of bases.
    Plan {
        /// The FASTA, plain or bgzipped.
        reference: Uri,
        #[command(flatten)]
        cut: Layout,
        /// Print one JSON document: the whole plan.
        #[arg(long)]
        json: bool,
    },
    /// Write each chunk as a FASTA of its own, and names.tsv, which gives short ids their contigs back.
    Cut {
        /// The FASTA, plain or bgzipped.
        reference: Uri,
        #[command(flatten)]
        cut: Layout,
        /// Folder to write to.
        #[arg(long)]
        out: Uri,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Print regions, as `samtools faidx` does, or one chunk of a plan.
    Read {
        /// The FASTA, plain or bgzipped.
        reference: Uri,
        /// NAME, NAME:START or NAME:START-END; 1-based, both ends included.
        #[arg(required_unless_present = "part", conflicts_with_all = ["part", "parts", "bases", "overlap"])]
        regions: Vec<String>,
        #[command(flatten)]
        cut: PartLayout,
        /// Which chunk, counted from 0.
        #[arg(long)]
        part: Option<u64>,
    },
    /// Say how many sequences and bases there are, and how they are laid out.
    Info {
        /// The FASTA, plain or bgzipped.
        reference: Uri,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Size {
    /// Number of chunks.
    #[arg(long)]
    parts: Option<NonZero<u64>>,
    /// Bases per chunk, about.
    #[arg(long)]
    bases: Option<NonZero<u64>>,
}

#[derive(clap::Args)]
pub(crate) struct Layout {
    #[command(flatten)]
    size: Size,
    /// Bases that neighbouring pieces of a contig share; at least twice the longest read.
    #[arg(long, default_value_t = 0)]
    overlap: u64,
}

#[derive(clap::Args)]
pub(crate) struct PartLayout {
    /// Number of chunks.
    #[arg(long, requires = "part", conflicts_with = "bases")]
    parts: Option<NonZero<u64>>,
    /// Bases per chunk, about.
    #[arg(long, requires = "part")]
    bases: Option<NonZero<u64>>,
    /// Bases that neighbouring pieces of a contig share.
    #[arg(long, default_value_t = 0, requires = "part")]
    overlap: u64,
}

fn size(parts: Option<NonZero<u64>>, bases: Option<NonZero<u64>>) -> anyhow::Result<ChunkSize> {
    parts
        .map(ChunkSize::Parts)
        .or(bases.map(ChunkSize::Bases))
        .ok_or_else(|| show::Usage("--part needs --parts or --bases".into()).into())
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::Index { reference, out, json } => {
            let out = out.unwrap_or_else(|| reference.clone());
            let done = index::run(store, index::Request { reference, out }).await?;
            if json {
                return show::json(&done);
            }
            for name in &done.empty {
                eprintln!("note: record {name:?} has no sequence; the index leaves it out, as samtools does");
            }
            let (contigs, bases) = (show::count(done.contigs), show::count(done.bases));
            Ok(show::print(format!(
                "{}  {contigs} sequences, {bases} bases",
                done.fai
            ))?)
        }
        Command::Plan { reference, cut, json } => {
            let reference = Reference::open(store, &reference).await?;
            let plan = reference.plan(size(cut.size.parts, cut.size.bases)?, cut.overlap);
            if json {
                return show::json(&plan);
            }
            Ok(show::print(plan_table(&plan))?)
        }
        Command::Cut {
            reference,
            cut: Layout {
                size: Size { parts, bases },
                overlap,
            },
            out,
            json,
        } => {
            let request = cut::Request {
                reference,
                size: size(parts, bases)?,
                overlap,
                out,
            };
            let done = cut::run(store, request).await?;
            if json {
                return show::json(&done);
            }
            Ok(show::print(format!(
                "{} chunks; names in {}",
                show::count(done.chunks.len() as u64),
                done.names
            ))?)
        }
        Command::Read {
            reference,
            regions,
            cut,
            part,
        } => {
            let reference = Reference::open(store, &reference).await?;
            match part {
                Some(part) => read_part(store, &reference, &cut, part).await,
                None => read_regions(store, &reference, &regions).await,
            }
        }
        Command::Info { reference, json } => info(store, &reference, json).await,
    }
}

async fn read_regions(store: &Store, reference: &Reference, regions: &[String]) -> anyhow::Result<()> {
    for text in regions {
        let region = Region::parse(text, &reference.fai);
        let object = || reference.object.uri.clone();
        let region = region.map_err(|source| Error::Region {
            object: object(),
            source,
        })?;
        let sequence = read_region(store, reference, &region).await?;
        let mut record = Vec::new();
        write_record(&mut record, text, &sequence.bases, WIDTH);
        print(&record)?;
    }
    Ok(())
}

/// Records may be large and are no text for a person: written as they are.
fn print(record: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(record)?;
    out.flush()
}

/// Bases on a line of `samtools faidx REF REGION`.
const WIDTH: u64 = 60;

async fn read_part(store: &Store, reference: &Reference, cut: &PartLayout, part: u64) -> anyhow::Result<()> {
    let plan = reference.plan(size(cut.parts, cut.bases)?, cut.overlap);
    let count = plan.partitions.len();
    let partition = usize::try_from(part).ok().and_then(|part| plan.partitions.get(part));
    let Some(partition) = partition else {
        return Err(show::Usage(format!("no chunk {part}: the plan has {count}, counted from 0")).into());
    };
    for sequence in fetch(store, partition).await? {
        let mut record = Vec::new();
        write_record(
            &mut record,
            &sequence.piece.short_id,
            &sequence.bases,
            sequence.piece.line_bases,
        );
        print(&record)?;
    }
    Ok(())
}

fn plan_table(plan: &Plan<Chunk>) -> String {
    let rows = plan.partitions.iter().map(|partition| {
        let pieces = &partition.scope.pieces;
        let name =
            |piece: &partition_fasta::Piece| format!("{}:{}-{}", piece.name, piece.owned.start + 1, piece.owned.end);
        let owned = match (pieces.first(), pieces.last()) {
            (Some(first), Some(last)) if pieces.len() > 1 => format!("{} … {}", name(first), name(last)),
            (Some(only), _) => name(only),
            _ => String::new(),
        };
        let bytes = partition.bytes.iter().map(|range| range.end - range.start).sum();
        [
            partition.number.to_string(),
            show::count(pieces.len() as u64),
            show::count(partition.scope.owned_bases()),
            show::count(partition.scope.bases()),
            show::bytes(bytes),
            owned,
        ]
    });
    show::table(
        ["chunk", "pieces", "bases owned", "with overlap", "to fetch", "owns"],
        rows,
    )
}

pub(crate) async fn info(store: &Store, uri: &Uri, json: bool) -> anyhow::Result<()> {
    let reference = Reference::open(store, uri).await?;
    let contigs = reference.fai.contigs();
    let mut lengths: Vec<u64> = contigs.iter().map(|contig| contig.bases).collect();
    lengths.sort_unstable_by_key(|&bases| std::cmp::Reverse(bases));
    let half = reference.fai.bases().div_ceil(2);
    let n50 = lengths.iter().scan(0, |sum, &bases| {
        *sum += bases;
        Some((*sum, bases))
    });
    let n50 = n50
        .into_iter()
        .find(|&(sum, _)| sum >= half)
        .map_or(0, |(_, bases)| bases);
    let format = if reference.gzi.is_some() {
        "FASTA, BGZF"
    } else {
        "FASTA"
    };
    if json {
        return show::json(&json!({
            "object": reference.object, "format": format, "sequences": contigs.len(), "bases": reference.fai.bases(),
            "longest": lengths.first(), "n50": n50, "contigs": contigs,
        }));
    }
    let mut text = format!(
        "{uri}  {format}, {}\n{} sequences, {} bases, longest {}, N50 {}\n\n",
        show::bytes(reference.object.size),
        show::count(contigs.len() as u64),
        show::count(reference.fai.bases()),
        show::count(lengths.first().copied().unwrap_or(0)),
        show::count(n50),
    );
    let shown = contigs.iter().take(SHOWN);
    let rows = shown.map(|contig| {
        [
            contig.name.clone(),
            show::count(contig.bases),
            contig.line_bases.to_string(),
        ]
    });
    text += &show::table(["name", "bases", "per line"], rows);
    let more = contigs.len().saturating_sub(SHOWN) as u64;
    let more = if more > 0 {
        format!("\n… and {} more; --json lists all", show::count(more))
    } else {
        String::new()
    };
    Ok(show::print(text + &more)?)
}

/// Contigs that `info` lists.
const SHOWN: usize = 25;
