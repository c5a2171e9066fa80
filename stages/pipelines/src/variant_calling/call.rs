//! From alignments to the file of variants.
use partition_fasta::Contig;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};
use stage_pileup::{CallRange, Span, call_ranges};
use stage_variants::{Counts, FLANK};

use super::{
    Spec,
    map::piles,
    prepare::{IndexedReference, chunks},
};
use crate::{Context, Failure, Item, Published, unnamed};

pub(super) async fn plan_pileup(context: Context) -> Result<Vec<Item>, Failure> {
    let item = |pile: super::map::Pile| {
        let request = stage_pileup::Request {
            reads: pile.reads,
            chunk: pile.chunk,
            alignments: pile.alignments,
            out: unnamed(),
        };
        Item::new(pile.label, &request)
    };
    piles(&context).await?.into_iter().map(item).collect()
}

/// Ranges of positions that hold about the same number of rows.
fn ranges(spec: &Spec, piled: &[stage_pileup::Response], contigs: &[Contig]) -> Vec<CallRange> {
    let lengths: Vec<u64> = contigs.iter().map(|contig| contig.bases).collect();
    let spans: Vec<Span> = piled.iter().flat_map(|piled| piled.spans.iter().cloned()).collect();
    let rows: u64 = spans.iter().map(|span| span.rows).sum();
    let rows = spec
        .call_parts
        .map_or(Spec::ROWS_PER_RANGE, |parts| rows.div_ceil(parts.get()));
    call_ranges(&lengths, &spans, rows)
}

/// Bases that reads have over the reference from which errors are not counted everywhere any more.
const ENOUGH_BASES: u64 = 2_000_000_000;
/// Then one of so many blocks is looked at, of this many bases of the reference.
const BLOCK: u64 = 1 << 16;

/// One item for each range in which errors are counted. Neither the parts of the reads nor the chunks of the reference tell
/// in which: where reads lie and how many bases they have does not depend on them.
pub(super) async fn plan_measure(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let piled: Vec<stage_pileup::Response> = context.responses("pileup")?;
    let reference = context
        .response::<IndexedReference>("index-reference")?
        .open(&context.store)
        .await?;
    let contigs = reference.fai.contigs();
    let observed: u64 = piled.iter().map(|piled| piled.observations).sum();
    let every = observed.div_ceil(ENOUGH_BASES).max(1);
    let ranges = if every == 1 {
        ranges(&spec, &piled, contigs)
    } else {
        blocks(contigs.iter().map(|contig| contig.bases), every)
    };
    let mut items = Vec::new();
    for CallRange { contig, positions } in ranges {
        let pileups = tables_near(&piled, contig, positions.start..positions.end + FLANK);
        if pileups.is_empty() {
            continue;
        }
        let name = &contigs[contig as usize].name;
        let label = format!("{name}:{}-{}", positions.start + 1, positions.end);
        let request = stage_variants::MeasureRequest {
            pileups,
            contig,
            positions,
            out: unnamed(),
        };
        items.push(Item::new(label, &request)?);
    }
    Ok(items)
}

/// One of `every` blocks of the reference, evenly spread; the first one of each contig among them.
fn blocks(lengths: impl Iterator<Item = u64>, every: u64) -> Vec<CallRange> {
    let of_contig = |(contig, length): (u32, u64)| {
        let starts = (0..length.div_ceil(BLOCK)).filter(move |block| block.is_multiple_of(every));
        starts.map(move |block| CallRange {
            contig,
            positions: block * BLOCK..((block + 1) * BLOCK).min(length),
        })
    };
    (0..).zip(lengths).flat_map(of_contig).collect()
}

pub(super) async fn plan_learn(context: Context) -> Result<Vec<Item>, Failure> {
    let measured: Vec<stage_variants::MeasureResponse> = context.responses("measure-errors")?;
    let request = stage_variants::LearnRequest {
        counts: measured.into_iter().map(|measured| measured.counts.uri).collect(),
        out: unnamed(),
    };
    Ok(vec![Item::new("errors of the run", &request)?])
}

