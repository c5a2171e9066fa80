use serde::{Deserialize, Serialize};

use crate::NamesDigest;

/// What one pass over a FASTQ text learns about its reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of reads.
    pub reads: u64,
    /// Bytes of (decompressed) text.
    pub text_bytes: u64,
    /// Lines, the last one also if it lacks its end.
    pub lines: u64,
    /// Sum of the sequence lengths.
    pub bases: u64,
    /// Length of the shortest read; none without reads.
    pub shortest: Option<u64>,
    /// Length of the longest read; none without reads.
    pub longest: Option<u64>,
    /// Lowest quality byte (Phred + 33); none without bases.
    pub lowest_quality: Option<u8>,
    /// Highest quality byte (Phred + 33); none without bases.
    pub highest_quality: Option<u8>,
    /// Name line of the first read, without `@`.
    pub first_name: Option<String>,
    /// Name line of the last read, without `@`.
    pub last_name: Option<String>,
    /// The names of all reads, as far as mates share them.
    pub names: NamesDigest,
    /// The names of reads 0, 2, 4, …: the first mates of an interleaved file.
    pub even_names: NamesDigest,
    /// The names of reads 1, 3, 5, …
    pub odd_names: NamesDigest,
}
