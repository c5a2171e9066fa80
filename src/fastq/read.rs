//! `tessera fastq read`, and the indexes of other programs.
use std::io::{self, Write};

use object_io::Store;
use partition_fastq::{Cut, Error, check_interleaved, plan_reads, stream_part, stream_reads};

use super::{ReadArguments, open, parse, usage};

/// Writes text to standard output.
fn to_stdout() -> impl FnMut(&[u8]) -> io::Result<()> + Send + 'static {
    let mut out = io::stdout();
    move |text| out.write_all(text)
}

pub(super) async fn run(arguments: ReadArguments, store: &Store) -> anyhow::Result<()> {
    let object = &arguments.reads_of;
    let by = &arguments.by;
    if let (true, Some(parts), Some(part)) = (arguments.by_bytes, by.parts, arguments.part) {
        let plan = partition_fastq::plan_bytes(store, object, parse::record_kind(object), parts).await?;
        let found = plan.partitions.get(part as usize);
        let partition = found.ok_or_else(|| usage(&format!("there is no part {part} of {parts}")))?;
        partition_fastq::read_bytes(store, partition, to_stdout()).await?;
        return Ok(io::stdout().flush()?);
    }
    let index = open(store, object, arguments.index.as_ref()).await?;
    if let Some(reads) = arguments.reads {
        stream_reads(store, &index, reads, to_stdout()).await?;
        return Ok(io::stdout().flush()?);
    }
    let cut = by.parts.map(Cut::Parts);
    let cut = cut.or(by.reads_per_part.map(Cut::ReadsPerPart));
    let cut = cut.or(by.target_size.map(Cut::TextBytes));
    let cut = cut.or(by.stored_size.map(Cut::StoredBytes));
    let (Some(cut), Some(part)) = (cut, arguments.part) else {
        return Err(usage("say which reads: --reads A..B, or --parts N --part I"));
    };
    if arguments.interleaved {
        check_interleaved(store, &index).await?;
    }
    let step = if arguments.interleaved { 2 } else { 1 };
    let plan = plan_reads(store, &index, cut, step).await?;
    let partition = plan.partitions.get(part as usize).ok_or_else(|| Error::NoPart {
        object: object.clone(),
        part,
        parts: plan.partitions.len() as u64,
        reads: index.header().summary.reads,
    })?;
    stream_part(store, partition, to_stdout()).await?;
    Ok(io::stdout().flush()?)
}
