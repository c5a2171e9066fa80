//! Reads of fragments, in the order in which an instrument would give them: any.
use std::collections::HashMap;

use super::{
    Contig, Params, StrandBias, Variant,
    fragment::{Fragment, Fragments},
    quality::{OFFSET, Read, Sequencer, reverse_complement},
};
use crate::rng::Rng;

/// Makes the reads of a data set and hands each to `give`: (mate 0 or 1, FASTQ record). Mates come one after the other.
/// Stops early if `give` says so. The answer is how many pairs (or long reads) there were.
pub fn reads(
    params: &Params,
    genome: &[Contig],
    variants: &[Variant],
    mut give: impl FnMut(usize, &[u8]) -> bool,
) -> u64 {
    let fragments = Fragments::new(params, genome, variants);
    let sequencer = Sequencer::new();
    let mut rng = Rng::new(params.seed, 3);
    let bias = params.strand_bias.map(|bias| Bias::new(bias, params.seed, genome));
    let bases_per_read = params.long.map_or(2.0 * f64::from(params.read_length), f64::from);
    let wanted = (params.genome as f64 * params.coverage / bases_per_read).round() as u64;
    let mut made = 0;
    let mut record = Vec::new();
    while made < wanted {
        let mut fragment = fragments.draw(&mut rng);
        let copies = params.pcr.filter(|pcr| rng.chance(pcr.duplicated)).map_or(1, |pcr| {
            for base in &mut fragment.bases {
                if rng.chance(pcr.errors) {
                    *base = rng.other_base(*base);
                }
            }
            1 + rng.geometric(1.0 / (pcr.copies - 1.0))
        });
        // Copies of one molecule are sequenced from the same end.
        let flipped = rng.chance(0.5);
        for _ in 0..copies.min(wanted - made) {
            for mate in 0..if params.long.is_some() { 1 } else { 2 } {
                let reverse = flipped != (mate == 1);
                let mut template = template(params, &fragment, reverse, bias.as_ref(), &mut rng);
                if reverse {
                    reverse_complement(&mut template);
                }
                let read = match params.long {
                    None => sequencer.short(&template, &mut rng),
                    Some(_) => sequencer.long(&template, &mut rng),
                };
                record.clear();
                write(
                    &mut record,
                    &genome[fragment.contig].name,
                    &fragment,
                    made,
                    params.long.is_none().then_some(mate),
                    &read,
                );
                if !give(mate, &record) {
                    return made;
                }
            }
            made += 1;
        }
    }
    made
}

/// The forward bases that a read sees.
fn template(params: &Params, fragment: &Fragment, reverse: bool, bias: Option<&Bias>, rng: &mut Rng) -> Vec<u8> {
    let length = fragment.bases.len();
    let taken = params
        .long
        .map_or((params.read_length as usize).min(length), |_| length);
    let range = if reverse { length - taken..length } else { 0..taken };
    let mut bases = fragment.bases[range.clone()].to_vec();
    if let Some(bias) = bias {
        for (base, &position) in bases.iter_mut().zip(&fragment.positions[range]) {
            bias.apply(base, fragment.contig, position, reverse, rng);
        }
    }
    bases
}

fn write(text: &mut Vec<u8>, contig: &str, fragment: &Fragment, number: u64, mate: Option<usize>, read: &Read) {
    let mate = mate.map_or_else(String::new, |mate| format!("/{}", mate + 1));
    // Where it comes from, 1-based: for whoever wants to check an alignment.
    text.extend(format!("@sim{number}.{contig}.{}{mate}\n", fragment.start + 1).bytes());
    text.extend_from_slice(&read.bases);
    text.extend_from_slice(b"\n+\n");
    debug_assert!(read.qualities.iter().all(|&quality| quality >= OFFSET));
    text.extend_from_slice(&read.qualities);
    text.push(b'\n');
}

/// Places where one strand lies.
struct Bias {
    rate: f64,
    /// (contig, position) to the strand and the base that it shows, forward.
    places: HashMap<(usize, u64), (bool, u8)>,
}

