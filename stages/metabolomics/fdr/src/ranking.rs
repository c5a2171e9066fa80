//! How many decoys and targets score at least as high.

/// Decoys and targets with at least the score of each target, in the order of `targets`.
///
/// Both lists are in descending order; equal scores count for each other, so their order does not matter.
pub(crate) fn cumulative(targets: &[f64], decoys: &[f64]) -> Vec<(u64, u64)> {
    let mut counts = Vec::with_capacity(targets.len());
    let (mut end, mut decoy) = (0, 0);
    for (at, &score) in targets.iter().enumerate() {
        if at == end {
            end += targets[at..].iter().take_while(|&&other| other >= score).count();
            decoy += decoys[decoy..].iter().take_while(|&&other| other >= score).count();
        }
        counts.push((decoy as u64, end as u64));
    }
    counts
}

/// The least value here or further down.
pub(crate) fn running_minimum(values: &mut [f64]) {
    let mut least = f64::INFINITY;
    for value in values.iter_mut().rev() {
        least = least.min(*value);
        *value = least;
    }
}

/// Middle value; the mean of the two middle ones if their number is even. `values` must not be empty.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_for_each_other() {
        let counts = cumulative(&[0.9, 0.5, 0.5, 0.1], &[0.95, 0.5, 0.2, 0.0]);
        assert_eq!(counts, [(1, 1), (2, 3), (2, 3), (3, 4)]);
        assert_eq!(cumulative(&[], &[0.5]), []);
        assert_eq!(cumulative(&[0.5, 0.4], &[]), [(0, 1), (0, 2)]);
    }

    #[test]
    fn medians_and_minima() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5_f64.to_bits());
        let mut values = [0.3, 0.1, 0.4, 0.2, 0.5];
        running_minimum(&mut values);
        assert_eq!(values.map(f64::to_bits), [0.1, 0.1, 0.2, 0.2, 0.5].map(f64::to_bits));
    }
}
