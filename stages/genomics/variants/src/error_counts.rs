//! How often reads err, counted over the sums of all parts: by base quality, and for indels by the repeat they stand in.
//!
//! Everything is a sum of whole numbers over sites, so it does not matter how a reference was cut into ranges.
use std::{collections::BTreeMap, ops::Range};

use genomics_tables::{Entries, Indel, IndelKey, Indels, Letter, MatchKey, OtherKey, Pileup, PileupRow};
use serde::{Deserialize, Serialize};

use crate::{
    site::code,
    tract::{self, IndelClass, Letters, Tract},
    weights::{GOOD_QUALITY, SURE_BIN, USABLE_BIN},
};

/// Sites of fewer reads say nothing: one read more or less is as likely a variant as an error.
const LEAST_DEPTH: u32 = 6;
/// Longer indels are not counted: what stands behind them may lie out of reach.
const LONGEST_INDEL: u32 = 1000;
/// Sites are kept apart by depth, in steps of this factor (as a power of two).
pub(crate) const DEPTH_STEP: u32 = 2;

/// Sums over the sites of some stretch of the reference. They add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCounts {
    /// By class of depth.
    pub(crate) bases: BTreeMap<u8, BaseCounts>,
    /// Chances for an indel: sites by the repeats behind them.
    pub(crate) tracts: Vec<(Tract, Sums)>,
    /// Indels that were seen, by the share of reads that show them.
    pub(crate) indels: Vec<(IndelClass, BTreeMap<u8, Sums>)>,
}

/// Sites of one class of depth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BaseCounts {
    /// Bases equal to the reference, by quality.
    pub(crate) matches: BTreeMap<u8, u64>,
    /// Mismatches of poor quality of letters that no read of good quality shows.
    pub(crate) poor: BTreeMap<u8, u64>,
    /// Each site with three letters that would be errors; reads of good quality.
    pub(crate) chances: Sums,
    /// Letters that were seen, by the share of good reads that show them.
    pub(crate) shares: BTreeMap<u8, LetterCounts>,
}

/// Letters of one class of share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LetterCounts {
    /// Reads of good quality.
    pub(crate) good: Sums,
    /// All reads, by quality.
    pub(crate) mismatches: BTreeMap<u8, u64>,
}

/// A number of numbers of reads, their sum, and the sum of n (n - 1): pairs of reads of one site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) sites: u64,
    pub(crate) reads: u64,
    pub(crate) pairs: u64,
}

impl Sums {
    fn push(&mut self, reads: u32) {
        let reads = u64::from(reads);
        self.add(&Self {
            sites: 1,
            reads,
            pairs: reads * reads.saturating_sub(1),
        });
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.sites += other.sites;
        self.reads += other.reads;
        self.pairs += other.pairs;
    }
}

/// The least b such that the share is 2^-b or more.
fn share_class(reads: u32, depth: u32) -> u8 {
    (0..32)
        .find(|&b| u64::from(reads) << b >= u64::from(depth))
        .unwrap_or(32) as u8
}

fn depth_class(depth: u32) -> u8 {
    (depth.max(1).ilog2() / DEPTH_STEP) as u8
}

fn add_map<K: Ord + Copy>(sum: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (&key, &count) in other {
        *sum.entry(key).or_default() += count;
    }
}

/// The value of a key in a sorted list, made if it is not there. JSON has no maps with such keys.
fn entry<K: Ord + Copy, V: Default>(list: &mut Vec<(K, V)>, key: K) -> &mut V {
    let at = match list.binary_search_by_key(&key, |&(key, _)| key) {
        Ok(at) => at,
        Err(at) => {
            list.insert(at, (key, V::default()));
            at
        }
    };
    &mut list[at].1
}

impl ErrorCounts {
    /// Counts the sites of `positions` of a contig.
    ///
    /// `pileup` must hold the sums over all parts of the reads, with [`crate::FLANK`] bases behind `positions`.
    pub fn of(pileup: &Pileup, contig: u32, positions: Range<u64>) -> Self {
        let mut counts = Self::default();
        let rows = pileup.find(contig, positions.clone());
        let letters = Letters::new(pileup, rows.start..pileup.find(contig, 0..u64::MAX).end);
        for at in rows {
            let row = pileup.row(at);
            if code(row.reference).is_some() {
                counts.site(&row);
                counts.indels(&row, &letters, at);
            }
        }
        counts
    }

