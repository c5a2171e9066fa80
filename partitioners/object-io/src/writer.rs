use std::io;

use bytes::Bytes;
use plan::{Object, Uri};

use crate::{Error, Result, backend::Upload};

/// An object being written; visible under its name only after [`Writer::finish`]. Dropped before, nothing is left.
///
/// After a failed or abandoned [`Writer::write`] the object cannot be finished: it would have a hole.
pub struct Writer(Box<dyn Upload>);

impl Writer {
    pub(crate) fn new(upload: Box<dyn Upload>) -> Self {
        Self(upload)
    }

    /// Appends.
    pub async fn write(&mut self, bytes: impl Into<Bytes> + Send) -> Result<()> {
        self.0.write(bytes.into()).await
    }

    /// Makes the object visible, durably.
    pub async fn finish(self) -> Result<Object> {
        self.0.finish().await
    }

    /// Drops what was written and frees what the store held for it.
    pub async fn abort(self) -> Result<()> {
        self.0.abort().await
    }
}

/// The answer to a call after a write that failed.
pub(crate) fn broken(uri: &Uri) -> Error {
    Error::Write {
        uri: uri.clone(),
        source: io::Error::other("an earlier write to this object failed"),
    }
}
