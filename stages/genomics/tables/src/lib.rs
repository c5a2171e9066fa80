#![doc = include_str!("../README.md")]

mod alignment;
mod alignment_cigar;
mod alignment_hit;
mod alignment_parquet;
mod alignment_table;
mod error;
mod pileup;
mod pileup_histogram;
mod pileup_indels;
mod pileup_key;
mod pileup_table;

pub use alignment::{Alignment, AlignmentKind, Mate, MatePlace};
pub use alignment_cigar::{Cigar, CigarError, CigarKind};
pub use alignment_hit::{Hit, HitReader, HitWriter, Seeds};
pub use alignment_table::{AlignmentReader, AlignmentWriter};
pub use error::TableError;
pub use pileup::{Pileup, PileupRow, RowLists};
pub use pileup_histogram::{Entries, push_entry};
pub use pileup_indels::{Indel, IndelEntry, Indels, push_indel};
pub use pileup_key::{
    IndelKey, Letter, MAPQ_BINS, MATCH_KEYS, MatchKey, OtherKey, QUALITY_MAX, StartKey, Strand, fragment_print,
    mapq_bin,
};
pub use pileup_table::{PileupWriter, read_pileup, read_whole_pileup};
