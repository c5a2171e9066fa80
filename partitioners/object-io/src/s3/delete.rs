use std::io;

use aws_sdk_s3::types::{Delete, Error as Refusal, ObjectIdentifier};
use plan::Uri;

use super::{S3, fault, place};
use crate::{Error, Result};

/// Keys that S3 deletes in one request.
const BATCH: usize = 1000;

impl S3 {
    pub(super) async fn remove(&self, uri: &Uri) -> Result<()> {
        let (bucket, key) = place(uri);
        let sent = self.0.delete_object().bucket(bucket).key(key).send().await;
        match sent.map_err(|error| fault::writing(uri, &error)) {
            // S3 answers 204 for a key that is not there; some that speak its API answer 404.
            Err(Error::NotFound { uri: what }) if what == *uri => Ok(()),
            other => other.map(|_| ()),
        }
    }

    pub(super) async fn remove_below(&self, prefix: &Uri) -> Result<u64> {
        let (bucket, _) = place(prefix);
        let mut keys = Vec::new();
        for entry in self.entries(prefix).await? {
            let Some(key) = entry.key else { continue };
            let named = ObjectIdentifier::builder().key(key).build();
            keys.push(named.map_err(|error| invalid(prefix, &error))?);
        }
        for batch in keys.chunks(BATCH) {
            let these = Delete::builder().set_objects(Some(batch.to_vec())).quiet(true).build();
            let these = these.map_err(|error| invalid(prefix, &error))?;
            let sent = self.0.delete_objects().bucket(bucket).delete(these).send().await;
            let answer = sent.map_err(|error| fault::writing(prefix, &error))?;
            if let Some(refusal) = answer.errors().first() {
                return Err(refused(bucket, prefix, refusal));
            }
        }
        Ok(keys.len() as u64)
    }
}

fn invalid(prefix: &Uri, error: &aws_sdk_s3::error::BuildError) -> Error {
    Error::Write {
        uri: prefix.clone(),
        source: io::Error::other(error.to_string()),
    }
}

/// One key of a batch was not deleted.
fn refused(bucket: &str, prefix: &Uri, refusal: &Refusal) -> Error {
    let named = refusal.key().map(|key| Uri::from_path(format!("s3://{bucket}/{key}")));
    let uri = named.unwrap_or_else(|| prefix.clone());
    let code = refusal.code().unwrap_or("no error code");
    let source = io::Error::other(format!("{code}: {}", refusal.message().unwrap_or_default()));
    match code {
        "SlowDown" => Error::Throttled { uri, source },
        "InternalError" => Error::Unavailable { uri, source },
        _ => Error::Write { uri, source },
    }
}
