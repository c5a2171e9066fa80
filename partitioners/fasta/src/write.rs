//! FASTA text from sequences.

/// Appends a record: `>` + `header`, then `bases` in lines of `width` (one line if 0).
///
/// ```
/// let mut text = Vec::new();
/// partition_fasta::write_record(&mut text, "chr1:1-5", b"ACGTA", 3);
/// assert_eq!(text, b">chr1:1-5\nACG\nTA\n");
/// ```
pub fn write_record(text: &mut Vec<u8>, header: &str, bases: &[u8], width: u64) {
    let width = if width == 0 { bases.len().max(1) } else { width as usize };
    text.reserve(header.len() + 2 + bases.len() + bases.len().div_ceil(width));
    text.push(b'>');
    text.extend_from_slice(header.as_bytes());
    text.push(b'\n');
    for line in bases.chunks(width) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
}