impl Bias {
    fn new(bias: StrandBias, seed: u64, genome: &[Contig]) -> Self {
        let mut rng = Rng::new(seed, 4);
        let mut places = HashMap::new();
        for (contig, Contig { bases, .. }) in genome.iter().enumerate() {
            for (position, &base) in (0..).zip(bases) {
                if rng.chance(bias.density) {
                    places.insert((contig, position), (rng.chance(0.5), rng.other_base(base)));
                }
            }
        }
        Self {
            rate: bias.rate,
            places,
        }
    }

    fn apply(&self, base: &mut u8, contig: usize, position: u64, reverse: bool, rng: &mut Rng) {
        if let Some(&(strand, shown)) = self.places.get(&(contig, position))
            && strand == reverse
            && rng.chance(self.rate)
        {
            *base = shown;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genomics::{Pcr, genome, variants};

    fn all(params: &Params) -> Vec<(usize, String)> {
        let genome = genome(params);
        let variants = variants(params, &genome);
        let mut records = Vec::new();
        reads(params, &genome, &variants, |mate, record| {
            records.push((mate, String::from_utf8(record.to_vec()).unwrap()));
            true
        });
        records
    }

    fn small() -> Params {
        Params {
            genome: 20_000,
            coverage: 3.0,
            ..Params::diploid()
        }
    }

    #[test]
    fn as_many_reads_as_the_coverage_needs() {
        let records = all(&small());
        assert_eq!(records.len(), 400);
        for pair in records.chunks(2) {
            let name = |record: &str| record.lines().next().unwrap().rsplit_once('/').unwrap().0.to_owned();
            assert_eq!((pair[0].0, pair[1].0), (0, 1));
            assert_eq!(name(&pair[0].1), name(&pair[1].1));
        }
        let lines: Vec<&str> = records[0].1.lines().collect();
        assert_eq!(
            (lines.len(), lines[1].len(), lines[2], lines[3].len()),
            (4, 150, "+", 150)
        );
        assert_eq!(records, all(&small()));
        assert_ne!(records, all(&Params { seed: 2, ..small() }));
    }

    #[test]
    fn a_strand_that_lies_shows_only_there() {
        let params = Params {
            contigs: 1,
            variant_distance: 1e9,
            repeat_families: 0.0,
            coverage: 60.0,
            strand_bias: Some(StrandBias {
                density: 0.002,
                rate: 1.0,
            }),
            ..small()
        };
        let genome = genome(&params);
        let bias = Bias::new(params.strand_bias.unwrap(), params.seed, &genome);
        assert!(bias.places.len() > 10);
        let fragments = Fragments::new(&params, &genome, &[]);
        let mut rng = Rng::new(9, 9);
        let (mut shown, mut clean) = (0, 0);
        for _ in 0..500 {
            let fragment = fragments.draw(&mut rng);
            for reverse in [false, true] {
                let bases = template(&params, &fragment, reverse, Some(&bias), &mut rng);
                let from = if reverse { fragment.bases.len() - bases.len() } else { 0 };
                for (at, &base) in bases.iter().enumerate() {
                    let position = fragment.positions[from + at];
                    let truth = genome[0].bases[position as usize];
                    match bias.places.get(&(0, position)) {
                        Some(&(strand, lie)) if strand == reverse => shown += usize::from(base == lie),
                        _ => clean += usize::from(base == truth),
                    }
                }
            }
        }
        assert!(shown > 50);
        assert_eq!(shown + clean, 500 * 300);
    }

    #[test]
    fn copies_share_place_and_errors() {
        let pcr = Pcr {
            duplicated: 0.5,
            copies: 4.0,
            errors: 0.001,
        };
        let records = all(&Params {
            pcr: Some(pcr),
            ..small()
        });
        let mut places = HashMap::<String, u64>::new();
        for (_, record) in records.iter().filter(|(mate, _)| *mate == 0) {
            let name = record.lines().next().unwrap().split_once('.').unwrap().1.to_owned();
            *places.entry(name).or_default() += 1;
        }
        let copied: u64 = places.values().filter(|&&count| count > 1).sum();
        assert!(copied > 100, "{copied} of 200 pairs are copies");
    }
}
