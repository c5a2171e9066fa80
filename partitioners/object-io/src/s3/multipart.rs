//! One multipart upload, from its start to its completion or abortion.
use std::fmt::Write;

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use plan::{Object, Uri};

use super::{
    S3, fault, place, runtime,
    write::{MARK, is_ours, new_mark},
};
use crate::{Error, Result};

/// S3's limits.
pub(super) const SMALLEST_PART: u64 = 5 << 20;
pub(super) const LARGEST_PART: u64 = 5 << 30;

/// An upload that S3 keeps, invisible, until it is completed. Dropped, it is aborted.
pub(super) struct Multipart {
    s3: S3,
    uri: Uri,
    id: String,
    mark: String,
    open: bool,
}

/// Where a part's bytes come from.
pub(super) enum Source {
    Memory(Bytes),
    /// A range of another object, copied by S3 itself.
    Copy(Object, std::ops::Range<u64>),
}

impl Multipart {
    pub(super) async fn start(s3: &S3, uri: &Uri) -> Result<Self> {
        let (bucket, key) = place(uri);
        let mark = new_mark();
        let create = s3.0.create_multipart_upload().bucket(bucket).key(key);
        let answer = create.metadata(MARK, &mark).send().await;
        let answer = answer.map_err(|error| fault::writing(uri, &error))?;
        Ok(Self {
            s3: s3.clone(),
            uri: uri.clone(),
            id: answer.upload_id.unwrap_or_default(),
            mark,
            open: true,
        })
    }

    /// Sends part `number`, counted from 1.
    pub(super) async fn part(&self, number: i32, source: Source) -> Result<CompletedPart> {
        let (bucket, key) = place(&self.uri);
        let etag = match source {
            Source::Memory(bytes) => {
                let part = self.s3.0.upload_part().bucket(bucket).key(key).upload_id(&self.id);
                let answer = part.part_number(number).body(bytes.into()).send().await;
                answer
                    .map_err(|error| without_upload(fault::writing(&self.uri, &error)))?
                    .e_tag
            }
            Source::Copy(object, range) => {
                let part = self.s3.0.upload_part_copy().bucket(bucket).key(key).upload_id(&self.id);
                let answer = part
                    .part_number(number)
                    .copy_source(copy_source(&object.uri))
                    .copy_source_if_match(&object.etag)
                    .copy_source_range(format!("bytes={}-{}", range.start, range.end - 1))
                    .send()
                    .await;
                let answer = answer.map_err(|error| fault::reading_version(&object, &error))?;
                answer.copy_part_result.and_then(|copied| copied.e_tag)
            }
        };
        Ok(CompletedPart::builder().part_number(number).set_e_tag(etag).build())
    }

    /// Makes the object visible.
    pub(super) async fn complete(mut self, mut parts: Vec<CompletedPart>) -> Result<Object> {
        parts.sort_by_key(CompletedPart::part_number);
        let (bucket, key) = place(&self.uri);
        let all = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.s3.0.complete_multipart_upload().bucket(bucket).key(key);
        let sent = complete.upload_id(&self.id).multipart_upload(all).send().await;
        let Err(error) = sent else {
            self.open = false;
            return self.s3.look(&self.uri).await.map(|found| found.object);
        };
        // The first answer may have got lost: a repeated completion finds no upload, but our object.
        match self.s3.look(&self.uri).await {
            Ok(found) if is_ours(&found, &self.mark) => {
                self.open = false;
                Ok(found.object)
            }
            _ => Err(without_upload(fault::writing(&self.uri, &error))),
        }
    }

    /// Frees what S3 holds.
    pub(super) async fn abort(mut self) -> Result<()> {
        self.open = false;
        self.s3.abort(&self.uri, &self.id).await
    }
}

impl Drop for Multipart {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if let Ok(handle) = runtime::handle() {
            let (s3, uri, id) = (self.s3.clone(), self.uri.clone(), std::mem::take(&mut self.id));
            // Nobody waits for this. If the process ends before, the bucket's lifecycle rule has to clean up.
            handle.spawn(async move {
                if let Err(error) = s3.abort(&uri, &id).await {
                    tracing::warn!(%uri, id, %error, "an unfinished upload could not be aborted");
                }
            });
        }
    }
}

impl S3 {
    async fn abort(&self, uri: &Uri, id: &str) -> Result<()> {
        let (bucket, key) = place(uri);
        let abort = self.0.abort_multipart_upload().bucket(bucket).key(key).upload_id(id);
        match abort.send().await.map_err(|error| fault::writing(uri, &error)) {
            Err(Error::NotFound { .. }) => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

/// 404 on an upload is no statement about the object: somebody aborted the upload.
fn without_upload(error: Error) -> Error {
    match error {
        Error::NotFound { uri } => Error::Unavailable {
            uri,
            source: std::io::Error::other("the upload is gone: aborted by a clean-up rule or by somebody else"),
        },
        other => other,
    }
}

/// `bucket/key` as the copy header wants it.
fn copy_source(uri: &Uri) -> String {
    let (bucket, key) = place(uri);
    let mut text = format!("{bucket}/");
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(byte.into()),
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_source_is_percent_encoded() {
        let uri: Uri = "s3://lab/run 7/é+%.gz".parse().unwrap();
        assert_eq!(copy_source(&uri), "lab/run%207/%C3%A9%2B%25.gz");
    }
}
