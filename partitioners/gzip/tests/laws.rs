//! Any checkpoint restarts to the same text, for any file, spacing and way of reading.
use std::{
    io::{BufRead, BufReader, Read},
    sync::Arc,
};

use object_io::ReadAt;
use partition_gzip::{Checkpoint, Decoder, Format, GzipIndex, Start, bgzf, interchange};
use proptest::prelude::*;

mod support;
use support::{bgzf as bgzf_file, bytes_between, fastq, index, member, newlines, real_files, source, zcat};

/// Every part between neighbouring checkpoints decodes from its own bytes to its own text.
fn parts_join(file: &[u8], text: &[u8], index: &GzipIndex) {
    assert_eq!(index.text_size, text.len() as u64);
    assert_eq!(index.compressed_size, file.len() as u64);
    assert_eq!(index.checkpoints[0], Checkpoint::FIRST);
    let lines = index.lines.as_ref().unwrap();
    assert_eq!(lines.total, newlines(text));
    for (number, from) in index.checkpoints.iter().enumerate() {
        let to = index.checkpoints.get(number + 1);
        let expected = &text[from.text as usize..to.map_or(text.len(), |to| to.text as usize)];
        let mut decoder = Decoder::new(from, bytes_between(file, from, to)).unwrap();
        assert_eq!(decoder.text_offset(), from.text);
        let mut part = Vec::new();
        decoder
            .by_ref()
            .take(expected.len() as u64)
            .read_to_end(&mut part)
            .unwrap();
        assert!(
            part == expected,
            "part {number} of {:?} differs",
            index.checkpoints.len()
        );
        let before = &text[..from.text as usize];
        assert_eq!(lines.before[number], newlines(before));
    }
}

/// From a checkpoint to the end of the file, over all that comes.
fn rest_follows(file: &[u8], text: &[u8], from: &Checkpoint) {
    let mut rest = Vec::new();
    let bytes = bytes_between(file, from, None);
    Decoder::new(from, bytes).unwrap().read_to_end(&mut rest).unwrap();
    assert!(
        rest == text[from.text as usize..],
        "the rest from {} differs",
        from.text
    );
}

/// The index as other tools can store it: members after the first are entered behind their header, by an empty window.
fn without_members(index: &GzipIndex) -> Vec<(u64, bool)> {
    let shape = |checkpoint: &Checkpoint| {
        (
            checkpoint.text,
            checkpoint.start == Start::Member && checkpoint.text == 0,
        )
    };
    index.checkpoints.iter().map(shape).collect()
}

fn interchange_keeps(file: &[u8], text: &[u8], original: &GzipIndex) {
    let size = file.len() as u64;
    let mut stored = Vec::new();
    interchange::gztool::write(original, &*source(file), &mut stored).unwrap();
    let read = interchange::gztool::read(&stored[..], size).unwrap();
    assert_eq!(read.lines, original.lines);
    assert_eq!(without_members(&read), without_members(original));
    parts_join(file, text, &read);
    // What came from the format goes back into it unchanged.
    let mut again = Vec::new();
    interchange::gztool::write(&read, &*source(file), &mut again).unwrap();
    assert_eq!(interchange::gztool::read(&again[..], size).unwrap(), read);

    let plain = GzipIndex {
        lines: None,
        ..original.clone()
    };
    let mut stored = Vec::new();
    interchange::gztool::write(&plain, &*source(file), &mut stored).unwrap();
    let read = interchange::gztool::read(&stored[..], size).unwrap();
    assert_eq!(
        (&read.lines, without_members(&read)),
        (&None, without_members(original))
    );

    let mut stored = Vec::new();
    interchange::indexed_gzip::write(original, &*source(file), &mut stored).unwrap();
    let read = interchange::indexed_gzip::read(&stored[..], size).unwrap();
    assert_eq!(without_members(&read), without_members(original));
    let mut again = Vec::new();
    interchange::indexed_gzip::write(&read, &*source(file), &mut again).unwrap();
    assert!(again == stored);
    let counted = GzipIndex {
        lines: original.lines.clone(),
        ..read
    };
    parts_join(file, text, &counted);
}

/// Text that a failing case does not print.
#[derive(Clone)]
struct Text(Vec<u8>);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes, CRC {:#x}", self.0.len(), crc32fast::hash(&self.0))
    }
}

fn text() -> impl Strategy<Value = Text> {
    let text = prop_oneof![
        (0usize..3000, any::<u64>()).prop_map(|(reads, seed)| fastq(reads, seed)),
        proptest::collection::vec(any::<u8>(), 0..200_000),
        (any::<u8>(), 0usize..600_000).prop_map(|(byte, length)| vec![byte; length]),
    ];
    text.prop_map(Text)
}

