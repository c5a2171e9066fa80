use bytes::Bytes;
use plan::Object;

use crate::{Result, backend::Upload};

/// An object being written; visible under its name only after [`Writer::finish`]. Dropped before, nothing is left.
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
