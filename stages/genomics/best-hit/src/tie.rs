//! A choice among equals that looks random and is always the same.
use genomics_tables::Hit;

/// A number for a place of a read; the lowest wins. It depends on nothing else, so not on the cut, nor on the other places.
pub(crate) fn lot(read: u64, places: &[&Hit]) -> u64 {
    let mut state = mix(read ^ 0x9e37_79b9_7f4a_7c15);
    for hit in places {
        let contig_and_strand = u64::from(hit.contig) << 1 | u64::from(hit.reverse);
        state = mix(state ^ contig_and_strand.wrapping_mul(0xbf58_476d_1ce4_e5b9));
        state = mix(state ^ hit.position);
    }
    state
}

/// The finaliser of SplitMix64 (Steele et al. 2014, <https://doi.org/10.1145/2660193.2660195>).
fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_fall_evenly() {
        let (here, there) = (
            Hit::default(),
            Hit {
                position: 7,
                ..Hit::default()
            },
        );
        let won = (0..10_000)
            .filter(|&read| lot(read, &[&here]) < lot(read, &[&there]))
            .count();
        assert!((4_800..5_200).contains(&won), "{won}");
    }
}
