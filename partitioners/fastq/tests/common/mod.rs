//! What several test files share: texts, packings, real data.
#![allow(dead_code, reason = "each test file uses a part of it")]
use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use object_io::Store;
use partition_fastq::{Index, IndexRequest, Progress};
use plan::Uri;
use proptest::prelude::*;

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

pub(crate) fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

pub(crate) fn quiet() -> Progress {
    Arc::new(|_| ())
}

pub(crate) async fn store_with(bytes: &[u8]) -> (Store, Uri) {
    let store = Store::new();
    let gzip = bytes.starts_with(b"\x1f\x8b");
    let object = uri(if gzip {
        "mem://test/reads.fastq.gz"
    } else {
        "mem://test/reads.fastq"
    });
    store.put(&object, bytes.to_vec()).await.unwrap();
    (store, object)
}

pub(crate) async fn index(store: &Store, object: &Uri, spacing: u64) -> Index {
    let request = IndexRequest {
        spacing,
        ..IndexRequest::new(object.clone())
    };
    partition_fastq::index(store, &request, quiet()).await.unwrap()
}

/// How a text is stored.
#[derive(Clone, Debug)]
pub(crate) enum Packing {
    Plain,
    /// Gzip members that end at these shares of the text, anywhere in a record.
    Members(Vec<prop::sample::Index>),
    /// BGZF blocks of this many bytes of text.
    Bgzf(usize),
}

pub(crate) fn packings() -> impl Strategy<Value = Packing> {
    prop_oneof![
        Just(Packing::Plain),
        proptest::collection::vec(any::<prop::sample::Index>(), 0..6).prop_map(Packing::Members),
        (100usize..60_000).prop_map(Packing::Bgzf),
    ]
}

fn member(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bgzf_block(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::new(1));
    encoder.write_all(text).unwrap();
    let deflated = encoder.finish().unwrap();
    let mut block = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0".to_vec();
    block.extend_from_slice(&(deflated.len() as u16 + 25).to_le_bytes());
    block.extend_from_slice(&deflated);
    block.extend_from_slice(&crc32fast::hash(text).to_le_bytes());
    block.extend_from_slice(&(text.len() as u32).to_le_bytes());
    block
}

pub(crate) fn pack(text: &[u8], packing: &Packing) -> Vec<u8> {
    match packing {
        Packing::Plain => text.to_vec(),
        Packing::Members(ends) => {
            let mut ends: Vec<usize> = ends.iter().map(|end| end.index(text.len() + 1)).collect();
            ends.push(text.len());
            ends.sort_unstable();
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let levels = [6, 1, 9, 0, 4].into_iter().cycle();
            let members = starts.zip(&ends).zip(levels);
            members
                .flat_map(|((start, &end), level)| member(&text[start..end], level))
                .collect()
        }
        Packing::Bgzf(size) => {
            let mut blocks: Vec<u8> = text.chunks(*size).flat_map(bgzf_block).collect();
            blocks.extend(bgzf_block(b""));
            blocks
        }
    }
}

/// Well-framed reads of awkward kinds: `@` and `+` as first qualities, none or many bases, CR LF, names after `+`, blank
/// lines or no line end at the end.
pub(crate) fn texts() -> impl Strategy<Value = Vec<u8>> {
    let shape = (0usize..400, 0usize..300, any::<u64>(), any::<bool>(), 0u8..4);
    shape.prop_map(|(reads, longest, seed, crlf, ending)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut state = seed | 1;
        let mut next = move |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound.max(1)
        };
        let mut text = String::new();
        let mut last = 0;
        for read in 0..reads {
            last = if read + 1 == reads {
                1 + next(longest)
            } else {
                next(longest + 1)
            };
            let mut letters =
                |alphabet: &[u8]| -> String { (0..last).map(|_| alphabet[next(alphabet.len())] as char).collect() };
            let (sequence, quality) = (letters(b"ACGTN"), letters(b"@+!~IIIIFF"));
            let name = format!("run:{}:{read}/1 length={last}", next(1000));
            let second = if next(7) == 0 { name.as_str() } else { "" };
            write!(text, "@{name}{end}{sequence}{end}+{second}{end}{quality}{end}").unwrap();
        }
        match ending {
            0 if last > 0 => text.truncate(text.len() - end.len()),
            1 if reads > 0 => text += end,
            _ => {}
        }
        text.into_bytes()
    })
}

/// The slow way: every fourth line starts a record.
pub(crate) fn record_starts(text: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 0;
    for (line, bytes) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if line % 4 == 0 && bytes.starts_with(b"@") {
            starts.push(at);
        }
        at += bytes.len();
    }
    starts
}

pub(crate) fn reads_of(text: &[u8]) -> usize {
    record_starts(text).len()
}

/// Real files below `folders` of the test data, or none, said on standard error.
pub(crate) fn test_data(folders: &[&str], wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if !root.is_dir() {
        eprintln!("skipped: no test data at {}; set TESSERA_TEST_DATA", root.display());
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if wanted(&path.file_name().unwrap().to_string_lossy()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a file, compressed or not.
pub(crate) fn gunzip(file: &Path) -> Vec<u8> {
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
