//! Where a read, or the two reads of a pair, most likely come from, and how sure that is.
use std::cmp::Ordering;

use crate::{Params, place::Place, tie::lot};

/// Weights below this share of the best change no mapping quality.
const NEGLIGIBLE: u32 = 60;
/// Highest mapping quality.
const HIGHEST: f64 = 60.0;
/// Phred-scaled chance that a base fits by chance.
const BY_CHANCE: f64 = 6.0206;
/// Phred-scaled number of places of a large genome, both strands.
const PLACES: f64 = 98.0;

/// The place chosen for one read: which, and its mapping quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) place: usize,
    pub(crate) mapq: u8,
}

/// The choice for the places of a single read, the likeliest first. `None` without places.
pub(crate) fn choose_single(read: u64, places: &[Place]) -> Option<Choice> {
    let best = best_of(read, places)?;
    let weights: Vec<f64> = places
        .iter()
        .map(|place| weight(place, places[best].hit.penalty))
        .collect();
    Some(Choice {
        place: best,
        mapq: mapq(places, &weights, best),
    })
}

/// The likeliest place; among equals by lot.
fn best_of(read: u64, places: &[Place]) -> Option<usize> {
    let least = places.first()?.hit.penalty;
    let equal = places.iter().take_while(|place| place.hit.penalty == least).enumerate();
    equal
        .min_by_key(|(_, place)| lot(read, &[&place.hit]))
        .map(|(at, _)| at)
}

/// The choices for a pair, and whether it is a proper one. Both lists hold places, the likeliest first.
///
/// The likelihood of two places is the product of both and of the chance to lie, or not to lie, face to face at a plausible
/// distance. Mapping quality is the posterior chance of a place, summed over all places of the mate.
pub(crate) fn choose_pair(read: u64, first: &[Place], second: &[Place], params: &Params) -> ([Choice; 2], bool) {
    let proper = proper_pairs(first, second, params);
    let total = |&(i, j): &(usize, usize)| first[i].hit.penalty + second[j].hit.penalty;
    let best = proper
        .iter()
        .min_by_key(|pair| (total(pair), lot(read, &[&first[pair.0].hit, &second[pair.1].hit])))
        .copied();
    let apart = first[0].hit.penalty + second[0].hit.penalty + params.unpaired;
    let best = best.filter(|pair| total(pair) <= apart);
    let (i, j) = best.unwrap_or_else(|| {
        (
            best_of(read, first).unwrap_or_default(),
            best_of(read, second).unwrap_or_default(),
        )
    });
    let unpaired = 10f64.powf(-f64::from(params.unpaired) / 10.0);
    let mut weights = [first, second].map(|places| {
        let least = places[0].hit.penalty;
        places.iter().map(|place| weight(place, least)).collect::<Vec<f64>>()
    });
    let mut with_mate = [vec![0.0; first.len()], vec![0.0; second.len()]];
    for &(a, b) in &proper {
        with_mate[0][a] += weights[1][b];
        with_mate[1][b] += weights[0][a];
    }
    let anywhere = [weights[1].iter().sum::<f64>(), weights[0].iter().sum::<f64>()];
    for side in 0..2 {
        for (weight, with_mate) in weights[side].iter_mut().zip(&with_mate[side]) {
            *weight *= unpaired * anywhere[side] + (1.0 - unpaired) * with_mate;
        }
    }
    let choice = |places: &[Place], weights: &[f64], at| Choice {
        place: at,
        mapq: mapq(places, weights, at),
    };
    (
        [choice(first, &weights[0], i), choice(second, &weights[1], j)],
        best.is_some(),
    )
}

/// Relative likelihood of a place, 1 at `least`.
fn weight(place: &Place, least: u32) -> f64 {
    10f64.powf((f64::from(least) - f64::from(place.hit.penalty)) / 10.0)
}

/// Pairs of places that face each other at a plausible distance.
fn proper_pairs(first: &[Place], second: &[Place], params: &Params) -> Vec<(usize, usize)> {
    let likely = |places: &[Place]| {
        let most = places[0].hit.penalty + params.unpaired + NEGLIGIBLE;
        places.iter().take_while(move |place| place.hit.penalty <= most).count()
    };
    let (first, second) = (&first[..likely(first)], &second[..likely(second)]);
    let mut by_place: Vec<usize> = (0..second.len()).collect();
    let key = |place: &Place| (place.hit.contig, place.unclipped().start);
    by_place.sort_by_key(|&j| (key(&second[j]), j));
    let reach = i64::try_from(*params.insert.end()).unwrap_or(i64::MAX / 4);
    let mut pairs = Vec::new();
    for (i, place) in first.iter().enumerate() {
        let (contig, start) = key(place);
        let from = by_place.partition_point(|&j| key(&second[j]) < (contig, start.saturating_sub(reach)));
        for &j in &by_place[from..] {
            if key(&second[j]) > (contig, start.saturating_add(reach)) {
                break;
            }
            if is_proper(place, &second[j], params) {
                pairs.push((i, j));
            }
        }
    }
    pairs
}

