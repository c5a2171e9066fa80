use plan::IndexHeader;
use serde::{Deserialize, Serialize};

use crate::{Check, Summary};

/// What an index says about its object before any row is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format and the one object that was read.
    #[serde(flatten)]
    pub index: IndexHeader,
    /// How the object is stored.
    pub storage: Storage,
    /// What was checked.
    pub check: Check,
    /// What the reads are.
    pub summary: Summary,
    /// CRC-32 of the whole text.
    pub text_crc32: u32,
    /// Gzip members; none in plain text.
    pub members: Option<u64>,
    /// The first read of the first row of each page of the directory: by it a reader fetches only the pages it needs.
    pub fences: Vec<u64>,
}

/// How an object is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// As text.
    Plain,
    /// Gzip members of any size.
    Gzip,
    /// Blocked gzip.
    Bgzf,
}

impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain text",
            Self::Gzip => "gzip",
            Self::Bgzf => "BGZF",
        })
    }
}
