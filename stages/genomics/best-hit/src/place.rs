//! The places of one read: which count, and which are the same.
use std::{collections::HashMap, ops::Range};

use genomics_tables::Hit;

/// A hit, and the number of the chunk that found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The hit.
    pub hit: Hit,
    /// 0-based number of the chunk.
    pub chunk: usize,
}

impl Place {
    /// The aligned bases of the read, as sequenced.
    pub(crate) fn query(&self) -> Range<u32> {
        let cigar = &self.hit.cigar;
        let (mut before, mut behind) = (cigar.leading_clip(), cigar.trailing_clip());
        if self.hit.reverse {
            (before, behind) = (behind, before);
        }
        before..(cigar.read_length() as u32).saturating_sub(behind).max(before)
    }

    /// Where the whole read would start and end, were its clipped ends aligned too.
    pub(crate) fn unclipped(&self) -> Range<i64> {
        let cigar = &self.hit.cigar;
        let start = self.hit.position as i64 - i64::from(cigar.leading_clip());
        let end = self.hit.position as i64 + cigar.reference_length() as i64 + i64::from(cigar.trailing_clip());
        start..end
    }

    /// Whether two places compete for the same bases of the read: they share more than half of the shorter.
    pub(crate) fn competes(&self, other: &Self) -> bool {
        shared(&self.query(), &other.query()) * 2 > shorter(&self.query(), &other.query())
    }

    /// The order of places: the likeliest first, and one order whatever the chunks.
    fn key(&self) -> impl Ord + '_ {
        let hit = &self.hit;
        (hit.penalty, hit.contig, hit.position, hit.reverse, &hit.cigar)
    }
}

pub(crate) fn shared(a: &Range<u32>, b: &Range<u32>) -> u32 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

pub(crate) fn shorter(a: &Range<u32>, b: &Range<u32>) -> u32 {
    (a.end - a.start).min(b.end - b.start)
}

/// The places that count, the likeliest first. What comes out depends on the set given, not on order or chunks.
///
/// Left out are places whose seeds another's outweigh (as each chunk did for its own), and of alignments that run along
/// the same diagonal at one end, thus of the same place, all but the likeliest.
pub(crate) fn distinct(mut places: Vec<Place>) -> Vec<Place> {
    if places.len() < 2 {
        return places;
    }
    leave_out_outweighed(&mut places);
    places.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut kept: Vec<Place> = Vec::with_capacity(places.len());
    let mut at_end: HashMap<(u32, bool, bool, i64), Vec<usize>> = HashMap::new();
    for place in places {
        let Range { start, end } = place.unclipped();
        let keys = [(false, start), (true, end)].map(|(is_end, at)| (place.hit.contig, place.hit.reverse, is_end, at));
        let mut same = keys.iter().filter_map(|key| at_end.get(key)).flatten();
        if same.any(|&other| kept[other].competes(&place)) {
            continue;
        }
        for key in keys {
            at_end.entry(key).or_default().push(kept.len());
        }
        kept.push(place);
    }
    kept
}

fn leave_out_outweighed(places: &mut Vec<Place>) {
    let mut seeds: Vec<_> = places.iter().map(|place| place.hit.seeds.clone()).collect();
    seeds.sort_by_key(|seeds| std::cmp::Reverse(seeds.score));
    seeds.dedup();
    // Seeds that are not better cannot outweigh, and they are in order.
    places.retain(|place| {
        let better = seeds.iter().take_while(|seeds| seeds.score > place.hit.seeds.score);
        !better.into_iter().any(|seeds| seeds.outweigh(&place.hit.seeds))
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use genomics_tables::Seeds;

    use super::*;

    /// A hit of a 150 bp read.
    pub(crate) fn place(contig: u32, position: u64, cigar: &str, penalty: u32) -> Place {
        Place {
            hit: Hit {
                contig,
                position,
                cigar: cigar.parse().unwrap(),
                penalty,
                score: 300 - penalty as i32 / 3,
                seeds: Seeds {
                    score: 140,
                    range: 0..150,
                },
                ..Hit::default()
            },
            chunk: 0,
        }
    }

    #[test]
    fn alignments_of_one_place_count_once() {
        let whole = place(0, 1_000, "150M", 34);
        let clipped = place(0, 1_005, "5S145M", 60);
        let gapped = place(0, 998, "50M2D100M", 90);
        let other = place(0, 9_000, "150M", 70);
        let found = distinct(vec![gapped, other.clone(), clipped, whole.clone()]);
        assert_eq!(found, [whole, other]);
    }

    #[test]
    fn the_two_ends_of_a_split_read_are_two_places() {
        let left = place(0, 1_000, "80M70S", 440);
        let right = place(0, 1_180, "80S70M", 500);
        assert_eq!(distinct(vec![left, right]).len(), 2);
    }

    #[test]
    fn places_with_hopeless_seeds_are_left_out() {
        let best = place(0, 1_000, "150M", 0);
        let mut poor = place(1, 1_000, "50S100M", 320);
        poor.hit.seeds.score = 60;
        assert_eq!(distinct(vec![poor, best.clone()]), [best]);
    }
}
