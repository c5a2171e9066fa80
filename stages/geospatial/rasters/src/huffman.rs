//! Prefix codes of limited length, as deflate wants them (RFC 1951, section 3.2.2).

/// Code lengths for symbols that occur `counts` times, none longer than `limit`; 0 for a symbol that does not occur.
///
/// Huffman's lengths; those over the limit are cut, and the shortest codes that pay for it are made longer. A single
/// symbol gets one bit. `limit` must leave room for all symbols: `2^limit >= counts.len()`.
pub(crate) fn code_lengths(counts: &[u32], limit: usize) -> Vec<u8> {
    let mut lengths = vec![0; counts.len()];
    let mut symbols: Vec<usize> = (0..counts.len()).filter(|&symbol| counts[symbol] > 0).collect();
    symbols.sort_by_key(|&symbol| (counts[symbol], symbol));
    if symbols.len() < 2 {
        for symbol in symbols {
            lengths[symbol] = 1;
        }
        return lengths;
    }
    let mut per_length = lengths_of_tree(
        &symbols.iter().map(|&s| u64::from(counts[s])).collect::<Vec<_>>(),
        limit,
    );
    // In units of the longest code: how much of the code space is used, over what there is.
    let full = 1_u64 << limit;
    let mut used: u64 = (1..=limit).map(|length| per_length[length] << (limit - length)).sum();
    while used > full {
        per_length[limit] -= 1;
        if let Some(shorter) = (1..limit).rev().find(|&length| per_length[length] > 0) {
            per_length[shorter] -= 1;
            per_length[shorter + 1] += 2;
        }
        used -= 1;
    }
    // The rarest symbols, which come first, get the longest codes.
    let mut rest = symbols.into_iter();
    for length in (1..=limit).rev() {
        for symbol in rest.by_ref().take(per_length[length] as usize) {
            lengths[symbol] = length as u8;
        }
    }
    lengths
}

/// Number of leaves at each depth of the Huffman tree over `weights`, which are sorted; deeper ones count at `limit`.
fn lengths_of_tree(weights: &[u64], limit: usize) -> Vec<u64> {
    let leaves = weights.len();
    // Nodes in order of weight: leaves first, inner nodes behind, as two queues.
    let mut weight: Vec<u64> = weights.to_vec();
    let mut parent = vec![0; 2 * leaves - 1];
    let (mut leaf, mut inner) = (0, leaves);
    for next in leaves..2 * leaves - 1 {
        let mut lightest = || {
            let take_leaf = leaf < leaves && (inner >= weight.len() || weight[leaf] <= weight[inner]);
            let taken = if take_leaf { &mut leaf } else { &mut inner };
            let node = *taken;
            *taken += 1;
            node
        };
        let (first, second) = (lightest(), lightest());
        parent[first] = next;
        parent[second] = next;
        weight.push(weight[first] + weight[second]);
    }
    let mut depth = vec![0_usize; 2 * leaves - 1];
    let mut per_length = vec![0; limit + 1];
    for node in (0..2 * leaves - 2).rev() {
        depth[node] = depth[parent[node]] + 1;
        if node < leaves {
            per_length[depth[node].min(limit)] += 1;
        }
    }
    per_length
}

/// The codes of these lengths, bit-reversed: deflate sends codes from their highest bit on.
pub(crate) fn codes(lengths: &[u8]) -> Vec<u16> {
    let mut first = [0_u16; 16];
    let mut code = 0_u16;
    for (length, first) in first.iter_mut().enumerate().skip(1) {
        let shorter = lengths.iter().filter(|&&l| l > 0 && usize::from(l) + 1 == length);
        code = (code + shorter.count() as u16) << 1;
        *first = code;
    }
    lengths
        .iter()
        .map(|&length| {
            if length == 0 {
                return 0;
            }
            let code = first[usize::from(length)];
            first[usize::from(length)] += 1;
            code.reverse_bits() >> (16 - length)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn used(lengths: &[u8], limit: usize) -> u64 {
        let shares = lengths.iter().filter(|&&length| length > 0);
        shares.map(|&length| 1_u64 << (limit - usize::from(length))).sum()
    }

    #[test]
    fn few_symbols_get_huffmans_lengths() {
        assert_eq!(code_lengths(&[0, 0], 15), [0, 0]);
        assert_eq!(code_lengths(&[0, 7], 15), [0, 1]);
        assert_eq!(code_lengths(&[5, 1, 1, 2], 15), [1, 3, 3, 2]);
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // The example of RFC 1951, section 3.2.2: lengths of A to H, and codes from the highest bit on.
        let codes = codes(&[3, 3, 3, 3, 3, 2, 4, 4]);
        let reversed = [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111];
        assert_eq!(codes, reversed);
    }

    #[test]
    fn steep_counts_stay_under_the_limit() {
        let (mut counts, mut a, mut b) = (Vec::new(), 1_u32, 1_u32);
        for _ in 0..40 {
            counts.push(a);
            (a, b) = (b, a + b);
        }
        let lengths = code_lengths(&counts, 12);
        assert!(lengths.iter().all(|&length| (1..=12).contains(&length)));
        assert_eq!(used(&lengths, 12), 1 << 12);
    }

    proptest! {
        #[test]
        fn the_code_is_complete_and_short_codes_go_to_frequent_symbols(
            counts in prop::collection::vec(prop_oneof![Just(0_u32), 1..9_u32, 1..70_000_u32], 2..286)
        ) {
            let lengths = code_lengths(&counts, 12);
            let present = counts.iter().filter(|&&count| count > 0).count();
            if present >= 2 {
                prop_assert_eq!(used(&lengths, 12), 1 << 12);
            }
            for (a, &more) in counts.iter().enumerate() {
                prop_assert_eq!(more > 0, lengths[a] > 0);
                for (b, &less) in counts.iter().enumerate() {
                    if more > less && less > 0 {
                        prop_assert!(lengths[a] <= lengths[b]);
                    }
                }
            }
        }
    }
}
