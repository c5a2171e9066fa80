//! The handle that every task is given.
use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures::stream::{self, FuturesOrdered, StreamExt, TryStreamExt};
use plan::{Object, Uri};

use crate::{
    Error, ReadAt, Result, SequentialReader, Writer,
    backend::Backend,
    folder::Folder,
    memory::Memory,
    ranges::{self, Fetch},
};

/// Ranged reads in flight for one call.
const CONCURRENCY: usize = 8;

/// Copies between stores pass through this machine in blocks of this size, so many at a time.
const BLOCK: u64 = 8 << 20;
const BLOCKS: usize = 4;

/// What [`Store::put_if_absent`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// We wrote it.
    Created(Object),
    /// Somebody had; theirs stays.
    Existed,
}

/// Access to objects by URI. Cheap to clone; clones share connections and, for `mem://`, contents.
#[derive(Clone)]
pub struct Store {
    folder: Arc<Folder>,
    memory: Arc<Memory>,
    #[cfg(feature = "aws")]
    s3: Arc<crate::s3::LazyS3>,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// A store over local paths, a fresh `mem://`, and with feature `aws` `s3://` as the environment configures it
    /// (`AWS_REGION`, `AWS_ENDPOINT_URL`, profiles, roles). S3 is first contacted when first used.
    pub fn new() -> Self {
        Self {
            folder: Arc::new(Folder),
            memory: Arc::new(Memory::default()),
            #[cfg(feature = "aws")]
            s3: Arc::default(),
        }
    }

    /// As [`Store::new`], with `s3://` at this endpoint whatever the environment says.
    #[cfg(feature = "aws")]
    pub fn with_s3_endpoint(endpoint: crate::S3Endpoint) -> Self {
        Self {
            s3: Arc::new(crate::s3::LazyS3::with_endpoint(endpoint)),
            ..Self::new()
        }
    }

