//! What a run's own errors teach the callers, on reads made here: qualities that overstate, slips in homopolymers.
use std::ops::Range;

use genomics_tables::Pileup;
use stage_pileup::{Builder, Read};
use stage_variants::{Call, ErrorCounts, ErrorModel, Mode, Params, call_range};

/// A small fixed generator: the same reads on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % end
    }

    fn chance(&mut self, probability: f64) -> bool {
        (self.below(1 << 30) as f64) < probability * f64::from(1 << 30)
    }

    fn other(&mut self, base: u8) -> u8 {
        let others: Vec<u8> = b"ACGT".iter().copied().filter(|&other| other != base).collect();
        others[self.below(3) as usize]
    }
}

/// How the reads of a test come about.
#[derive(Clone, Copy)]
struct Instrument {
    /// What all bases claim.
    quality: u8,
    /// How often they are wrong.
    error: f64,
    /// Part of the reads that miss a base of a run of four or more equal ones.
    slip: f64,
    /// Bases of a read.
    length: usize,
}

const LENGTH: usize = 30_000;

fn reference() -> Vec<u8> {
    let mut random = Random(7);
    let mut bases: Vec<u8> = Vec::new();
    while bases.len() < LENGTH {
        let base = b"ACGT"[random.below(4) as usize];
        // Every so often a homopolymer.
        let copies = if random.below(40) == 0 { 4 + random.below(3) } else { 1 };
        bases.extend(std::iter::repeat_n(base, copies as usize));
    }
    bases.truncate(LENGTH);
    bases
}

/// Reads in order of position; `mutate` gives the base that a molecule has at a place.
fn pile_up(
    reference: &[u8],
    instrument: Instrument,
    depth: usize,
    seed: u64,
    mut mutate: impl FnMut(usize, u8, u64) -> u8,
) -> Pileup {
    let mut random = Random(seed);
    let mut starts: Vec<usize> = (0..depth * LENGTH / instrument.length)
        .map(|_| random.below((LENGTH - instrument.length) as u64) as usize)
        .collect();
    starts.sort_unstable();
    let mut builder = Builder::new(0, 0, reference);
    for start in starts {
        let molecule = random.below(1 << 20);
        let (mut bases, mut cigar, mut run) = (Vec::new(), Vec::new(), 0);
        let end = start + instrument.length;
        let mut at = start;
        while at < end {
            let letter = reference[at];
            let first = at > start + 10 && reference[at - 1] != letter;
            let copies = reference[at..end].iter().take_while(|&&next| next == letter).count();
            if first && copies >= 4 && at + copies + 10 < end && random.chance(instrument.slip) {
                cigar.extend([run << 4, 1 << 4 | 2]);
                run = 0;
                at += 1;
                continue;
            }
            let mut base = mutate(at, letter, molecule);
            if random.chance(instrument.error) {
                base = random.other(base);
            }
            bases.push(base);
            run += 1;
            at += 1;
        }
        cigar.push(run << 4);
        let read = Read {
            position: start as u64,
            reverse: molecule.is_multiple_of(2),
            mapq: 60,
            cigar: &cigar,
            bases: &bases,
            qualities: &vec![instrument.quality; bases.len()],
            ..Read::default()
        };
        builder.add(&read, None).unwrap();
    }
    builder.finish().0
}

const WHOLE: Range<u64> = 0..LENGTH as u64;

fn call(pileup: &Pileup, mode: Mode, errors: ErrorModel) -> Vec<Call> {
    let params = Params {
        mode,
        errors,
        ..Params::default()
    };
    call_range(pileup, 0, WHOLE, &params)
}

fn learnt(pileup: &Pileup) -> ErrorModel {
    ErrorModel::learn(&ErrorCounts::of(pileup, 0, WHOLE))
}

/// Empirical quality of the only quality that was used.
fn quality(model: &ErrorModel) -> f64 {
    let mut qualities = model.qualities();
    let (_, quality) = qualities.next().unwrap();
    assert_eq!(qualities.next(), None);
    quality
}

const OVERSTATING: Instrument = Instrument {
    quality: 38,
    error: 3e-3,
    slip: 0.0,
    length: 150,
};

