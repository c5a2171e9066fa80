//! One way to write each variant: trimmed and as far left as it goes.

/// Trims what two alleles share and shifts them left in `bases` as far as they go (Tan, Abecasis and Kang 2015,
/// <https://doi.org/10.1093/bioinformatics/btv112>; what `bcftools norm` does). `position` is 0-based; case is kept.
///
/// ```
/// // In CAAAT, the deletion of any A is that of the first.
/// let (position, reference, alternate) = simulate::left_normalise(b"CAAAT", 2, b"AA".to_vec(), b"A".to_vec());
/// assert_eq!((position, &reference[..], &alternate[..]), (0, &b"CA"[..], &b"C"[..]));
/// ```
pub fn left_normalise(
    bases: &[u8],
    position: u64,
    mut reference: Vec<u8>,
    mut alternate: Vec<u8>,
) -> (u64, Vec<u8>, Vec<u8>) {
    if reference.eq_ignore_ascii_case(&alternate) {
        return (position, reference, alternate);
    }
    let mut position = position;
    loop {
        let same_end = match (reference.last(), alternate.last()) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        if same_end && (reference.len().min(alternate.len()) > 1 || position > 0) {
            reference.pop();
            alternate.pop();
        } else if !reference.is_empty() && !alternate.is_empty() {
            break;
        }
        if reference.is_empty() || alternate.is_empty() {
            let Some(&before) = position.checked_sub(1).and_then(|before| bases.get(before as usize)) else {
                break;
            };
            position -= 1;
            reference.insert(0, before);
            alternate.insert(0, before);
        }
    }
    let shortest = reference.len().min(alternate.len());
    let same = reference
        .iter()
        .zip(&alternate)
        .take_while(|(a, b)| a.eq_ignore_ascii_case(b))
        .count();
    let same = same.min(shortest.saturating_sub(1));
    reference.drain(..same);
    alternate.drain(..same);
    (position + same as u64, reference, alternate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(bases: &[u8], position: u64, reference: &[u8], alternate: &[u8]) -> Vec<u8> {
        let at = position as usize;
        assert_eq!(&bases[at..at + reference.len()], reference);
        [&bases[..at], alternate, &bases[at + reference.len()..]].concat()
    }

    #[test]
    fn known_cases() {
        let normal = |position, a: &[u8], b: &[u8]| {
            let (position, a, b) = left_normalise(b"GGCACACAT", position, a.to_vec(), b.to_vec());
            (position, String::from_utf8(a).unwrap(), String::from_utf8(b).unwrap())
        };
        assert_eq!(normal(5, b"ACA", b"A"), (1, "GCA".into(), "G".into()));
        assert_eq!(normal(2, b"CAC", b"CTC"), (3, "A".into(), "T".into()));
        assert_eq!(normal(7, b"A", b"ACA"), (1, "G".into(), "GCA".into()));
        // At the very start nothing lies to the left to anchor on.
        assert_eq!(normal(0, b"GG", b"G"), (0, "GG".into(), "G".into()));
    }

    proptest! {
        #[test]
        fn the_haplotype_stays_and_twice_is_once(
            bases in prop::collection::vec(prop::sample::select(b"AC".to_vec()), 2..30),
            alternate in prop::collection::vec(prop::sample::select(b"AC".to_vec()), 1..5),
            at in any::<prop::sample::Index>(), length in 1usize..5,
        ) {
            let at = at.index(bases.len());
            let reference = bases[at..(at + length).min(bases.len())].to_vec();
            prop_assume!(reference != alternate);
            let expected = apply(&bases, at as u64, &reference, &alternate);
            let (position, a, b) = left_normalise(&bases, at as u64, reference, alternate);
            prop_assert!(!a.is_empty() && !b.is_empty());
            prop_assert_eq!(&apply(&bases, position, &a, &b), &expected);
            prop_assert_eq!(left_normalise(&bases, position, a.clone(), b.clone()), (position, a.clone(), b.clone()));
            // Every other single change that gives the same haplotype has the same normal form.
            for other in 0..=bases.len() - a.len() {
                for end in other + 1..=bases.len() {
                    let span = end - other;
                    if span + b.len() < a.len() { continue; }
                    let new = span + b.len() - a.len();
                    if new == 0 || other + new > expected.len() { continue; }
                    let replaced = expected[other..other + new].to_vec();
                    let made = [&bases[..other], &replaced[..], &bases[end..]].concat();
                    if made == expected && bases[other..end] != replaced[..] {
                        let same = left_normalise(&bases, other as u64, bases[other..end].to_vec(), replaced);
                        prop_assert_eq!(same, (position, a.clone(), b.clone()));
                    }
                }
            }
        }
    }
}
