//! Every gzip file of the shared data comes out as zlib has it, CRC and all.
use std::{env, fs, path::PathBuf};

use crate::{
    ours::{Cuts, run},
    zlib::{Outcome, decompress},
};

#[test]
fn real_files_come_out_as_zlib_has_them() {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if !data.exists() {
        eprintln!("skipped: no test data at {}", data.display());
        return;
    }
    let mut folders = vec![data.join("genomics")];
    let (mut files, mut members) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "gz" || ext == "bgz") {
                members += check(&fs::read(&path).unwrap());
                files += 1;
            }
        }
    }
    eprintln!("{files} files, {members} members");
    assert!(files > 0 && members >= files);
}

/// Compares member after member; gives their number.
fn check(mut file: &[u8]) -> usize {
    let mut members = 0;
    while let Some(header) = header(file) {
        let stream = &file[header..];
        let whole = run(stream, 0, &[], &Cuts::whole());
        let pieces = run(
            stream,
            0,
            &[],
            &Cuts {
                input: vec![4096],
                output: vec![50_000],
                ..Cuts::whole()
            },
        );
        assert_eq!(whole.end, pieces.end);
        assert!(whole.output == pieces.output && whole.edges == pieces.edges);
        let (bytes, outcome) = decompress(stream, whole.output.len() + 1024);
        assert!(whole.output == bytes);
        assert_eq!(matches!(outcome, Outcome::End(_)), whole.end.is_ok());
        members += 1;
        let Ok(end) = whole.end else { break };
        file = stream.get(end + 8..).unwrap_or_default();
    }
    members
}

/// Length of the gzip header, without its checks.
fn header(file: &[u8]) -> Option<usize> {
    let flags = *file.starts_with(&[0x1f, 0x8b, 8]).then(|| file.get(3))??;
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*file.get(10)?, *file.get(11)?]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += file.get(at..)?.iter().position(|&byte| byte == 0)? + 1;
        }
    }
    Some(at + if flags & 2 != 0 { 2 } else { 0 }).filter(|&at| at <= file.len())
}
