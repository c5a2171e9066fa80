//! Local files. A write goes to a temporary name beside the final one, then fsync and rename.
mod local_file;
mod temporary;
mod tree;

use std::{
    fs::{self, File},
    io::{self, Write},
    ops::Range,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use plan::{Object, Uri};

use self::{local_file::LocalFile, temporary::Temporary};
use crate::{
    Error, PutOutcome, ReadAt, Result,
    backend::{Backend, Upload},
    error::Access,
    writer,
};

pub(crate) struct Folder;

fn path_of(uri: &Uri) -> PathBuf {
    uri.path().unwrap_or_else(|| PathBuf::from(uri.as_str()))
}

fn etag(metadata: &fs::Metadata) -> String {
    format!(
        "{:x}-{:x}.{:x}",
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec()
    )
}

/// Refuses what is no regular file: a directory, and a pipe, whose size nobody knows and which cannot be read twice.
fn object_of(uri: &Uri, metadata: &fs::Metadata) -> io::Result<Object> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a pipe or device, not a file",
        ));
    }
    Ok(Object {
        uri: uri.clone(),
        size: metadata.size(),
        etag: etag(metadata),
    })
}

/// Runs file system calls on a thread where they may wait.
async fn blocking<T: Send + 'static>(
    uri: &Uri,
    access: Access,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    done.map_err(|source| Error::from_io(uri, source, access))
}

#[async_trait]
impl Backend for Folder {
    async fn head(&self, uri: &Uri) -> Result<Object> {
        let own = uri.clone();
        blocking(uri, Access::Read, move || {
            object_of(&own, &fs::metadata(path_of(&own))?)
        })
        .await
    }

    async fn read(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        let own = object.clone();
        blocking(&object.uri, Access::Read, move || LocalFile::open(&own)?.read(range)).await
    }

    fn read_at(self: Arc<Self>, object: &Object) -> Result<Arc<dyn ReadAt>> {
        let opened = LocalFile::open(object).map_err(|source| Error::from_io(&object.uri, source, Access::Read))?;
        Ok(Arc::new(opened))
    }

    async fn put(&self, uri: &Uri, bytes: Bytes) -> Result<Object> {
        let own = uri.clone();
        blocking(uri, Access::Write, move || {
            let mut temporary = Temporary::create(&path_of(&own))?;
            temporary.file().write_all(&bytes)?;
            object_of(&own, &temporary.publish()?)
        })
        .await
    }

    async fn put_if_absent(&self, uri: &Uri, bytes: Bytes) -> Result<PutOutcome> {
        let own = uri.clone();
        blocking(uri, Access::Write, move || {
            let mut temporary = Temporary::create(&path_of(&own))?;
            temporary.file().write_all(&bytes)?;
            Ok(match temporary.publish_if_absent()? {
                Some(metadata) => PutOutcome::Created(object_of(&own, &metadata)?),
                None => PutOutcome::Existed,
            })
        })
        .await
    }

    async fn upload(&self, uri: &Uri) -> Result<Box<dyn Upload>> {
        let own = uri.clone();
        let temporary = blocking(uri, Access::Write, move || Temporary::create(&path_of(&own))).await?;
        Ok(Box::new(FolderUpload {
            uri: uri.clone(),
            temporary: Some(temporary),
            buffer: BytesMut::new(),
        }))
    }

    async fn list(&self, prefix: &Uri) -> Result<Vec<Object>> {
        let own = prefix.clone();
        blocking(prefix, Access::Read, move || Ok(tree::list(&own)?)).await
    }

    async fn delete(&self, uri: &Uri) -> Result<()> {
        let path = path_of(uri);
        blocking(uri, Access::Write, move || match fs::remove_file(path) {
            Err(error) if tree::is_absent(&error) => Ok(()),
            other => other,
        })
        .await
    }

    async fn delete_all(&self, prefix: &Uri) -> Result<u64> {
        let own = prefix.clone();
        blocking(prefix, Access::Write, move || Ok(tree::remove(&own)?)).await
    }

    async fn concat(&self, parts: &[Object], to: &Uri) -> Result<Object> {
        let (parts, own) = (parts.to_vec(), to.clone());
        blocking(to, Access::Write, move || {
            let mut temporary = Temporary::create(&path_of(&own))?;
            for part in &parts {
                LocalFile::open(part)?.copy_to(temporary.file())?;
            }
            object_of(&own, &temporary.publish()?)
        })
        .await
    }
}

/// Small writes are gathered until they make a call worth its while.
const BUFFER: usize = 1 << 20;

struct FolderUpload {
    uri: Uri,
    /// Absent after a write that failed or was given up midway.
    temporary: Option<Temporary>,
    buffer: BytesMut,
}

impl FolderUpload {
    async fn flush(&mut self, bytes: Bytes) -> Result<()> {
        let mut temporary = self.temporary.take().ok_or_else(|| writer::broken(&self.uri))?;
        let write = move || temporary.file().write_all(&bytes).map(|()| temporary);
        self.temporary = Some(blocking(&self.uri, Access::Write, write).await?);
        Ok(())
    }
}

#[async_trait]
impl Upload for FolderUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        if bytes.len() < BUFFER {
            self.buffer.extend_from_slice(&bytes);
            if self.buffer.len() < BUFFER {
                return Ok(());
            }
            let gathered = self.buffer.split().freeze();
            return self.flush(gathered).await;
        }
        if !self.buffer.is_empty() {
            let gathered = self.buffer.split().freeze();
            self.flush(gathered).await?;
        }
        self.flush(bytes).await
    }

    async fn finish(mut self: Box<Self>) -> Result<Object> {
        let rest = self.buffer.split().freeze();
        let uri = self.uri.clone();
        let mut temporary = self.temporary.take().ok_or_else(|| writer::broken(&uri))?;
        blocking(&self.uri, Access::Write, move || {
            temporary.file().write_all(&rest)?;
            object_of(&uri, &temporary.publish()?)
        })
        .await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Waits until names in `folder` are on the disk. Some file systems have no such call; they promise nothing.
fn sync_folder(folder: &std::path::Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}
