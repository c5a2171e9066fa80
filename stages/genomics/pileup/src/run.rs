//! The task: fetches a part of the reads, its alignments and its chunk, piles up, stores the rows.
use bytes::Bytes;
use genomics_tables::{Alignment, AlignmentKind, AlignmentReader, Mate, Pileup, PileupWriter};
use object_io::Store;
use partition_fasta::{Chunk, Sequence};
use partition_fastq::{ReadRange, read_part};
use plan::{Object, Partition, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Builder, Error, Read,
    part::Part,
    span::{Span, Spans},
};

/// Piles up one part of the reads on one chunk of the reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The same part of one FASTQ file, or of R1 and R2 cut in step.
    pub reads: Vec<Partition<ReadRange>>,
    /// The chunk.
    pub chunk: Partition<Chunk>,
    /// The part's alignments that the chunk won.
    pub alignments: Object,
    /// Where the table goes: `<out>.parquet`.
    pub out: Uri,
}

/// What was piled up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The rows, in order of (contig, position).
    pub pileup: Object,
    /// Reads piled up.
    pub reads: u64,
    /// Observations in all rows.
    pub observations: u64,
    /// Where the rows lie, for planning.
    pub spans: Vec<Span>,
}

/// Rows taken from the builder at once.
const BATCH: usize = 16 << 10;

/// Piles up one part of the reads on one chunk of the reference.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    let Request {
        reads,
        chunk,
        alignments,
        out,
    } = request;
    let table = store.read(&alignments, 0..alignments.size).await?;
    let sequences = partition_fasta::fetch(&store, &chunk).await?;
    let mut texts = Vec::with_capacity(reads.len());
    for part in &reads {
        texts.push(read_part(&store, part).await?);
    }
    let first = reads.first().map_or(0, |part| part.scope.reads.start);
    let out = out.with_suffix(".parquet");
    let work = {
        let (alignments, out) = (alignments.uri, out.clone());
        move || pile_up(table, &alignments, &sequences, first, texts, &out)
    };
    let piled = tokio::task::spawn_blocking(work).await;
    let (rows, response) = piled.map_err(|source| Error::Panic {
        uri: out.clone(),
        source,
    })??;
    let pileup = store.put(&out, rows).await?;
    Ok(Response { pileup, ..response })
}

fn pile_up(
    table: Bytes,
    alignments: &Uri,
    sequences: &[Sequence],
    first: u64,
    texts: Vec<Bytes>,
    out: &Uri,
) -> Result<(Vec<u8>, Response), Error> {
    let malformed = |source| Error::Table {
        uri: alignments.clone(),
        source,
    };
    let unwritable = |source| Error::Table {
        uri: out.clone(),
        source,
    };
    let reader = AlignmentReader::new(table).map_err(malformed)?;
    let mut rows = Vec::with_capacity(reader.rows().min(1 << 24) as usize);
    for alignment in reader {
        let alignment = alignment.map_err(malformed)?;
        if alignment.kind != AlignmentKind::Secondary {
            rows.push(alignment);
        }
    }
    rows.sort_unstable_by_key(place);
    let part = Part::new(first, texts);
    let mut writer = PileupWriter::new(Vec::new()).map_err(unwritable)?;
    let mut spans = Spans::default();
    let mut observations = 0;
    let reads = rows.len() as u64;
    for of_contig in rows.chunk_by(|a, b| a.contig == b.contig) {
        let Some(sequence) = sequences
            .iter()
            .find(|sequence| sequence.piece.contig == of_contig[0].contig)
        else {
            return Err(Error::Contig {
                uri: alignments.clone(),
                contig: of_contig[0].contig,
            });
        };
        let mut builder = Builder::new(of_contig[0].contig, sequence.piece.text.start, &sequence.bases);
        let mut write = |rows: Pileup| {
            spans.add(&rows);
            writer.write(&rows).map_err(unwritable)
        };
        let mut own = Oriented::default();
        let mut other = Oriented::default();
        for alignment in of_contig {
            let absent = || Error::Absent {
                uri: alignments.clone(),
                read: alignment.read,
            };
            let read = own
                .turn(&part, alignment.read, alignment.mate, alignment.reverse)
                .ok_or_else(absent)?;
            let read = Read {
                position: alignment.position,
                mapq: alignment.mapq,
                cigar: alignment.cigar.packed(),
                ..read
            };
            let mate = match &alignment.mate_place {
                Some(place) if place.contig == alignment.contig => {
                    let mate = other_mate(alignment.mate);
                    let read = other
                        .turn(&part, alignment.read, mate, place.reverse)
                        .ok_or_else(absent)?;
                    // The quality of the mate's own place is not in this row, and not asked for.
                    Some(Read {
                        position: place.position,
                        cigar: place.cigar.packed(),
                        ..read
                    })
                }
                _ => None,
            };
            builder.add(&read, mate.as_ref()).map_err(|source| Error::Read {
                uri: alignments.clone(),
                read: alignment.read,
                source,
            })?;
            if builder.rows_ready() >= BATCH {
                write(builder.take_rows())?;
            }
        }
        let (rows, added) = builder.finish();
        observations += added;
        write(rows)?;
    }
    let table = writer.finish().map_err(unwritable)?;
    let nowhere = Object {
        uri: out.clone(),
        size: 0,
        etag: String::new(),
    };
    Ok((
        table,
        Response {
            pileup: nowhere,
            reads,
            observations,
            spans: spans.finish(),
        },
    ))
}

fn place(alignment: &Alignment) -> (u32, u64, u64, Mate, bool, u32) {
    let Alignment {
        contig,
        position,
        read,
        mate,
        reverse,
        ..
    } = *alignment;
    (contig, position, read, mate, reverse, alignment.query_range().start)
}

fn other_mate(mate: Mate) -> Mate {
    match mate {
        Mate::First => Mate::Second,
        _ => Mate::First,
    }
}

/// Buffers for a read in reference direction.
#[derive(Default)]
struct Oriented {
    bases: Vec<u8>,
    qualities: Vec<u8>,
}

impl Oriented {
    /// The read in reference direction; `None` if the part does not hold it.
    fn turn(&mut self, part: &Part, read: u64, mate: Mate, reverse: bool) -> Option<Read<'_>> {
        let (bases, qualities) = part.read(read, mate)?;
        self.bases.clear();
        self.qualities.clear();
        let phred = |&quality: &u8| quality.saturating_sub(b'!');
        if reverse {
            self.bases.extend(bases.iter().rev().map(|&base| complement(base)));
            self.qualities.extend(qualities.iter().rev().map(phred));
        } else {
            self.bases.extend(bases.iter().map(u8::to_ascii_uppercase));
            self.qualities.extend(qualities.iter().map(phred));
        }
        Some(Read {
            reverse,
            second: mate == Mate::Second,
            bases: &self.bases,
            qualities: &self.qualities,
            ..Read::default()
        })
    }
}

/// The letter of the other strand; whatever is no ACGT becomes N.
fn complement(base: u8) -> u8 {
    match base.to_ascii_uppercase() {
        b'A' => b'T',
        b'C' => b'G',
        b'G' => b'C',
        b'T' | b'U' => b'A',
        _ => b'N',
    }
}