#[test]
fn qualities_that_overstate_make_no_alleles_in_a_pool() {
    let reference = reference();
    let variant = |at: usize, letter: u8, molecule: u64| {
        // Every 3000 bases an allele of 5 %.
        if at % 3000 == 1500 && molecule.wrapping_mul(2_654_435_761).wrapping_add(at as u64 * 7919) % 1009 < 50 {
            if letter == b'A' { b'C' } else { b'A' }
        } else {
            letter
        }
    };
    let pileup = pile_up(&reference, OVERSTATING, 300, 11, variant);
    let is_true = |call: &&Call| call.position % 3000 == 1500;
    let believing = call(&pileup, Mode::Pool, ErrorModel::default());
    let false_calls = believing.len() - believing.iter().filter(is_true).count();
    assert!(false_calls > 50, "{false_calls}: the test would not notice the fault");
    let model = learnt(&pileup);
    assert!((quality(&model) - 25.2).abs() < 0.3, "{}", quality(&model));
    let calls = call(&pileup, Mode::Pool, model);
    let found = calls.iter().filter(is_true).count();
    assert!(found == 10 && calls.len() <= 11, "{found} of {}", calls.len());
}

#[test]
fn single_errors_at_shallow_sites_are_not_taken_for_variants() {
    let honest = Instrument {
        quality: 30,
        error: 1e-3,
        ..OVERSTATING
    };
    let pileup = pile_up(&reference(), honest, 8, 5, |_, letter, _| letter);
    let found = quality(&learnt(&pileup));
    assert!((found - 30.0).abs() < 0.6, "{found}");
}

#[test]
fn variants_are_not_taken_for_errors() {
    let honest = Instrument {
        quality: 30,
        error: 1e-3,
        ..OVERSTATING
    };
    // A heterozygous site every 500 bases: as many mismatches as there are errors.
    let variant = |at: usize, letter: u8, molecule: u64| match (at % 500, molecule % 4, letter) {
        (250, 0 | 1, b'A') => b'C',
        (250, 0 | 1, _) => b'A',
        _ => letter,
    };
    let pileup = pile_up(&reference(), honest, 40, 5, variant);
    let found = quality(&learnt(&pileup));
    assert!((found - 30.0).abs() < 0.6, "{found}");
}

#[test]
fn a_few_reads_leave_qualities_at_their_word() {
    let reference = reference();
    let pileup = pile_up(&reference, OVERSTATING, 12, 3, |_, letter, _| letter);
    let few = ErrorModel::learn(&ErrorCounts::of(&pileup, 0, 5000..5020));
    assert!((quality(&few) - 38.0).abs() < 1.0, "{}", quality(&few));
    assert_eq!(learnt(&Pileup::new()), ErrorModel::default());
}

#[test]
fn slips_of_a_noisy_instrument_are_no_indels() {
    let reference = reference();
    let noisy = Instrument {
        quality: 20,
        error: 0.01,
        slip: 0.2,
        length: 600,
    };
    let pileup = pile_up(&reference, noisy, 40, 9, |_, letter, _| letter);
    let believing = call(&pileup, Mode::Diploid, ErrorModel::default());
    assert!(
        believing.iter().filter(|call| call.is_indel()).count() > 200,
        "the test would not notice the fault"
    );
    let model = learnt(&pileup);
    for mode in [Mode::Diploid, Mode::Pool] {
        let calls = call(&pileup, mode, model.clone());
        let indels = calls.iter().filter(|call| call.is_indel()).count();
        assert!(indels <= 1, "{mode:?}: {indels}");
    }
}

#[test]
fn counts_do_not_depend_on_the_cut() {
    let reference = reference();
    let noisy = Instrument {
        quality: 25,
        error: 0.01,
        slip: 0.1,
        length: 600,
    };
    let parts = [1, 2, 3].map(|seed| pile_up(&reference, noisy, 4, seed, |_, letter, _| letter));
    let whole = Pileup::sum(&parts);
    let counts = ErrorCounts::of(&whole, 0, WHOLE);
    let mut sum = ErrorCounts::default();
    for cut in [0, 1, 4000, 4001, 17_123, LENGTH as u64].windows(2).rev() {
        // As a task sees it: the rows of its range and some behind.
        let mut near = Pileup::new();
        for at in whole.find(0, cut[0]..cut[1] + stage_variants::FLANK) {
            near.push(&whole.row(at));
        }
        sum.add(&ErrorCounts::of(&near, 0, cut[0]..cut[1]));
    }
    assert_eq!(sum, counts);
    assert_ne!(sum, ErrorCounts::default());
    let text = serde_json::to_string(&counts).unwrap();
    assert_eq!(serde_json::from_str::<ErrorCounts>(&text).unwrap(), counts);
}
