//! Cuts a reference into chunks of nearly equal numbers of bases, from its `.fai` alone.
use std::{num::NonZero, ops::Range};

use plan::{Object, Partition, Plan, split_evenly};
use serde::{Deserialize, Serialize};

use crate::{Contig, Fai, Piece};

/// What a chunk stands for: whole contigs and pieces of contigs, in file order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The pieces. The bytes to fetch for the i-th are the partition's i-th range.
    pub pieces: Vec<Piece>,
    /// Whether the bytes are BGZF blocks to inflate.
    pub bgzf: bool,
}

impl Chunk {
    /// Bases of all pieces, overlap included.
    pub fn bases(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.text.end - piece.text.start).sum()
    }

    /// Bases that the chunk answers for.
    pub fn owned_bases(&self) -> u64 {
        self.pieces
            .iter()
            .map(|piece| piece.owned.end - piece.owned.start)
            .sum()
    }

    /// The piece that owns base `position` (0-based) of contig `contig`.
    pub fn owner(&self, contig: u32, position: u64) -> Option<&Piece> {
        self.pieces
            .iter()
            .find(|piece| piece.contig == contig && piece.owns(position))
    }
}

/// How large chunks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkSize {
    /// This many chunks, fewer when there are fewer bases.
    Parts(NonZero<u64>),
    /// As many chunks as needed for about this many owned bases in each.
    Bases(NonZero<u64>),
}

/// A cut moves to the end of a contig that is at most this fraction (1/20) of a chunk away: fewer pieces, less overlap.
const SNAP: u64 = 20;

/// Cuts the contigs of `fai` into chunks. Needs no byte of the sequence.
///
/// Owned ranges are disjoint, in file order, and cover every base. A contig is cut where a chunk is full; the two pieces
/// then share `overlap` bases of text (less where the contig ends before), half on each side of the border.
/// Contigs without bases are in no chunk. Stretches of N are bases like others: the `.fai` does not show them; see
/// [`crate::Sequence::is_all_n`].
///
/// ```
/// # use partition_fasta::{ChunkSize, Fai, plan_chunks};
/// let fai = Fai::parse(b"chr1\t100\t6\t60\t61\n").unwrap();
/// let object = plan::Object { uri: "ref.fa".parse().unwrap(), size: 108, etag: "1".into() };
/// let plan = plan_chunks(&object, &fai, ChunkSize::Parts(2.try_into().unwrap()), 10);
/// let piece = &plan.partitions[1].scope.pieces[0];
/// assert_eq!((piece.short_id.as_str(), &piece.text, &piece.owned), ("1_2", &(45..100), &(50..100)));
/// assert_eq!(plan.partitions[1].bytes, [51..107]);
/// ```
pub fn plan_chunks(object: &Object, fai: &Fai, size: ChunkSize, overlap: u64) -> Plan<Chunk> {
    let contigs = fai.contigs();
    let parts = match size {
        ChunkSize::Parts(parts) => parts.get(),
        ChunkSize::Bases(bases) => fai.bases().div_ceil(bases.get()),
    };
    let starts: Vec<u64> = contigs
        .iter()
        .scan(0, |next, contig| {
            let start = *next;
            *next += contig.bases;
            Some(start)
        })
        .collect();
    let mut pieces_so_far = vec![0; contigs.len()];
    let partitions = cuts(&starts, fai.bases(), parts)
        .zip(0..)
        .map(|(slice, number)| {
            let pieces = pieces(contigs, &starts, &slice, overlap, &mut pieces_so_far);
            let bytes = pieces
                .iter()
                .map(|piece| contigs[piece.contig as usize].bytes(&piece.text))
                .collect();
            Partition {
                object: object.clone(),
                number,
                bytes,
                scope: Chunk { pieces, bgzf: false },
            }
        })
        .collect();
    Plan {
        object: object.clone(),
        partitions,
    }
}

/// Ranges of the contigs laid end to end, each a chunk.
fn cuts(starts: &[u64], total: u64, parts: u64) -> impl Iterator<Item = Range<u64>> {
    let even = split_evenly(total, parts);
    let tolerance = total.checked_div(parts).unwrap_or(0) / SNAP;
    let snap = move |cut: u64| {
        let after = starts.partition_point(|&start| start < cut);
        let near = [
            after.checked_sub(1).map(|at| starts[at]),
            starts.get(after).copied(),
            Some(total),
        ];
        let nearest = near.into_iter().flatten().min_by_key(|border| border.abs_diff(cut));
        nearest
            .filter(|border| border.abs_diff(cut) <= tolerance)
            .unwrap_or(cut)
    };
    even.map(move |range| snap(range.start)..snap(range.end))
}

