//! From a read to its hits in one chunk of the reference.
use std::ops::Range;

use genomics_tables::{Cigar, CigarKind, Hit, Seeds};

use crate::{
    Preset,
    chain::{Anchor, Chain, ChainParams, chain},
    minimap::{Aligner, Index, Options, RawHit},
    penalty::Penalties,
};

/// Shorter reads may score too little to be hits at all; minimap2 knows.
const SHORTEST_PLAIN: u32 = 40;

/// A stretch of a contig that an index holds as one sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// 0-based number of the contig.
    pub contig: u32,
    /// Its bases that the index holds, 0-based half-open.
    pub text: Range<u64>,
    /// The bases it answers for: only hits whose leftmost base lies here are given.
    pub owned: Range<u64>,
}

/// Finds the hits of reads in one chunk of a reference. Shared by threads, each with a [`Scratch`] of its own.
pub struct Mapper {
    index: Index,
    stretches: Vec<Stretch>,
    options: Options,
    penalties: Penalties,
    short: bool,
    most_places: usize,
}

/// What one thread keeps between reads.
pub struct Scratch {
    aligner: Aligner,
    anchors: Vec<Anchor>,
    raw: Vec<RawHit>,
    reference: Vec<u8>,
    forward: Vec<u8>,
    backward: Vec<u8>,
    backward_quality: Vec<u8>,
    /// Reads of which a seed was left out because it lies at too many places.
    pub(crate) repetitive: u64,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            aligner: Aligner::new(),
            anchors: Vec::new(),
            raw: Vec::new(),
            reference: Vec::new(),
            forward: Vec::new(),
            backward: Vec::new(),
            backward_quality: Vec::new(),
            repetitive: 0,
        }
    }
}

impl Mapper {
    /// A mapper over `index`, whose i-th sequence is `stretches[i]`. `None` if they do not fit together.
    pub(crate) fn new(index: Index, stretches: Vec<Stretch>, preset: Preset, most_places: usize) -> Option<Self> {
        let lengths = index.lengths();
        let options = Options::new(preset);
        if !index.is_for(&options) {
            return None;
        }
        let fits = |(stretch, length): (&Stretch, &u32)| stretch.text.end - stretch.text.start == u64::from(*length);
        (lengths.len() == stretches.len() && stretches.iter().zip(&lengths).all(fits)).then(|| Self {
            index,
            stretches,
            options,
            penalties: Penalties::new(preset),
            short: preset.is_short(),
            most_places,
        })
    }

    /// The hits of `read` that this chunk owns, in order of place, each with read number 0.
    pub fn hits(&self, scratch: &mut Scratch, read: &[u8], quality: &[u8]) -> Vec<Hit> {
        let Scratch { aligner, anchors, .. } = scratch;
        scratch.repetitive += u64::from(aligner.anchors(&self.index, &self.options, read, self.most_places, anchors));
        let mut chains = chain(anchors, &self.chain_params(read.len()));
        let seeds = leave_out_hopeless(&mut chains, read.len());
        let mut hits = Vec::new();
        encode(read, quality, scratch);
        for (mut chain, seeds) in chains.into_iter().zip(seeds) {
            scratch.raw.clear();
            if let Some(raw) = self.plain_alignment(scratch, &chain) {
                scratch.raw.push(raw);
            } else {
                scratch
                    .aligner
                    .align(&self.index, &self.options, read, &mut chain, &mut scratch.raw);
            }
            for raw in std::mem::take(&mut scratch.raw) {
                hits.extend(self.finish(scratch, &raw, quality, &seeds));
            }
        }
        hits.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
        hits.dedup_by(|later, first| same_place(later, first));
        hits
    }

