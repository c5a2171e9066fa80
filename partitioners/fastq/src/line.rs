//! What the lines of a record may hold.
use memchr::memchr;

/// A line and whether a CR stood before its LF.
#[inline]
pub(crate) fn without_cr(line: &[u8]) -> (&[u8], bool) {
    match line {
        [before @ .., b'\r'] => (before, true),
        _ => (line, false),
    }
}

/// Lowest and highest byte; (255, 0) of nothing. One pass of vector minima and maxima.
#[inline]
pub(crate) fn byte_range(bytes: &[u8]) -> (u8, u8) {
    bytes.iter().fold((u8::MAX, 0), |(lowest, highest), &byte| {
        (lowest.min(byte), highest.max(byte))
    })
}

/// The first byte that is no Phred+33 quality.
pub(crate) fn find_bad_quality(quality: &[u8]) -> Option<usize> {
    quality.iter().position(|byte| !(b'!'..=b'~').contains(byte))
}

/// IUPAC letters of either case, and the gap signs `.`, `-` and `*`.
const BASES: [bool; 256] = {
    let letters = b"ACGTUNRYSWKMBDHVacgtunryswkmbdhv.-*";
    let mut table = [false; 256];
    let mut at = 0;
    while at < letters.len() {
        table[letters[at] as usize] = true;
        at += 1;
    }
    table
};

/// The first byte that is no base.
pub(crate) fn find_bad_base(sequence: &[u8]) -> Option<usize> {
    sequence.iter().position(|&byte| !BASES[byte as usize])
}

/// Whether a line can be (more of) a sequence.
pub(crate) fn is_sequence(line: &[u8]) -> bool {
    !line.is_empty() && find_bad_base(line).is_none()
}

/// Whether the lines of `rest` fill `missing` quality values exactly and a new read, or nothing, follows them.
pub(crate) fn wrapped_quality(rest: &[u8], mut missing: u64) -> bool {
    let mut at = 0;
    while missing > 0 {
        let Some(end) = memchr(b'\n', &rest[at..]) else {
            return false;
        };
        let length = without_cr(&rest[at..at + end]).0.len() as u64;
        if length == 0 || length > missing {
            return false;
        }
        missing -= length;
        at += end + 1;
    }
    rest.get(at).is_none_or(|&byte| byte == b'@')
}
