//! What the tests share: files that are compressed in every way we can think of, real data, and the oracles.
#![allow(dead_code, clippy::missing_panics_doc)] // each test uses a part of it

use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, GzBuilder, Status};
use object_io::ReadAt;
use partition_gzip::{Checkpoint, GzipIndex, Options};

pub(crate) fn source(file: &[u8]) -> Arc<dyn ReadAt> {
    Arc::new(Bytes::copy_from_slice(file))
}

pub(crate) fn options(spacing: u64) -> Options {
    Options {
        spacing,
        member_spacing: spacing,
    }
}

pub(crate) fn index(file: &[u8], spacing: u64) -> GzipIndex {
    GzipIndex::build(&source(file), &options(spacing)).unwrap()
}

/// One member, with every optional header field that `fields` selects.
pub(crate) fn member(text: &[u8], level: u32, fields: u8) -> Vec<u8> {
    let mut builder = GzBuilder::new().mtime(7);
    if fields & 1 != 0 {
        builder = builder.extra(vec![b'Z', b'Z', 1, 0, 9]);
    }
    if fields & 2 != 0 {
        builder = builder.filename("reads.fastq");
    }
    if fields & 4 != 0 {
        builder = builder.comment("a comment");
    }
    let mut writer = builder.write(Vec::new(), Compression::new(level));
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

/// One BGZF block with `text` of at most 64 KiB.
pub(crate) fn bgzf_block(text: &[u8], level: u32) -> Vec<u8> {
    let mut data = vec![0; 65_000];
    let mut deflate = Compress::new(Compression::new(level), false);
    if deflate.compress(text, &mut data, FlushCompress::Finish).unwrap() != Status::StreamEnd {
        assert_ne!(level, 0, "too much text for a block");
        return bgzf_block(text, 0); // incompressible
    }
    data.truncate(deflate.total_out() as usize);
    let mut block = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0".to_vec();
    block.extend_from_slice(&((data.len() + 25) as u16).to_le_bytes());
    block.extend_from_slice(&data);
    block.extend_from_slice(&crc32fast::hash(text).to_le_bytes());
    block.extend_from_slice(&(text.len() as u32).to_le_bytes());
    block
}

/// BGZF with `length` bytes of text per block, and the empty block at the end.
pub(crate) fn bgzf(text: &[u8], length: usize, level: u32) -> Vec<u8> {
    let mut file: Vec<u8> = text.chunks(length).flat_map(|text| bgzf_block(text, level)).collect();
    file.extend(bgzf_block(b"", 6));
    file
}

/// FASTQ-like text.
pub(crate) fn fastq(reads: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = Vec::new();
    for read in 0..reads {
        writeln!(text, "@read.{read} {}", next() % 1000).unwrap();
        text.extend((0..100).map(|_| b"ACGT"[(next() >> 7) as usize & 3]));
        text.extend(b"\n+\n");
        text.extend((0..100).map(|_| b"FFFFFF:,#"[(next() >> 7) as usize % 9]));
        text.push(b'\n');
    }
    text
}

/// The compressed bytes that hold the text between two checkpoints.
pub(crate) fn bytes_between<'a>(file: &'a [u8], from: &Checkpoint, to: Option<&Checkpoint>) -> &'a [u8] {
    let range = to.map_or(from.byte()..file.len() as u64, |to| from.bytes_to(to));
    &file[range.start as usize..range.end as usize]
}

/// The folder of real data, if there is one.
pub(crate) fn data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no real data; set TESSERA_TEST_DATA");
    None
}

/// All real gzip files that are well-formed.
pub(crate) fn real_files() -> Vec<PathBuf> {
    let Some(folder) = data() else { return Vec::new() };
    let mut found = Vec::new();
    let mut folders = vec![folder.join("genomics")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let gzip = path
                .extension()
                .is_some_and(|extension| extension == "gz" || extension == "bgz");
            if path.is_dir() && !path.ends_with("broken") {
                folders.push(path);
            } else if gzip {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a tool is there; without it the test is skipped, or fails if `TESSERA_REQUIRE_ORACLES` is set.
pub(crate) fn oracle(tool: &str, probe: &[&str]) -> bool {
    let there = Command::new(probe[0]).args(&probe[1..]).output();
    let there = there.is_ok_and(|output| output.status.success());
    let required = env::var_os("TESSERA_REQUIRE_ORACLES").is_some_and(|set| set == "1");
    assert!(there || !required, "{tool} is required but not installed");
    if !there {
        eprintln!("skipped: {tool} not installed");
    }
    there
}

/// What a command prints.
pub(crate) fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The text by `gzip -dc`.
pub(crate) fn zcat(path: &Path) -> Vec<u8> {
    output(Command::new("gzip").arg("-dc").arg(path))
}

/// How many newlines there are.
pub(crate) fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
