use aws_sdk_s3::types::Object as Listed;
use futures::stream::{self, StreamExt, TryStreamExt};
use plan::{Object, Uri};

use super::{S3, fault, place};
use crate::Result;

/// Requests in flight for objects that a server lists without their ETag. S3 itself always gives it.
const LOOKS: usize = 16;

impl S3 {
    /// Every object below a folder. Keys that end in `/` are what S3 consoles make to show empty folders; left out.
    pub(super) async fn list_below(&self, prefix: &Uri) -> Result<Vec<Object>> {
        let (bucket, _) = place(prefix);
        let root = Uri::from_path(format!("s3://{bucket}"));
        let entries = self.entries(prefix).await?;
        let objects = entries.into_iter().filter_map(|entry| {
            let key = entry.key.filter(|key| !key.ends_with('/'))?;
            Some(Object {
                uri: root.join(&key),
                size: entry.size.unwrap_or_default().max(0) as u64,
                etag: entry.e_tag.unwrap_or_default(),
            })
        });
        stream::iter(objects)
            .map(|object| async move {
                if object.etag.is_empty() {
                    return self.look(&object.uri).await.map(|found| found.object);
                }
                Ok(object)
            })
            .buffered(LOOKS)
            .try_collect()
            .await
    }

    /// Every key below a folder, in order, as S3 lists it: 1000 a page.
    pub(super) async fn entries(&self, prefix: &Uri) -> Result<Vec<Listed>> {
        let (bucket, key) = place(prefix);
        let folder = key.trim_end_matches('/');
        let below = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut pages = self
            .0
            .list_objects_v2()
            .bucket(bucket)
            .prefix(below)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault::reading(prefix, &error))?;
            found.extend(page.contents.unwrap_or_default());
        }
        Ok(found)
    }
}
