//! The tasks on simulated reads: neither the parts of the reads nor the ranges show in the file, and the field's tools read it.
#[path = "../../pileup/tests/common/mod.rs"]
mod common;

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use common::{Record, Sam, parse_fasta, parse_sam, pile_up};
use genomics_tables::{Pileup, PileupWriter};
use object_io::Store;
use plan::Uri;
use stage_variants::{Counts, FinishRequest, Mode, Request, finish, run};

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

    fn base(&mut self) -> u8 {
        b"ACGT"[self.below(4) as usize]
    }
}

const LENGTH: usize = 6000;
const READ: usize = 100;

/// A diploid sample: reference, truth (position, reference, alternate) and reads as SAM text, aligned as they were made.
fn sample(seed: u64, depth: usize) -> (String, BTreeSet<(u64, String, String)>, String) {
    let mut random = Random(seed);
    let reference: Vec<u8> = (0..LENGTH).map(|_| random.base()).collect();
    // Every 200 bases a variant: substitution, insertion or deletion, on one or both chromosomes.
    let mut variants = Vec::new();
    for at in (200..LENGTH - 200).step_by(200) {
        let place = at + random.below(50) as usize;
        let shape = random.below(4);
        let both = random.below(3) == 0;
        variants.push((place, shape, both));
    }
    let mut truth = BTreeSet::new();
    let mut texts = String::new();
    let mut number = 0;
    for chromosome in 0..2 {
        // The chromosome with, for each base, its place on the reference; an inserted base has the place before it.
        let mut bases: Vec<(u8, usize, bool)> = Vec::new();
        let mut at = 0;
        let mut next = variants.iter().peekable();
        while at < LENGTH {
            let variant = next.next_if(|variant| variant.0 == at);
            let carried = variant.filter(|&&(_, _, both)| both || chromosome == 0);
            match carried.map(|variant| variant.1) {
                Some(0 | 1) => {
                    let other = b"ACGT"[(b"ACGT".iter().position(|&b| b == reference[at]).unwrap() + 1) % 4];
                    truth.insert((at as u64 + 1, letters(&reference[at..=at]), letters(&[other])));
                    bases.push((other, at, false));
                    at += 1;
                }
                Some(2) => {
                    // An inserted base unlike both neighbours is left-aligned as it stands.
                    let inserted = *b"ACGT"
                        .iter()
                        .find(|&&b| b != reference[at] && b != reference[at + 1])
                        .unwrap();
                    truth.insert((
                        at as u64 + 1,
                        letters(&reference[at..=at]),
                        letters(&[reference[at], inserted]),
                    ));
                    bases.push((reference[at], at, false));
                    bases.push((inserted, at, true));
                    at += 1;
                }
                Some(_) => {
                    let mut first = at + 1;
                    while reference[first - 1] == reference[first + 1] {
                        first -= 1;
                    }
                    let spelled = (
                        letters(&reference[first - 1..=first + 1]),
                        letters(&reference[first - 1..first]),
                    );
                    truth.insert((first as u64, spelled.0, spelled.1));
                    bases.push((reference[at], at, false));
                    at += 3;
                }
                None => {
                    bases.push((reference[at], at, false));
                    at += 1;
                }
            }
        }
        for _ in 0..depth * LENGTH / 2 / 2 / READ {
            let insert = 150 + random.below(150) as usize;
            let start = random.below((bases.len() - insert) as u64) as usize;
            for (second, from) in [(false, start), (true, start + insert - READ)] {
                number += usize::from(!second);
                push_read(&bases[from..from + READ], number, second, &mut random, &mut texts);
            }
        }
    }
    let fasta = format!(">c\n{}\n", letters(&reference));
    (fasta, truth, texts)
}

fn letters(bases: &[u8]) -> String {
    String::from_utf8(bases.to_vec()).unwrap()
}