    fn chain_params(&self, read_length: usize) -> ChainParams {
        let map = &self.options.map;
        let k = f32::from(self.options.index.k);
        let read_length = i32::try_from(read_length).unwrap_or(i32::MAX / 4);
        // A step along the read cannot be longer than the read, one along the reference not longer than that and the band.
        let (reference_step, read_step) = if self.short {
            (read_length + map.bw, read_length)
        } else {
            (map.max_gap, map.max_gap)
        };
        ChainParams {
            reference_step,
            read_step,
            band: map.bw,
            max_skip: map.max_chain_skip,
            max_steps: map.max_chain_iter as usize,
            min_anchors: if self.short { 1 } else { 3 },
            min_score: if self.short {
                i32::from(self.options.index.k)
            } else {
                map.min_chain_score
            },
            gap_cost: map.chain_gap_scale * 0.01 * k,
        }
    }

    /// The alignment of a short read that differs from the reference in at most one base: end to end, without gaps.
    ///
    /// No other scores as high, so minimap2 need not be asked: a gap costs `q + e` = 14 or more and saves one difference,
    /// `a + b` = 10; clipping an end saves at most `b` = 8 and gives up `end_bonus` = 10.
    fn plain_alignment(&self, scratch: &mut Scratch, chain: &Chain) -> Option<RawHit> {
        let length = scratch.forward.len() as u32;
        if !self.short || length < SHORTEST_PLAIN {
            return None;
        }
        let (sequence, reverse, start) = chain.diagonal()?;
        let start = u32::try_from(start).ok()?;
        let end = start
            .checked_add(length)
            .filter(|&end| u64::from(end) <= self.length(sequence))?;
        self.index.bases(sequence, start, end, &mut scratch.reference);
        let read = if reverse { &scratch.backward } else { &scratch.forward };
        let (mut differences, mut ambiguous) = (0, false);
        for (base, target) in read.iter().zip(&scratch.reference) {
            differences += u32::from(base != target);
            ambiguous |= *base > 3 || *target > 3;
        }
        (differences <= 1 && !ambiguous).then(|| RawHit {
            sequence,
            reverse,
            reference: start..end,
            query: 0..length,
            matches: length - differences,
            block: length,
            ambiguous: 0,
            cigar: vec![length << 4],
        })
    }

    /// Bases of a sequence of the index.
    fn length(&self, sequence: u32) -> u64 {
        let stretch = self.stretches.get(sequence as usize);
        stretch.map_or(0, |stretch| stretch.text.end - stretch.text.start)
    }

    /// Turns what minimap2 says into a hit, unless another chunk answers for the place.
    fn finish(&self, scratch: &mut Scratch, raw: &RawHit, quality: &[u8], seeds: &Seeds) -> Option<Hit> {
        let stretch = self.stretches.get(raw.sequence as usize)?;
        let position = stretch.text.start + u64::from(raw.reference.start);
        if !stretch.owned.contains(&position) {
            return None;
        }
        let length = scratch.forward.len() as u32;
        let (before, behind) = if raw.reverse {
            (length - raw.query.end, raw.query.start)
        } else {
            (raw.query.start, length - raw.query.end)
        };
        let mut cigar = Cigar::new();
        cigar.push(CigarKind::SoftClip, before);
        for packed in &raw.cigar {
            cigar.push(kind(packed & 15), packed >> 4);
        }
        cigar.push(CigarKind::SoftClip, behind);
        self.index.bases(
            raw.sequence,
            raw.reference.start,
            raw.reference.end,
            &mut scratch.reference,
        );
        let (bases, quality) = if raw.reverse {
            (&scratch.backward, &scratch.backward_quality[..])
        } else {
            (&scratch.forward, quality)
        };
        Some(Hit {
            contig: stretch.contig,
            position,
            reverse: raw.reverse,
            score: self.score(raw),
            penalty: self
                .penalties
                .of(cigar.operations(), bases, quality, &scratch.reference),
            edit_distance: raw.block - raw.matches + raw.ambiguous,
            matches: raw.matches,
            cigar,
            seeds: seeds.clone(),
            ..Hit::default()
        })
    }

