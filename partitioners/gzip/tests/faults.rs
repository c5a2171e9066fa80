//! Bad files: each fault is named, with its place, by the pass and by the decoder alike.
use std::{
    io::{Read, Write},
    sync::Arc,
};

use flate2::{Compression, write::GzEncoder};
use object_io::ReadAt;
use partition_gzip::{
    Checkpoint, Decoder, GzipError, GzipErrorKind as Kind, GzipIndex, IndexError, Options, Sink, Window,
};
use proptest::prelude::*;

mod support;
use support::{bgzf, bgzf_block, data, fastq, member, options, source};

fn pass(file: &[u8]) -> Result<GzipIndex, GzipError> {
    GzipIndex::build(&source(file), &Options::default())
}

/// The text by the decoder, and what it reports at the end.
fn decode(file: &[u8]) -> (Vec<u8>, Option<GzipError>) {
    let mut text = Vec::new();
    let read = Decoder::new(&Checkpoint::FIRST, file).unwrap().read_to_end(&mut text);
    let error = read.err().map(|error| *error.into_inner().unwrap().downcast().unwrap());
    (text, error)
}

/// The fault that both must report, at the same place.
fn fault(file: &[u8]) -> GzipError {
    let by_pass = pass(file).unwrap_err();
    let by_decoder = decode(file).1.unwrap();
    assert_eq!(by_pass.to_string(), by_decoder.to_string());
    by_pass
}

const TEXT: &[u8] = b"@r\nACGT\n+\nIIII\n";

/// A member whose flags are set by hand: header, then the data and trailer of [`TEXT`].
fn with_header(header: &[u8]) -> Vec<u8> {
    [header, &member(TEXT, 6, 0)[10..]].concat()
}

#[test]
fn what_is_no_gzip_is_refused() {
    assert!(matches!(fault(b"").kind, Kind::Empty));
    assert!(matches!(fault(TEXT).kind, Kind::NotGzip { found: [b'@', b'r'] }));
    assert!(matches!(fault(&[0; 100]).kind, Kind::NotGzip { found: [0, 0] }));
    assert!(matches!(
        fault(b"\x1f\x9d\x90aaaaaaaaa").kind,
        Kind::NotGzip { found: [0x1f, 0x9d] }
    ));
    assert!(matches!(fault(b"\x1f\x8b\x07\0\0\0\0\0\0\0").kind, Kind::Method(7)));
    assert!(matches!(fault(b"\x1f\x8b\x08\x20\0\0\0\0\0\0").kind, Kind::Flags(0x20)));
    assert_eq!(
        fault(TEXT).to_string(),
        "at compressed byte 0, after 0 bytes of text: not a gzip file: it starts with bytes 40 72, not 1f 8b"
    );
}

#[test]
fn optional_header_fields_are_passed_over_and_checked() {
    let mut header = b"\x1f\x8b\x08\x1e\x01\x02\x03\x04\0\x03\x05\0ABCDEname\0comment\0".to_vec();
    let crc = (crc32fast::hash(&header) as u16).to_le_bytes();
    header.extend(crc);
    assert_eq!(decode(&with_header(&header)).0, TEXT);
    assert_eq!(pass(&with_header(&header)).unwrap().text_size, TEXT.len() as u64);
    let last = header.len() - 1;
    header[last] ^= 1;
    assert!(matches!(fault(&with_header(&header)).kind, Kind::HeaderCrc { .. }));
    for end in 1..header.len() {
        assert!(matches!(fault(&header[..end]).kind, Kind::TruncatedHeader));
    }
}