fn push_read(bases: &[(u8, usize, bool)], number: usize, second: bool, random: &mut Random, text: &mut String) {
    let (mut cigar, mut run, mut kind) = (String::new(), 0_usize, 'M');
    let mut last = None;
    let bases = if bases[0].2 { &bases[1..] } else { bases };
    let mut push = |op: char, length: usize| {
        if op != kind {
            write!(cigar, "{run}{kind}").unwrap();
            (run, kind) = (0, op);
        }
        run += length;
    };
    for &(_, place, inserted) in bases {
        let gap = last.map_or(0, |last: usize| place - last);
        if inserted {
            push('I', 1);
        } else {
            if gap > 1 {
                push('D', gap - 1);
            }
            push('M', 1);
        }
        last = Some(place);
    }
    write!(cigar, "{run}{kind}").unwrap();
    let mut shown = String::new();
    let mut quality = String::new();
    for &(base, _, _) in bases {
        let low = random.below(8) == 0;
        let wrong = low && random.below(20) == 0;
        shown.push(char::from(if wrong { random.base() } else { base }));
        quality.push(if low { '.' } else { 'F' });
    }
    let flag = if second { 0x91 } else { 0x41 };
    let position = (bases[0].1 + 1).to_string();
    let name = format!("r{number}");
    *text += &[
        &name,
        &flag.to_string(),
        "c",
        &position,
        "60",
        &cigar,
        "=",
        "1",
        "0",
        &shown,
        &quality,
    ]
    .join("\t");
    text.push('\n');
}

/// Runs both tasks: reads in `parts` parts, calling in ranges that end at `cuts`.
async fn call(
    sam: &Sam,
    contigs: &[(String, Vec<u8>)],
    parts: usize,
    cuts: &[u64],
    mode: Mode,
    store: &Store,
    out: &Uri,
) -> Counts {
    let part_of = |record: &Record| record.name.bytes().map(usize::from).sum::<usize>() % parts;
    let mut pileups = Vec::new();
    for part in 0..parts {
        let rows: Pileup = pile_up(sam, contigs, |record| part_of(record) == part);
        let mut writer = PileupWriter::new(Vec::new()).unwrap();
        writer.write(&rows).unwrap();
        let uri = out.with_suffix(&format!(".{part}.parquet"));
        store.put(&uri, writer.finish().unwrap()).await.unwrap();
        pileups.push(uri);
    }
    let (mut start, mut records, mut counts) = (0, Vec::new(), Counts::default());
    for (number, &end) in cuts.iter().enumerate() {
        let request = Request {
            pileups: pileups.clone(),
            contig: 0,
            name: "c".into(),
            positions: start..end,
            mode,
            errors: None,
            out: out.with_suffix(&format!(".{number}")),
        };
        let response = run(store.clone(), request).await.unwrap();
        records.push(response.records.uri);
        counts.merge(&response.counts);
        start = end;
    }
    let request = FinishRequest {
        parts: records,
        contigs: vec![("c".into(), LENGTH as u64)],
        sample: "s".into(),
        mode,
        command: "test".into(),
        out: out.clone(),
    };
    finish(store.clone(), request).await.unwrap();
    counts
}

/// Text of a BGZF file, by the field's decoder of gzip.
async fn text(store: &Store, out: &Uri) -> String {
    use std::io::Read as _;
    let bytes = store.get(&out.with_suffix(".vcf.gz")).await.unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&bytes[..])
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn memory(name: &str) -> Uri {
    format!("mem://test/{name}").parse().unwrap()
}

#[tokio::test]
async fn neither_parts_nor_ranges_show() {
    let (fasta, _, reads) = sample(1, 30);
    let contigs = parse_fasta(&fasta);
    let sam = parse_sam(&reads, &contigs);
    let store = Store::new();
    for mode in [Mode::Diploid, Mode::Pool] {
        let whole = memory(&format!("whole-{mode:?}"));
        let counts = call(&sam, &contigs, 1, &[LENGTH as u64], mode, &store, &whole).await;
        assert!(counts.records > 20, "{counts:?}");
        // Cuts at every variant's place and right behind it, and some elsewhere.
        let mut cuts: Vec<u64> = text(&store, &whole)
            .await
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split('\t').nth(1).unwrap().parse::<u64>().unwrap())
            .flat_map(|position| [position - 1, position])
            .collect();
        cuts.extend([7, 1000, LENGTH as u64]);
        cuts.sort_unstable();
        cuts.dedup();
        for (parts, cuts) in [(3, &cuts[..]), (7, &[2500, LENGTH as u64])] {
            let cut = memory(&format!("cut-{mode:?}-{parts}"));
            assert_eq!(call(&sam, &contigs, parts, cuts, mode, &store, &cut).await, counts);
            assert_eq!(text(&store, &cut).await, text(&store, &whole).await);
        }
    }
}

