//! However reads are cut into parts, the sum of the pileups is the same.
mod common;

use common::{parse_fasta, parse_sam, pile_up};
use genomics_tables::{Entries, Indel, IndelKey, Indels, Letter, MatchKey, OtherKey, Pileup, Strand};
use proptest::prelude::*;

const REFERENCE: &str = ">c\nACGTTTTTTGCATGCCATAGACCATGATTACAGGATCCAGTTTACCCGTAGGCTA\n";

/// Fragments of the reference with errors, as SAM text: pairs whose mates overlap more or less.
fn sam_text(fragments: &[(usize, usize, u8, u8)]) -> String {
    let reference = REFERENCE.lines().nth(1).unwrap().as_bytes();
    let mut text = String::new();
    for (number, &(start, step, error, shape)) in fragments.iter().enumerate() {
        for (second, from) in [(false, start), (true, start + step)] {
            let mut bases = reference[from..from + 24].to_vec();
            let mut cigar = "24M";
            if shape == 1 && !second {
                bases = [&reference[from..from + 12], &reference[from + 13..from + 25]].concat();
                cigar = "12M1D12M";
            } else if shape == 2 {
                bases = [
                    &reference[from..from + 10],
                    b"T".as_slice(),
                    &reference[from + 10..from + 23],
                ]
                .concat();
                cigar = "10M1I13M";
            }
            bases[usize::from(error) % 24] = b"ACGTN"[usize::from(error) % 5];
            let flag = if second { 1 | 0x80 | 0x10 } else { 1 | 0x40 };
            let quality: String = (0..24)
                .map(|i| char::from(33 + ((i * 7 + u32::from(error)) % 40) as u8))
                .collect();
            let bases = String::from_utf8(bases).unwrap();
            let name = format!("r{number}");
            text += &[
                &name,
                &flag.to_string(),
                "c",
                &(from + 1).to_string(),
                "60",
                cigar,
                "=",
                "1",
                "0",
                &bases,
                &quality,
            ]
            .join("\t");
            text.push('\n');
        }
    }
    text
}

proptest! {
    #[test]
    fn any_cut_of_the_reads_gives_the_same_sum(
        fragments in prop::collection::vec((0..6_usize, 0..24_usize, any::<u8>(), 0..3_u8), 1..30),
        parts in 1..5_usize,
    ) {
        let contigs = parse_fasta(REFERENCE);
        let sam = parse_sam(&sam_text(&fragments), &contigs);
        let whole = pile_up(&sam, &contigs, |_| true);
        prop_assert_eq!(whole.first_broken_row(), None);
        // Not even mates need to stay together: each knows the other's place and bases.
        let part_of = |record: &common::Record| (record.name.len() * 31 + record.position as usize * 7 + usize::from(record.flag)) % parts;
        let pileups: Vec<Pileup> = (0..parts).map(|part| pile_up(&sam, &contigs, |record| part_of(record) == part)).collect();
        prop_assert!(Pileup::sum(&pileups) == whole);
        prop_assert!(Pileup::sum(pileups.iter().rev()) == whole);
        if let Some((first, rest)) = pileups.split_first() {
            prop_assert!(Pileup::sum([&Pileup::sum(rest), first]) == whole);
        }
    }

    #[test]
    fn every_position_of_a_fragment_counts_once(start in 0..6_usize, step in 0..24_usize) {
        let contigs = parse_fasta(REFERENCE);
        let sam = parse_sam(&sam_text(&[(start, step, 4, 0)]), &contigs);
        let whole = pile_up(&sam, &contigs, |_| true);
        prop_assert_eq!(whole.len(), 24 + step);
        prop_assert!(whole.rows().all(|row| row.depth == 1));
    }
}

fn sam_line(name: &str, flag: u16, position: u64, cigar: &str, bases: &str, quality: char) -> String {
    let quality = quality.to_string().repeat(bases.len());
    format!("{name}\t{flag}\tc\t{position}\t60\t{cigar}\t=\t1\t0\t{bases}\t{quality}\n")
}

fn pileup_of(text: &str) -> Pileup {
    let contigs = parse_fasta(">c\nACGTACGTAC\n");
    pile_up(&parse_sam(text, &contigs), &contigs, |_| true)
}

#[test]
fn one_read_by_hand() {
    let pileup = pileup_of(&sam_line("r", 0, 3, "4M", "GTCC", '?'));
    let positions: Vec<_> = pileup.rows().map(|row| (row.position, row.reference)).collect();
    assert_eq!(positions, [(2, b'G'), (3, b'T'), (4, b'A'), (5, b'C')]);
    let (key, count) = Entries::new(pileup.row(0).matches).next().unwrap();
    assert_eq!(count, 1);
    let key = MatchKey::unpack(key);
    assert_eq!((key.mapq_bin, key.strand, key.quality), (7, Strand::Forward, 30));
    let (key, _) = Entries::new(pileup.row(2).others).next().unwrap();
    let key = OtherKey::unpack(key);
    assert_eq!((key.letter, key.quality, key.end, key.company), (Letter::C, 30, 1, 0));
    assert!(!pileup.row(0).starts.is_empty() && pileup.row(1).starts.is_empty());
}

#[test]
fn agreeing_mates_add_their_qualities() {
    let pileup = pileup_of(&(sam_line("r", 0x41, 1, "4M", "ACGT", '+') + &sam_line("r", 0x91, 1, "4M", "ACGT", '5')));
    for row in pileup.rows() {
        let (key, count) = Entries::new(row.matches).next().unwrap();
        let key = MatchKey::unpack(key);
        assert_eq!((row.depth, count, key.quality, key.strand), (1, 1, 30, Strand::Both));
    }
}

#[test]
fn an_indel_is_anchored_and_its_flanks_are_measured() {
    let pileup =
        pileup_of(&(sam_line("r", 0, 2, "2M2D4M", "CGCGTA", '?') + &sam_line("s", 16, 2, "3M1I3M", "CGTTACG", '?')));
    let indels: Vec<_> = pileup.rows().filter(|row| !row.indels.is_empty()).collect();
    assert_eq!(indels[0].position, 2);
    let found: Vec<_> = indels.iter().flat_map(|row| Indels::new(row.indels)).collect();
    // The inserted T moves left of the equal T.
    assert_eq!(
        found.iter().map(|entry| entry.indel).collect::<Vec<_>>(),
        [Indel::Insertion(b"T"), Indel::Deletion(2)]
    );
    let (key, _) = Entries::new(found[1].reads).next().unwrap();
    let key = IndelKey::unpack(key);
    assert_eq!((key.left, key.right, key.strand), (2, 4, Strand::Forward));
    let deleted = pileup.rows().find(|row| row.position == 3).unwrap();
    let (key, _) = Entries::new(deleted.others).next().unwrap();
    assert_eq!(OtherKey::unpack(key).letter, Letter::Deleted);
}
