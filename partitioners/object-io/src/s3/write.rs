//! Whole objects in one request.
use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use aws_sdk_s3::error::ProvideErrorMetadata;
use bytes::Bytes;
use plan::{Object, Uri};

use super::{S3, fault, place, read::Found};
use crate::{Error, PutOutcome, Result};

/// Under this name an object says who wrote it. An answer can get lost after S3 has done what it was asked: the
/// repeated request is then refused because of our own object, which we know by this mark.
pub(super) const MARK: &str = "tessera-writer";

/// How often a conditional write is repeated when S3 says that another one is under way (409).
const CONFLICTS: u32 = 8;

/// 128 bits that no other writer has.
pub(super) fn new_mark() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}

pub(super) fn is_ours(found: &Found, mark: &str) -> bool {
    found.notes.get(MARK).is_some_and(|noted| noted == mark)
}

impl S3 {
    pub(super) async fn write(&self, uri: &Uri, bytes: Bytes) -> Result<Object> {
        let (bucket, key) = place(uri);
        let size = bytes.len() as u64;
        let put = self.0.put_object().bucket(bucket).key(key).body(bytes.into());
        let answer = put.send().await.map_err(|error| fault::writing(uri, &error))?;
        Ok(Object {
            uri: uri.clone(),
            size,
            etag: answer.e_tag.unwrap_or_default(),
        })
    }

    pub(super) async fn write_if_absent(&self, uri: &Uri, bytes: Bytes) -> Result<PutOutcome> {
        let (bucket, key) = place(uri);
        let mark = new_mark();
        let mut conflicts = 0;
        loop {
            let put = self.0.put_object().bucket(bucket).key(key).body(bytes.clone().into());
            let sent = put.metadata(MARK, &mark).if_none_match("*").send().await;
            let error = match sent {
                Ok(answer) => {
                    return Ok(PutOutcome::Created(Object {
                        uri: uri.clone(),
                        size: bytes.len() as u64,
                        etag: answer.e_tag.unwrap_or_default(),
                    }));
                }
                Err(error) => error,
            };
            let status = fault::status(&error);
            if status == Some(409) && error.code() != Some("NoSuchBucket") && conflicts < CONFLICTS {
                tokio::time::sleep(Duration::from_millis(20 << conflicts)).await;
                conflicts += 1;
                continue;
            }
            let refused = status == Some(412);
            let error = fault::writing(uri, &error);
            let lost = matches!(error, Error::Unavailable { .. } | Error::Throttled { .. });
            if !refused && !lost {
                return Err(error);
            }
            return match self.look(uri).await {
                Ok(found) if is_ours(&found, &mark) => Ok(PutOutcome::Created(found.object)),
                Ok(_) => Ok(PutOutcome::Existed),
                // It was there and has been deleted since; whether by us or not, the next try decides.
                Err(Error::NotFound { .. }) if refused && conflicts < CONFLICTS => {
                    conflicts += 1;
                    continue;
                }
                // Refused, but whether because of our own object we cannot tell.
                Err(unknown) if refused => Err(unknown),
                Err(_) => Err(error),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ() {
        let marks: std::collections::HashSet<_> = (0..1000).map(|_| new_mark()).collect();
        assert_eq!(marks.len(), 1000);
    }
}
