//! Gets the bases of chunks and regions.
use std::ops::Range;

use bytes::Bytes;
use object_io::Store;
use plan::{Object, Partition};

use crate::{Chunk, Error, Piece, Reference, Region, Sequence, bgzf, unwrap_lines};

/// Pieces closer than this travel in one request: a header between two contigs, or a round trip's worth of bytes.
const GAP: u64 = 64 << 10;

/// Fetches one chunk: its pieces with their bases, in order.
///
/// # Errors
/// [`Error::OtherText`] when the file does not have its lines where the plan says.
pub async fn fetch(store: &Store, partition: &Partition<Chunk>) -> Result<Vec<Sequence>, Error> {
    let texts = store.read_ranges(&partition.object, &partition.bytes, GAP).await?;
    let partition = partition.clone();
    let decoded = tokio::task::spawn_blocking(move || decode(&partition, texts)).await;
    decoded.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// The pieces of `partition` from the bytes of its ranges.
///
/// # Errors
/// As [`fetch`].
pub fn decode(partition: &Partition<Chunk>, texts: Vec<Bytes>) -> Result<Vec<Sequence>, Error> {
    let Partition {
        object, bytes, scope, ..
    } = partition;
    if scope.pieces.len() != bytes.len() || texts.len() != bytes.len() {
        let (pieces, ranges) = (scope.pieces.len(), bytes.len().min(texts.len()));
        return Err(Error::Partition {
            object: object.uri.clone(),
            pieces,
            ranges,
        });
    }
    let one = |((piece, text), bytes): ((&Piece, Bytes), &Range<u64>)| {
        let text = if scope.bgzf {
            inflate(object, bytes, &text, piece.skip, piece.text_bytes())?
        } else {
            Some(text)
        };
        sequence(object, piece, text)
    };
    scope.pieces.iter().zip(texts).zip(bytes).map(one).collect()
}

/// The bases of one region.
pub async fn read_region(store: &Store, reference: &Reference, region: &Region) -> Result<Sequence, Error> {
    let contig = &reference.fai.contigs()[region.contig];
    let range = region.range.clone();
    let piece = Piece::new(region.contig as u32, 1, contig, range.clone(), range);
    let text = text(store, reference, contig.bytes(&region.range)).await?;
    sequence(&reference.object, &piece, text)
}

/// Bytes of the (inflated) text; `None` if it has not that many.
pub(super) async fn text(store: &Store, reference: &Reference, range: Range<u64>) -> Result<Option<Bytes>, Error> {
    let Reference { object, gzi, .. } = reference;
    match gzi {
        None if range.end > object.size => Ok(None),
        None => Ok(Some(store.read(object, range).await?)),
        Some(gzi) => {
            let (bytes, skip) = gzi.locate(&range, object.size);
            if bytes.end > object.size {
                return Ok(None);
            }
            let blocks = store.read(object, bytes.clone()).await?;
            inflate(object, &bytes, &blocks, skip, range.end - range.start)
        }
    }
}

fn inflate(object: &Object, bytes: &Range<u64>, blocks: &[u8], skip: u64, length: u64) -> Result<Option<Bytes>, Error> {
    let text = if length == 0 {
        Ok(Some(Vec::new()))
    } else {
        bgzf::inflate(blocks, skip, length)
    };
    let text = text.map_err(|source| Error::Blocks {
        object: object.uri.clone(),
        bytes: bytes.clone(),
        source,
    })?;
    Ok(text.map(Bytes::from))
}

fn sequence(object: &Object, piece: &Piece, text: Option<Bytes>) -> Result<Sequence, Error> {
    let bases = text.and_then(|text| unwrap_lines(piece, &text));
    let bases = bases.ok_or_else(|| Error::OtherText {
        object: object.uri.clone(),
        name: piece.name.clone(),
        index: "its index".into(),
    })?;
    Ok(Sequence {
        piece: piece.clone(),
        bases,
    })
}
