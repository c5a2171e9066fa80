//! The inflater against zlib: same bytes, same verdicts, for any cut of input and output.
mod ours;
mod real;
mod shapes;
mod zlib;

use ours::{Cuts, Run, run};
use partition_gzip::inflate::{InflateErrorKind, Inflater, Input, Output, Status, Stop, Unresolved, resolve};
use proptest::prelude::*;
use zlib::{Knobs, Outcome, PLAIN, compress, decompress};

fn knobs() -> impl Strategy<Value = Knobs> {
    let flush = prop::option::of((1..5000usize, prop::sample::select(vec![1, 2, 3, 5])));
    (0..=9, 0..=4, 9..=15, 1..=9, flush).prop_map(|(level, strategy, window, memory, flush)| Knobs {
        level,
        strategy,
        window,
        memory,
        flush,
    })
}

fn cuts() -> impl Strategy<Value = Cuts> {
    let size = || prop_oneof![1..4usize, 1..40usize, 250..300usize, 1..70_000usize, Just(1usize << 20)];
    let sizes = || prop::collection::vec(size(), 1..6);
    let stop = prop_oneof![
        Just(Stop::Never),
        Just(Stop::AtEdge),
        (0..100_000u64).prop_map(Stop::AtEdgeFrom)
    ];
    (sizes(), sizes(), stop).prop_map(|(input, output, stop)| Cuts { input, output, stop })
}

/// Decodes a stream without the window before it.
fn symbols_from(stream: &[u8], bit: u8, space: usize) -> Vec<u16> {
    let mut buffer = vec![0; 32 * 1024 + space];
    let mut known = Output::unknown(&mut buffer).known();
    let (mut inflater, mut input) = (Inflater::new(bit), Input::new(stream));
    let mut symbols = Vec::new();
    loop {
        let mut output = Output::new(&mut buffer, known);
        output.slide();
        let from = output.filled();
        let status = inflater.decode(&mut input, &mut output, Stop::Never).unwrap();
        symbols.extend_from_slice(&output.history()[from..]);
        known = output.known();
        if status == Status::End {
            return symbols;
        }
        assert_eq!(status, Status::OutputFull);
    }
}

/// Same bytes and same verdict as zlib.
fn agree(stream: &[u8], ours: &Run) -> Result<(), TestCaseError> {
    let (bytes, outcome) = decompress(stream, ours.output.len() + 1024);
    prop_assert_eq!(bytes.len(), ours.output.len());
    prop_assert!(bytes == ours.output);
    match (outcome, ours.end) {
        (Outcome::End(used), Ok(read)) => prop_assert_eq!(used, read),
        (Outcome::Truncated, Err(error)) => prop_assert_eq!(error.kind, InflateErrorKind::Truncated),
        (Outcome::Refused, Err(error)) => prop_assert_ne!(error.kind, InflateErrorKind::Truncated),
        (outcome, end) => prop_assert!(false, "zlib: {outcome:?}, ours: {end:?}"),
    }
    Ok(())
}

proptest! {
    /// What zlib compresses, we give back, for any cut; the end is found to the byte.
    #[test]
    fn gives_back_what_was_compressed(data in shapes::data(300_000), knobs in knobs(), cuts in cuts()) {
        let stream = compress(&data, knobs);
        let mut padded = stream.clone();
        padded.extend_from_slice(b"trailer!");
        let run = run(&padded, 0, &[], &cuts);
        prop_assert_eq!(run.end, Ok(stream.len()));
        prop_assert!(run.output == data);
    }

    /// From every block edge, with the 32 KiB before it, the rest comes out.
    #[test]
    fn restarts_at_every_edge(data in shapes::data(300_000), knobs in knobs(), cuts in cuts()) {
        let stream = compress(&data, knobs);
        let edges = run(&stream, 0, &[], &Cuts::whole()).edges;
        let step = edges.len() / 20 + 1;
        for edge in edges.into_iter().step_by(step) {
            let at = edge.output as usize;
            let window = &data[at.saturating_sub(32 * 1024)..at];
            let run = run(&stream[edge.bit as usize / 8..], (edge.bit % 8) as u8, window, &cuts);
            prop_assert_eq!(run.end, Ok(stream.len() - edge.bit as usize / 8));
            prop_assert!(run.output == data[at..]);
        }
    }

    /// The same without the 32 KiB: symbols that become the text when the window is there, be it as short as the member.
    #[test]
    fn decodes_before_the_window_is_known(data in shapes::data(200_000), knobs in knobs(), space in 1..100_000usize) {
        let stream = compress(&data, knobs);
        let edges = run(&stream, 0, &[], &Cuts::whole()).edges;
        let step = edges.len() / 5 + 1;
        for edge in edges.into_iter().step_by(step) {
            let at = edge.output as usize;
            let window = &data[at.saturating_sub(32 * 1024)..at];
            let symbols = symbols_from(&stream[edge.bit as usize / 8..], (edge.bit % 8) as u8, space);
            let mut text = Vec::new();
            prop_assert_eq!(resolve(&symbols, window, &mut text), Ok(()));
            prop_assert!(text == data[at..]);
        }
    }

    /// Damaged streams: same prefix, same verdict as zlib, and the same error for any cut.
    #[test]
    fn judges_damage_as_zlib_does(
        data in shapes::data(60_000), knobs in knobs(), cuts in cuts(),
        flips in prop::collection::vec(any::<prop::sample::Index>(), 1..4), keep in any::<prop::sample::Index>(),
        truncate in any::<bool>(),
    ) {
        let mut stream = compress(&data, knobs);
        for flip in flips {
            let bit = flip.index(stream.len() * 8);
            stream[bit / 8] ^= 1 << (bit % 8);
        }
        if truncate {
            stream.truncate(keep.index(stream.len()));
        }
        let whole = run(&stream, 0, &[], &Cuts::whole());
        agree(&stream, &whole)?;
        let pieces = run(&stream, 0, &[], &cuts);
        prop_assert!(pieces.output == whole.output);
        prop_assert_eq!(pieces.end, whole.end);
    }

    /// Any bytes at all, most of them a dynamic header.
    #[test]
    fn judges_noise_as_zlib_does(mut stream in prop::collection::vec(any::<u8>(), 1..400), kind in 0..4u8, cuts in cuts()) {
        if kind < 3 {
            stream[0] = stream[0] & !6 | kind << 1;
        }
        let whole = run(&stream, 0, &[], &Cuts::whole());
        agree(&stream, &whole)?;
        prop_assert_eq!(run(&stream, 0, &[], &cuts).end, whole.end);
    }
}