    /// Adds the counts of another stretch.
    pub fn add(&mut self, other: &Self) {
        for (&class, from) in &other.bases {
            let to = self.bases.entry(class).or_default();
            add_map(&mut to.matches, &from.matches);
            add_map(&mut to.poor, &from.poor);
            to.chances.add(&from.chances);
            for (&share, from) in &from.shares {
                let to = to.shares.entry(share).or_default();
                to.good.add(&from.good);
                add_map(&mut to.mismatches, &from.mismatches);
            }
        }
        for (tract, from) in &other.tracts {
            entry(&mut self.tracts, *tract).add(from);
        }
        for (class, from) in &other.indels {
            let to = entry(&mut self.indels, *class);
            for (&share, from) in from {
                to.entry(share).or_default().add(from);
            }
        }
    }

    fn site(&mut self, row: &PileupRow) {
        let mut good = 0;
        let matches = || {
            let keys = Entries::new(row.matches).map(|(key, count)| (MatchKey::unpack(key), count));
            keys.filter(|(key, _)| key.mapq_bin >= SURE_BIN)
        };
        for (key, count) in matches() {
            good += if key.quality >= GOOD_QUALITY { count } else { 0 };
        }
        let others = || {
            let keys = Entries::new(row.others).map(|(key, count)| (OtherKey::unpack(key), count));
            keys.filter(|(key, _)| key.mapq_bin >= SURE_BIN && key.letter < Letter::N)
        };
        let mut shown = [0_u32; 4];
        for (key, count) in others() {
            if key.quality >= GOOD_QUALITY {
                shown[key.letter as usize] += count;
                good += count;
            }
        }
        if good < LEAST_DEPTH {
            return;
        }
        let counts = self.bases.entry(depth_class(good)).or_default();
        for _ in 0..3 {
            counts.chances.push(good);
        }
        for (key, count) in matches() {
            *counts.matches.entry(key.quality).or_default() += u64::from(count);
        }
        for (key, count) in others() {
            let of_letter = shown[key.letter as usize];
            let list = if of_letter == 0 {
                &mut counts.poor
            } else {
                &mut counts
                    .shares
                    .entry(share_class(of_letter, good))
                    .or_default()
                    .mismatches
            };
            *list.entry(key.quality).or_default() += u64::from(count);
        }
        for reads in shown.into_iter().filter(|&reads| reads > 0) {
            let class = counts.shares.entry(share_class(reads, good)).or_default();
            class.good.push(reads);
        }
    }

    fn indels(&mut self, row: &PileupRow, letters: &Letters, at: usize) {
        let depth = crate::window::usable_depth(row);
        if depth < LEAST_DEPTH {
            return;
        }
        entry(&mut self.tracts, Tract::new(1, 0)).push(depth);
        for tract in letters.tracts(at) {
            entry(&mut self.tracts, tract).push(depth);
        }
        if row.indels.is_empty() {
            return;
        }
        // Reads by class: which of several inserted sequences a read shows is not asked.
        let mut of_class: Vec<(IndelClass, u32)> = Vec::new();
        for shown in Indels::new(row.indels) {
            let usable = Entries::new(shown.reads).filter(|&(key, _)| IndelKey::unpack(key).mapq_bin >= USABLE_BIN);
            let reads: u32 = usable.map(|(_, count)| count).sum();
            let named = !matches!(shown.indel, Indel::Insertion(bases) if bases.contains(&b'N'));
            if reads > 0 && named && crate::indels::length(&shown.indel) <= LONGEST_INDEL {
                let behind = letters.behind(at, tract::reach(&shown.indel));
                let (_, period, copies) = tract::place(&shown.indel, &behind);
                let class = IndelClass::new(&shown.indel, Tract::new(period, copies));
                *entry(&mut of_class, class) += reads;
            }
        }
        for (class, reads) in of_class {
            let shares = entry(&mut self.indels, class);
            shares.entry(share_class(reads, depth)).or_default().push(reads);
        }
    }
}
