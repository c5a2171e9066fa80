//! Indels at one anchor: who shows which allele, and who could have shown one but does not.
use genomics_tables::{Entries, Indel, IndelKey, Indels, MatchKey, OtherKey, PileupRow};

use crate::{
    site::add_strand,
    weights::{USABLE_BIN, phred},
    window::{Window, usable_depth},
};

/// Longest stretch of reference looked at for repeats.
const REPEAT_MAX: u64 = 200;
/// How far a misread base can push an indel aside.
const ASIDE: u64 = 6;
/// At most so many alleles compete; the others count as errors.
const ALLELES: usize = 3;
/// Bases of a read beyond an indel without which an aligner places mismatches instead.
const MARGIN: u32 = 5;
/// A read with fewer aligned bases than this on one side of the indel hardly shows it.
const WEAK_FLANK: u32 = 4;

/// What the reference around an indel says about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Context {
    /// Bases that the indel could move to the right and stay the same.
    pub(crate) shift: u32,
    /// Probability that a read shows this indel by error.
    pub(crate) error: f64,
    /// How much likelier an indel is here than outside repeats.
    pub(crate) prior: f64,
}

/// One allele.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate<'a> {
    pub(crate) indel: Indel<'a>,
    /// Usable reads.
    pub(crate) reads: u32,
    /// Those of them with too short a flank to be believed.
    weak: u32,
    pub(crate) strands: [u32; 2],
    pub(crate) context: Context,
    /// The usable reads.
    pub(crate) keys: Vec<(IndelKey, u32)>,
}

/// All alleles at one anchor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found<'a> {
    pub(crate) alleles: Vec<Candidate<'a>>,
    /// Reads that reach over the whole repeat and show none of the indels.
    pub(crate) reference_reads: u32,
    /// Usable reads at the anchor, by strand.
    pub(crate) strands: [u32; 2],
    /// Usable reads at the anchor.
    pub(crate) depth: u32,
}

/// Length of an indel in bases.
pub(crate) fn length(indel: &Indel) -> u32 {
    match indel {
        Indel::Insertion(bases) => bases.len() as u32,
        Indel::Deletion(length) => *length,
    }
}

/// Whether at least two reads show an indel within `near` bases.
pub(crate) fn is_near(window: &Window, position: u64, near: u64) -> bool {
    let rows = window.rows(position.saturating_sub(near)..position + near + 1);
    rows.filter(|row| !row.indels.is_empty()).any(|row| {
        let counts =
            Indels::new(row.indels).map(|entry| Entries::new(entry.reads).map(|(_, count)| count).sum::<u32>());
        counts.max().unwrap_or(0) >= 2
    })
}

/// An indel that reads show somewhere, with the number of usable ones.
#[derive(Clone, Copy)]
struct Shown<'a> {
    anchor: u64,
    indel: Indel<'a>,
    list: &'a [u8],
    reads: u32,
}

impl Shown<'_> {
    /// Whether this may be the other indel, written differently because of a misread base: same kind and length, nearby.
    ///
    /// At one anchor only inserted bases can differ, and by few of them.
    fn resembles(&self, other: &Self) -> bool {
        match (self.indel, other.indel) {
            (Indel::Deletion(a), Indel::Deletion(b)) => a == b && self.anchor != other.anchor,
            (Indel::Insertion(a), Indel::Insertion(b)) => {
                let unlike = a.iter().zip(b).filter(|(a, b)| a != b).count();
                a.len() == b.len() && (self.anchor != other.anchor || (1..=1 + a.len() / 6).contains(&unlike))
            }
            _ => false,
        }
    }

    /// Orders alleles by support; the first of all that resemble each other stands for them.
    fn rank(&self) -> (std::cmp::Reverse<u32>, u64, Indel<'_>) {
        (std::cmp::Reverse(self.reads), self.anchor, self.indel)
    }
}

fn shown<'a>(row: &PileupRow<'a>) -> impl Iterator<Item = Shown<'a>> + use<'a> {
    let anchor = row.position;
    Indels::new(row.indels).filter_map(move |entry| {
        let named = match entry.indel {
            Indel::Insertion(bases) => bases.iter().all(|base| b"ACGT".contains(base)),
            Indel::Deletion(_) => true,
        };
        let usable = Entries::new(entry.reads).filter(|&(key, _)| IndelKey::unpack(key).mapq_bin >= USABLE_BIN);
        let reads: u32 = usable.map(|(_, count)| count).sum();
        (named && reads > 0).then_some(Shown {
            anchor,
            indel: entry.indel,
            list: entry.reads,
            reads,
        })
    })
}

