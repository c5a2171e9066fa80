#![doc = include_str!("../README.md")]

mod bgzf;
mod check;
mod cut;
mod decode;
mod error;
mod heal;
mod index;
mod line;
mod names;
mod out;
mod pairs;
mod range;
mod record_error;
mod records;
mod run;
mod scan;
mod summary;

pub use check::Check;
pub use cut::Cut;
pub use decode::{DecodeError, decode};
pub use error::Error;
pub use heal::{Healed, RecordKind};
pub use index::{Builder, FORMAT, Header, IndexFault, Progress, Refused, Row, RowStart, Storage, VERSION, is_index};
pub use names::{NamesDigest, mate_number, pair_name};
pub use out::TextSink;
pub use pairs::PairError;
pub use range::{Place, ReadRange, WindowPlace};
pub use record_error::{Irregularity, Line, RecordError, RecordFault};
pub use records::{Record, records};
pub use run::{
    ByteRange, CutReport, CutRequest, Foreign, Index, IndexRequest, PartFile, check_interleaved, check_pairs, cut,
    default_index, export_index, index, index_from, index_in_memory, plan_bytes, plan_pairs, plan_reads, read_bytes,
    read_part, stream_part, stream_reads,
};
pub use scan::{ReadStart, Scanner};
pub use summary::Summary;