#[tokio::test]
async fn the_truth_is_found() {
    let (fasta, truth, reads) = sample(2, 40);
    let contigs = parse_fasta(&fasta);
    let sam = parse_sam(&reads, &contigs);
    let store = Store::new();
    let out = memory("truth");
    call(&sam, &contigs, 2, &[LENGTH as u64], Mode::Diploid, &store, &out).await;
    let called: BTreeSet<(u64, String, String)> = text(&store, &out)
        .await
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            (fields[1].parse().unwrap(), fields[3].to_owned(), fields[4].to_owned())
        })
        .collect();
    assert_eq!(called, truth);
}

#[tokio::test]
async fn no_reads_give_a_file_without_records() {
    let contigs = parse_fasta(">c\nACGT\n");
    let sam = parse_sam("", &contigs);
    let store = Store::new();
    let out = memory("none");
    let counts = call(&sam, &contigs, 1, &[LENGTH as u64], Mode::Diploid, &store, &out).await;
    assert_eq!(counts, Counts::default());
    assert!(text(&store, &out).await.lines().all(|line| line.starts_with('#')));
}

/// Runs a tool; `None` if it is not installed and need not be.
fn tool(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            assert!(
                output.status.success(),
                "{program} {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!warnings.contains("[W"), "{warnings}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(_) if std::env::var_os("TESSERA_REQUIRE_ORACLES").is_none() => {
            eprintln!("skipped: {program} not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

/// Oracle: bcftools and tabix read the file, find records by place through our index, and have nothing to normalise.
#[tokio::test]
async fn the_fields_tools_read_the_file_and_its_index() {
    let (fasta, _, reads) = sample(3, 30);
    let contigs = parse_fasta(&fasta);
    let sam = parse_sam(&reads, &contigs);
    let folder = tempfile::tempdir().unwrap();
    let reference = folder.path().join("c.fa");
    std::fs::write(&reference, &fasta).unwrap();
    let store = Store::new();
    for mode in [Mode::Diploid, Mode::Pool] {
        let out = Uri::from_path(folder.path().join(format!("{mode:?}")));
        call(&sam, &contigs, 2, &[1000, 3000, LENGTH as u64], mode, &store, &out).await;
        let ours = text(&store, &out).await;
        let records: Vec<&str> = ours.lines().filter(|line| !line.starts_with('#')).collect();
        let file = out.with_suffix(".vcf.gz");
        let Some(seen) = tool("bcftools", &["view", "-H", file.as_str()]) else {
            return;
        };
        assert_eq!(seen.lines().count(), records.len());
        for range in ["c:1-1000", "c:950-1200", "c:3001-6000", "c:5999-6000"] {
            let (start, end) = range[2..].split_once('-').unwrap();
            let (start, end): (u64, u64) = (start.parse().unwrap(), end.parse().unwrap());
            let wanted: Vec<&str> = records
                .iter()
                .copied()
                .filter(|record| {
                    let fields: Vec<&str> = record.split('\t').collect();
                    let position: u64 = fields[1].parse().unwrap();
                    position <= end && position + fields[3].len() as u64 > start
                })
                .collect();
            let Some(found) = tool("tabix", &[file.as_str(), range]) else {
                return;
            };
            assert_eq!(found.lines().collect::<Vec<_>>(), wanted, "{range}");
            let Some(found) = tool("bcftools", &["view", "-H", "-r", range, file.as_str()]) else {
                return;
            };
            assert_eq!(found.lines().count(), wanted.len(), "{range}");
        }
        let fasta = reference.to_str().unwrap();
        let Some(normal) = tool("bcftools", &["norm", "-c", "e", "-f", fasta, file.as_str()]) else {
            return;
        };
        let key = |line: &str| line.split('\t').take(5).map(str::to_owned).collect::<Vec<_>>();
        let normal: Vec<_> = normal.lines().filter(|line| !line.starts_with('#')).map(key).collect();
        assert_eq!(normal, records.iter().map(|line| key(line)).collect::<Vec<_>>());
    }
}
