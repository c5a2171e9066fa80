//! Our indexes in the hands of gztool, indexed_gzip and bgzip, and theirs in ours.
use std::{fs, io::Read, path::Path, process::Command};

use partition_gzip::{Decoder, Format, GzipIndex, bgzf, interchange};

mod support;
use support::{bytes_between, fastq, index, member, oracle, output, real_files, source, zcat};

/// Files of each kind, in a folder of their own: (file, text).
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let text = fastq(30_000, 11);
    let [a, b, c] = [&text[..2_000_000], &text[2_000_000..2_000_100], &text[2_000_100..]];
    let members = [member(a, 6, 7), member(b"", 6, 0), member(b, 9, 2), member(c, 1, 0)].concat();
    let mut all = vec![
        ("single.gz", member(&text, 6, 2), text.clone()),
        ("members.gz", members, text.clone()),
        ("blocks.gz", support::bgzf(&text, 65_280, 6), text.clone()),
        (
            "no-last-newline.gz",
            member(&text[..text.len() - 1], 6, 0),
            text[..text.len() - 1].to_vec(),
        ),
    ];
    let mut written = Vec::new();
    for (name, file, text) in all.drain(..) {
        let path = folder.join(name);
        fs::write(&path, file).unwrap();
        written.push((path.display().to_string(), text));
    }
    for (number, path) in real_files().into_iter().enumerate() {
        let copy = folder.join(format!("real-{number}.gz"));
        fs::copy(&path, &copy).unwrap();
        written.push((copy.display().to_string(), zcat(&path)));
    }
    written
}

/// Offsets worth asking for.
fn places(index: &GzipIndex) -> Vec<u64> {
    let starts = index.checkpoints.iter().map(|checkpoint| checkpoint.text);
    let near = starts.flat_map(|start| [start.saturating_sub(1), start, start + 1]);
    let some = (0..7).map(|seventh| index.text_size * seventh / 7);
    let mut places: Vec<u64> = near.chain(some).filter(|&at| at < index.text_size).collect();
    places.sort_unstable();
    places.dedup();
    let step = places.len().div_ceil(6).max(1);
    places.into_iter().step_by(step).collect()
}

/// Text from `at` on, by our decoder and an index that another tool made.
fn ours(file: &[u8], index: &GzipIndex, at: u64, length: usize) -> Vec<u8> {
    let checkpoint = index.checkpoint_before(at).unwrap();
    let mut decoder = Decoder::new(checkpoint, bytes_between(file, checkpoint, None)).unwrap();
    std::io::copy(&mut decoder.by_ref().take(at - checkpoint.text), &mut std::io::sink()).unwrap();
    let mut text = Vec::new();
    decoder.take(length as u64).read_to_end(&mut text).unwrap();
    text
}

