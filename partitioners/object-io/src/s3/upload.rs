//! An object of unknown length: one PUT if it stays small, else a multipart upload.
use async_trait::async_trait;
use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use plan::{Object, Uri};
use std::{io, sync::Arc};
use tokio::task::JoinSet;

use super::{
    S3,
    multipart::{Multipart, Source},
    runtime,
};
use crate::{Error, Result, backend::Upload};

/// Bytes on their way at any time, or one part if that is larger.
const IN_FLIGHT: usize = 32 << 20;

/// Size of part `number` (from 1). It doubles every 1000 parts, so that the 10 000 parts which S3 allows hold 7.8 TiB
/// (an object may have 5), while an object of 8 GB is still sent in parts of 8 MiB.
fn part_size(number: i32) -> usize {
    (8 << 20) << ((number - 1) / 1000).clamp(0, 9)
}

pub(super) struct S3Upload {
    s3: S3,
    uri: Uri,
    /// Bytes of part `next`, not yet sent.
    buffer: BytesMut,
    next: i32,
    started: Option<Started>,
    /// A write failed or was given up midway: what was sent has a hole.
    broken: bool,
}

struct Started {
    multipart: Arc<Multipart>,
    sending: JoinSet<(usize, Result<CompletedPart>)>,
    in_flight: usize,
    sent: Vec<CompletedPart>,
}

impl S3Upload {
    pub(super) fn new(s3: S3, uri: Uri) -> Self {
        Self {
            s3,
            uri,
            buffer: BytesMut::new(),
            next: 1,
            started: None,
            broken: false,
        }
    }

    async fn take(&mut self, mut bytes: Bytes) -> Result<()> {
        while !bytes.is_empty() {
            let size = part_size(self.next);
            if self.buffer.is_empty() && bytes.len() >= size {
                let part = bytes.split_to(size);
                self.send(part).await?;
                continue;
            }
            if self.started.is_some() && self.buffer.capacity() == 0 {
                self.buffer.reserve(size);
            }
            let room = size - self.buffer.len();
            self.buffer.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.buffer.len() == size {
                let part = std::mem::take(&mut self.buffer).freeze();
                self.send(part).await?;
            }
        }
        Ok(())
    }

    /// Starts sending a part, once there is room for it among those under way.
    async fn send(&mut self, part: Bytes) -> Result<()> {
        if self.started.is_none() {
            let (s3, uri) = (self.s3.clone(), self.uri.clone());
            let multipart = runtime::run(&self.uri, async move { Multipart::start(&s3, &uri).await }).await?;
            self.started = Some(Started {
                multipart: Arc::new(multipart),
                sending: JoinSet::new(),
                in_flight: 0,
                sent: Vec::new(),
            });
        }
        let started = self.started.as_mut().expect("started above");
        while started.in_flight > 0 && started.in_flight + part.len() > IN_FLIGHT {
            started.receive(&self.uri).await?;
        }
        started.in_flight += part.len();
        let (multipart, number, length) = (started.multipart.clone(), self.next, part.len());
        let handle = runtime::handle().map_err(|source| failed(&self.uri, source))?;
        started.sending.spawn_on(
            async move { (length, multipart.part(number, Source::Memory(part)).await) },
            &handle,
        );
        self.next += 1;
        Ok(())
    }
}

impl Started {
    /// Waits for one part to arrive; `false` if none is under way.
    async fn receive(&mut self, uri: &Uri) -> Result<bool> {
        let Some(done) = self.sending.join_next().await else {
            return Ok(false);
        };
        let (length, part) = done.map_err(|panic| failed(uri, io::Error::other(panic)))?;
        self.in_flight -= length;
        self.sent.push(part?);
        Ok(true)
    }

    /// The upload itself, all parts arrived or given up.
    async fn into_multipart(mut self, uri: &Uri) -> Result<Multipart> {
        self.sending.shutdown().await;
        Arc::into_inner(self.multipart)
            .ok_or_else(|| failed(uri, io::Error::other("a part is still being sent after all have ended")))
    }
}

fn failed(uri: &Uri, source: io::Error) -> Error {
    Error::Unavailable {
        uri: uri.clone(),
        source,
    }
}

#[async_trait]
impl Upload for S3Upload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(crate::writer::broken(&self.uri));
        }
        self.take(bytes).await?;
        self.broken = false;
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Object> {
        if self.broken {
            return Err(crate::writer::broken(&self.uri));
        }
        let rest = std::mem::take(&mut self.buffer).freeze();
        if self.started.is_none() {
            let (s3, uri) = (self.s3.clone(), self.uri.clone());
            return runtime::run(&self.uri, async move { s3.write(&uri, rest).await }).await;
        }
        if !rest.is_empty() {
            self.send(rest).await?;
        }
        let uri = self.uri.clone();
        let mut started = self.started.take().expect("checked above");
        while started.receive(&uri).await? {}
        let sent = std::mem::take(&mut started.sent);
        let multipart = started.into_multipart(&uri).await?;
        runtime::run(&uri, async move { multipart.complete(sent).await }).await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        let Some(started) = self.started.take() else {
            return Ok(());
        };
        let multipart = started.into_multipart(&self.uri).await?;
        runtime::run(&self.uri, async move { multipart.abort().await }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_hold_the_largest_object() {
        let total: u64 = (1..=10_000).map(|number| part_size(number) as u64).sum();
        assert!(total > 5 << 40, "{total}");
        let largest = (1..=10_000).map(part_size).max();
        assert!(largest.is_some_and(|largest| largest as u64 <= super::super::multipart::LARGEST_PART));
    }
}
