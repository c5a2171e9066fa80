//! Any bytes, taken as a raw DEFLATE stream: what zlib says.
#![no_main]
#[path = "../../../partitioners/gzip/tests/inflate/ours.rs"]
mod ours;
#[path = "../../../partitioners/gzip/tests/inflate/zlib.rs"]
#[allow(dead_code)] // compression
mod zlib;

use libfuzzer_sys::fuzz_target;
use ours::{Cuts, run};
use partition_gzip::inflate::{InflateErrorKind, Inflater, Input, Output, Status, Stop, resolve};
use zlib::{Outcome, decompress};

fuzz_target!(|data: &[u8]| {
    let [input, output, stream @ ..] = data else { return };
    let whole = run(stream, 0, &[], &Cuts::whole());
    let (bytes, outcome) = decompress(stream, whole.output.len() + 1024);
    assert!(bytes == whole.output);
    match (outcome, whole.end) {
        (Outcome::End(used), Ok(read)) => assert_eq!(used, read),
        (Outcome::Truncated, Err(error)) => assert_eq!(error.kind, InflateErrorKind::Truncated),
        (Outcome::Refused, Err(error)) => assert_ne!(error.kind, InflateErrorKind::Truncated),
        verdicts => panic!("{verdicts:?}"),
    }
    let sizes = |byte: u8| vec![usize::from(byte >> 4) + 1, usize::from(byte & 15) * 97 + 1];
    let pieces = run(
        stream,
        0,
        &[],
        &Cuts {
            input: sizes(*input),
            output: sizes(*output),
            stop: Stop::AtEdge,
        },
    );
    assert!(pieces == whole);
    without_window(stream);
});

/// Decoding before the window is known and with it come to the same.
fn without_window(stream: &[u8]) {
    let window: Vec<u8> = (0..32 * 1024).map(|i| (i % 251) as u8).collect();
    let known = run(stream, 0, &window, &Cuts::whole());
    let mut buffer = vec![0; window.len() + known.output.len() + 1];
    let mut output = Output::unknown(&mut buffer);
    let (mut inflater, mut input) = (Inflater::new(0), Input::new(stream));
    let end = match inflater.decode(&mut input, &mut output, Stop::Never) {
        Ok(Status::End) => Ok(input.position()),
        Ok(Status::NeedInput) => Err(inflater.truncated()),
        Ok(status) => panic!("{status:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(end, known.end);
    let mut text = Vec::new();
    resolve(&output.history()[window.len()..], &window, &mut text).unwrap();
    assert!(text == known.output);
}
