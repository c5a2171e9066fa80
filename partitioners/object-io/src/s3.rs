//! Amazon S3, and whatever speaks its API.
mod concat;
mod connect;
mod delete;
mod fault;
mod list;
mod multipart;
mod read;
mod read_at;
mod runtime;
mod upload;
mod write;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use bytes::Bytes;
use plan::{Object, Uri};
use tokio::sync::OnceCell;

pub use self::connect::S3Endpoint;
use crate::{
    PutOutcome, ReadAt, Result,
    backend::{Backend, Upload},
};

/// A larger object is sent in parts, several at a time; S3 takes no request above 5 GiB.
const ONE_REQUEST: usize = 32 << 20;

/// Connects when first used: a task that works on local files reads no AWS configuration.
#[derive(Default)]
pub(crate) struct LazyS3 {
    endpoint: Option<S3Endpoint>,
    connected: OnceCell<Arc<S3>>,
}

impl LazyS3 {
    pub(crate) fn with_endpoint(endpoint: S3Endpoint) -> Self {
        Self {
            endpoint: Some(endpoint),
            connected: OnceCell::new(),
        }
    }

    pub(crate) async fn get(&self, uri: &Uri) -> Result<Arc<dyn Backend>> {
        let endpoint = self.endpoint.clone();
        let connect = || {
            runtime::run(uri, async {
                Ok(Arc::new(S3(Box::pin(connect::client(endpoint)).await)))
            })
        };
        let connected: Arc<S3> = self.connected.get_or_try_init(connect).await?.clone();
        Ok(connected)
    }
}

/// A connected client; clones share its connections.
#[derive(Clone)]
pub(crate) struct S3(Client);

/// Bucket and key of a URI that [`crate::Store`] has sent here because of its scheme.
fn place(uri: &Uri) -> (&str, &str) {
    uri.bucket_and_key().unwrap_or_default()
}

#[async_trait]
impl Backend for S3 {
    async fn head(&self, uri: &Uri) -> Result<Object> {
        let (s3, own) = (self.clone(), uri.clone());
        runtime::run(uri, async move { s3.look(&own).await.map(|found| found.object) }).await
    }

    async fn read(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        let (s3, own) = (self.clone(), object.clone());
        runtime::run(&object.uri, async move { s3.fetch(&own, range).await }).await
    }

    fn read_at(self: Arc<Self>, object: &Object) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(read_at::S3Object::new((*self).clone(), object.clone())))
    }

    async fn put(&self, uri: &Uri, bytes: Bytes) -> Result<Object> {
        if bytes.len() > ONE_REQUEST {
            let mut upload = self.upload(uri).await?;
            upload.write(bytes).await?;
            return upload.finish().await;
        }
        let (s3, own) = (self.clone(), uri.clone());
        runtime::run(uri, async move { s3.write(&own, bytes).await }).await
    }

    async fn put_if_absent(&self, uri: &Uri, bytes: Bytes) -> Result<PutOutcome> {
        let (s3, own) = (self.clone(), uri.clone());
        runtime::run(uri, async move { s3.write_if_absent(&own, bytes).await }).await
    }

    async fn upload(&self, uri: &Uri) -> Result<Box<dyn Upload>> {
        Ok(Box::new(upload::S3Upload::new(self.clone(), uri.clone())))
    }

    async fn list(&self, prefix: &Uri) -> Result<Vec<Object>> {
        let (s3, own) = (self.clone(), prefix.clone());
        runtime::run(prefix, async move { s3.list_below(&own).await }).await
    }

    async fn delete(&self, uri: &Uri) -> Result<()> {
        let (s3, own) = (self.clone(), uri.clone());
        runtime::run(uri, async move { s3.remove(&own).await }).await
    }

    async fn delete_all(&self, prefix: &Uri) -> Result<u64> {
        let (s3, own) = (self.clone(), prefix.clone());
        runtime::run(prefix, async move { s3.remove_below(&own).await }).await
    }

    async fn concat(&self, parts: &[Object], to: &Uri) -> Result<Object> {
        let (s3, parts, own) = (self.clone(), parts.to_vec(), to.clone());
        runtime::run(to, async move { s3.join(&parts, &own).await }).await
    }
}
