//! What a user asks of variant calling.
use std::{fmt, num::NonZero};

use plan::Uri;
use serde::{Deserialize, Serialize};
use stage_align::Preset;
use stage_variants::Mode;

/// The spec of a run. Numbers of parts change how the work is cut, never what is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// One FASTQ, or R1 and R2 of pairs in the same order; gzip of any kind or plain.
    pub reads: Vec<Uri>,
    /// The reference: FASTA, plain or bgzipped.
    pub reference: Uri,
    /// What is called.
    pub mode: Mode,
    /// The kind of reads.
    pub preset: Preset,
    /// Name of the sample in the VCF.
    pub sample: String,
    /// Into how many parts the reads are cut.
    pub fastq_parts: NonZero<u64>,
    /// Into how many chunks the reference is cut; none: as many as fit [`Spec::CHUNK_BASES`].
    pub fasta_parts: Option<NonZero<u64>>,
    /// Into how many ranges of equal work calling is cut; none: one for each [`Spec::ROWS_PER_RANGE`] pileup rows.
    pub call_parts: Option<NonZero<u64>>,
    /// Longest distance from end to end of a proper pair.
    pub longest_insert: u64,
}

impl Spec {
    /// Bases of reference in a chunk unless the user says otherwise: an index of 300 MB, which fits a Lambda function.
    pub const CHUNK_BASES: NonZero<u64> = NonZero::new(100_000_000).unwrap();
    /// Pileup rows in a range of calling unless the user says otherwise: some seconds of work.
    pub const ROWS_PER_RANGE: u64 = 2_000_000;
    /// Stored bytes of reads in a part unless the user says otherwise.
    pub const PART_BYTES: u64 = 64 << 20;
    /// Longest insert of an ordinary paired-end library.
    pub const LONGEST_INSERT: u64 = 1000;

    /// Parts for reads of `stored_bytes`: enough to keep `workers` busy, each of at most [`Spec::PART_BYTES`].
    pub fn default_fastq_parts(stored_bytes: u64, workers: u64) -> NonZero<u64> {
        NonZero::new(stored_bytes.div_ceil(Self::PART_BYTES).max(workers)).unwrap_or(NonZero::<u64>::MIN)
    }
}

/// A name for the sample, from the name of its reads: `run7_R1.fastq.gz` is `run7`.
pub fn sample_of(reads: &Uri) -> String {
    let name = reads.name();
    let stem = name.split_once(".f").map_or(name, |(stem, _)| stem);
    let stem = ["_R1", "_R2", "_1", "_2", ".R1", ".R2"]
        .iter()
        .find_map(|mate| stem.strip_suffix(mate))
        .unwrap_or(stem);
    let clean: String = stem
        .chars()
        .map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c })
        .collect();
    if clean.is_empty() { "sample".into() } else { clean }
}

/// What was asked that can influence the calls, for the header of the VCF.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tessera run variant-calling --reads")?;
        for reads in &self.reads {
            write!(f, " {}", reads.name())?;
        }
        let mode = match self.mode {
            Mode::Diploid => "diploid",
            Mode::Pool => "pool",
        };
        write!(
            f,
            " --reference {} --mode {mode} --preset {} --longest-insert {}",
            self.reference.name(),
            self.preset.name(),
            self.longest_insert
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_named_after_the_reads() {
        let sample = |name: &str| sample_of(&name.parse().unwrap());
        assert_eq!(sample("s3://lab/run7_R1.fastq.gz"), "run7");
        assert_eq!(sample("x/reads_1.fq"), "reads");
        assert_eq!(sample("a b.fastq"), "a_b");
        assert_eq!(sample(".fastq"), "sample");
    }

    #[test]
    fn small_reads_still_keep_all_workers_busy() {
        assert_eq!(Spec::default_fastq_parts(0, 2).get(), 2);
        assert_eq!(Spec::default_fastq_parts(640 << 20, 2).get(), 10);
        assert_eq!(Spec::default_fastq_parts(0, 0).get(), 1);
    }
}