#[test]
fn truncation_is_found_at_every_byte() {
    let first = member(TEXT, 6, 2);
    for file in [first.clone(), [first, member(TEXT, 0, 0)].concat(), bgzf(TEXT, 7, 6)] {
        let starts: Vec<usize> = (0..file.len())
            .filter(|&end| decode(&file[..end]).1.is_none())
            .collect();
        for end in 1..file.len() {
            if starts.contains(&end) {
                continue; // between two members a file is whole
            }
            let error = fault(&file[..end]);
            assert_eq!(error.offset, end as u64, "{error}");
            assert!(matches!(
                error.kind,
                Kind::TruncatedHeader | Kind::TruncatedBlock | Kind::TruncatedTrailer
            ));
        }
        assert!(starts.len() <= 3);
    }
    let file = member(TEXT, 6, 0);
    let at = |end| fault(&file[..end]).kind;
    assert!(matches!(at(9), Kind::TruncatedHeader));
    assert!(matches!(at(file.len() - 9), Kind::TruncatedBlock));
    assert!(matches!(at(file.len() - 8), Kind::TruncatedTrailer));
    assert!(matches!(at(file.len() - 1), Kind::TruncatedTrailer));
}

#[test]
fn text_before_a_fault_is_given() {
    let text = fastq(5000, 1);
    let file = member(&text, 6, 0);
    let (read, error) = decode(&file[..file.len() / 2]);
    let error = error.unwrap();
    assert!(matches!(error.kind, Kind::TruncatedBlock));
    assert_eq!(error.text, read.len() as u64);
    assert!(read.len() > text.len() / 3 && text.starts_with(&read));
}

#[test]
fn wrong_checksums_and_lengths_are_found() {
    for (make, name) in [(member(TEXT, 6, 0), "plain"), (bgzf_block(TEXT, 6), "BGZF")] {
        let trailer = make.len() - 8;
        let mut bad = make.clone();
        bad[trailer] ^= 1;
        assert!(matches!(fault_kind(&bad), Kind::Crc { .. }), "{name}");
        let mut bad = make;
        bad[trailer + 4] ^= 1;
        assert!(
            matches!(
                fault_kind(&bad),
                Kind::Length {
                    computed: 15,
                    stored: 14
                }
            ),
            "{name}"
        );
    }
}

/// The kind alone: for BGZF the pass names the block, the decoder the trailer.
fn fault_kind(file: &[u8]) -> Kind {
    let kind = pass(file).unwrap_err().kind;
    assert_eq!(kind.to_string(), decode(file).1.unwrap().kind.to_string());
    kind
}

#[test]
fn padding_is_accepted_and_garbage_is_not() {
    for file in [member(TEXT, 6, 0), bgzf(TEXT, 9, 6)] {
        let padded = [&file[..], &[0; 1000]].concat();
        assert_eq!(pass(&padded).unwrap().text_size, TEXT.len() as u64);
        assert_eq!(decode(&padded).0, TEXT);
        for garbage in [&b"garbage"[..], b"\0\0\0x", b"\xff"] {
            let error = fault(&[&file[..], garbage].concat());
            assert!(matches!(error.kind, Kind::TrailingGarbage));
            let zeros = garbage.iter().take_while(|&&byte| byte == 0).count();
            assert_eq!(
                (error.offset, error.text),
                ((file.len() + zeros) as u64, TEXT.len() as u64)
            );
        }
    }
}

#[test]
fn a_bgzf_block_size_that_lies_never_changes_the_text() {
    let block = bgzf_block(TEXT, 6);
    for size in [0, 20, block.len() as u16 - 2, block.len() as u16] {
        let mut bad = [&block[..], &bgzf_block(TEXT, 6), &bgzf_block(b"", 6)].concat();
        bad[16..18].copy_from_slice(&size.to_le_bytes());
        // Either the block is refused, or the file is read as the gzip file that it still is.
        let read = pass(&bad);
        assert!(
            read.is_err() || read.unwrap().text_size == 2 * TEXT.len() as u64,
            "{size}"
        );
    }
}

