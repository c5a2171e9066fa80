//! Oracle: `samtools faidx` (1.16 when written) on real, awkward and random files.
use std::{cell::Cell, fs, path::Path, process::Command};

use object_io::Store;
use partition_fasta::{Error, FormatErrorKind, Reference, Region, read_region, write_record};
use plan::Uri;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

mod common;
use common::{faidx, our_index, samtools, with_suffix};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// Both index `fasta`; the indexes must be equal, or both refuse.
fn compare(fasta: &Path) {
    let theirs = faidx(fasta, &[]);
    let ours = block_on(our_index(fasta));
    assert_eq!(theirs.status.success(), ours.is_ok(), "{}: {ours:?}", fasta.display());
    if ours.is_ok() {
        for suffix in [".fai", ".gzi"] {
            let read = |path| fs::read(path).ok();
            let ours = read(with_suffix(fasta, &format!(".ours{suffix}")));
            assert!(
                ours == read(with_suffix(fasta, suffix)),
                "{}{suffix} differs",
                fasta.display()
            );
        }
    }
}

#[test]
fn indexes_of_all_data_are_byte_identical() {
    let (Some(data), true) = (common::data(), samtools()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let all = common::fastas(&data.join("genomics"));
    assert!(all.len() >= 10, "{all:?}");
    for (number, source) in all.iter().enumerate() {
        let copy = folder
            .path()
            .join(format!("{number}-{}", source.file_name().unwrap().display()));
        fs::write(&copy, fs::read(source).unwrap()).unwrap();
        compare(&copy);
        if let Ok(published) = fs::read(with_suffix(source, ".fai")) {
            assert!(
                published == fs::read(with_suffix(&copy, ".ours.fai")).unwrap(),
                "{}.fai",
                source.display()
            );
        }
    }
    let expected = fs::read(data.join("genomics/fasta/htslib/faidx.fa.expected.fai")).unwrap();
    let copy = folder.path().join("faidx.fa");
    fs::write(&copy, fs::read(data.join("genomics/fasta/htslib/faidx.fa")).unwrap()).unwrap();
    block_on(our_index(&copy)).unwrap();
    assert!(expected == fs::read(with_suffix(&copy, ".ours.fai")).unwrap());
}

#[test]
fn a_fastq_is_refused_by_name() {
    let Some(data) = common::data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("r.fq");
    fs::write(&copy, fs::read(data.join("genomics/fasta/htslib/fastqs.fq")).unwrap()).unwrap();
    let refused = block_on(our_index(&copy));
    assert!(
        matches!(&refused, Err(Error::Format { source, .. }) if source.kind == FormatErrorKind::Fastq),
        "{refused:?}"
    );
    assert!(!with_suffix(&copy, ".ours.fai").exists());
}

/// Lines that meet every rule of the format, right or wrong.
fn random_fasta() -> impl Strategy<Value = Vec<u8>> {
    let header = prop::sample::select(vec![
        ">a", ">b c", ">d\te", "> f", ">g>h", ">", ">i\r", ">ab", ">cd", ">xyz",
    ]);
    let body =
        (1usize..6, 0usize..5, 0usize..6, any::<bool>(), any::<bool>()).prop_map(|(width, full, last, crlf, blank)| {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut text = format!("{}{end}", "ACGTNacgtn"[..width].to_owned()).repeat(full);
            text += &"TTTTTT"[..last];
            text += if last > 0 || blank { end } else { "" };
            text
        });
    let record = (header, body).prop_map(|(header, body)| format!("{header}\n{body}"));
    let odd = prop::sample::select(vec![
        "\n", "\r\n", "A C\n", "\0\n", ">", "@r\n", "ACGT", ";x\n", " \n", "é\n",
    ]);
    let odd = odd.prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![8 => record, 1 => odd], 0..6).prop_map(|parts| parts.concat().into_bytes())
}