    /// The score of the whole alignment, each gap by the cheaper of the two affine costs.
    fn score(&self, raw: &RawHit) -> i32 {
        let map = &self.options.map;
        let (mut aligned, mut gaps) = (0, 0);
        for packed in &raw.cigar {
            let length = (packed >> 4) as i32;
            match kind(packed & 15) {
                CigarKind::Match => aligned += length,
                _ => gaps += (map.q + map.e * length).min(map.q2 + map.e2 * length),
            }
        }
        let matches = raw.matches as i32;
        let ambiguous = (raw.ambiguous as i32).min(aligned - matches);
        map.a * matches - map.b * (aligned - matches - ambiguous) - map.sc_ambi * ambiguous - gaps
    }
}

fn kind(packed: u32) -> CigarKind {
    match packed {
        1 => CigarKind::Insertion,
        2 => CigarKind::Deletion,
        3 => CigarKind::Skip,
        _ => CigarKind::Match,
    }
}

/// Drops chains that a much better one makes pointless, and gives the seeds of those that stay.
fn leave_out_hopeless(chains: &mut Vec<Chain>, read_length: usize) -> Vec<Seeds> {
    chains.sort_by_key(|chain| std::cmp::Reverse(chain.score));
    let all: Vec<Seeds> = chains
        .iter()
        .map(|chain| Seeds {
            score: chain.score,
            range: chain.query(read_length),
        })
        .collect();
    let stays: Vec<bool> = all
        .iter()
        .map(|seeds| {
            !all.iter()
                .take_while(|other| other.score > seeds.score)
                .any(|other| other.outweigh(seeds))
        })
        .collect();
    let mut keep = stays.iter();
    chains.retain(|_| *keep.next().unwrap_or(&false));
    let mut keep = stays.iter();
    all.into_iter().filter(|_| *keep.next().unwrap_or(&false)).collect()
}

/// Orders hits by place; of equal places the one with the better seeds comes first.
fn place(hit: &Hit) -> impl Ord {
    let seeds = &hit.seeds;
    let packed = hit.cigar.packed().to_vec();
    (
        hit.contig,
        hit.position,
        hit.reverse,
        packed,
        -seeds.score,
        seeds.range.start,
        seeds.range.end,
    )
}

fn same_place(a: &Hit, b: &Hit) -> bool {
    (a.contig, a.position, a.reverse, &a.cigar) == (b.contig, b.position, b.reverse, &b.cigar)
}

