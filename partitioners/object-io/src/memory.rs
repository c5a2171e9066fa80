//! `mem://`: objects in this process, for tests.
use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use plan::{Object, Uri};

use crate::{
    Error, PutOutcome, ReadAt, Result,
    backend::{Backend, Upload},
};

/// Room for a planned number of bytes. What no machine can hold is an error, not an abort.
pub(crate) fn room(length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reserved = usize::try_from(length).is_ok_and(|length| bytes.try_reserve_exact(length).is_ok());
    if reserved {
        return Ok(bytes);
    }
    let message = format!("{length} bytes do not fit into memory");
    Err(io::Error::new(io::ErrorKind::OutOfMemory, message))
}

#[derive(Default)]
struct Contents {
    objects: BTreeMap<Uri, (u64, Bytes)>,
    generation: u64,
}

#[derive(Default, Clone)]
pub(crate) struct Memory(Arc<Mutex<Contents>>);

impl Memory {
    fn with<T>(&self, work: impl FnOnce(&mut Contents) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn version(&self, object: &Object) -> Result<Bytes> {
        let now = self.with(|contents| contents.objects.get(&object.uri).cloned());
        let (generation, bytes) = now.ok_or_else(|| Error::NotFound {
            uri: object.uri.clone(),
        })?;
        if generation.to_string() == object.etag {
            return Ok(bytes);
        }
        Err(Error::Changed {
            uri: object.uri.clone(),
            expected: object.etag.clone(),
            found: generation.to_string(),
        })
    }
}

/// What the URIs of the objects below a folder start with.
fn folder_of(prefix: &Uri) -> String {
    format!("{}/", prefix.as_str().trim_end_matches('/'))
}

impl Contents {
    fn put(&mut self, uri: &Uri, bytes: Bytes) -> Object {
        self.generation += 1;
        let object = Object {
            uri: uri.clone(),
            size: bytes.len() as u64,
            etag: self.generation.to_string(),
        };
        self.objects.insert(uri.clone(), (self.generation, bytes));
        object
    }
}

#[async_trait]
impl Backend for Memory {
    async fn head(&self, uri: &Uri) -> Result<Object> {
        let found = self.with(|contents| contents.objects.get(uri).cloned());
        let (generation, bytes) = found.ok_or_else(|| Error::NotFound { uri: uri.clone() })?;
        Ok(Object {
            uri: uri.clone(),
            size: bytes.len() as u64,
            etag: generation.to_string(),
        })
    }

    async fn read(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        Ok(self.version(object)?.slice(range.start as usize..range.end as usize))
    }

    fn read_at(self: Arc<Self>, object: &Object) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(self.version(object)?))
    }

    async fn put(&self, uri: &Uri, bytes: Bytes) -> Result<Object> {
        Ok(self.with(|contents| contents.put(uri, bytes)))
    }

    async fn put_if_absent(&self, uri: &Uri, bytes: Bytes) -> Result<PutOutcome> {
        Ok(self.with(|contents| {
            if contents.objects.contains_key(uri) {
                return PutOutcome::Existed;
            }
            PutOutcome::Created(contents.put(uri, bytes))
        }))
    }

    async fn upload(&self, uri: &Uri) -> Result<Box<dyn Upload>> {
        Ok(Box::new(MemoryUpload {
            memory: self.clone(),
            uri: uri.clone(),
            bytes: BytesMut::new(),
        }))
    }

    async fn list(&self, prefix: &Uri) -> Result<Vec<Object>> {
        let folder = folder_of(prefix);
        Ok(self.with(|contents| {
            let below = contents
                .objects
                .iter()
                .filter(|(uri, _)| uri.as_str().starts_with(&folder));
            below
                .map(|(uri, (generation, bytes))| Object {
                    uri: uri.clone(),
                    size: bytes.len() as u64,
                    etag: generation.to_string(),
                })
                .collect()
        }))
    }

    async fn delete(&self, uri: &Uri) -> Result<()> {
        self.with(|contents| contents.objects.remove(uri));
        Ok(())
    }

    async fn delete_all(&self, prefix: &Uri) -> Result<u64> {
        let folder = folder_of(prefix);
        Ok(self.with(|contents| {
            let before = contents.objects.len();
            contents.objects.retain(|uri, _| !uri.as_str().starts_with(&folder));
            (before - contents.objects.len()) as u64
        }))
    }

    async fn concat(&self, parts: &[Object], to: &Uri) -> Result<Object> {
        let mut whole = BytesMut::new();
        for part in parts {
            whole.extend_from_slice(&self.version(part)?);
        }
        self.put(to, whole.freeze()).await
    }
}

struct MemoryUpload {
    memory: Memory,
    uri: Uri,
    bytes: BytesMut,
}

#[async_trait]
impl Upload for MemoryUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<Object> {
        self.memory.put(&self.uri, self.bytes.freeze()).await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
