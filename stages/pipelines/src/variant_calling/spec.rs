//! What a user asks of variant calling.
use std::num::NonZero;

use plan::Uri;
use serde::{Deserialize, Serialize};
use stage_align::Preset;

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

/// What is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One individual with two copies of each chromosome: genotypes.
    #[default]
    Diploid,
    /// Many individuals, or a population of viruses: alleles at any frequency, by the SiNPle model.
    Pool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_reads_still_keep_all_workers_busy() {
        assert_eq!(Spec::default_fastq_parts(0, 2).get(), 2);
        assert_eq!(Spec::default_fastq_parts(640 << 20, 2).get(), 10);
        assert_eq!(Spec::default_fastq_parts(0, 0).get(), 1);
    }
}
