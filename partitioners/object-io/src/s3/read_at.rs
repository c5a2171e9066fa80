use std::{io, sync::mpsc};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use plan::Object;

use super::{
    S3,
    read::{PIECE, PIECES, pieces},
    runtime,
};
use crate::ReadAt;

/// Blocking reads of one version of one object. The calling thread waits; our own threads fetch.
pub(super) struct S3Object {
    s3: S3,
    object: Object,
}

/// A run of bytes and where in the buffer it belongs.
type Chunk = io::Result<(usize, Bytes)>;

impl S3Object {
    pub(super) fn new(s3: S3, object: Object) -> Self {
        Self { s3, object }
    }
}

impl ReadAt for S3Object {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset
            .checked_add(buffer.len() as u64)
            .filter(|&end| end <= self.object.size)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let (send, received) = mpsc::channel::<Chunk>();
        let (s3, object) = (self.s3.clone(), self.object.clone());
        runtime::handle()?.spawn(async move {
            stream::iter(pieces(&(offset..end)))
                .for_each_concurrent(PIECES, |piece| {
                    let (s3, object, send) = (&s3, &object, &send);
                    async move {
                        let mut at = (piece.start - offset) as usize;
                        let take = |chunk: Bytes| {
                            let length = chunk.len();
                            let _ = send.send(Ok((at, chunk)));
                            at += length;
                        };
                        if let Err(error) = s3.stream(object, piece, take).await {
                            let _ = send.send(Err(error.into()));
                        }
                    }
                })
                .await;
        });
        let mut missing = buffer.len();
        for chunk in received {
            let (at, bytes) = chunk?;
            buffer[at..at + bytes.len()].copy_from_slice(&bytes);
            missing -= bytes.len();
        }
        // Only a panic on our threads ends the channel early without an error.
        if missing == 0 {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn preferred_read(&self) -> usize {
        PIECE as usize
    }

    fn reads_at_once(&self) -> usize {
        PIECES
    }
}
