//! `tessera fastq` as a user calls it: parts rejoin to the text, files are left alone, bad input fails with status 1.
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn tessera(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tessera"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> Vec<u8> {
    let done = tessera(arguments);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "tessera {arguments:?}: {said}");
    done.stdout
}

/// Real files of the test data, or none, said on standard error.
fn test_data(folders: &[&str]) -> Vec<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let root = std::env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if !root.is_dir() {
        eprintln!("skipped: no test data at {}; set TESSERA_TEST_DATA", root.display());
        return Vec::new();
    }
    let folders = folders.iter().map(|folder| root.join(folder));
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            path.is_file() && name.contains(".fastq") && !name.contains(".gzi")
        })
        .collect();
    files.sort();
    files
}

fn text_of(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    if !bytes.starts_with(b"\x1f\x8b") {
        return bytes;
    }
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..])
        .read_to_end(&mut text)
        .unwrap();
    text
}

/// A copy in a folder of its own, since an index is written beside it.
fn copy(file: &Path, folder: &Path) -> String {
    let to = folder.join(file.file_name().unwrap());
    fs::write(&to, fs::read(file).unwrap()).unwrap();
    to.to_str().unwrap().to_owned()
}

const REAL: [&str; 3] = ["genomics/fastq", "genomics/lambda", "genomics/sars-cov-2"];

#[test]
fn parts_of_every_real_file_rejoin() {
    for file in test_data(&REAL) {
        let folder = tempfile::tempdir().unwrap();
        let reads = copy(&file, folder.path());
        let text = text_of(&file);
        // Without an index first, then with one.
        let whole = stdout(&["fastq", "read", &reads, "--parts", "1", "--part", "0"]);
        assert!(whole == text, "{reads}");
        stdout(&["fastq", "index", &reads]);
        let parts = |part: usize| stdout(&["fastq", "read", &reads, "--parts", "7", "--part", &part.to_string()]);
        assert!((0..7).flat_map(parts).collect::<Vec<u8>>() == text, "{reads}");
        assert_eq!(
            fs::read(&reads).unwrap(),
            fs::read(&file).unwrap(),
            "objects are never changed"
        );
    }
}

#[test]
fn mates_are_cut_into_files_in_step() {
    let files = test_data(&["genomics/lambda"]);
    let Some(first) = files.iter().find(|file| file.ends_with("sample1_1.fastq.gz")) else {
        return;
    };
    let second = first.with_file_name("sample1_2.fastq.gz");
    for gzip in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("parts");
        let out = out.to_str().unwrap();
        let mut arguments = vec!["fastq", "cut", first.to_str().unwrap(), second.to_str().unwrap()];
        arguments.extend(["--parts", "3", "--out", out]);
        arguments.extend(gzip.then_some("--gzip"));
        stdout(&arguments);
        for (mate, whole) in [("1", first), ("2", &second)] {
            let end = if gzip { ".gz" } else { "" };
            let part = |part: u8| text_of(&Path::new(out).join(format!("sample1_{mate}.part-0000{part}.fastq{end}")));
            assert!((0..3).flat_map(part).collect::<Vec<u8>>() == text_of(whole));
        }
    }
}

#[test]
fn every_broken_file_fails_and_leaves_nothing() {
    for file in test_data(&["genomics/broken/fastq", "genomics/broken/gzip"]) {
        let folder = tempfile::tempdir().unwrap();
        let reads = copy(&file, folder.path());
        let parts = folder.path().join("parts");
        for arguments in [
            vec!["fastq", "index", &reads],
            vec!["fastq", "info", &reads],
            vec!["fastq", "cut", &reads, "--parts", "2", "--out", parts.to_str().unwrap()],
        ] {
            let done = tessera(&arguments);
            assert_eq!(done.status.code(), Some(1), "{arguments:?}");
            let said = String::from_utf8(done.stderr).unwrap();
            assert!(said.contains(&reads) && said.contains("byte"), "{said}");
            assert!(done.stdout.is_empty());
        }
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside {reads}"
        );
    }
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [
        &["fastq", "read", "x.fastq"][..],
        &["fastq", "read", "x.fastq", "--part", "1"],
        &["fastq", "read", "x.fastq", "--reads", "5..3"],
        &["fastq", "plan", "x.fastq"],
        &["fastq", "plan", "x.fastq", "--parts", "0"],
        &["fastq", "cut", "x.fastq", "--parts", "2"],
        &["fastq", "cut", "x.fastq", "--target-size", "lots", "--out", "y"],
    ] {
        assert_eq!(tessera(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let absent = tessera(&["fastq", "index", "no-such-file.fastq"]);
    assert_eq!(absent.status.code(), Some(1));
}
