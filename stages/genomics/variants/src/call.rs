//! A call, and the walk over the rows of a range that finds them.
use std::ops::Range;

use genomics_tables::Pileup;

use crate::{ErrorModel, diploid::Diploid, pool::Pool, window::Window};

/// Rows on either side of a range that may influence its calls, in bases: longer than any repeat or fragment that is looked at.
pub const FLANK: u64 = 2500;

/// Which model calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One individual with two chromosomes of each kind.
    #[default]
    Diploid,
    /// Many genomes in any proportion: pools, viruses, metagenomes, tumours.
    Pool,
}

/// What a sample shows at a site.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Two alleles.
    Genotype {
        /// Numbers of the alleles, the lower one first; 0 is the reference, 255 a deletion that another record spells.
        alleles: [u8; 2],
        /// Phred probability that the genotype is wrong.
        quality: u32,
        /// Phred-scaled likelihoods of all genotypes in VCF order, the best 0.
        likelihoods: Vec<u32>,
    },
    /// Alleles in any proportion.
    Frequencies {
        /// Estimated frequency of each alternate allele.
        frequencies: Vec<f64>,
        /// Posterior of each alternate allele by the unmodified SiNPle formula.
        sinple: Vec<f64>,
    },
}

/// A variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// 0-based number of the contig.
    pub contig: u32,
    /// 0-based position of the first reference letter.
    pub position: u64,
    /// Reference letters.
    pub reference: Vec<u8>,
    /// Alternate alleles.
    pub alternates: Vec<Vec<u8>>,
    /// Phred probability that there is no variant.
    pub quality: f64,
    /// Reads that cover the site with a usable mapping quality.
    pub depth: u32,
    /// Reads that show each allele, the reference first.
    pub allele_depths: Vec<u32>,
    /// For the reference and for all alternates together: forward and reverse reads.
    pub strands: [[u32; 2]; 2],
    /// The sample.
    pub sample: Sample,
}

impl Call {
    /// Whether any alternate differs in length from the reference.
    pub fn is_indel(&self) -> bool {
        self.alternates
            .iter()
            .any(|alternate| alternate.len() != self.reference.len())
    }
}

/// What a caller needs to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// The model.
    pub mode: Mode,
    /// Parameters of the diploid model.
    pub diploid: Diploid,
    /// Parameters of the pool model.
    pub pool: Pool,
    /// What is known of the run's errors.
    pub errors: ErrorModel,
}

/// Calls the variants at `positions` of a contig.
///
/// `pileup` must hold the rows from [`FLANK`] before to [`FLANK`] behind; then a call does not depend on where the range
/// was cut. Calls are in order of position, a substitution before an indel of the same position.
pub fn call_range(pileup: &Pileup, contig: u32, positions: Range<u64>, params: &Params) -> Vec<Call> {
    let window = Window::new(pileup, contig);
    match params.mode {
        Mode::Diploid => params.diploid.call(&window, positions, &params.errors),
        Mode::Pool => params.pool.call(&window, positions, &params.errors),
    }
}
