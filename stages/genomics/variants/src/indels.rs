//! Indels at one anchor: who shows which allele, and who could have shown one but does not.
use std::cell::OnceCell;

use genomics_tables::{Entries, Indel, IndelKey, Indels, MatchKey, OtherKey, PileupRow};

use crate::{
    ErrorModel,
    site::add_strand,
    tract::{self, IndelClass, REPEAT_MAX, Tract},
    weights::{USABLE_BIN, ln_add},
    window::{Window, usable_depth},
};

/// How far a misread base can push an indel aside.
const ASIDE: u64 = 6;
/// Indels that reads show by error more often than this are hardly others pushed aside: misread bases next to indels are rarer.
const COMMON_ERROR: f64 = 2e-3;
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
    /// How unevenly such errors fall on sites: square of the coefficient of variation of their rates.
    pub(crate) spread: f64,
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
/// its own, its reads count for the one that it resembles. Not so where such indels are common errors: there it is one more
/// of these.
pub(crate) fn candidates<'a>(window: &Window<'a>, row: &PileupRow<'a>, errors: &ErrorModel) -> Option<Found<'a>> {
    let around = window.rows(row.position.saturating_sub(ASIDE)..row.position + ASIDE + 1);
    let near: Vec<Shown> = around
        .filter(|row| !row.indels.is_empty())
        .flat_map(|row| shown(&row))
        .collect();
    let rare: Vec<OnceCell<bool>> = vec![OnceCell::new(); near.len()];
    let aside = |weak: usize, strong: usize| {
        let (shown, strong) = (&near[weak], &near[strong]);
        let is_rare = || context(window, shown.anchor, &shown.indel, errors).error < COMMON_ERROR;
        strong.rank() < shown.rank() && shown.resembles(strong) && *rare[weak].get_or_init(is_rare)
    };
    let mut alleles: Vec<Candidate> = Vec::new();
    for (at, own) in near.iter().enumerate() {
        if own.anchor != row.position || (0..near.len()).any(|other| aside(at, other)) {
            continue;
        }
        let mut lists = vec![own.list];
        lists.extend(
            near.iter()
                .enumerate()
                .filter(|&(other, _)| aside(other, at))
                .map(|(_, other)| other.list),
        );
        alleles.push(candidate(window, own, &lists, errors));
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

fn candidate<'a>(window: &Window, own: &Shown<'a>, lists: &[&'a [u8]], errors: &ErrorModel) -> Candidate<'a> {
    let context = context(window, own.anchor, &own.indel, errors);
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

/// Bases behind an indel in which most repeats end.
const SHORT_REPEAT: u64 = 24;

/// Looks at the reference behind the anchor: how far does the indel's sequence repeat?
pub(crate) fn context(window: &Window, anchor: u64, indel: &Indel, errors: &ErrorModel) -> Context {
    // Most repeats are short; the long ones are looked at a second time.
    let near = window.letters(anchor + 1..anchor + 1 + u64::from(length(indel)) + SHORT_REPEAT);
    let (mut shift, mut period, mut copies) = tract::place(indel, &near);
    if u64::from(shift) >= SHORT_REPEAT {
        let behind = window.letters(anchor + 1..anchor + 1 + tract::reach(indel));
        (shift, period, copies) = tract::place(indel, &behind);
    }
    let tract = Tract::new(period, copies);
    let rate = errors.slip(IndelClass::new(indel, tract));
    Context {
        shift,
        error: rate.rate,
        spread: rate.spread,
        prior: tract.prior(),
    }
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
    ///
    /// The site errs by a factor more or less than others of its kind, of which only the distribution is known.
    pub(crate) fn likelihood(&self, a: usize, b: usize, factors: &Factors) -> f64 {
        let weighted = factors
            .0
            .iter()
            .map(|&(factor, ln_weight)| ln_weight + self.likelihood_at(a, b, factor));
        weighted.fold(f64::NEG_INFINITY, ln_add)
    }

    /// The factors of the strongest allele.
    pub(crate) fn factors(&self) -> Factors {
        Factors::new(
            self.alleles
                .iter()
                .map(|allele| allele.context.spread)
                .fold(0.0, f64::max),
        )
    }

    fn likelihood_at(&self, a: usize, b: usize, factor: f64) -> f64 {
        let mut sum = 0.0;
        // Reads that show the reference.
        let worst = self
            .alleles
            .iter()
            .map(|allele| allele.context.error * factor)
            .fold(1e-6, f64::max);
        sum += f64::from(self.reference_reads) * mean_ln(chance(a == 0, worst), chance(b == 0, worst));
        for (at, allele) in self.alleles.iter().enumerate() {
            let strong = f64::from(allele.reads - allele.weak);
            let error = allele.context.error * factor;
            sum += strong * mean_ln(chance(a == at + 1, error), chance(b == at + 1, error));
            let error = error.max(0.01);
            sum += f64::from(allele.weak) * mean_ln(chance(a == at + 1, error), chance(b == at + 1, error));
        }
        sum
    }
}

/// Factors by which sites err more or less than the mean, with the logarithms of their probabilities.
pub(crate) struct Factors(Vec<(f64, f64)>);

impl Factors {
    /// A gamma distribution of mean 1 and variance `spread`, in equal steps of the logarithm; of its mean a tenth is off where
    /// the spread is greatest.
    pub(crate) fn new(spread: f64) -> Self {
        /// Spreads below make no difference.
        const LEAST: f64 = 0.01;
        const STEPS: u32 = 24;
        if spread < LEAST {
            return Self(vec![(1.0, 0.0)]);
        }
        let (shape, width) = (1.0 / spread, spread.sqrt());
        // The tail to the left of this is no rate at all; that to the right is one in a million.
        let (lowest, highest) = ((-4.0 * width).exp(), 1.0 + 15.0 * width);
        let step = |at: u32| lowest * (highest / lowest).powf(f64::from(at) / f64::from(STEPS - 1));
        // Of the logarithm the density has one power more.
        let density = |factor: f64| shape * (factor.ln() - factor);
        let mut factors: Vec<(f64, f64)> = (0..STEPS).map(step).map(|factor| (factor, density(factor))).collect();
        let sum = factors.iter().map(|&(_, ln)| ln).fold(f64::NEG_INFINITY, ln_add);
        for (_, ln_weight) in &mut factors {
            *ln_weight -= sum;
        }
        Self(factors)
    }
}

/// No site errs more often than this: with half of the reads wrong an allele would be as well explained by its absence.
const MOST_ERRORS: f64 = 0.4;

fn chance(same: bool, error: f64) -> f64 {
    let error = error.min(MOST_ERRORS);
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
    fn factors_are_a_distribution_of_mean_about_one() {
        for spread in [0.0, 0.3, 1.0, 4.0] {
            let Factors(factors) = Factors::new(spread);
            let sum: f64 = factors.iter().map(|(_, ln_weight)| ln_weight.exp()).sum();
            let mean: f64 = factors.iter().map(|(factor, ln_weight)| factor * ln_weight.exp()).sum();
            assert!(
                (sum - 1.0).abs() < 1e-9 && (mean - 1.0).abs() < 0.15,
                "{spread}: {sum} {mean}"
            );
        }
    }
}