/// The alleles whose anchor is this row, the most read first.
///
/// A misread base makes an aligner put an indel some bases aside, or changes an inserted base: such an allele is no allele of
/// its own, its reads count for the one that it resembles.
pub(crate) fn candidates<'a>(window: &Window<'a>, row: &PileupRow<'a>) -> Option<Found<'a>> {
    let around = window.rows(row.position.saturating_sub(ASIDE)..row.position + ASIDE + 1);
    let near: Vec<Shown> = around
        .filter(|row| !row.indels.is_empty())
        .flat_map(|row| shown(&row))
        .collect();
    let mut alleles: Vec<Candidate> = Vec::new();
    for own in near.iter().filter(|own| own.anchor == row.position) {
        if near
            .iter()
            .any(|other| other.rank() < own.rank() && own.resembles(other))
        {
            continue;
        }
        let mut lists = vec![own.list];
        lists.extend(
            near.iter()
                .filter(|other| own.rank() < other.rank() && own.resembles(other))
                .map(|other| other.list),
        );
        alleles.push(candidate(window, own, &lists));
    }
    alleles.sort_by_key(|allele| (std::cmp::Reverse(allele.reads), allele.indel));
    alleles.truncate(ALLELES);
    let strongest = alleles.first()?;
    // How far a read must reach to tell the strongest allele from the reference.
    let long = length(&strongest.indel);
    let deleted = if let Indel::Deletion(length) = strongest.indel {
        length
    } else {
        0
    };
    // A read must hold the inserted bases and more to show an insertion; a gap costs an aligner more the longer it is.
    let margin = MARGIN
        + if deleted > 0 {
            long.min(12) / 2
        } else {
            long.min(REPEAT_MAX as u32)
        };
    let reach = u64::from(strongest.context.shift + margin + deleted.min(REPEAT_MAX as u32));
    let left = u64::from(margin);
    let end = row.position + reach;
    let begun = window.starts((row.position + 1).saturating_sub(left)..end + 1);
    let spanning = window.usable_depth(end).saturating_sub(begun);
    let shown: u32 = alleles.iter().map(|allele| spanning_reads(allele, reach)).sum();
    let reference_reads = spanning.saturating_sub(shown);
    Some(Found {
        strands: strands(row),
        alleles,
        reference_reads,
        depth: usable_depth(row),
    })
}

