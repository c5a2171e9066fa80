//! The alignments of one read or pair, from all its places.
use genomics_tables::{Alignment, AlignmentKind, Mate, MatePlace};

use crate::{
    Params,
    pairing::{Choice, choose_pair, choose_single},
    place::{Place, distinct, shared, shorter},
};

/// Places this much less likely than the chosen one, in Phred units, count as nearly as good.
const NEAR: u32 = 10;

/// Chooses among the places of read `read`, which may come in any order and from any chunks.
///
/// Gives alignments with the chunk each belongs to, in order of mate: the primary one, supplementary ones (of other parts
/// of the read), and as many secondary ones (of the same part, elsewhere) as asked for.
pub fn choose(read: u64, places: Vec<Place>, params: &Params) -> Vec<(usize, Alignment)> {
    let mut of_mate: [Vec<Place>; 3] = Default::default();
    for place in places {
        of_mate[place.hit.mate.number() as usize].push(place);
    }
    let [single, first, second] = of_mate.map(distinct);
    let mut chosen = Vec::new();
    if let Some(choice) = choose_single(read, &single) {
        Read {
            number: read,
            mate: Mate::Single,
            places: &single,
            choice,
            proper: false,
            other: None,
        }
        .alignments(params, &mut chosen);
    }
    let (choices, proper) = if first.is_empty() || second.is_empty() {
        ([choose_single(read, &first), choose_single(read, &second)], false)
    } else {
        let (choices, proper) = choose_pair(read, &first, &second, params);
        (choices.map(Some), proper)
    };
    let mate_place = |places: &[Place], choice: Option<Choice>| choice.map(|choice| as_mate(&places[choice.place]));
    let sides = [
        (Mate::First, &first, choices[0], mate_place(&second, choices[1])),
        (Mate::Second, &second, choices[1], mate_place(&first, choices[0])),
    ];
    for (mate, places, choice, other) in sides {
        if let Some(choice) = choice {
            Read {
                number: read,
                mate,
                places,
                choice,
                proper,
                other,
            }
            .alignments(params, &mut chosen);
        }
    }
    chosen
}

fn as_mate(place: &Place) -> MatePlace {
    MatePlace {
        contig: place.hit.contig,
        position: place.hit.position,
        reverse: place.hit.reverse,
        cigar: place.hit.cigar.clone(),
    }
}

/// One read with its choice made.
struct Read<'a> {
    number: u64,
    mate: Mate,
    places: &'a [Place],
    choice: Choice,
    proper: bool,
    other: Option<MatePlace>,
}

impl Read<'_> {
    fn alignments(&self, params: &Params, to: &mut Vec<(usize, Alignment)>) {
        let primary = &self.places[self.choice.place];
        to.push(self.alignment(primary, AlignmentKind::Primary, self.choice.mapq));
        let mut parts = vec![primary];
        for place in self.places {
            let query = place.query();
            if parts
                .iter()
                .all(|part| shared(&part.query(), &query) * 4 <= shorter(&part.query(), &query))
            {
                to.push(self.alignment(place, AlignmentKind::Supplementary, self.quality_of_part(place)));
                parts.push(place);
            }
        }
        let secondary = self
            .places
            .iter()
            .filter(|place| !parts.iter().any(|part| std::ptr::eq(*part, *place)));
        for place in secondary.take(params.secondary) {
            to.push(self.alignment(place, AlignmentKind::Secondary, 0));
        }
    }

    /// Mapping quality of another part of the read: among the places that compete for it.
    fn quality_of_part(&self, part: &Place) -> u8 {
        let rivals = self
            .places
            .iter()
            .filter(|place| std::ptr::eq(*place, part) || place.competes(part));
        let rivals: Vec<Place> = rivals.cloned().collect();
        match choose_single(self.number, &rivals) {
            Some(choice) if rivals[choice.place] == *part => choice.mapq,
            _ => 0,
        }
    }

    fn alignment(&self, place: &Place, kind: AlignmentKind, mapq: u8) -> (usize, Alignment) {
        let hit = &place.hit;
        let rivals = || {
            self.places
                .iter()
                .filter(|other| !std::ptr::eq(*other, place) && other.competes(place))
        };
        let alignment = Alignment {
            read: self.number,
            mate: self.mate,
            contig: hit.contig,
            position: hit.position,
            reverse: hit.reverse,
            kind,
            proper_pair: self.proper && kind == AlignmentKind::Primary,
            mapq,
            score: hit.score,
            next_score: rivals().map(|other| other.hit.score).max().unwrap_or_default(),
            near_places: rivals()
                .filter(|other| other.hit.penalty <= hit.penalty.saturating_add(NEAR))
                .count() as u32,
            edit_distance: hit.edit_distance,
            matches: hit.matches,
            cigar: hit.cigar.clone(),
            mate_place: self.other.clone(),
        };
        (place.chunk, alignment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::tests::place;

    #[test]
    fn a_split_read_has_a_primary_and_a_supplementary_alignment() {
        let mut right = place(2, 1_000, "80S70M", 500);
        right.chunk = 4;
        let chosen = choose(5, vec![right, place(0, 1_000, "80M70S", 440)], &Params::default());
        let kinds: Vec<_> = chosen.iter().map(|(chunk, row)| (*chunk, row.kind, row.mapq)).collect();
        assert_eq!(
            kinds,
            [(0, AlignmentKind::Primary, 60), (4, AlignmentKind::Supplementary, 60)]
        );
    }

    #[test]
    fn secondary_alignments_are_kept_on_request_only() {
        let places = || {
            vec![
                place(0, 1_000, "150M", 0),
                place(1, 1_000, "150M", 34),
                place(2, 1_000, "150M", 68),
            ]
        };
        let chosen = choose(5, places(), &Params::default());
        assert_eq!(chosen.len(), 1);
        assert_eq!(
            (chosen[0].1.next_score, chosen[0].1.near_places, chosen[0].1.mapq),
            (289, 0, 34)
        );
        let chosen = choose(
            5,
            places(),
            &Params {
                secondary: 1,
                ..Params::default()
            },
        );
        assert_eq!(chosen[1].1.kind, AlignmentKind::Secondary);
    }

    #[test]
    fn the_choice_does_not_depend_on_the_order_of_places() {
        let places: Vec<Place> = (0..20)
            .map(|i| place(i % 4, 1_000 * u64::from(i), "150M", 10 * (i / 7)))
            .collect();
        let one = choose(77, places.clone(), &Params::default());
        let other = choose(77, places.into_iter().rev().collect(), &Params::default());
        assert_eq!(one, other);
        assert_eq!((one[0].1.mapq, one[0].1.near_places), (0, 13));
    }
}
