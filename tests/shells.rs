//! The command as a shell sees it: exit status, standard output for results, standard error for everything else.
use std::{
    fs,
    process::{Command, Output, Stdio},
};

fn tessera(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tessera"))
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_usage_is_status_2_and_a_failure_is_status_1() {
    assert_eq!(tessera(&["fastq", "plan"]).status.code(), Some(2));
    assert_eq!(tessera(&["no-such-verb"]).status.code(), Some(2));
    let absent = tessera(&["fasta", "index", "/nowhere/genome.fa"]);
    assert_eq!(absent.status.code(), Some(1));
    assert_eq!(said(&absent), "error: /nowhere/genome.fa: no such object\n");
    assert!(absent.stdout.is_empty());
    let preset = [
        "run",
        "variant-calling",
        "--reads",
        "/dev/null",
        "--reference",
        "/dev/null",
        "--out",
        "x",
        "--preset",
        "asm5",
    ];
    let preset = tessera(&preset);
    assert_eq!(preset.status.code(), Some(2), "{}", said(&preset));
    assert!(said(&preset).contains("choose sr, map-ont, map-hifi or lr:hq"));
}

#[test]
fn every_verb_explains_itself() {
    for verb in [
        &["--help"][..],
        &["fastq", "--help"],
        &["fasta", "--help"],
        &["isotopes", "--help"],
        &["run", "variant-calling", "--help"],
    ] {
        let help = tessera(verb);
        assert!(help.status.success());
        assert!(
            String::from_utf8_lossy(&help.stdout).contains("Usage: tessera"),
            "{verb:?}"
        );
    }
    let help = String::from_utf8(tessera(&["--help"]).stdout).unwrap();
    for verb in [
        "fastq", "fasta", "isotopes", "run", "plan", "runs", "data", "demo", "info",
    ] {
        assert!(help.contains(&format!("  {verb} ")), "{help}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let reads = folder.path().join("reads.fastq");
    fs::write(&reads, "@r\nACGT\n+\nIIII\n".repeat(200_000)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tessera"))
        .args(["fastq", "read", reads.to_str().unwrap(), "--parts", "1", "--part", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
    assert!(!said(&done).contains("error"), "{}", said(&done));
}

#[test]
fn bad_input_of_a_pipeline_names_the_file_and_leaves_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("reads.fastq"), "@r\nACGT\n+\nIII\n").unwrap();
    fs::write(path("ref.fa"), format!(">c\n{}\n", "ACGTTGCA".repeat(200))).unwrap();
    let run = |reads: &[&str], reference: &str| {
        let mut arguments = vec!["run", "variant-calling", "--reference", reference, "--reads"];
        arguments.extend(reads);
        let out = path("out");
        arguments.extend(["--out", &out]);
        tessera(&arguments)
    };
    let unequal = run(&[&path("reads.fastq")], &path("ref.fa"));
    assert_eq!(unequal.status.code(), Some(1));
    assert!(said(&unequal).contains("reads.fastq"), "{}", said(&unequal));
    assert!(
        said(&unequal).contains("the sequence has 4 bases but the quality has 3 values"),
        "{}",
        said(&unequal)
    );

    fs::write(path("r1.fastq"), "@a/1\nACGT\n+\nIIII\n").unwrap();
    fs::write(path("r2.fastq"), "@b/2\nACGT\n+\nIIII\n").unwrap();
    let step = run(&[&path("r1.fastq"), &path("r2.fastq")], &path("ref.fa"));
    assert_eq!(step.status.code(), Some(1));
    assert!(
        said(&step).contains("r1.fastq") && said(&step).contains("r2.fastq"),
        "{}",
        said(&step)
    );

    fs::write(path("mixed.fa"), ">c\nACGT\nACGTAC\nAC\n").unwrap();
    fs::write(path("good.fastq"), "@r\nACGT\n+\nIIII\n").unwrap();
    let mixed = run(&[&path("good.fastq")], &path("mixed.fa"));
    assert_eq!(mixed.status.code(), Some(1));
    assert!(
        said(&mixed).contains("mixed.fa") && said(&mixed).contains("line"),
        "{}",
        said(&mixed)
    );
    assert!(!folder.path().join("out/variants.vcf.gz").exists());
}

#[test]
fn reads_without_variants_give_an_empty_vcf_and_an_empty_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // A sequence without repeats: each base from the square of its place.
    let genome: String = (0_u64..2000)
        .map(|at| char::from(b"ACGT"[((at * at * 2_654_435_761) >> 13) as usize % 4]))
        .collect();
    fs::write(path("ref.fa"), format!(">c\n{genome}\n")).unwrap();
    let read = |at: usize| format!("@r{at}\n{}\n+\n{}\n", &genome[at..at + 150], "I".repeat(150));
    fs::write(
        path("reads.fastq"),
        (0..180).map(|at| read(at * 10)).collect::<String>(),
    )
    .unwrap();
    let run = |reads: &str| {
        let reads = path(reads);
        tessera(&[
            "run",
            "variant-calling",
            "--reads",
            &reads,
            "--reference",
            &path("ref.fa"),
            "--out",
            &path("out"),
        ])
    };
    let done = run("reads.fastq");
    assert!(done.status.success(), "{}", said(&done));
    assert!(String::from_utf8_lossy(&done.stdout).contains("0 records"), "{done:?}");
    assert!(folder.path().join("out/variants.vcf.gz.tbi").exists());
    assert!(folder.path().join("out/report.html").exists());

    fs::write(path("none.fastq"), "").unwrap();
    let empty = run("none.fastq");
    assert_eq!(empty.status.code(), Some(1));
    assert!(
        said(&empty).contains("none.fastq: the file is empty"),
        "{}",
        said(&empty)
    );
}

#[test]
fn flags_behind_an_ion_are_flags() {
    let shown = tessera(&["isotopes", "C6H12O6+H", "--resolving-power", "140000", "--json"]);
    assert!(shown.status.success(), "{}", said(&shown));
    let ions: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let mz = ions[0]["monoisotopic_mz"].as_f64().unwrap();
    assert!((mz - 181.070_665).abs() < 1e-5, "{ions:#}");
}
