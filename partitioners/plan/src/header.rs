use serde::{Deserialize, Serialize};

use crate::Object;

/// What every index says first: its format, and the one object it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexHeader {
    /// Name of the index format, such as `tessera-fastq`.
    pub format: String,
    /// Version of that format; a reader refuses one that it does not know.
    pub version: u32,
    /// The object that was read, with size and ETag at that time.
    pub source: Object,
}

/// An index does not belong to the object as it is now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: the index was built for {} bytes with ETag {}, the object now has {} bytes and ETag {}; index it again",
    .now.uri, .indexed.size, .indexed.etag, .now.size, .now.etag
)]
pub struct StaleIndex {
    /// The object that the index was made from.
    pub indexed: Object,
    /// The object found.
    pub now: Object,
}

impl IndexHeader {
    /// Refuses an index whose source has changed. The URI may differ: a copy with equal size and ETag is the same object.
    pub fn check(&self, now: &Object) -> Result<(), Box<StaleIndex>> {
        if self.source.size == now.size && self.source.etag == now.etag {
            return Ok(());
        }
        Err(Box::new(StaleIndex {
            indexed: self.source.clone(),
            now: now.clone(),
        }))
    }
}
