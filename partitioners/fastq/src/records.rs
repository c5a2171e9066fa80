use memchr::memchr;

use crate::line::without_cr;

/// One read, borrowed from the text; no line ends, no `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The whole name line.
    pub name: &'a [u8],
    /// Bases, as written.
    pub sequence: &'a [u8],
    /// Phred + 33, as long as the sequence.
    pub quality: &'a [u8],
}

/// The reads of a text that was checked, such as a part that was fetched.
///
/// ```
/// let text = b"@a x\nAC\n+\nII\n@b\n\n+\n\n";
/// let names: Vec<&[u8]> = partition_fastq::records(text).map(|record| record.name).collect();
/// assert_eq!(names, [&b"a x"[..], b"b"]);
/// ```
pub fn records(text: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut line = || {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            without_cr(line).0
        };
        let (name, sequence, _, quality) = (line(), line(), line(), line());
        let name = name.strip_prefix(b"@")?;
        Some(Record {
            name,
            sequence,
            quality,
        })
    })
}
