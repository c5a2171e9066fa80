use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use plan::{Object, Uri};

use crate::{PutOutcome, ReadAt, Result};

/// One kind of place where objects live. URIs passed in are always of the backend's own scheme.
#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// Size and ETag.
    async fn head(&self, uri: &Uri) -> Result<Object>;
    /// Bytes `range` of the version `object.etag`; the range lies inside the object.
    async fn read(&self, object: &Object, range: Range<u64>) -> Result<Bytes>;
    /// Positioned blocking reads of the version `object.etag`.
    fn read_at(self: Arc<Self>, object: &Object) -> Result<Arc<dyn ReadAt>>;
    /// Writes a whole object.
    async fn put(&self, uri: &Uri, bytes: Bytes) -> Result<Object>;
    /// Writes a whole object unless one is there.
    async fn put_if_absent(&self, uri: &Uri, bytes: Bytes) -> Result<PutOutcome>;
    /// Starts an object that becomes visible when finished.
    async fn upload(&self, uri: &Uri) -> Result<Box<dyn Upload>>;
    /// Every object whose URI starts with `prefix` + `/`, in order of URI.
    async fn list(&self, prefix: &Uri) -> Result<Vec<Object>>;
    /// Removes an object; one that is not there is no error.
    async fn delete(&self, uri: &Uri) -> Result<()>;
    /// Removes every object that [`Backend::list`] gives; says how many.
    async fn delete_all(&self, prefix: &Uri) -> Result<u64>;
    /// Makes `to` from the bytes of `parts` in order, without passing them through this machine where the store can.
    async fn concat(&self, parts: &[Object], to: &Uri) -> Result<Object>;
}

/// An object being written. Dropped without `finish`, nothing of it stays visible.
#[async_trait]
pub(crate) trait Upload: Send {
    /// Appends.
    async fn write(&mut self, bytes: Bytes) -> Result<()>;
    /// Makes it visible.
    async fn finish(self: Box<Self>) -> Result<Object>;
    /// Drops what was written.
    async fn abort(self: Box<Self>) -> Result<()>;
}