/// The read as 0 to 4 for A, C, G, T and others, and its reverse complement with its qualities.
fn encode(read: &[u8], quality: &[u8], scratch: &mut Scratch) {
    let code = |base: &u8| match base {
        b'A' | b'a' => 0,
        b'C' | b'c' => 1,
        b'G' | b'g' => 2,
        b'T' | b't' | b'U' | b'u' => 3,
        _ => 4,
    };
    scratch.forward.clear();
    scratch.forward.extend(read.iter().map(code));
    scratch.backward.clear();
    scratch.backward.extend(
        scratch
            .forward
            .iter()
            .rev()
            .map(|&base| if base < 4 { 3 - base } else { 4 }),
    );
    scratch.backward_quality.clear();
    scratch.backward_quality.extend(quality.iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bases that look random, from a seed.
    fn bases(mut state: u64, count: usize) -> Vec<u8> {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            b"ACGT"[(state >> 33) as usize % 4]
        };
        (0..count).map(|_| next()).collect()
    }

    fn mapper(contig: &[u8], text: Range<usize>, owned: Range<u64>) -> Mapper {
        let options = Options::new(Preset::ShortReads);
        let index = Index::build(vec![("1_1".into(), contig[text.clone()].to_vec())], &options).unwrap();
        let index = Index::load(&index.dump().unwrap()).unwrap();
        let stretch = Stretch {
            contig: 3,
            text: text.start as u64..text.end as u64,
            owned,
        };
        Mapper::new(index, vec![stretch], Preset::ShortReads, 1000).unwrap()
    }

    fn hits(mapper: &Mapper, read: &[u8]) -> Vec<Hit> {
        mapper.hits(&mut Scratch::default(), read, &vec![b'F'; read.len()])
    }

    #[test]
    fn a_read_is_found_where_it_comes_from() {
        let contig = bases(1, 5_000);
        let found = hits(&mapper(&contig, 0..5_000, 0..5_000), &contig[2_000..2_150]);
        assert_eq!(found.len(), 1);
        let hit = &found[0];
        assert_eq!(
            (hit.contig, hit.position, hit.reverse, hit.cigar.to_string().as_str()),
            (3, 2_000, false, "150M")
        );
        assert_eq!(
            (hit.score, hit.penalty, hit.edit_distance, hit.matches),
            (300, 0, 0, 150)
        );
    }

    #[test]
    fn a_difference_next_to_the_end_is_aligned_not_clipped() {
        let contig = bases(1, 5_000);
        let mut read = contig[2_000..2_150].to_vec();
        read[1] = if read[1] == b'A' { b'C' } else { b'A' };
        read[149] = if read[149] == b'A' { b'C' } else { b'A' };
        let found = hits(&mapper(&contig, 0..5_000, 0..5_000), &read);
        assert_eq!(
            (found[0].cigar.to_string().as_str(), found[0].edit_distance),
            ("150M", 2)
        );
        assert_eq!((found[0].score, found[0].penalty), (280, 68));
    }

    #[test]
    fn reverse_reads_and_gaps() {
        let contig = bases(1, 5_000);
        let mut read: Vec<u8> = [&contig[2_000..2_060], &contig[2_065..2_155]].concat();
        read.reverse();
        for base in &mut read {
            *base = match base {
                b'A' => b'T',
                b'C' => b'G',
                b'G' => b'C',
                _ => b'A',
            };
        }
        let found = hits(&mapper(&contig, 0..5_000, 0..5_000), &read);
        assert!(found[0].reverse);
        assert_eq!(
            (found[0].position, found[0].matches, found[0].edit_distance),
            (2_000, 150, 5)
        );
        assert_eq!((found[0].score, found[0].penalty), (300 - 12 - 10, 50));
    }

    #[test]
    fn a_hit_belongs_to_the_chunk_that_owns_its_leftmost_base() {
        let contig = bases(1, 9_000);
        let left = mapper(&contig, 0..5_300, 0..4_500);
        let right = mapper(&contig, 3_700..9_000, 4_500..9_000);
        let whole = mapper(&contig, 0..9_000, 0..9_000);
        for start in (4_000..5_000).step_by(7) {
            let read = &contig[start..start + 150];
            let parts: Vec<Hit> = hits(&left, read).into_iter().chain(hits(&right, read)).collect();
            assert_eq!(parts, hits(&whole, read));
            assert_eq!(parts.len(), 1);
        }
    }

    #[test]
    fn plain_alignments_are_those_of_minimap2() {
        let contig = bases(1, 3_000);
        let mapper = mapper(&contig, 0..3_000, 0..3_000);
        let mut scratch = Scratch::default();
        let mut plain = 0;
        for at in 0..150 {
            let start = at * 19;
            let mut read = contig[start..start + 150].to_vec();
            if at % 5 > 0 {
                read[at] = if read[at] == b'A' { b'C' } else { b'A' };
            }
            let quality = vec![b'F'; 150];
            encode(&read, &quality, &mut scratch);
            let Scratch { aligner, anchors, .. } = &mut scratch;
            aligner.anchors(&mapper.index, &mapper.options, &read, 1000, anchors);
            for mut chain in chain(anchors, &mapper.chain_params(150)) {
                let Some(ours) = mapper.plain_alignment(&mut scratch, &chain) else {
                    continue;
                };
                plain += 1;
                let mut theirs = Vec::new();
                let aligner = &mut scratch.aligner;
                aligner.align(&mapper.index, &mapper.options, &read, &mut chain, &mut theirs);
                assert_eq!(theirs, [ours]);
            }
        }
        assert_eq!(plain, 150);
    }

    #[test]
    fn reads_without_seeds_have_no_hits() {
        let contig = bases(1, 5_000);
        let mapper = mapper(&contig, 0..5_000, 0..5_000);
        for read in [&b""[..], b"A", b"ACGTACGTACGTACGTACGT", &[b'N'; 150], &bases(99, 150)] {
            assert_eq!(hits(&mapper, read), []);
        }
    }
}
