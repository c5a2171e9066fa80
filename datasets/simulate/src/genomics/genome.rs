//! A random genome with families of diverged repeats.
use super::Params;
use crate::rng::Rng;

/// One contig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contig {
    /// `chr1`, `chr2`, …
    pub name: String,
    /// Its bases, upper case.
    pub bases: Vec<u8>,
}

/// Copies of each repeat.
const COPIES: u64 = 4;

/// The reference genome of these parameters.
pub fn genome(params: &Params) -> Vec<Contig> {
    let mut rng = Rng::new(params.seed, 1);
    let mut contigs = lengths(params)
        .zip(1..)
        .map(|(length, number): (u64, u32)| Contig {
            name: format!("chr{number}"),
            bases: (0..length).map(|_| rng.base()).collect(),
        })
        .collect::<Vec<_>>();
    let families = (params.repeat_families * params.genome as f64 / 1e6).ceil() as u64;
    for _ in 0..families {
        let element: Vec<u8> = (0..rng.between(500, 3000)).map(|_| rng.base()).collect();
        for _ in 0..COPIES {
            let contig = rng.below(contigs.len() as u64) as usize;
            let bases = &mut contigs[contig].bases;
            let length = element.len().min(bases.len());
            let at = rng.below((bases.len() - length + 1) as u64) as usize;
            let divergence = 0.005 + rng.unit() * 0.035;
            for (target, &source) in bases[at..at + length].iter_mut().zip(&element) {
                *target = if rng.chance(divergence) {
                    rng.other_base(source)
                } else {
                    source
                };
            }
        }
    }
    contigs
}

/// Lengths fall linearly: the first contig is twice as long as the last, or nearly.
fn lengths(params: &Params) -> impl Iterator<Item = u64> {
    let count = u64::from(params.contigs);
    let total = params.genome;
    // Weights 2n-1, 2n-2, … n have the sum n(3n-1)/2.
    let sum = count * (3 * count - 1) / 2;
    let up_to = move |number: u64| {
        let weight: u128 = (0..number).map(|i| u128::from(2 * count - 1 - i)).sum();
        (weight * u128::from(total) / u128::from(sum)) as u64
    };
    (0..count).map(move |number| up_to(number + 1) - up_to(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_add_up() {
        for contigs in [1, 2, 7] {
            let params = Params {
                genome: 100_003,
                contigs,
                ..Params::diploid()
            };
            let lengths: Vec<u64> = lengths(&params).collect();
            assert_eq!(lengths.iter().sum::<u64>(), 100_003);
            assert!(lengths.windows(2).all(|pair| pair[0] >= pair[1]));
        }
    }

    #[test]
    fn repeats_are_there() {
        let params = Params {
            genome: 50_000,
            contigs: 1,
            ..Params::diploid()
        };
        let bases = &genome(&params)[0].bases;
        let mut seen = std::collections::HashMap::new();
        let repeated = bases
            .windows(24)
            .filter(|word| *seen.entry(word.to_vec()).and_modify(|count| *count += 1).or_insert(1) > 1);
        assert!(repeated.count() > 200);
        let plain = genome(&Params {
            repeat_families: 0.0,
            ..params
        });
        assert_ne!(&plain[0].bases, bases);
    }
}
