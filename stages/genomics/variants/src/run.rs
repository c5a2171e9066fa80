//! The two tasks: call one range, and join the ranges into one file.
use std::ops::Range;

use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Counts, Error, ErrorModel, FLANK, Mode, Params, bgzf, call_range, header, learn, tabix, tables::Tables,
    write_record,
};

/// Calls the variants of one range of one contig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Pileup tables: all that may hold rows of the range or of [`FLANK`] bases around it, in any order.
    pub pileups: Vec<Uri>,
    /// 0-based number of the contig.
    pub contig: u32,
    /// Its name.
    pub name: String,
    /// What to call, 0-based half-open.
    pub positions: Range<u64>,
    /// The model.
    #[serde(default)]
    pub mode: Mode,
    /// The [`ErrorModel`] of the whole run, as JSON; without it base qualities are taken at their word.
    #[serde(default)]
    pub errors: Option<Uri>,
    /// Where the records go: `<out>.vcf.gz`, BGZF blocks without header and end.
    pub out: Uri,
}

/// What was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The records.
    pub records: Object,
    /// Figures.
    pub counts: Counts,
}

/// Calls the variants of one range.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    let out = request.out.with_suffix(".vcf.gz");
    let tables = Tables::open(&store, &request.pileups).await?;
    let errors = match &request.errors {
        Some(model) => learn::get(&store, model).await?,
        None => ErrorModel::default(),
    };
    let work = move || call(&request, &tables, errors);
    let called = tokio::task::spawn_blocking(work).await;
    let (text, counts) = called.map_err(|source| Error::Panic {
        uri: out.clone(),
        source,
    })??;
    let records = store.put(&out, bgzf::compress(text.as_bytes())).await?;
    Ok(Response { records, counts })
}

fn call(request: &Request, tables: &Tables, errors: ErrorModel) -> Result<(String, Counts), Error> {
    let Range { start, end } = request.positions;
    let around = start.saturating_sub(FLANK)..end.saturating_add(FLANK);
    let pileup = tables.sum(request.contig, around)?;
    let params = Params {
        mode: request.mode,
        errors,
        ..Params::default()
    };
    let calls = call_range(&pileup, request.contig, start..end, &params);
    let (mut text, mut counts) = (String::new(), Counts::default());
    for call in &calls {
        write_record(call, &request.name, &mut text);
        counts.add(call);
    }
    for at in pileup.find(request.contig, start..end) {
        counts.covered += 1;
        counts.depth += u64::from(pileup.row(at).depth);
    }
    Ok((text, counts))
}

/// Joins the records of all ranges into one VCF file with its index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishRequest {
    /// Records of the ranges, in order of (contig, position).
    pub parts: Vec<Uri>,
    /// Names and lengths of all contigs, in the order of the reference.
    pub contigs: Vec<(String, u64)>,
    /// Name of the sample.
    pub sample: String,
    /// The model that called.
    #[serde(default)]
    pub mode: Mode,
    /// The command to note in the header.
    pub command: String,
    /// Where the file goes: `<out>.vcf.gz` and `<out>.vcf.gz.tbi`.
    pub out: Uri,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishResponse {
    /// The VCF file.
    pub vcf: Object,
    /// Its tabix index; none if a contig is longer than the 2^29 bases that such an index covers.
    pub index: Option<Object>,
}

/// Joins the records of all ranges: the store copies them, nothing is compressed again.
pub async fn finish(store: Store, request: FinishRequest) -> Result<FinishResponse, Error> {
    let out = request.out.with_suffix(".vcf.gz");
    let (head, tail) = (out.with_suffix(".head"), out.with_suffix(".tail"));
    let text = header(&request.contigs, &request.sample, request.mode, &request.command);
    let head_blocks = bgzf::compress(text.as_bytes());
    let mut offset = head_blocks.len() as u64;
    let indexed = request.contigs.iter().all(|&(_, length)| length <= tabix::LONGEST);
    let mut index = tabix::Tabix::default();
    if indexed {
        for uri in &request.parts {
            let bytes = store.get(uri).await?;
            add_part(&mut index, &bytes, offset).map_err(|what| Error::Part { uri: uri.clone(), what })?;
            offset += bytes.len() as u64;
        }
    }
    store.put(&head, head_blocks).await?;
    store.put(&tail, &bgzf::EOF[..]).await?;
    let all: Vec<Uri> = [head.clone()]
        .into_iter()
        .chain(request.parts)
        .chain([tail.clone()])
        .collect();
    let vcf = store.concat(&all, &out).await?;
    store.delete(&head).await?;
    store.delete(&tail).await?;
    let index = if indexed {
        Some(store.put(&out.with_suffix(".tbi"), index.finish()).await?)
    } else {
        None
    };
    Ok(FinishResponse { vcf, index })
}

/// Adds the records of a part that begins at byte `offset` of the file.
fn add_part(index: &mut tabix::Tabix, mut bytes: &[u8], mut offset: u64) -> Result<(), String> {
    // A record may begin in one block and end in the next.
    let mut line: Vec<u8> = Vec::new();
    let mut line_start = offset << 16;
    while !bytes.is_empty() {
        let block = bgzf::first_block(bytes)?;
        let mut at = 0;
        while let Some(end) = block.text[at..].iter().position(|&byte| byte == b'\n') {
            line.extend_from_slice(&block.text[at..at + end]);
            at += end + 1;
            // A virtual offset never points behind the text of its block.
            let next = if at == block.text.len() {
                (offset + block.size as u64) << 16
            } else {
                offset << 16 | at as u64
            };
            let (contig, start, length) = place(&line).ok_or("a line is no VCF record")?;
            index.add(contig, start, start + length, line_start, next);
            line.clear();
            line_start = next;
        }
        line.extend_from_slice(&block.text[at..]);
        bytes = &bytes[block.size..];
        offset += block.size as u64;
    }
    if line.is_empty() {
        Ok(())
    } else {
        Err("the last record has no line end".to_owned())
    }
}

/// Contig, 0-based position and reference length of a record.
fn place(line: &[u8]) -> Option<(&str, u64, u64)> {
    let mut fields = std::str::from_utf8(line).ok()?.split('\t');
    let contig = fields.next()?;
    let position: u64 = fields.next()?.parse().ok()?;
    let reference = fields.nth(1)?;
    Some((contig, position.checked_sub(1)?, reference.len() as u64))
}