#[test]
fn random_files_give_what_samtools_gives() {
    if !samtools() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fasta = folder.path().join("r.fa");
    let equal = Cell::new(0);
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&random_fasta(), |text| {
            fs::write(&fasta, &text).unwrap();
            let _ = fs::remove_file(with_suffix(&fasta, ".fai"));
            let theirs = faidx(&fasta, &[]).status.success();
            match block_on(our_index(&fasta)) {
                Ok(_) => {
                    prop_assert!(theirs);
                    let ours = fs::read(with_suffix(&fasta, ".ours.fai")).unwrap();
                    prop_assert!(ours == fs::read(with_suffix(&fasta, ".fai")).unwrap());
                    equal.set(equal.get() + 1);
                }
                // What samtools lets pass, though the index gives wrong bases or hides a sequence.
                Err(Error::Format { source, .. }) => {
                    use FormatErrorKind as Kind;
                    let stricter = match source.kind {
                        Kind::Duplicate { .. } | Kind::NotText | Kind::LineEnd { .. } => true,
                        Kind::NoSequence { name } => name.is_empty(),
                        // A line of CR LF alone right behind a header, with more behind it.
                        Kind::AfterShortLine { .. } => text.windows(3).any(|window| window == b"\n\r\n"),
                        _ => false,
                    };
                    prop_assert!(!theirs || stricter, "samtools takes it");
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
            Ok(())
        })
        .unwrap();
    // Not a promise of the format: that the generator makes files worth comparing.
    assert!(equal.get() > 50, "{} files had an index", equal.get());
}

#[test]
fn regions_are_what_samtools_prints() {
    let (Some(data), true) = (common::data(), samtools()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let g1k = data.join("genomics/fasta/human_g1k_v37.20.21.10M-10M200k.fasta");
    let hg18 = data.join("genomics/fasta/Homo_sapiens_assembly18.trimmed.fasta.gz");
    let crlf = data.join("genomics/fasta/awkward/crlf.fasta");
    for source in [g1k, hg18, crlf] {
        let copy = folder.path().join(source.file_name().unwrap());
        fs::write(&copy, fs::read(&source).unwrap()).unwrap();
        let reference = block_on(Reference::open(&store, &Uri::from_path(&copy))).unwrap();
        let mut regions = Vec::new();
        for (contig, step) in reference.fai.contigs().iter().zip([7919, 104_729]) {
            let (name, bases) = (&contig.name, contig.bases);
            let starts = (1..=bases).step_by((bases / 9 + step % 61).max(1) as usize);
            regions.extend(starts.map(|start| format!("{name}:{start}-{}", (start + start % 70_000).min(bases))));
            regions.extend([
                name.clone(),
                format!("{name}:{bases}-{bases}"),
                format!("{name}:1-{}", bases + 10),
            ]);
        }
        let theirs = faidx(&copy, &regions);
        assert!(theirs.status.success());
        let mut ours = Vec::new();
        for text in &regions {
            let region = Region::parse(text, &reference.fai).unwrap();
            let sequence = block_on(read_region(&store, &reference, &region)).unwrap();
            write_record(&mut ours, text, &sequence.bases, 60);
        }
        assert!(theirs.stdout == ours, "{}", copy.display());
    }
}

#[test]
fn bgzipped_random_lines_index_as_samtools_does() {
    if !samtools() || Command::new("bgzip").arg("--version").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fasta = folder.path().join("r.fa");
    let mut text = Vec::new();
    for contig in 0..3000u64 {
        let bases: Vec<u8> = (0..contig * 7 % 900)
            .map(|i| b"ACGTN"[((i * contig) % 5) as usize])
            .collect();
        write_record(
            &mut text,
            &format!("contig_{contig} {}", "x".repeat(contig as usize % 300)),
            &bases,
            50 + contig % 30,
        );
        text.extend_from_slice(b"ACGT\n");
    }
    // The record without bases above is one short line: still a sequence.
    fs::write(&fasta, &text).unwrap();
    assert!(Command::new("bgzip").arg(&fasta).status().unwrap().success());
    compare(&with_suffix(&fasta, ".gz"));
}