#[test]
fn broken_real_files_are_refused_by_name() {
    let Some(folder) = data() else { return };
    let read = |name| {
        std::fs::read(folder.join(format!("genomics/broken/gzip/illumina_subsample1_1.{name}.fastq.gz"))).unwrap()
    };
    let good = std::fs::read(folder.join("genomics/sars-cov-2/illumina_subsample1_1.fastq.gz")).unwrap();
    let error = fault(&read("badcrc"));
    assert!(matches!(error.kind, Kind::Crc { .. }));
    assert_eq!(error.offset, good.len() as u64 - 8);
    let error = fault(&read("trailing-garbage"));
    assert!(matches!(error.kind, Kind::TrailingGarbage));
    // The garbage starts with a zero, which alone would be padding.
    assert_eq!(error.offset, good.len() as u64 + 1);
    let truncated = read("truncated");
    let error = fault(&truncated);
    assert!(matches!(error.kind, Kind::TruncatedBlock));
    assert_eq!(error.offset, truncated.len() as u64);
    assert!(matches!(
        fault(&read("bitflip")).kind,
        Kind::Deflate(_) | Kind::Crc { .. }
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// CRC-32 and length cover the text; what they do not cover (time, name) does not change it.
    #[test]
    fn a_flipped_bit_never_changes_the_text_silently(
        level in 0u32..10, members in 1usize..3, blocked: bool, bit in any::<prop::sample::Index>(),
    ) {
        let text = fastq(20, 9);
        let mut file: Vec<u8> = if blocked {
            bgzf(&text, 1000, level)
        } else {
            (0..members).flat_map(|_| member(&text, level, 7)).collect()
        };
        let whole = decode(&file).0;
        let bit = bit.index(file.len() * 8);
        file[bit / 8] ^= 1 << (bit % 8);
        let (read, error) = decode(&file);
        prop_assert!(error.is_some() || read == whole);
        match pass(&file) {
            Ok(index) => prop_assert_eq!(index.text_size, whole.len() as u64),
            Err(error) => prop_assert!(error.offset <= file.len() as u64),
        }
    }

    #[test]
    fn any_bytes_give_text_or_an_error(mut bytes in proptest::collection::vec(any::<u8>(), 0..3000), start in 0usize..4) {
        let headers: [&[u8]; 4] = [b"", b"\x1f\x8b\x08", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0"];
        bytes.splice(0..0, headers[start].iter().copied());
        let by_decoder = decode(&bytes).1;
        prop_assert_eq!(by_decoder.is_some(), pass(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_an_index_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in 0usize..5) {
        let headers: [&[u8]; 5] = [b"", b"\0\0\0\0\0\0\0\0gzipindx\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\0gzipindX\0\0\0\0\0\0\0\0\0\0\0", b"GZIDX\0\0", b"GZIDX\x01\0"];
        let bytes = [headers[start], &bytes].concat();
        let _ = partition_gzip::interchange::gztool::read(&bytes[..], 1000);
        let _ = partition_gzip::interchange::indexed_gzip::read(&bytes[..], 1000);
        let _ = partition_gzip::interchange::gzi::read(&bytes[..]);
    }
}

/// A sink that keeps nothing but sizes.
#[derive(Default)]
struct Sizes {
    largest: usize,
    checkpoints: Vec<Checkpoint>,
    refuse_after: Option<u64>,
    text: u64,
}

impl Sink for Sizes {
    type Error = &'static str;

    fn text(&mut self, text: &[u8]) -> Result<(), Self::Error> {
        self.largest = self.largest.max(text.len());
        self.text += text.len() as u64;
        match self.refuse_after {
            Some(limit) if self.text > limit => Err("enough"),
            _ => Ok(()),
        }
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), Self::Error> {
        self.checkpoints.push(checkpoint);
        Ok(())
    }
}

#[test]
fn a_sink_can_refuse_its_text() {
    let text = fastq(20_000, 2);
    for file in [member(&text, 6, 0), bgzf(&text, 60_000, 6)] {
        let mut sink = Sizes {
            refuse_after: Some(1_000_000),
            ..Sizes::default()
        };
        let stopped = partition_gzip::index(&source(&file), &options(1 << 20), &mut sink);
        assert!(matches!(stopped, Err(IndexError::Sink("enough"))));
        assert!(sink.text < 2_000_000);
    }
}

/// A gzip bomb: 1 GiB of zeros in 1 MB, in one member. It comes in small pieces, whatever it unpacks to.
#[test]
fn a_gzip_bomb_comes_in_small_pieces() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let zeros = vec![0; 1 << 20];
    for _ in 0..1 << 10 {
        encoder.write_all(&zeros).unwrap();
    }
    let file = encoder.finish().unwrap();
    assert!(file.len() < 2 << 20);
    let mut sink = Sizes::default();
    let summary = partition_gzip::index(&source(&file), &Options::default(), &mut sink).unwrap();
    assert_eq!(summary.text_size, 1 << 30);
    assert!(sink.largest <= 544 << 10);
    let middle = sink
        .checkpoints
        .iter()
        .find(|checkpoint| checkpoint.text > 500 << 20)
        .unwrap();
    let mut piece = [1; 1000];
    let bytes = &file[middle.byte() as usize..];
    Decoder::new(middle, bytes).unwrap().read_exact(&mut piece).unwrap();
    assert_eq!(piece, [0; 1000]);
}

/// A source that is made while it is read: 4.5 GiB of zeros in one member, 70 MB of stored file.
struct Endless {
    segment: Vec<u8>,
    times: u64,
    end: Vec<u8>,
}

const HEADER: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";

impl ReadAt for Endless {
    fn size(&self) -> u64 {
        HEADER.len() as u64 + self.segment.len() as u64 * self.times + self.end.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        let head = HEADER.len() as u64;
        let body = self.segment.len() as u64 * self.times;
        for (at, byte) in (offset..).zip(buffer) {
            *byte = match at {
                at if at < head => HEADER[at as usize],
                at if at < head + body => self.segment[((at - head) % self.segment.len() as u64) as usize],
                at => self.end[(at - head - body) as usize],
            };
        }
        Ok(())
    }
}

#[test]
fn text_beyond_4_gib_keeps_its_offsets() {
    const SEGMENT: u64 = 4 << 20;
    let times = 1100; // 4.3 GiB
    let mut segment = vec![0; 1 << 20];
    let mut deflate = flate2::Compress::new(Compression::new(9), false);
    deflate
        .compress(&vec![0; SEGMENT as usize], &mut segment, flate2::FlushCompress::Full)
        .unwrap();
    segment.truncate(deflate.total_out() as usize);
    let mut whole = crc32fast::Hasher::new();
    let mut one = crc32fast::Hasher::new();
    one.update(&vec![0; SEGMENT as usize]);
    for _ in 0..times {
        whole.combine(&one);
    }
    let length = SEGMENT * times;
    let mut end = vec![3, 0];
    end.extend(whole.finalize().to_le_bytes());
    end.extend((length as u32).to_le_bytes());
    let file: Arc<dyn ReadAt> = Arc::new(Endless { segment, times, end });
    let mut sink = Sizes::default();
    let summary = partition_gzip::index(&file, &Options::default(), &mut sink).unwrap();
    assert_eq!(summary.text_size, length);
    assert!(sink.checkpoints.last().unwrap().text > u64::from(u32::MAX));
}

#[test]
fn a_message_says_each_thing_once() {
    let mut file = member(TEXT, 6, 0);
    file[10] |= 0b110; // block type 3
    let error = fault(&file);
    let mut chain = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    assert_eq!(
        chain.join(": "),
        "at compressed byte 11, after 0 bytes of text: compressed data is corrupt: invalid block type 3"
    );
}

#[test]
fn a_corrupt_window_is_refused() {
    let checkpoint = Checkpoint {
        bit: 80,
        text: 5,
        start: partition_gzip::Start::Block(Window::from_bytes(b"no window"[..].into())),
    };
    let refused = Decoder::new(&checkpoint, &b""[..]).err().unwrap();
    assert!(matches!(refused.kind, Kind::Window));
}