fn candidate<'a>(window: &Window, own: &Shown<'a>, lists: &[&'a [u8]]) -> Candidate<'a> {
    let context = context(window, own.anchor, &own.indel);
    let mut candidate = Candidate {
        indel: own.indel,
        reads: 0,
        weak: 0,
        strands: [0, 0],
        context,
        keys: Vec::new(),
    };
    for (key, count) in lists.iter().flat_map(|list| Entries::new(list)) {
        let key = IndelKey::unpack(key);
        if key.mapq_bin < USABLE_BIN {
            continue;
        }
        candidate.reads += count;
        add_strand(&mut candidate.strands, key.strand, count);
        let behind = u32::from(key.right).saturating_sub(if key.right == 63 { 0 } else { context.shift });
        if u32::from(key.left).min(behind) < WEAK_FLANK {
            candidate.weak += count;
        }
        candidate.keys.push((key, count));
    }
    candidate
}

/// Reads of the allele that reach `reach` bases of the reference behind the anchor.
fn spanning_reads(allele: &Candidate, reach: u64) -> u32 {
    let deleted = if let Indel::Deletion(length) = allele.indel {
        u64::from(length)
    } else {
        0
    };
    let reaches = |key: &IndelKey| key.right == 63 || u64::from(key.right) + deleted >= reach;
    allele
        .keys
        .iter()
        .filter(|(key, _)| reaches(key))
        .map(|&(_, count)| count)
        .sum()
}

/// Looks at the reference behind the anchor: how far does the indel's sequence repeat?
pub(crate) fn context(window: &Window, anchor: u64, indel: &Indel) -> Context {
    let length = u64::from(length(indel));
    let (unit, after): (Vec<u8>, u64) = match indel {
        Indel::Insertion(bases) => (bases.to_vec(), anchor + 1),
        Indel::Deletion(_) => (
            window.letters(anchor + 1..anchor + 1 + length.min(REPEAT_MAX)),
            anchor + 1 + length,
        ),
    };
    let behind = window.letters(after..after + REPEAT_MAX);
    let repeats = |(at, letter): &(usize, &u8)| !unit.is_empty() && unit[at % unit.len()] == **letter;
    let shift = behind.iter().enumerate().take_while(repeats).count() as u32;
    // The tract in which the indel is one unit more or less, deleted bases included.
    let tract = if matches!(indel, Indel::Deletion(_)) {
        shift + length as u32
    } else {
        shift
    };
    let period = period(&unit) as u32;
    let copies = tract.checked_div(period).unwrap_or(0);
    Context {
        shift,
        error: slip_error(length as u32, period, copies),
        // Slippage makes indels in tandem repeats commoner, the more the more copies there are.
        prior: if copies < 4 {
            1.0
        } else {
            f64::from(copies - 2).min(20.0)
        },
    }
}

/// The shortest unit that a sequence repeats.
fn period(sequence: &[u8]) -> usize {
    (1..=sequence.len())
        .find(|&period| {
            sequence.len().is_multiple_of(period) && sequence[period..] == sequence[..sequence.len() - period]
        })
        .unwrap_or(0)
}

/// Probability that a read shows an indel that is not there.
///
/// Outside repeats the rates of the SiNPle model (1e-5 for one base, 1e-6 for more); in a tandem repeat polymerases slip:
/// about 2.5 Phred less for each further copy of a homopolymer, as Illumina reads show (1 in 100 at 12 copies).
fn slip_error(length: u32, period: u32, copies: u32) -> f64 {
    let outside: f64 = if length == 1 { 50.0 } else { 60.0 };
    let slope = if period <= 1 { 3.0 } else { 2.5 };
    let slips = f64::from(copies.saturating_sub(3)) * slope;
    phred(
        (outside - slips)
            .clamp(15.0, outside)
            .min(if copies > 4 { outside - slips } else { outside })
            .max(15.0),
    )
}

/// Usable reads of a row by strand.
fn strands(row: &PileupRow) -> [u32; 2] {
    let mut strands = [0, 0];
    for (key, count) in Entries::new(row.matches) {
        let key = MatchKey::unpack(key);
        if key.mapq_bin >= USABLE_BIN {
            add_strand(&mut strands, key.strand, count);
        }
    }
    for (key, count) in Entries::new(row.others) {
        let key = OtherKey::unpack(key);
        if key.mapq_bin >= USABLE_BIN {
            add_strand(&mut strands, key.strand, count);
        }
    }
    strands
}

impl Found<'_> {
    /// Strands of the reads at the anchor that show no indel.
    pub(crate) fn reference_strands(&self) -> [u32; 2] {
        let mut strands = self.strands;
        for allele in &self.alleles {
            for (sum, count) in strands.iter_mut().zip(allele.strands) {
                *sum = sum.saturating_sub(count);
            }
        }
        strands
    }

    /// ln likelihood of two alleles, 0 being the reference.
    pub(crate) fn likelihood(&self, a: usize, b: usize) -> f64 {
        let mut sum = 0.0;
        // Reads that show the reference.
        let worst = self
            .alleles
            .iter()
            .map(|allele| allele.context.error)
            .fold(1e-6, f64::max);
        sum += f64::from(self.reference_reads) * mean_ln(chance(a == 0, worst), chance(b == 0, worst));
        for (at, allele) in self.alleles.iter().enumerate() {
            let strong = f64::from(allele.reads - allele.weak);
            let error = allele.context.error;
            sum += strong * mean_ln(chance(a == at + 1, error), chance(b == at + 1, error));
            let error = error.max(0.01);
            sum += f64::from(allele.weak) * mean_ln(chance(a == at + 1, error), chance(b == at + 1, error));
        }
        sum
    }
}

fn chance(same: bool, error: f64) -> f64 {
    if same { 1.0 - error } else { error }
}

fn mean_ln(a: f64, b: f64) -> f64 {
    f64::midpoint(a, b).ln()
}

/// Reference and alternate letters of some alleles of one anchor, as VCF writes them. `None` if the reference is not known.
pub(crate) fn spell(window: &Window, row: &PileupRow, alleles: &[&Candidate]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let deleted = |indel: &Indel| {
        if let Indel::Deletion(length) = indel {
            *length as usize
        } else {
            0
        }
    };
    let longest = alleles.iter().map(|allele| deleted(&allele.indel)).max()?;
    let reference = window.letters(row.position..row.position + 1 + longest as u64);
    if reference.len() != longest + 1 {
        return None;
    }
    let alternates = alleles.iter().map(|allele| {
        let mut letters = vec![reference[0]];
        if let Indel::Insertion(bases) = allele.indel {
            letters.extend_from_slice(bases);
        }
        letters.extend_from_slice(&reference[1 + deleted(&allele.indel)..]);
        letters
    });
    Some((reference.clone(), alternates.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_the_shortest_unit() {
        assert_eq!(
            [
                period(b"A"),
                period(b"AAA"),
                period(b"ACAC"),
                period(b"ACA"),
                period(b"")
            ],
            [1, 1, 2, 3, 0]
        );
    }

    #[test]
    fn slips_grow_with_copies() {
        assert!((slip_error(1, 1, 2) - 1e-5).abs() < 1e-9);
        assert!((slip_error(3, 3, 1) - 1e-6).abs() < 1e-9);
        assert!(slip_error(1, 1, 12) > 1e-3 && slip_error(1, 1, 100) < 0.04);
    }
}