/// One item for each range of positions; ranges hold about the same number of rows.
pub(super) async fn plan_call(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let piled: Vec<stage_pileup::Response> = context.responses("pileup")?;
    let learnt: stage_variants::LearnResponse = context.response("learn-errors")?;
    let reference = context
        .response::<IndexedReference>("index-reference")?
        .open(&context.store)
        .await?;
    let contigs = reference.fai.contigs();
    let item = |range: CallRange| {
        let contig = &contigs[range.contig as usize];
        let CallRange {
            contig: number,
            positions,
        } = range;
        let label = format!("{}:{}-{}", contig.name, positions.start + 1, positions.end);
        let request = stage_variants::Request {
            pileups: tables_near(
                &piled,
                number,
                positions.start.saturating_sub(FLANK)..positions.end + FLANK,
            ),
            contig: number,
            name: contig.name.clone(),
            positions,
            mode: spec.mode,
            errors: Some(learnt.model.uri.clone()),
            out: unnamed(),
        };
        Item::new(label, &request)
    };
    ranges(&spec, &piled, contigs).into_iter().map(item).collect()
}

/// The tables with rows in `positions` of a contig.
fn tables_near(piled: &[stage_pileup::Response], contig: u32, positions: std::ops::Range<u64>) -> Vec<Uri> {
    let near = |span: &Span| {
        span.contig == contig && span.positions.start < positions.end && positions.start < span.positions.end
    };
    let tables = piled.iter().filter(|piled| piled.spans.iter().any(near));
    tables.map(|piled| piled.pileup.uri.clone()).collect()
}

pub(super) async fn plan_finish(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let called: Vec<stage_variants::Response> = context.responses("call")?;
    let reference = context
        .response::<IndexedReference>("index-reference")?
        .open(&context.store)
        .await?;
    let contigs = reference
        .fai
        .contigs()
        .iter()
        .map(|contig| (contig.name.clone(), contig.bases));
    let request = stage_variants::FinishRequest {
        parts: called.into_iter().map(|called| called.records.uri).collect(),
        contigs: contigs.collect(),
        command: spec.to_string(),
        sample: spec.sample,
        mode: spec.mode,
        out: unnamed(),
    };
    Ok(vec![Item::new("variants.vcf.gz", &request)?])
}

/// What a run found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The variants, BGZF.
    pub variants: Object,
    /// Figures of the calls.
    pub counts: Counts,
    /// Reads in the input; the two of a pair count as two.
    pub reads: u64,
    /// Of these, reads that were placed.
    pub mapped: u64,
    /// Of these, reads in a proper pair.
    pub proper: u64,
    /// Bases of the reference.
    pub bases: u64,
    /// Parts of the reads, and chunks of the reference.
    pub parts: [u64; 2],
}

/// Figures of a finished run, from the answers of its steps.
pub(super) async fn summary(context: &Context) -> Result<Summary, Failure> {
    let finished: stage_variants::FinishResponse = context.response("finish")?;
    let called: Vec<stage_variants::Response> = context.responses("call")?;
    let indexed: Vec<super::prepare::IndexedReads> = context.responses("index-reads")?;
    let reference: IndexedReference = context.response("index-reference")?;
    let best: Vec<stage_best_hit::Response> = context.responses("best-hit")?;
    Ok(Summary {
        variants: finished.vcf,
        counts: total(&called),
        reads: indexed.iter().map(|file| file.reads).sum(),
        mapped: best.iter().map(|part| part.stats.mapped).sum(),
        proper: best.iter().map(|part| part.stats.proper).sum(),
        bases: reference.bases,
        parts: [best.len() as u64, chunks(context).await?.len() as u64],
    })
}

/// Puts the variants, their index and a summary where the user wants them.
pub(super) async fn publish(context: Context) -> Result<Published, Failure> {
    let finished: stage_variants::FinishResponse = context.response("finish")?;
    let Some(out) = &context.destination else {
        return Ok(Published::default());
    };
    let variants = out.join("variants.vcf.gz");
    let mut objects = Vec::new();
    // The index comes first: who finds the variants finds it too.
    if let Some(index) = &finished.index {
        let to = variants.with_suffix(".tbi");
        context.store.copy(&index.uri, &to).await?;
        objects.push(to);
    }
    context.store.copy(&finished.vcf.uri, &variants).await?;
    objects.insert(0, variants);
    Ok(Published {
        objects,
        report: Some(out.join("report.html")),
    })
}

fn total(called: &[stage_variants::Response]) -> Counts {
    let mut total = Counts::default();
    for range in called {
        total.merge(&range.counts);
    }
    total
}