#[test]
fn every_truncation_is_told() {
    for strategy in 0..=4 {
        let data = shapes::fastq(1, 12);
        let stream = compress(
            &data,
            Knobs {
                strategy,
                memory: 2,
                ..PLAIN
            },
        );
        for length in 0..stream.len() {
            let run = run(&stream[..length], 0, &[], &Cuts::whole());
            agree(&stream[..length], &run).unwrap();
            assert!(data.starts_with(&run.output));
        }
    }
}

#[test]
fn every_bit_flip_is_judged_as_zlib_does() {
    let data = shapes::fastq(2, 6);
    for strategy in [0, 4] {
        let stream = compress(
            &data,
            Knobs {
                strategy,
                memory: 1,
                ..PLAIN
            },
        );
        for bit in 0..stream.len() * 8 {
            let mut stream = stream.clone();
            stream[bit / 8] ^= 1 << (bit % 8);
            agree(&stream, &run(&stream, 0, &[], &Cuts::whole())).unwrap();
        }
    }
}

/// A last block with fixed codes and one match: length 3, distance 32768.
fn farthest_match() -> Vec<u8> {
    // Huffman codes go out from their first bit, numbers from their lowest.
    let bits = ["1", "10", "0000001", "11101", "1111111111111", "0000000"].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    bits.as_bytes().chunks(8).map(byte).collect()
}

#[test]
fn a_header_without_any_code_has_no_end_of_block() {
    let stream = [0x15, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let short = run(&stream[..9], 0, &[], &Cuts::whole());
    agree(&stream[..9], &short).unwrap();
    let long = [&stream[..], &[0; 40]].concat();
    let whole = run(&long, 0, &[], &Cuts::whole());
    agree(&long, &whole).unwrap();
    assert_eq!(whole.end.unwrap_err().kind, InflateErrorKind::NoEndOfBlock);
}

#[test]
fn a_match_needs_all_its_history() {
    let window: Vec<u8> = (0..32_768u32).map(|i| (i % 251) as u8).collect();
    let stream = farthest_match();
    assert_eq!(run(&stream, 0, &window, &Cuts::whole()).output, window[..3]);
    let error = run(&stream, 0, &window[1..], &Cuts::whole()).end.unwrap_err();
    assert_eq!(
        error.kind,
        InflateErrorKind::TooFarBack {
            distance: 32_768,
            history: 32_767
        }
    );
    let error = run(&stream, 0, &[], &Cuts::whole()).end.unwrap_err();
    assert_eq!(
        error.to_string(),
        "bit 3: distance 32768 reaches before the 0 known bytes"
    );
}

#[test]
fn a_marker_before_the_member_is_refused() {
    let symbols = symbols_from(&farthest_match(), 0, 1000);
    assert_eq!(symbols, [1 << 15, 1 << 15 | 1, 1 << 15 | 2]);
    let error = resolve(&symbols, &vec![0; 32_767], &mut Vec::new());
    assert_eq!(error, Err(Unresolved { at: 0, window: 32_767 }));
}
