//! What a run will have to do, told from the sizes of its inputs alone.
use plan::Uri;

use super::{Mode, Spec};
use crate::{Context, Failure, Load};

/// Bytes of text in a stored byte of gzipped FASTQ, about; 1 for plain text.
const GZIP_RATIO: u64 = 4;
/// Text of a base of a read: the base, its quality and its share of the name.
const TEXT_PER_BASE: f64 = 2.4;
/// Bytes of an aligner's index for each base.
const INDEX_PER_BASE: u64 = 3;
/// Stored bytes of a pileup row for each read over it, about.
const ROW_BYTES_PER_READ: f64 = 0.6;

fn is_gzip(uri: &Uri) -> bool {
    let name = uri.name();
    name.ends_with("gz") || name.ends_with("bgzf")
}

/// The load of every step.
pub(super) async fn outlook(context: Context) -> Result<Vec<Load>, Failure> {
    let spec: Spec = context.spec()?;
    let (mut stored, mut text) = (0, 0);
    for reads in &spec.reads {
        let size = context.store.head(reads).await?.size;
        stored += size;
        text += size * if is_gzip(reads) { GZIP_RATIO } else { 1 };
    }
    let reference = context.store.head(&spec.reference).await?.size;
    let bases = reference * if is_gzip(&spec.reference) { 3 } else { 1 };
    let parts = spec.fastq_parts.get();
    let chunks = spec
        .fasta_parts
        .map_or(bases.div_ceil(Spec::CHUNK_BASES.get()).max(1), std::num::NonZero::get);
    let read_bases = text as f64 / TEXT_PER_BASE;
    let depth = read_bases / (bases.max(1)) as f64;
    let rows = bases as f64 * depth.min(1.0) * (parts as f64).min(depth.max(1.0));
    let piled = (read_bases * ROW_BYTES_PER_READ) as u64;
    let ranges = spec.call_parts.map_or(
        (rows / Spec::ROWS_PER_RANGE as f64).ceil() as u64,
        std::num::NonZero::get,
    );
    let hits = (read_bases / 8.0) as u64;
    let load = |step: &str, items: u64, bytes_in: u64, bytes_out: u64, work: f64, memory: u64| Load {
        step: step.into(),
        items,
        bytes_in,
        bytes_out,
        work,
        memory,
    };
    let mib = |bytes: f64| bytes / f64::from(1 << 20);
    let index = bases * INDEX_PER_BASE;
    let chunk = bases / chunks.max(1);
    let calling = match spec.mode {
        Mode::Diploid => rows,
        Mode::Pool => read_bases,
    };
    Ok(vec![
        load(
            "index-reads",
            spec.reads.len() as u64,
            stored,
            stored / 300,
            mib(text as f64),
            64 << 20,
        ),
        load("index-reference", 1, reference, 4096, mib(reference as f64), 64 << 20),
        load(
            "index-chunks",
            chunks,
            reference,
            index,
            mib(bases as f64),
            (64 << 20) + 16 * chunk,
        ),
        load(
            "align",
            parts * chunks,
            stored * chunks + index * parts,
            hits,
            // Every read is looked up in every chunk; most of the time goes into the one that holds it.
            mib(read_bases) * (1.0 + 0.1 * chunks as f64),
            (128 << 20) + 2 * INDEX_PER_BASE * chunk,
        ),
        load("best-hit", parts, hits, hits, mib(hits as f64), 512 << 20),
        load(
            "pileup",
            parts * chunks,
            stored * chunks + hits + reference * parts,
            piled,
            mib(read_bases) * (1.0 + 0.02 * chunks as f64),
            (128 << 20) + 5 * stored / parts + 2 * chunk,
        ),
        load(
            "measure-errors",
            ranges.max(1),
            piled,
            ranges.max(1) * 4096,
            rows / 1e6,
            512 << 20,
        ),
        load("learn-errors", 1, ranges.max(1) * 4096, 4096, 1.0, 64 << 20),
        load("call", ranges.max(1), piled, bases / 50, calling / 1e6, 512 << 20),
        load("finish", 1, bases / 50, bases / 50, 1.0, 256 << 20),
    ])
}
