//! What `tessera fastq` prints.
use std::time::Duration;

use partition_fastq::{ByteRange, CutReport, Index, ReadRange, Storage};
use plan::{Partition, Plan, Uri};
use serde_json::json;

use crate::show;

pub(super) fn index(index: &Index, as_json: bool) -> anyhow::Result<()> {
    let header = index.header();
    let (source, summary) = (&header.index.source, &header.summary);
    if as_json {
        return show::json(&json!({
            "header": header,
            "places": index.row_count(),
            "index_bytes": index.stored_bytes(),
        }));
    }
    let mut stored = format!("{} of {}", show::bytes(source.size), header.storage);
    if let Some(members) = header.members.filter(|_| header.storage == Storage::Gzip) {
        let plural = if members == 1 { "" } else { "s" };
        stored += &format!(", {} member{plural}", show::count(members));
    }
    let lengths = match (summary.shortest, summary.longest) {
        (Some(shortest), Some(longest)) if shortest == longest => format!("{longest} bases each"),
        (Some(shortest), Some(longest)) => format!("{shortest} to {} bases", show::count(longest)),
        _ => "none".into(),
    };
    let qualities = match (summary.lowest_quality, summary.highest_quality) {
        (Some(lowest), Some(highest)) => format!("Q{} to Q{}", i16::from(lowest) - 33, i16::from(highest) - 33),
        _ => "none".into(),
    };
    let mut rows = vec![
        ["object".into(), source.uri.to_string()],
        ["stored".into(), stored],
        ["text".into(), show::bytes(summary.text_bytes)],
        ["reads".into(), show::count(summary.reads)],
        ["bases".into(), show::count(summary.bases)],
        ["lengths".into(), lengths],
        ["qualities".into(), qualities],
        ["first read".into(), summary.first_name.clone().unwrap_or_default()],
        ["last read".into(), summary.last_name.clone().unwrap_or_default()],
        ["places to start from".into(), show::count(index.row_count())],
    ];
    if let Some(bytes) = index.stored_bytes() {
        let share = bytes as f64 * 100.0 / source.size.max(1) as f64;
        rows.push([
            "index".into(),
            format!("{} ({share:.2} % of the object)", show::bytes(bytes)),
        ]);
    }
    Ok(show::print(show::table(["", ""], rows))?)
}

fn row(partition: &Partition<ReadRange>) -> [String; 5] {
    let reads = &partition.scope.reads;
    let bytes = partition.bytes.first().cloned().unwrap_or_default();
    [
        partition.number.to_string(),
        format!("{}..{}", reads.start, reads.end),
        show::count(reads.end - reads.start),
        format!("{}..{}", bytes.start, bytes.end),
        show::bytes(bytes.end - bytes.start),
    ]
}

const COLUMNS: [&str; 5] = ["part", "reads", "count", "stored bytes", "to fetch"];

pub(super) fn plan(index: &Index, plan: &Plan<ReadRange>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(plan);
    }
    let parts = plan.partitions.len();
    let reads = show::count(index.header().summary.reads);
    show::print(show::table(COLUMNS, plan.partitions.iter().map(row)))?;
    Ok(show::print(format!("{reads} reads in {parts} parts"))?)
}

pub(super) fn pair_plan(plans: &[Plan<ReadRange>; 2], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(plans);
    }
    for plan in plans {
        show::print(plan.object.uri.as_str())?;
        show::print(show::table(COLUMNS, plan.partitions.iter().map(row)))?;
    }
    Ok(show::print("the reads of both files are mates, in the same order")?)
}

pub(super) fn byte_plan(plan: &Plan<ByteRange>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(plan);
    }
    let row = |partition: &Partition<ByteRange>| {
        let bytes = &partition.scope.bytes;
        [
            partition.number.to_string(),
            format!("{}..{}", bytes.start, bytes.end),
            show::bytes(bytes.end - bytes.start),
        ]
    };
    show::print(show::table(["part", "bytes", "size"], plan.partitions.iter().map(row)))?;
    Ok(show::print("each worker moves both ends to the next record start")?)
}

pub(super) fn cut(report: &CutReport, out: &Uri, time: Duration, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(report);
    }
    let row = |part: &partition_fastq::PartFile| {
        let names: Vec<&str> = part.files.iter().map(|file| file.uri.name()).collect();
        let bytes = part.files.iter().map(|file| file.size).sum();
        let reads = part.reads.end - part.reads.start;
        [
            part.number.to_string(),
            show::count(reads),
            show::bytes(bytes),
            names.join("  "),
        ]
    };
    show::print(show::table(
        ["part", "reads", "size", "files"],
        report.parts.iter().map(row),
    ))?;
    let parts = report.parts.len();
    Ok(show::print(format!(
        "{parts} parts in {out}, {}",
        show::duration(time)
    ))?)
}