fn pieces(contigs: &[Contig], starts: &[u64], slice: &Range<u64>, overlap: u64, made: &mut [u64]) -> Vec<Piece> {
    let first = starts.partition_point(|&start| start <= slice.start).saturating_sub(1);
    let mut pieces = Vec::new();
    for (number, contig) in contigs.iter().enumerate().skip(first) {
        let start = starts[number];
        if start >= slice.end {
            break;
        }
        let owned = slice.start.saturating_sub(start).min(contig.bases)..(slice.end - start).min(contig.bases);
        if owned.is_empty() {
            continue;
        }
        made[number] += 1;
        let text = extend(&owned, contig.bases, overlap);
        pieces.push(Piece::new(number as u32, made[number], contig, text, owned));
    }
    pieces
}

/// `owned` with its share of the overlap on each side that is a cut, not an end of the contig.
fn extend(owned: &Range<u64>, bases: u64, overlap: u64) -> Range<u64> {
    let before = overlap / 2;
    owned.start.saturating_sub(before)..owned.end.saturating_add(overlap - before).min(bases)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fai(lengths: &[u64]) -> Fai {
        let mut offset = 0;
        let contig = |(number, &bases): (usize, &u64)| {
            offset += 10;
            let contig = Contig {
                name: format!("c{number}"),
                bases,
                offset,
                line_bases: 7,
                line_width: 8,
            };
            offset += bases + bases.div_ceil(7);
            contig
        };
        lengths
            .iter()
            .enumerate()
            .map(contig)
            .fold(Fai::default(), |mut fai, contig| {
                fai.push(contig).unwrap();
                fai
            })
    }

    fn object() -> Object {
        Object {
            uri: "mem://t/r.fa".parse().unwrap(),
            size: 1 << 40,
            etag: "e".into(),
        }
    }

    fn parts(count: u64) -> ChunkSize {
        ChunkSize::Parts(NonZero::new(count).unwrap())
    }

    #[test]
    fn small_contigs_share_a_chunk_and_large_ones_are_cut() {
        let plan = plan_chunks(&object(), &fai(&[10, 10, 100]), parts(2), 8);
        let ids: Vec<Vec<&str>> = plan
            .partitions
            .iter()
            .map(|part| part.scope.pieces.iter().map(|piece| piece.short_id.as_str()).collect())
            .collect();
        assert_eq!(ids, [vec!["1_1", "2_1", "3_1"], vec!["3_2"]]);
        assert_eq!(plan.partitions[0].scope.pieces[2].text, 0..44);
        assert_eq!(plan.partitions[1].scope.pieces[0].text, 36..100);
    }

    #[test]
    fn a_cut_near_the_end_of_a_contig_moves_there() {
        let plan = plan_chunks(&object(), &fai(&[1004, 996]), parts(2), 300);
        assert!(plan.partitions.iter().all(|part| part.scope.pieces.len() == 1));
    }

    #[test]
    fn bases_per_chunk() {
        let plan = plan_chunks(&object(), &fai(&[100]), ChunkSize::Bases(NonZero::new(30).unwrap()), 0);
        assert_eq!(plan.partitions.len(), 4);
        assert!(plan_chunks(&object(), &fai(&[]), parts(3), 0).partitions.is_empty());
    }

    proptest! {
        #[test]
        fn owned_ranges_cover_every_base_once_and_neighbours_share_the_overlap(
            lengths in prop::collection::vec(0u64..400, 0..8), count in 1u64..20, overlap in 0u64..50,
        ) {
            let fai = fai(&lengths);
            let plan = plan_chunks(&object(), &fai, parts(count), overlap);
            let pieces: Vec<&Piece> = plan.partitions.iter().flat_map(|part| &part.scope.pieces).collect();
            for (number, &bases) in lengths.iter().enumerate() {
                let own: Vec<_> = pieces.iter().filter(|piece| piece.contig as usize == number).collect();
                let mut next = 0;
                for piece in &own {
                    prop_assert_eq!(piece.owned.start, next);
                    prop_assert!(!piece.owned.is_empty());
                    next = piece.owned.end;
                }
                prop_assert_eq!(next, bases);
                for pair in own.windows(2) {
                    let border = pair[0].owned.end;
                    prop_assert_eq!(pair[0].text.end, (border + overlap - overlap / 2).min(bases));
                    prop_assert_eq!(pair[1].text.start, border.saturating_sub(overlap / 2));
                }
            }
            let largest = plan.partitions.iter().map(|part| part.scope.owned_bases()).max().unwrap_or(0);
            let even = fai.bases().div_ceil(count);
            prop_assert!(largest <= even + even / 10 + 1);
            prop_assert!(plan.partitions.iter().all(|part| !part.scope.pieces.is_empty()));
        }
    }
}