    #[cfg_attr(
        not(feature = "aws"),
        expect(clippy::unused_async, reason = "connecting to S3 is async")
    )]
    async fn backend(&self, uri: &Uri) -> Result<Arc<dyn Backend>> {
        match uri.scheme() {
            "mem" => Ok(self.memory.clone()),
            #[cfg(feature = "aws")]
            "s3" => self.s3.get(uri).await,
            #[cfg(not(feature = "aws"))]
            "s3" => Err(Error::Scheme {
                uri: uri.clone(),
                scheme: "s3".into(),
                needs: "a build with `--features aws`",
            }),
            _ => Ok(self.folder.clone()),
        }
    }

    /// Size and ETag of an object.
    pub async fn head(&self, uri: &Uri) -> Result<Object> {
        self.backend(uri).await?.head(uri).await
    }

    /// Like [`Store::head`], but `None` for an object that is not there.
    pub async fn find(&self, uri: &Uri) -> Result<Option<Object>> {
        match self.head(uri).await {
            Err(Error::NotFound { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The bytes `range` (0-based half-open) of exactly the version `object.etag`.
    ///
    /// # Errors
    /// [`Error::Range`] if the object is shorter, [`Error::Changed`] if it is another version.
    pub async fn read(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        if range.start > range.end || range.end > object.size {
            return Err(Error::Range {
                uri: object.uri.clone(),
                range,
                size: object.size,
            });
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.backend(&object.uri).await?.read(object, range).await
    }

    /// Several ranges of one object in as few requests as pay off; the answers are in the order asked.
    ///
    /// Ranges less than `gap` bytes apart travel in one request.
    pub async fn read_ranges(&self, object: &Object, wanted: &[Range<u64>], gap: u64) -> Result<Vec<Bytes>> {
        let fetches: Vec<Fetch> = ranges::plan(wanted, gap);
        // Gathered first: a stream that maps references would keep the future from being `Send` for every lifetime.
        let reads: Vec<_> = fetches
            .iter()
            .map(|fetch| self.read(object, fetch.bytes.clone()))
            .collect();
        let fetched: Vec<Bytes> = stream::iter(reads).buffered(CONCURRENCY).try_collect().await?;
        Ok(ranges::deal(wanted, &fetches, &fetched))
    }

    /// A whole small object.
    pub async fn get(&self, uri: &Uri) -> Result<Bytes> {
        let object = self.head(uri).await?;
        self.read(&object, 0..object.size).await
    }

    /// Positioned blocking reads of this version, for decoders that run on a blocking thread.
    pub async fn read_at(&self, object: &Object) -> Result<Arc<dyn ReadAt>> {
        self.backend(&object.uri).await?.read_at(object)
    }

    /// The bytes `range` in order as a blocking [`std::io::Read`] that fetches ahead on a thread of its own.
    pub async fn sequential(&self, object: &Object, range: Range<u64>) -> Result<SequentialReader> {
        if range.start > range.end || range.end > object.size {
            return Err(Error::Range {
                uri: object.uri.clone(),
                range,
                size: object.size,
            });
        }
        Ok(SequentialReader::new(self.read_at(object).await?, range))
    }

    /// Writes a whole object; it appears under its name whole or not at all.
    pub async fn put(&self, uri: &Uri, bytes: impl Into<Bytes> + Send) -> Result<Object> {
        let bytes = bytes.into();
        self.backend(uri).await?.put(uri, bytes).await
    }

    /// Writes a whole object unless one is there; of several racing writers exactly one is told `Created`.
    pub async fn put_if_absent(&self, uri: &Uri, bytes: impl Into<Bytes> + Send) -> Result<PutOutcome> {
        let bytes = bytes.into();
        self.backend(uri).await?.put_if_absent(uri, bytes).await
    }

    /// Starts an object of unknown length; it becomes visible on [`Writer::finish`].
    pub async fn writer(&self, uri: &Uri) -> Result<Writer> {
        Ok(Writer::new(self.backend(uri).await?.upload(uri).await?))
    }

    /// Every object below the folder `prefix`, in order of URI. An absent folder is empty.
    pub async fn list(&self, prefix: &Uri) -> Result<Vec<Object>> {
        self.backend(prefix).await?.list(prefix).await
    }

    /// Removes an object; one that is not there is no error.
    pub async fn delete(&self, uri: &Uri) -> Result<()> {
        self.backend(uri).await?.delete(uri).await
    }

    /// Removes every object below the folder `prefix`, and says how many. An absent folder is empty.
    ///
    /// Not atomic: an error in the middle leaves the rest.
    pub async fn delete_all(&self, prefix: &Uri) -> Result<u64> {
        self.backend(prefix).await?.delete_all(prefix).await
    }

    /// Makes `to` from `parts` in order, on the server where the store can (S3 UploadPartCopy).
    ///
    /// Parts may be of any size, also empty, and in other stores than `to`.
    pub async fn concat(&self, parts: &[Uri], to: &Uri) -> Result<Object> {
        let heads: Vec<_> = parts.iter().map(|part| self.head(part)).collect();
        let objects: Vec<Object> = stream::iter(heads).buffered(CONCURRENCY).try_collect().await?;
        self.concat_versions(&objects, to).await
    }

    /// As [`Store::concat`], of exactly these versions.
    ///
    /// # Errors
    /// [`Error::Changed`] if one of them is another by now.
    pub async fn concat_versions(&self, parts: &[Object], to: &Uri) -> Result<Object> {
        if parts.iter().all(|part| part.uri.scheme() == to.scheme()) {
            return self.backend(to).await?.concat(parts, to).await;
        }
        let mut writer = self.writer(to).await?;
        for part in parts {
            let mut reads = FuturesOrdered::new();
            for block in 0..part.size.div_ceil(BLOCK) {
                reads.push_back(self.read(part, block * BLOCK..part.size.min((block + 1) * BLOCK)));
                if reads.len() == BLOCKS
                    && let Some(bytes) = reads.try_next().await?
                {
                    writer.write(bytes).await?;
                }
            }
            while let Some(bytes) = reads.try_next().await? {
                writer.write(bytes).await?;
            }
        }
        writer.finish().await
    }

    /// Copies an object, also from one store to another; its bytes are never in memory as a whole.
    pub async fn copy(&self, from: &Uri, to: &Uri) -> Result<Object> {
        self.concat(std::slice::from_ref(from), to).await
    }
}
