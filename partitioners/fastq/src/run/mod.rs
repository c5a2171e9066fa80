//! The tasks: the only place of this crate that talks to a store.
mod cut;
mod foreign;
mod heal;
mod index;
mod open;
mod pairs;
mod part;
mod plan;

pub use cut::{CutReport, CutRequest, PartFile, cut};
pub use foreign::{Foreign, export_index, index_from};
pub use heal::{ByteRange, plan_bytes, read_bytes};
pub use index::{IndexRequest, index, index_in_memory};
pub use open::{Index, default_index};
pub use pairs::{check_interleaved, check_pairs};
pub use part::{read_part, stream_part, stream_reads};
pub use plan::{plan_pairs, plan_reads};
