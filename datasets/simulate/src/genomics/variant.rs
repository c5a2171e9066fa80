//! The true variants.
use super::{Contig, Mode, Params};
use crate::{normalise::left_normalise, rng::Rng};

/// One true variant: at 0-based `position` of contig `contig`, `reference` becomes `alternate`. Left-normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// 0-based place of the contig.
    pub contig: usize,
    /// 0-based position of the first base of `reference`.
    pub position: u64,
    /// Reference allele.
    pub reference: Vec<u8>,
    /// Other allele.
    pub alternate: Vec<u8>,
    /// Who carries it.
    pub carrier: Carrier,
}

/// Which molecules carry a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Carrier {
    /// The first copy of the contig, the second, or both.
    Haplotypes([bool; 2]),
    /// Each molecule with this probability.
    Frequency(f64),
}

impl Variant {
    /// 0-based position after the reference allele.
    pub fn end(&self) -> u64 {
        self.position + self.reference.len() as u64
    }

    /// Whether both alleles are one base.
    pub fn is_snp(&self) -> bool {
        self.reference.len() == 1 && self.alternate.len() == 1
    }

    /// Share of molecules that carry it.
    pub fn frequency(&self) -> f64 {
        match self.carrier {
            Carrier::Haplotypes(copies) => copies.iter().filter(|&&carries| carries).count() as f64 / 2.0,
            Carrier::Frequency(frequency) => frequency,
        }
    }
}

/// No variant lies nearer to the end of a contig: reads must reach over it.
const MARGIN: u64 = 300;
/// Bases between two variants, at least: nearer ones can be written in several ways. Pools are denser.
const GAP: [u64; 2] = [20, 1];
/// Longest insertion or deletion, in bases.
const LONGEST: u64 = 12;

/// The variants of these parameters, by contig and position.
pub fn variants(params: &Params, genome: &[Contig]) -> Vec<Variant> {
    let mut rng = Rng::new(params.seed, 2);
    let gap = GAP[usize::from(params.mode == Mode::Pool)];
    let mut found: Vec<Variant> = Vec::new();
    for (contig, Contig { bases, .. }) in genome.iter().enumerate() {
        let margin = MARGIN.min(bases.len() as u64 / 4);
        let last = bases.len() as u64 - margin - LONGEST - 1;
        let mut position = margin;
        loop {
            position += gap + rng.exponential((params.variant_distance - gap as f64).max(0.0)) as u64;
            if position >= last {
                break;
            }
            let carrier = carrier(params, &mut rng);
            let (reference, alternate) = alleles(params, &mut rng, &bases[position as usize..]);
            let (position_left, reference, alternate) = left_normalise(bases, position, reference, alternate);
            let variant = Variant {
                contig,
                position: position_left,
                reference,
                alternate,
                carrier,
            };
            let free = found
                .last()
                .is_none_or(|last| last.contig != contig || last.end() + gap <= variant.position);
            if free && variant.position > 0 {
                position = position.max(variant.end());
                found.push(variant);
            }
        }
    }
    found
}

fn carrier(params: &Params, rng: &mut Rng) -> Carrier {
    match params.mode {
        // Three in ten on the first copy only, three on the second, four on both.
        Mode::Diploid => match rng.below(10) {
            0..3 => Carrier::Haplotypes([false, true]),
            3..6 => Carrier::Haplotypes([true, false]),
            _ => Carrier::Haplotypes([true, true]),
        },
        Mode::Pool => Carrier::Frequency(params.frequencies[rng.below(params.frequencies.len() as u64) as usize]),
    }
}

fn alleles(params: &Params, rng: &mut Rng, bases: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let anchor = bases[0];
    if !rng.chance(params.indels) {
        return (vec![anchor], vec![rng.other_base(anchor)]);
    }
    let length = rng.geometric(0.35).min(LONGEST) as usize;
    if rng.chance(0.5) {
        let inserted = (0..length).map(|_| rng.base());
        (vec![anchor], std::iter::once(anchor).chain(inserted).collect())
    } else {
        (bases[..=length].to_vec(), vec![anchor])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genomics::genome;

    #[test]
    fn variants_are_apart_and_fit_the_reference() {
        for params in [
            Params::diploid(),
            Params {
                indels: 0.3,
                ..Params::pool()
            },
        ] {
            let genome = genome(&params);
            let found = variants(&params, &genome);
            assert!(found.len() as f64 > params.genome as f64 / params.variant_distance * 0.8);
            for pair in found.windows(2).filter(|pair| pair[0].contig == pair[1].contig) {
                assert!(pair[0].end() < pair[1].position);
            }
            for variant in &found {
                let range = variant.position as usize..variant.end() as usize;
                assert_eq!(genome[variant.contig].bases[range], variant.reference);
                assert_ne!(variant.reference, variant.alternate);
            }
            assert!(found.iter().any(|variant| !variant.is_snp()));
        }
    }
}
