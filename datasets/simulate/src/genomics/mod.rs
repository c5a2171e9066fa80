//! A genome, a sample of it with known variants, and reads of that sample.
mod fragment;
mod genome;
mod params;
mod quality;
mod reads;
mod truth;
mod variant;

pub use genome::{Contig, genome};
pub use params::{Mode, Params, Pcr, StrandBias};
pub use reads::reads;
pub use truth::truth_vcf;
pub use variant::{Carrier, Variant, variants};
