//! A genome full of repeats, an individual that differs from it, and paired reads whose origin is known.

use std::fmt::Write;

/// A generator of numbers that look random: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn bases(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| b"ACGT"[self.below(4) as usize]).collect()
    }

    fn other(&mut self, base: u8) -> u8 {
        loop {
            let new = b"ACGT"[self.below(4) as usize];
            if new != base {
                return new;
            }
        }
    }

    fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.next() as f64 / u64::MAX as f64).sum();
        mean + deviation * (sum - 6.0)
    }
}

/// Where the two reads of a pair come from: contig, leftmost base and strand of each.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) contig: u32,
    pub(crate) position: [u64; 2],
    pub(crate) reverse: [bool; 2],
}

pub(crate) struct Simulation {
    pub(crate) fasta: String,
    pub(crate) fastq: [String; 2],
    pub(crate) origins: Vec<Origin>,
}

/// `bases` of genome in three contigs and `pairs` of 2 x 150 bases.
pub(crate) fn simulate(seed: u64, bases: usize, pairs: usize) -> Simulation {
    let mut random = Random(seed);
    let contigs = genome(&mut random, bases);
    let mut fasta = String::new();
    for (number, contig) in contigs.iter().enumerate() {
        writeln!(fasta, ">c{}", number + 1).unwrap();
        for line in contig.chunks(60) {
            fasta.push_str(std::str::from_utf8(line).unwrap());
            fasta.push('\n');
        }
    }
    let individual: Vec<(Vec<u8>, Vec<u64>)> = contigs.iter().map(|contig| vary(&mut random, contig)).collect();
    let mut fastq = [String::new(), String::new()];
    let mut origins = Vec::new();
    while origins.len() < pairs {
        let contig = random.below(bases as u64) as usize;
        let contig = if contig < bases / 2 {
            0
        } else if contig < bases * 5 / 6 {
            1
        } else {
            2
        };
        let (text, places) = &individual[contig];
        let insert = random.normal(350.0, 40.0).clamp(200.0, 600.0) as usize;
        let start = random.below((text.len() - insert) as u64) as usize;
        let left = &text[start..start + 150];
        let right = &text[start + insert - 150..start + insert];
        let swapped = random.chance(0.5);
        let ends = [
            (left.to_vec(), places[start], false),
            (complement(right), places[start + insert - 150], true),
        ];
        let ends = if swapped {
            [ends[1].clone(), ends[0].clone()]
        } else {
            ends
        };
        for (file, (read, _, _)) in fastq.iter_mut().zip(&ends) {
            let (read, quality) = sequence(&mut random, read);
            writeln!(file, "@r{}\n{read}\n+\n{quality}", origins.len()).unwrap();
        }
        origins.push(Origin {
            contig: contig as u32,
            position: [ends[0].1, ends[1].1],
            reverse: [ends[0].2, ends[1].2],
        });
    }
    Simulation { fasta, fastq, origins }
}

fn genome(random: &mut Random, bases: usize) -> Vec<Vec<u8>> {
    let mut all = random.bases(bases);
    let families = bases / 80_000 + 1;
    let paste = |random: &mut Random, all: &mut Vec<u8>, element: &[u8], divergence: f64| {
        let at = random.below((all.len() - element.len()) as u64) as usize;
        let reverse = random.chance(0.5);
        let copy = if reverse { complement(element) } else { element.to_vec() };
        for (to, base) in all[at..].iter_mut().zip(copy) {
            *to = if random.chance(divergence) {
                random.other(base)
            } else {
                base
            };
        }
    };
    for _ in 0..families {
        // Segmental duplications, in part identical.
        let length = 500 + random.below(2500) as usize;
        let element = random.bases(length);
        for copy in 0..4 {
            let divergence = if copy == 0 {
                0.0
            } else {
                0.04 * random.below(1000) as f64 / 1000.0
            };
            paste(random, &mut all, &element, divergence);
        }
        // Interspersed repeats.
        let element = random.bases(300);
        for _ in 0..25 {
            let divergence = 0.02 + 0.1 * random.below(1000) as f64 / 1000.0;
            paste(random, &mut all, &element, divergence);
        }
        // Tandem repeats.
        let unit_length = 2 + random.below(60) as usize;
        let unit = random.bases(unit_length);
        let array: Vec<u8> = unit
            .iter()
            .copied()
            .cycle()
            .take(unit.len() * (5 + random.below(20) as usize))
            .collect();
        paste(random, &mut all, &array, 0.01);
    }
    let third = all.split_off(bases * 5 / 6);
    let second = all.split_off(bases / 2);
    vec![all, second, third]
}

/// An individual's contig, and for each of its bases the one of the reference.
fn vary(random: &mut Random, contig: &[u8]) -> (Vec<u8>, Vec<u64>) {
    let (mut text, mut places) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < contig.len() {
        if random.chance(0.000_06) {
            at += 1 + random.below(12) as usize;
            continue;
        }
        if random.chance(0.000_06) {
            for _ in 0..=random.below(12) {
                text.push(b"ACGT"[random.below(4) as usize]);
                places.push(at as u64);
            }
        }
        text.push(if random.chance(0.001) {
            random.other(contig[at])
        } else {
            contig[at]
        });
        places.push(at as u64);
        at += 1;
    }
    (text, places)
}

fn complement(text: &[u8]) -> Vec<u8> {
    let pair = |base: &u8| match base {
        b'A' => b'T',
        b'C' => b'G',
        b'G' => b'C',
        _ => b'A',
    };
    text.iter().rev().map(pair).collect()
}

/// Errors as likely as the qualities say.
fn sequence(random: &mut Random, read: &[u8]) -> (String, String) {
    let (mut bases, mut qualities) = (String::new(), String::new());
    for &base in read {
        let quality = match random.below(100) {
            0..78 => 37,
            78..90 => 25,
            90..96 => 17,
            _ => 11,
        };
        let wrong = random.chance(10f64.powf(-f64::from(quality) / 10.0));
        bases.push(char::from(if wrong { random.other(base) } else { base }));
        qualities.push(char::from(33 + quality as u8));
    }
    (bases, qualities)
}
