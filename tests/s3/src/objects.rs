//! What the server holds. Every request is one step under one lock, so it happens whole or not at all.
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use s3s::{S3Result, dto::Checksum, s3_error};

/// An object as it is stored.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) bytes: Bytes,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) modified: SystemTime,
    pub(crate) notes: Notes,
    pub(crate) sums: Checksum,
}

/// What a writer says about an object.
#[derive(Clone, Default)]
pub(crate) struct Notes {
    pub(crate) metadata: Option<HashMap<String, String>>,
    pub(crate) content_type: Option<String>,
}

/// An upload under way.
pub(crate) struct Upload {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) notes: Notes,
    /// Bytes and ETag of each part.
    pub(crate) parts: BTreeMap<i32, (Bytes, String)>,
}

pub(crate) type Bucket = BTreeMap<String, Stored>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    uploads_started: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Objects(Arc<Mutex<State>>);

impl Objects {
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// As [`Objects::with`], for what may be refused.
    pub(crate) fn attempt<T>(&self, work: impl FnOnce(&mut State) -> S3Result<T>) -> S3Result<T> {
        self.with(work)
    }
}

impl State {
    pub(crate) fn bucket(&mut self, name: &str) -> S3Result<&mut Bucket> {
        self.buckets.get_mut(name).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    pub(crate) fn object(&mut self, bucket: &str, key: &str) -> S3Result<Stored> {
        self.bucket(bucket)?
            .get(key)
            .cloned()
            .ok_or_else(|| s3_error!(NoSuchKey))
    }

    pub(crate) fn start_upload(&mut self, bucket: &str, key: &str, notes: Notes) -> S3Result<String> {
        self.bucket(bucket)?;
        self.uploads_started += 1;
        let id = format!("upload-{}", self.uploads_started);
        let upload = Upload {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            notes,
            parts: BTreeMap::new(),
        };
        self.uploads.insert(id.clone(), upload);
        Ok(id)
    }

    pub(crate) fn upload(&mut self, id: &str, bucket: &str, key: &str) -> S3Result<&mut Upload> {
        let upload = self
            .uploads
            .get_mut(id)
            .filter(|upload| upload.bucket == bucket && upload.key == key);
        upload.ok_or_else(|| s3_error!(NoSuchUpload))
    }
}