#[test]
fn gztool_extracts_by_our_index_and_we_by_its() {
    if !oracle("gztool", &["gztool", "-h"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files(folder.path()) {
        let file = fs::read(&path).unwrap();
        let exported = index(&file, 300_000);
        let stored = format!("{path}.ours.gzi");
        interchange::gztool::write(&exported, &*source(&file), fs::File::create(&stored).unwrap()).unwrap();
        for at in places(&exported) {
            // Byte at + 1 to the end, counted from 0 by gztool.
            let from = at.to_string();
            let theirs =
                output(Command::new("gztool").args(["-W", "-v0", "-b", &from, "-r", "3000", "-I", &stored, &path]));
            let expected = &text[at as usize..(at as usize + 3000).min(text.len())];
            assert!(
                theirs == expected,
                "{path}: gztool -b {at} gives {} other bytes",
                theirs.len()
            );
        }
        let lines = exported.lines.as_ref().unwrap().total;
        for line in [1, lines / 3, lines].into_iter().filter(|&line| line > 0) {
            let from = line.to_string();
            let theirs =
                output(Command::new("gztool").args(["-W", "-v0", "-L", &from, "-R", "5", "-I", &stored, &path]));
            let expected: Vec<u8> = text
                .split_inclusive(|&byte| byte == b'\n')
                .skip(line as usize - 1)
                .take(5)
                .flatten()
                .copied()
                .collect();
            assert!(
                theirs == expected,
                "{path}: gztool -L {line} gives {} bytes, not {}",
                theirs.len(),
                expected.len()
            );
        }
        for with_lines in [true, false] {
            let stored = format!("{path}.theirs-{with_lines}.gzi");
            let mut command = Command::new("gztool");
            command
                .args(["-i", "-f", "-v0", "-s", "1"])
                .arg(if with_lines { "-x" } else { "-z" });
            output(command.args(["-I", &stored, &path]));
            let imported = interchange::gztool::read(&fs::read(&stored).unwrap()[..], file.len() as u64).unwrap();
            assert_eq!(imported.text_size, text.len() as u64);
            // gztool says 1 for text without any.
            let newlines = support::newlines(&text).max(1);
            assert_eq!(
                imported.lines.as_ref().map(|lines| lines.total),
                with_lines.then_some(newlines)
            );
            for at in places(&imported) {
                assert!(
                    ours(&file, &imported, at, 3000) == text[at as usize..(at as usize + 3000).min(text.len())],
                    "{path} at {at}"
                );
            }
        }
    }
}

const PYTHON: &str = r"
import sys, indexed_gzip
path, stored, places = sys.argv[1], sys.argv[2], sys.argv[3:]
if places:
    file = indexed_gzip.IndexedGzipFile(path, index_file=stored)
    for place in places:
        file.seek(int(place))
        sys.stdout.buffer.write(file.read(3000))
else:
    file = indexed_gzip.IndexedGzipFile(path, spacing=200000)
    file.build_full_index()
    file.export_index(stored)
";

#[test]
fn indexed_gzip_extracts_by_our_index_and_we_by_its() {
    if !oracle("indexed_gzip", &["python3", "-c", "import indexed_gzip"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files(folder.path()) {
        let file = fs::read(&path).unwrap();
        let exported = index(&file, 300_000);
        let stored = format!("{path}.ours.gzidx");
        interchange::indexed_gzip::write(&exported, &*source(&file), fs::File::create(&stored).unwrap()).unwrap();
        let asked = places(&exported);
        let theirs = output(
            Command::new("python3")
                .args(["-c", PYTHON, &path, &stored])
                .args(asked.iter().map(ToString::to_string)),
        );
        let pieces = asked
            .iter()
            .map(|&at| &text[at as usize..(at as usize + 3000).min(text.len())]);
        assert!(
            theirs == pieces.collect::<Vec<_>>().concat(),
            "{path}: indexed_gzip reads something else"
        );

        let stored = format!("{path}.theirs.gzidx");
        output(Command::new("python3").args(["-c", PYTHON, &path, &stored]));
        let stored = fs::read(&stored).unwrap();
        let imported = interchange::indexed_gzip::read(&stored[..], file.len() as u64).unwrap();
        assert_eq!(imported.text_size, text.len() as u64);
        for at in places(&imported) {
            assert!(
                ours(&file, &imported, at, 3000) == text[at as usize..(at as usize + 3000).min(text.len())],
                "{path} at {at}"
            );
        }
        assert!(interchange::indexed_gzip::read(&stored[..], file.len() as u64 + 1).is_err());
    }
}

#[test]
fn bgzip_extracts_by_our_gzi_and_makes_the_same() {
    if !oracle("bgzip", &["bgzip", "--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files(folder.path()) {
        let file = fs::read(&path).unwrap();
        if Format::detect(&file) != Format::Bgzf {
            continue;
        }
        let blocks: Vec<_> = bgzf::blocks(&file[..]).map(Result::unwrap).collect();
        let mut ours = Vec::new();
        interchange::gzi::write(&blocks, &mut ours).unwrap();
        output(Command::new("bgzip").args(["-r", &path]));
        let stored = format!("{path}.gzi");
        assert!(
            fs::read(&stored).unwrap() == ours,
            "{path}: bgzip -r writes another .gzi"
        );
        fs::write(&stored, &ours).unwrap();
        for at in (0..5).map(|fifth| text.len() * fifth / 5) {
            let theirs = output(Command::new("bgzip").args(["-b", &at.to_string(), "-s", "3000", &path]));
            assert!(theirs == text[at..(at + 3000).min(text.len())], "{path}: bgzip -b {at}");
        }
        for (offset, start) in interchange::gzi::read(&ours[..]).unwrap() {
            let checkpoint = partition_gzip::Checkpoint {
                bit: offset * 8,
                text: start,
                start: partition_gzip::Start::Member,
            };
            let mut rest = vec![0; (text.len() - start as usize).min(3000)];
            Decoder::new(&checkpoint, bytes_between(&file, &checkpoint, None))
                .unwrap()
                .read_exact(&mut rest)
                .unwrap();
            assert!(rest == text[start as usize..start as usize + rest.len()]);
        }
    }
}

#[test]
fn rapidgzip_extracts_by_our_indexes_and_we_by_its() {
    if !oracle("rapidgzip", &["rapidgzip", "--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // A few files: each command takes a third of a second to start.
    for (path, text) in files(folder.path()).into_iter().take(4) {
        let file = fs::read(&path).unwrap();
        let exported = index(&file, 300_000);
        let places = places(&exported);
        let ranges: Vec<String> = places.iter().map(|at| format!("3000@{at}")).collect();
        let pieces = places
            .iter()
            .map(|&at| &text[at as usize..(at as usize + 3000).min(text.len())]);
        let pieces = pieces.collect::<Vec<_>>().concat();
        let stored = format!("{path}.ours");
        for format in ["gztool-with-lines", "gztool", "indexed_gzip"] {
            let to = fs::File::create(&stored).unwrap();
            match format {
                "indexed_gzip" => interchange::indexed_gzip::write(&exported, &*source(&file), to).unwrap(),
                "gztool" => {
                    let without = GzipIndex {
                        lines: None,
                        ..exported.clone()
                    };
                    interchange::gztool::write(&without, &*source(&file), to).unwrap();
                }
                _ => interchange::gztool::write(&exported, &*source(&file), to).unwrap(),
            }
            let mut command = Command::new("rapidgzip");
            command.args([
                "-q",
                "-d",
                "-c",
                "--import-index",
                &stored,
                "--ranges",
                &ranges.join(","),
                &path,
            ]);
            assert!(
                output(&mut command) == pieces,
                "{path}: rapidgzip reads something else by {format}"
            );

            let theirs = format!("{path}.theirs");
            let mut command = Command::new("rapidgzip");
            command.args([
                "-q",
                "-f",
                "-P",
                "1",
                "--export-index",
                &theirs,
                "--index-format",
                format,
                &path,
            ]);
            output(&mut command);
            let theirs = fs::read(&theirs).unwrap();
            let imported = match format {
                "indexed_gzip" => interchange::indexed_gzip::read(&theirs[..], file.len() as u64).unwrap(),
                _ => interchange::gztool::read(&theirs[..], file.len() as u64).unwrap(),
            };
            assert_eq!(imported.text_size, text.len() as u64);
            for &at in &places {
                let expected = &text[at as usize..(at as usize + 3000).min(text.len())];
                assert!(
                    ours(&file, &imported, at, 3000) == expected,
                    "{path} at {at} by {format}"
                );
            }
        }
    }
}
