//! Gets the bases of chunks and regions.
use bytes::Bytes;
use object_io::Store;
use plan::{Object, Partition};

use crate::{Chunk, Error, Piece, Reference, Region, Sequence, unwrap_lines};

/// Pieces closer than this travel in one request: a header between two contigs, or a round trip's worth of bytes.
const GAP: u64 = 64 << 10;

/// Fetches one chunk: its pieces with their bases, in order.
///
/// # Errors
/// [`Error::OtherText`] when the file does not have its lines where the plan says.
pub async fn fetch(store: &Store, partition: &Partition<Chunk>) -> Result<Vec<Sequence>, Error> {
    let texts = store.read_ranges(&partition.object, &partition.bytes, GAP).await?;
    let pieces = partition.scope.pieces.iter();
    pieces
        .zip(&texts)
        .map(|(piece, text)| sequence(&partition.object, piece, text))
        .collect()
}

/// The bases of one region.
pub async fn read_region(store: &Store, reference: &Reference, region: &Region) -> Result<Sequence, Error> {
    let contig = &reference.fai.contigs()[region.contig];
    let range = region.range.clone();
    let piece = Piece::new(region.contig as u32, 1, contig, range.clone(), range);
    let text = store.read(&reference.object, contig.bytes(&region.range)).await?;
    sequence(&reference.object, &piece, &text)
}

fn sequence(object: &Object, piece: &Piece, text: &Bytes) -> Result<Sequence, Error> {
    let bases = unwrap_lines(piece, text).ok_or_else(|| Error::OtherText {
        object: object.uri.clone(),
        name: piece.name.clone(),
        index: "the index".into(),
    })?;
    Ok(Sequence {
        piece: piece.clone(),
        bases,
    })
}
