//! Any bytes, taken as a raw DEFLATE stream: what zlib says.
#![no_main]
#[path = "../../../partitioners/gzip/tests/inflate/ours.rs"]
mod ours;
#[path = "../../../partitioners/gzip/tests/inflate/zlib.rs"]
#[allow(dead_code)] // compression
mod zlib;

use libfuzzer_sys::fuzz_target;
use ours::{Cuts, run};
use partition_gzip::inflate::{InflateErrorKind, Stop};
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
    let pieces = run(stream, 0, &[], &Cuts { input: sizes(*input), output: sizes(*output), stop: Stop::AtEdge });
    assert!(pieces == whole);
});