fn gzip() -> impl Strategy<Value = (Text, Text)> {
    let members = proptest::collection::vec((text(), 0u32..10, 0u8..8), 1..4);
    (members, 0usize..3).prop_map(|(members, padding)| {
        let mut file: Vec<u8> = members
            .iter()
            .flat_map(|(text, level, fields)| member(&text.0, *level, *fields))
            .collect();
        file.extend(vec![0; padding * 100]);
        let text = members.into_iter().flat_map(|(text, ..)| text.0).collect();
        (Text(file), Text(text))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_checkpoint_of_any_gzip_restarts_to_the_same_text(
        (Text(file), Text(text)) in gzip(),
        spacing in prop_oneof![1u64..3000, 10_000u64..200_000],
        piece in 1usize..5000,
        any in any::<prop::sample::Index>(),
    ) {
        let index = index(&file, spacing);
        parts_join(&file, &text, &index);
        rest_follows(&file, &text, any.get(&index.checkpoints));
        let mut slowly = Vec::new();
        Decoder::new(&Checkpoint::FIRST, BufReader::with_capacity(piece, &file[..])).unwrap().read_to_end(&mut slowly).unwrap();
        prop_assert!(slowly == text);
    }

    #[test]
    fn any_checkpoint_of_any_bgzf_restarts_to_the_same_text(
        Text(text) in text(),
        length in 1000usize..60_000,
        level in 0u32..10,
        spacing in 1u64..300_000,
        plain in proptest::option::of(text()),
    ) {
        let (mut file, mut text) = (bgzf_file(&text, length, level), text);
        if let Some(Text(more)) = &plain {
            // What `cat a.bgzf.gz b.gz` gives.
            file.extend(member(more, level, 0));
            text.extend(more);
        }
        let index = index(&file, spacing);
        parts_join(&file, &text, &index);
    }

    #[test]
    fn indexes_come_back_from_other_formats((Text(file), Text(text)) in gzip(), spacing in 40_000u64..300_000) {
        interchange_keeps(&file, &text, &index(&file, spacing));
    }
}

/// A file that is read in small pieces.
struct InPieces(Vec<u8>, usize);

impl ReadAt for InPieces {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
        Ok(())
    }

    fn preferred_read(&self) -> usize {
        self.1
    }
}

#[test]
fn the_index_does_not_depend_on_how_the_file_is_read() {
    let text = fastq(20_000, 4);
    let files = [
        member(&text, 6, 7),
        bgzf_file(&text, 50_000, 6),
        [member(&text, 1, 0), member(&text, 9, 1)].concat(),
    ];
    for file in files {
        let whole = index(&file, 100_000);
        for piece in [1000, 12_345, 70_000] {
            let source: Arc<dyn ReadAt> = Arc::new(InPieces(file.clone(), piece));
            assert!(GzipIndex::build(&source, &support::options(100_000)).unwrap() == whole);
        }
    }
}

#[test]
fn checkpoints_keep_the_spacing() {
    let text = fastq(20_000, 3);
    let file = member(&text, 6, 0);
    let index = index(&file, 100_000);
    let gaps: Vec<u64> = index
        .checkpoints
        .windows(2)
        .map(|pair| pair[1].text - pair[0].text)
        .collect();
    assert!(gaps.len() > 10);
    assert!(gaps.iter().all(|gap| (100_000..400_000).contains(gap)), "{gaps:?}");
    assert_eq!(index.checkpoint_before(0).unwrap().text, 0);
    let at = index.checkpoints[5].text;
    assert_eq!(index.checkpoint_before(at).unwrap().text, at);
    assert_eq!(index.checkpoint_before(at - 1).unwrap().text, index.checkpoints[4].text);
}

#[test]
fn real_files_restart_to_what_gzip_gives() {
    for path in real_files() {
        let file = std::fs::read(&path).unwrap();
        let text = zcat(&path);
        for spacing in [20_000, 1 << 20] {
            let index = index(&file, spacing);
            eprintln!("{}: {} checkpoints", path.display(), index.checkpoints.len());
            parts_join(&file, &text, &index);
            interchange_keeps(&file, &text, &support::index(&file, spacing.max(1 << 16)));
        }
    }
}

#[test]
fn real_bgzf_blocks_are_found_by_their_headers_alone() {
    for path in real_files() {
        let file = std::fs::read(&path).unwrap();
        if Format::detect(&file) != Format::Bgzf {
            continue;
        }
        let blocks: Vec<_> = bgzf::blocks(&file[..]).map(Result::unwrap).collect();
        let text = zcat(&path);
        let last = blocks[blocks.len() - 1];
        assert_eq!(last.offset + u64::from(last.size), file.len() as u64);
        assert_eq!(last.text + u64::from(last.text_size), text.len() as u64);
        let gzi = path.with_extension(format!("{}.gzi", path.extension().unwrap().display()));
        if let Ok(gzi) = std::fs::read(gzi) {
            // Some writers list the empty block at the end, bgzip 1.16 does not.
            let mut theirs = interchange::gzi::read(&gzi[..]).unwrap();
            theirs.retain(|&(_, start)| start < last.text);
            let mut ours = Vec::new();
            interchange::gzi::write(&blocks, &mut ours).unwrap();
            assert_eq!(interchange::gzi::read(&ours[..]).unwrap(), theirs, "{}", path.display());
        }
    }
}

#[test]
fn lines_can_be_read_across_buffers() {
    let text = fastq(10_000, 5);
    let file = member(&text, 6, 0);
    let decoder = Decoder::new(&Checkpoint::FIRST, &file[..]).unwrap();
    assert_eq!(decoder.lines().count(), 40_000);
}
