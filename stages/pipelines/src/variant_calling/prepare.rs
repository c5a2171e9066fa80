//! Indexes of the reads and of the reference, and how both are cut.
use object_io::Store;
use partition_fasta::{Chunk, ChunkSize, Fai, Gzi, Reference};
use partition_fastq::{Cut, Index, IndexRequest, ReadRange, default_index, plan_pairs, plan_reads};
use plan::{Object, Partition, Uri};
use serde::{Deserialize, Serialize};

use super::Spec;
use crate::{Context, Failure, Item, unnamed};

/// Task `index-reads`: indexes one FASTQ, unless a fresh index lies beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexReads {
    /// The FASTQ, in the version that the run is about.
    pub reads: Object,
    /// Where the index goes.
    pub out: Uri,
}

/// What a FASTQ holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexedReads {
    /// Its index.
    pub index: Uri,
    /// Its reads.
    pub reads: u64,
    /// Bytes of (decompressed) text.
    pub text_bytes: u64,
    /// Bases of the longest read.
    pub longest: u64,
}

pub(super) async fn index_reads(store: Store, request: IndexReads) -> Result<IndexedReads, partition_fastq::Error> {
    let IndexReads { reads, out } = request;
    let beside = default_index(&reads.uri);
    let ready = match Index::open(&store, &beside).await {
        Ok(index) if index.header().index.check(&reads).is_ok() => Some(index),
        _ => None,
    };
    let (uri, index) = if let Some(index) = ready {
        (beside, index)
    } else {
        let request = IndexRequest {
            out: Some(out.clone()),
            ..IndexRequest::new(reads.uri)
        };
        (
            out,
            partition_fastq::index(&store, &request, std::sync::Arc::new(|_| {})).await?,
        )
    };
    let summary = &index.header().summary;
    Ok(IndexedReads {
        index: uri,
        reads: summary.reads,
        text_bytes: summary.text_bytes,
        longest: summary.longest.unwrap_or(0),
    })
}

/// Task `index-reference`: finds where the sequences of a FASTA lie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexReference {
    /// The FASTA, in the version that the run is about.
    pub reference: Object,
    /// Where `.fai` (and `.gzi` of a bgzipped FASTA) go.
    pub out: Uri,
}

/// What a FASTA holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexedReference {
    /// The FASTA.
    pub object: Object,
    /// Its index.
    pub fai: Uri,
    /// The index of its blocks, if it is bgzipped.
    pub gzi: Option<Uri>,
    /// Its sequences.
    pub contigs: u64,
    /// Bases of all of them.
    pub bases: u64,
}

pub(super) async fn index_reference(
    store: Store,
    request: IndexReference,
) -> Result<IndexedReference, partition_fasta::Error> {
    let IndexReference { reference, out } = request;
    let reference = Reference::open(&store, &reference.uri).await?;
    let fai = store.put(&out.with_suffix(".fai"), reference.fai.to_text()).await?.uri;
    let gzi = match &reference.gzi {
        None => None,
        Some(gzi) => Some(store.put(&out.with_suffix(".gzi"), gzi.to_bytes()).await?.uri),
    };
    Ok(IndexedReference {
        fai,
        gzi,
        contigs: reference.fai.contigs().len() as u64,
        bases: reference.fai.bases(),
        object: reference.object,
    })
}

impl IndexedReference {
    /// The reference as it was indexed.
    pub(super) async fn open(self, store: &Store) -> Result<Reference, Failure> {
        let text = store.get(&self.fai).await?;
        let fai = Fai::parse(&text).map_err(|source| partition_fasta::Error::Fai {
            object: self.fai,
            source,
        })?;
        let gzi = match self.gzi {
            None => None,
            Some(uri) => {
                let bytes = store.get(&uri).await?;
                Some(Gzi::parse(&bytes).map_err(|source| partition_fasta::Error::Gzi { object: uri, source })?)
            }
        };
        Ok(Reference {
            object: self.object,
            fai,
            gzi,
        })
    }
}

pub(super) async fn plan_index_reads(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let mut items = Vec::new();
    for reads in &spec.reads {
        let reads = context.store.head(reads).await?;
        items.push(Item::new(
            reads.uri.name().to_owned(),
            &IndexReads { reads, out: unnamed() },
        )?);
    }
    Ok(items)
}

pub(super) async fn plan_index_reference(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let reference = context.store.head(&spec.reference).await?;
    let label = reference.uri.name().to_owned();
    Ok(vec![Item::new(
        label,
        &IndexReference {
            reference,
            out: unnamed(),
        },
    )?])
}

/// The parts of the reads: of each, one partition, or two in step.
pub(super) async fn read_parts(context: &Context) -> Result<Vec<Vec<Partition<ReadRange>>>, Failure> {
    let spec: Spec = context.spec()?;
    let indexed: Vec<IndexedReads> = context.responses("index-reads")?;
    let mut indexes = Vec::new();
    for file in &indexed {
        indexes.push(Index::open(&context.store, &file.index).await?);
    }
    let cut = Cut::Parts(spec.fastq_parts);
    match &indexes[..] {
        [only] => {
            let plan = plan_reads(&context.store, only, cut, 1).await?;
            Ok(plan.partitions.into_iter().map(|part| vec![part]).collect())
        }
        [first, second] => {
            let [first, second] = plan_pairs(&context.store, [first, second], cut).await?;
            let pairs = first.partitions.into_iter().zip(second.partitions);
            Ok(pairs.map(|(first, second)| vec![first, second]).collect())
        }
        _ => Err(Failure::invalid("variant calling takes one FASTQ, or R1 and R2")),
    }
}

/// The chunks of the reference. Neighbours overlap so far that no alignment notices the cut.
pub(super) async fn chunks(context: &Context) -> Result<Vec<Partition<Chunk>>, Failure> {
    let spec: Spec = context.spec()?;
    let indexed: Vec<IndexedReads> = context.responses("index-reads")?;
    let longest = indexed.iter().map(|reads| reads.longest).max().unwrap_or(0);
    let reference = context
        .response::<IndexedReference>("index-reference")?
        .open(&context.store)
        .await?;
    let size = spec
        .fasta_parts
        .map_or(ChunkSize::Bases(Spec::CHUNK_BASES), ChunkSize::Parts);
    Ok(reference
        .plan(size, 2 * stage_align::flank(longest, spec.preset))
        .partitions)
}
