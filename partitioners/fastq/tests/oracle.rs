//! Other programs read what we write, and we read what they write.
mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use common::{quiet, run};
use object_io::Store;
use partition_fastq::{Foreign, Index, IndexRequest, export_index, index_from, stream_reads};
use plan::Uri;

/// Whether a program is there; says so if it is not, and fails if oracles are required.
fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_ok() {
        return true;
    }
    let required = std::env::var("TESSERA_REQUIRE_ORACLES").is_ok_and(|value| value == "1");
    assert!(!required, "{program} is required but not installed");
    eprintln!("skipped: {program} not installed");
    false
}

fn output(program: &str, arguments: &[&str]) -> Vec<u8> {
    let done = Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{program} {arguments:?} failed");
    done.stdout
}

/// A real gzip FASTQ in a folder of its own, and its text.
fn real(name: &str) -> Option<(tempfile::TempDir, PathBuf, Vec<u8>)> {
    let found = common::test_data(&["genomics"], |file| file == name)
        .into_iter()
        .next()?;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join(name);
    fs::copy(&found, &copy).unwrap();
    let text = common::gunzip(&copy);
    Some((folder, copy, text))
}

fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn index(store: &Store, file: &Path) -> Index {
    let request = IndexRequest {
        spacing: 256 << 10,
        ..IndexRequest::new(Uri::from_path(file))
    };
    partition_fastq::index(store, &request, quiet()).await.unwrap()
}

async fn reads(store: &Store, index: &Index, reads: std::ops::Range<u64>) -> Vec<u8> {
    let text = Arc::new(Mutex::new(Vec::new()));
    let to = text.clone();
    let keep = move |piece: &[u8]| {
        to.lock().unwrap().extend_from_slice(piece);
        Ok(())
    };
    stream_reads(store, index, reads, keep).await.unwrap();
    std::mem::take(&mut *text.lock().unwrap())
}

#[test]
fn gztool_extracts_lines_by_our_index() {
    if !has("gztool") {
        return;
    }
    for name in [
        "sample1_1.fastq.gz",
        "sample2_2.multimember.fastq.gz",
        "nanopore_barcode07.fastq.gz",
    ] {
        let Some((_folder, file, text)) = real(name) else {
            return;
        };
        run(async {
            let store = Store::new();
            let index = index(&store, &file).await;
            let to = Foreign::Gztool.default_place(&Uri::from_path(&file));
            export_index(&store, &index, Foreign::Gztool, &to).await.unwrap();
            let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
            for first in [1, lines.len() / 3, lines.len() / 2 + 1, lines.len() - 8] {
                let found = output("gztool", &["-W", "-L", &first.to_string(), "-R", "8", text_of(&file)]);
                assert!(found == lines[first - 1..first + 7].concat(), "{name}, line {first}");
            }
        });
    }
}

#[test]
fn an_index_of_gztool_gives_the_same_index_of_reads() {
    if !has("gztool") {
        return;
    }
    let Some((_folder, file, text)) = real("sample1_1.fastq.gz") else {
        return;
    };
    output("gztool", &["-x", "-s", "1", "-i", text_of(&file)]);
    run(async {
        let store = Store::new();
        let foreign = Foreign::Gztool.default_place(&Uri::from_path(&file));
        let own = index(&store, &file).await;
        let request = IndexRequest::new(Uri::from_path(&file));
        let imported = index_from(&store, &request, &foreign, quiet()).await.unwrap();
        assert_eq!(imported.header().summary, own.header().summary);
        assert_eq!(imported.header().text_crc32, crc32fast::hash(&text));
        let starts = common::record_starts(&text);
        assert!(reads(&store, &imported, 7_777..7_800).await == text[starts[7_777]..starts[7_800]]);
    });
}

#[test]
fn a_gzi_is_that_of_bgzip_and_indexes_on_all_cores() {
    if !has("bgzip") {
        return;
    }
    let Some((folder, file, text)) = real("sample2_1.bgzf.fastq.gz") else {
        return;
    };
    output("bgzip", &["-r", text_of(&file)]);
    run(async {
        let store = Store::new();
        let own = index(&store, &file).await;
        let to = Uri::from_path(folder.path().join("ours.gzi"));
        export_index(&store, &own, Foreign::Gzi, &to).await.unwrap();
        let theirs = format!("{}.gzi", text_of(&file));
        assert!(fs::read(&theirs).unwrap() == fs::read(to.as_str()).unwrap());
        let request = IndexRequest::new(Uri::from_path(&file));
        let imported = index_from(&store, &request, &Uri::from_path(theirs), quiet())
            .await
            .unwrap();
        assert_eq!(imported.header().summary, own.header().summary);
        let starts = common::record_starts(&text);
        assert!(reads(&store, &imported, 5_000..5_001).await == text[starts[5_000]..starts[5_001]]);
    });
}

#[test]
fn indexed_gzip_seeks_by_our_index() {
    let script = "import sys, indexed_gzip\n\
        f = indexed_gzip.IndexedGzipFile(sys.argv[1], index_file=sys.argv[2])\n\
        f.seek(int(sys.argv[3])); sys.stdout.buffer.write(f.read(1000))";
    let there = Command::new("python3")
        .args(["-c", "import indexed_gzip"])
        .stderr(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        let required = std::env::var("TESSERA_REQUIRE_ORACLES").is_ok_and(|value| value == "1");
        assert!(!required, "indexed_gzip is required but not installed");
        eprintln!("skipped: indexed_gzip not installed");
        return;
    }
    let Some((_folder, file, text)) = real("sample1_2.fastq.gz") else {
        return;
    };
    run(async {
        let store = Store::new();
        let index = index(&store, &file).await;
        let to = Foreign::IndexedGzip.default_place(&Uri::from_path(&file));
        export_index(&store, &index, Foreign::IndexedGzip, &to).await.unwrap();
        let found = output("python3", &["-c", script, text_of(&file), to.as_str(), "1700000"]);
        assert!(found == text[1_700_000..1_701_000]);
        let request = IndexRequest::new(Uri::from_path(&file));
        let imported = index_from(&store, &request, &to, quiet()).await.unwrap();
        assert_eq!(imported.header().summary, index.header().summary);
    });
}

/// `seqkit stats -T` (any version): file, format, type, num_seqs, sum_len, min_len, avg_len, max_len.
#[test]
fn counts_are_those_of_seqkit() {
    if !has("seqkit") {
        return;
    }
    let files = common::test_data(&["genomics/lambda", "genomics/sars-cov-2"], |name| {
        name.ends_with("fastq.gz")
    });
    for file in files {
        let stats = output("seqkit", &["stats", "-T", text_of(&file)]);
        let stats = String::from_utf8(stats).unwrap();
        let fields: Vec<&str> = stats.lines().nth(1).unwrap().split('\t').collect();
        run(async {
            let request = IndexRequest::new(Uri::from_path(&file));
            let index = partition_fastq::index_in_memory(&Store::new(), &request, quiet())
                .await
                .unwrap();
            let summary = &index.header().summary;
            let ours = [
                summary.reads,
                summary.bases,
                summary.shortest.unwrap(),
                summary.longest.unwrap(),
            ];
            let theirs = [fields[3], fields[4], fields[5], fields[7]].map(|field| field.parse::<u64>().unwrap());
            assert_eq!(ours, theirs, "{file:?}");
        });
    }
}
