//! The observations gathered at one position until no further read can reach it.
use genomics_tables::{Indel, IndelEntry, MATCH_KEYS, RowLists, push_entry, push_indel};

/// Single observations kept before they are counted together, so that memory does not grow with depth.
const PENDING: usize = 4096;

/// Keys that are too many to be counted in an array.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pending: Vec<u32>,
    counted: Vec<(u32, u32)>,
}

impl Keys {
    #[inline]
    pub(crate) fn push(&mut self, key: u32) {
        self.pending.push(key);
        if self.pending.len() >= PENDING {
            self.count();
        }
    }

    fn count(&mut self) {
        self.pending.sort_unstable();
        let fresh = self
            .pending
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as u32));
        if self.counted.is_empty() {
            self.counted.extend(fresh);
        } else {
            self.counted.extend(fresh);
            self.counted.sort_unstable();
            self.counted.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 = kept.1.saturating_add(next.1);
                }
                same
            });
        }
        self.pending.clear();
    }

    /// Writes the list and forgets it; gives the number of observations.
    pub(crate) fn drain_into(&mut self, bytes: &mut Vec<u8>) -> u32 {
        if self.pending.is_empty() && self.counted.is_empty() {
            return 0;
        }
        self.count();
        let (mut last, mut sum) = (0, 0_u32);
        for (key, count) in self.counted.drain(..) {
            push_entry(bytes, &mut last, key, count);
            sum = sum.saturating_add(count);
        }
        sum
    }

    fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.counted.is_empty()
    }
}

/// An indel of one read.
#[derive(Debug)]
pub(crate) enum Allele {
    Insertion(Box<[u8]>),
    Deletion(u32),
}

impl Allele {
    fn as_indel(&self) -> Indel<'_> {
        match self {
            Self::Insertion(bases) => Indel::Insertion(bases),
            Self::Deletion(length) => Indel::Deletion(*length),
        }
    }
}

/// Counts of all match keys, with one bit for each that is in use; shared by all positions.
#[derive(Debug)]
pub(crate) struct Tally {
    counts: Box<[u32; MATCH_KEYS]>,
    used: [u64; MATCH_KEYS / 64],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            counts: Box::new([0; MATCH_KEYS]),
            used: [0; MATCH_KEYS / 64],
        }
    }
}

impl Tally {
    #[inline]
    fn add(&mut self, key: u32, count: u32) {
        let key = key as usize & (MATCH_KEYS - 1);
        self.counts[key] = self.counts[key].saturating_add(count);
        self.used[key >> 6] |= 1 << (key & 63);
    }

    fn drain(&mut self, mut each: impl FnMut(u32, u32)) {
        for (word, bits) in self.used.iter_mut().enumerate() {
            while *bits != 0 {
                let key = word << 6 | bits.trailing_zeros() as usize;
                *bits &= *bits - 1;
                each(key as u32, std::mem::take(&mut self.counts[key]));
            }
        }
    }
}

/// One position.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    matches: Vec<u16>,
    counted_matches: Vec<(u32, u32)>,
    pub(crate) others: Keys,
    pub(crate) starts: Keys,
    pub(crate) indels: Vec<(Allele, u32)>,
}

impl Slot {
    #[inline]
    pub(crate) fn push_match(&mut self, key: u16) {
        self.matches.push(key);
    }

    /// Counts matches together once they are many. Called now and then, not for each match.
    pub(crate) fn shrink(&mut self, tally: &mut Tally) {
        if self.matches.len() < PENDING {
            return;
        }
        for key in self.matches.drain(..) {
            tally.add(u32::from(key), 1);
        }
        for (key, count) in self.counted_matches.drain(..) {
            tally.add(key, count);
        }
        let counted = &mut self.counted_matches;
        tally.drain(|key, count| counted.push((key, count)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.matches.is_empty()
            && self.counted_matches.is_empty()
            && self.others.is_empty()
            && self.starts.is_empty()
            && self.indels.is_empty()
    }

    /// Writes the row's lists and forgets them; gives the depth.
    pub(crate) fn drain_into(&mut self, tally: &mut Tally, to: &mut RowLists) -> u32 {
        for key in self.matches.drain(..) {
            tally.add(u32::from(key), 1);
        }
        for (key, count) in self.counted_matches.drain(..) {
            tally.add(key, count);
        }
        let (mut last, mut depth) = (0, 0_u32);
        tally.drain(|key, count| {
            push_entry(to.matches, &mut last, key, count);
            depth = depth.saturating_add(count);
        });
        depth = depth.saturating_add(self.others.drain_into(to.others));
        self.starts.drain_into(to.starts);
        if !self.indels.is_empty() {
            self.drain_indels(to.indels);
        }
        depth
    }

    fn drain_indels(&mut self, bytes: &mut Vec<u8>) {
        let indels = &mut self.indels;
        indels.sort_by(|a, b| (a.0.as_indel(), a.1).cmp(&(b.0.as_indel(), b.1)));
        let mut reads = Vec::new();
        for same in indels.chunk_by(|a, b| a.0.as_indel() == b.0.as_indel()) {
            reads.clear();
            let mut last = 0;
            for equal in same.chunk_by(|a, b| a.1 == b.1) {
                push_entry(&mut reads, &mut last, equal[0].1, equal.len() as u32);
            }
            let indel = same[0].0.as_indel();
            push_indel(bytes, &IndelEntry { indel, reads: &reads });
        }
        indels.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use genomics_tables::Entries;

    #[test]
    fn many_keys_are_counted_together() {
        let mut keys = Keys::default();
        for i in 0..100_000_u32 {
            keys.push(i % 7 * 1000);
        }
        assert!(keys.pending.len() < PENDING && keys.counted.len() == 7);
        let mut bytes = Vec::new();
        assert_eq!(keys.drain_into(&mut bytes), 100_000);
        let counts: Vec<_> = Entries::new(&bytes).collect();
        assert_eq!((counts[0], counts[6]), ((0, 14_286), (6000, 14_285)));
        assert!(keys.is_empty());
    }

    #[test]
    fn matches_come_out_sorted_and_counted() {
        let (mut slot, mut tally) = (Slot::default(), Tally::default());
        for i in 0..10_000_u16 {
            slot.push_match(2000 - i % 3 * 100);
            slot.shrink(&mut tally);
        }
        let mut lists: [Vec<u8>; 4] = Default::default();
        let [matches, others, indels, starts] = &mut lists;
        let mut to = RowLists {
            matches,
            others,
            indels,
            starts,
        };
        assert_eq!(slot.drain_into(&mut tally, &mut to), 10_000);
        let counts: Vec<_> = Entries::new(&lists[0]).collect();
        assert_eq!(counts, [(1800, 3333), (1900, 3333), (2000, 3334)]);
        assert!(slot.is_empty());
    }
}
