//! Molecules: stretches of the genome with the variants that they carry.
use super::{Carrier, Contig, Params, Variant};
use crate::rng::Rng;

/// A molecule that is sequenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    /// 0-based place of the contig.
    pub(super) contig: usize,
    /// 0-based position of its first base.
    pub(super) start: u64,
    /// Its bases, forward.
    pub(super) bases: Vec<u8>,
    /// Where each base lies, 0-based; an inserted base lies where the one before it does.
    pub(super) positions: Vec<u64>,
}

/// Draws fragments from everywhere alike.
pub(super) struct Fragments<'a> {
    genome: &'a [Contig],
    /// Of each contig.
    variants: Vec<&'a [Variant]>,
    /// Bases of the contigs before each.
    starts: Vec<u64>,
    total: u64,
    /// Mean and standard deviation of the length.
    length: (f64, f64),
    /// No fragment is shorter than this.
    shortest: u64,
}

impl<'a> Fragments<'a> {
    pub(super) fn new(params: &Params, genome: &'a [Contig], variants: &'a [Variant]) -> Self {
        let of = |contig: usize| {
            let from = variants.partition_point(|variant| variant.contig < contig);
            let to = variants.partition_point(|variant| variant.contig <= contig);
            &variants[from..to]
        };
        let mut total = 0;
        let starts = genome
            .iter()
            .map(|contig| {
                let start = total;
                total += contig.bases.len() as u64;
                start
            })
            .collect();
        let (length, shortest) = match params.long {
            None => (params.insert, u64::from(params.read_length)),
            Some(mean) => ((f64::from(mean), f64::from(mean) * 0.25), 200),
        };
        Self {
            genome,
            variants: (0..genome.len()).map(of).collect(),
            starts,
            total,
            length,
            shortest,
        }
    }

    /// The next molecule.
    pub(super) fn draw(&self, rng: &mut Rng) -> Fragment {
        loop {
            let (mean, deviation) = self.length;
            let longest = mean + 6.0 * deviation;
            let length = (mean + deviation * rng.normal()).clamp(self.shortest as f64, longest) as u64;
            // A place in the whole genome; one that would reach over the end of its contig is drawn again, so that every
            // contig gets its share and every base inside it the same.
            let place = rng.below(self.total);
            let contig = self.starts.partition_point(|&start| start <= place) - 1;
            let start = place - self.starts[contig];
            if start + length > self.genome[contig].bases.len() as u64 {
                continue;
            }
            let fragment = self.walk(contig, start, length, rng);
            if fragment.bases.len() as u64 >= self.shortest {
                return fragment;
            }
        }
    }

    /// Reads `length` bases of one molecule from `start` on, deciding at each variant whether it carries that.
    fn walk(&self, contig: usize, start: u64, length: u64, rng: &mut Rng) -> Fragment {
        let reference = &self.genome[contig].bases;
        let copy = usize::from(rng.chance(0.5));
        let mut carries = |variant: &Variant| match variant.carrier {
            Carrier::Haplotypes(copies) => copies[copy],
            Carrier::Frequency(frequency) => rng.chance(frequency),
        };
        let variants = self.variants[contig];
        let mut next = variants.partition_point(|variant| variant.end() <= start);
        let mut position = start;
        // A molecule that starts inside a deletion that it carries starts after it.
        if let Some(variant) = variants.get(next).filter(|variant| variant.position < start) {
            if carries(variant) {
                position = variant.end();
            }
            next += 1;
        }
        let start = position;
        let mut bases = Vec::with_capacity(length as usize);
        let mut positions = Vec::with_capacity(length as usize);
        while (bases.len() as u64) < length && position < reference.len() as u64 {
            let here = variants.get(next).filter(|variant| variant.position == position);
            if let Some(variant) = here {
                next += 1;
                let carried = carries(variant);
                let allele = if carried {
                    &variant.alternate
                } else {
                    &variant.reference
                };
                let last = variant.reference.len() as u64 - 1;
                for (at, &base) in (0..).zip(allele) {
                    bases.push(base);
                    positions.push(position + at.min(last));
                }
                position = variant.end();
            } else {
                bases.push(reference[position as usize]);
                positions.push(position);
                position += 1;
            }
        }
        bases.truncate(length as usize);
        positions.truncate(length as usize);
        Fragment {
            contig,
            start,
            bases,
            positions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(position: u64, reference: &[u8], alternate: &[u8], carrier: Carrier) -> Variant {
        Variant {
            contig: 0,
            position,
            reference: reference.to_vec(),
            alternate: alternate.to_vec(),
            carrier,
        }
    }

    #[test]
    fn a_molecule_has_the_alleles_of_its_copy() {
        let genome = [Contig {
            name: "c".into(),
            bases: b"ACGTACGTAC".to_vec(),
        }];
        let both = Carrier::Haplotypes([true, true]);
        let variants = [
            variant(1, b"C", b"T", both),
            variant(3, b"TAC", b"T", both),
            variant(7, b"T", b"TGG", both),
        ];
        let params = Params {
            read_length: 20,
            ..Params::diploid()
        };
        let fragments = Fragments::new(&params, &genome, &variants);
        let mut rng = Rng::new(1, 1);
        let whole = fragments.walk(0, 0, 10, &mut rng);
        assert_eq!(whole.bases, b"ATGTGTGGAC");
        assert_eq!(whole.positions, [0, 1, 2, 3, 6, 7, 7, 7, 8, 9]);
        let inside = fragments.walk(0, 4, 3, &mut rng);
        assert_eq!((inside.start, &inside.bases[..]), (6, &b"GTG"[..]));
        let none: Vec<_> = variants
            .iter()
            .map(|v| Variant {
                carrier: Carrier::Frequency(0.0),
                ..v.clone()
            })
            .collect();
        let plain = Fragments::new(&params, &genome, &none).walk(0, 4, 3, &mut rng);
        assert_eq!((plain.start, &plain.bases[..]), (4, &b"ACG"[..]));
    }

    #[test]
    fn variants_are_as_frequent_as_they_should_be() {
        let genome = [Contig {
            name: "c".into(),
            bases: b"A".repeat(3000),
        }];
        let frequencies = [0.005, 0.05, 0.2, 1.0];
        let mut variants: Vec<Variant> = (1000..)
            .step_by(20)
            .zip(frequencies)
            .map(|(position, frequency)| variant(position, b"A", b"C", Carrier::Frequency(frequency)))
            .collect();
        variants.push(variant(1200, b"A", b"C", Carrier::Haplotypes([true, false])));
        let params = Params::diploid();
        let fragments = Fragments::new(&params, &genome, &variants);
        let mut rng = Rng::new(5, 5);
        let mut seen = vec![(0.0, 0.0); variants.len()];
        for _ in 0..40_000 {
            let fragment = fragments.draw(&mut rng);
            for (variant, (carried, all)) in variants.iter().zip(&mut seen) {
                if let Some(at) = variant
                    .position
                    .checked_sub(fragment.start)
                    .filter(|&at| at < fragment.bases.len() as u64)
                {
                    *carried += f64::from(u8::from(fragment.bases[at as usize] == b'C'));
                    *all += 1.0;
                }
            }
        }
        for (variant, (carried, all)) in variants.iter().zip(seen) {
            let expected = variant.frequency();
            let deviation = (expected * (1.0 - expected) / all).sqrt();
            assert!(
                all > 4000.0 && (carried / all - expected).abs() <= 5.0 * deviation,
                "{expected}: {carried} of {all}"
            );
        }
    }
}
