//! The sidecar index: windows first, each at its own offset, then a directory of fixed-size rows, a header and a footer.
//!
//! ```text
//! magic (8) | window, window, …  | page, page, … | header (JSON) | footer (48)
//! page   = up to 128 rows of 48 bytes, CRC-32
//! row    = bit u64 | text u64 | read u64 | read text u64 | window offset u64 | window length u32 | kind u8 | lines u8 | 0 u16
//! footer = rows at u64 | rows u64 | header at u64 | header length u32 | header CRC u32 | version u32 | footer CRC u32 | magic (8)
//! ```
//! All numbers are little-endian. Windows are zlib streams and so carry their own checksum. One ranged read of the last
//! 64 KiB gives footer, header and, for objects up to about 5 GB of text, every row.
mod build;
mod footer;
mod header;
mod row;

pub use build::{Builder, Progress, Refused};
pub(crate) use footer::Footer;
pub use header::{Header, Storage};
pub(crate) use row::{PAGE_BYTES, PAGE_ROWS, decode_page};
pub use row::{Row, RowStart};

/// What an index object starts and ends with.
pub(crate) const MAGIC: [u8; 8] = *b"TESSFQ\r\n";

/// Whether an object that starts with `head` is an index of this crate.
pub fn is_index(head: &[u8]) -> bool {
    head.starts_with(&MAGIC)
}

/// The layout above.
pub const VERSION: u32 = 1;

/// The format name in [`plan::IndexHeader`].
pub const FORMAT: &str = "tessera-fastq";

/// Why bytes are no index that we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexFault {
    /// It does not start as an index does.
    #[error("this is no tessera FASTQ index")]
    Foreign,
    /// It starts as an index but does not end as one.
    #[error("the index is cut short; make it again")]
    Truncated,
    /// A checksum or a place inside the index is wrong.
    #[error("the index is damaged; make it again")]
    Damaged,
    /// Made by another version.
    #[error("the index has version {found}, this program reads version {VERSION}; make it again")]
    Version {
        /// In the index.
        found: u32,
    },
}