fn is_proper(a: &Place, b: &Place, params: &Params) -> bool {
    let (forward, reverse) = match (a.hit.reverse, b.hit.reverse) {
        (false, true) => (a, b),
        (true, false) => (b, a),
        _ => return false,
    };
    // Reads longer than the fragment run past each other's start, into the adapter: the insert is what both share then.
    let (forward, reverse) = (forward.unclipped(), reverse.unclipped());
    let insert = reverse.end - forward.start;
    insert > 0 && params.insert.contains(&(insert as u64)) && a.hit.contig == b.hit.contig
}

/// Mapping quality of the place `at`: Phred-scaled chance that the bases come from elsewhere.
fn mapq(places: &[Place], weights: &[f64], at: usize) -> u8 {
    let chosen = weights[at];
    let rivals = || (0..places.len()).filter(|&other| other != at && places[other].competes(&places[at]));
    let least = chosen * (1.0 - 1e-9);
    if chosen <= 0.0 || rivals().any(|other| weights[other].total_cmp(&least) != Ordering::Less) {
        return 0;
    }
    let others: f64 = rivals().map(|other| weights[other]).sum();
    let wrong = others / (others + chosen);
    let among = -10.0 * wrong.log10();
    let hit = &places[at].hit;
    let random = f64::from(hit.cigar.read_length() as u32) * BY_CHANCE - PLACES;
    let not_random = random - f64::from(hit.penalty);
    among.min(not_random).clamp(0.0, HIGHEST) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::tests::place;

    fn reversed(mut place: Place) -> Place {
        place.hit.reverse = true;
        place
    }

    #[test]
    fn one_place_is_sure_and_two_equal_ones_are_not() {
        let one = [place(0, 100, "150M", 30)];
        assert_eq!(choose_single(1, &one), Some(Choice { place: 0, mapq: 60 }));
        let two = [place(0, 100, "150M", 30), place(1, 100, "150M", 30)];
        assert_eq!(choose_single(1, &two).unwrap().mapq, 0);
        assert_eq!(choose_single(1, &[]), None);
    }

    #[test]
    fn mapping_quality_is_the_difference_of_likelihoods() {
        let two = [place(0, 100, "150M", 10), place(1, 100, "150M", 35)];
        assert_eq!(choose_single(1, &two), Some(Choice { place: 0, mapq: 25 }));
    }

    #[test]
    fn a_read_that_fits_nowhere_is_not_placed_with_confidence() {
        let poor = [place(0, 100, "60S30M60S", 790)];
        assert_eq!(choose_single(1, &poor).unwrap().mapq, 15);
    }

    #[test]
    fn the_mate_tells_copies_apart() {
        let first = [place(0, 1_000, "150M", 0)];
        let second = [
            reversed(place(0, 1_300, "150M", 0)),
            reversed(place(5, 1_300, "150M", 0)),
        ];
        let (choices, proper) = choose_pair(9, &first, &second, &Params::default());
        assert!(proper);
        assert_eq!(choices, [Choice { place: 0, mapq: 60 }, Choice { place: 0, mapq: 60 }]);
    }

    #[test]
    fn a_worse_place_next_to_the_mate_wins_within_the_unpaired_penalty() {
        let first = [place(0, 1_000, "150M", 0)];
        let second = [
            reversed(place(5, 7_000, "150M", 0)),
            reversed(place(0, 1_300, "150M", 68)),
        ];
        let (choices, proper) = choose_pair(9, &first, &second, &Params::default());
        assert_eq!((choices[1].place, choices[1].mapq, proper), (1, 32, true));
        let second = [
            reversed(place(5, 7_000, "150M", 0)),
            reversed(place(0, 1_300, "150M", 136)),
        ];
        let (choices, proper) = choose_pair(9, &first, &second, &Params::default());
        assert_eq!((choices[1].place, choices[1].mapq, proper), (0, 36, false));
    }

    #[test]
    fn reads_face_each_other_at_a_plausible_distance() {
        let forward = place(0, 1_000, "150M", 0);
        let proper = |other: Place| is_proper(&forward, &other, &Params::default());
        assert!(proper(reversed(place(0, 1_850, "150M", 0))));
        assert!(!proper(reversed(place(0, 1_851, "150M", 0))));
        assert!(!proper(reversed(place(0, 700, "150M", 0))));
        assert!(!proper(reversed(place(1, 1_300, "150M", 0))));
        assert!(!proper(place(0, 1_300, "150M", 0)));
    }
}
