use serde::{Deserialize, Serialize};

use crate::Uri;

/// Bytes at a URI, as they were when looked at. Objects are never modified by tessera.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Object {
    /// Where it is.
    pub uri: Uri,
    /// Length in bytes.
    pub size: u64,
    /// Changes whenever the bytes change: the store's entity tag, or size and modification time of a local file.
    pub etag: String,
}
