//! Variant calling through the command: the calls are those of the truth, and the same for every cut, store and accident.
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use s3_server::{Fault, Rule, Server};

const TESSERA: &str = env!("CARGO_BIN_EXE_tessera");

/// A small diploid sample, made once for each test: 60 kb at 20 reads over each base.
fn sample(folder: &Path) {
    let made = tessera(&[
        "data",
        "simulate",
        "genomics",
        "--genome",
        "60kb",
        "--coverage",
        "20",
        "--seed",
        "3",
        "--out",
    ])
    .arg(folder)
    .output()
    .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn tessera(arguments: &[&str]) -> Command {
    let mut command = Command::new(TESSERA);
    command.args(arguments);
    command
}

/// The command that calls the sample's variants.
fn call(data: &str, out: &str, more: &[&str]) -> Command {
    let [first, second, reference] =
        ["reads_1.fastq.gz", "reads_2.fastq.gz", "ref.fa"].map(|name| format!("{data}/{name}"));
    let mut command = tessera(&[
        "run",
        "variant-calling",
        "--reads",
        &first,
        &second,
        "--reference",
        &reference,
    ]);
    command.args(["--out", out]).args(more);
    command
}

fn succeed(mut command: Command) {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn text(folder: &Path) -> String {
    let file = fs::File::open(folder.join("variants.vcf.gz")).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn path(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

/// The root of a temporary folder, with the sample in `data`.
fn workplace() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sample(&data);
    (folder, data)
}

#[test]
fn calls_are_the_truth_and_do_not_depend_on_the_cut() {
    let (folder, data) = workplace();
    let whole = folder.path().join("whole");
    succeed(call(
        path(&data),
        path(&whole),
        &["--fastq-parts", "1", "--fasta-parts", "1", "--call-parts", "1"],
    ));
    let expected = text(&whole);
    assert!(
        expected.lines().filter(|line| !line.starts_with('#')).count() > 40,
        "{expected}"
    );
    for (fastq, fasta, ranges) in [("3", "4", "7"), ("2", "18", "1")] {
        let out = folder.path().join(format!("{fastq}x{fasta}"));
        let parts = ["--fastq-parts", fastq, "--fasta-parts", fasta, "--call-parts", ranges];
        succeed(call(path(&data), path(&out), &parts));
        assert_eq!(text(&out), expected, "{fastq} parts × {fasta} chunks");
    }
    let truth = data.join("truth.vcf");
    let calls = whole.join("variants.vcf.gz");
    let evaluated = tessera(&["data", "evaluate", path(&truth), path(&calls), "--json", "--reference"])
        .arg(data.join("ref.fa"))
        .output()
        .unwrap();
    let found: serde_json::Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    assert!(found["snp"]["f1"].as_f64().unwrap() > 0.98, "{found:#}");
    assert!(found["indel"]["f1"].as_f64().unwrap() > 0.9, "{found:#}");
    let report = fs::read_to_string(whole.join("report.html")).unwrap();
    assert!(report.contains("<svg") && report.contains("variant-calling"));
}

#[test]
fn a_run_that_is_killed_again_and_again_gives_the_same_calls() {
    let (folder, data) = workplace();
    let parts = ["--fastq-parts", "3", "--fasta-parts", "2"];
    let (calm, killed) = (folder.path().join("calm"), folder.path().join("killed"));
    succeed(call(path(&data), path(&calm), &parts));
    let mut command = call(path(&data), path(&killed), &parts);
    // Twice as long each time, so that the run ends however slow this machine is.
    let mut patience = Duration::from_millis(60);
    let mut kills = 0;
    loop {
        let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(patience);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        patience *= 2;
        let runs = killed.join("runs");
        if runs.exists() && fs::read_dir(&runs).unwrap().next().is_some() {
            command = tessera(&["runs", "resume", "latest", "--takeover", "--store", path(&killed)]);
        }
    }
    assert!(kills > 0);
    assert_eq!(text(&killed), text(&calm));
    assert_eq!(fs::read_dir(killed.join("runs")).unwrap().count(), 1);
}

#[test]
fn calls_from_s3_are_the_same() {
    let (folder, data) = workplace();
    let parts = ["--fastq-parts", "2", "--fasta-parts", "2"];
    let local = folder.path().join("local");
    succeed(call(path(&data), path(&local), &parts));

    let server = Server::start();
    server.create_bucket("lab");
    let on_s3 = |mut command: Command| {
        command.envs(server.environment());
        succeed(command);
    };
    on_s3(tessera(&[
        "data",
        "simulate",
        "genomics",
        "--genome",
        "60kb",
        "--coverage",
        "20",
        "--seed",
        "3",
        "--out",
        "s3://lab/data",
    ]));
    on_s3(call(
        "s3://lab/data",
        path(&folder.path().join("mixed")),
        &["--store", "s3://lab/work", "--fastq-parts", "3"],
    ));
    assert_eq!(text(&folder.path().join("mixed")), text(&local));
    // A store that has bad moments changes nothing.
    server.inject(Rule::new(Fault::Answer(503, "SlowDown")).every(9).times(12));
    server.inject(Rule::new(Fault::Truncate(3000)).every(11).times(8));
    on_s3(call("s3://lab/data", "s3://lab/calls", &parts));
    assert!(server.heal() > 0);
    assert!(server.keys("lab").contains(&"calls/variants.vcf.gz.tbi".to_owned()));
    on_s3(call(
        "s3://lab/data",
        path(&folder.path().join("again")),
        &["--store", "s3://lab/calls"],
    ));
    assert_eq!(text(&folder.path().join("again")), text(&local));
    assert_eq!(server.open_uploads(), 0);
    let index = ["fasta", "index", "s3://lab/data/ref.fa"];
    on_s3(tessera(&index));
    on_s3(tessera(&["runs", "list", "--store", "s3://lab/calls"]));
}
